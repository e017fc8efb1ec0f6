package store

import (
	"context"
	"time"

	"github.com/usher-kyc/usher"
)

// Change is everything one command writes: all of it or nothing.
type Change struct {
	Keyset     *Keyset // of a new applicant
	Applicant  *ApplicantRow
	Session    *SessionRow
	Link       *LinkRow // a new link; older ones of the session die
	Events     []EventRow
	Deliveries []DeliveryRow
	Accounts   []AccountRow
	Jobs       []Job
	Audit      []usher.AuditRecord
	Once       *Once  // the idempotency key this change is the effect of
	Erase      string // id of the applicant whose keyset and hashes go
}

// keys are the rows that no second change of the same batch may touch: their order would be lost.
func (c Change) keys() []string {
	var ks []string
	if c.Applicant != nil {
		ks = append(ks, c.Applicant.ID)
	}
	if c.Session != nil {
		ks = append(ks, c.Session.ID)
	}
	if c.Once != nil {
		ks = append(ks, c.Once.Client+"\x00"+c.Once.Key)
	}
	return ks
}

// Keyset is an applicant's wrapped keys.
type Keyset struct {
	TenantID, ApplicantID string
	Wrapped               []byte
}

// ApplicantRow is an applicant as stored. Was is the version the writer saw, 0 for a new one.
type ApplicantRow struct {
	ID, TenantID, ClientID, Dialect string
	Version, Was                    int64
	Erased                          bool
	ReferenceIndex, EmailIndex      []byte
	Doc                             []byte
	CreatedAt, UpdatedAt            time.Time

	Latest *usher.SessionHead // read only: the newest onboarding session
}

// SessionRow is a session as stored. Was is the version the writer saw, 0 for a new one.
type SessionRow struct {
	ID, TenantID, ApplicantID, ClientID, Dialect string
	Purpose                                      usher.Purpose
	State                                        usher.State
	Flow                                         string
	FlowVersion                                  int
	Version, Was                                 int64
	ReferenceIndex                               []byte
	Doc                                          []byte
	SubmittedAt, CreatedAt, UpdatedAt            time.Time
	ExpiresAt, DueAt                             time.Time
}

// LinkRow is a session's link. Hash is SHA-256 of its token.
type LinkRow struct {
	Hash                []byte
	TenantID, SessionID string
	Dead                bool
	CreatedAt           time.Time
}

// EventRow is an event as stored.
type EventRow struct {
	ID, TenantID, ApplicantID, SessionID, Dialect string
	Purpose                                       usher.Purpose
	Type                                          usher.EventType
	Sequence                                      int64
	Doc                                           []byte
	At                                            time.Time
}

// DeliveryRow is a delivery as stored; Message.Body is sealed.
type DeliveryRow struct {
	usher.Delivery
}

// lane is what order is kept within.
func (d DeliveryRow) lane() string {
	subject := d.SessionID
	if subject == "" {
		subject = d.ApplicantID
	}
	return d.EndpointID + "/" + subject
}

// AccountRow is an account as stored.
type AccountRow struct {
	ID, TenantID, ApplicantID, SessionID string
	Doc                                  []byte
	CreatedAt                            time.Time
}

// Once names an idempotency key and what the change made for it. Made is a word for the operation, since one call may need two.
type Once struct {
	Tenant, Client, Key string
	Made, ID            string
}

// mark is how an effect stands in its column.
func (o Once) mark() string { return ";" + o.Made + "=" + o.ID }

// pending is a change that waits for its transaction.
type pending struct {
	change Change
	done   chan error
}

// Commit writes a change and returns once it is on disk, or ErrConflict when a row had another version: then nothing of it was written.
func (s *Store) Commit(ctx context.Context, c Change) error {
	p := &pending{change: c, done: make(chan error, 1)}
	select {
	case s.changes <- p:
	case <-s.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	// From here the change may be written whatever becomes of the caller, so the caller waits to learn it.
	return <-p.done
}

// mostInBatch bounds one transaction; more gains nothing (docs/BENCHMARKS.md) and delays the first caller.
const mostInBatch = 256

// writer takes whatever changes wait, writes them together, and starts over. While it syncs, the next batch gathers by itself.
func (s *Store) writer() {
	defer close(s.stopped)
	var held []*pending
	for {
		batch, rest, ok := s.gather(held)
		if !ok {
			return
		}
		held = rest
		for i, err := range s.writeBatch(batch) {
			batch[i].done <- err
		}
	}
}

// gather waits for one change and takes what else is there. A change of a row that the batch holds already is held back for the next one.
func (s *Store) gather(held []*pending) (batch, rest []*pending, ok bool) {
	taken := map[string]bool{}
	take := func(p *pending) {
		ks := p.change.keys()
		for _, k := range ks {
			if taken[k] {
				rest = append(rest, p)
				return
			}
		}
		for _, k := range ks {
			taken[k] = true
		}
		batch = append(batch, p)
	}
	for _, p := range held {
		take(p)
	}
	if len(batch) == 0 {
		select {
		case p := <-s.changes:
			take(p)
		case <-s.quit:
			return nil, nil, false
		}
	}
	for len(batch) < mostInBatch && len(rest) < mostInBatch {
		select {
		case p := <-s.changes:
			take(p)
		default:
			return batch, rest, true
		}
	}
	return batch, rest, true
}
