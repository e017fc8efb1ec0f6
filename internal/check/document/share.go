package document

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/usher-kyc/usher"
)

// Earlier returns a Checker that gives the document result the session already has, if it rests on the evidence in force,
// and asks c only when there is none. It is for checks that build on what was read.
func Earlier(c usher.Checker) usher.Checker { return earlier{c} }

type earlier struct{ usher.Checker }

// Check returns the earlier result or asks for a new one.
func (e earlier) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	for _, r := range slices.Backward(in.Session.Checks()) {
		if r.Kind == e.Kind() && r.Assurance != "" && slices.Equal(r.EvidenceIDs, evidenceIDs(in)) {
			return r, nil
		}
	}
	return e.Checker.Check(ctx, in)
}

// Share returns a Checker that reads a document once for all who ask at the same time: the checks of one step run side by
// side, and several of them need the document. Nothing is kept once the last of them has its answer.
func Share(c usher.Checker) usher.Checker {
	return &share{Checker: c, running: map[string]*reading{}}
}

type share struct {
	usher.Checker
	mu      sync.Mutex
	running map[string]*reading
}

// reading is one call in flight. done is closed when result and err are set.
type reading struct {
	done   chan struct{}
	result usher.CheckResult
	err    error
}

// Check joins the call in flight for the same session and evidence, or makes one. Those who joined a call that failed
// make their own, because it may have failed by the other's deadline.
func (s *share) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	key := in.Session.TenantID + "/" + in.Session.ID + "/" + strconv.FormatInt(in.Session.Version, 10) + "/" + strings.Join(evidenceIDs(in), "/")
	s.mu.Lock()
	other := s.running[key]
	if other != nil {
		s.mu.Unlock()
		select {
		case <-other.done:
		case <-ctx.Done():
			return usher.CheckResult{}, ctx.Err()
		}
		if other.err == nil {
			return other.result, nil
		}
		return s.Checker.Check(ctx, in)
	}
	mine := &reading{done: make(chan struct{}), err: context.Canceled}
	s.running[key] = mine
	s.mu.Unlock()
	// Also after a panic below, so that nobody waits for an answer that does not come.
	defer func() {
		s.mu.Lock()
		delete(s.running, key)
		s.mu.Unlock()
		close(mine.done)
	}()
	mine.result, mine.err = s.Checker.Check(ctx, in)
	return mine.result, mine.err
}

// evidenceIDs lists the document pictures in force, front first.
func evidenceIDs(in usher.CheckInput) []string {
	var ids []string
	for _, kind := range []usher.EvidenceKind{usher.DocumentFront, usher.DocumentBack} {
		if file, ok := in.Find(kind); ok {
			ids = append(ids, file.ID)
		}
	}
	return ids
}
