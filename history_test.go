package usher_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
)

// Histories: random flows that Flow.Check allows, and random commands upon them. Half of the commands are what a helpful person or worker
// would do next, so that histories get somewhere; the other half are anything at all, so that they meet every refusal.

// TestMain gives the property tests as many histories as a run of some seconds allows, unless -rapid.checks says how many.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		n := histories
		if testing.Short() {
			n /= 20
		}
		if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func known() usher.Known {
	return usher.Known{
		Checks:  []usher.CheckKind{usher.CheckDocument, usher.CheckFace, usher.CheckWatchlist, usher.CheckAge},
		Openers: []string{"internal"},
		Steps: []usher.StepKind{
			usher.StepConsent, usher.StepDetails, usher.StepContact, usher.StepDocument, usher.StepSelfie, usher.StepProofOfAddress,
		},
		Channels: usher.Channels(),
	}
}

// pick draws one of a list. SampledFrom would favour the first few by far.
func pick[T any](t *rapid.T, label string, from []T) T { return from[upTo(t, label, len(from)-1)] }

// upTo draws a number from 0 to most.
func upTo(t *rapid.T, label string, most int) int {
	return int(rapid.Uint32().Draw(t, label) % uint32(most+1))
}

func chance(t *rapid.T, label string) bool { return rapid.Bool().Draw(t, label) }

// drawFlow makes a flow of any shape that Flow.Check allows: checks first, in between, last, or nowhere.
func drawFlow(t *rapid.T) usher.Flow {
	f := usher.Flow{
		Name: "drawn", Version: 1, Expires: time.Hour, Abandon: 20 * time.Minute, Remind: []time.Duration{10 * time.Minute, 30 * time.Minute}[:upTo(t, "reminders", 2)],
		Attempts: 1 + upTo(t, "attempts", 2), Reissue: chance(t, "reissue"),
	}
	kinds := append(known().Steps, usher.StepRun, usher.StepRun, usher.StepRun)
	for i := range upTo(t, "steps", 6) {
		st := usher.Step{Kind: pick(t, "step kind", kinds)}
		st.ID = fmt.Sprintf("%s-%d", st.Kind, i)
		if st.Kind == usher.StepContact {
			st.Verify = usher.Channels()[:1+upTo(t, "channels", 1)]
		}
		if st.Kind == usher.StepRun {
			first := upTo(t, "first check", len(known().Checks)-1)
			st.Checks = known().Checks[first:min(first+2, len(known().Checks))]
			st.Stop, st.Early = chance(t, "stop"), chance(t, "early")
		}
		f.Steps = append(f.Steps, st)
	}
	decide := usher.Step{
		Kind: usher.StepDecide, Automatic: upTo(t, "automatic", 3) > 0, Reviewers: 1 + upTo(t, "reviewers", 1),
	}
	if chance(t, "reject by rule") {
		decide.OnReject = usher.ToReject
	}
	if chance(t, "accept assisted") {
		decide.AcceptAssisted = []usher.CheckKind{usher.CheckFace}
	}
	f.Steps = append(f.Steps, decide)
	if chance(t, "account") {
		f.Steps = append(f.Steps, usher.Step{Kind: usher.StepAccount, Opener: "internal"})
	}
	f = f.WithDefaults()
	if problems := f.Check(known()); len(problems) > 0 {
		t.Fatalf("a drawn flow is not valid: %v", problems)
	}
	return f
}

// play is one history in the making.
type play struct {
	s      usher.Session
	twin   usher.Session // the same, but stored and loaded now and then
	folded usher.Session
	events []usher.Event
	jobs   []job // checks that were sent out and have not answered
	now    time.Time
}

// job is a run step's checks on their way. Each answers once: what a session does not take in is lost.
type job struct {
	step  string
	round int
}

func begin(flow usher.Flow, mode usher.Mode) *play {
	p := &play{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	p.s, p.events = usher.Start(usher.Session{ID: "s", TenantID: "t", ApplicantID: "a", Mode: mode, Flow: flow}, client, p.now)
	p.twin, p.folded = p.s, usher.Fold(flow, p.events)
	p.queue(usher.Command{}, p.events)
	return p
}

var (
	client    = usher.Actor{Kind: usher.ByClient, ID: "client"}
	applicant = usher.Actor{Kind: usher.ByApplicant, ID: "a"}
	system    = usher.Actor{Kind: usher.BySystem, ID: "checks"}
	viewer    = usher.Actor{Kind: usher.ByStaff, ID: "viewer", Role: usher.RoleViewer}
	reviewer  = usher.Actor{Kind: usher.ByStaff, ID: "reviewer", Role: usher.RoleReviewer}
	senior    = usher.Actor{Kind: usher.ByStaff, ID: "senior", Role: usher.RoleSenior}
)

func actors() []usher.Actor {
	return []usher.Actor{client, applicant, system, viewer, reviewer, senior, {}}
}

// needs gives the evidence kinds that steps of a kind take.
func needs(k usher.StepKind) []usher.EvidenceKind {
	return map[usher.StepKind][]usher.EvidenceKind{
		usher.StepDocument:       {usher.DocumentFront, usher.DocumentBack},
		usher.StepSelfie:         {usher.Selfie},
		usher.StepProofOfAddress: {usher.ProofOfAddress},
	}[k]
}

// lacks gives evidence that the step still needs, "" when it has all.
func lacks(s usher.Session, st usher.StepStatus) usher.EvidenceKind {
	for _, kind := range needs(st.Kind) {
		if !slices.ContainsFunc(s.Evidence, func(e usher.Evidence) bool {
			return e.Kind == kind && (!st.Again(kind) || e.Attempt == s.Attempt)
		}) {
			return kind
		}
	}
	return ""
}

// helpful gives what somebody of good will would do next: an applicant who does what is asked, checks that answer, reviewers who approve.
func (p *play) helpful(outcome usher.Outcome, assurance usher.Assurance) usher.Command {
	s := p.s
	st, _, _ := s.Current()
	switch s.State {
	case usher.Created, usher.AwaitingApplicant:
		return usher.Command{Kind: usher.CmdOpen, By: applicant}
	case usher.InProgress, usher.Submitted:
		switch {
		case st.State == usher.StepRunning && slices.Contains(p.jobs, job{st.ID, st.Round}):
			return p.answer(job{st.ID, st.Round}, outcome, assurance)
		case lacks(s, st) != "":
			return usher.Command{Kind: usher.CmdAddEvidence, By: applicant, Evidence: &usher.Evidence{Kind: lacks(s, st)}}
		case st.Kind == usher.StepConsent:
			return usher.Command{Kind: usher.CmdConsent, By: applicant, Step: st.ID, Consent: &usher.Consent{Face: true}}
		case st.Kind == usher.StepContact:
			def, _, _ := s.Flow.Step(st.ID)
			i := slices.IndexFunc(def.Verify, func(c usher.Channel) bool { _, ok := st.Proof(c); return !ok })
			return usher.Command{
				Kind: usher.CmdProveContact, By: applicant, Step: st.ID, Contact: &usher.ContactProof{Channel: def.Verify[i], Address: "a@example.test"},
			}
		case st.Kind.ByApplicant():
			return usher.Command{
				Kind: usher.CmdCompleteStep, By: applicant, Step: st.ID, Given: usher.DetailFields(), Document: &usher.DocumentChoice{Type: usher.IDCard},
			}
		}
		return usher.Command{Kind: usher.CmdSubmit, By: applicant}
	case usher.InReview:
		by := senior
		if len(s.Votes) > 0 && s.Votes[0].ID == senior.ID {
			by = reviewer
		}
		return usher.Command{Kind: usher.CmdApprove, By: by}
	case usher.Expired:
		return usher.Command{Kind: usher.CmdReissueLink, By: client}
	default:
		return usher.Command{Kind: usher.CmdAccount, By: system, Account: &usher.AccountStatus{ID: "account", Opened: true}}
	}
}

func results(st usher.StepStatus, outcome usher.Outcome, assurance usher.Assurance) []usher.CheckResult {
	var rs []usher.CheckResult
	for _, c := range st.Checks {
		rs = append(rs, usher.CheckResult{Kind: c.Kind, Outcome: outcome, Score: 0.5, Assurance: assurance, Provider: "drawn"})
	}
	return rs
}

// drawOutcome favours what lets a history go on.
func drawOutcome(t *rapid.T) (usher.Outcome, usher.Assurance) {
	outcomes := []usher.Outcome{usher.Clear, usher.Clear, usher.Clear, usher.Clear, usher.Consider, usher.Refuse, usher.Unavailable, usher.NotRun}
	assurances := []usher.Assurance{usher.Verified, usher.Verified, usher.Verified, usher.Assisted, usher.Simulated}
	return pick(t, "outcome", outcomes), pick(t, "assurance", assurances)
}

// drawCommand makes the next command of a history.
func (p *play) drawCommand(t *rapid.T) usher.Command {
	ids, theirs := []string{"", "nowhere"}, []string{}
	for _, st := range p.s.Steps {
		ids = append(ids, st.ID)
		if st.Kind.ByApplicant() && st.Kind != usher.StepConsent {
			theirs = append(theirs, st.ID)
		}
	}
	waits := p.s.State == usher.Submitted || p.s.State == usher.InReview
	switch way := upTo(t, "way", 9); {
	case way < 2 && waits && len(theirs) > 0:
		return usher.Command{
			Kind: usher.CmdAskAgain, By: senior, Steps: []string{pick(t, "again", theirs)},
			Reasons: []usher.Reason{{Code: usher.DocumentBlurred, Step: pick(t, "reason's step", append(theirs, ""))}},
		}
	case way == 2 && waits:
		return usher.Command{Kind: usher.CmdApprove, By: pick(t, "who", []usher.Actor{reviewer, senior})}
	case way < 2 && len(p.jobs) > 0:
		outcome, assurance := drawOutcome(t)
		return p.answer(pick(t, "job", p.jobs), outcome, assurance)
	case way < 6:
		outcome, assurance := drawOutcome(t)
		return p.helpful(outcome, assurance)
	}
	kinds := append(usher.Commands(), "nonsense")
	c := usher.Command{Kind: pick(t, "kind", kinds), By: pick(t, "by", actors()), Step: pick(t, "step", ids)}
	if st, _, ok := p.s.Current(); ok && chance(t, "current") {
		c.Step = st.ID
	}
	switch c.Kind {
	case usher.CmdReport:
		st, _ := p.s.Step(c.Step)
		c.Round = st.Round + pick(t, "round", []int{0, 0, -1, 1})
		outcome, assurance := drawOutcome(t)
		c.Results = results(st, outcome, assurance)
		if len(c.Results) > 0 {
			twice := c.Results[0]
			twice.Outcome, twice.Assurance = drawOutcome(t)
			c.Results = append(c.Results[:1+upTo(t, "how many", len(c.Results)-1)], twice, usher.CheckResult{Kind: usher.CheckAge, Outcome: usher.Clear, Assurance: usher.Verified})
		}
	case usher.CmdProveContact:
		if chance(t, "proof") {
			c.Contact = &usher.ContactProof{
				Channel: pick(t, "channel", append(usher.Channels(), "pigeon")), Address: pick(t, "address", []string{"", "a@example.test", "b@example.test"}),
				Simulated: chance(t, "simulated"),
			}
		}
	case usher.CmdConsent, usher.CmdCompleteStep, usher.CmdSubmit:
		c.Changed = [][]string{nil, nil, {"last_name"}, {"email"}, {"email", "phone"}}[upTo(t, "changed", 4)]
		if chance(t, "full") {
			c.Consent, c.Given = &usher.Consent{Text: "drawn"}, usher.DetailFields()
			c.Document = &usher.DocumentChoice{Type: pick(t, "type", append(usher.DocumentTypes(), "", "library_card"))}
		}
	case usher.CmdAddEvidence:
		if upTo(t, "file", 9) > 0 {
			c.Evidence = &usher.Evidence{ID: strconv.Itoa(len(p.events)), Kind: pick(t, "evidence", append(usher.EvidenceKinds(), "mugshot"))}
			if chance(t, "made up") {
				c.Evidence.Source = usher.FromSimulation
			}
		}
	case usher.CmdAskAgain:
		c.Steps = []string{c.Step, pick(t, "also", ids)}[upTo(t, "one", 1):]
		c.Reasons = []usher.Reason{{Code: usher.DocumentBlurred, Step: pick(t, "reason's step", ids)}}
	case usher.CmdAccount:
		if chance(t, "answer") {
			c.Account = &usher.AccountStatus{ID: "account", Opened: chance(t, "opened")}
		}
	case usher.CmdAnnotate:
		c.Metadata = map[string]string{"k": pick(t, "value", []string{"", "v", strings.Repeat("v", 70<<10)}), "other": "kept"}
		if chance(t, "no pairs") {
			c.Metadata = nil
		}
		c.Locale = pick(t, "locale", []string{"", "sv"})
	case usher.CmdChallenge:
		all := []usher.Move{usher.MoveLeft, usher.MoveRight, usher.MoveCloser}
		c.Challenge = &usher.Challenge{Nonce: "n" + strconv.Itoa(len(p.events)), Moves: []usher.Move{pick(t, "move", all), pick(t, "move", all)}}
	case usher.CmdHits:
		c.Hits = &usher.HitChange{Screening: "x", New: []string{"list/1"}[:upTo(t, "hits", 1)]}
	case usher.CmdCorrect:
		c.Facts = []usher.Correction{{Field: "number", Old: "1", New: "7"}}[:upTo(t, "facts", 1)]
	}
	p.drawRest(t, &c)
	return c
}

// drawRest adds what any command may carry.
func (p *play) drawRest(t *rapid.T, c *usher.Command) {
	switch upTo(t, "rest", 9) {
	case 0:
		c.IfVersion = p.s.Version
	case 1:
		c.IfVersion = p.s.Version - 1
	case 2:
		c.Expires = p.now.Add(-time.Second)
	case 3:
		c.Expires = p.now.Add(2 * time.Hour)
	case 4:
		c.Reasons = []usher.Reason{{Code: "because"}}
	case 5:
		c.Note, c.Return = "a note", "https://client.example.test/back"
	default:
		if len(c.Reasons) == 0 {
			c.Reasons = []usher.Reason{{Code: usher.Policy}}
		}
	}
}

// pass lets time go by: mostly a little, sometimes past a deadline.
func (p *play) pass(t *rapid.T) {
	minutes := []int{0, 1, 1, 1, 1, 5, 5, 25, 61}
	p.now = p.now.Add(time.Duration(pick(t, "minutes", minutes)) * time.Minute)
}

// restarted gives the session as it is after it was stored and loaded.
func restarted(t failer, s usher.Session) usher.Session {
	t.Helper()
	stored, err := json.Marshal(s)
	if err != nil {
		t.Fatalf("store: %v", err)
	}
	var loaded usher.Session
	if err := json.Unmarshal(stored, &loaded); err != nil {
		t.Fatalf("load: %v", err)
	}
	loaded.Flow = s.Flow
	return loaded
}

func TestHistories(t *testing.T) {
	t.Parallel()
	for _, mode := range []usher.Mode{usher.Sandbox, usher.Live} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				p := begin(drawFlow(t), mode)
				restart := upTo(t, "restart after", 12)
				for i := range upTo(t, "length", 30) {
					p.pass(t)
					c := p.drawCommand(t)
					if i == restart {
						p.twin = restarted(t, p.twin)
					}
					_ = p.do(t, c)
				}
				p.foldsWhenStored(t)
				p.canEnd(t)
			})
		})
	}
}

// do gives a command to the session and sees that every invariant held.
func (p *play) do(t failer, c usher.Command) error {
	before, kept := p.s, deep(p.s)
	after, events, err := usher.Decide(before, c, p.now)
	same(t, "I5: the session that went in", kept, before)
	if err != nil {
		if len(events) > 0 {
			t.Fatalf("I5: %s failed (%v) and told %d events", c.Kind, err, len(events))
		}
		same(t, "I5: the session after a failed "+string(c.Kind), kept, after)
	}
	twin, told, twinErr := usher.Decide(p.twin, c, p.now)
	same(t, "I10: the session that was stored and loaded", after, twin)
	same(t, "I10: its events", events, told)
	if fmt.Sprint(err) != fmt.Sprint(twinErr) {
		t.Fatalf("I10: error %v, and %v after a restart", err, twinErr)
	}
	heldAsked(t, before, c, err, p.now)
	heldMove(t, before, c, after, err)
	heldEvents(t, before, after, events)
	for _, e := range events {
		next := usher.Apply(p.folded, before.Flow, e)
		heldEvent(t, p.folded, c, e, next)
		p.folded = next
	}
	same(t, "I4: the fold of its events", after, p.folded)
	heldStanding(t, after, p.now)
	if err == nil && slices.Contains([]usher.CommandKind{usher.CmdAddEvidence, usher.CmdCorrect, usher.CmdReport}, c.Kind) {
		branch(t, before, c, after, p.now)
	}
	p.s, p.twin, p.events = after, twin, append(p.events, events...)
	p.queue(c, events)
	return err
}

// branch sees that a session does not notice when another command is given to the one that it came from.
func branch(t failer, before usher.Session, c usher.Command, after usher.Session, now time.Time) {
	kept := deep(after)
	c.Evidence, c.Facts, c.Results = copied(c.Evidence), slices.Clone(c.Facts), slices.Clone(c.Results)
	if c.Evidence != nil {
		c.Evidence.ID = "another"
	}
	for i := range c.Facts {
		c.Facts[i].New = "another"
	}
	for i := range c.Results {
		c.Results[i].Provider = "another"
	}
	if _, _, err := usher.Decide(before, c, now); err != nil {
		t.Fatalf("the same command again: %v", err)
	}
	same(t, "I5: the session after "+string(c.Kind)+", when another went the same way,", kept, after)
}

// queue keeps the jobs that are out.
func (p *play) queue(c usher.Command, events []usher.Event) {
	if c.Kind == usher.CmdReport && c.By.ID == queue {
		p.jobs = slices.DeleteFunc(p.jobs, func(j job) bool { return j == job{c.Step, c.Round} })
	}
	for _, e := range events {
		if j := (job{e.Data.Step, e.Data.Round}); e.Type == usher.CheckStarted && !slices.Contains(p.jobs, j) {
			p.jobs = append(p.jobs, j)
		}
	}
}

// queue is who reports the results of a job.
const queue = "queue"

// answer is what a job reports: all of its results, wherever the session is by now.
func (p *play) answer(j job, outcome usher.Outcome, assurance usher.Assurance) usher.Command {
	def, _, _ := p.s.Flow.Step(j.step)
	c := usher.Command{Kind: usher.CmdReport, By: usher.Actor{Kind: usher.BySystem, ID: queue}, Step: j.step, Round: j.round}
	for _, kind := range def.Checks {
		c.Results = append(c.Results, usher.CheckResult{Kind: kind, Outcome: outcome, Score: 0.5, Assurance: assurance, Provider: "drawn"})
	}
	return c
}

// foldsWhenStored sees that events give the session when they come out of a store, too.
func (p *play) foldsWhenStored(t failer) {
	t.Helper()
	stored, err := json.Marshal(p.events)
	if err != nil {
		t.Fatalf("store events: %v", err)
	}
	var loaded []usher.Event
	if err := json.Unmarshal(stored, &loaded); err != nil {
		t.Fatalf("load events: %v", err)
	}
	same(t, "I4: the fold of its stored events", p.s, usher.Fold(p.s.Flow, loaded))
}

// canEnd sees that good will brings the session to a decision from wherever it is: nothing is stuck.
func (p *play) canEnd(t failer) {
	t.Helper()
	for range 8*len(p.s.Steps) + 20 {
		s, c := p.s, p.helpful(usher.Clear, usher.Verified)
		switch {
		case s.State.Decided(), s.State == usher.Cancelled, s.State == usher.Expired && !s.Flow.Reissue, len(s.Evidence) >= 29:
			return
		case s.CanRetry() && s.State != usher.Expired && !p.now.Before(s.ExpiresAt):
			c = usher.Command{Kind: usher.CmdTick, By: system}
		}
		after, events, err := usher.Decide(s, c, p.now)
		if err != nil {
			t.Fatalf("liveness: a session %s refuses %s: %v", s.State, c.Kind, err)
		}
		p.s = after
		p.queue(c, events)
	}
	t.Fatalf("liveness: the session is still %s", p.s.State)
}

// deep gives a copy that shares no memory with the session which anybody could write to.
func deep(s usher.Session) usher.Session {
	s.Steps = slices.Clone(s.Steps)
	for i := range s.Steps {
		st := &s.Steps[i]
		st.Redo, st.Checks = slices.Clone(st.Redo), slices.Clone(st.Checks)
		st.Consent, st.Document, st.Proved = copied(st.Consent), copied(st.Document), slices.Clone(st.Proved)
		for j := range st.Checks {
			st.Checks[j].Reasons = slices.Clone(st.Checks[j].Reasons)
		}
	}
	s.Evidence, s.Reasons, s.Votes, s.Facts = slices.Clone(s.Evidence), slices.Clone(s.Reasons), slices.Clone(s.Votes), slices.Clone(s.Facts)
	s.Decision, s.Account = copied(s.Decision), copied(s.Account)
	return s
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// failer is as much of a test as the invariants need.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func same(t failer, what string, want, got any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		wanted, _ := json.Marshal(want)
		gotten, _ := json.Marshal(got)
		t.Fatalf("%s differs:\n%s\n%s", what, wanted, gotten)
	}
}
