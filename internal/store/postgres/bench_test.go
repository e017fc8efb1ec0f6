package postgres_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

const (
	benched = 20_000          // sessions that are changed
	slot    = 2 * time.Second // of each line, in each round
	rounds  = 3
)

// line is one way of writing, with so many callers.
type line struct {
	name    string
	callers int
	run     func(callers int) (done int)
	rate    []float64 // changes per second, by round
	cost    []float64 // us of processor time of client and server together for a change, by round
}

// BenchmarkCommit writes what a command does (a session at its next version, three events, a delivery, a job) and holds the rate against pgbench,
// PostgreSQL's own, which writes the same rows into the same tables, one transaction each: with a round trip for every statement, and with all of them
// sent at once. The lines take turns; a ratio is the median of those of each round. Ratios named cpu are of processor time for a change, and tell
// something on a busy machine, too.
func BenchmarkCommit(b *testing.B) {
	server := postgrestest.Start(b, true)
	url := server.URL(b)
	db, err := postgres.Open(context.Background(), postgres.Config{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := db.Store.Close(); err != nil {
			b.Error(err)
		}
	}()
	w := newWork(b, db.Store)
	ours := func(callers int) int { return w.run(b, callers) }
	plain, piped := pgbench(b, url, false), pgbench(b, url, true)
	lines := []*line{
		{name: "pgbench", callers: 32, run: plain},
		{name: "pgbench pipelined", callers: 32, run: piped},
		{name: "usher", callers: 32, run: ours},
		{name: "usher", callers: 128, run: ours},
	}
	for range rounds {
		for _, l := range lines {
			l.measure(server)
			b.Logf("%-18s %4d callers: %6.0f/s, %4.0f us of processor time each", l.name, l.callers, l.rate[len(l.rate)-1], l.cost[len(l.cost)-1])
		}
	}
	for _, ratio := range []struct {
		name        string
		ours, limit *line
	}{{"32/plain", lines[2], lines[0]}, {"32/piped", lines[2], lines[1]}, {"128/piped", lines[3], lines[1]}} {
		b.ReportMetric(median(ratio.ours.rate, ratio.limit.rate), ratio.name)
		b.ReportMetric(median(ratio.limit.cost, ratio.ours.cost), ratio.name+"-cpu")
	}
	b.ReportMetric(0, "ns/op")
}

func median(a, b []float64) float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = a[i] / b[i]
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func (l *line) measure(server *postgrestest.Server) {
	used, begun := server.CPU()+own(), time.Now()
	done := float64(l.run(l.callers))
	l.rate = append(l.rate, done/time.Since(begun).Seconds())
	l.cost = append(l.cost, (server.CPU()+own()-used).Seconds()*1e6/done)
}

// own gives the processor time of this process and of those that it has waited for.
func own() (used time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if syscall.Getrusage(who, &r) == nil {
			used += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
	return used
}

// work is a set of sessions that callers change.
type work struct {
	db       *store.Store
	sessions []store.SessionRow
	next     atomic.Int64
}

func newWork(b *testing.B, db *store.Store) *work {
	b.Helper()
	w := &work{db: db, sessions: make([]store.SessionRow, benched)}
	doc, now := make([]byte, 220), time.Now()
	_, _ = rand.Read(doc)
	var all sync.WaitGroup
	for part := range 64 {
		all.Go(func() {
			for i := part; i < benched; i += 64 {
				id := fmt.Sprintf("s%09d", i)
				w.sessions[i] = store.SessionRow{
					ID: id, TenantID: "t", ApplicantID: "a" + id, ClientID: "c", Dialect: "native", Purpose: usher.ForOnboarding, State: usher.Created,
					Flow: "onboarding", FlowVersion: 1, Version: 1, Doc: doc, CreatedAt: now, UpdatedAt: now, ExpiresAt: now, DueAt: now.Add(time.Hour),
				}
				if err := db.Commit(context.Background(), store.Change{Session: &w.sessions[i]}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return w
}

// run has so many callers change sessions for a while, and gives the number of changes.
func (w *work) run(b *testing.B, callers int) int {
	b.Helper()
	var done atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for caller := range callers {
		all.Go(func() {
			for i := caller; time.Since(begun) < slot; i = (i + callers) % (benched - benched%callers) {
				s := &w.sessions[i]
				if err := w.db.Commit(context.Background(), w.change(s)); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return int(done.Load())
}

func (w *work) change(s *store.SessionRow) store.Change {
	// Others may have changed it: pgbench counts up, too.
	s.Was, s.Version = s.Version, s.Version+1
	now := time.Now()
	s.UpdatedAt = now
	n := w.next.Add(1)
	id := fmt.Sprintf("%s-%d", s.ID, n)
	c := store.Change{Session: s, Jobs: []store.Job{{Kind: "checks", Tenant: "t", Object: s.ID}}}
	for i := range int64(3) {
		c.Events = append(c.Events, store.EventRow{
			ID: id + "-" + strconv.FormatInt(i, 10), TenantID: "t", ApplicantID: s.ApplicantID, SessionID: s.ID, Dialect: "native",
			Purpose: s.Purpose, Type: usher.EvidenceReceived, Sequence: n*3 + i, Doc: s.Doc[:120], At: now,
		})
	}
	c.Deliveries = []store.DeliveryRow{{Delivery: usher.Delivery{
		ID: id, TenantID: "t", EndpointID: id, ApplicantID: s.ApplicantID, SessionID: s.ID, EventID: id + "-0", EventType: usher.EvidenceReceived,
		Status: usher.DeliveryPending, DueAt: now, CreatedAt: now, Message: usher.Message{Event: "evidence", ContentType: "application/json", Body: s.Doc},
	}}}
	return c
}

// script writes the same rows. Sessions of pgbench are its own, so that versions of ours stay what we know of them.
const script = `\set s random(1, 20000)
\set r random(1, 1000000000000000)
%s
BEGIN;
UPDATE sessions SET state = 'created', version = version + 1, doc = decode(repeat('5a', 220), 'hex'), updated_at = :r, submitted_at = 0, expires_at = 1,
  due_at = :r WHERE id = 'p' || :s::text AND tenant_id = 't';
INSERT INTO events (id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at) VALUES
  (:r::text || '-0', 't', 'ap' || :s::text, 'p' || :s::text, 'native', 'onboarding', 'evidence.received', :r, decode(repeat('5a', 120), 'hex'), :r);
INSERT INTO events (id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at) VALUES
  (:r::text || '-1', 't', 'ap' || :s::text, 'p' || :s::text, 'native', 'onboarding', 'evidence.received', :r::bigint + 1, decode(repeat('5a', 120), 'hex'), :r);
INSERT INTO events (id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at) VALUES
  (:r::text || '-2', 't', 'ap' || :s::text, 'p' || :s::text, 'native', 'onboarding', 'evidence.received', :r::bigint + 2, decode(repeat('5a', 120), 'hex'), :r);
INSERT INTO deliveries (id, tenant_id, endpoint_id, applicant_id, session_id, lane, event_id, event_type, name, content_type, body, status, attempts,
  due_at, created_at, done_at) VALUES ('d' || :r::text, 't', 'e', 'ap' || :s::text, 'p' || :s::text, 'l' || :r::text, :r::text || '-0',
  'evidence.received', 'evidence', 'application/json', decode(repeat('5a', 220), 'hex'), 'pending', 0,
  CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE lane = 'l' || :r::text AND status = 'pending') THEN 9223372036854775807 ELSE :r::bigint END, :r, 0);
INSERT INTO river_job (args, kind, max_attempts, metadata, priority, queue, scheduled_at, state, tags) VALUES
  ('{"kind":"checks","tenant":"t","object":"s000000001"}', 'usher', 6, '{}', 1, 'default', now(), 'available', '{}');
COMMIT;
%s`

var processed = regexp.MustCompile(`actually processed: ([0-9]+)`)

// pgbench gives a function that runs the script with so many connections and gives the number of
// transactions.
func pgbench(b *testing.B, url string, piped bool) func(connections int) int {
	b.Helper()
	bin, err := postgrestest.Bin()
	if err != nil {
		b.Fatal(err)
	}
	if err := postgrestest.Run(url, `INSERT INTO sessions SELECT 'p' || n, 't', 'ap' || n, 'c', 'native', 'onboarding', 'created', 'onboarding', 1, 1, NULL,
		decode(repeat('5a', 220), 'hex'), 0, 1, 1, 1, 1 FROM generate_series(1, 20000) n ON CONFLICT DO NOTHING`); err != nil {
		b.Fatal(err)
	}
	text := fmt.Sprintf(script, "", "")
	if piped {
		text = fmt.Sprintf(script, `\startpipeline`, `\endpipeline`)
	}
	file := filepath.Join(b.TempDir(), "script.sql")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return func(connections int) int {
		out, err := exec.Command(filepath.Join(bin, "pgbench"), "-n", "-M", "prepared", "-f", file, "-c", strconv.Itoa(connections), "-j", "2",
			"-T", strconv.Itoa(int(slot.Seconds())), url).CombinedOutput()
		if err != nil {
			b.Fatalf("pgbench: %v: %s", err, out)
		}
		found := processed.FindSubmatch(out)
		if found == nil {
			b.Fatalf("pgbench gives no number: %s", out)
		}
		n, err := strconv.Atoi(string(found[1]))
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
}
