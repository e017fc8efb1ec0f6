// Package postgrestest gives tests databases on a PostgreSQL of their own: each process starts one from Debian's package in a folder that goes when
// the process ends, however it ends, and each test gets a database that is a copy of an empty one. USHER_TEST_DATABASE names a server to use instead,
// by the URL of a user who may create databases.
//
// The shared server does without syncing. A test that is about what survives starts one of its own, which syncs, and can be killed and restarted.
package postgrestest

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a running PostgreSQL.
type Server struct {
	base    string // URL without a database
	dir     string
	bin     string
	durable bool
	stdin   io.WriteCloser // the server ends when this is closed, which the kernel does for a process that is killed
	done    chan struct{}
	made    template
}

// cure is what a machine without PostgreSQL is told.
const cure = "PostgreSQL is missing: run scripts/needs.sh (on Debian: apt-get install postgresql), or name a server in USHER_TEST_DATABASE"

// Start starts a server that ends with the test. A durable one syncs as in earnest.
func Start(t testing.TB, durable bool) *Server {
	t.Helper()
	s, err := start(durable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// StartIn starts a durable server that keeps its data in a folder, such as a disk of a test's own, and ends with the test.
func StartIn(t testing.TB, dir string) *Server {
	t.Helper()
	s, err := startIn(filepath.Join(dir, "pg"), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// Bin gives the folder of PostgreSQL's programs.
func Bin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err == nil && len(found) > 0 {
		slices.Sort(found)
		return filepath.Dir(found[len(found)-1]), nil
	}
	one, err := exec.LookPath("postgres")
	if err != nil {
		return "", errors.New(cure)
	}
	return filepath.Dir(one), nil
}

// parent gives the folder for a server's: memory, where there is enough, for one that need not last.
func parent(durable bool) string {
	const memory, enough = "/dev/shm", 4 << 30
	var s syscall.Statfs_t
	if durable || syscall.Statfs(memory, &s) != nil || s.Bavail*uint64(s.Bsize) < enough {
		return ""
	}
	return memory
}

func start(durable bool) (*Server, error) {
	dir, err := os.MkdirTemp(parent(durable), "usher-pg")
	if err != nil {
		return nil, err
	}
	return startIn(dir, durable)
}

func startIn(dir string, durable bool) (*Server, error) {
	bin, err := Bin()
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, err
	}
	s := &Server{
		dir: dir, bin: bin, durable: durable,
		base: "postgres://usher@/?" + url.Values{"host": {dir}, "port": {"5432"}, "sslmode": {"disable"}}.Encode(),
	}
	if err := s.as(nil).chown(dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	out, err := s.as(exec.Command(filepath.Join(bin, "initdb"), "-D", dir+"/data", "-U", "usher", "-A", "trust", "-E", "UTF8", "--locale=C",
		"--no-sync", "--no-instructions")).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", errors.Join(err, os.RemoveAll(dir)), out)
	}
	if err := s.run(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// watch runs the server beside a process that waits for the end of its input, then ends the server at once and removes the folder.
const watch = `"$1" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=200 -c shared_buffers=64MB -c log_min_messages=fatal $3 </dev/null >>"$2/log" 2>&1 &
server=$!
trap '' INT TERM HUP
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$2"`

// run starts the server's process.
func (s *Server) run() error {
	settings := "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off"
	if s.durable {
		settings = "-c max_wal_size=2GB"
	}
	cmd := s.as(exec.Command("sh", "-c", watch, "sh", filepath.Join(s.bin, "postgres"), s.dir, settings)).Cmd
	var err error
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	done := make(chan struct{})
	s.done = done
	go func() {
		_ = cmd.Wait() // it is killed in the end
		close(done)
	}()
	return s.ready()
}

// ready waits until the server answers.
func (s *Server) ready() error {
	for range 600 {
		if exec.Command(filepath.Join(s.bin, "pg_isready"), "-q", "-h", s.dir).Run() == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	log, err := os.ReadFile(s.dir + "/log")
	return errors.Join(fmt.Errorf("PostgreSQL does not answer: %s", log), err)
}

func (s *Server) stop() {
	_ = s.stdin.Close()
	<-s.done
}

// Kill ends every process of the server at once, as a crash does, and starts it again; committed is what was synced.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	raw, err := os.ReadFile(s.dir + "/data/postmaster.pid")
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if syscall.Kill(pid, 0) != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.restart(t)
}

// Revive waits until the server answers that broke down, and starts it again if it has given up.
func (s *Server) Revive(t testing.TB) {
	t.Helper()
	// It may be at its recovery, which it either brings to an end or gives up.
	for range 500 {
		if exec.Command(filepath.Join(s.bin, "pg_isready"), "-q", "-h", s.dir).Run() == nil {
			return
		}
		if s.as(exec.Command(filepath.Join(s.bin, "pg_ctl"), "status", "-D", s.dir+"/data")).Run() != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.restart(t)
}

func (s *Server) restart(t testing.TB) {
	t.Helper()
	out, err := s.as(exec.Command(filepath.Join(s.bin, "pg_ctl"), "start", "-D", s.dir+"/data", "-w", "-l", s.dir+"/log", "-o",
		"-k "+s.dir+" -c listen_addresses= -c max_connections=200")).CombinedOutput()
	if err != nil {
		t.Fatalf("restart PostgreSQL: %v: %s", err, out)
	}
}

// CPU gives the processor time that the server's processes have used, those that have ended included; 0 where it cannot be told.
func (s *Server) CPU() time.Duration {
	const tick = time.Second / 100 // of Linux, on every processor that Go runs on
	var ticks int64
	list, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return 0
	}
	for _, link := range list {
		if cwd, err := os.Readlink(link); err != nil || cwd != s.dir+"/data" {
			continue
		}
		raw, err := os.ReadFile(filepath.Dir(link) + "/stat")
		if err != nil {
			continue
		}
		// Behind the name: utime, stime, and those of children that have ended are fields 12 to 15.
		_, rest, _ := strings.Cut(string(raw), ") ")
		if fields := strings.Fields(rest); len(fields) > 14 {
			for _, f := range fields[11:15] {
				n, _ := strconv.ParseInt(f, 10, 64)
				ticks += n
			}
		}
	}
	return time.Duration(ticks) * tick
}

// command is a program run by a user that PostgreSQL accepts: it refuses to run as root.
type command struct {
	*exec.Cmd
	uid, gid int
}

func (s *Server) as(c *exec.Cmd) command {
	if os.Geteuid() != 0 {
		return command{c, -1, -1}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, wrong := strconv.Atoi(u.Uid)
		gid, err := strconv.Atoi(u.Gid)
		if errors.Join(wrong, err) != nil {
			continue
		}
		if c != nil {
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
			c.Dir = s.dir
		}
		return command{c, uid, gid}
	}
	return command{c, -1, -1}
}

func (c command) chown(dir string) error {
	if c.uid < 0 {
		return nil
	}
	return os.Chown(dir, c.uid, c.gid)
}
