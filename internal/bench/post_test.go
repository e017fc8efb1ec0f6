package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/servertest"
)

const (
	postSlot   = 3 * time.Second // of each line, in each round
	postRounds = 3
)

// BenchmarkPost has clients, each on a connection of its own, POST sessions with a new applicant to the real program on PostgreSQL, and holds the rate
// against pgbench, which writes the rows that such a POST leaves, one transaction each, all statements of a transaction sent at once, over as many
// connections. Lines take turns; a ratio is the median of those of each round. The tenant has one endpoint: its deliveries are queued by both, and
// sent by neither (the receiver takes them and does not answer) but in the line that says so.
func BenchmarkPost(b *testing.B) {
	for _, connections := range []int{32, 128} {
		b.Run(fmt.Sprintf("postgres/%d", connections), func(b *testing.B) {
			server := postgrestest.Start(b, true)
			url := server.URL(b)
			silent := newPosts(b, servertest.Config{Database: url}, false)
			peer := newPeer(b, url, silent)
			ours, limit := &postLine{name: "usher"}, &postLine{name: "pgbench pipelined"}
			for range postRounds {
				limit.measure(server, silent, func() int { return peer.run(b, connections) })
				ours.measure(server, silent, func() int { return silent.run(b, connections) })
			}
			sending := newPosts(b, servertest.Config{Database: server.URL(b)}, true)
			beside := &postLine{name: "usher, webhooks sent meanwhile"}
			for range postRounds {
				beside.measure(server, sending, func() int { return sending.run(b, connections) })
			}
			for _, l := range []*postLine{limit, ours, beside} {
				b.Logf("%-30s %4d connections: %6.0f/s, of processor time each: server %4.0f us, PostgreSQL %4.0f us, client %4.0f us",
					l.name, connections, middle(l.rate), middle(l.node), middle(l.database), middle(l.client))
			}
			b.ReportMetric(middle(ours.rate), "posts/s")
			b.ReportMetric(middle(limit.rate), "pgbench/s")
			b.ReportMetric(middle(over(ours.rate, limit.rate)), "ratio")
			b.ReportMetric(middle(over(beside.rate, limit.rate)), "ratio-sending")
			b.ReportMetric(0, "ns/op")
		})
	}
	for _, connections := range []int{1, 32, 128} {
		b.Run(fmt.Sprintf("sqlite/%d", connections), func(b *testing.B) {
			silent := newPosts(b, servertest.Config{}, false)
			ours := &postLine{}
			for range postRounds {
				ours.measure(nil, silent, func() int { return silent.run(b, connections) })
			}
			b.ReportMetric(middle(ours.rate), "posts/s")
			b.ReportMetric(middle(ours.node), "us-server")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// postLine is one way of writing: how many a second, and the processor time of each in us, by round.
type postLine struct {
	name                         string
	rate, node, database, client []float64
}

func (l *postLine) measure(server *postgrestest.Server, x *posts, run func() int) {
	used := func() (all [3]time.Duration) {
		all[0], all[2] = x.server.CPU(), ownCPU()
		if server != nil {
			all[1] = server.CPU()
		}
		return all
	}
	before, begun := used(), time.Now()
	done := float64(run())
	took, after := time.Since(begun), used()
	l.rate = append(l.rate, done/took.Seconds())
	for i, into := range []*[]float64{&l.node, &l.database, &l.client} {
		*into = append(*into, (after[i]-before[i]).Seconds()*1e6/done)
	}
}

func middle(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

func over(a, b []float64) []float64 {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i] / b[i]
	}
	return ratios
}

// ownCPU gives the processor time of this process and of those that it has waited for, such as pgbench.
func ownCPU() (used time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if syscall.Getrusage(who, &r) == nil {
			used += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
	return used
}

// posts is a running server with an endpoint, and what clients send it.
type posts struct {
	server *servertest.Server
	client *servertest.Client
}

// newPosts starts a server whose tenant has an endpoint; its receiver answers or holds whatever comes.
func newPosts(b *testing.B, c servertest.Config, answers bool) *posts {
	b.Helper()
	over := make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only how many POSTs are answered is counted
		if !answers {
			<-over
		}
	}))
	x := &posts{server: servertest.With(b, c)}
	b.Cleanup(receiver.Close)
	b.Cleanup(func() { close(over) })
	x.server.Start(b)
	x.client = x.server.Client(b)
	if err := x.client.Post(context.Background(), "/v1/webhook_endpoints", fields{"url": receiver.URL, "events": []string{"*"}}, new([]byte)); err != nil {
		b.Fatal(err)
	}
	return x
}

// request is what a client's back end would send: a session with a new applicant, of its own reference and email.
func (x *posts) request(ctx context.Context) (*http.Request, error) {
	key := strings.ToLower(rand.Text())
	body := fmt.Appendf(nil, `{"applicant":{"first_name":"Anna Maria","last_name":"Eriksson","date_of_birth":"1974-08-12","email":"%s@example.test",`+
		`"phone":"46701234567","reference":"%s","address":{"country":"SE","street":"Storgatan 1","city":"Stockholm","postal_code":"111 22"}},`+
		`"reference":"order-%s","locale":"sv"}`, key, key, key)
	req, err := x.client.Request(ctx, http.MethodPost, "/v1/sessions", "application/json", bytes.NewReader(body))
	if err == nil {
		req.Header.Set("Idempotency-Key", key)
	}
	return req, err
}

// run has clients post for a while, and gives the number of sessions made.
func (x *posts) run(b *testing.B, clients int) int {
	b.Helper()
	var done atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range clients {
		all.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", x.server.Address)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			for answers := bufio.NewReader(conn); time.Since(begun) < postSlot; done.Add(1) {
				if err := x.post(b.Context(), conn, answers); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return int(done.Load())
}

// post sends one request over a connection and reads its answer. It does without a [http.Client], whose own work would come off the server's.
func (x *posts) post(ctx context.Context, conn io.Writer, answers *bufio.Reader) error {
	req, err := x.request(ctx)
	if err != nil {
		return err
	}
	if err := req.Write(conn); err != nil {
		return err
	}
	res, err := http.ReadResponse(answers, req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusCreated {
		err = fmt.Errorf("status %d: %s", res.StatusCode, said)
	}
	return err
}
