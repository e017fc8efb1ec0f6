package crashtest_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher/internal/postgrestest"
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
	for round := range n {
		w.breathe(t, r, round > 0 && round%8 == 0) // seldom: a key whose call ended with PostgreSQL is held for a minute
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
	small := smallDisk(t, filepath.Dir(s.Dir), "96m")
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

// TestDatabaseDiskFull fills the disk of PostgreSQL under load, again and again, and every other time until it breaks down since it cannot write its log.
// While the disk is full a call is acknowledged and its effect is there, or it is refused; when there is room, and PostgreSQL was started again where it
// gave up, everything goes on.
func TestDatabaseDiskFull(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "usher-disk") // a test's own folder cannot be entered by another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	small := smallDisk(t, dir, "256m")
	d := database{server: postgrestest.StartIn(t, small)}
	d.url = d.server.Kept(t)
	s := servertest.With(t, servertest.Config{Database: d.url})
	s.Start(t)
	w := begin(t, s)
	r := chance(t)
	n := rounds(t, 2)
	stone := filepath.Join(small, "stone")
	broke := 0
	for round := range n {
		pause(r)
		fill(t, stone)
		w.o.untilRefused(t)
		for range round % 2 * 4 {
			if d.server.Do(`SELECT pg_switch_wal()`) != nil { // there is no room for the next part of the log
				broke++
				break
			}
		}
		if err := os.Remove(stone); err != nil {
			t.Fatal(err)
		}
		d.server.Revive(t)
		if w.o.report(t) {
			t.FailNow()
		}
	}
	w.end(t, d)
	if broke == 0 {
		t.Error("PostgreSQL never broke down, though it had no room for its log")
	}
	t.Logf("the disk was full %d times and PostgreSQL broke down %d times", n, broke)
}

// untilRefused begins sessions, each with one call, until one is refused since there is no room.
func (o *oracle) untilRefused(t *testing.T) {
	t.Helper()
	for limit := time.Now().Add(settleTime); time.Now().Before(limit); {
		s, status, answer, err := o.beginOnce(t.Context())
		switch {
		case err != nil:
			t.Errorf("a call while the disk is full was not answered: %v", err)
		case status == http.StatusCreated:
			o.heard(s)
			continue
		case status < http.StatusInternalServerError || !bytes.Contains(answer, []byte("try again")):
			t.Errorf("a call while the disk is full was answered with %d %s", status, answer)
		}
		return
	}
	t.Errorf("a full disk stopped nothing in %s", settleTime)
}

// smallDisk mounts a small file system on a folder.
func smallDisk(t *testing.T, dir, size string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
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
