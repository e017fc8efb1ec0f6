package native_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

const guide = "../../../docs/api/native.md"

// block is a fenced block of the guide: commands, or the answer that is shown for those before it.
var block = regexp.MustCompile("(?ms)^```(sh|json)\n(.*?)^```$")

// kept are the shell variables that one block of the guide leaves to the next.
const kept = "BASE CLIENT_ID CLIENT_SECRET TOKEN SESSION OWN CASE ENDPOINT"

// TestGuideIsTrue runs every command of the guide, in its order, and holds the answers it shows to those that came.
func TestGuideIsTrue(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the guide's commands need %s", tool)
		}
	}
	h := open(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.handler.ServeHTTP(w, r)
		if r.Method == http.MethodPost {
			h.Settle() // a reader of the guide is slower than the checks
		}
	}))
	defer server.Close()
	dir := h.guideFolder(t, server.URL)
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	answer := ""
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		if m[1] == "json" {
			shown(t, m[2], answer)
			continue
		}
		answer = run(t, dir, m[2])
	}
}

// guideFolder makes what the guide's reader has: the file of usher serve --dev, and a picture.
func (h *house) guideFolder(t *testing.T, base string) string {
	t.Helper()
	dir := t.TempDir()
	id, secret := h.client(t, h.Tenant, allScopes()...)
	dev, err := json.Marshal(map[string]any{"native": map[string]string{"base_url": base, "client_id": id, "client_secret": secret}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"data/dev.json": string(dev), "picture.jpg": jpeg} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, dir, commands string) string {
	t.Helper()
	script := "set -euo pipefail\n[ -f .kept ] && . ./.kept\n" + commands + "\nfor v in " + kept + "; do declare -p $v 2>/dev/null >> .next || true; done; mv .next .kept"
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v in\n%s\n%s%s", err, commands, &out, &errs)
	}
	return out.String()
}

// shown checks that an answer has every member that the guide shows of it; values differ from run to run, but words of states and codes may not.
func shown(t *testing.T, guide, answer string) {
	t.Helper()
	var want, have any
	if err := json.Unmarshal([]byte(guide), &want); err != nil {
		t.Fatalf("the guide shows no JSON: %v in\n%s", err, guide)
	}
	if err := json.Unmarshal([]byte(answer), &have); err != nil {
		t.Fatalf("the answer is no JSON: %v in\n%s", err, answer)
	}
	covers(t, "", want, have)
}

func covers(t *testing.T, at string, want, have any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		object, ok := have.(map[string]any)
		if !ok {
			t.Errorf("the guide shows an object at %q, the answer has %v", at, have)
			return
		}
		for name, member := range want {
			if _, ok := object[name]; !ok {
				t.Errorf("the guide shows %s.%s, which the answer has not", at, name)
				continue
			}
			covers(t, at+"."+name, member, object[name])
		}
	case []any:
		list, ok := have.([]any)
		if !ok || len(list) < len(want) || (len(want) == 0 && len(list) > 0 && at == ".data") {
			t.Errorf("the guide shows %d items at %q, the answer has %v", len(want), at, have)
			return
		}
		for i := range want {
			covers(t, fmt.Sprintf("%s[%d]", at, i), want[i], list[i])
		}
	default:
		varies := regexp.MustCompile(`(id|_at|instance|sequence|version|duration_ms)$`)
		if !varies.MatchString(at) && fmt.Sprint(want) != fmt.Sprint(have) {
			t.Errorf("the guide shows %v at %q, the answer has %v", want, at, have)
		}
	}
}

func TestGuideKnowsEveryReason(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range usher.ReasonCodes() {
		class, _ := code.Class()
		if !strings.Contains(string(text), fmt.Sprintf("| `%s` | %s | ", code, class)) {
			t.Errorf("the guide's table of reasons lacks %s (%s)", code, class)
		}
	}
}

// Every type of event is in the guide's table, and says there when it is told.
func TestGuideKnowsEveryEvent(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n### Types of event\n")
	table, _, _ = strings.Cut(table, "\n### ")
	for _, kind := range usher.EventTypes() {
		if !strings.Contains(table, "`"+string(kind)+"`") {
			t.Errorf("the guide does not say when %s is told", kind)
		}
	}
}
