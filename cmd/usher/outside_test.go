package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const providerSecret = "whsec_c2VjcmV0LW9mLWEtcHJvdmlkZXItZm9yLXRlc3Rz"

// TestChecksGuideIsTrue starts the engine that docs/api/checks.md shows, has it asked by a real server, and sends the callback of that page.
func TestChecksGuideIsTrue(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "openssl", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the guide needs %s", tool)
		}
	}
	text, err := os.ReadFile("../../docs/api/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string) string {
		m := regexp.MustCompile("(?ms)^```" + kind + "\n(.*?)^```$").FindSubmatch(text)
		if m == nil {
			t.Fatalf("the guide has no block of %s", kind)
		}
		return string(m[1])
	}
	callbacks := make(chan string, 10)
	later := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			CallbackURL string `json:"callback_url"`
		}
		if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
			t.Error(err)
		}
		callbacks <- ask.CallbackURL
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(later.Close)
	registry := runExample(t, block("go"))
	s := startDevWith(t, t.TempDir(), map[string]string{
		"USHER_CHECKS": "registry=" + registry + "/registry,work_history=" + later.URL, "USHER_CHECKS_SECRET": providerSecret,
	})
	b := backend{dev: s.dev}
	ctx := context.Background()
	if err := b.signIn(ctx); err != nil {
		t.Fatal(err)
	}
	const source = "name: outside\nsteps:\n  - details: {ask: [name, date_of_birth]}\n  - run: [registry, work_history]\n  - decide: {automatic: approve}\n"
	if err := b.call(ctx, http.MethodPut, "/v1/flows/outside", map[string]string{"source": source}, &struct{}{}); err != nil {
		t.Fatal(err)
	}
	for born, want := range map[string]string{"1991-12-06": "approved", "1991-12-07": "in_review"} {
		person := map[string]any{"flow": "outside", "applicant": map[string]string{
			"first_name": "Astrid", "last_name": "Lindqvist", "date_of_birth": born,
		}}
		if err := b.call(ctx, http.MethodPost, "/v1/sessions", person, &b.session); err != nil {
			t.Fatal(err)
		}
		if err := b.call(ctx, http.MethodPost, "/v1/sessions/"+b.session.ID+"/submit", map[string]any{}, &struct{}{}); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(ctx, "bash", "-c", "set -euo pipefail\n"+block("sh"))
		cmd.Env = append(os.Environ(), "SECRET="+providerSecret, "CALLBACK_URL="+<-callbacks)
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte(`"status":"recorded"`)) {
			t.Fatalf("%v\n%s", err, out)
		}
		got, err := b.wait(ctx, func(s session) bool { return s.State == want })
		if err != nil {
			t.Errorf("born %s: %s, %v", born, got.State, err)
		}
	}
}

// runExample builds the program of the guide, starts it, and gives its address once it answers.
func runExample(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": source, "go.mod": "module example\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", "example", ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "example"))
	cmd.Env = []string{"ADDR=" + address, "SECRET=" + providerSecret}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
			return "http://" + address
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
}

func TestChecksSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		env  map[string]string
		want string // of the error
	}{
		"no secret":         {map[string]string{"USHER_CHECKS": "registry=https://a.example"}, "USHER_CHECKS_SECRET"},
		"not a pair":        {map[string]string{"USHER_CHECKS": "https://a.example"}, "is not like"},
		"plain http":        {map[string]string{"USHER_CHECKS": "registry=http://a.example", "USHER_CHECKS_SECRET": providerSecret}, "https"},
		"unknown kind":      {map[string]string{"USHER_CHECKS": "weather=https://a.example", "USHER_CHECKS_SECRET": providerSecret}, "no kind of check"},
		"another's secret":  {map[string]string{"USHER_CHECKS": "registry=https://a.example", "USHER_CHECKS_SECRET": "face=" + providerSecret}, "USHER_CHECKS_SECRET"},
		"evidence of none":  {map[string]string{"USHER_CHECKS_EVIDENCE": "face=selfie"}, "not done outside"},
		"unknown evidence":  {map[string]string{"USHER_CHECKS": "face=https://a.example", "USHER_CHECKS_SECRET": providerSecret, "USHER_CHECKS_EVIDENCE": "face=voice"}, "no kind of evidence"},
		"a secret too weak": {map[string]string{"USHER_CHECKS": "face=https://a.example", "USHER_CHECKS_SECRET": "whsec_YQ=="}, "24 to 64 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var errs bytes.Buffer
			c := console{out: io.Discard, err: &errs, env: func(key string) string { return tt.env[key] }}
			if code := run(t.Context(), c, []string{"tenant", "list", "--data", t.TempDir()}); code == exitOK || !strings.Contains(errs.String(), tt.want) {
				t.Errorf("exit code %d: %s", code, errs.String())
			}
		})
	}
}
