package bench_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver registers itself

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/servertest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
	"github.com/usher-kyc/usher/internal/vault"
)

// Rows of a session that was decided long ago.
const (
	eventsEach     = 10
	deliveriesEach = 2
	docBytes       = 160 // of an event and of a delivery: a small one
)

// TestGrowth fills a database with old sessions (USHER_GROW of them, 300 unless it says otherwise), each with keys of its own, sealed documents, ten
// events and two deliveries, and then has the real program serve it: how long it takes to be ready, what it holds in memory, how long a status call takes
// while others create sessions, and how fast old deliveries go. USHER_GROW_STORE names one of the databases.
// Bars are held from a million sessions on.
func TestGrowth(t *testing.T) {
	size, _ := strconv.Atoi(os.Getenv("USHER_GROW"))
	if size == 0 {
		size = 300
	}
	for _, name := range []string{"sqlite", "postgres"} {
		if only := os.Getenv("USHER_GROW_STORE"); only != "" && only != name {
			continue
		}
		t.Run(name, func(t *testing.T) { grow(t, name, size) })
	}
}

func grow(t *testing.T, name string, size int) {
	var c servertest.Config
	if name == "postgres" {
		c.Database = postgrestest.URL(t)
	}
	s := servertest.With(t, c)
	s.Start(t)
	client := s.Client(t)
	var made struct {
		ID string `json:"id"`
	}
	if err := client.Post(context.Background(), "/v1/sessions", newSession(0), &made); err != nil {
		t.Fatal(err)
	}
	if err := s.Term(); err != nil {
		t.Fatal(err)
	}
	g := &growing{dir: s.Dir, database: c.Database}
	g.open(t)
	began := time.Now()
	ids := g.fill(t, made.ID, size)
	t.Logf("%s: %d sessions, %d events, %d deliveries in %s; %d MB on disk", name, size, size*eventsEach, size*deliveriesEach,
		time.Since(began).Round(time.Second), g.bytes(t)>>20)
	g.close(t)

	ready := s.Start(t)
	time.Sleep(settle(size)) // what a start leaves behind goes
	idle := s.Memory()
	p50, p99, answers, created := status(t, s, ids, time.Duration(min(size, 20_000))*time.Millisecond)
	busy := s.Memory()
	t.Logf("%s: ready after %d ms, %d MB idle, %d MB busy; status p50 %.2f ms, p99 %.2f ms over %d answers while %d sessions were created", name,
		ready.Milliseconds(), idle>>20, busy>>20, float64(p50.Microseconds())/1000, float64(p99.Microseconds())/1000, answers, created)
	if err := s.Term(); err != nil {
		t.Fatal(err)
	}
	if size >= 1_000_000 && (ready > time.Second || idle > 60<<20 || p99 > 5*time.Millisecond) {
		t.Errorf("over a bar: ready in 1 s, 60 MB idle, status in 5 ms")
	}
	g.open(t)
	defer g.close(t)
	g.trim(t, name)
}

// settle is how long a server is left alone before it counts as idle.
func settle(size int) time.Duration {
	if size < 1_000_000 {
		return time.Second
	}
	return 30 * time.Second
}

func newSession(n int) map[string]any {
	return map[string]any{
		"flow": "identity", "return_url": "https://shop.example/", "reference": fmt.Sprint("growth-", n, "-", rand.Uint64()),
		"applicant": map[string]any{"email": "anna@example.test"},
	}
}

// growing is a database that is filled.
type growing struct {
	dir, database string
	db            *store.Database
	raw           *sql.DB
}

func (g *growing) open(t *testing.T) {
	t.Helper()
	var err error
	ctx := context.Background()
	if g.database != "" {
		g.db, err = postgres.Open(ctx, postgres.Config{URL: g.database, Writers: 4})
		if err == nil {
			g.raw, err = sql.Open("pgx", g.database)
		}
	} else {
		g.db, err = sqlite.Open(ctx, sqlite.Config{Dir: g.dir})
		if err == nil {
			g.raw, err = sql.Open("sqlite", "file:"+filepath.Join(g.dir, "usher.db")+"?_pragma=busy_timeout(60000)&_pragma=synchronous(NORMAL)&_pragma=cache_size(-200000)")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (g *growing) close(t *testing.T) {
	t.Helper()
	if err := errors.Join(g.raw.Close(), g.db.Store.Close()); err != nil {
		t.Fatal(err)
	}
}

func (g *growing) bytes(t *testing.T) (n int64) {
	t.Helper()
	query := `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`
	if g.database != "" {
		query = `SELECT pg_database_size(current_database())`
	}
	if err := g.raw.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// fill copies a session that was really made, each copy sealed with keys of its own, through the store; its further events and deliveries, whose
// documents nobody opens here, come by SQL. It gives some of the ids.
func (g *growing) fill(t *testing.T, of string, size int) (ids []string) {
	t.Helper()
	ctx := context.Background()
	ring, err := vault.OpenRing(ctx, filepath.Join(g.dir, "master.key"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	tenants, err := g.db.Tenants(ctx)
	if err != nil {
		t.Fatal(err)
	}
	model := g.model(t, ring.Master(), tenants[0].ID, of)
	ids = make([]string, size)
	var next atomic.Int64
	var all sync.WaitGroup
	for range 128 {
		all.Go(func() {
			for n := next.Add(1); n <= int64(size) && !t.Failed(); n = next.Add(1) {
				id, err := g.copy(ctx, ring.Master(), model)
				if err != nil {
					t.Error(err)
					return
				}
				ids[n-1] = id
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	slices.Sort(ids)
	const chunk = 50_000
	for from := 0; from < size; from += chunk {
		g.more(t, ids[from], ids[min(from+chunk, size)-1])
	}
	if g.database != "" {
		if _, err := g.raw.ExecContext(ctx, `VACUUM ANALYZE`); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// model is the session that is copied, opened.
type model struct {
	session      store.SessionRow
	applicant    store.ApplicantRow
	sessionDoc   []byte
	applicantDoc []byte
	event        []byte
	oldAt        time.Time
}

func (g *growing) model(t *testing.T, master *vault.Master, tenant, id string) (m model) {
	t.Helper()
	ctx := context.Background()
	var wrapped []byte
	var err error
	if m.session, err = g.db.Session(ctx, tenant, id); err == nil {
		m.applicant, err = g.db.Applicant(ctx, tenant, m.session.ApplicantID)
	}
	if err == nil {
		wrapped, err = g.db.Keyset(ctx, tenant, m.applicant.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := master.Unwrap(tenant, m.applicant.ID, wrapped)
	if err == nil {
		m.sessionDoc, err = sealer.Open(m.session.Doc, []byte("sessions.doc/"+id))
	}
	if err == nil {
		m.applicantDoc, err = sealer.Open(m.applicant.Doc, []byte("applicants.doc/"+m.applicant.ID))
	}
	if err != nil {
		t.Fatal(err)
	}
	m.event = bytes.Repeat([]byte("x"), docBytes)
	m.oldAt = time.Now().Add(-2 * time.Hour).Truncate(time.Millisecond)
	return m
}

func (g *growing) copy(ctx context.Context, master *vault.Master, m model) (string, error) {
	session, applicant := uuid.Must(uuid.NewV7()).String(), uuid.Must(uuid.NewV7()).String()
	rename := strings.NewReplacer(m.session.ID, session, m.applicant.ID, applicant)
	wrapped, err := master.NewKeyset(m.session.TenantID, applicant)
	if err != nil {
		return "", err
	}
	sealer, err := master.Unwrap(m.session.TenantID, applicant, wrapped)
	if err != nil {
		return "", err
	}
	a, s := m.applicant, m.session
	a.ID, a.Was, s.ID, s.ApplicantID, s.Was = applicant, 0, session, applicant, 0
	s.State, s.DueAt, s.CreatedAt, s.UpdatedAt, a.CreatedAt = usher.Approved, time.Time{}, m.oldAt, m.oldAt, m.oldAt
	// The state in the document is what the API tells.
	var doc map[string]any
	if err := json.Unmarshal([]byte(rename.Replace(string(m.sessionDoc))), &doc); err != nil {
		return "", err
	}
	doc["state"] = usher.Approved
	text, err := json.Marshal(doc)
	if err != nil {
		return "", err
	}
	if s.Doc, err = sealer.Seal(text, []byte("sessions.doc/"+session)); err != nil {
		return "", err
	}
	if a.Doc, err = sealer.Seal([]byte(rename.Replace(string(m.applicantDoc))), []byte("applicants.doc/"+applicant)); err != nil {
		return "", err
	}
	return session, g.db.Commit(ctx, store.Change{
		Keyset: &store.Keyset{TenantID: s.TenantID, ApplicantID: applicant, Wrapped: wrapped}, Applicant: &a, Session: &s,
		Events: []store.EventRow{{
			ID: uuid.Must(uuid.NewV7()).String(), TenantID: s.TenantID, ApplicantID: applicant, SessionID: session, Dialect: s.Dialect,
			Purpose: s.Purpose, Type: usher.SessionCreated, Sequence: 1, Doc: m.event, At: m.oldAt,
		}},
	})
}

// more adds the events and deliveries of a range of sessions.
func (g *growing) more(t *testing.T, first, last string) {
	t.Helper()
	blob, id := `randomblob(160)`, `lower(hex(randomblob(16)))`
	if g.database != "" {
		blob, id = `decode(repeat(md5(s.id || n.n), 10), 'hex')`, `gen_random_uuid()::text`
	}
	numbers := func(from, to int) string {
		var list []string
		for n := from; n <= to; n++ {
			list = append(list, fmt.Sprint("SELECT ", n, " AS n"))
		}
		return `(` + strings.Join(list, " UNION ALL ") + `) n`
	}
	for _, q := range []string{
		// Nobody is to be looked at by the daily job of keeping meanwhile: that would be another measurement.
		`UPDATE applicants SET keep_due = 9000000000000 WHERE id IN (SELECT applicant_id FROM sessions WHERE id >= $1 AND id <= $2)`,
		`INSERT INTO events (id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at)
			SELECT ` + id + `, s.tenant_id, s.applicant_id, s.id, s.dialect, s.purpose, CASE n.n WHEN 10 THEN 'session.approved' ELSE 'step.completed' END,
			n.n, ` + blob + `, s.created_at + n.n FROM sessions s CROSS JOIN ` + numbers(2, eventsEach) + ` WHERE s.id >= $1 AND s.id <= $2`,
		`INSERT INTO deliveries (id, tenant_id, endpoint_id, applicant_id, session_id, lane, event_id, event_type, name, content_type, body, status,
			attempts, due_at, created_at, done_at)
			SELECT s.id || '-' || n.n, s.tenant_id, 'old', s.applicant_id, s.id, 'old/' || s.id, s.id || n.n, 'step.completed', 'step.completed',
			'application/json', ` + blob + `, 'delivered', 1, s.created_at, s.created_at, s.created_at
			FROM sessions s CROSS JOIN ` + numbers(1, deliveriesEach) + ` WHERE s.id >= $1 AND s.id <= $2`,
		`INSERT INTO delivery_attempts (delivery_id, number, doc)
			SELECT s.id || '-' || n.n, 1, '{}' FROM sessions s CROSS JOIN ` + numbers(1, deliveriesEach) + ` WHERE s.id >= $1 AND s.id <= $2`,
	} {
		if _, err := g.raw.ExecContext(context.Background(), q, first, last); err != nil {
			t.Fatalf("%v\n%s", err, q)
		}
	}
}

// status reads the states of sessions at random, four at a time, while two others create new ones.
func status(t *testing.T, s *servertest.Server, ids []string, span time.Duration) (p50, p99 time.Duration, answers int, created int64) {
	t.Helper()
	ctx, end := context.WithTimeout(context.Background(), span)
	defer end()
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	var made atomic.Int64
	client := s.Client(t)
	for range 2 {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				var into struct{}
				if err := client.Post(context.WithoutCancel(ctx), "/v1/sessions", newSession(n), &into); err != nil {
					t.Error(err)
					return
				}
				made.Add(1)
			}
		})
	}
	for range 4 {
		all.Go(func() {
			var mine []time.Duration
			for ctx.Err() == nil {
				id := ids[rand.IntN(len(ids))]
				var into struct {
					ID    string `json:"id"`
					State string `json:"state"`
				}
				began := time.Now()
				if err := client.Get(context.WithoutCancel(ctx), "/v1/sessions/"+id, &into); err != nil || into.ID != id {
					t.Errorf("status of %s: %+v, %v", id, into, err)
					return
				}
				mine = append(mine, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	all.Wait()
	if len(took) == 0 {
		t.Fatal("no answers")
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100], len(took), made.Load()
}

// trim lets the old deliveries go, as the server does each hour, and tells how long the writer was held at most.
func (g *growing) trim(t *testing.T, name string) {
	t.Helper()
	var at store.Trim
	var longest time.Duration
	began := time.Now()
	for !at.Done {
		one := time.Now()
		var err error
		if at, err = g.db.TrimDeliveries(context.Background(), at, time.Now().Add(-time.Hour), 500); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(one))
	}
	var left int
	if err := g.raw.QueryRowContext(context.Background(), `SELECT count(*) FROM delivery_attempts WHERE delivery_id NOT IN (SELECT id FROM deliveries)`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d tries of deliveries that are gone are left (%v)", left, err)
	}
	took := time.Since(began)
	t.Logf("%s: %d old deliveries gone in %s, %.0f a second, the longest batch %s", name, at.Gone, took.Round(time.Millisecond), float64(at.Gone)/took.Seconds(), longest.Round(time.Millisecond))
}
