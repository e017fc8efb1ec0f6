package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/storetest"
)

// tap collects the statements that are run.
type tap struct {
	mu    sync.Mutex
	texts map[string]bool
}

func (p *tap) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.texts[text] = true
}

func (p *tap) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	p.note(d.SQL)
	return ctx
}

func (p *tap) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (p *tap) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	for _, q := range d.Batch.QueuedQueries {
		p.note(q.SQL)
	}
	return ctx
}

func (p *tap) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

func (p *tap) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// plans asks PostgreSQL how it would carry out every statement that the suite ran, whatever its values are (a generic plan) and with walking through
// tables made as dear as can be: where it walks even then, no index serves. An index that is read from end to end counts as walking too.
//
// USHER_GROWN names a database that was filled (see internal/bench): then its real rows and statistics are planned with, and walking is as dear as it is.
func plans(t *testing.T, texts map[string]bool) {
	ctx := context.Background()
	grown := os.Getenv("USHER_GROWN")
	url := grown
	if grown == "" {
		url = postgrestest.URL(t)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	sets := []string{`SET plan_cache_mode = force_generic_plan`, `SET jit = off`}
	if grown == "" {
		sets = append(sets, `SET enable_seqscan = off`)
		crowd(t, conn)
	}
	for _, set := range sets {
		if _, err := conn.Exec(ctx, set); err != nil {
			t.Fatal(err)
		}
	}
	small := fewRows(t, conn)
	for _, folder := range []string{"..", "."} {
		left, err := storetest.NeverRun(folder, texts)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range left {
			// Half a statement, that conditions are added to, cannot be prepared: the suite must run it.
			if _, err := conn.Exec(ctx, `PREPARE looked AS `+s.Text); err != nil {
				t.Errorf("no test of the suite runs the statement at %s, and by itself it cannot be looked at: %v\n%s", s.Place, err, s.Text)
				continue
			}
			if _, err := conn.Exec(ctx, `DEALLOCATE looked`); err != nil {
				t.Fatal(err)
			}
			texts[s.Text] = true
		}
	}
	seen := 0
	for text := range texts {
		if !growing.MatchString(text) || strings.Contains(text, "river_") || !regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)`).MatchString(text) {
			continue
		}
		seen++
		for _, wrong := range faults(text, explain(t, conn, text), small) {
			t.Errorf("%s\n%s", wrong, text)
		}
	}
	if seen < 60 {
		t.Errorf("only %d statements were looked at: the tap leaks", seen)
	}
}

// few are columns that are taken to have ten values; of all others a value stands in five rows.
var few = regexp.MustCompile(`^(tenant_id|client_id|dialect|purpose|state|status|type|event_type|flow|flow_version|name|content_type|kind|action|round|attempts|number|deal_most|assignee)$`)

// crowd makes PostgreSQL take every table for one of ten million rows: a row each, and statistics that say so.
func crowd(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	ctx := context.Background()
	exec := func(query string, args ...any) {
		if _, err := conn.Exec(ctx, query, args...); err != nil {
			t.Fatalf("%v\n%s", err, query)
		}
	}
	exec(`SET session_replication_role = replica`) // whether rows point at others does not matter here
	rows, err := conn.Query(ctx, `SELECT table_name, column_name, data_type FROM information_schema.columns
		WHERE table_schema = 'public' AND is_generated = 'NEVER' AND table_name NOT LIKE 'river%' AND table_name NOT LIKE 'goose%'`)
	if err != nil {
		t.Fatal(err)
	}
	names, values := map[string][]string{}, map[string][]string{}
	var distinct []string
	for rows.Next() {
		var table, column, kind string
		if err := rows.Scan(&table, &column, &kind); err != nil {
			t.Fatal(err)
		}
		value := map[string]string{"text": "''", "bytea": "''", "boolean": "FALSE", "jsonb": "'{}'"}[kind]
		if value == "" {
			value = "0"
		}
		names[table], values[table] = append(names[table], column), append(values[table], value)
		n := "-0.2"
		if value == "FALSE" || few.MatchString(column) {
			n = "10"
		}
		distinct = append(distinct, fmt.Sprintf(`ALTER TABLE %s ALTER COLUMN %s SET (n_distinct = %s)`, table, column, n))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for table := range names {
		exec(`INSERT INTO ` + table + ` (` + strings.Join(names[table], ", ") + `) VALUES (` + strings.Join(values[table], ", ") + `)`)
	}
	for _, one := range distinct {
		exec(one)
	}
	exec(`ANALYZE`)
	exec(`UPDATE pg_class SET reltuples = 10000000, relpages = 1 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`)
}

var growing = regexp.MustCompile(`\b(tokens|staff_sessions|keysets|applicants|sessions|links|visits|events|deliveries|delivery_attempts|accounts|idempotency|audit|` +
	`session_keys|page_views|screenings|hit_judgements|monitors|traits|trait_bands|cases|case_marks|case_tags|case_log|held_decisions|applicant_words|codes|handoffs|screens_seen)\b`)

// node is a step of a plan, as EXPLAIN (FORMAT JSON) tells it.
type node struct {
	Type     string `json:"Node Type"`
	Relation string `json:"Relation Name"`
	Index    string `json:"Index Name"`
	Cond     string `json:"Index Cond"`
	Recheck  string `json:"Recheck Cond"`
	Plans    []node
}

func explain(t *testing.T, conn *pgx.Conn, text string) node {
	t.Helper()
	ctx := context.Background()
	highest := 0
	for _, mark := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(mark[1])
		if err != nil {
			t.Fatal(err)
		}
		highest = max(highest, n)
	}
	execute := "EXECUTE looked"
	if highest > 0 {
		execute += "(" + strings.TrimSuffix(strings.Repeat("NULL,", highest), ",") + ")"
	}
	if _, err := conn.Exec(ctx, `PREPARE looked AS `+text); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	defer func() {
		if _, err := conn.Exec(ctx, `DEALLOCATE looked`); err != nil {
			t.Error(err)
		}
	}()
	var raw []byte
	if err := conn.QueryRow(ctx, `EXPLAIN (FORMAT JSON) `+execute, pgx.QueryExecModeSimpleProtocol).Scan(&raw); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var plan []struct{ Plan node }
	if err := json.Unmarshal(raw, &plan); err != nil {
		t.Fatal(err)
	}
	return plan[0].Plan
}

// Statements that may walk: over what an operator makes by hand, over one row, or along an index whose order is the answer's.
var walking = []string{
	"FROM keysets LIMIT",                   // one row
	"FROM audit WHERE seq <= 0",            // usher audit verify reads the whole trail anyway
	"ORDER BY a.id ASC LIMIT $2 OFFSET $3", // pages by number, whose limit PostgreSQL does not know here and takes for a tenth of the table
	"SELECT count(*) FROM keysets",         // how much there is to re-wrap, once
	"FROM cases WHERE deal_most > 0",       // an index of the cases that wait to be dealt, in the order they are
}

// fewRows gives the tables that walking through costs nothing.
func fewRows(t *testing.T, conn *pgx.Conn) map[string]bool {
	t.Helper()
	rows, err := conn.Query(context.Background(), `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples < 1000`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	small := map[string]bool{}
	for _, name := range names {
		small[name] = true
	}
	return small
}

func faults(text string, n node, small map[string]bool) (wrong []string) {
	if slices.ContainsFunc(walking, func(a string) bool { return strings.Contains(text, a) }) {
		return nil
	}
	switch {
	case small[n.Relation]:
	case n.Type == "Seq Scan" && growing.MatchString(n.Relation):
		wrong = append(wrong, "walks through a whole table: "+n.Relation)
	case strings.HasPrefix(n.Type, "Index") && n.Cond == "" && growing.MatchString(n.Relation):
		wrong = append(wrong, fmt.Sprintf("reads the whole index %s of %s", n.Index, n.Relation))
	case n.Type == "Bitmap Heap Scan" && n.Recheck == "" && growing.MatchString(n.Relation):
		wrong = append(wrong, "reads a whole index of "+n.Relation)
	}
	for _, below := range n.Plans {
		wrong = append(wrong, faults(text, below, small)...)
	}
	return wrong
}
