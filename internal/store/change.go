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
	Key        *KeyRow  // of a new session, in the words of its dialect; a key that is taken is a conflict
	Events     []EventRow
	Deliveries []DeliveryRow
	Accounts   []AccountRow
	Screenings []ScreeningRow
	Monitor    *MonitorRow  // begun, taken up or suspended by what became of its session
	News       *MonitorRow  // what monitoring found; a conflict unless the monitor is active and of the same session
	Case       *CaseState   // of the session, when its state changed or it is in review
	CaseEdit   *CaseEdit    // what a reviewer did with a case; a conflict when its version is another one
	CaseLog    []CaseLogRow // and the entries that say so
	Hold       *HeldRow     // a decision that can be taken back; a conflict when one is held for the session
	Settle     string       // id of the held decision that ends with this change; a conflict when it has ended before
	Words      *WordsRow    // what the applicant is found by from now on, beside what there is
	Jobs       []Job
	Audit      []usher.AuditRecord
	Once       *Once     // the idempotency key this change is the effect of
	Take       *OnceRow  // an idempotency key that nobody has had, with the effect of the change and its answer; a conflict when somebody has
	Answer     *OnceRow  // what was answered under an idempotency key. As part of a set only
	KeepAt     time.Time // when the keeping of Applicant is to be looked at; zero leaves that as it is
	Erase      string    // id of the applicant whose keyset and hashes go
}

// starts tells whether the session is a new one.
func (c Change) starts() bool { return c.Session != nil && c.Session.Was == 0 }

// keys are the rows that no second change of the same batch may touch: their order would be lost.
func (c Change) keys() []string {
	var ks []string
	if c.Applicant != nil {
		ks = append(ks, c.Applicant.ID)
	}
	if c.Session != nil {
		ks = append(ks, c.Session.ID)
	}
	if c.Key != nil {
		ks = append(ks, c.Key.Row())
	}
	if c.News != nil {
		ks = append(ks, "monitor\x00"+c.News.ApplicantID)
	}
	if c.CaseEdit != nil {
		ks = append(ks, "case\x00"+c.CaseEdit.Case.SessionID)
	}
	if c.Hold != nil {
		ks = append(ks, "held\x00"+c.Hold.SessionID)
	}
	if c.Settle != "" {
		ks = append(ks, "settled\x00"+c.Settle)
	}
	if c.Once != nil {
		ks = append(ks, c.Once.Row())
	}
	for _, r := range []*OnceRow{c.Take, c.Answer} {
		if r != nil {
			ks = append(ks, r.Row())
		}
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
	NationalIndex                   []byte
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

// KeyRow is the name a dialect has for a session beside its id. Hash is keyed.
type KeyRow struct {
	Hash                []byte
	TenantID, SessionID string
}

// Row names the row among those that a change may not fit.
func (k *KeyRow) Row() string { return k.TenantID + "\x00" + string(k.Hash) }

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

// Lane is what order is kept within.
func (d DeliveryRow) Lane() string {
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
	NumberIndex                          []byte // written and not read
	CreatedAt                            time.Time
}

// Once names an idempotency key and what the change made for it. Made is a word for the operation, since one call may need two.
type Once struct {
	Tenant, Client, Key string
	Made, ID            string
}

// Row names the row among those that a change may not fit.
func (o *Once) Row() string { return o.Client + "\x00" + o.Key }

// Mark is how an effect stands in its column.
func (o *Once) Mark() string { return ";" + o.Made + "=" + o.ID }

// Commit writes a change and returns once it is on disk, or ErrConflict when a row had another version: then nothing of it was written.
func (s *Store) Commit(ctx context.Context, c Change) error {
	c.Audit = requested(ctx, c.Audit)
	return s.commit(ctx, c)
}

func (s *Store) commit(ctx context.Context, c Change) error {
	if c.Take != nil && c.Take.Status == 0 {
		c.Take.Holder = s.c.Node
	}
	p := &pending{keys: c.keys(), write: func(w *writer) { w.change(c) }, jobs: c.Jobs}
	if c.plain() {
		p.change = &c
	}
	return s.submit(ctx, p)
}
