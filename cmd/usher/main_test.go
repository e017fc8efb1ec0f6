package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// started is a development server that runs until the test ends.
type started struct {
	dev  devFile
	dir  string
	stop func() error
}

func startDev(t *testing.T, dir string) started {
	t.Helper()
	return startDevWith(t, dir, nil)
}

// startDevWith starts it with environment variables.
func startDevWith(t *testing.T, dir string, env map[string]string) started {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := quiet()
	c.env = func(name string) string { return env[name] }
	s, _, err := readSettings(c, "serve", []string{"--dev", "--addr", "127.0.0.1:0", "--data", dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan devFile, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- runServer(ctx, quiet(), s, func(_ *house, dev devFile) { ready <- dev })
	}()
	stop := sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	select {
	case dev := <-ready:
		return started{dev: dev, dir: dir, stop: stop}
	case err := <-ended:
		t.Fatalf("the server did not start: %v", err)
	}
	return started{}
}

func quiet() console {
	return console{out: io.Discard, err: io.Discard, env: func(string) string { return "" }}
}

func TestDemoWalksTheWholeChain(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	c := console{out: &out, err: &errs, env: func(string) string { return "" }}
	if code := run(context.Background(), c, []string{"demo", "--once"}); code != exitOK {
		t.Fatalf("exit code %d\n%s\n%s", code, out.String(), errs.String())
	}
	for _, want := range []string{
		"photographs the passport", "takes a selfie", "document", "verified", "compares the faces, approves", "CONFIRMED ZZ",
		"signatures verified", "account.opened", "All went well",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not say %q:\n%s", want, out.String())
		}
	}
	if errs.Len() > 0 {
		t.Errorf("the demo logged:\n%s", errs.String())
	}
}

func TestDevKeepsEverythingOverARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startDev(t, dir)
	b := backend{dev: first.dev}
	ctx := context.Background()
	if err := b.signIn(ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.createSession(ctx, demoPerson()); err != nil {
		t.Fatal(err)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	cutOff(t, filepath.Join(dir, "dev.json"))
	second := startDev(t, dir)
	if second.dev.Native.ClientSecret != first.dev.Native.ClientSecret || second.dev.TenantID != first.dev.TenantID ||
		second.dev.Staff[0] != first.dev.Staff[0] || second.dev.Vendors["intergiro"]["api_key"] != first.dev.Vendors["intergiro"]["api_key"] {
		t.Error("a second start made new credentials")
	}
	b.dev = second.dev
	if err := b.call(ctx, http.MethodGet, "/v1/sessions/"+b.session.ID, nil, &b.session); err != nil {
		t.Errorf("the session or the token did not survive: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "dev.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("dev.json: %v, %v", info, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "dev.json"))
	var members map[string]any
	if err != nil || json.Unmarshal(raw, &members) != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"base_url", "hosted_url", "desk_url", "native", "intergiro", "staff"} {
		if _, ok := members[want]; !ok {
			t.Errorf("dev.json has no %s", want)
		}
	}
}

// cutOff leaves of the file what a first start has written that was killed while it made the staff.
func cutOff(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	members := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &members)
	}
	if err == nil {
		kept := map[string]any{}
		for _, name := range []string{"tenant_id", "native", "staff", "clients"} {
			kept[name] = members[name]
		}
		raw, err = json.Marshal(kept)
	}
	if err == nil {
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestDevFrontsAnswer(t *testing.T) {
	t.Parallel()
	s := startDev(t, t.TempDir())
	for at, want := range map[string]int{
		"/livez": 200, "/readyz": 200, "/docs": 200, "/openapi.yaml": 200, "/desk/": 200, "/v1/sessions": 401, "/compat/intergiro/v3/individuals": 401,
		"/verify/s/nothing": 404, "/nothing": 404,
	} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.dev.BaseURL+at, nil)
		if err != nil {
			t.Fatal(err)
		}
		status, _, err := send(http.DefaultClient, req)
		if err != nil || status != want {
			t.Errorf("%s: %d, want %d (%v)", at, status, want, err)
		}
	}
}

func TestHostsOfTheirOwn(t *testing.T) {
	t.Parallel()
	h, err := open(context.Background(), settings{
		Data: t.TempDir(), URL: "https://api.example.test", VerifyURL: "https://verify.example.test", DeskURL: "https://desk.example.test",
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	mux, err := h.routes()
	if err != nil {
		t.Fatal(err)
	}
	for host, answers := range map[string]map[string]int{
		"api":    {"/v1/sessions": 401, "/verify/help": 404, "/desk/": 404, "/livez": 200, "/compat/intergiro/v3/events": 401},
		"verify": {"/v1/sessions": 404, "/verify/help": 200, "/desk/": 404, "/compat/intergiro/v3/events": 404},
		"desk":   {"/v1/sessions": 404, "/verify/help": 404, "/desk/": 303, "/oauth/token": 404},
	} {
		for at, want := range answers {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "https://"+host+".example.test"+at, nil))
			if w.Code != want {
				t.Errorf("%s on the host %s: %d, want %d", at, host, w.Code, want)
			}
		}
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	flowFile := filepath.Join(dir, "flow.yaml")
	if err := os.WriteFile(flowFile, []byte("name: short\nsteps:\n  - selfie\n  - run: [horoscope]\n  - decide: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	for name, tt := range map[string]struct {
		args []string
		code int
		say  string
	}{
		"nothing":          {nil, exitOK, "usher serve"},
		"unknown":          {[]string{"dance"}, exitUsage, `unknown command "dance"`},
		"version":          {[]string{"version", "--json"}, exitOK, `"go":`},
		"dev in the open":  {[]string{"serve", "--dev", "--addr", "0.0.0.0:0", "--data", data}, exitUsage, "loopback only"},
		"no port":          {[]string{"serve", "--addr", "here", "--data", data}, exitUsage, "HOST:PORT"},
		"no figures' port": {[]string{"serve", "--metrics-addr", "here", "--data", data}, exitUsage, "metrics-addr"},
		"no level":         {[]string{"serve", "--log-level", "loud", "--data", data}, exitUsage, "log-level"},
		"no collector":     {[]string{"serve", "--otlp", "collector", "--data", data}, exitFailed, "traces"},
		"plain http":       {[]string{"serve", "--url", "http://api.bank.example", "--data", data}, exitUsage, "plain http"},
		"other database":   {[]string{"serve", "--database", "mysql://x", "--data", data}, exitUsage, "write postgres://"},
		"too many words":   {[]string{"serve", "now", "--data", data}, exitUsage, `"now"`},
		"tenant name":      {[]string{"tenant", "create", "--data", data}, exitUsage, "--name"},
		"unknown tenant":   {[]string{"client", "create", "--tenant", "x", "--data", data}, exitFailed, "no such tenant"},
		"flow with faults": {[]string{"flow", "check", "--data", data, flowFile}, exitFailed, `unknown check "horoscope"`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			c := console{out: &out, err: &out, env: func(string) string { return "" }}
			if code := run(context.Background(), c, tt.args); code != tt.code || !strings.Contains(out.String(), tt.say) {
				t.Errorf("exit code %d, want %d with %q; it says:\n%s", code, tt.code, tt.say, out.String())
			}
		})
	}
}

func TestTenantClientAndStaffFromTheCommandLine(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	do := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		c := console{out: &out, err: &out, env: func(name string) string {
			return map[string]string{"USHER_DATA": data, "USHER_STAFF_PASSWORD": "a long enough password"}[name]
		}}
		if code := run(context.Background(), c, args); code != exitOK {
			t.Fatalf("%v: exit code %d\n%s", args, code, out.String())
		}
		return out.String()
	}
	tenant := strings.TrimSpace(strings.TrimPrefix(do("tenant", "create", "--name", "Bank"), "tenant "))
	made := do("client", "create", "--tenant", tenant, "--dialect", "native", "--expires", "2099-06-30", "--from", "192.0.2.0/24")
	id := regexp.MustCompile(`client_id +(\S+)`).FindStringSubmatch(made)
	if id == nil || !strings.Contains(made, "ush_sk_live_") {
		t.Fatalf("client: %s", made)
	}
	if said := do("client", "rotate", "--tenant", tenant, "--overlap", "1h", id[1]); !strings.Contains(said, "secret ush_sk_live_") {
		t.Errorf("rotate: %s", said)
	}
	do("client", "allow", "--tenant", tenant, "--from", "198.51.100.0/24", id[1])
	do("client", "expire", "--tenant", tenant, "--expires", "2098-01-01", id[1])
	for _, want := range []string{"ends 2098-01-01", "from 198.51.100.0/24", "last used never", "good until"} {
		if said := do("client", "list", "--tenant", tenant); !strings.Contains(said, want) {
			t.Errorf("list does not say %q: %s", want, said)
		}
	}
	do("client", "revoke", "--tenant", tenant, id[1])
	if said := do("client", "list", "--tenant", tenant); !strings.Contains(said, "revoked") || strings.Contains(said, "last used") {
		t.Errorf("list after revoking: %s", said)
	}
	do("client", "create", "--tenant", tenant, "--dialect", "intergiro")
	do("staff", "create", "--tenant", tenant, "--email", "ann@bank.example", "--role", "admin")
	if said := do("staff", "list", "--tenant", tenant); !strings.Contains(said, "ann@bank.example") {
		t.Errorf("staff: %s", said)
	}
	if said := do("flow", "show", "--tenant", tenant, "onboarding"); !strings.Contains(said, "name: onboarding") {
		t.Errorf("flow: %s", said)
	}
	if said := do("tenant", "list"); !strings.Contains(said, "live") {
		t.Errorf("tenants: %s", said)
	}
}

func TestLostMasterKeyIsNoticed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDev(t, dir)
	b := backend{dev: s.dev}
	if err := errorsOf(b.signIn(context.Background()), b.createSession(context.Background(), demoPerson()), s.stop()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := console{out: &out, err: &out, env: func(string) string { return "" }}
	code := run(context.Background(), c, []string{"serve", "--addr", "127.0.0.1:0", "--data", dir})
	if code != exitFailed || !strings.Contains(out.String(), "master key is gone") {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestREADME runs the API example of the README as a reader would, with bash and curl.
func TestREADME(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the README's example needs %s: apt-get install %s", tool, tool)
		}
	}
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var script string
	for _, block := range strings.Split(string(raw), "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if strings.Contains(block, "DEV=/tmp/usher/dev.json") {
			script = block
		}
	}
	s := startDev(t, t.TempDir())
	script = strings.Replace(script, "DEV=/tmp/usher/dev.json", "DEV="+filepath.Join(s.dir, "dev.json"), 1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script).CombinedOutput()
	var got session
	if err != nil || json.Unmarshal(out, &got) != nil || got.State != "created" || !strings.HasPrefix(got.URL, s.dev.HostedURL+"/s/") {
		t.Errorf("the example says %s (%v)\n%s", out, err, script)
	}
}
