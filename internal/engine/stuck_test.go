package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/engine"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/store"
)

// One that cannot be helped must not hold up the others.

// byHand is a queue whose jobs a test does, and sees the errors of.
type byHand struct{ do store.Handler }

func (q *byHand) Start(_ context.Context, h store.Handler, _ []store.Timer) error {
	q.do = h
	return nil
}

func (*byHand) Stop(context.Context) error { return nil }

// handled is an engine on the database of a house whose jobs a test does by hand.
func handled(t *testing.T, h *enginetest.House, c engine.Config) (*engine.Engine, func(kind string) error) {
	t.Helper()
	q := &byHand{}
	c.Store, c.Vault, c.Now, c.Queue = h.Store, h.Vault, h.Now, q
	if c.Blobs == nil {
		c.Blobs = h.Blobs
	}
	e := engine.New(c)
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e, func(kind string) error { return q.do(t.Context(), store.Job{Kind: kind, Period: true}) }
}

func TestUnreadableApplicantHoldsUpNoRetention(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	broken, behind := decided(t, h, usher.CmdReject), decided(t, h, usher.CmdReject)
	row, err := h.Store.Applicant(t.Context(), broken.TenantID, broken.ApplicantID)
	if err != nil {
		t.Fatal(err)
	}
	row.Doc, row.Was = []byte("no seal"), row.Version
	row.Version++
	if err := h.Store.Commit(t.Context(), store.Change{Applicant: &row}); err != nil {
		t.Fatal(err)
	}
	if err := h.SetKeepRules(t.Context(), h.Live.ID, usher.KeepRules{Rejected: usher.KeepRule{Days: 10}}, lawyer); err != nil {
		t.Fatal(err)
	}
	_, do := handled(t, h, engine.Config{})
	h.Pass(20 * 24 * time.Hour)
	if err := do("keep"); err == nil {
		t.Error("nobody hears of the applicant that cannot be read")
	}
	if !applicant(t, h, behind).Erased {
		t.Error("who comes behind one that cannot be read is not erased")
	}
}

func TestUnreadableSessionHoldsUpNoTimer(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	broken, _ := start(t, h, "", person)
	behind, _ := start(t, h, "", person)
	row, err := h.Store.Session(t.Context(), broken.TenantID, broken.ID)
	if err != nil {
		t.Fatal(err)
	}
	row.Doc, row.Was, row.DueAt = []byte("no seal"), row.Version, h.Now()
	row.Version++
	if err := h.Store.Commit(t.Context(), store.Change{Session: &row}); err != nil {
		t.Fatal(err)
	}
	_, do := handled(t, h, engine.Config{})
	h.Pass(400 * 24 * time.Hour)
	if err := do("sweep"); err == nil {
		t.Error("nobody hears of the session that cannot be read")
	}
	if s, err := h.Session(t.Context(), behind.TenantID, behind.ID); err != nil || s.State != usher.Expired {
		t.Errorf("who comes behind one that cannot be read is %s, %v", s.State, err)
	}
}

// full is a shelf of files that no sweep comes to the end of.
type full struct{ engine.Blobs }

func (full) Sweep(context.Context, func(context.Context, string, string, string) (bool, error), time.Time, string, int) (string, error) {
	return "", context.DeadlineExceeded
}

func TestFilesWithoutEndHoldUpNoTrim(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	makeEndpoint(t, h, "https://client.example/hook")
	start(t, h, "", person)
	if n := len(h.Messages(h.Tenant.ID)); n != 1 {
		t.Fatalf("%d were sent", n)
	}
	_, do := handled(t, h, engine.Config{KeepDeliveries: time.Hour, Blobs: full{h.Blobs}})
	h.Pass(48 * time.Hour)
	if err := do("files"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody hears of the sweep: %v", err)
	}
	if err := do("tidy"); err != nil {
		t.Errorf("tidy: %v", err)
	}
	if left := h.Messages(h.Tenant.ID); len(left) != 0 {
		t.Errorf("%d old deliveries are left", len(left))
	}
}

// An endpoint whose address was allowed once can be disabled: or its last report would be refused for ever, and with it those of all others.
func TestEndpointThatIsNotAllowedAnyMoreIsDisabled(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	ep := makeEndpoint(t, h, "https://client.example/hook")
	start(t, h, "", person)
	node, _ := handled(t, h, engine.Config{CheckURL: func(string) error { return errors.New("not allowed any more") }})
	got := claim(t, h, node)
	if len(got) != 1 {
		t.Fatalf("claimed %d", len(got))
	}
	_, err := node.Exchange(t.Context(), []usher.DeliveryReport{{
		Delivery: got[0].Delivery, Status: usher.DeliveryDead, Disable: "the endpoint answered 410 Gone",
		Attempt: usher.DeliveryAttempt{Number: 1, At: h.Now(), Status: 410},
	}}, usher.DeliveryClaim{})
	if err != nil {
		t.Errorf("the report is refused: %v", err)
	}
	if ep, err = h.Endpoint(t.Context(), h.Tenant.ID, ep.ID); err != nil || ep.Disabled == "" {
		t.Errorf("disabled %q, %v", ep.Disabled, err)
	}
}

// meanwhile does something at the first message that is rendered: between what was looked at and what is written of it.
type meanwhile struct {
	plain
	on usher.EventType
	do func()
}

func (m *meanwhile) Render(v usher.View, e usher.Event) ([]usher.Message, error) {
	if do := m.do; e.Type == m.on && do != nil {
		m.do = nil
		do()
	}
	return m.plain.Render(v, e)
}

// A hold that is put while an erasure is under way wins.
func TestHoldStopsAnErasureUnderWay(t *testing.T) {
	t.Parallel()
	for name, erase := range map[string]func(*engine.Engine, func(string) error, usher.Session) error{
		"asked": func(e *engine.Engine, _ func(string) error, s usher.Session) error {
			_, err := e.EraseApplicant(context.Background(), s.TenantID, s.ApplicantID, lawyer)
			return err
		},
		"in time": func(_ *engine.Engine, do func(string) error, _ usher.Session) error { return do("keep") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
			s := decided(t, h, usher.CmdReject)
			_, err := h.CreateEndpoint(t.Context(), h.Live.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: "native"})
			if err != nil {
				t.Fatal(err)
			}
			between := &meanwhile{on: usher.ApplicantErased, do: func() {
				if _, err := h.HoldApplicant(context.Background(), s.TenantID, s.ApplicantID, "court order", lawyer); err != nil {
					t.Error(err)
				}
			}}
			e, do := handled(t, h, engine.Config{Renderers: []usher.Renderer{between}})
			h.Pass(10 * year)
			if err := erase(e, do, s); err != nil {
				t.Error(err)
			}
			a := applicant(t, h, s)
			if a.Erased || a.Keeping.Hold == nil || a.Restricted() != (name == "asked") {
				t.Errorf("erased %v, %+v", a.Erased, a.Keeping)
			}
		})
	}
}

// shelf is a store of files with more of them than one job looks at.
type shelf struct {
	engine.Blobs
	from *[]string
}

func (s shelf) Sweep(_ context.Context, _ func(context.Context, string, string, string) (bool, error), _ time.Time, after string, _ int) (string, error) {
	*s.from = append(*s.from, after)
	return map[string]string{"": "a", "a": "b"}[after], nil
}

func TestFilesAreSweptPartByPart(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	var from []string
	sweep := func() {
		t.Helper()
		_, do := handled(t, h, engine.Config{Blobs: shelf{h.Blobs, &from}}) // another process each time
		if err := do("files"); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		sweep()
	}
	h.Pass(time.Hour)
	sweep()
	if want := []string{"", "a", "b", ""}; !slices.Equal(from, want) {
		t.Errorf("parts began at %q, want %q", from, want)
	}
}
