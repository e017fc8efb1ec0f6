package ops_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// named are the figures that an expression asks for; those of Go and of the process are the collector's own.
var named = regexp.MustCompile(`\b(usher|go|process)_[a-z_]+\b`)

// TestDashboardAndAlerts holds the files under deploy/ against the figures there are, both ways: none that is not there is asked for, and none of ours
// is shown nowhere. Every alert has a section in docs/OPERATIONS.md that says what to do.
func TestDashboardAndAlerts(t *testing.T) {
	t.Parallel()
	text := scrape(t, busy())
	have := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		if name := regexp.MustCompile(`^[a-z_]+`).FindString(line); name != "" {
			have[name] = true
		}
	}
	read := func(name string) []byte {
		raw, err := os.ReadFile("../../deploy/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(read("grafana/usher.json"), &board); err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(read("prometheus/alerts.yml"), &rules); err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	ask := func(where, expr string) {
		names := named.FindAllString(expr, -1)
		if len(names) == 0 {
			t.Errorf("%s asks for nothing of ours: %s", where, expr)
		}
		for _, name := range names {
			if !have[name] {
				t.Errorf("%s asks for %s, which there is not", where, name)
			}
			for _, end := range []string{"_bucket", "_sum", "_count"} {
				name = strings.TrimSuffix(name, end)
			}
			asked[name] = true
		}
	}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			ask("the panel "+p.Title, target.Expr)
		}
	}
	guide, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			ask("the alert "+r.Alert, r.Expr)
			if !strings.Contains(string(guide), "`"+r.Alert+"`") {
				t.Errorf("docs/OPERATIONS.md does not say what to do when %s fires", r.Alert)
			}
		}
	}
	for name := range have {
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, end)
		}
		if strings.HasPrefix(name, "usher_") && !strings.Contains(string(guide), "`"+name) {
			t.Errorf("docs/OPERATIONS.md does not explain %s", name)
		}
		if strings.HasPrefix(name, "usher_") && !asked[name] && !slices.Contains([]string{
			"usher_watchlist_records", "usher_evidence_files_total", // for one's own questions
		}, name) {
			t.Errorf("%s is shown on no panel and watched by no alert", name)
		}
	}
}
