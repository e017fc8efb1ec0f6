package webhook

import (
	"context"
	"strconv"
	"time"

	usher "github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/trace"
)

// deliver makes a try, and those of the deliveries behind it for as long as each is delivered; then it hands its place on. What was not begun is
// nobody's once the tries are settled, so they are handed in together.
func (s *Sender) deliver(tries context.Context, h held) {
	began := s.now()
	var reports []usher.DeliveryReport
	for i := 0; i == 0 || (i <= len(h.Behind) && s.goesOn(h, began)); i++ {
		if i > 0 {
			h.Delivery = h.Behind[i-1]
		}
		report, ended := s.try(tries, h)
		if !ended {
			break
		}
		reports = append(reports, report)
		if report.Status != usher.DeliveryDelivered {
			break
		}
		h.Endpoint.Failures, h.Endpoint.FailingSince = 0, time.Time{}
	}
	s.mu.Lock()
	if len(reports) > 0 {
		s.ended = append(s.ended, reports)
	} else {
		s.undone = append(s.undone, h.Delivery.ID)
	}
	s.mu.Unlock()
	s.lanes.done(h)
	s.Wake()
	s.begin(tries)
}

// goesOn tells whether the next of a line may be begun.
func (s *Sender) goesOn(h held, began time.Time) bool {
	now := s.now()
	return s.alive() && now.Sub(began) < runTime && !now.After(h.until) && s.lanes.goesOn(h.host, now)
}

// try makes one try. It is false when the stop cut it off.
func (s *Sender) try(tries context.Context, h held) (usher.DeliveryReport, bool) {
	ctx, cancel := context.WithTimeout(tries, h.policy.Timeout)
	defer cancel()
	ctx, span := trace.Continue(ctx, "webhook", h.Delivery.ID, "delivery", h.Delivery.ID, "endpoint", h.Endpoint.ID, "session", h.Delivery.SessionID)
	at := s.now()
	a, err := s.poster.post(ctx, h.Delivery, h.Endpoint, h.policy)
	now := s.now()
	span.Note("status", strconv.Itoa(a.status))
	span.End(err)
	if err != nil && tries.Err() != nil {
		return usher.DeliveryReport{}, false
	}
	var pause time.Duration
	if err == nil {
		pause = retryAfter(a.header, now)
	}
	s.lanes.note(h.host, judge(a, err), pause, now)
	report := s.report(h, a, err, at, now, pause)
	s.logTry(ctx, h, report)
	s.tried(h.Endpoint.Dialect, report)
	return report, true
}
