//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// holdAlone opens a file that one process at a time may hold; it is nil when another does. The system lets go of it when the process ends, however it does.
func holdAlone(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, f.Close()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}

// swap replaces what a file holds, and gives what it held.
func swap(f *os.File, text string) (before string, err error) {
	raw, err := io.ReadAll(io.LimitReader(f, 1000))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", f.Name(), err)
	}
	if err := f.Truncate(0); err != nil {
		return "", fmt.Errorf("write %s: %w", f.Name(), err)
	}
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return "", fmt.Errorf("write %s: %w", f.Name(), err)
	}
	return string(raw), nil
}
