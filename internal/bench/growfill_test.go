package bench_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
	"github.com/usher-kyc/usher/internal/vault"
)

const (
	// batchOf is how many sessions are put in at once: on PostgreSQL the rows of one transaction and table must stay under 2^20.
	batchOf = 5_000
	// spread is the time over which the sessions came: shorter than a sandbox keeps the bodies of deliveries, so that nothing goes while it is measured.
	spread = 25 * 24 * time.Hour
	// never is when the daily job of keeping looks at the applicants: that would be another measurement.
	never = 9_000_000_000_000
)

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
			g.raw, err = sql.Open("sqlite", "file:"+filepath.Join(g.dir, "usher.db")+
				"?_pragma=busy_timeout(60000)&_pragma=synchronous(OFF)&_pragma=cache_size(-100000)&_pragma=temp_store(MEMORY)&_txlock=immediate")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	g.raw.SetMaxOpenConns(1) // what is staged is the connection's own
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

// count gives how many sessions there are.
func (g *growing) count(t *testing.T) (n int) {
	t.Helper()
	if err := g.raw.QueryRowContext(context.Background(), `SELECT count(*) FROM sessions`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// exec runs a statement on the connection that fills.
func (g *growing) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := g.raw.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
}

// fill copies a session that was really made. Each copy has ids of the time it is said to be of, and documents that are sealed with keys of its own;
// what came of it beside (events, deliveries, cases and so on), whose documents nobody opens here, the database makes by itself.
func (g *growing) fill(t *testing.T, of string, size int) {
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
	m := g.model(t, ring.Master(), tenants[0].ID, of)
	blob, _, _, _ := g.words()
	g.exec(t, `CREATE TEMPORARY TABLE grown (n BIGINT PRIMARY KEY, at BIGINT, session TEXT, applicant TEXT, state TEXT, wrapped `+blob+`, session_doc `+blob+
		`, applicant_doc `+blob+`)`)
	statements := g.statements(t, m)
	again := g.without(t)
	began := time.Now()
	m.began = began.Add(-spread)
	m.each = spread / time.Duration(size)
	for from := 0; from < size; from += batchOf {
		rows := m.batch(t, from, min(from+batchOf, size))
		g.stage(t, rows)
		tx, err := g.raw.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range statements {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				t.Fatalf("%v\n%s", err, q)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if (from+batchOf)%200_000 == 0 {
			t.Logf("%d sessions after %s", from+batchOf, time.Since(began).Round(time.Second))
		}
	}
	g.exec(t, `UPDATE audit_heads SET seq = (SELECT max(a.seq) FROM audit a WHERE a.tenant_id = $1 AND a.seq > 0) WHERE tenant_id = $1`, m.tenant)
	g.exec(t, `UPDATE audit_heads SET hash = (SELECT a.hash FROM audit a WHERE a.tenant_id = $1 AND a.seq = audit_heads.seq AND a.seq > 0) WHERE tenant_id = $1`, m.tenant)
	g.exec(t, `DROP TABLE grown`)
	for _, index := range again {
		g.exec(t, index)
	}
	t.Logf("indexes after %s", time.Since(began).Round(time.Second))
	if g.database != "" {
		g.exec(t, `VACUUM ANALYZE`)
	}
}

// without drops the indexes that hold nothing together, and gives the statements that make them again: made at once they cost a fraction.
// SQLite keeps them; it has none of its cost where rows come in the order of the index.
func (g *growing) without(t *testing.T) []string {
	t.Helper()
	if g.database == "" {
		return nil
	}
	const own = ` FROM pg_indexes WHERE schemaname = 'public' AND tablename IN ('applicants', 'sessions', 'events', 'deliveries', 'audit', 'cases', 'case_marks', 'traits',
		'applicant_words', 'accounts', 'screenings') AND indexname NOT IN (SELECT conname FROM pg_constraint) AND indexdef NOT LIKE 'CREATE UNIQUE%'
		AND indexname <> 'traits_applicant' ORDER BY indexname`
	again := g.texts(t, `SELECT indexdef`+own)
	for _, name := range g.texts(t, `SELECT indexname`+own) {
		g.exec(t, `DROP INDEX `+name)
	}
	return again
}

// ids gives some of the sessions, from all over the time.
func (g *growing) ids(t *testing.T) []string {
	t.Helper()
	return g.texts(t, `SELECT id FROM sessions WHERE state = 'approved' AND substr(id, 36) = 'a' LIMIT 100000`)
}

// texts gives the first column of a query's answer.
func (g *growing) texts(t *testing.T, query string, args ...any) (all []string) {
	t.Helper()
	rows, err := g.raw.QueryContext(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// model is the session that is copied, opened.
type model struct {
	master       *vault.Master
	tenant       string
	session      store.SessionRow
	applicant    store.ApplicantRow
	sessionDoc   string
	applicantDoc string
	began        time.Time     // when the first of the copies came
	each         time.Duration // after which another did
}

func (g *growing) model(t *testing.T, master *vault.Master, tenant, id string) *model {
	t.Helper()
	ctx := context.Background()
	m := &model{master: master, tenant: tenant}
	var wrapped, session, applicant []byte
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
		session, err = sealer.Open(m.session.Doc, []byte("sessions.doc/"+id))
	}
	if err == nil {
		applicant, err = sealer.Open(m.applicant.Doc, []byte("applicants.doc/"+m.applicant.ID))
	}
	if err != nil {
		t.Fatal(err)
	}
	// The state in the document is what the API tells.
	if m.sessionDoc, m.applicantDoc = string(session), string(applicant); !strings.Contains(m.sessionDoc, m.state()) {
		t.Fatalf("the document does not tell its state: %s", m.sessionDoc)
	}
	return m
}

func (m *model) state() string { return `"state":"` + string(m.session.State) + `"` }

// stateOf gives what became of the nth session.
func stateOf(n int) usher.State {
	switch {
	case n%100 == 0:
		return usher.InReview
	case n%10 == 1:
		return usher.Rejected
	case n%50 == 7:
		return usher.Expired
	default:
		return usher.Approved
	}
}

// batch gives the rows of some copies, made on all processors.
func (m *model) batch(t *testing.T, from, to int) [][]any {
	t.Helper()
	rows := make([][]any, to-from)
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for part := range slices.Chunk(rows, len(rows)/runtime.NumCPU()+1) {
		first := from
		from += len(part)
		all.Go(func() {
			for i := range part {
				var err error
				if part[i], err = m.copy(first + i); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}
			}
		})
	}
	all.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	return rows
}

// idOf gives an id as they are made (UUIDv7) at a time.
func idOf(at time.Time) string {
	id := uuid.New()
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(id[:6], ms[2:])
	id[6] = 0x70 | id[6]&0x0f
	return id.String()
}

func (m *model) copy(n int) ([]any, error) {
	at := m.began.Add(time.Duration(n) * m.each)
	session, applicant := idOf(at), idOf(at)
	wrapped, err := m.master.NewKeyset(m.tenant, applicant)
	if err != nil {
		return nil, err
	}
	sealer, err := m.master.Unwrap(m.tenant, applicant, wrapped)
	if err != nil {
		return nil, err
	}
	state := stateOf(n)
	rename := strings.NewReplacer(m.session.ID, session, m.applicant.ID, applicant, m.state(), `"state":"`+string(state)+`"`)
	sessionDoc, err := sealer.Seal([]byte(rename.Replace(m.sessionDoc)), []byte("sessions.doc/"+session))
	if err != nil {
		return nil, err
	}
	applicantDoc, err := sealer.Seal([]byte(rename.Replace(m.applicantDoc)), []byte("applicants.doc/"+applicant))
	if err != nil {
		return nil, err
	}
	return []any{int64(n), at.UnixMilli(), session, applicant, string(state), wrapped, sessionDoc, applicantDoc}, nil
}

// stage puts rows where the database's own statements find them.
func (g *growing) stage(t *testing.T, rows [][]any) {
	t.Helper()
	ctx := context.Background()
	g.exec(t, `DELETE FROM grown`)
	names := []string{"n", "at", "session", "applicant", "state", "wrapped", "session_doc", "applicant_doc"}
	if g.database != "" {
		conn, err := g.raw.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		err = conn.Raw(func(c any) error {
			_, err := c.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"grown"}, names, pgx.CopyFromRows(rows))
			return err
		})
		if err = errors.Join(err, conn.Close()); err != nil {
			t.Fatal(err)
		}
		g.exec(t, `ANALYZE grown`)
		return
	}
	tx, err := g.raw.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	one, err := tx.PrepareContext(ctx, `INSERT INTO grown (`+strings.Join(names, ", ")+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	for _, row := range rows {
		if _, err := one.ExecContext(ctx, row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
