// Package flow reads flows from text files. A flow is written in YAML, as short as it can be:
//
//	name: onboarding
//	expires: 48h
//	steps:
//	  - consent: {text: identity-check}
//	  - details: {ask: [name, date_of_birth]}
//	  - document: {accept: [passport, id_card]}
//	  - run: [document, age]
//	  - decide: {automatic: approve}
//	  - account: {opener: internal}
//
// The rules of what a flow may be are the root's ([usher.Flow.Check]); this package finds the line that a broken rule is about. Text comes in,
// an [usher.Flow] or a list of [Problem] goes out; nothing is kept.
package flow

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/usher-kyc/usher"
)

// Problem is one thing wrong with a flow file: the line it stands on (from 1; 0 for the file as a whole), what is wrong and how to mend it.
type Problem struct {
	Line    int    `json:"line"`
	Message string `json:"message"`
	Cure    string `json:"cure"`
}

// String gives the problem as a line of output.
func (p Problem) String() string { return fmt.Sprintf("line %d: %s; %s", p.Line, p.Message, p.Cure) }

// largest bounds a flow file, in bytes. YAML can be made to unfold without end from a small file, so anchors are refused as well.
const largest = 64 << 10

// Parse reads a flow and checks it against what the server knows. With any problem the flow must not be used.
func Parse(text string, known usher.Known) (usher.Flow, []Problem) {
	if len(text) > largest {
		return usher.Flow{}, []Problem{{0, "the file is larger than 64 KB", "shorten it: a flow has at most 30 steps"}}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return usher.Flow{}, []Problem{{lineOf(err), "this is not YAML: " + plain(err), "mind indentation, colons and brackets"}}
	}
	r := reader{known: known}
	if len(doc.Content) == 0 {
		return usher.Flow{}, []Problem{{1, "the file is empty", "begin with \"name: onboarding\""}}
	}
	r.flow.Reissue = true
	r.top(doc.Content[0])
	if len(r.problems) > 0 {
		return usher.Flow{}, r.problems
	}
	f := r.flow.WithDefaults()
	for _, p := range f.Check(known) {
		line := doc.Content[0].Line
		if p.Step >= 0 {
			line = r.lines[p.Step]
		}
		r.problems = append(r.problems, Problem{line, p.Message, p.Cure})
	}
	return f, r.problems
}

// Err joins problems to one error of code invalid, or nil when there are none.
func Err(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return usher.Invalid("source", "%s", strings.Join(lines, "\n"))
}

type reader struct {
	flow     usher.Flow
	known    usher.Known
	lines    []int // of the steps
	problems []Problem
}

func (r *reader) bad(n *yaml.Node, cure, format string, args ...any) {
	r.problems = append(r.problems, Problem{n.Line, fmt.Sprintf(format, args...), cure})
}

// members walks a mapping, and refuses what no reader knows.
func (r *reader) members(n *yaml.Node, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.bad(n, "write it as \"name: value\" pairs", "here a mapping is expected")
		return
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case !ok:
			r.bad(key, "use one of "+strings.Join(names, ", "), "unknown word %q", key.Value)
		case value.Kind == yaml.AliasNode || value.Anchor != "":
			r.bad(value, "write the value out", "anchors and aliases are not read here")
		default:
			read(value)
		}
	}
}

func (r *reader) top(n *yaml.Node) {
	r.members(n, map[string]func(*yaml.Node){
		"name":     func(v *yaml.Node) { r.flow.Name = r.text(v) },
		"purpose":  func(v *yaml.Node) { r.flow.Purpose = usher.Purpose(r.text(v)) },
		"expires":  func(v *yaml.Node) { r.flow.Expires = r.duration(v) },
		"abandon":  func(v *yaml.Node) { r.flow.Abandon = r.duration(v) },
		"remind":   func(v *yaml.Node) { r.flow.Remind = r.durations(v) },
		"attempts": func(v *yaml.Node) { r.flow.Attempts = r.number(v) },
		"reissue":  func(v *yaml.Node) { r.flow.Reissue = r.yes(v) },
		"review":   r.review,
		"steps":    r.steps,
		"settings": r.settings,
	})
}

// review reads how fast cases are to be decided: "4h", or a mapping that says to whom they are given as well.
func (r *reader) review(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		r.flow.Review.Within = r.duration(n)
		return
	}
	r.members(n, map[string]func(*yaml.Node){
		"within": func(v *yaml.Node) { r.flow.Review.Within = r.duration(v) },
		"assign": func(v *yaml.Node) { r.flow.Review.RoundRobin = r.choice(v, "round_robin", "none") == "round_robin" },
		"most":   func(v *yaml.Node) { r.flow.Review.Most = r.number(v) },
	})
}

// mostSettings bounds what a flow holds for a dialect.
const mostSettings = 40

// settings reads pairs that only the dialect of a session knows the meaning of.
func (r *reader) settings(n *yaml.Node) {
	if n.Kind != yaml.MappingNode || len(n.Content) > 2*mostSettings {
		r.bad(n, "write at most 40 \"name: value\" pairs", "settings is not a mapping")
		return
	}
	r.flow.Settings = map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		r.flow.Settings[n.Content[i].Value] = r.text(n.Content[i+1])
	}
}

func (r *reader) steps(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.bad(n, "list the steps, each behind a dash", "steps is not a list")
		return
	}
	for _, item := range n.Content {
		if item.Kind == yaml.ScalarNode {
			// "- selfie" is a step without settings.
			r.step(item, item.Value, &yaml.Node{Kind: yaml.MappingNode, Line: item.Line})
			continue
		}
		if item.Kind != yaml.MappingNode || len(item.Content) != 2 {
			r.bad(item, "write one step behind each dash, such as \"- selfie: {video: true}\"", "this is not one step")
			continue
		}
		value := item.Content[1]
		if value.Tag == "!!null" {
			value = &yaml.Node{Kind: yaml.MappingNode, Line: value.Line}
		}
		r.step(item.Content[0], item.Content[0].Value, value)
	}
}

func (r *reader) step(at *yaml.Node, kind string, n *yaml.Node) {
	s := usher.Step{Kind: usher.StepKind(kind)}
	known := map[string]func(*yaml.Node){"name": func(v *yaml.Node) { s.ID = r.text(v) }}
	switch s.Kind {
	case usher.StepConsent:
		known["text"] = func(v *yaml.Node) { s.Text = r.text(v) }
	case usher.StepDetails:
		known["ask"] = func(v *yaml.Node) { s.Ask = list[usher.DetailField](r, v) }
	case usher.StepDocument:
		known["accept"] = func(v *yaml.Node) { s.Accept = list[usher.DocumentType](r, v) }
	case usher.StepSelfie:
		known["video"] = func(v *yaml.Node) {
			s.VideoFree = v.Value == "wanted"
			s.Video = s.VideoFree || r.yes(v)
		}
		known["challenge"] = func(v *yaml.Node) { s.Challenge = r.yes(v) }
	case usher.StepRun:
		if n.Kind == yaml.SequenceNode {
			n = &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "checks", Line: n.Line}, n}}
		}
		known["checks"] = func(v *yaml.Node) { s.Checks = list[usher.CheckKind](r, v) }
		known["stop_on_reject"] = func(v *yaml.Node) { s.Stop = r.yes(v) }
		known["early"] = func(v *yaml.Node) { s.Early = r.yes(v) }
	case usher.StepDecide:
		known["automatic"] = func(v *yaml.Node) { s.Automatic = r.choice(v, "approve", "none") == "approve" }
		known["on_reject"] = func(v *yaml.Node) { s.OnReject = usher.OnReject(r.text(v)) }
		known["reviewers"] = func(v *yaml.Node) { s.Reviewers = r.number(v) }
		known["accept_assisted"] = func(v *yaml.Node) { s.AcceptAssisted = list[usher.CheckKind](r, v) }
	case usher.StepAccount:
		known["opener"] = func(v *yaml.Node) { s.Opener = r.text(v) }
	case usher.StepContact:
		known["verify"] = func(v *yaml.Node) { s.Verify = list[usher.Channel](r, v) }
	case usher.StepProofOfAddress:
	default:
		r.bad(at, "use consent, details, contact, document, selfie, proof_of_address, run, decide or account", "unknown step %q", kind)
		return
	}
	r.members(n, known)
	r.flow.Steps = append(r.flow.Steps, s)
	r.lines = append(r.lines, at.Line)
}

func (r *reader) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		r.bad(n, "give one word", "here a word is expected")
		return ""
	}
	return n.Value
}

func (r *reader) number(n *yaml.Node) int {
	var i int
	if n.Kind != yaml.ScalarNode || n.Decode(&i) != nil {
		r.bad(n, "give a whole number", "%q is not a number", n.Value)
	}
	return i
}

func (r *reader) yes(n *yaml.Node) bool {
	var b bool
	if n.Kind != yaml.ScalarNode || n.Decode(&b) != nil {
		r.bad(n, "write true or false", "%q is neither true nor false", n.Value)
	}
	return b
}

func (r *reader) duration(n *yaml.Node) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		r.bad(n, "write a time such as 30m or 48h", "%q is not a length of time", n.Value)
	}
	return d
}

func (r *reader) durations(n *yaml.Node) []time.Duration {
	if n.Kind != yaml.SequenceNode {
		r.bad(n, "write a list such as [24h, 72h]", "here a list of times is expected")
		return nil
	}
	times := make([]time.Duration, len(n.Content))
	for i, item := range n.Content {
		times[i] = r.duration(item)
	}
	return times
}

func (r *reader) choice(n *yaml.Node, words ...string) string {
	if n.Kind != yaml.ScalarNode || !slices.Contains(words, n.Value) {
		r.bad(n, "use "+strings.Join(words, " or "), "unknown word %q", n.Value)
	}
	return n.Value
}

func list[T ~string](r *reader, n *yaml.Node) []T {
	if n.Kind != yaml.SequenceNode {
		r.bad(n, "write a list such as [a, b]", "here a list is expected")
		return nil
	}
	words := make([]T, 0, len(n.Content))
	for _, item := range n.Content {
		words = append(words, T(r.text(item)))
	}
	return words
}

// lineOf takes the line out of the YAML library's message, which has no other place for it.
func lineOf(err error) int {
	var line int
	if _, scanErr := fmt.Sscanf(err.Error(), "yaml: line %d:", &line); scanErr != nil {
		return 0
	}
	return line
}

// plain takes the library's name and line out of its message.
func plain(err error) string {
	var t *yaml.TypeError
	if errors.As(err, &t) {
		return strings.Join(t.Errors, "; ")
	}
	s := strings.TrimPrefix(err.Error(), "yaml: ")
	if _, rest, ok := strings.Cut(s, ": "); ok && strings.HasPrefix(s, "line ") {
		return rest
	}
	return s
}
