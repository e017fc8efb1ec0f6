package bench_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/servertest"
)

// peer is pgbench with a script that writes the rows which one POST left.
type peer struct {
	program, script, url string
	runs                 int
}

// posted are the tables that a POST of a session writes, in the order in which the peer does.
var posted = []string{"idempotency", "applicants", "keysets", "applicant_words", "sessions", "links", "events", "deliveries"}

// newPeer posts one session, reads every row that came into the database with it, and writes the script: an INSERT for each table, with as many rows.
// What differs from one POST to the next differs from one transaction to the next: ids grow, as ours do, and hashes are random.
func newPeer(b *testing.B, url string, x *posts) *peer {
	b.Helper()
	bin, err := postgrestest.Bin()
	if err != nil {
		b.Fatal(err)
	}
	db, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close(b.Context())
	s := script{b: b, db: db, ids: map[string]int{}}
	s.read(x)
	p := &peer{program: filepath.Join(bin, "pgbench"), script: filepath.Join(b.TempDir(), "post.sql"), url: url}
	if err := os.WriteFile(p.script, []byte(s.text()), 0o600); err != nil {
		b.Fatal(err)
	}
	return p
}

var transactions = regexp.MustCompile(`actually processed: ([0-9]+)`)

// run has pgbench run the script over so many connections, and gives the number of transactions.
func (p *peer) run(b *testing.B, connections int) int {
	b.Helper()
	p.runs++
	out, err := exec.CommandContext(b.Context(), p.program, "-n", "-M", "prepared", "-f", p.script, "-c", strconv.Itoa(connections), "-j", "2",
		"-T", strconv.Itoa(int(postSlot.Seconds())), "-D", "n=0", "-D", fmt.Sprintf("run=%d", 1000+p.runs), p.url).CombinedOutput()
	if err != nil {
		b.Fatalf("pgbench: %v: %s", err, out)
	}
	found := transactions.FindSubmatch(out)
	if found == nil {
		b.Fatalf("pgbench gives no number: %s", out)
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// script is what becomes of rows.
type script struct {
	b    *testing.B
	db   *pgx.Conn
	rows map[string][]map[string]any
	ids  map[string]int // of what the POST made
}

// read posts a session and reads the rows that are newer than the POST. A table that speaks of the session and that the script does not know fails the
// benchmark: the peer would do less.
func (s *script) read(x *posts) {
	ctx := s.b.Context()
	var before int64
	if err := s.db.QueryRow(ctx, `SELECT pg_current_xact_id()::text::bigint`).Scan(&before); err != nil {
		s.b.Fatal(err)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", x.address)
	if err != nil {
		s.b.Fatal(err)
	}
	defer conn.Close()
	var made servertest.Session
	said, err := x.post(ctx, conn, bufio.NewReader(conn))
	if err == nil {
		err = json.Unmarshal(said, &made)
	}
	if err != nil {
		s.b.Fatal(err)
	}
	s.rows = map[string][]map[string]any{}
	for _, table := range s.list(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`) {
		for _, text := range s.list(`SELECT to_jsonb(t)::text FROM `+table+` t WHERE xmin::text::bigint > $1`, before) {
			known := slices.Contains(posted, table)
			if !known && (strings.Contains(text, made.ID) || strings.Contains(text, made.ApplicantID)) {
				s.b.Fatalf("a POST writes into %s, which pgbench does not", table)
			}
			row := map[string]any{}
			numbers := json.NewDecoder(bytes.NewReader([]byte(text)))
			numbers.UseNumber()
			if err := numbers.Decode(&row); err != nil {
				s.b.Fatal(err)
			}
			if known {
				s.rows[table] = append(s.rows[table], row)
			}
		}
	}
	for _, table := range posted {
		if len(s.rows[table]) == 0 {
			s.b.Fatalf("a POST writes nothing into %s", table)
		}
		for _, row := range s.rows[table] {
			if id, ok := row["id"].(string); ok {
				s.ids[id] = len(s.ids)
			}
		}
		s.b.Logf("a POST writes %d rows into %s", len(s.rows[table]), table)
	}
}

func (s *script) list(query string, args ...any) []string {
	rows, err := s.db.Query(s.b.Context(), query, args...)
	if err != nil {
		s.b.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.b.Fatal(err)
	}
	return list
}

// text gives the script of a transaction.
func (s *script) text() string {
	var t strings.Builder
	t.WriteString("\\set n :n + 1\n\\set id :run * 1000000000000 + :n * 1000 + :client_id\n\\startpipeline\nBEGIN;\n")
	for _, table := range posted {
		skip := s.list(`SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND
			(column_default LIKE '%(%' OR is_identity = 'YES' OR is_generated = 'ALWAYS')`, table)
		columns := slices.DeleteFunc(slices.Sorted(maps.Keys(s.rows[table][0])), func(c string) bool { return slices.Contains(skip, c) })
		var values []string
		for _, row := range s.rows[table] {
			list := make([]string, len(columns))
			for i, c := range columns {
				list[i] = s.value(table, c, row[c])
			}
			values = append(values, "("+strings.Join(list, ", ")+")")
		}
		fmt.Fprintf(&t, "INSERT INTO %s (%s) VALUES %s;\n", table, strings.Join(columns, ", "), strings.Join(values, ",\n  "))
	}
	t.WriteString("COMMIT;\n\\endpipeline\n")
	return t.String()
}

// value gives a column's value: a literal, or what stands for it where each POST has another.
func (s *script) value(table, column string, v any) string {
	text, isText := v.(string)
	switch {
	case v == nil:
		return "NULL"
	case !isText:
		return fmt.Sprint(v)
	case table == "idempotency" && column == "key":
		return `substr(md5(:id::text), 1, 26)`
	case table == "links" && column == "hash", table != "applicant_words" && strings.HasSuffix(column, "_index"):
		return fmt.Sprintf(`sha256(('%s%s' || :id::text)::bytea)`, table, column)
	}
	parts := []string{text}
	for id, n := range s.ids {
		var split []string
		for _, part := range parts {
			for i, piece := range strings.Split(part, id) {
				if i > 0 {
					split = append(split, fmt.Sprintf("\x00%x", n))
				}
				split = append(split, piece)
			}
		}
		parts = split
	}
	var words []string
	for _, part := range parts {
		if n, isID := strings.CutPrefix(part, "\x00"); isID {
			words = append(words, fmt.Sprintf(`'0198c1f2-a3b4-7c5d-%s' || :id::text`, n))
		} else if part != "" {
			words = append(words, literal(part))
		}
	}
	return cmp.Or(strings.Join(words, " || "), `''`)
}

// literal quotes a text so that neither PostgreSQL nor pgbench, which looks for variables behind colons, takes it for anything else.
func literal(s string) string {
	return `E'` + strings.NewReplacer(`\`, `\\`, `'`, `''`, `:`, `\072`).Replace(s) + `'`
}
