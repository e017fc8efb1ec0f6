package crashtest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/servertest"
)

// takenOver is how long others may take to do what a dead node had in hand: eight looks of a second after it was last heard, and the work.
const takenOver = 30 * time.Second

// cluster is several nodes on one database, behind a balancer.
type cluster struct {
	*balancer
	database
	nodes []*servertest.Server
}

func newCluster(t *testing.T, nodes int) *cluster {
	t.Helper()
	c := &cluster{balancer: newBalancer(t), database: postgres(t)}
	first := servertest.With(t, servertest.Config{Database: c.database.url, Args: []string{"--drain", drain, "--url", c.balancer.URL}})
	first.Start(t)
	c.nodes = append(c.nodes, first)
	c.add(t, first)
	for range nodes - 1 {
		c.beside(t)
	}
	c.wait(t, nodes)
	return c
}

// beside starts another node.
func (c *cluster) beside(t *testing.T) *servertest.Server {
	t.Helper()
	n := c.nodes[0].Beside(t)
	n.Start(t)
	c.nodes = append(c.nodes, n)
	c.add(t, n)
	return n
}

// TestNodes has three nodes serve whole onboardings in turn, restarts each of them while they do, and then kills them again and again.
func TestNodes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	w := begin(t, c.nodes[0])
	time.Sleep(time.Second)
	for _, n := range c.nodes {
		if err := n.Term(); err != nil {
			t.Errorf("a node did not end well: %v", err)
		}
		n.Start(t)
		c.wait(t, len(c.nodes))
		if w.o.report(t) {
			t.FailNow()
		}
	}
	// No call had to be sent again, by the client or by the vendor's, who has no keys to do so.
	if again, failed := w.o.Repeated.Load()+w.o.vendor.repeated.Load(), c.failed.Load(); again+failed > 0 {
		t.Errorf("%d calls were sent again and %d not answered while each node was restarted, want none", again, failed)
	}
	calm := w.o.Answered.Load()
	r := chance(t)
	kills := rounds(t, 30)
	for round := range kills {
		w.breathe(t, r, round%3 == 0)
		n := c.nodes[r.IntN(len(c.nodes))]
		_ = n.Kill() // it says "killed", which is what was asked
		pause(r)
		n.Start(t)
		if w.o.report(t) {
			t.FailNow()
		}
	}
	for i, n := range c.balancer.nodes {
		if n.took.Load() == 0 {
			t.Errorf("node %d was sent nothing", i)
		}
	}
	c.wait(t, len(c.nodes))
	w.end(t, c.database, c.nodes[1:]...)
	t.Logf("each of %d nodes restarted in %d calls; %d kills", len(c.nodes), calm, kills)
}

// TestTakeOver kills a node that is at a job, has an idempotency key and holds a delivery, for good. Another node does all of that within a bound.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	client := c.nodes[0].Client(t)
	sink := newHangingSink(t)
	var endpoint struct {
		Secret string `json:"secret"`
	}
	if err := client.Post(t.Context(), "/v1/webhook_endpoints", fields{"url": sink.URL, "events": []string{"*"}}, &endpoint); err != nil {
		t.Fatal(err)
	}
	var s servertest.Session
	if err := client.Post(t.Context(), "/v1/sessions", fields{"applicant": fields{"last_name": "Lovelace"}}, &s); err != nil {
		t.Fatal(err)
	}
	<-sink.first
	if err := client.Post(t.Context(), "/v1/simulate/session/"+s.ID, fields{"action": "submit"}, &s); err != nil {
		t.Fatal(err)
	}
	c.beside(t)
	c.wait(t, 2)
	began := time.Now()
	_ = c.nodes[0].Kill() // it says "killed", which is what was asked
	sink.hang.Store(false)
	for last := ""; last != "session.approved"; {
		select {
		case last = <-sink.types:
		case <-time.After(takenOver):
			t.Fatalf("after %s another node had not sent what the dead one held; the last was %q", takenOver, last)
		}
	}
	t.Logf("taken over after %d ms", time.Since(began).Milliseconds())
}

// hangingSink is a receiver that answers nothing until it is told to.
type hangingSink struct {
	*httptest.Server
	hang  atomic.Bool
	first chan struct{} // closed with the first call
	types chan string   // of the events that were answered
}

func newHangingSink(t *testing.T) *hangingSink {
	t.Helper()
	s := &hangingSink{first: make(chan struct{}), types: make(chan string, 100)}
	s.hang.Store(true)
	var once atomic.Bool
	ctx, stop := context.WithCancel(context.Background())
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if once.CompareAndSwap(false, true) {
			close(s.first)
		}
		if s.hang.Load() {
			select {
			case <-r.Context().Done():
			case <-ctx.Done():
			}
			return
		}
		var e servertest.Event
		if err := json.NewDecoder(r.Body).Decode(&e); err == nil {
			s.types <- e.Type
		}
	}))
	t.Cleanup(func() {
		stop()
		s.Close()
	})
	return s
}
