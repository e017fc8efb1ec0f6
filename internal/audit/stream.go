package audit

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/usher-kyc/usher/internal/store"
)

// StreamConfig is what a [Stream] needs. Store and To are required.
type StreamConfig struct {
	Store *store.Store
	To    Syslog
	Every time.Duration // how often it looks for entries; 2 s when zero
	Now   func() time.Time
	Log   *slog.Logger
}

// Stream tells a receiver of all entries as they come, each at least once and those of a tenant in their order. How far the receiver has taken them stands
// in the database, so that another start, or another node, goes on from there; one node at a time sends.
type Stream struct{ c StreamConfig }

const (
	streamEvery = 2 * time.Second
	// streamBatch bounds what is sent at once, and streamShare what one tenant has of it.
	streamBatch = 2000
	streamShare = 500
	// streamTurn is how long a node that died keeps the others from sending.
	streamTurn = time.Minute
)

// NewStream makes a stream.
func NewStream(c StreamConfig) *Stream {
	if c.Every <= 0 {
		c.Every = streamEvery
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Stream{c}
}

// Run sends until ctx ends. What the receiver does not take is offered again, after a pause that grows to a minute.
func (s *Stream) Run(ctx context.Context) {
	pause := s.c.Every
	for {
		if err := s.Send(ctx); err == nil {
			pause = s.c.Every
		} else if ctx.Err() == nil {
			s.c.Log.Warn("the audit stream was not taken", "error", err)
			pause = min(2*pause, time.Minute)
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

// Send sends what the receiver has not taken, unless another node is at it.
func (s *Stream) Send(ctx context.Context) error {
	name := "audit stream to " + s.c.To.Address
	holder := "of " + s.c.Store.Node()
	for {
		now := s.c.Now()
		mine, err := s.c.Store.TakeTurn(ctx, name, holder, now, now.Add(streamTurn))
		if err != nil || !mine {
			return err
		}
		sent, err := s.batch(ctx)
		if err != nil || !sent {
			return errors.Join(err, s.c.Store.EndTurn(context.WithoutCancel(ctx), name, holder))
		}
	}
}

// batch sends some of what has not been taken, and tells whether there was anything. Tenants come in an order made by chance, so that none waits for ever
// behind busy ones.
func (s *Stream) batch(ctx context.Context) (sent bool, err error) {
	places, err := s.c.Store.AuditUntaken(ctx, s.c.To.Address)
	if err != nil {
		return false, err
	}
	rand.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	var messages bytes.Buffer
	left := streamBatch
	for i := range places {
		if left == 0 {
			places = places[:i]
			break
		}
		n, err := s.add(ctx, &messages, &places[i], min(left, streamShare))
		if err != nil {
			return false, err
		}
		left -= n
	}
	if messages.Len() == 0 {
		return false, nil
	}
	if err := s.c.To.Send(ctx, messages.Bytes()); err != nil {
		return false, err
	}
	return true, s.c.Store.AuditTaken(ctx, s.c.To.Address, places)
}

// add puts up to most entries behind a place into a batch, and moves the place behind them.
func (s *Stream) add(ctx context.Context, to *bytes.Buffer, place *store.AuditPlace, most int) (n int, err error) {
	for r, err := range s.c.Store.AuditTrail(ctx, place.TenantID, place.Seq+1) {
		if err != nil {
			return n, err
		}
		if err := s.c.To.Message(to, r); err != nil {
			return n, err
		}
		place.Seq = r.Seq
		if n++; n == most {
			break
		}
	}
	return n, nil
}
