// Package servertest runs the whole program as a child process, for tests that must not share a process with it: those that kill it and those
// that measure it. A [Server] is built once, started and ended as often as wished on one data folder, and spoken to by a [Client].
package servertest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// folder is where this process keeps the program, until Main removes it.
func folder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("usher-servertest-%d", os.Getpid()))
}

// program builds the program, once for all tests of a process: linking it takes longer than most of them. The race detector of the test does not reach
// into a child, and would only slow it. It is built as scripts/test.sh has built it just before, so that linking is all there is to do.
var program = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(folder(), "usher")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", binary, "github.com/usher-kyc/usher/cmd/usher")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build usher: %w\n%s", err, out)
	}
	return binary, nil
})

// Main runs the tests of a package that uses this one, and cleans up behind them: call it from TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	_ = os.RemoveAll(folder()) // a temporary folder; what is left of it the system removes
	return code
}

// Config is how a server is started. The zero value is one on SQLite.
type Config struct {
	Database string   // URL; "" is SQLite in the data folder
	Args     []string // of usher serve, beside those that every test needs
	Env      []string // NAME=VALUE, beside the environment of the test
}

// Server is a child process on a data folder, at an address that stays the same from start to start.
type Server struct {
	Dir     string // data folder
	Address string // host and port

	config Config
	binary string
	cmd    *exec.Cmd
	ended  chan error
	stderr *os.File
}

// New builds the program and gives a server that is not started yet. It ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	return With(t, Config{})
}

// With is New with a configuration.
func With(t testing.TB, c Config) *Server {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return prepare(t, c, binary)
}

// Beside gives another node of a server's database, which must have been started once: it has a data folder of its own with the same master key and
// credentials, and the same evidence, as nodes have that share a file system.
func (s *Server) Beside(t testing.TB) *Server {
	t.Helper()
	n := prepare(t, s.config, s.binary)
	if err := os.MkdirAll(n.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"master.key", "dev.json"} {
		raw, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(n.Dir, name), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(s.Dir, "evidence"), filepath.Join(n.Dir, "evidence")); err != nil {
		t.Fatal(err)
	}
	return n
}

func prepare(t testing.TB, c Config, binary string) *Server {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{config: c, binary: binary, Dir: filepath.Join(t.TempDir(), "data"), Address: l.Addr().String()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if s.stderr, err = os.Create(filepath.Join(t.TempDir(), "stderr")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd != nil {
			_ = s.Kill()
		}
		if t.Failed() {
			log, _ := os.ReadFile(s.stderr.Name())
			t.Logf("the end of the server's log:\n%s", log[max(0, len(log)-8000):])
		}
		_ = s.stderr.Close()
	})
	return s
}

// Start starts the process and returns when it says that it is ready, with the time that took.
func (s *Server) Start(t testing.TB) time.Duration {
	t.Helper()
	began := time.Now()
	args := []string{"serve", "--dev", "--addr", s.Address, "--data", s.Dir}
	if s.config.Database != "" {
		args = append(args, "--database", s.config.Database)
	}
	cmd := exec.CommandContext(context.Background(), s.binary, append(args, s.config.Args...)...)
	cmd.Env, cmd.Stderr = append(os.Environ(), s.config.Env...), s.stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, over := make(chan bool, 1), make(chan error, 1)
	s.cmd, s.ended = cmd, over
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "ready after") {
				ready <- true
			}
		}
		over <- cmd.Wait()
	}()
	select {
	case <-ready:
	case err := <-over:
		s.cmd = nil
		t.Fatalf("the server ended instead of starting: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("the server is not ready after a minute")
	}
	return time.Since(began)
}

// Run runs another command of the program on the same data, and gives what it says.
func (s *Server) Run(t testing.TB, command, word string, rest ...string) string {
	t.Helper()
	args := []string{command, word, "--data", s.Dir}
	if s.config.Database != "" {
		args = append(args, "--database", s.config.Database)
	}
	cmd := exec.CommandContext(context.Background(), s.binary, append(args, rest...)...)
	cmd.Env = append(os.Environ(), s.config.Env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("usher %s %s: %v\n%s", command, word, err, out)
	}
	return string(out)
}

// Kill ends the process as a power cut would, from its point of view.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

// Term asks the process to end and gives how it did: nil is exit code 0.
func (s *Server) Term() error { return s.end(syscall.SIGTERM) }

// Memory gives what the process holds in memory (resident), in bytes, or 0 where the system does not tell.
func (s *Server) Memory() int64 { return s.status("VmRSS:") }

// MemoryParts gives two parts of it: what is the process's own, and pages of files, above all of the program itself, which other processes share.
func (s *Server) MemoryParts() (own, files int64) { return s.status("RssAnon:"), s.status("RssFile:") }

// Peak gives the most that the process ever held in memory (resident), in bytes, or 0 where the system does not tell.
func (s *Server) Peak() int64 { return s.status("VmHWM:") }

// PID gives the number of the running process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// CPU gives the processor time that the process has used, or 0 where the system does not tell.
func (s *Server) CPU() time.Duration {
	const tick = time.Second / 100 // of Linux, on every processor that Go runs on
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	// Behind the name: utime and stime are fields 12 and 13.
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// status reads a line of the process's status that counts kilobytes (proc(5)), in bytes.
func (s *Server) status(line string) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, count, _ := strings.Cut(string(raw), line)
	count, _, _ = strings.Cut(count, "kB")
	kilobytes, err := strconv.ParseInt(strings.TrimSpace(count), 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes << 10
}

func (s *Server) end(signal os.Signal) error {
	if err := s.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("signal the server: %w", err)
	}
	s.cmd = nil
	select {
	case err := <-s.ended:
		return err
	case <-time.After(time.Minute):
		return errors.New("the server does not end")
	}
}

// Dev reads the credentials that the server left in dev.json.
func (s *Server) Dev(t testing.TB, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.Dir, "dev.json"))
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Client signs in with the credentials that the server left in dev.json.
func (s *Server) Client(t testing.TB) *Client {
	t.Helper()
	var dev struct {
		Native struct {
			BaseURL  string `json:"base_url"`
			TokenURL string `json:"token_url"`
			ID       string `json:"client_id"`
			Secret   string `json:"client_secret"`
		} `json:"native"`
	}
	s.Dev(t, &dev)
	c := &Client{
		base: dev.Native.BaseURL, tokenURL: dev.Native.TokenURL, id: dev.Native.ID, secret: dev.Native.Secret, token: new(atomic.Value),
		http: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	if err := c.signIn(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}
