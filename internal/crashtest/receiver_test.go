package crashtest_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/servertest"
	"github.com/usher-kyc/usher/internal/webhook"
)

// receiver takes webhooks as a client's back end does: it verifies them and keeps what it got.
type receiver struct {
	*httptest.Server

	mu         sync.Mutex
	secret     string
	bodies     map[string][sha256.Size]byte // by webhook-id
	events     map[string]bool              // ids of events
	last       map[string]int64             // the highest number seen of a session or applicant
	took       int                          // deliveries
	duplicates int
	wrong      []string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{bodies: map[string][sha256.Size]byte{}, events: map[string]bool{}, last: map[string]int64{}}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) trust(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = secret
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender died while it spoke
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := webhook.Verify(req.Header, body, []string{r.secret}, time.Now()); err != nil {
		r.wrong = append(r.wrong, err.Error())
	}
	var e servertest.Event
	if err := json.Unmarshal(body, &e); err != nil {
		r.wrong = append(r.wrong, err.Error())
		return
	}
	r.took++
	id, sum := req.Header.Get(webhook.HeaderID), sha256.Sum256(body)
	if had, again := r.bodies[id]; again {
		r.duplicates++
		if had != sum {
			r.wrong = append(r.wrong, "the delivery "+id+" came with other bytes")
		}
		return
	}
	if r.events[e.ID] {
		r.wrong = append(r.wrong, "the event "+e.ID+" came as two deliveries")
	}
	if e.Sequence != r.last[e.Subject()]+1 {
		r.wrong = append(r.wrong, fmt.Sprintf("%s of %s came as number %d after %d", e.Type, e.Subject(), e.Sequence, r.last[e.Subject()]))
	}
	r.bodies[id], r.events[e.ID], r.last[e.Subject()] = sum, true, e.Sequence
}

// missing gives how many of the events have not come yet.
func (r *receiver) missing(events []servertest.Event) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		if !r.events[e.ID] {
			n++
		}
	}
	return n
}
