package usher_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

// Histories that an attacker, or bad luck, would choose. Random ones find most of them too; here each has its name.

func playOf(t *testing.T, mode usher.Mode, steps ...usher.Step) *play {
	t.Helper()
	f := usher.Flow{Name: "test", Reissue: true, Attempts: 3, Steps: steps}.WithDefaults()
	if problems := f.Check(known()); len(problems) > 0 {
		t.Fatal(problems)
	}
	return begin(f, mode)
}

func run(id string, stop bool, checks ...usher.CheckKind) usher.Step {
	return usher.Step{ID: id, Kind: usher.StepRun, Checks: checks, Stop: stop}
}

// must gives a command that has to be taken.
func (p *play) must(t *testing.T, c usher.Command) {
	t.Helper()
	if err := p.do(t, c); err != nil {
		t.Fatalf("%s: %v", c.Kind, err)
	}
}

// refuses gives a command that has to be refused.
func (p *play) refuses(t *testing.T, c usher.Command, want usher.Code) {
	t.Helper()
	if err := p.do(t, c); codeOf(err) != want {
		t.Errorf("%s answered %v, want %s", c.Kind, err, want)
	}
}

func (p *play) is(t *testing.T, want usher.State) {
	t.Helper()
	if p.s.State != want {
		t.Fatalf("the session is %s, want %s; %v", p.s.State, want, p.s.Reasons)
	}
}

func file(k usher.EvidenceKind) usher.Command {
	return usher.Command{Kind: usher.CmdAddEvidence, By: applicant, Evidence: &usher.Evidence{Kind: k}}
}

func done(step string) usher.Command {
	return usher.Command{Kind: usher.CmdCompleteStep, By: applicant, Step: step, Given: usher.DetailFields()}
}

func again(steps ...string) usher.Command {
	return usher.Command{Kind: usher.CmdAskAgain, By: reviewer, Steps: steps, Reasons: []usher.Reason{{Code: usher.DocumentBlurred}}}
}

var (
	send   = usher.Command{Kind: usher.CmdSubmit, By: applicant}
	open   = usher.Command{Kind: usher.CmdOpen, By: applicant}
	tick   = usher.Command{Kind: usher.CmdTick, By: system}
	decide = usher.Step{Kind: usher.StepDecide, Automatic: true}
)

func TestFileIsNotSwappedBehindItsCheck(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDocument}, run("check", false, usher.CheckDocument), usher.Step{Kind: usher.StepSelfie},
		run("compare", false, usher.CheckFace), decide)
	p.must(t, file(usher.DocumentFront))
	p.must(t, file(usher.DocumentFront)) // a better one, in time
	p.must(t, done("document"))
	p.refuses(t, file(usher.DocumentFront), usher.CodeConflict) // while it is looked at
	p.must(t, p.answer(p.jobs[0], usher.Clear, usher.Verified))
	p.refuses(t, file(usher.DocumentBack), usher.CodeConflict) // after it was
	p.must(t, file(usher.ReportFile))                          // belongs to no step
	p.must(t, file(usher.Selfie))
}

func TestResultWhileSomethingElseIsRedone(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, run("first", false, usher.CheckAge), usher.Step{ID: "more", Kind: usher.StepDetails},
		run("last", false, usher.CheckWatchlist), decide)
	p.must(t, done("details"))
	p.must(t, p.answer(p.jobs[0], usher.Clear, usher.Verified))
	p.must(t, done("more"))
	p.must(t, send)
	p.must(t, again("details"))
	p.must(t, done("details"))
	p.must(t, send) // the first checks run again
	p.must(t, again("more"))
	p.must(t, p.answer(job{"first", 2}, usher.Clear, usher.Verified))
	p.must(t, done("more"))
	p.must(t, send)
	p.must(t, p.answer(p.jobs[len(p.jobs)-1], usher.Clear, usher.Verified))
	p.is(t, usher.Approved)
}

func TestChecksThatTheDeadlineCutOffAreAskedAgain(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, run("first", false, usher.CheckAge), usher.Step{ID: "more", Kind: usher.StepDetails}, decide)
	p.must(t, done("details"))
	late := p.jobs[0]
	p.now = p.s.ExpiresAt
	p.must(t, tick)
	p.must(t, p.answer(late, usher.Clear, usher.Verified))
	p.is(t, usher.Expired)
	p.must(t, usher.Command{Kind: usher.CmdReissueLink, By: client})
	p.is(t, usher.InProgress)
	if st, _ := p.s.Step("first"); st.Round != 2 || len(p.jobs) != 1 {
		t.Fatalf("round %d, jobs %v", st.Round, p.jobs)
	}
	p.must(t, p.answer(p.jobs[0], usher.Clear, usher.Verified))
	p.must(t, done("more"))
	p.must(t, send)
	p.is(t, usher.Approved)
}

func TestFlowMayBeginWithChecks(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, run("first", false, usher.CheckWatchlist), usher.Step{ID: "more", Kind: usher.StepDetails}, decide)
	p.refuses(t, done("more"), usher.CodeConflict)
	p.must(t, open)
	p.must(t, p.answer(p.jobs[0], usher.Clear, usher.Verified))
	p.must(t, done("more"))
	p.must(t, send)
	p.is(t, usher.Approved)
	if by := p.s.Decision.By; by.Kind != usher.BySystem {
		t.Errorf("a rule approved, and the decision is by %v", by)
	}
}

func TestStopWithStepsStillOpen(t *testing.T) {
	t.Parallel()
	steps := []usher.Step{
		{Kind: usher.StepDetails},
		run("first", true, usher.CheckWatchlist),
		{Kind: usher.StepDocument},
		run("second", false, usher.CheckDocument),
		{Kind: usher.StepDecide, Automatic: true},
	}
	p := playOf(t, usher.Live, steps...)
	p.must(t, done("details"))
	p.must(t, p.answer(p.jobs[0], usher.Refuse, usher.Verified))
	p.is(t, usher.InReview)
	p.refuses(t, file(usher.DocumentFront), usher.CodeConflict)
	p.refuses(t, send, usher.CodeConflict)
	p.must(t, again("document")) // the reviewer wants to see the rest
	p.must(t, file(usher.DocumentFront))
	p.must(t, done("document"))
	p.must(t, send)
	p.must(t, p.answer(p.jobs[0], usher.Clear, usher.Verified))
	p.is(t, usher.InReview) // the first check still says no
	p.must(t, usher.Command{Kind: usher.CmdApprove, By: reviewer})
	p.is(t, usher.Approved)

	steps[4].OnReject = usher.ToReject
	p = playOf(t, usher.Live, steps...)
	p.must(t, done("details"))
	p.must(t, p.answer(p.jobs[0], usher.Refuse, usher.Verified))
	p.is(t, usher.Rejected)
}

func TestTakenUpAgainBeforeChecks(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, run("first", true, usher.CheckAge), run("second", false, usher.CheckWatchlist), usher.Step{ID: "more", Kind: usher.StepDetails}, decide)
	p.must(t, p.answer(p.jobs[0], usher.Refuse, usher.Verified)) // sent out at the start
	p.must(t, again("more"))                                     // the second checks were never sent out
	p.now = p.s.ExpiresAt
	p.must(t, tick)
	p.must(t, usher.Command{Kind: usher.CmdReissueLink, By: client})
	p.must(t, open)
	p.must(t, p.answer(p.jobs[0], usher.Clear, usher.Verified))
	p.must(t, done("more"))
	p.must(t, send)
	p.is(t, usher.InReview)
}

// A client that may decide, and a reviewer, need not wait for checks; what they did not wait for stays without a verdict.
func TestApprovalDoesNotWaitForChecks(t *testing.T) {
	t.Parallel()
	for _, by := range []usher.Actor{client, reviewer, system} {
		p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, run("first", false, usher.CheckAge), decide)
		p.must(t, done("details"))
		p.must(t, send)
		p.must(t, usher.Command{Kind: usher.CmdApprove, By: by})
		p.must(t, p.answer(p.jobs[0], usher.Refuse, usher.Verified))
		p.is(t, usher.Approved)
		if c := p.s.Checks(); len(c) != 1 || c[0].Outcome != "" || p.s.Decision.By != by {
			t.Errorf("checks %d, decision by %v", len(c), p.s.Decision.By)
		}
	}
}

func TestFourEyes(t *testing.T) {
	t.Parallel()
	two := usher.Step{Kind: usher.StepDecide, Reviewers: 2}
	approve := func(by usher.Actor) usher.Command { return usher.Command{Kind: usher.CmdApprove, By: by} }
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, two)
	p.must(t, done("details"))
	p.must(t, send)
	p.refuses(t, approve(viewer), usher.CodeForbidden)
	p.refuses(t, approve(applicant), usher.CodeForbidden)
	p.refuses(t, approve(usher.Actor{}), usher.CodeForbidden)
	p.must(t, approve(reviewer))
	p.is(t, usher.InReview)
	p.refuses(t, approve(reviewer), usher.CodeConflict)
	p.must(t, again("details")) // forgets the vote
	p.must(t, done("details"))
	p.must(t, send)
	p.must(t, approve(reviewer))
	p.is(t, usher.InReview)
	p.must(t, approve(senior))
	p.is(t, usher.Approved)

	// Nobody rejects what they overturn.
	p = playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, two)
	p.must(t, done("details"))
	p.must(t, send)
	p.must(t, usher.Command{Kind: usher.CmdReject, By: senior, Reasons: []usher.Reason{{Code: usher.SuspectedFraud}}})
	overturn := usher.Command{Kind: usher.CmdOverturn, By: senior, Reasons: []usher.Reason{{Code: usher.SuspectedFraud}}}
	p.refuses(t, overturn, usher.CodeConflict)
	overturn.By.ID = "another"
	p.must(t, overturn)
	p.is(t, usher.Approved)

	// The rule is for staff: a client that may decide has the say of its firm.
	p = playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, two)
	p.must(t, done("details"))
	p.must(t, send)
	p.must(t, approve(client))
	p.is(t, usher.Approved)
}

func TestOverturn(t *testing.T) {
	t.Parallel()
	overturn := func(by usher.Actor) usher.Command {
		return usher.Command{Kind: usher.CmdOverturn, By: by, Reasons: []usher.Reason{{Code: usher.SuspectedFraud}}}
	}
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, usher.Step{Kind: usher.StepDecide}, usher.Step{Kind: usher.StepAccount, Opener: "internal"})
	opened := usher.Command{Kind: usher.CmdAccount, By: system, Account: &usher.AccountStatus{ID: "one", Opened: true}}
	p.must(t, done("details"))
	p.must(t, send)
	p.must(t, usher.Command{Kind: usher.CmdApprove, By: reviewer})
	p.refuses(t, overturn(reviewer), usher.CodeForbidden)
	p.refuses(t, usher.Command{Kind: usher.CmdOverturn, By: senior}, usher.CodeInvalid) // why?
	p.must(t, overturn(senior))
	p.is(t, usher.Rejected)
	p.must(t, opened) // too late: it says nothing of a session that is rejected
	if p.s.Account != nil {
		t.Errorf("the rejected have an account: %+v", p.s.Account)
	}
	p.must(t, overturn(senior))
	p.is(t, usher.Approved)
	p.must(t, usher.Command{Kind: usher.CmdAccount, By: system, Account: &usher.AccountStatus{Reasons: []usher.Reason{{Code: usher.AccountOpenerNoAnswer}}}})
	p.must(t, opened)
	other := opened
	other.Account = &usher.AccountStatus{ID: "two", Opened: true}
	p.must(t, other)
	if p.s.Account.ID != "one" || p.s.State != usher.Approved {
		t.Errorf("account %+v of a session %s", p.s.Account, p.s.State)
	}
}

func TestAskAgain(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepConsent}, usher.Step{Kind: usher.StepDocument}, usher.Step{Kind: usher.StepSelfie},
		run("all", false, usher.CheckDocument, usher.CheckFace), decide)
	p.must(t, file(usher.DocumentFront))
	p.must(t, file(usher.Selfie))
	p.refuses(t, send, usher.CodeConflict) // no consent
	sendAll := send
	sendAll.Consent = &usher.Consent{}
	p.must(t, sendAll)
	p.refuses(t, again("consent"), usher.CodeInvalid)
	p.refuses(t, again("all"), usher.CodeInvalid)
	p.refuses(t, again(), usher.CodeInvalid)
	p.refuses(t, usher.Command{Kind: usher.CmdAskAgain, By: reviewer, Steps: []string{"selfie"}}, usher.CodeInvalid)
	past := again("selfie")
	past.Expires = p.now
	p.refuses(t, past, usher.CodeInvalid)

	// The reasons speak of the document alone; the selfie is asked again all the same, and the old one will not do.
	both := again("document", "selfie")
	both.Reasons[0].Step = "document"
	p.must(t, both)
	p.must(t, file(usher.DocumentFront))
	p.refuses(t, send, usher.CodeConflict)
	p.must(t, file(usher.Selfie))
	p.must(t, send)
	p.is(t, usher.Submitted)
	p.must(t, again("selfie"))
	p.must(t, file(usher.Selfie))
	p.must(t, send)
	p.refuses(t, again("selfie"), usher.CodeConflict) // three attempts are all there are
}

// A consent that is given again as it was is told once; one with other words, or another answer about the face, is a new one.
func TestConsentTwice(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepConsent, Text: "identity-check"}, usher.Step{Kind: usher.StepSelfie}, decide)
	agree := func(c usher.Consent) usher.Command {
		return usher.Command{Kind: usher.CmdConsent, By: applicant, Step: "consent", Consent: &c}
	}
	p.must(t, agree(usher.Consent{Locale: "sv", Face: true}))
	first := p.s
	p.now = p.now.Add(time.Minute)
	p.must(t, agree(usher.Consent{Locale: "sv", Face: true}))
	p.must(t, agree(usher.Consent{Text: "identity-check", Locale: "sv", Face: true}))
	if p.s.Version != first.Version || *p.s.Steps[0].Consent != *first.Steps[0].Consent {
		t.Errorf("the same consent took version %d to %d: %+v", first.Version, p.s.Version, p.s.Steps[0].Consent)
	}
	p.must(t, agree(usher.Consent{Locale: "sv"}))
	if now := p.s.Steps[0].Consent; p.s.Version != first.Version+2 || now.Face || !now.At.Equal(p.now) {
		t.Errorf("another consent took version %d to %d: %+v", first.Version, p.s.Version, now)
	}
}

// A language may be set with pairs or without, and one that is not given stays.
func TestAnnotateLanguage(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepSelfie}, decide)
	note := func(locale string, pairs map[string]string) usher.Command {
		return usher.Command{Kind: usher.CmdAnnotate, By: applicant, Locale: locale, Metadata: pairs}
	}
	p.must(t, note("lt", nil))
	p.must(t, note("", map[string]string{"branch": "north"}))
	if p.s.Locale != "lt" || p.s.Metadata["branch"] != "north" {
		t.Errorf("language %q, pairs %v", p.s.Locale, p.s.Metadata)
	}
	p.refuses(t, note("", nil), usher.CodeInvalid)
}

// A video that is only wanted holds nobody up.
func TestSelfieWithVideoWanted(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepSelfie, Video: true, VideoFree: true}, run("all", false, usher.CheckFace), decide)
	p.refuses(t, send, usher.CodeConflict)
	p.must(t, file(usher.Selfie))
	p.must(t, send)
	p.is(t, usher.Submitted)
}

func TestSelfieWithVideo(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepSelfie, Video: true}, run("all", false, usher.CheckFace), decide)
	lacks := func(c usher.Command, kind usher.EvidenceKind) {
		t.Helper()
		_, _, err := usher.Decide(p.s, c, p.now)
		var e *usher.Error
		if !errors.As(err, &e) || e.Code != usher.CodeConflict || e.Detail != string(kind) {
			t.Errorf("%s: %v, want that %s lacks", c.Kind, err, kind)
		}
	}
	p.must(t, usher.Command{Kind: usher.CmdOpen, By: applicant})
	lacks(done("selfie"), usher.Selfie)
	p.must(t, file(usher.Selfie))
	lacks(done("selfie"), usher.SelfieVideo)
	lacks(send, usher.SelfieVideo)
	p.must(t, file(usher.SelfieVideo))
	p.must(t, done("selfie"))
	p.must(t, send)
	p.must(t, again("selfie"))
	p.must(t, file(usher.Selfie))
	lacks(send, usher.SelfieVideo) // the old one will not do
	p.must(t, file(usher.SelfieVideo))
	p.must(t, send)
	p.is(t, usher.Submitted)
}

func TestResultsThatClaimTooMuch(t *testing.T) {
	t.Parallel()
	clear := usher.CheckResult{Kind: usher.CheckAge, Outcome: usher.Clear, Assurance: usher.Verified, Score: 1}
	for name, spoil := range map[string]func(*usher.CheckResult){
		"no outcome":        func(r *usher.CheckResult) { r.Outcome = "" },
		"unknown outcome":   func(r *usher.CheckResult) { r.Outcome = "fine" },
		"no assurance":      func(r *usher.CheckResult) { r.Assurance = "" },
		"unknown assurance": func(r *usher.CheckResult) { r.Assurance = "promised" },
		"more than sure":    func(r *usher.CheckResult) { r.Score = 1.01 },
		"less than not":     func(r *usher.CheckResult) { r.Score = -0.01 },
		"no number":         func(r *usher.CheckResult) { r.Score = math.NaN() },
		"unknown reason":    func(r *usher.CheckResult) { r.Reasons = []usher.Reason{{Code: "because"}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, run("first", false, usher.CheckAge), decide)
			p.must(t, done("details"))
			p.must(t, send)
			r := clear
			spoil(&r)
			p.refuses(t, usher.Command{Kind: usher.CmdReport, By: system, Step: "first", Round: 1, Results: []usher.CheckResult{r}}, usher.CodeInvalid)
			p.refuses(t, usher.Command{Kind: usher.CmdReport, By: system, Step: "details", Round: 1}, usher.CodeInvalid)
			p.refuses(t, usher.Command{Kind: usher.CmdReport, By: system}, usher.CodeInvalid)
		})
	}
}

func TestOutcomesAndWhatTheyLeadTo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		outcome   usher.Outcome
		assurance usher.Assurance
		mode      usher.Mode
		want      usher.State
		why       usher.ReasonCode
	}{
		"clear":             {usher.Clear, usher.Verified, usher.Live, usher.Approved, ""},
		"clear, assisted":   {usher.Clear, usher.Assisted, usher.Live, usher.InReview, usher.AssistedOnly},
		"clear, made up":    {usher.Clear, usher.Simulated, usher.Sandbox, usher.Approved, ""},
		"made up, but live": {usher.Clear, usher.Simulated, usher.Live, usher.InReview, usher.SimulatedOutcome},
		"consider":          {usher.Consider, usher.Verified, usher.Live, usher.InReview, usher.ManualReview},
		"reject":            {usher.Refuse, usher.Verified, usher.Live, usher.InReview, usher.Policy},
		"unavailable":       {usher.Unavailable, "", usher.Live, usher.InReview, usher.CheckUnavailable},
		"not run":           {usher.NotRun, "", usher.Live, usher.InReview, usher.CheckUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := playOf(t, tt.mode, usher.Step{Kind: usher.StepDetails}, run("first", false, usher.CheckAge), decide)
			p.must(t, done("details"))
			p.must(t, send)
			p.must(t, p.answer(p.jobs[0], tt.outcome, tt.assurance))
			p.is(t, tt.want)
			var want []usher.Reason
			if tt.why != "" {
				want = []usher.Reason{{Code: tt.why, Check: usher.CheckAge}}
			}
			if diff := cmp.Diff(want, p.s.Reasons); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a check says of itself goes before the general word for its outcome.
func TestReasonsAreTheChecksOwn(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDocument}, run("first", false, usher.CheckDocument), decide)
	p.refuses(t, done("nowhere"), usher.CodeInvalid)
	odd := done("document")
	odd.Document = &usher.DocumentChoice{Type: "library_card"}
	p.refuses(t, odd, usher.CodeInvalid)
	p.must(t, file(usher.DocumentFront))
	odd.Document.Type = usher.IDCard
	p.refuses(t, odd, usher.CodeConflict) // a card has a back
	p.must(t, file(usher.DocumentBack))
	p.must(t, odd)
	p.must(t, send)
	report := p.answer(p.jobs[0], usher.Consider, usher.Assisted)
	report.Results[0].Reasons = []usher.Reason{{Code: usher.DocumentBlurred, Field: "number"}}
	p.must(t, report)
	want := []usher.Reason{{Code: usher.DocumentBlurred, Check: usher.CheckDocument, Field: "number"}}
	if diff := cmp.Diff(want, p.s.Reasons); diff != "" || p.s.State != usher.InReview {
		t.Error(p.s.State, diff)
	}
	in := usher.CheckInput{Evidence: []usher.EvidenceFile{{Evidence: p.s.Evidence[1]}}}
	if f, ok := in.Find(usher.DocumentBack); !ok || f.Kind != usher.DocumentBack {
		t.Errorf("found %v", f.Kind)
	}
}

func TestNothingCheckedIsNothingApproved(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, decide)
	p.must(t, done("details"))
	p.must(t, send)
	p.is(t, usher.InReview)
}

func TestMostEvidence(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepSelfie}, decide)
	for range 30 {
		p.must(t, file(usher.Selfie))
	}
	p.refuses(t, file(usher.Selfie), usher.CodeLimited)
	simulated := file(usher.Selfie)
	simulated.Evidence.Source = usher.FromSimulation
	p.refuses(t, simulated, usher.CodeForbidden)
	if newest := p.s.InForce(); len(newest) != 1 || !p.s.Has(usher.Selfie) || p.s.Has(usher.DocumentFront) {
		t.Errorf("in force: %v", newest)
	}
}

// What a session brings is bounded in bytes, too.
func TestMostBytes(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepSelfie}, decide)
	sized := func(bytes int64) usher.Command {
		c := file(usher.Selfie)
		c.Evidence.Size = bytes
		return c
	}
	for range 9 {
		p.must(t, sized(10_000_000))
	}
	p.must(t, sized(9_999_999))
	p.refuses(t, sized(2), usher.CodeLimited)
	p.must(t, sized(1))
	p.refuses(t, sized(0), usher.CodeLimited) // as asked before the bytes are read
}

// A command may lack anything: it is refused, or does nothing, and never ends the program.
func TestCommandsWithNothingInThem(t *testing.T) {
	t.Parallel()
	for _, state := range usher.States() {
		for _, kind := range append(usher.Commands(), "", "nonsense") {
			p := reach(t, state, true, false)
			_ = p.do(t, usher.Command{Kind: kind})
			if _, _, err := usher.Decide(usher.Session{State: state}, tableCommand(kind), p.now); err != nil && codeOf(err) == "" {
				t.Errorf("an empty session answers %s with %v", kind, err)
			}
		}
	}
	p := reach(t, usher.Created, true, false)
	p.refuses(t, usher.Command{Kind: "nonsense"}, usher.CodeInvalid)
	for _, e := range usher.EventTypes() {
		usher.Apply(p.s, p.s.Flow, usher.Event{Type: e, Sequence: 2})
	}
}

// TestReminders holds that silence is told as often as the flow says, counted from the last move, whether or not it was called abandoned.
// TestAskLink holds that the wish for a new link is told once an hour, and only where one can be given.
// TestOneSideAgain holds that where every reason names a side of the document only that side is asked again, unless another document is used.
func TestOneSideAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		why       []usher.Reason
		use       usher.DocumentType
		front, ok bool // sent again; enough
	}{
		"the back alone":                {[]usher.Reason{{Code: usher.DocumentGlare, Evidence: usher.DocumentBack}}, usher.IDCard, false, true},
		"the back, of another document": {[]usher.Reason{{Code: usher.DocumentGlare, Evidence: usher.DocumentBack}}, usher.DrivingLicence, false, false},
		"both of another document":      {[]usher.Reason{{Code: usher.DocumentGlare, Evidence: usher.DocumentBack}}, usher.DrivingLicence, true, true},
		"all of it":                     {[]usher.Reason{{Code: usher.DocumentExpired}, {Code: usher.DocumentGlare, Evidence: usher.DocumentBack}}, usher.IDCard, false, false},
		"a file of another step":        {[]usher.Reason{{Code: usher.DocumentGlare, Evidence: usher.Selfie}}, usher.IDCard, false, false},
	} {
		p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDocument}, decide)
		complete := func(kind usher.DocumentType) usher.Command {
			cmd := done("document")
			cmd.Document = &usher.DocumentChoice{Type: kind}
			return cmd
		}
		p.must(t, file(usher.DocumentFront))
		p.must(t, file(usher.DocumentBack))
		p.must(t, complete(usher.IDCard))
		p.must(t, usher.Command{Kind: usher.CmdSubmit, By: applicant})
		p.must(t, usher.Command{Kind: usher.CmdAskAgain, By: client, Steps: []string{"document"}, Reasons: c.why})
		p.refuses(t, complete(usher.IDCard), usher.CodeConflict)
		p.must(t, file(usher.DocumentBack))
		if c.front {
			p.must(t, file(usher.DocumentFront))
		}
		if err := p.do(t, complete(c.use)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepSelfie}, decide)
	p.must(t, file(usher.Selfie))
	p.must(t, usher.Command{Kind: usher.CmdSubmit, By: applicant})
	p.refuses(t, usher.Command{
		Kind: usher.CmdAskAgain, By: client, Steps: []string{"selfie"}, Reasons: []usher.Reason{{Code: usher.FaceMissing, Evidence: "shoe"}},
	}, usher.CodeInvalid)
}

func TestLinkKeepsWhatItDoesNotChange(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, decide)
	link := usher.Command{Kind: usher.CmdReissueLink, By: client, Return: "https://client.example.test/done", Expires: p.now.Add(time.Minute)}
	p.must(t, link)
	link.Return = ""
	p.must(t, link)
	if p.s.ReturnURL != "https://client.example.test/done" || !p.s.ExpiresAt.Equal(p.now.Add(time.Minute)) || p.s.State != usher.Created {
		t.Errorf("return URL %q, until %v, %s", p.s.ReturnURL, p.s.ExpiresAt, p.s.State)
	}
	link.Expires = p.now
	p.refuses(t, link, usher.CodeInvalid)
	p.now = p.s.ExpiresAt
	p.must(t, tick)
	p.must(t, usher.Command{Kind: usher.CmdReissueLink, By: client})
	p.is(t, usher.Created) // nobody had opened it
}
