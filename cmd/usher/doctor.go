package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/usher-kyc/usher/internal/webhook"
)

// finding is what doctor has to say about one thing: an error is a fault, with its cure; a note is something to know.
type finding struct {
	what string
	note string
	err  error
}

// leastFree is how much room the data folder should have, in bytes.
const leastFree = 1 << 30

// doctor looks an installation over, and then lets a made-up person through a house of its own, to prove that the program does its work on this
// machine. It changes nothing in the data folder.
func doctor(ctx context.Context, c console, args []string) error {
	s, rest, err := readSettings(c, "doctor", args, nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError{fmt.Errorf("does not know what to do with %q", rest[0])}
	}
	faults := 0
	for _, look := range []func(context.Context, settings) finding{lookAtFolder, lookAtRoom, lookAtKey, lookAtData, lookAtAddress, lookAtOpener, lookAtWalk} {
		began := time.Now()
		f := look(ctx, s)
		took := time.Since(began).Milliseconds()
		if f.err != nil {
			faults++
			fmt.Fprintf(c.out, "FAULT  %-18s %v\n", f.what, f.err)
			continue
		}
		fmt.Fprintf(c.out, "ok     %-18s %s (%d ms)\n", f.what, f.note, took)
	}
	if faults > 0 {
		return fmt.Errorf("%d faults", faults)
	}
	return nil
}

func lookAtFolder(_ context.Context, s settings) finding {
	f := finding{what: "data folder", note: s.Data}
	info, err := os.Stat(s.Data)
	if errors.Is(err, os.ErrNotExist) {
		f.note = s.Data + " is not there yet; the first start makes it"
		return f
	}
	if err != nil {
		f.err = err
		return f
	}
	if info.Mode().Perm()&0o077 != 0 {
		f.err = fmt.Errorf("%s can be entered by others (mode %o): chmod 700 %s", s.Data, info.Mode().Perm(), s.Data)
		return f
	}
	probe, err := os.CreateTemp(s.Data, ".doctor-")
	if err != nil {
		f.err = fmt.Errorf("cannot write in it: %w", err)
		return f
	}
	f.err = errors.Join(probe.Sync(), probe.Close(), os.Remove(probe.Name()))
	return f
}

func lookAtRoom(_ context.Context, s settings) finding {
	f := finding{what: "room on the disk"}
	dir := s.Data
	if _, err := os.Stat(dir); err != nil {
		dir = filepath.Dir(filepath.Clean(dir))
	}
	var fs syscall.Statfs_t
	if f.err = syscall.Statfs(dir, &fs); f.err != nil {
		return f
	}
	free := fs.Bavail * uint64(fs.Bsize)
	f.note = fmt.Sprintf("%d GB free", free>>30)
	if free < leastFree {
		f.err = fmt.Errorf("%d MB free; evidence needs room: free at least 1 GB", free>>20)
	}
	return f
}

func lookAtKey(_ context.Context, s settings) finding {
	f := finding{what: "master key", note: "from the environment"}
	if s.MasterKey != "" {
		return f
	}
	path := filepath.Join(s.Data, "master.key")
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		f.note = "not there yet; the first start makes it. Keep a copy in another place: without it nothing can be read"
	case err != nil:
		f.err = err
	case info.Mode().Perm()&0o077 != 0:
		f.err = fmt.Errorf("%s can be read by others (mode %o): chmod 600 %s", path, info.Mode().Perm(), path)
	default:
		f.note = path + "; keep a copy in another place: without it nothing can be read"
	}
	return f
}

// lookAtData opens what is there, which also finds a key that does not belong to the data.
func lookAtData(ctx context.Context, s settings) finding {
	f := finding{what: "database", note: "none yet"}
	if _, err := os.Stat(filepath.Join(s.Data, "usher.db")); errors.Is(err, os.ErrNotExist) {
		return f
	}
	h, err := open(ctx, s, slog.New(slog.DiscardHandler))
	if err != nil {
		f.err = err
		return f
	}
	tenants, err := h.db.Tenants(ctx)
	f.note = fmt.Sprintf("opens; %d tenants", len(tenants))
	f.err = errors.Join(err, h.db.Ping(ctx), h.close())
	return f
}

func lookAtAddress(ctx context.Context, s settings) finding {
	f := finding{what: "address", note: s.Addr + " is free"}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr)
	if err == nil {
		f.err = l.Close()
		return f
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		f.note = s.Addr + " is taken, perhaps by a running usher"
		return f
	}
	f.err = err
	return f
}

func lookAtOpener(_ context.Context, s settings) finding {
	f := finding{what: "account opener", note: "internal only: it issues test records. Set account-url to open real accounts"}
	if s.AccountURL == "" {
		return f
	}
	f.note = "internal, and http"
	if _, f.err = prefixes(s.Allow); f.err != nil {
		return f
	}
	allow, _ := prefixes(s.Allow)
	f.err = webhook.ClientConfig{Dev: s.Dev, Allow: allow}.CheckURL(s.AccountURL)
	return f
}

func lookAtWalk(ctx context.Context, _ settings) finding {
	f := finding{what: "whole chain", note: "a made-up person was onboarded in a house of its own"}
	var said strings.Builder
	err := demo(ctx, console{out: &said, err: io.Discard, env: func(string) string { return "" }}, []string{"--once"})
	if err != nil {
		f.err = fmt.Errorf("%w; run usher demo --once to see where", err)
	}
	return f
}
