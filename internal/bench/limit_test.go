package bench_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// row is a stored row and where it belongs.
type row struct {
	table  int
	values []any
}

// onboardings are the rows that onboardings left in a database, and how many commands wrote them.
type onboardings struct {
	tables  []string
	columns [][]string
	each    [][]row // by onboarding
	// What an onboarding is, in the middle.
	commands, rows, bytes int
}

// most bounds how many are read: enough to write for a while.
const most = 400

// readOnboardings reads what the newest onboardings left. Rows that only grow old there (tokens, audit) are not counted.
func readOnboardings(b *testing.B, dir string) *onboardings {
	b.Helper()
	db := raw(b, dir)
	ids := column(b, db, fmt.Sprintf(`SELECT id FROM sessions WHERE state = 'approved' ORDER BY id DESC LIMIT %d`, most))
	if len(ids) == 0 {
		b.Skip("no onboarding has ended")
	}
	o := &onboardings{each: make([][]row, len(ids))}
	ofSession := `SELECT * FROM %s WHERE session_id = '%s'`
	ofApplicant := `SELECT * FROM %s WHERE applicant_id = (SELECT applicant_id FROM sessions WHERE id = '%s')`
	for _, t := range []struct{ table, query string }{
		{"applicants", `SELECT * FROM %s WHERE id = (SELECT applicant_id FROM sessions WHERE id = '%s')`},
		{"sessions", `SELECT * FROM %s WHERE id = '%s'`},
		{"keysets", ofApplicant},
		{"links", ofSession},
		{"events", ofApplicant},
		{"deliveries", ofApplicant},
		{"delivery_attempts", `SELECT * FROM %s WHERE delivery_id IN (SELECT id FROM deliveries WHERE applicant_id =
			(SELECT applicant_id FROM sessions WHERE id = '%s'))`},
		{"accounts", ofSession},
		{"river_job", `SELECT * FROM %s WHERE kind = 'usher' AND args LIKE '%%%s%%'`},
	} {
		o.read(b, db, t.table, t.query, ids)
	}
	// Keys of calls name nothing, so each onboarding is given as many as it made.
	keys := column(b, db, fmt.Sprintf(`SELECT key FROM idempotency WHERE effect <> '' LIMIT %d`, 4*len(ids)))
	o.read(b, db, "idempotency", `SELECT * FROM %s WHERE key = '%s'`, keys)
	o.each = o.each[:len(ids)]
	// Every change of the events' owners at another moment was a command; there are calls, reports and deliveries beside them.
	if err := db.QueryRow(`SELECT count(DISTINCT at) FROM events WHERE applicant_id = (SELECT applicant_id FROM sessions WHERE id = $1)`,
		ids[0]).Scan(&o.commands); err != nil {
		b.Fatal(err)
	}
	for _, one := range o.each {
		o.rows += len(one)
		for _, r := range one {
			for _, v := range r.values {
				o.bytes += len(fmt.Sprintf("%s", v))
			}
		}
	}
	o.rows, o.bytes = o.rows/len(o.each), o.bytes/len(o.each)
	return o
}

func raw(b *testing.B, dir string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "usher.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_pragma=wal_autocheckpoint(4000)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { _ = db.Close() })
	return db
}

func column(b *testing.B, db *sql.DB, query string) (list []string) {
	b.Helper()
	rows, err := db.Query(query)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			b.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func (o *onboardings) read(b *testing.B, db *sql.DB, table, query string, ids []string) {
	b.Helper()
	o.tables = append(o.tables, table)
	o.columns = append(o.columns, nil)
	place := len(o.tables) - 1
	for i, id := range ids {
		rows, err := db.Query(fmt.Sprintf(query, table, id))
		if err != nil {
			b.Fatal(err)
		}
		if o.columns[place], err = rows.Columns(); err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(o.columns[place]))
			into := make([]any, len(values))
			for k := range values {
				into[k] = &values[k]
			}
			if err := rows.Scan(into...); err != nil {
				b.Fatal(err)
			}
			n := i % len(o.each)
			o.each[n] = append(o.each[n], row{place, values})
		}
		if err := rows.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// write writes b.N onboardings into an empty database of the same schema, each in as many parts as it took commands, so many parts in one
// commit. It only inserts the rows as they are in the end: less work than any server could do.
func (o *onboardings) write(b *testing.B, group int) {
	// When there are not enough of them, the same rows go into one more empty database.
	for done := 0; done < b.N; done += len(o.each) {
		b.StopTimer()
		db := o.empty(b)
		statements := make([]*sql.Stmt, len(o.tables))
		for i, table := range o.tables {
			st, err := db.Prepare(`INSERT INTO ` + table + ` (` + strings.Join(o.columns[i], ", ") + `) VALUES (?` +
				strings.Repeat(", ?", len(o.columns[i])-1) + `)`)
			if err != nil {
				b.Fatal(err)
			}
			statements[i] = st
		}
		b.StartTimer()
		var tx *sql.Tx
		var err error
		parts := 0
		for _, one := range o.each[:min(len(o.each), b.N-done)] {
			for part := range o.commands {
				if tx == nil {
					if tx, err = db.Begin(); err != nil {
						b.Fatal(err)
					}
				}
				for _, r := range one[part*len(one)/o.commands : (part+1)*len(one)/o.commands] {
					if _, err := tx.Stmt(statements[r.table]).Exec(r.values...); err != nil {
						b.Fatal(o.tables[r.table], err)
					}
				}
				if parts++; parts%group == 0 {
					if err := tx.Commit(); err != nil {
						b.Fatal(err)
					}
					tx = nil
				}
			}
		}
		if tx != nil {
			if err := tx.Commit(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "onboardings/s")
	b.ReportMetric(float64(o.commands), "commands")
	b.ReportMetric(float64(o.rows), "rows")
	b.ReportMetric(float64(o.bytes), "row-bytes")
}

// empty gives an empty database of the program's schema.
func (o *onboardings) empty(b *testing.B) *sql.DB {
	b.Helper()
	dir := b.TempDir()
	made, err := sqlite.Open(context.Background(), sqlite.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	if err := made.Store.Close(); err != nil {
		b.Fatal(err)
	}
	return raw(b, dir)
}
