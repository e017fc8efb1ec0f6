// Package storetest is the suite that every database under package store must pass. A database's own folder calls [Run] with a function that
// opens an empty one.
//
// Each test gets a database of its own with two tenants in it, builds rows by the makers below, and looks at what the store gives back. What
// it holds: a change is written whole or not at all, versions decide between two writers, events have no gaps, deliveries of a lane keep
// their order, a key has one effect, and nothing of one tenant is shown to another.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// Jobs is the job queue that belongs to a store.
type Jobs interface {
	Start(ctx context.Context, h store.Handler, timers []store.Timer) error
	Stop(ctx context.Context) error
	Waiting(ctx context.Context) (int, error)
	Oldest(ctx context.Context) (time.Time, error)
}

// Database is an open store and its job queue.
type Database struct {
	Store *store.Store
	Jobs  Jobs
}

// Run runs the whole suite. open gives an empty database that is closed when its test ends.
func Run(t *testing.T, open func(t *testing.T) Database) {
	t.Helper()
	for _, part := range []map[string]func(*house){changes(), commits(), lists(), outbox(), lines(), keys(), doors(), staffDoor(), settings(), later(), traits(), cases(), codes(), handoffs(), figures(), trail(), receipts(), keysets(), keeping(), shared(), rings(), backlogs()} {
		for name, test := range part {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(newHouse(t, open(t)))
			})
		}
	}
}

// house is a database with two tenants, and makers of rows that differ from one another.
type house struct {
	*testing.T
	*store.Store
	jobs Jobs
	now  time.Time
	made int
}

const (
	ours   = "tenant-ours"
	theirs = "tenant-theirs"
)

func newHouse(t *testing.T, db Database) *house {
	t.Helper()
	h := &house{T: t, Store: db.Store, jobs: db.Jobs, now: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)}
	for _, id := range []string{ours, theirs} {
		h.must(h.PutTenant(ctx(), usher.Tenant{ID: id, Name: id, Mode: usher.Sandbox, Currency: "EUR", CreatedAt: h.now}))
	}
	return h
}

func ctx() context.Context { return context.Background() }

// id gives ids that rise, as the engine's do.
func (h *house) id() string {
	h.made++
	return fmt.Sprintf("%08d", h.made)
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) wants(err, want error) {
	h.Helper()
	if !errors.Is(err, want) {
		h.Fatalf("got error %v, want %v", err, want)
	}
}

// same compares; want stands last, as in a sentence.
func same[T any](h *house, what string, got, want T) {
	h.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		h.Fatalf("%s differs (-want +got):\n%s", what, diff)
	}
}

func (h *house) applicant(tenant string) store.ApplicantRow {
	id := h.id()
	return store.ApplicantRow{
		ID: id, TenantID: tenant, ClientID: "client", Dialect: "native", Version: 1, ReferenceIndex: []byte("ref-" + id),
		EmailIndex: []byte("mail-" + id), Doc: []byte("applicant " + id), CreatedAt: h.now, UpdatedAt: h.now,
	}
}

func (h *house) session(a store.ApplicantRow) store.SessionRow {
	id := h.id()
	return store.SessionRow{
		ID: id, TenantID: a.TenantID, ApplicantID: a.ID, ClientID: "client", Dialect: "native", Purpose: usher.ForOnboarding, State: usher.Created,
		Flow: "onboarding", FlowVersion: 1, Version: 1, ReferenceIndex: []byte("ref-" + id), Doc: []byte("session " + id),
		CreatedAt: h.now, UpdatedAt: h.now, ExpiresAt: h.now.Add(48 * time.Hour), DueAt: h.now.Add(48 * time.Hour),
	}
}

// next is the row that a second command makes of a stored one.
func next(r store.SessionRow) store.SessionRow {
	r.Was, r.Version = r.Version, r.Version+1
	r.Doc = fmt.Appendf(nil, "session %s at %d", r.ID, r.Version)
	return r
}

func (h *house) event(s store.SessionRow, sequence int64) store.EventRow {
	id := h.id()
	return store.EventRow{
		ID: id, TenantID: s.TenantID, ApplicantID: s.ApplicantID, SessionID: s.ID, Dialect: s.Dialect, Purpose: s.Purpose,
		Type: usher.EvidenceReceived, Sequence: sequence, Doc: []byte("event " + id), At: h.now,
	}
}

func (h *house) delivery(endpoint string, s store.SessionRow) store.DeliveryRow {
	id := h.id()
	return store.DeliveryRow{Delivery: usher.Delivery{
		ID: id, TenantID: s.TenantID, EndpointID: endpoint, ApplicantID: s.ApplicantID, SessionID: s.ID, EventID: "event-" + id,
		EventType: usher.EvidenceReceived, Status: usher.DeliveryPending, DueAt: h.now, CreatedAt: h.now,
		Message: usher.Message{Event: "evidence", ContentType: "application/json", Body: []byte("body " + id)},
	}}
}

func (h *house) commit(c store.Change) {
	h.Helper()
	h.must(h.Commit(ctx(), c))
}

// person puts an applicant and a session into the store and gives them.
func (h *house) person(tenant string) (store.ApplicantRow, store.SessionRow) {
	h.Helper()
	a := h.applicant(tenant)
	s := h.session(a)
	h.commit(store.Change{
		Keyset:    &store.Keyset{TenantID: tenant, ApplicantID: a.ID, Wrapped: []byte("keys of " + a.ID)},
		Applicant: &a, Session: &s, Events: []store.EventRow{h.event(s, 1)},
	})
	return a, s
}

// events counts what is stored of a session.
func (h *house) events(s store.SessionRow) []store.EventRow {
	h.Helper()
	list, err := h.ListEvents(ctx(), s.TenantID, usher.EventFilter{Paging: usher.Paging{Limit: 1000, Oldest: true}, SessionID: s.ID})
	h.must(err)
	return list
}

// stored gives a session as it is in the store.
func (h *house) stored(s store.SessionRow) store.SessionRow {
	h.Helper()
	got, err := h.Session(ctx(), s.TenantID, s.ID)
	h.must(err)
	return got
}
