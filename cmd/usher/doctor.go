package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/usher-kyc/usher/internal/sender"
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

// told is a finding as programs read it.
type told struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Note string `json:"note"`
	MS   int64  `json:"ms"`
}

// doctor looks an installation over, and then lets a made-up person through a house of its own, to prove that the program does its work on this
// machine. In the data folder it changes nothing but what every start does: the schema is brought up to date.
func doctor(ctx context.Context, c console, args []string) error {
	var asJSON bool
	s, rest, err := readSettings(c, "doctor", args, func(fs *flag.FlagSet) { fs.BoolVar(&asJSON, "json", false, "answer as JSON") })
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError{fmt.Errorf("does not know what to do with %q", rest[0])}
	}
	faults := 0
	var all []told
	for _, look := range []func(context.Context, settings) finding{
		lookAtFolder, lookAtRoom, lookAtClock, lookAtKey, lookAtData, lookAtAddress, lookAtOpener, lookAtMail, lookAtWalk,
	} {
		began := time.Now()
		f := look(ctx, s)
		one := told{What: f.what, OK: f.err == nil, Note: f.note, MS: time.Since(began).Milliseconds()}
		if f.err != nil {
			faults++
			one.Note = f.err.Error()
		}
		all = append(all, one)
		switch {
		case asJSON:
		case f.err != nil:
			fmt.Fprintf(c.out, "FAULT  %-18s %v\n", f.what, f.err)
		default:
			fmt.Fprintf(c.out, "ok     %-18s %s (%d ms)\n", f.what, f.note, one.MS)
		}
	}
	if asJSON {
		if err := json.NewEncoder(c.out).Encode(all); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
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
	free, err := room(s.Data)
	f.note, f.err = fmt.Sprintf("%d GB free", free>>30), err
	if err == nil && free < leastFree {
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

// madeIn is the year of this program's first version: no right clock shows an earlier one.
const madeIn = 2026

// lookAtClock finds a clock that was never set: deadlines, tokens and signatures rest on it.
func lookAtClock(context.Context, settings) finding {
	now := time.Now().UTC()
	f := finding{what: "clock", note: now.Format(time.RFC3339)}
	if now.Year() < madeIn {
		f.err = fmt.Errorf("it is %s, before this program was made: set the clock, and keep it set by NTP", f.note)
	}
	return f
}

// lookAtData opens what is there, which also finds a key that does not belong to the data, and asks each of the probes of readiness.
func lookAtData(ctx context.Context, s settings) finding {
	f := finding{what: "database", note: "none yet"}
	if _, err := os.Stat(filepath.Join(s.Data, "usher.db")); s.Database == "" && errors.Is(err, os.ErrNotExist) {
		return f
	}
	h, err := open(ctx, s, slog.New(slog.DiscardHandler))
	if err != nil {
		f.err = err
		return f
	}
	tenants, err := h.db.Tenants(ctx)
	f.note = fmt.Sprintf("opens; %d tenants", len(tenants))
	f.err = err
	for _, p := range h.watch.probes.Look(ctx) {
		if p.Err != nil {
			f.err = errors.Join(f.err, fmt.Errorf("%s: %w", p.Name, p.Err))
		}
	}
	f.err = errors.Join(f.err, h.close())
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

// lookAtMail signs in to the mail server; nothing is sent.
func lookAtMail(ctx context.Context, s settings) finding {
	f := finding{what: "mail", note: "none: flows that verify e-mail addresses are refused"}
	if s.SMTP == "" {
		return f
	}
	f.note = "the server lets us in; nothing was sent"
	server, err := sender.NewSMTP(s.SMTP, s.MailFrom)
	if err != nil {
		f.err = fmt.Errorf("smtp, mail-from: %w", err)
		return f
	}
	f.err = server.Check(ctx)
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
