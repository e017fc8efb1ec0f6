package dialecttest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

var update = flag.Bool("update", false, "write the outputs of golden transcripts anew")

// Scenarios names the transcripts that every dialect must have, one file each: <name>.txtar.
func Scenarios() []string {
	return []string{
		"happy_path", "resubmission", "review_approve", "review_reject", "stop_fail", "expiry", "abandon_restart", "duplicate_create",
		"unknown_id", "wrong_tenant", "bad_body", "account_error", "erased",
	}
}

// Stage is what a transcript is played on.
type Stage struct {
	Handler http.Handler
	Service usher.Service
	Client  usher.APIClient // the client that speaks; its tenant has one endpoint of the dialect

	Messages func() []usher.Message // what the tenant's endpoint was to be sent so far, oldest first
	Settle   func()                 // waits until checks, timers and account openers have done what there is to do
	Advance  func(time.Duration)    // moves the clock

	Header  map[string]string // of every request that does not set it; names are put in
	Given   map[string]string // values that the transcript calls "<key>", such as an API key
	Secrets []string          // members of answers whose values are secret or random
	Show    []string          // headers of answers that belong to the transcript
	Acts    map[string]Act    // beside those that every stage has
}

// Act is something that happens elsewhere than in the API under test; args are the words behind its name.
type Act func(t *testing.T, args []string)

// Run plays every transcript of a folder, each on the stage set for its scenario, and fails for a named scenario that is not there; but says
// for such a scenario why the dialect cannot show it.
func Run(t *testing.T, dir string, but map[string]string, stage func(t *testing.T, scenario string) Stage) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Scenarios() {
		if !slices.Contains(files, filepath.Join(dir, name+".txtar")) && but[name] == "" {
			t.Errorf("the scenario %s has no transcript in %s", name, dir)
		}
	}
	for _, file := range files {
		scenario := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && scenario != shortest {
				t.Skip("a transcript has one caller: run without -short, as scripts/test.sh does beside the race detector")
			}
			play(t, file, stage(t, scenario))
		})
	}
}

// shortest is the scenario that is played even in short.
const shortest = "happy_path"

func play(t *testing.T, file string, stage Stage) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := parse(string(text))
	p := player{Stage: stage, names: newNames(stage.Secrets, stage.Given)}
	for i := range s.sections {
		s.sections[i].output = p.section(t, s.sections[i])
	}
	got := s.format()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs from what happened (-file +now); run with -update if that is right:\n%s", file, diff)
	}
}

type player struct {
	Stage
	names *names
	told  int // messages already in the transcript
}

// section plays one section and gives what came of it: the answer, and the webhooks that followed.
func (p *player) section(t *testing.T, s section) string {
	t.Helper()
	var out []string
	switch {
	case len(s.input) == 0:
		t.Fatalf("the section %q has neither a request nor an act", s.title)
	case strings.HasPrefix(s.input[0], "!"):
		for _, line := range s.input {
			p.act(t, strings.Fields(p.names.show(strings.TrimPrefix(line, "!"))))
			p.Settle()
		}
	default:
		out = append(out, p.request(t, s.input))
		p.Settle()
	}
	return strings.TrimPrefix(strings.Join(append(out, p.webhooks()...), "\n"), "\n")
}

// request sends a request: method and address, headers, body.
func (p *player) request(t *testing.T, input []string) string {
	t.Helper()
	lines := make([]string, len(input))
	for i, line := range input {
		lines[i] = strings.TrimSpace(strings.TrimPrefix(p.names.show(line), ">"))
	}
	method, address, ok := strings.Cut(lines[0], " ")
	if !ok {
		t.Fatalf("%q is no request: give method and address", input[0])
	}
	header := http.Header{}
	for name, value := range p.Header {
		header.Set(name, p.names.show(value))
	}
	rest := lines[1:]
	for len(rest) > 0 && rest[0] != "" && !strings.ContainsAny(rest[0][:1], `{["`) {
		name, value, ok := strings.Cut(rest[0], ":")
		if !ok {
			break
		}
		header.Set(name, strings.TrimSpace(value))
		rest = rest[1:]
	}
	r := httptest.NewRequestWithContext(t.Context(), method, address, strings.NewReader(strings.Join(rest, "\n")))
	r.Header = header
	w := httptest.NewRecorder()
	p.Handler.ServeHTTP(w, r)
	out := fmt.Sprint(w.Code)
	for _, name := range p.Show {
		if v := w.Header().Get(name); v != "" {
			out += "\n" + name + ": " + v
		}
	}
	return out + "\n" + p.names.hide(indent(w.Body.Bytes()))
}

// webhooks gives the messages written since the last section.
func (p *player) webhooks() []string {
	all := p.Messages()
	var out []string
	for _, m := range all[p.told:] {
		out = append(out, "\nwebhook "+m.Event+"\n"+p.names.hide(indent(m.Body)))
	}
	p.told = len(all)
	return out
}

// indent makes a JSON text readable and leaves any other as it is.
func indent(body []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, bytes.TrimSpace(body), "", "  ") != nil {
		return strings.TrimSpace(string(body))
	}
	return b.String()
}
