package flow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/flow"
)

var known = usher.Known{
	Checks:  []usher.CheckKind{usher.CheckDocument, usher.CheckFace, usher.CheckAge},
	Openers: []string{"internal", "http"},
	Steps:   []usher.StepKind{usher.StepConsent, usher.StepDetails, usher.StepDocument, usher.StepSelfie, usher.StepProofOfAddress},
}

func TestVideoWanted(t *testing.T) {
	t.Parallel()
	f, problems := flow.Parse("name: a\nsteps:\n  - selfie: {video: wanted}\n  - decide: {}\n", known)
	if len(problems) > 0 || !f.Steps[0].Video || !f.Steps[0].VideoFree {
		t.Errorf("%v, %+v", problems, f.Steps)
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	f, problems := flow.Parse("name: a\nsteps:\n  - selfie: {challenge: true}\n  - decide: {}\n", known)
	if len(problems) > 0 || !f.Steps[0].Challenge {
		t.Errorf("%v, %+v", problems, f.Steps)
	}
	if _, problems := flow.Parse("name: a\nsteps:\n  - selfie: {challenge: true, video: true}\n  - decide: {}\n", known); len(problems) != 1 || problems[0].Line != 3 {
		t.Errorf("with a video: %v", problems)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	f, problems := flow.Parse(`
name: phased
expires: 30m
reissue: false
settings: {success_url: https://shop.example/ok}
steps:
  - consent: {text: identity-check}
  - details: {ask: [name]}
  - run: {checks: [age], name: background, stop_on_reject: true}
  - document: {accept: [passport]}
  - selfie: {video: true}
  - run: [document, face]
  - decide: {automatic: approve, on_reject: reject, accept_assisted: [face]}
  - account: {opener: http}
`, known)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := usher.Flow{
		Name: "phased", Purpose: usher.ForOnboarding, Expires: 30 * time.Minute, Abandon: time.Hour, Attempts: 5,
		Settings: map[string]string{"success_url": "https://shop.example/ok"}, Review: usher.Review{Within: 24 * time.Hour, Most: 20},
		Steps: []usher.Step{
			{ID: "consent", Kind: usher.StepConsent, Text: "identity-check"},
			{ID: "details", Kind: usher.StepDetails, Ask: []usher.DetailField{usher.AskName}},
			{ID: "background", Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckAge}, Stop: true},
			{ID: "document", Kind: usher.StepDocument, Accept: []usher.DocumentType{usher.Passport}},
			{ID: "selfie", Kind: usher.StepSelfie, Video: true},
			{ID: "run", Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckDocument, usher.CheckFace}},
			{
				ID: "decide", Kind: usher.StepDecide, Automatic: true, OnReject: usher.ToReject, Reviewers: 1,
				AcceptAssisted: []usher.CheckKind{usher.CheckFace},
			},
			{ID: "account", Kind: usher.StepAccount, Opener: "http"},
		},
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
}

func TestReview(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]usher.Review{
		"4h": {Within: 4 * time.Hour, Most: 20},
		"{within: 30m, assign: round_robin, most: 5}": {Within: 30 * time.Minute, RoundRobin: true, Most: 5},
		"{assign: none}": {Within: 24 * time.Hour, Most: 20},
	} {
		f, problems := flow.Parse("name: a\nreview: "+text+"\nsteps:\n  - decide: {}\n", known)
		if len(problems) > 0 || f.Review != want {
			t.Errorf("%s: %v, %+v", text, problems, f.Review)
		}
	}
}

func TestParseSaysWhereAndHow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, message, cure string
		line                int
	}{
		"empty":            {"", "the file is empty", "begin with", 1},
		"not yaml":         {"name: [", "this is not YAML", "indentation", 1},
		"unknown word":     {"name: a\nsteps: []\ncolour: red\n", `unknown word "colour"`, "use one of", 3},
		"unknown check":    {"name: a\nsteps:\n  - run: [horoscope]\n  - decide: {}\n", `unknown check "horoscope"`, "use one of [document face age]", 3},
		"unknown step":     {"name: a\nsteps:\n  - dance: {}\n  - decide: {}\n", `unknown step "dance"`, "use consent", 3},
		"no decide":        {"name: a\nsteps:\n  - selfie\n", "could never end", "add a step", 1},
		"behind decide":    {"name: a\nsteps:\n  - decide: {}\n  - selfie\n", "can never be reached", "move it before", 4},
		"two of one name":  {"name: a\nsteps:\n  - run: [age]\n  - run: [face]\n  - decide: {}\n", `two steps are called "run"`, "name of its own", 4},
		"bad time":         {"name: a\nexpires: soon\nsteps: []\n", `"soon" is not a length of time`, "30m or 48h", 2},
		"unknown opener":   {"name: a\nsteps:\n  - decide: {}\n  - account: {opener: gold}\n", `unknown account opener "gold"`, "use one of", 4},
		"unknown document": {"name: a\nsteps:\n  - document: {accept: [library_card]}\n  - decide: {}\n", "unknown document type", "accept passport", 3},
		"step not shown":   {"name: a\nsteps:\n  - contact\n  - decide: {}\n", `cannot show the step "contact"`, "leave it out", 3},
		"video":            {"name: a\nsteps:\n  - selfie: {video: maybe}\n  - decide: {}\n", "neither true nor false", "write true or false", 3},
		"aliases":          {"name: &a x\nsteps: *a\n", "anchors and aliases", "write the value out", 1},
		"review":           {"name: a\nreview: 1s\nsteps:\n  - decide: {}\n", "review is 1s", "give a time", 1},
		"dealt":            {"name: a\nreview: {assign: lottery}\nsteps:\n  - decide: {}\n", `unknown word "lottery"`, "round_robin or none", 2},
		"dealt too many":   {"name: a\nreview: {most: 5000}\nsteps:\n  - decide: {}\n", "most of review is 5000", "from 1 to 1000", 1},
		"reviewers":        {"name: a\nsteps:\n  - decide: {reviewers: 9}\n", "reviewers is 9", "use 1 or 2", 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := flow.Parse(tt.text, known)
			for _, p := range problems {
				if strings.Contains(p.Message, tt.message) && strings.Contains(p.Cure, tt.cure) && p.Line == tt.line {
					return
				}
			}
			t.Errorf("no problem on line %d like %q with cure %q in %v", tt.line, tt.message, tt.cure, problems)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("name: a\nsteps:\n  - run: {checks: [age]}\n  - decide: {automatic: approve}\n")
	f.Add("a: &a [*a, *a]")
	f.Fuzz(func(t *testing.T, text string) {
		read, problems := flow.Parse(text, known)
		if len(problems) == 0 && len(read.Check(known)) > 0 {
			t.Errorf("a flow was read that the rules refuse: %v", read.Check(known))
		}
	})
}
