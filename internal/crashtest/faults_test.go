package crashtest_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher/internal/servertest"
)

// TestDatabaseRestarts ends PostgreSQL at once under load, as a crash does, and cuts its connections, again and again, while nodes live on.
func TestDatabaseRestarts(t *testing.T) {
	t.Parallel()
	d := durable(t)
	s := servertest.With(t, servertest.Config{Database: d.url})
	s.Start(t)
	other := s.Beside(t)
	other.Start(t)
	w := begin(t, s)
	r := chance(t)
	n := rounds(t, 4)
	for range n {
		pause(r)
		d.server.Kill(t)
		for range 3 {
			pause(r)
			cut(t, d.url)
		}
		if w.o.report(t) {
			t.FailNow()
		}
	}
	w.end(t, d, other)
	t.Logf("PostgreSQL ended %d times and its connections cut %d times", n, 3*n)
}

// cut ends every connection to a database but the one that does.
func cut(t *testing.T, url string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	if err != nil {
		t.Fatal(err)
	}
}

// TestDiskFull gives a server on SQLite a disk that fills up under load, again and again: while it is full nothing is acknowledged that is not there, and
// when there is room again everything goes on. It needs a file system of its own, which root may mount.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := servertest.New(t)
	small := smallDisk(t, filepath.Dir(s.Dir))
	s.Start(t)
	w := begin(t, s)
	r := chance(t)
	n := rounds(t, 6)
	stone := filepath.Join(small, "stone")
	refused := 0
	for range n {
		pause(r)
		fill(t, stone)
		time.Sleep(500 * time.Millisecond)
		if !answers(t.Context(), http.DefaultClient, "http://"+s.Address+"/readyz") {
			refused++
		}
		if err := os.Remove(stone); err != nil {
			t.Fatal(err)
		}
		if w.o.report(t) {
			t.FailNow()
		}
	}
	w.end(t, database{})
	t.Logf("the disk was full %d times; the server said so %d times", n, refused)
}

// smallDisk mounts a small file system on a folder.
func smallDisk(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=96m"); err != nil {
		t.Skipf("a small disk cannot be mounted here (%v): only root can", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes a file until there is no room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(block)
	}
	for err = nil; err == nil; {
		_, err = f.Write(block[:512])
	}
	_ = f.Close() // it is full, which is what was asked
}
