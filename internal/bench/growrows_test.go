package bench_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// words gives what the two databases say in different words: the type of bytes, a query for the columns of a table, and the number that orders rows, which
// is the database's own unless a table gets as many rows as to make that the most of the work.
func (g *growing) words() (blob, columns, pos, number string) {
	if g.database != "" {
		return "BYTEA", `SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position`,
			"pos, ", "pos_start() + (pg_current_xact_id()::TEXT::BIGINT << 20) + row_number() OVER (ORDER BY g.n, n.k), "
	}
	return "BLOB", `SELECT name FROM pragma_table_info($1) ORDER BY cid`, "", ""
}

// of gives n bytes of a session's own: of its sealed document, which are as good as random.
func of(from string, n int) string { return fmt.Sprintf("substr(g.session_doc, 16 + %s, %d)", from, n) }

// named gives the bytes of a text: a value that rows may have in common.
func (g *growing) named(text string) string {
	if g.database != "" {
		return `convert_to(` + text + `, 'UTF8')`
	}
	return `CAST(` + text + ` AS BLOB)`
}

// like gives a statement that puts a row for each staged one into a table: the model's, but for some columns.
func (g *growing) like(t *testing.T, table, id string, but map[string]string) string {
	t.Helper()
	_, query, _, _ := g.words()
	var columns, values []string
	for _, name := range g.texts(t, query, table) {
		value, other := but[name]
		if !other {
			value = "m." + name
		}
		columns, values = append(columns, name), append(values, value)
	}
	return `INSERT INTO ` + table + ` (` + strings.Join(columns, ", ") + `) SELECT ` + strings.Join(values, ", ") + ` FROM grown g JOIN ` + table + ` m ON m.id = '` + id + `' ORDER BY g.n`
}

// some gives the numbers 1 to n as rows.
func some(n int) string {
	var list bytes.Buffer
	for i := 1; i <= n; i++ {
		if i > 1 {
			list.WriteString(" UNION ALL ")
		}
		fmt.Fprint(&list, "SELECT ", i, " AS k")
	}
	return `(` + list.String() + `) n`
}

// statements are what makes of the staged rows all that a session leaves. What is of one in four is there so that no table is empty: the plans of both
// databases go by what a table holds.
func (g *growing) statements(t *testing.T, m *model) []string {
	t.Helper()
	_, _, pos, number := g.words()
	s, a := m.session, m.applicant
	head := g.texts(t, `SELECT seq FROM audit_heads WHERE tenant_id = $1`, m.tenant)[0]
	own := "'" + m.tenant + "', g.applicant, g.session"
	doc := of("0", docBytes)
	fourth := ` FROM grown g WHERE g.n % 4 = 0`
	return []string{
		`INSERT INTO keysets (applicant_id, tenant_id, wrapped) SELECT applicant, '` + m.tenant + `', wrapped FROM grown`,
		g.like(t, "applicants", a.ID, map[string]string{
			"id": "g.applicant", "doc": "g.applicant_doc", "created_at": "g.at", "updated_at": "g.at", "keep_due": fmt.Sprint(never), "reference_index": of("1", 32),
			"email_index": of("40", 32), "national_index": of("80", 32),
		}),
		g.like(t, "sessions", s.ID, map[string]string{
			"id": "g.session", "applicant_id": "g.applicant", "doc": "g.session_doc", "created_at": "g.at", "updated_at": "g.at", "submitted_at": "g.at", "state": "g.state",
			"due_at": "0", "reference_index": of("120", 32),
		}),
		`INSERT INTO events (` + pos + `id, tenant_id, applicant_id, session_id, dialect, purpose, type, sequence, doc, at) SELECT ` + number + `g.session || '-' || n.k, ` + own + `, '` +
			s.Dialect + `', '` + string(s.Purpose) + `', CASE n.k WHEN 1 THEN 'session.created' WHEN 10 THEN 'session.' || g.state ELSE 'step.completed' END, n.k, ` +
			doc + `, g.at + n.k FROM grown g CROSS JOIN ` + some(eventsEach) + ` ORDER BY g.n, n.k`,
		`INSERT INTO deliveries (` + pos + `id, tenant_id, endpoint_id, applicant_id, session_id, lane, event_id, event_type, name, content_type, body, status, attempts,
			due_at, created_at, done_at) SELECT ` + number + `g.session || '-' || n.k, '` + m.tenant + `', 'old', g.applicant, g.session, 'old/' || g.session, g.session || '-' || n.k,
			'step.completed', 'step.completed', 'application/json', ` + doc + `, 'delivered', 1, g.at, g.at, g.at FROM grown g CROSS JOIN ` + some(deliveriesEach) +
			` ORDER BY g.n, n.k`,
		`INSERT INTO delivery_attempts (delivery_id, number, doc) SELECT g.session || '-' || n.k, 1, '{}' FROM grown g CROSS JOIN ` + some(deliveriesEach) + ` ORDER BY g.n, n.k`,
		`INSERT INTO audit (id, tenant_id, at, actor_kind, actor_id, action, object, detail, seq, hash) SELECT g.session, '` + m.tenant + `', g.at, 'client', '` +
			s.ClientID + `', 'session.created', g.session, '', ` + head + ` + 1 + g.n, ` + of("200", 32) + ` FROM grown g ORDER BY g.n`,
		`INSERT INTO links (hash, tenant_id, session_id, dead, created_at) SELECT ` + of("200", 32) + `, '` + m.tenant + `', g.session, TRUE, g.at` + fourth,
		`INSERT INTO accounts (id, tenant_id, applicant_id, session_id, doc, number_index, created_at) SELECT g.session, ` + own + `, ` + doc + `, ` +
			of("200", 32) + `, g.at` + fourth,
		`INSERT INTO screenings (id, tenant_id, applicant_id, session_id, doc, at) SELECT g.session, ` + own + `, ` + doc + `, g.at` + fourth,
		`INSERT INTO monitors (applicant_id, tenant_id, session_id, flow, flow_version, state, hits, open_hits, screening_id, since, updated_at, behind)
			SELECT g.applicant, '` + m.tenant + `', g.session, m.flow, m.flow_version, CASE WHEN g.n % 8 = 0 THEN 'active' ELSE 'stopped' END, 0, 0, g.session, g.at, g.at, 0
			FROM grown g JOIN sessions m ON m.id = '` + s.ID + `' WHERE g.n % 4 = 0`,
		`INSERT INTO applicant_words (tenant_id, word_index, applicant_id) SELECT '` + m.tenant + `', ` + g.named("CASE n.k WHEN 1 THEN 'given' || (g.n % 5000) WHEN 2 THEN 'family' || (g.n % 30011) ELSE g.applicant END") +
			`, g.applicant FROM grown g CROSS JOIN ` + some(3) + ` WHERE g.n % 4 = 0`,
		`INSERT INTO traits (tenant_id, applicant_id, session_id, evidence_id, hash, doc, at) SELECT ` + own + `, '', ` + of("20 * n.k", 32) + `, ` +
			of("200", 32) + `, g.at FROM grown g CROSS JOIN ` + some(2) + ` WHERE g.n % 4 = 0`,
		`INSERT INTO trait_bands (hash, trait) SELECT ` + of("30 * n.k", 16) + `, r.pos FROM grown g CROSS JOIN traits r CROSS JOIN ` + some(2) + ` WHERE r.applicant_id = g.applicant`,
		`INSERT INTO screens_seen (session_id, screen, tenant_id, flow, views, spent, first_at, last_at, here) SELECT g.session, 'document', '` + m.tenant +
			`', m.flow, 1, 9000, g.at, g.at, FALSE FROM grown g JOIN sessions m ON m.id = '` + s.ID + `' WHERE g.n % 4 = 0`,
		`INSERT INTO cases (session_id, tenant_id, applicant_id, state, flow, assignee, voters, deal_most, doc, version, opened_at, due_at)
			SELECT g.session, '` + m.tenant + `', g.applicant, g.state, m.flow, CASE WHEN g.n % 200 = 0 THEN 'somebody' ELSE '' END, '', 0, ` + doc + `, 1, g.at, g.at + 86400000
			FROM grown g JOIN sessions m ON m.id = '` + s.ID + `' WHERE g.n % 10 < 2`,
		`INSERT INTO case_marks (session_id, mark_index, tag, tenant_id, state, assignee, due_at) SELECT c.session_id, ` + g.named("'mark' || n.k || (g.n % 7)") + `, FALSE, c.tenant_id, c.state,
			c.assignee, c.due_at FROM grown g CROSS JOIN cases c CROSS JOIN ` + some(2) + ` WHERE c.session_id = g.session`,
		`INSERT INTO case_log (id, tenant_id, applicant_id, session_id, kind, actor_kind, actor_id, member, doc, at) SELECT g.session, ` + own + `, 'note', 'staff', 'somebody', '', ` +
			doc + `, g.at FROM grown g WHERE g.n % 10 < 2`,
		`INSERT INTO receipts (session_id, tenant_id, idx, issued_at) SELECT g.session, '` + m.tenant + `', g.n, g.at` + fourth,
	}
}
