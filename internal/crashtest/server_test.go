package crashtest_test

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
	"strings"
	"syscall"
	"testing"
	"time"
)

// build builds the program into the test's folder. The race detector of the test does not reach into a child, and would only slow it.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "usher")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/usher-kyc/usher/cmd/usher")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build usher: %v\n%s", err, out)
	}
	return binary
}

// server is a child process on a data folder, at an address that stays the same from start to start.
type server struct {
	binary, dir, address string
	cmd                  *exec.Cmd
	ended                chan error
	stderr               *os.File
}

func newServer(t *testing.T) *server {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{binary: build(t), dir: filepath.Join(t.TempDir(), "data"), address: l.Addr().String()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if s.stderr, err = os.Create(filepath.Join(t.TempDir(), "stderr")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd != nil {
			_ = s.kill()
		}
		if t.Failed() {
			log, _ := os.ReadFile(s.stderr.Name())
			t.Logf("the end of the server's log:\n%s", log[max(0, len(log)-8000):])
		}
		_ = s.stderr.Close()
	})
	return s
}

// start starts the process and returns when it says that it is ready.
func (s *server) start(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), s.binary, "serve", "--dev", "--addr", s.address, "--data", s.dir)
	cmd.Stderr = s.stderr
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

// kill ends the process as a power cut would, from its point of view.
func (s *server) kill() error { return s.end(syscall.SIGKILL) }

// term asks the process to end and gives how it did: nil is exit code 0.
func (s *server) term() error { return s.end(syscall.SIGTERM) }

func (s *server) end(signal os.Signal) error {
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

// newClient signs in with the credentials that the server left in dev.json.
func (s *server) newClient(t *testing.T) *client {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.dir, "dev.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dev struct {
		Native struct {
			BaseURL  string `json:"base_url"`
			TokenURL string `json:"token_url"`
			ID       string `json:"client_id"`
			Secret   string `json:"client_secret"`
		} `json:"native"`
	}
	if err := json.Unmarshal(raw, &dev); err != nil {
		t.Fatal(err)
	}
	c := &client{base: dev.Native.BaseURL, http: &http.Client{
		Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, dev.Native.TokenURL, strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(dev.Native.ID, dev.Native.Secret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil || token.Access == "" {
		t.Fatalf("sign in: status %d, %v", res.StatusCode, err)
	}
	c.token = token.Access
	return c
}
