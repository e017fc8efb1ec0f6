package main

import (
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAuditStreamSettings tells a receiver of what was done, as the settings say, and refuses settings that say nothing.
func TestAuditStreamSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		raw, _ := io.ReadAll(conn)
		_ = conn.Close()
		heard <- string(raw)
	}()
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := settings{Data: filepath.Join(dir, "data"), AuditStream: "tcp://" + l.Addr().String()}
	h, err := open(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := h.CreateTenant(t.Context(), "Example Bank", "live", "EUR"); err != nil {
		t.Fatal(err)
	}
	trail, err := h.openTrail(t.Context(), console{out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if err := trail.stream.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := <-heard; !strings.Contains(text, ` usher - tenant.created - {"record":{`) || strings.Contains(text, "Example Bank") {
		t.Errorf("the receiver was told %q", text)
	}
	for _, wrong := range []settings{
		{AuditStream: "siem.example.com"},
		{AuditStream: "tls://siem.example.com", AuditStreamCA: empty},
		{AuditStream: "tls://siem.example.com", AuditStreamCert: empty},
		{AuditStream: "tls://siem.example.com", AuditStreamCA: filepath.Join(dir, "nothing")},
	} {
		h.settings.AuditStream, h.settings.AuditStreamCA, h.settings.AuditStreamCert = wrong.AuditStream, wrong.AuditStreamCA, wrong.AuditStreamCert
		if _, err := h.openStream(); err == nil {
			t.Errorf("%+v is accepted", wrong.AuditStream)
		}
	}
}
