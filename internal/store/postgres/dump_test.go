package postgres_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

// TestDumpAndRestore does what docs/OPERATIONS.md says of back-ups: two dumps while a node writes, of the data and of the applicants' keys apart, restored
// on another server that has counted fewer transactions. Keys of a later dump leave out who was erased in between, and cursors stay good.
func TestDumpAndRestore(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts servers of its own: left out of the shortened run")
	}
	bin, err := postgrestest.Bin()
	if err != nil {
		t.Fatal(err)
	}
	tool := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), filepath.Join(bin, name), args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	run := func(url, statement string) {
		t.Helper()
		if err := postgrestest.Run(url, statement); err != nil {
			t.Fatal(err)
		}
	}
	old := postgrestest.Start(t, false)
	run(old.Named("postgres"), `DO $$ BEGIN FOR i IN 1..3000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`)
	url := old.URL(t)
	db := postgrestest.Open(t, postgres.Config{URL: url})
	run(url, `INSERT INTO keysets VALUES ('a1', 't', 'x'), ('a2', 't', 'x')`)
	commitEvent(t, db.Store, "before")
	dir := t.TempDir()
	data, keys := filepath.Join(dir, "data.dump"), filepath.Join(dir, "keysets.dump")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				commitEvent(t, db.Store, fmt.Sprint("meanwhile", i))
			}
		}
	}()
	tool("pg_dump", "--format=custom", "--exclude-table-data=keysets", "--file="+data, url)
	run(url, `DELETE FROM keysets WHERE applicant_id = 'a1'`) // is erased after the dump
	tool("pg_dump", "--format=custom", "--data-only", "--table=keysets", "--file="+keys, url)
	close(stop)
	<-stopped
	there := postgrestest.Start(t, false).Bare(t)
	tool("pg_restore", "--exit-on-error", "--dbname="+there, data)
	tool("pg_restore", "--exit-on-error", "--dbname="+there, keys)
	again := postgrestest.Open(t, postgres.Config{URL: there})
	restored := events(t, again.Store, "")
	if len(restored) == 0 || restored[0] != "before" {
		t.Fatalf("restored events: %v", restored)
	}
	commitEvent(t, again.Store, "after")
	if got := events(t, again.Store, restored[len(restored)-1]); fmt.Sprint(got) != "[after]" {
		t.Errorf("behind the last cursor: %v", got)
	}
	for applicant, want := range map[string]bool{"a1": false, "a2": true} {
		if held, err := again.Keyset(t.Context(), "t", applicant); (err == nil && len(held) > 0) != want {
			t.Errorf("key of %s: %x, %v", applicant, held, err)
		}
	}
}
