package usher_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mutant is a fault put into the core by hand: in file, from becomes to.
type mutant struct {
	name, file, from, to string
}

// mutants are faults that nobody would like to find in production. Each must be found by the histories or the table of states, so that these
// stay honest.
func mutants() []mutant {
	return []mutant{
		{
			"approve needs no guard", "decide.go",
			"CmdApprove:      {from: waiting,", "CmdApprove:      {from: States(),",
		},
		{
			"what has ended can be cancelled", "decide.go",
			"slices.Concat(collecting, waiting, []State{Expired}), do: (*decider).cancel", "States(), do: (*decider).cancel",
		},
		{
			"a change is told by no event", "decide.go",
			"d.events = append(d.events, e)", "if t != SessionStarted {\n\t\td.events = append(d.events, e)\n\t}",
		},
		{
			"the sequence is not raised", "decide.go",
			"Sequence: d.s.Version + 1,", "Sequence: d.s.Version + int64(len(d.s.Steps)%2),",
		},
		{
			"IfVersion is ignored", "decide.go",
			"c.IfVersion != 0 && c.IfVersion != s.Version", "c.IfVersion < 0",
		},
		{
			"steps may be skipped", "decide.go",
			"case at >= 0 && place > at:", "case at >= 0 && place < at && false:",
		},
		{
			"the deadline is not looked at", "decide.go",
			"if d.overdue() {\n\t\treturn &Error{Code: CodeGone", "if false {\n\t\treturn &Error{Code: CodeGone",
		},
		{
			"evidence is swapped behind its checks", "decide.go",
			"if d.locked(e.Kind) {", "if false {",
		},
		{
			"an error leaves its traces", "decide.go",
			"if err != nil {\n\t\treturn s, nil, err\n\t}\n\treturn d.s,", "if err != nil {\n\t\treturn d.s, nil, err\n\t}\n\treturn d.s,",
		},
		{
			"checks cut off by the deadline are not asked again", "decide.go",
			"expired && ok && st.State == StepRunning", "false && expired && ok && st.State == StepRunning",
		},
		{
			"unavailable counts as clear", "decide_checks.go",
			"case r.Outcome != Clear:", "case r.Outcome == Unavailable:\n\t\tcase r.Outcome != Clear:",
		},
		{
			"assisted approves", "decide_checks.go",
			"r.Assurance == Assisted && slices.Contains(acceptAssisted, r.Kind)", "r.Assurance == Assisted",
		},
		{
			"simulated approves real people", "decide_checks.go",
			"r.Assurance == Simulated && s.Mode == Sandbox", "r.Assurance == Simulated",
		},
		{
			"a flow without checks approves anybody", "decide_checks.go",
			"if len(results) == 0 {", "if false {",
		},
		{
			"a second result takes the first one's place", "decide_checks.go",
			`return c.Kind == r.Kind && c.Outcome == "" }`, "return c.Kind == r.Kind }",
		},
		{
			"results that come while something else is redone are lost", "decide_checks.go",
			"if d.s.State.Ended() ||", "if d.s.State == AwaitingApplicant || d.s.State.Ended() ||",
		},
		{
			"results of an earlier round count", "decide_checks.go",
			" || st.Round != d.c.Round {", " {",
		},
		{
			"the same reviewer votes twice", "decide_review.go",
			"return a.ID == d.c.By.ID })", "return false })",
		},
		{
			"an account is opened twice", "decide_review.go",
			"d.s.State != Approved || (d.s.Account != nil && d.s.Account.Opened)", "d.s.State != Approved",
		},
		{
			"an account is opened for who was rejected", "decide_review.go",
			"d.s.State != Approved || (d.s.Account", "(d.s.Account",
		},
		{
			"what is redone keeps its old checks", "event.go",
			"if reached && !st.Kind.ByApplicant() {", "if reached && st.Kind == StepAccount {",
		},
		{
			"old evidence does for what was asked again", "event.go",
			"if len(own) == 0 {\n\t\treturn why\n\t}\n", "",
		},
		{
			"lists share their memory", "event.go",
			"append(slices.Clip(s.Evidence), *e.Data.Evidence)", "append(s.Evidence, *e.Data.Evidence)",
		},
		{
			"the steps that went in are written to", "event.go",
			"s.Steps = slices.Clone(s.Steps)\n\treturn s", "return s",
		},
		{
			"a code proves another address", "event.go",
			"s.unprove(i, e.Data.Fields)", "",
		},
		{
			"one code of two will do", "contact.go",
			"if _, ok := st.Proof(c); !ok {", "if len(st.Proved) == 0 {",
		},
		{
			"something that counts is not stored", "session.go",
			"`json:\"votes,omitempty\"`", "`json:\"-\"`",
		},
		{
			"a timer comes again and again", "session.go",
			"s.State == InProgress && !s.Abandoned && quiet", "s.State == InProgress && quiet",
		},
	}
}

// TestMutantsAreFound puts each fault into a copy of its file, runs the tests of the core over it, and expects them to fail. The copies are
// laid over the package by the go command, in a temporary folder: nothing in the tree is written to. The seed is fixed, so that a fault is found
// every time or never.
func TestMutantsAreFound(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the package once per mutant")
	}
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			by := kill(t, m)
			if by == "" {
				t.Fatalf("nothing found it")
			}
			t.Logf("found by %s", by)
		})
	}
}

// kill gives the first test that fails with the mutant in place and what it says, or "" when all pass.
func kill(t *testing.T, m mutant) string {
	t.Helper()
	source, err := os.ReadFile(m.file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), m.from) != 1 {
		t.Fatalf("the mutant %q no longer fits: %s does not hold, just once, %q", m.name, m.file, m.from)
	}
	here, err := filepath.Abs(m.file)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	changed, overlay := filepath.Join(folder, m.file), filepath.Join(folder, "overlay.json")
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {here: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{changed: strings.Replace(string(source), m.from, m.to, 1), overlay: string(plan)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Histories find most. What needs many things to come together has a test of its own.
	tests := "^(TestHistories|TestEveryCommandInEveryState|TestFileIsNotSwappedBehindItsCheck|" +
		"TestResultWhileSomethingElseIsRedone|TestChecksThatTheDeadlineCutOffAreAskedAgain|TestChangedAddressIsProvedAnew)$"
	run := exec.CommandContext(t.Context(), "go", "test", "-overlay="+overlay, "-vet=off", "-failfast", "-count=1", "-run="+tests,
		"-rapid.checks=2500", "-rapid.seed=1", "-rapid.nofailfile", "-rapid.shrinktime=0s", ".")
	out, err := run.CombinedOutput()
	if err == nil {
		return ""
	}
	if strings.Contains(string(out), "[build failed]") {
		t.Fatalf("the mutant %q does not compile:\n%s", m.name, out)
	}
	by := regexp.MustCompile(`--- FAIL: (\S+)`).FindAllStringSubmatch(string(out), -1)
	why := regexp.MustCompile(`(?m)^\s+\S+_test\.go:\d+: (?:\[rapid\][^:]*: )?(.*)$`).FindAllStringSubmatch(string(out), -1)
	if len(by) == 0 || len(why) == 0 {
		t.Fatalf("the mutant %q ended its tests in another way:\n%s", m.name, out)
	}
	return by[len(by)-1][1] + ": " + strings.TrimSpace(why[len(why)-1][1])
}
