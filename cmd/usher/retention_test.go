package main

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
)

// TestPersonTakesTheirDataAndGoes writes what is known of somebody, encrypted to them, and erases them: first in a tenant whom the law binds.
func TestPersonTakesTheirDataAndGoes(t *testing.T) {
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
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	person := b.session.ApplicantID
	_, tenants := commandLine(t, dir, nil, "tenant", "list")
	tenant := strings.Fields(tenants)[0]
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "person.zip.age")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"export", "--applicant", person, "--out", out}, exitUsage, "travels encrypted"},
		{[]string{"export", "--applicant", person, "--out", out, "--to", "age1nonsense"}, exitUsage, "--to"},
		{[]string{"export", "--applicant", person, "--out", out, "--to", identity.Recipient().String()}, exitOK, "holds everything"},
		{[]string{"retention", "show", "--tenant", tenant}, exitOK, "30 days"},
		{[]string{"retention", "set", "--tenant", tenant, "--abandoned", "month"}, exitUsage, "write days"},
		{[]string{"retention", "plan", "--tenant", tenant, "--by", "soon"}, exitUsage, "YYYY-MM-DD"},
		{[]string{"retention", "plan", "--tenant", tenant, "--abandoned", "0"}, exitOK, "nobody would be erased"},
		{[]string{"retention", "set", "--tenant", tenant, "--abandoned", "10,law", "--bodies", "5"}, exitOK, "not to be erased before, by law"},
		{[]string{"erase", "--applicant", person}, exitOK, "not erased but restricted"},
		{[]string{"retention", "set", "--tenant", tenant, "--abandoned", "10"}, exitOK, "10 days"},
		{[]string{"erase", "--applicant", person}, exitOK, "is destroyed"},
		{[]string{"erase", "--applicant", person}, exitFailed, "erased"},
		{[]string{"erase", "--applicant", "nobody"}, exitFailed, "no such applicant"},
		{[]string{"export", "--applicant", person, "--out", out + "2", "--plain"}, exitFailed, "erased"},
	} {
		code, said := commandLine(t, dir, nil, c.args...)
		if code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("usher %s: %d, want %d and %q in:\n%s", strings.Join(c.args, " "), code, c.code, c.want, said)
		}
	}
	names := opened(t, out, identity)
	if !slices.Contains(names, "applicant.json") || !slices.Contains(names, "sessions/"+b.session.ID+"/report.pdf") || !slices.Contains(names, "SHA256SUMS") {
		t.Errorf("in the file are %v", names)
	}
}

// opened decrypts a pack and gives the names of what is in it.
func opened(t *testing.T, path string, identity age.Identity) (names []string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := age.Decrypt(bytes.NewReader(raw), identity)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	return names
}
