package main

import (
	"archive/zip"
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/specimen"
)

// commandLine runs a command line on a data folder and gives its exit code and what it said.
func commandLine(t *testing.T, dir string, env map[string]string, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	c := console{out: &out, err: &out, env: func(name string) string {
		if name == "USHER_DATA" {
			return dir
		}
		return env[name]
	}}
	return run(t.Context(), c, args), out.String()
}

// TestEvidencePack takes a case out by the API and, the server stopped, on the command line.
func TestEvidencePack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDev(t, dir)
	b := backend{dev: s.dev}
	ctx := context.Background()
	if err := b.signIn(ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.createSession(ctx, demoPerson()); err != nil {
		t.Fatal(err)
	}
	selfie, err := specimen.JPEG(specimen.Selfie(demoPerson()))
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := b.file(t, "/v1/sessions/"+b.session.ID+"/evidence", "selfie", "selfie.jpg", selfie); status != http.StatusCreated {
		t.Fatal(status, answer)
	}
	status, header, pdf := b.try(t, http.MethodGet, "/v1/sessions/"+b.session.ID+"/report.pdf?locale=sv", "", nil)
	if status != http.StatusOK || header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(pdf, "%PDF-") {
		t.Errorf("report.pdf: %d %s", status, header)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "case.zip")
	if code, said := commandLine(t, dir, nil, "export", "--session", b.session.ID, "--out", out); code != exitOK {
		t.Fatal(said)
	}
	info, err := os.Stat(out)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	z, err := zip.OpenReader(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	})
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "report.pdf data.json checks.json events.json evidence/01-selfie.jpg SHA256SUMS" {
		t.Errorf("the pack holds %s", got)
	}
	for name, args := range map[string][]string{
		"a file that is there": {"--session", b.session.ID, "--out", out},
		"an unknown session":   {"--session", "nothing", "--out", out + "2"},
		"no session":           {"--out", out + "3"},
		"no such folder":       {"--session", b.session.ID, "--out", filepath.Join(dir, "none", "case.zip")},
	} {
		if code, said := commandLine(t, dir, nil, append([]string{"export"}, args...)...); code == exitOK {
			t.Errorf("%s: %s", name, said)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".usher-export-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
