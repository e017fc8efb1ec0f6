package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/flow"
	"github.com/usher-kyc/usher/internal/ops"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/servertest"
	"github.com/usher-kyc/usher/internal/store"
)

const (
	postSlot   = 3 * time.Second // of each line, in each round
	postRounds = 3
)

// BenchmarkPost has clients, each on a connection of its own, POST sessions with a new applicant to the native API, and holds the rate against pgbench,
// which writes the rows that such a POST leaves, one transaction each, all statements of a transaction sent at once, over as many connections. Lines take
// turns; a ratio is the median of those of each round, and one named cpu of the processor time that everybody took together.
//
// "usher" is the server's handler as the program puts it together, in this process with the clients, without the workers that send webhooks: both queue
// deliveries, and none sends them. "the program" is a process of its own that does everything, webhooks to a receiver that answers included.
func BenchmarkPost(b *testing.B) {
	for _, connections := range []int{32, 128} {
		b.Run(fmt.Sprintf("postgres/%d", connections), func(b *testing.B) {
			server := postgrestest.Start(b, true)
			url := server.URL(b)
			dir := b.TempDir()
			alone := newHandler(b, databases()["postgres"](b, dir, url, "bench"), dir)
			peer := newPeer(b, url, alone)
			ours, limit := &postLine{name: "usher"}, &postLine{name: "pgbench pipelined"}
			whole := &postLine{name: "the program, sending"}
			running := newProgram(b, servertest.Config{Database: server.URL(b)})
			alone.settle(b, url, server)
			for range postRounds {
				limit.measure(b, server, nil, func() int { return peer.run(b, connections) })
				ours.measure(b, server, nil, func() int { return alone.run(b, connections) })
			}
			for range postRounds {
				whole.measure(b, server, running.server, func() int { return running.run(b, connections) })
			}
			for _, l := range []*postLine{limit, ours, whole} {
				b.Logf("%-22s %4d connections: %6.0f/s, of processor time each: PostgreSQL %4.0f us, all else %4.0f us", l.name, connections,
					middle(l.rate), middle(l.database), middle(l.rest))
			}
			b.ReportMetric(middle(ours.rate), "posts/s")
			b.ReportMetric(middle(limit.rate), "pgbench/s")
			b.ReportMetric(middle(over(ours.rate, limit.rate)), "ratio")
			b.ReportMetric(middle(over(limit.cost(), ours.cost())), "ratio-cpu")
			b.ReportMetric(middle(over(whole.rate, limit.rate)), "ratio-program")
			b.ReportMetric(0, "ns/op")
		})
	}
	for _, connections := range []int{1, 32, 128} {
		b.Run(fmt.Sprintf("sqlite/%d", connections), func(b *testing.B) {
			dir := b.TempDir()
			alone := newHandler(b, databases()["sqlite"](b, dir, "", ""), dir)
			ours := &postLine{}
			for range postRounds {
				ours.measure(b, nil, nil, func() int { return alone.run(b, connections) })
			}
			b.ReportMetric(middle(ours.rate), "posts/s")
			b.ReportMetric(middle(ours.rest), "us")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// postLine is one way of writing: how many a second, and the processor time of each in us, by round.
type postLine struct {
	name                 string
	rate, database, rest []float64
}

func (l *postLine) measure(b *testing.B, database *postgrestest.Server, program *servertest.Server, run func() int) {
	b.Helper()
	used := func() (of, rest time.Duration) {
		rest = ownCPU()
		if program != nil {
			rest += program.CPU()
		}
		if database != nil {
			of = database.CPU()
		}
		return of, rest
	}
	database0, rest0 := used()
	begun := time.Now()
	done := float64(run())
	took := time.Since(begun)
	if done == 0 {
		b.Fatalf("%s: nothing was done in %v; the machine is too busy to measure", l.name, took)
	}
	database1, rest1 := used()
	l.rate = append(l.rate, done/took.Seconds())
	l.database = append(l.database, (database1-database0).Seconds()*1e6/done)
	l.rest = append(l.rest, (rest1-rest0).Seconds()*1e6/done)
}

// cost is what everybody took together.
func (l *postLine) cost() []float64 {
	all := make([]float64, len(l.rest))
	for i := range all {
		all[i] = l.database[i] + l.rest[i]
	}
	return all
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

// posts is a server that listens, and what clients send it.
type posts struct {
	address, token string
	server         *servertest.Server // nil where it runs in this process
}

// newProgram starts the program, whose tenant has an endpoint that answers.
func newProgram(b *testing.B, c servertest.Config) *posts {
	b.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only how many POSTs are answered is counted
	}))
	b.Cleanup(receiver.Close)
	x := &posts{server: servertest.With(b, c)}
	x.server.Start(b)
	client := x.server.Client(b)
	if err := client.Post(context.Background(), "/v1/webhook_endpoints", fields{"url": receiver.URL, "events": []string{"*"}}, new([]byte)); err != nil {
		b.Fatal(err)
	}
	req, err := client.Request(context.Background(), http.MethodGet, "/", "", nil)
	if err != nil {
		b.Fatal(err)
	}
	x.address, x.token = x.server.Address, strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	return x
}

// newHandler serves the native API of an engine on a database, as the program does it, for a tenant with an endpoint.
func newHandler(b *testing.B, db *store.Database, dir string) *posts {
	b.Helper()
	ctx := context.Background()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = log.Close() })
	n := newOutboxNode(b, db, dir)
	if n.tenant, err = n.CreateTenant(ctx, "Bench", usher.Sandbox, "EUR"); err != nil {
		b.Fatal(err)
	}
	f, problems := flow.Parse(postFlow, n.Known())
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	if _, err := n.PublishFlow(ctx, n.tenant.ID, f, postFlow); err != nil {
		b.Fatal(err)
	}
	if _, err := n.CreateEndpoint(ctx, n.tenant.ID, usher.Endpoint{URL: "https://client.example.test", Dialect: native.Name, Events: []usher.EventType{"*"}}); err != nil {
		b.Fatal(err)
	}
	doors := auth.New(auth.Config{Store: db.Store})
	client, _, err := doors.CreateClient(ctx, n.tenant.ID, auth.NewClient{Dialect: native.Name, Name: "bench", DefaultFlow: f.Name}, usher.Actor{Kind: usher.BySystem})
	if err != nil {
		b.Fatal(err)
	}
	token, err := doors.Issue(ctx, client, nil, time.Hour, 0)
	if err != nil {
		b.Fatal(err)
	}
	h, err := native.New(native.Config{
		Service: n, Credentials: doors, Idempotency: n.Answers(), Known: n.Known(), Log: ops.NewLog(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: ops.NewMetrics("", "").HTTP("native", nil, h), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, IdleTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(func() { _ = server.Close() })
	return &posts{address: listener.Addr().String(), token: token.Access}
}

// postFlow is what the sessions go through.
const postFlow = `name: onboarding
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, date_of_birth, address, contact]}
  - decide: {automatic: approve}
`

// settle posts for a while, and has PostgreSQL tidy up and count what is there, so that the lines begin with plans for a database that is in use.
func (x *posts) settle(b *testing.B, url string, server *postgrestest.Server) {
	b.Helper()
	x.run(b, 32)
	for _, statement := range []string{`VACUUM ANALYZE`, `CHECKPOINT`} {
		if err := postgrestest.Run(url, statement); err != nil {
			b.Fatal(err)
		}
	}
}

// request is what a client's back end would send: a session with a new applicant, of its own reference and email.
func (x *posts) request(ctx context.Context) (*http.Request, error) {
	key := strings.ToLower(rand.Text())
	body := fmt.Appendf(nil, `{"applicant":{"first_name":"Anna Maria","last_name":"Eriksson","date_of_birth":"1974-08-12","email":"%s@example.test",`+
		`"phone":"46701234567","reference":"%s","address":{"country":"SE","street":"Storgatan 1","city":"Stockholm","postal_code":"111 22"}},`+
		`"reference":"order-%s","locale":"sv"}`, key, key, key)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+x.address+"/v1/sessions", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = http.Header{"Authorization": {"Bearer " + x.token}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}}
	return req, nil
}

// run has clients post for a while, and gives the number of sessions made.
func (x *posts) run(b *testing.B, clients int) int {
	b.Helper()
	var done atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range clients {
		all.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", x.address)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			for answers := bufio.NewReader(conn); time.Since(begun) < postSlot; done.Add(1) {
				if _, err := x.post(b.Context(), conn, answers); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return int(done.Load())
}

// post sends one request over a connection and gives its answer. It does without a [http.Client], whose own work would come off the server's.
func (x *posts) post(ctx context.Context, conn io.Writer, answers *bufio.Reader) ([]byte, error) {
	req, err := x.request(ctx)
	if err != nil {
		return nil, err
	}
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(answers, req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusCreated {
		err = fmt.Errorf("status %d: %s", res.StatusCode, said)
	}
	return said, err
}
