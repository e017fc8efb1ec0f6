package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/browsertest"
)

// asProgram makes the test's binary the program: guides call it by its name.
const asProgram = "USHER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(browsertest.Main(m))
}

// TestScreeningGuideIsTrue runs every command of docs/screening.md on a real server, in its order, and holds the answers it shows to those that came.
func TestScreeningGuideIsTrue(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the guide's commands need %s", tool)
		}
	}
	dir := t.TempDir()
	startDev(t, filepath.Join(dir, "data"))
	guideIsTrue(t, "../../docs/screening.md", dir)
}

// guideIsTrue runs the commands of a page in a folder, where the server's data folder is, and compares the answers.
func guideIsTrue(t *testing.T, page, dir string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "-- block --"
	script := fmt.Sprintf("set -euo pipefail\nusher() { %s=1 %q \"$@\"; }\n", asProgram, os.Args[0])
	var shown []string // by block of commands
	for _, m := range regexp.MustCompile("(?ms)^```(sh|json)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		if m[1] == "json" {
			shown[len(shown)-1] = m[2]
			continue
		}
		script += m[2] + "\necho '" + mark + "'\n"
		shown = append(shown, "")
	}
	cmd := exec.CommandContext(context.Background(), "bash", "-c", script)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for i, answer := range strings.Split(string(said), mark+"\n")[:len(shown)] {
		if shown[i] == "" {
			continue
		}
		var want, have any
		if err := json.Unmarshal([]byte(shown[i]), &want); err != nil {
			t.Fatalf("the guide shows no JSON: %v\n%s", err, shown[i])
		}
		at := regexp.MustCompile(`(?m)^\{`).FindAllStringIndex(answer, -1)
		if at == nil || json.NewDecoder(strings.NewReader(answer[at[len(at)-1][0]:])).Decode(&have) != nil {
			t.Fatalf("there is no JSON to hold to what the guide shows:\n%s", answer)
		}
		if diff := cmp.Diff(want, only(want, have)); diff != "" {
			t.Errorf("the guide shows (-) what the answer (+) does not say:\n%s", diff)
		}
	}
}

// TestSwitchGuidesAreTrue runs the commands of every vendor's page on a real server, in their order: each call must be taken.
func TestSwitchGuidesAreTrue(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the guides' commands need %s", tool)
		}
	}
	dir := t.TempDir()
	s := startDev(t, filepath.Join(dir, "data"))
	address := strings.TrimPrefix(s.dev.BaseURL, "http://")
	// What a reader has to fill in, or does elsewhere, is not run.
	left := regexp.MustCompile(`usher serve|usher client|…|@front\.jpg`)
	for _, vendor := range []string{"ondato", "celcoin", "incode", "mobbscan", "intergiro"} {
		t.Run(vendor, func(t *testing.T) {
			text, err := os.ReadFile("../../docs/dialects/" + vendor + ".md")
			if err != nil {
				t.Fatal(err)
			}
			script, ran := "set -euo pipefail\ncurl() { command curl --fail-with-body \"$@\"; }\n", 0
			for _, m := range regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$").FindAllStringSubmatch(string(text), -1) {
				if !left.MatchString(m[1]) {
					script, ran = script+strings.ReplaceAll(m[1], "127.0.0.1:8080", address)+"\n", ran+1
				}
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
			cmd.Dir = dir
			if said, err := cmd.CombinedOutput(); err != nil || ran < 3 {
				t.Errorf("%d blocks, %v\n%s\n%s", ran, err, said, script)
			}
		})
	}
}

// only gives of an answer the members that are shown.
func only(shown, answer any) any {
	switch shown := shown.(type) {
	case map[string]any:
		have, ok := answer.(map[string]any)
		if !ok {
			return answer
		}
		part := map[string]any{}
		for name, v := range shown {
			if in, there := have[name]; there {
				part[name] = only(v, in)
			}
		}
		return part
	case []any:
		have, ok := answer.([]any)
		if !ok || len(have) != len(shown) {
			return answer
		}
		part := make([]any, len(have))
		for i := range have {
			part[i] = only(shown[i], have[i])
		}
		return part
	}
	return answer
}
