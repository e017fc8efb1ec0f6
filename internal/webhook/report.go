package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	usher "github.com/usher-kyc/usher"
)

// goneReason is why an endpoint that answered 410 gets nothing any more.
const goneReason = "the endpoint answered 410 Gone"

// An endpoint that has taken nothing for five days, and was asked often enough for that to mean something, is left alone until the tenant
// enables it again.
const (
	failingFor    = 120 * time.Hour
	failingTries  = 50
	failingReason = "every try failed for 120 hours"
)

// longFailing tells whether a try that failed now is one too many.
func longFailing(e usher.Endpoint, now time.Time) bool {
	return !e.FailingSince.IsZero() && now.Sub(e.FailingSince) >= failingFor && e.Failures+1 >= failingTries
}

// report says what becomes of a delivery after a try.
func (s *Sender) report(h held, a answer, err error, at, now time.Time, asked time.Duration) usher.DeliveryReport {
	r := usher.DeliveryReport{
		Delivery: h.Delivery,
		Attempt: usher.DeliveryAttempt{
			Number:    h.Delivery.Attempts + 1,
			At:        at,
			Status:    a.status,
			LatencyMS: now.Sub(at).Milliseconds(),
			Answer:    a.body,
		},
	}
	switch {
	case err != nil:
		r.Attempt.Error = describe(err)
	case h.policy.Accepts(a.status, a.header):
		r.Status = usher.DeliveryDelivered
		return r
	case a.status == http.StatusGone:
		r.Attempt.Error = goneReason
		r.Status, r.Disable = usher.DeliveryDead, goneReason
		return r
	case a.status >= 300 && a.status < 400:
		r.Attempt.Error = "the endpoint answered with a redirect, which is not followed; register the address it leads to"
	default:
		r.Attempt.Error = "the answer does not say that the message was taken"
	}
	if longFailing(h.Endpoint, now) {
		r.Disable = failingReason
	}
	r.Status = usher.DeliveryDead
	if next, ok := h.policy.retryAt(now, r.Attempt.Number, asked, s.rand()); ok {
		r.Status, r.RetryAt = usher.DeliveryPending, next
	}
	return r
}

// judge says what a try tells about the host. An answer of any other status costs the host nothing to give and says nothing of its load.
func judge(a answer, err error) verdict {
	var ours fault
	if errors.As(err, &ours) {
		return hostUnasked
	}
	if err != nil {
		return hostSilent
	}
	switch a.status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusGatewayTimeout:
		return hostOverloaded
	}
	return hostAnswered
}

// logTry writes one line about a try: ids, status and time only.
func (s *Sender) logTry(ctx context.Context, h held, r usher.DeliveryReport) {
	level := slog.LevelInfo
	switch {
	case r.Status == usher.DeliveryDelivered:
		level = slog.LevelDebug
	case r.Status == usher.DeliveryDead:
		level = slog.LevelWarn
	}
	s.log.LogAttrs(ctx, level, "webhook try",
		slog.String("delivery", r.Delivery.ID),
		slog.String("endpoint", h.Endpoint.ID),
		slog.String("outcome", string(r.Status)),
		slog.Int("try", r.Attempt.Number),
		slog.Int("status", r.Attempt.Status),
		slog.Int64("latency_ms", r.Attempt.LatencyMS),
		slog.Bool("endpoint_disabled", r.Disable != ""),
	)
}
