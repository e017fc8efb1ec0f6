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
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

const (
	benched = 20_000          // sessions that are changed
	slot    = 3 * time.Second // of each line, in each round
	rounds  = 3
)

// BenchmarkCommit writes what a command does (a session at its next version, three events, a delivery, a job) and holds the rate against pgbench,
// PostgreSQL's own, which writes the same rows into the same tables, one transaction each: with a round trip for every statement, and with all of them
// sent at once. The lines take turns, and each ratio is of one round.
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
	plain, piped := pgbench(b, url, false), pgbench(b, url, true)
	var ratios [4][]float64
	for range rounds {
		p32, q32, q128 := plain(32), piped(32), piped(128)
		us32, us128 := w.run(b, 32), w.run(b, 128)
		for i, r := range []float64{us32 / p32, us32 / q32, us128 / q32, us128 / q128} {
			ratios[i] = append(ratios[i], r)
		}
		b.Logf("per second: pgbench 32 %.0f, pipelined 32 %.0f, 128 %.0f; usher 32 %.0f, 128 %.0f", p32, q32, q128, us32, us128)
	}
	for i, name := range []string{"32/plain32", "32/piped32", "128/piped32", "128/piped128"} {
		slices.Sort(ratios[i])
		b.ReportMetric(ratios[i][rounds/2], name)
	}
	b.ReportMetric(0, "ns/op")
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

// run has so many callers change sessions for a while, and gives the changes per second.
func (w *work) run(b *testing.B, callers int) float64 {
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
	return float64(done.Load()) / time.Since(begun).Seconds()
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

var rate = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench gives a function that runs the script with so many connections and gives its transactions per second.
func pgbench(b *testing.B, url string, piped bool) func(connections int) float64 {
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
	return func(connections int) float64 {
		out, err := exec.Command(filepath.Join(bin, "pgbench"), "-n", "-M", "prepared", "-f", file, "-c", strconv.Itoa(connections), "-j", "2",
			"-T", strconv.Itoa(int(slot.Seconds())), url).CombinedOutput()
		if err != nil {
			b.Fatalf("pgbench: %v: %s", err, out)
		}
		found := rate.FindSubmatch(out)
		if found == nil {
			b.Fatalf("pgbench gives no rate: %s", out)
		}
		tps, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil {
			b.Fatal(err)
		}
		return tps
	}
}
