package engine_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// looker is a document check that does what a test tells it to with what it is given.
type looker struct {
	mu  sync.Mutex
	ask func(ctx context.Context, in usher.CheckInput)
}

func (*looker) Kind() usher.CheckKind { return usher.CheckDocument }

func (l *looker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ask(ctx, in)
	return usher.CheckResult{Outcome: usher.Consider, Assurance: usher.Verified, Provider: "test"}, nil
}

const documentFlow = `name: looked
attempts: 3
steps:
  - details: {ask: [name, date_of_birth]}
  - document: {accept: [passport]}
  - run: [document]
  - decide: {automatic: approve}
`

func lookedHouse(t *testing.T, l *looker) *enginetest.House {
	t.Helper()
	h := enginetest.Open(t, enginetest.Config{Checkers: []usher.Checker{l}})
	h.Publish(h.Tenant.ID, documentFlow)
	h.Publish(h.Other.ID, documentFlow)
	return h
}

func looked(t *testing.T, h *enginetest.House) usher.Session {
	t.Helper()
	s, _ := start(t, h, "looked", person)
	upload(t, h, s.ID, usher.DocumentFront)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit})
	h.Settle()
	return session(t, h, s.ID)
}

func TestChecksAreShownWhatWasReplaced(t *testing.T) {
	t.Parallel()
	var shown string
	l := &looker{ask: func(ctx context.Context, in usher.CheckInput) {
		shown = fmt.Sprint(len(in.Evidence), " in force")
		for _, f := range in.Replaced {
			r, err := f.Open(ctx)
			if err != nil {
				shown += err.Error()
				continue
			}
			body, err := io.ReadAll(r)
			shown += fmt.Sprintf(", %s of go %d with %v bytes, %v", f.Kind, f.Attempt, len(body) > 0, err)
			_ = r.Close() // read to its end
		}
	}}
	h := lookedHouse(t, l)
	s := looked(t, h)
	if shown != "1 in force" {
		t.Errorf("at first: %s", shown)
	}
	do(t, h, s.ID, usher.Command{Kind: usher.CmdAskAgain, By: senior(), Steps: []string{"document"}, Reasons: []usher.Reason{{Code: usher.DocumentBlurred}}})
	upload(t, h, s.ID, usher.DocumentFront)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit})
	h.Settle()
	if want := "1 in force, document_front of go 1 with true bytes, <nil>"; shown != want {
		t.Errorf("the second time: %s, want %s", shown, want)
	}
}

func TestRecogniseBindsToItsSession(t *testing.T) {
	t.Parallel()
	var recognise func(context.Context, []usher.Trait) ([]usher.Sighting, error)
	h := lookedHouse(t, &looker{ask: func(_ context.Context, in usher.CheckInput) { recognise = in.Recognise }})
	look := func(detail string, bands ...string) usher.Trait {
		trait := usher.Trait{Kind: usher.TraitLook, Evidence: "e", Detail: []byte(detail)}
		for _, b := range bands {
			trait.Bands = append(trait.Bands, []byte(b))
		}
		return trait
	}
	asked := func(traits ...usher.Trait) string {
		t.Helper()
		seen, err := recognise(t.Context(), traits)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, s := range seen {
			words = append(words, fmt.Sprintf("%d:%s:%s", s.Trait, s.SessionID, s.Detail))
		}
		return strings.Join(words, " ")
	}
	number := usher.Trait{Kind: usher.TraitDocument, Value: "D/1"}
	first := looked(t, h)
	if got := asked(number, look("first", "a", "b")); got != "" {
		t.Errorf("the first one sees %s", got)
	}
	if got := asked(number, look("first", "a", "b")); got != "" {
		t.Errorf("asked twice, it sees itself: %s", got)
	}
	looked(t, h)
	want := fmt.Sprintf("0:%s: 1:%s:first", first.ID, first.ID)
	if got := asked(number, look("second", "x", "b")); got != want {
		t.Errorf("the second sees %s, want %s", got, want)
	}
	for name, trait := range map[string]usher.Trait{
		"another kind":      {Kind: usher.TraitNational, Value: "D/1"},
		"band in the place": look("third", "b", "a"),
	} {
		if got := asked(trait); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if _, err := recognise(t.Context(), make([]usher.Trait, 33)); err == nil {
		t.Error("any number of traits is taken")
	}
	erase := func(id string) {
		t.Helper()
		if _, err := h.EraseApplicant(t.Context(), h.Tenant.ID, id, usher.Actor{Kind: usher.ByClient, ID: "client"}); err != nil {
			t.Fatal(err)
		}
	}
	erase(first.ApplicantID)
	if got := asked(number, look("second", "x", "b")); got != "" {
		t.Errorf("an erased applicant is seen: %s", got)
	}
}
