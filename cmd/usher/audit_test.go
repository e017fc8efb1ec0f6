package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/receipt"
)

// said runs a command line and gives its exit code and what it printed.
func said(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out, wrong bytes.Buffer
	code := run(t.Context(), console{out: &out, err: &wrong, env: func(string) string { return "" }}, args)
	return code, out.String() + wrong.String()
}

// TestTrailOnTheCommandLine makes a trail, proves it, hands it out, and then changes it.
func TestTrailOnTheCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "trail.jsonl")
	ok := func(want string, args ...string) string {
		t.Helper()
		code, text := said(t, append(args, "--data", data)...)
		if code != exitOK || !strings.Contains(text, want) {
			t.Fatalf("usher %v: %d %s, want %q", args, code, text, want)
		}
		return text
	}
	ok("tenant ", "tenant", "create", "--name", "Example Bank")
	ok("0 checkpoints fit", "audit", "verify")
	ok("entry ", "audit", "checkpoint")
	ok("nothing has been added", "audit", "checkpoint")
	ok("PUBLIC KEY", "audit", "key")
	ok("entries written", "audit", "export", "--out", file)
	key := filepath.Join(data, "audit-public.pem")
	if code, text := said(t, "audit", "verify", "--file", file, "--key", key); code != exitOK {
		t.Errorf("the export: %d %s", code, text)
	}
	if python, err := exec.LookPath("python3"); err == nil { // the verifier of docs/audit.md, which is not ours
		doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "audit.md"))
		if err != nil {
			t.Fatal(err)
		}
		_, script, _ := strings.Cut(string(doc), "```python\n")
		script, _, _ = strings.Cut(script, "```")
		if out, err := exec.CommandContext(t.Context(), python, "-c", script, file).CombinedOutput(); err != nil || !strings.Contains(string(out), "as written") {
			t.Errorf("the verifier of the document says %s, %v", out, err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(raw, []byte(`"tenant.created"`), []byte(`"tenant.forged"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, text := said(t, "audit", "verify", "--file", file, "--key", key); code != exitFound || !strings.Contains(text, "does not follow") {
		t.Errorf("a forged export: %d %s", code, text)
	}

	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE audit SET actor_id = 'somebody else' WHERE action = 'tenant.created'`); err != nil {
		t.Fatal(err)
	}
	code, text := said(t, "audit", "verify", "--data", data, "--json")
	var report struct {
		OK     bool
		Faults []struct{ Kind string }
	}
	line, _, _ := strings.Cut(text, "\n")
	if err := json.Unmarshal([]byte(line), &report); err != nil || code != exitFound || report.OK || len(report.Faults) != 1 || report.Faults[0].Kind != "changed" {
		t.Errorf("a changed row: %d %s %v", code, text, err)
	}
}

// TestKeyOfTheTrailIsChanged makes a new key: the change is an entry that the old key signs, and both keys verify what is theirs.
func TestKeyOfTheTrailIsChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	ok := func(args ...string) string {
		t.Helper()
		code, text := said(t, append(args, "--data", data)...)
		if code != exitOK {
			t.Fatalf("usher %v: %d %s", args, code, text)
		}
		return text
	}
	read := func(name string) []byte {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	ok("tenant", "create", "--name", "Example Bank")
	ok("audit", "checkpoint")
	old := filepath.Join(dir, "old.pem")
	if err := os.WriteFile(old, read("audit-public.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := ok("audit", "key", "rotate"); !strings.Contains(text, "signs from ") || !strings.Contains(text, "signs now") || strings.Count(text, "BEGIN PUBLIC KEY") != 2 {
		t.Errorf("the keys: %s", text)
	}
	if text := ok("audit", "verify", "--key", old); !strings.Contains(text, "0 entries are newer") {
		t.Errorf("the old key does not stand over the change: %s", text)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var after string
	if err := db.QueryRowContext(t.Context(), `SELECT after_hash FROM audit WHERE action = 'audit.key_rotated' AND tenant_id = ''`).Scan(&after); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE signing_keys SET created_at = created_at - 7200000`); err != nil { // two hours go by
		t.Fatal(err)
	}
	ok("tenant", "create", "--name", "Another Bank")
	ok("audit", "checkpoint")
	ok("audit", "verify")
	if block, _ := pem.Decode(read("audit-public.pem")); after != keySum(block.Bytes) {
		t.Error("the entry names another key than the new one")
	}
	if code, text := said(t, "audit", "verify", "--data", data, "--key", old); code != exitFound || !strings.Contains(text, "which is not known") {
		t.Errorf("who knows the old key only: %d %s", code, text)
	}
	ok("audit", "key", "rotate")
	ok("audit", "verify", "--checkpoints", filepath.Join(data, "audit-checkpoints.jsonl"))
	if code, _ := said(t, "audit", "key", "turn", "--data", data); code != exitUsage {
		t.Errorf("a word that is none: %d", code)
	}
}

// TestReceiptAnywhere lets a made-up person through a running server, takes the receipt, and verifies it as docs/receipts.md says.
func TestReceiptAnywhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	type started struct {
		h   *house
		dev devFile
	}
	up, down := make(chan started, 1), make(chan error, 1)
	s := settings{Addr: "127.0.0.1:0", Data: filepath.Join(dir, "data"), Dev: true, Proxies: "127.0.0.0/8"}
	go func() {
		down <- runServer(ctx, console{out: io.Discard, err: io.Discard, env: func(string) string { return "" }}, s, func(h *house, dev devFile) { up <- started{h, dev} })
	}()
	var at started
	select {
	case at = <-up:
	case err := <-down:
		t.Fatal(err)
	}
	h, base := at.h, at.dev.BaseURL
	client, err := h.auth.Client(ctx, at.dev.TenantID, at.dev.Native.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := h.StartSession(ctx, client, usher.NewSession{
		Applicant: &usher.NewApplicant{Details: usher.Details{FirstName: "Ada", LastName: "Öberg", DateOfBirth: "1990-02-03"}}, Flow: flowOnboarding,
	})
	if err == nil {
		session, err = h.Simulate(ctx, client, session.ID, "approve")
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.receipts.Receipt(ctx, session.TenantID, session.ID)
	if err != nil {
		t.Fatal(err)
	}
	file, keys := filepath.Join(dir, "receipt.sdjwt"), filepath.Join(dir, "jwks.json")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, r.Text)
	write(keys, answerOf(t, h.receipts.Routes(), receipt.KeysPath))
	code, text := said(t, "receipt", "verify", file, "--issuer", base)
	if code != exitOK || !strings.Contains(text, "genuine") || !strings.Contains(text, "Ada Öberg, born 1990-02-03") || !strings.Contains(text, "SIMULATED") || strings.Contains(text, "not looked up") {
		t.Errorf("with the issuer: %d %s", code, text)
	}
	if code, text = said(t, "receipt", "verify", file, "--key", keys, "--json"); code != exitOK || !strings.Contains(text, `"valid":true`) {
		t.Errorf("with a key: %d %s", code, text)
	}
	token, _, _ := strings.Cut(r.Text, "~")
	write(file, token+"~")
	if code, text = said(t, "receipt", "verify", file, "--key", keys); code != exitOK || !strings.Contains(text, "(not shown)") || strings.Contains(text, "Ada") {
		t.Errorf("without a name: %d %s", code, text)
	}
	write(file, strings.Replace(r.Text, ".", ".A", 1))
	if code, text = said(t, "receipt", "verify", file, "--key", keys); code != exitFound {
		t.Errorf("changed: %d %s", code, text)
	}
	if code, _ = said(t, "receipt", "verify", file); code != exitUsage {
		t.Errorf("without a word of whom to trust: %d", code)
	}
	list := filepath.Join(dir, "list.jwt")
	senior := usher.Actor{Kind: usher.ByStaff, ID: "ann", Role: usher.RoleSenior}
	if _, err := h.Do(ctx, session.TenantID, session.ID, usher.Command{Kind: usher.CmdOverturn, By: senior, Reasons: []usher.Reason{{Code: usher.ManualReview}}, Internal: "looked again"}); err != nil {
		t.Fatal(err)
	}
	h.openReceipts() // forgets the list it gave out a moment ago
	write(file, r.Text)
	fresh := h.receipts.Routes()
	write(list, answerOf(t, fresh, receipt.StatusPath+"0"))
	if code, text = said(t, "receipt", "verify", file, "--key", keys, "--status", list); code != exitFound || !strings.Contains(text, "it was revoked") {
		t.Errorf("revoked: %d %s", code, text)
	}
	stop()
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func answerOf(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: answered %d: %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}
