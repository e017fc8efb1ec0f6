package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// TestBackup backs up while writers go on, and holds that what was written before is in the restored database, in one piece with what came with it,
// that the keys are in their own file and in no page of the other, and that keys of a later back-up leave out who was erased in between.
func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "usher.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	put := func(i int) error {
		tx, err := raw.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if _, err := tx.Exec(`INSERT INTO applicants (id, tenant_id, client_id, dialect, version, erased, created_at, updated_at) VALUES ($1, 't', '', 'native', 1, FALSE, 0, 0)`, fmt.Sprint("a", i)); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO keysets (applicant_id, tenant_id, wrapped) VALUES ($1, 't', $2)`, fmt.Sprint("a", i), []byte(fmt.Sprint("KEY-OF-", i, "-"))); err != nil {
			return err
		}
		return tx.Commit()
	}
	for i := range 300 {
		if err := put(i); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 300; ctx.Err() == nil; i++ {
			if err := put(i); err != nil {
				t.Error(err)
				return
			}
			if err := db.AddAudit(t.Context(), usher.AuditRecord{ID: fmt.Sprint("r", i), TenantID: "t", At: time.UnixMilli(1)}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	first, later := t.TempDir(), t.TempDir()
	if err := sqlite.Backup(t.Context(), dir, first); err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(`DELETE FROM keysets WHERE applicant_id IN ('a1', 'a2', 'a3')`); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Backup(t.Context(), dir, later); err != nil {
		t.Fatal(err)
	}
	stop()
	writing.Wait()
	for _, tt := range []struct {
		data, keys string
		erased     int
	}{{first, first, 0}, {first, later, 3}, {later, later, 3}} {
		into := t.TempDir()
		got, err := sqlite.Restore(t.Context(), filepath.Join(tt.data, sqlite.BackupData), filepath.Join(tt.keys, sqlite.BackupKeys), into)
		if err != nil || got.Erased != tt.erased || got.Applicants < 300 {
			t.Fatalf("Restore = %+v, %v; want %d erased", got, err, tt.erased)
		}
		again, err := sqlite.Open(t.Context(), sqlite.Config{Dir: into})
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Store.Close(); err != nil {
			t.Error(err)
		}
		if _, err := sqlite.Restore(t.Context(), filepath.Join(tt.data, sqlite.BackupData), filepath.Join(tt.keys, sqlite.BackupKeys), into); err == nil ||
			!strings.Contains(err.Error(), "there is a database") {
			t.Errorf("over a database: %v", err)
		}
	}
	for name, want := range map[string]bool{sqlite.BackupData: false, sqlite.BackupKeys: true} {
		content, err := os.ReadFile(filepath.Join(first, name))
		if err != nil || bytes.Contains(content, []byte("KEY-OF-7-")) != want {
			t.Errorf("%s holds a key: %v, %v", name, !want, err)
		}
	}
	bad := filepath.Join(first, sqlite.BackupData)
	content, err := os.ReadFile(bad)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(content) / 3; i < len(content)/3+9000; i++ {
		content[i] = 0xff
	}
	if err := os.WriteFile(bad, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Restore(t.Context(), bad, filepath.Join(first, sqlite.BackupKeys), t.TempDir()); err == nil {
		t.Error("a damaged back-up was restored")
	}
}
