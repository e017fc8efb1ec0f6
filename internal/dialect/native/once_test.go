package native_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/dialect/native"
)

func paging() usher.Paging { return usher.Paging{Limit: 50} }

func TestIdempotency(t *testing.T) {
	t.Parallel()
	h := open(t)
	first := h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid}, "Idempotency-Key", "k1").want(t, 201)
	again := h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid}, "Idempotency-Key", "k1").want(t, 201)
	if first.Body.String() != again.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" || again.Header().Get("Location") == "" {
		t.Errorf("got %s and %s", first.Body, again.Body)
	}
	h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": map[string]string{}}, "Idempotency-Key", "k1").want(t, 422)
	h.do(t, "POST", "/v1/applicants", map[string]any{"applicant": astrid}, "Idempotency-Key", "k1").want(t, 422)
	// A key is its client's own.
	h.send(t, "POST", "/v1/sessions", h.other, map[string]any{"applicant": astrid}, "Idempotency-Key", "k1").want(t, 201)
	// What was refused had no effect, so its key can be used for the corrected request.
	h.do(t, "POST", "/v1/applicants", `{"phone": "+46"}`, "Idempotency-Key", "k2").want(t, 422)
	h.do(t, "POST", "/v1/applicants", `{"phone": "46701234567"}`, "Idempotency-Key", "k2").want(t, 201)
	if n := len(h.do(t, "GET", "/v1/sessions", nil).list(t, "data")); n != 1 {
		t.Errorf("%d sessions were made", n)
	}
}

func TestManyAtOnceWithOneKey(t *testing.T) {
	t.Parallel()
	h := open(t)
	const many = 8
	ids := make(chan string, many)
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			for {
				g := h.do(t, "POST", "/v1/applicants", astrid, "Idempotency-Key", "k1")
				if g.Code == http.StatusConflict {
					continue
				}
				if g.Code != http.StatusCreated {
					t.Errorf("got %d %s", g.Code, g.Body)
					return
				}
				ids <- g.word(t, "id")
				return
			}
		})
	}
	wg.Wait()
	close(ids)
	one := <-ids
	for id := range ids {
		if id != one {
			t.Errorf("two applicants were made: %s and %s", one, id)
		}
	}
	if n := len(h.do(t, "GET", "/v1/applicants", nil).list(t, "data")); n != 1 {
		t.Errorf("%d applicants were made", n)
	}
}

// forgetful loses answers, as a process does that dies between the effect and the answer.
type forgetful struct{ api.Idempotency }

func (forgetful) Finish(context.Context, api.Once, api.Answer) error {
	return errors.New("the process died here")
}

func TestEffectOutlivesItsAnswer(t *testing.T) {
	t.Parallel()
	h := alone(t)
	whole := h.handler
	dying, err := native.New(native.Config{
		Service: h.Service, Credentials: h.auth, Idempotency: forgetful{h.Answers()}, Intake: intake, Known: h.Engine.Known(), Now: h.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		body any
	}{
		{"/v1/applicants", astrid},
		{"/v1/sessions", map[string]any{"applicant": astrid}},
	} {
		h.handler = dying
		first := h.do(t, "POST", c.path, c.body, "Idempotency-Key", c.path).want(t, 201).word(t, "id")
		h.handler = whole
		// What is made keeps its answer with it.
		again := h.do(t, "POST", c.path, c.body, "Idempotency-Key", c.path).want(t, 201)
		if second := again.word(t, "id"); first != second || again.Header().Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: the effect happened twice", c.path)
		}
		h.handler = dying
		command := "/v1/sessions/" + h.do(t, "POST", "/v1/sessions", map[string]any{"applicant": astrid}).want(t, 201).word(t, "id") + "/cancel"
		h.do(t, "POST", command, nil, "Idempotency-Key", command).want(t, 200)
		h.handler = whole
		h.do(t, "POST", command, nil, "Idempotency-Key", command).want(t, 409)
		h.Advance(2 * time.Minute)
		if version := h.do(t, "POST", command, nil, "Idempotency-Key", command).want(t, 200).at(t, "version"); version != 2.0 {
			t.Errorf("%s: the effect happened twice: version %v", command, version)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	h := open(t)
	const all = 7
	for i := range all {
		h.do(t, "POST", "/v1/applicants", map[string]string{"reference": fmt.Sprint("r", i), "email": "a@example.com"}).want(t, 201)
	}
	seen := map[string]bool{}
	after, pages := "", 0
	for {
		g := h.do(t, "GET", "/v1/applicants?limit=3&after="+after, nil).want(t, 200)
		pages++
		for _, item := range g.list(t, "data") {
			seen[item.(map[string]any)["reference"].(string)] = true
		}
		next, more := g.at(t, "next").(string)
		if !more {
			break
		}
		after = next
	}
	if len(seen) != all || pages != 3 {
		t.Errorf("%d applicants on %d pages", len(seen), pages)
	}
	if g := h.do(t, "GET", "/v1/applicants", nil).want(t, 200); g.word(t, "data.0.reference") != "r6" {
		t.Errorf("not the newest first: %s", g.Body)
	}
	for query, want := range map[string]int{
		"reference=r3": 1, "email=a@example.com": all, "email=b@example.com": 0, "status=none": all, "status=approved": 0,
	} {
		if n := len(h.do(t, "GET", "/v1/applicants?limit=100&"+query, nil).want(t, 200).list(t, "data")); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
}

func TestEventsSince(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.session(t)
	first := h.do(t, "GET", "/v1/events", nil).want(t, 200)
	last := first.word(t, fmt.Sprintf("data.%d.id", len(first.list(t, "data"))-1))
	if n := len(h.do(t, "GET", "/v1/events?after="+last, nil).want(t, 200).list(t, "data")); n != 0 {
		t.Errorf("%d events since the last", n)
	}
	h.simulate(t, id, "submit")
	news := h.do(t, "GET", "/v1/events?limit=100&after="+last, nil).want(t, 200)
	if news.word(t, "data.0.type") != "session.started" {
		t.Errorf("not the oldest first: %s", news.Body)
	}
	only := h.do(t, "GET", "/v1/events?type=session.approved,account.opened&session_id="+id, nil).want(t, 200)
	if len(only.list(t, "data")) != 2 || only.word(t, "data.0.type") != "session.approved" || only.word(t, "data.0.data.state") != "approved" {
		t.Errorf("got %s", only.Body)
	}
	sequence := 0.0
	for _, e := range h.do(t, "GET", "/v1/sessions/"+id+"/events?limit=100", nil).want(t, 200).list(t, "data") {
		if sequence++; e.(map[string]any)["sequence"] != sequence {
			t.Errorf("sequence %v, want %v", e.(map[string]any)["sequence"], sequence)
		}
	}
}
