package usher_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

// challengeFlow asks for a selfie with movements.
func challengeFlow() usher.Flow {
	return usher.Flow{Name: "moves", Attempts: 3, Expires: time.Hour, Abandon: time.Hour, Steps: []usher.Step{
		{Kind: usher.StepSelfie, Challenge: true},
		{Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckFace}},
		{Kind: usher.StepDecide},
	}}.WithDefaults()
}

func drawn(nonce string, moves ...usher.Move) usher.Command {
	return usher.Command{Kind: usher.CmdChallenge, By: applicant, Challenge: &usher.Challenge{Nonce: nonce, Moves: moves, Try: 9, Used: true}}
}

func framesFor(nonce string) usher.Command {
	return usher.Command{Kind: usher.CmdAddEvidence, By: applicant, Evidence: &usher.Evidence{Kind: usher.LivenessFrames, Challenge: &usher.Challenge{Nonce: nonce}}}
}

// detailOf gives the stable word of a refusal.
func detailOf(err error) string {
	e, _ := errors.AsType[*usher.Error](err)
	if e == nil {
		return ""
	}
	return e.Detail
}

func TestChallengeIsAnsweredOnceAndInTime(t *testing.T) {
	t.Parallel()
	p := begin(challengeFlow(), usher.Live)
	if err := p.do(t, framesFor("a")); detailOf(err) != "used" {
		t.Errorf("frames without a challenge: %v", err)
	}
	p.must(t, drawn("a", usher.MoveLeft, usher.MoveCloser))
	if c := p.s.Challenge; c.Try != 1 || c.Used || c.Attempt != 1 || !c.Deadline.Equal(p.now.Add(usher.ChallengeTime)) {
		t.Errorf("drawn: %+v", c)
	}
	if err := p.do(t, framesFor("b")); detailOf(err) != "used" {
		t.Errorf("frames of another nonce: %v", err)
	}
	wrongKind := framesFor("a")
	wrongKind.Evidence.Kind = usher.Selfie
	if err := p.do(t, wrongKind); detailOf(err) != "used" {
		t.Errorf("a selfie for a challenge: %v", err)
	}
	p.now = p.s.Challenge.Deadline
	p.must(t, framesFor("a"))
	kept := p.s.Evidence[len(p.s.Evidence)-1].Challenge
	if kept == nil || !slices.Equal(kept.Moves, []usher.Move{usher.MoveLeft, usher.MoveCloser}) || kept.Used || !p.s.Challenge.Used {
		t.Errorf("kept with the frames: %+v; the session has %+v", kept, p.s.Challenge)
	}
	if err := p.do(t, framesFor("a")); detailOf(err) != "used" {
		t.Errorf("the same nonce again: %v", err)
	}
	p.must(t, drawn("c", usher.MoveRight, usher.MoveLeft, usher.MoveRight))
	if p.now = p.s.Challenge.Deadline.Add(1); detailOf(p.do(t, framesFor("c"))) != "late" {
		t.Error("frames were taken after the deadline")
	}
}

func TestChallengesOfAGoAreFew(t *testing.T) {
	t.Parallel()
	p := begin(challengeFlow(), usher.Live)
	for i, nonce := range []string{"a", "b", "c"} {
		if left := p.s.TriesLeft(); left != 3-i {
			t.Errorf("%d tries left of 3, after %d", left, i)
		}
		p.must(t, drawn(nonce, usher.MoveLeft, usher.MoveRight))
	}
	if err := p.do(t, drawn("d", usher.MoveLeft, usher.MoveRight)); codeOf(err) != usher.CodeLimited {
		t.Errorf("a fourth: %v", err)
	}
	if err := p.do(t, framesFor("b")); detailOf(err) != "used" {
		t.Errorf("frames of the challenge before: %v", err)
	}
	p.must(t, usher.Command{Kind: usher.CmdAddEvidence, By: applicant, Evidence: &usher.Evidence{Kind: usher.Selfie}})
	p.must(t, usher.Command{Kind: usher.CmdSubmit, By: applicant})
	if err := p.do(t, drawn("e", usher.MoveLeft, usher.MoveRight)); codeOf(err) != usher.CodeConflict {
		t.Errorf("while checks run: %v", err)
	}
	p.must(t, usher.Command{Kind: usher.CmdAskAgain, By: reviewer, Steps: []string{"selfie"}, Reasons: []usher.Reason{{Code: usher.FaceMissing}}})
	if err := p.do(t, framesFor("c")); detailOf(err) != "used" {
		t.Errorf("frames of a challenge of the go before: %v", err)
	}
	p.must(t, drawn("f", usher.MoveLeft, usher.MoveRight))
	if p.s.Challenge.Try != 1 || p.s.Challenge.Attempt != 2 {
		t.Errorf("the first of the next go: %+v", p.s.Challenge)
	}
}

func TestChallengeIsWellFormed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]usher.Command{
		"no nonce":      drawn("", usher.MoveLeft, usher.MoveRight),
		"one move":      drawn("a", usher.MoveLeft),
		"four moves":    drawn("a", usher.MoveLeft, usher.MoveRight, usher.MoveLeft, usher.MoveRight),
		"twice the one": drawn("a", usher.MoveLeft, usher.MoveLeft),
		"unknown":       drawn("a", usher.MoveLeft, "nod"),
		"nothing":       {Kind: usher.CmdChallenge, By: applicant},
	} {
		if err := begin(challengeFlow(), usher.Live).do(t, c); codeOf(err) != usher.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	both := usher.Flow{Name: "both", Steps: []usher.Step{{Kind: usher.StepSelfie, Challenge: true, Video: true}, {Kind: usher.StepDecide}}}.WithDefaults()
	if problems := both.Check(known()); len(problems) != 1 {
		t.Errorf("a challenge and a video: %v", problems)
	}
}
