package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/storetest"
)

// plans asks SQLite how it would carry out every statement that the suite ran: none may walk through a table that grows, or through all rows of
// a tenant where it was asked for one session's.
func plans(t *testing.T, dir string, texts map[string]bool) {
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	left, err := storetest.NeverRun("..", texts)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range left {
		// Half a statement, that conditions are added to, cannot be prepared: the suite must run it.
		st, err := raw.PrepareContext(context.Background(), s.Text)
		if err != nil && slices.ContainsFunc(elsewhere, func(half string) bool { return strings.Contains(s.Text, half) }) {
			continue
		}
		if err != nil {
			t.Errorf("no test of the suite runs the statement at %s, and by itself it cannot be looked at: %v\n%s", s.Place, err, s.Text)
			continue
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		texts[s.Text] = true
	}
	seen := 0
	for text := range texts {
		if !ourTables.MatchString(text) || strings.Contains(text, "river_") || strings.HasPrefix(strings.TrimSpace(text), "CREATE") {
			continue
		}
		seen++
		plan := explain(t, raw, text)
		for _, wrong := range faults(text, plan) {
			t.Errorf("%s\n%s\nplan: %s", wrong, text, strings.Join(plan, "; "))
		}
	}
	if seen < 60 {
		t.Errorf("only %d statements were looked at: the tap leaks", seen)
	}
}

var ourTables = regexp.MustCompile(`\b(tenants|clients|client_secrets|tokens|staff|staff_sessions|counters|flows|keysets|applicants|sessions|links|visits|events|` +
	`endpoints|deliveries|delivery_attempts|accounts|idempotency|audit|session_keys|page_views|screenings|hit_judgements|monitors|traits|trait_bands|` +
	`cases|case_marks|case_tags|case_log|case_turns|held_decisions|applicant_words|codes|handoffs|screens_seen|audit_heads|signing_keys|tenant_keys|keep_rules|tags)\b`)

func explain(t *testing.T, db *sql.DB, text string) (plan []string) {
	t.Helper()
	highest := 0
	for _, mark := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(mark[1])
		if err != nil {
			t.Fatal(err)
		}
		highest = max(highest, n)
	}
	rows, err := db.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+text, make([]any, highest)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	return plan
}

// Statements that may walk: over what an operator makes by hand, or over one row.
var allowed = []string{
	"FROM tenants ORDER BY",             // the operator's own list
	"FROM (SELECT 1 FROM keysets LIMIT", // one row
	"SELECT count(*) FROM keysets",      // once, by a command that goes through all of them
	"FROM tenant_keys ORDER BY",         // one row for each tenant
	"FROM endpoints ORDER BY",           // of all tenants, for a look at the whole installation
	"FROM staff WHERE tenant_id",        // made by hand
	"JOIN staff s ON",                   // the same, to deal them a case
	"FROM audit WHERE seq <= 0",         // usher audit verify, which reads the whole trail anyway
	"WITH RECURSIVE leaps",              // as many as there are tenants; each is found in the index
	"FROM audit_heads",                  // one row for each tenant, at the start and once an hour
	"FROM cases WHERE deal_most > 0",    // an index of the cases that wait to be dealt, in the order they are
}

// Rows that a query gathered before, few of them.
var gathered = []string{"SCAN found", "SCAN bounded", "SCAN newest", "SCAN due"}

// Halves of statements that run where several write at once, so never here; PostgreSQL's plans have them.
var elsewhere = []string{"SELECT lane, max(created_at) FROM deliveries", "UPDATE deliveries SET status = r.status", "SELECT COALESCE(max(pos), 0), "}

// faults says what is wrong with the plan of a statement.
func faults(text string, plan []string) (wrong []string) {
	if slices.ContainsFunc(allowed, func(a string) bool { return strings.Contains(text, a) }) {
		return nil
	}
	for _, line := range plan {
		if strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "CONSTANT ROW") && !strings.Contains(line, "VIRTUAL TABLE") &&
			!strings.HasPrefix(line, "SCAN (subquery") && !strings.HasSuffix(line, "VALUES CLAUSE") && !slices.Contains(gathered, line) {
			wrong = append(wrong, "walks through a whole table: "+line)
		}
	}
	all := strings.Join(plan, "; ")
	if strings.Contains(text, "UNION") && strings.Contains(all, "(tenant_id=?)") {
		wrong = append(wrong, "walks through all rows of a tenant")
	}
	for _, narrow := range []struct{ table, condition, index string }{
		{"FROM events", "session_id = ", "events_session"},
		{"FROM events", "applicant_id = ", "events_applicant"},
		{"FROM sessions WHERE", "applicant_id = ", "sessions_applicant (applicant_id=?)"},
		{"FROM sessions WHERE", "state = ", "sessions_state"},
		{"FROM sessions WHERE", "reference_index = ", "sessions_reference"},
		{"FROM applicants", "reference_index = ", "applicants_reference"},
		{"FROM applicants", "email_index = ", "applicants_email"},
		{"FROM deliveries d WHERE d.tenant_id", "d.session_id = ", "deliveries_session"},
		{"FROM deliveries d WHERE d.tenant_id", "d.endpoint_id = ", "deliveries_endpoint"},
		{"FROM deliveries d WHERE d.tenant_id", "d.event_id = ", "deliveries_event"},
		{"FROM deliveries d WHERE d.status", "d.due_at <= ", "deliveries_due"},
		{"min(due_at) FROM deliveries", "", "deliveries_due"},
		{"UPDATE deliveries SET due_at = $2 WHERE pos", "", "deliveries_lane"},
		{"INSERT INTO deliveries", "", "deliveries_lane"},
		{"FROM audit", "object = ", "audit_of_"},
		{"FROM audit WHERE", "actor_id = ", "audit_of_"},
		{"FROM audit WHERE", "action = ", "audit_of_"},
		{"FROM audit WHERE", "seq >= ", "audit_chain"},
		{"FROM sessions WHERE due_at", "", "sessions_due"},
		{"FROM case_marks m", "m.assignee = ", "case_marks_of"},
		{"FROM case_marks m", "m.state = ", "case_marks_"},
		{"FROM cases c JOIN sessions", "c.assignee = ", "cases_of"},
		{"FROM cases c JOIN sessions", "c.state = ", "cases_"},
		{"FROM case_log", "session_id = ", "case_log_session"},
		{"FROM held_decisions WHERE due_at", "", "held_decisions_due"},
		{"FROM cases WHERE deal_most", "", "cases_deal"},
	} {
		_, where, _ := strings.Cut(text, "WHERE")
		if strings.Contains(text, narrow.table) && strings.Contains(where, narrow.condition) && !strings.Contains(all, narrow.index) {
			wrong = append(wrong, "does not use the index "+narrow.index)
		}
	}
	return wrong
}
