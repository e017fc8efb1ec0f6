// Package blobtest starts an S3 server for tests: Versity's gateway over a folder, a program of its own that speaks the whole protocol. It is
// built by scripts/s3.sh. What it stores are files of its folder, one an object, so that tests can damage them and look at them.
package blobtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/blob"
)

// Keys of the server, which every S3 it makes uses.
const (
	AccessKey = "usher"
	SecretKey = "not-a-secret-of-anybody"
)

// S3 is a running server.
type S3 struct {
	Addr string // HOST:PORT
	Dir  string // one folder a bucket, one file an object

	bin  string
	proc *exec.Cmd
}

// StartS3 starts a server that lives as long as the test.
func StartS3(t testing.TB) *S3 {
	t.Helper()
	s, err := NewS3(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// NewS3 starts a server over a folder; the caller stops it.
func NewS3(dir string) (*S3, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a port: %w", err)
	}
	s := &S3{Addr: free.Addr().String(), Dir: dir, bin: bin}
	free.Close()
	if err := s.Start(); err != nil {
		return nil, err
	}
	return s, nil
}

// Start starts the server again that Stop has ended, at the same address.
func (s *S3) Start() error {
	s.proc = exec.Command(s.bin, "--quiet", "--port", s.Addr, "posix", s.Dir)
	s.proc.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+AccessKey, "ROOT_SECRET_ACCESS_KEY="+SecretKey)
	s.proc.SysProcAttr = endWithUs()
	if err := s.proc.Start(); err != nil {
		return fmt.Errorf("start the S3 server: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", s.Addr)
		if err == nil {
			return conn.Close()
		}
		time.Sleep(20 * time.Millisecond) // nothing tells when another program listens
	}
	s.Stop()
	return errors.New("the S3 server does not listen")
}

// Hang has the server hold its connections and answer nothing, until it is stopped.
func (s *S3) Hang() error { return s.proc.Process.Signal(syscall.SIGSTOP) }

// Stop kills the server.
func (s *S3) Stop() {
	_ = s.proc.Process.Kill()
	_ = s.proc.Wait() // it was killed
}

// Bucket makes a bucket and gives what a store in it is opened with, but for its keys.
func (s *S3) Bucket(name string) (blob.S3Config, error) {
	if err := os.Mkdir(filepath.Join(s.Dir, name), 0o700); err != nil {
		return blob.S3Config{}, fmt.Errorf("make a bucket: %w", err)
	}
	return blob.S3Config{Bucket: name, Endpoint: s.Addr, Plain: true, AccessKey: AccessKey, SecretKey: SecretKey}, nil
}

// find looks for the server's program where scripts/s3.sh puts it.
func find() (string, error) {
	if bin := os.Getenv("USHER_TEST_S3SERVER"); bin != "" {
		return bin, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the S3 server: %w", err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	bin := filepath.Join(dir, ".artifacts", "bin", "versitygw")
	if _, err := os.Stat(bin); err != nil {
		return "", errors.New("the S3 server for tests is not built: run scripts/s3.sh")
	}
	return bin, nil
}
