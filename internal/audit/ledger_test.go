package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // to change rows behind the server's back

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/audit"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/sqlitetest"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// kept is a real database with a trail of two tenants and the server, and checkpoints of it.
type kept struct {
	audit.Ledger
	t     testing.TB
	dir   string
	marks []audit.Checkpoint
}

func keep(t testing.TB) *kept {
	t.Helper()
	k := &kept{t: t, dir: t.TempDir()}
	k.must(sqlitetest.Fresh(k.dir))
	db, err := sqlite.Open(t.Context(), sqlite.Config{Dir: k.dir})
	k.must(err)
	t.Cleanup(func() { k.must(db.Store.Close()) })
	k.Ledger = audit.Ledger{Store: db.Store}
	k.add(30)
	path := filepath.Join(k.dir, "checkpoints.jsonl")
	n := notary(t.(*testing.T), audit.NotaryConfig{Book: k.Ledger, Path: path})
	_, err = n.Write(t.Context())
	k.must(err)
	k.add(6)
	f, err := os.Open(path)
	k.must(err)
	defer f.Close()
	k.marks, _, err = audit.ReadCheckpoints(f, public())
	k.must(err)
	return k
}

func (k *kept) add(n int) {
	k.t.Helper()
	for i := range n {
		r := trail([]string{"a", "b", ""}[i%3], 1)[0]
		r.ID, r.Seq, r.Hash = fmt.Sprintf("%d-%d-%s", n, i, r.TenantID), 0, usher.AuditHash{}
		k.must(k.Store.AddAudit(k.t.Context(), r))
	}
}

func (k *kept) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// run changes rows as somebody does who holds the database.
func (k *kept) run(statements ...string) {
	k.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(k.dir, "usher.db")+"?_pragma=busy_timeout(10000)")
	k.must(err)
	defer db.Close()
	for _, s := range statements {
		_, err := db.ExecContext(context.Background(), s)
		k.must(err)
	}
}

func (k *kept) faults(marks []audit.Checkpoint) string {
	k.t.Helper()
	r, err := k.Verify(k.t.Context(), marks)
	k.must(err)
	var kinds []string
	for _, f := range r.Faults {
		if len(kinds) == 0 || kinds[len(kinds)-1] != string(f.Kind) {
			kinds = append(kinds, string(f.Kind))
		}
	}
	return strings.Join(kinds, " ")
}

// TestLedger changes a real database in every way and looks whether it is found.
func TestLedger(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change []string
		want   string
	}{
		"nothing":          {nil, ""},
		"a row removed":    {[]string{`DELETE FROM audit WHERE tenant_id = 'a' AND seq = 4`}, "missing"},
		"the first rows":   {[]string{`DELETE FROM audit WHERE tenant_id = 'a' AND seq < 4`}, "missing"},
		"two rows swapped": {[]string{`UPDATE audit SET seq = seq + 100 WHERE tenant_id = 'a' AND seq = 4`, `UPDATE audit SET seq = 4 WHERE tenant_id = 'a' AND seq = 5`, `UPDATE audit SET seq = 5 WHERE tenant_id = 'a' AND seq = 104`}, "changed"},
		"tail cut":         {[]string{`DELETE FROM audit WHERE tenant_id = 'a' AND seq > 7`}, "cut"},
		"tail cut, and the end with it": {[]string{
			`DELETE FROM audit WHERE tenant_id = 'a' AND seq > 7`,
			`UPDATE audit_heads SET seq = 7, hash = (SELECT hash FROM audit WHERE tenant_id = 'a' AND seq = 7) WHERE tenant_id = 'a'`,
		}, "cut"},
		"all of a tenant":      {[]string{`DELETE FROM audit WHERE tenant_id = 'a'`, `DELETE FROM audit_heads WHERE tenant_id = 'a'`}, "cut"},
		"no end":               {[]string{`DELETE FROM audit_heads WHERE tenant_id = 'a'`}, "missing"},
		"a row put in":         {[]string{`INSERT INTO audit (id, tenant_id, at, actor_kind, actor_id, action, object, detail) VALUES ('x', 'a', 1, 'staff', 'eve', 'evidence.viewed', '', '')`}, "out_of_order"},
		"a row added":          {[]string{`INSERT INTO audit SELECT NULL, 'x', tenant_id, at, actor_kind, actor_id, action, object, detail, 13, actor_role, reason, request_id, before_hash, after_hash, hash FROM audit WHERE tenant_id = 'a' AND seq = 12`}, "changed"},
		"a row of another":     {[]string{`UPDATE audit SET tenant_id = 'c' WHERE tenant_id = 'a' AND seq = 4`}, "missing"},
		"a far row moved":      {[]string{`UPDATE audit SET seq = seq + 3000 WHERE tenant_id = 'a' AND seq > 5`}, "missing changed"},
		"text moved along":     {[]string{`UPDATE audit SET detail = detail || char(31) || reason, reason = '' WHERE tenant_id = 'a' AND seq = 4`}, "changed"},
		"text behind a nought": {[]string{`UPDATE audit SET detail = detail || char(0) || 'more' WHERE tenant_id = 'a' AND seq = 4`}, "changed"},
		"a hash shortened":     {[]string{`UPDATE audit SET hash = substr(hash, 1, 31) WHERE tenant_id = 'a' AND seq = 4`}, "changed"},
		"hashes moved along": {[]string{
			`UPDATE audit SET hash = hash || substr((SELECT n.hash FROM audit n WHERE n.tenant_id = 'a' AND n.seq = 5), 1, 1) WHERE tenant_id = 'a' AND seq = 4`,
			`UPDATE audit SET hash = substr(hash, 2) WHERE tenant_id = 'a' AND seq = 5`,
		}, "changed"},
		"a hash taken away": {[]string{`UPDATE audit SET hash = NULL WHERE tenant_id = 'a' AND seq = 4`}, "changed out_of_order"},
	}
	for _, column := range []string{"id", "at", "actor_kind", "actor_id", "actor_role", "action", "object", "detail", "reason", "request_id", "before_hash", "after_hash", "hash"} {
		value := `'changed'`
		if column == "at" {
			value = `at + 1`
		}
		tests["changed "+column] = struct {
			change []string
			want   string
		}{[]string{`UPDATE audit SET ` + column + ` = ` + value + ` WHERE tenant_id = 'a' AND seq = 4`}, "changed"}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := keep(t)
			k.run(test.change...)
			if got := k.faults(k.marks); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// TestLedgerOfPostgreSQL changes three chains in three ways.
func TestLedgerOfPostgreSQL(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	k := &kept{t: t, Ledger: audit.Ledger{Store: postgrestest.Open(t, postgres.Config{URL: url}).Store}}
	k.add(36)
	if got := k.faults(nil); got != "" {
		t.Errorf("as written, and found %q", got)
	}
	conn, err := pgx.Connect(t.Context(), url)
	k.must(err)
	defer conn.Close(context.Background())
	for _, statement := range []string{
		`DELETE FROM audit WHERE tenant_id = '' AND seq > 7`,
		`UPDATE audit SET detail = detail || chr(31) || reason, reason = '' WHERE tenant_id = 'a' AND seq = 4`,
		`DELETE FROM audit WHERE tenant_id = 'b' AND seq = 4`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		k.must(err)
	}
	if got := k.faults(nil); got != "cut changed missing" {
		t.Errorf("found %q", got)
	}
}

// TestRewriting writes a whole chain anew with hashes that fit, which checkpoints alone can show.
func TestRewriting(t *testing.T) {
	t.Parallel()
	k := keep(t)
	var list []usher.AuditRecord
	for r, err := range k.Store.AuditTrail(t.Context(), "a", 1) {
		k.must(err)
		list = append(list, r)
	}
	list[3].Actor.ID = "somebody else"
	list = chained(list)
	for _, r := range list {
		k.run(fmt.Sprintf(`UPDATE audit SET actor_id = '%s', hash = x'%x' WHERE id = '%s'`, r.Actor.ID, r.Hash, r.ID))
	}
	k.run(fmt.Sprintf(`UPDATE audit_heads SET hash = x'%x' WHERE tenant_id = 'a'`, list[len(list)-1].Hash))
	if got := k.faults(nil); got != "" {
		t.Errorf("it was not rewritten well: %s", got)
	}
	if got := k.faults(k.marks); got != "rewritten" {
		t.Errorf("found %q", got)
	}
	n := notary(t, audit.NotaryConfig{Book: k.Ledger, Path: filepath.Join(k.dir, "checkpoints.jsonl")})
	if err := n.Check(t.Context()); err != nil && !strings.Contains(err.Error(), "not in the audit trail") {
		t.Error(err)
	}
}

// TestOldEntriesAreChained opens a database of a version that knew no chains.
func TestOldEntriesAreChained(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := &kept{t: t, dir: dir}
	db, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	k.must(err)
	k.must(db.Store.Close())
	k.run(`INSERT INTO audit (id, tenant_id, at, actor_kind, actor_id, action, object, detail) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
		SELECT 'old-' || i, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END, i, 'staff', 'ann', 'evidence.viewed', 'x', '' FROM n`,
		`INSERT INTO audit_heads (tenant_id, seq, hash) SELECT DISTINCT tenant_id, 0, x'' FROM audit`)
	for range 2 { // the second start has nothing to do
		db, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
		k.must(err)
		k.Ledger = audit.Ledger{Store: db.Store}
		k.must(db.Store.AddAudit(t.Context(), usher.AuditRecord{ID: fmt.Sprint(db), TenantID: "a", Action: "x"}))
		r, err := k.Verify(t.Context(), nil)
		if err != nil || !r.OK() || r.Chains != 2 {
			t.Errorf("%+v, %v", r, err)
		}
		k.must(db.Store.Close())
	}
}
