package usher

import (
	"slices"
	"time"
)

// Move is one movement that a capture challenge asks for.
type Move string

// The movements. Left and right are the applicant's own.
const (
	MoveLeft   Move = "left"
	MoveRight  Move = "right"
	MoveCloser Move = "closer"
)

// CaptureChallenge is the word under [CheckResult].Examined for movements that were judged. Dialects whose vendor means a tested liveness by its own word
// leave such a result out.
const CaptureChallenge = "capture_challenge"

// ChallengeTime is how long the applicant has from the drawing of a challenge until its frames must have arrived.
const ChallengeTime = 90 * time.Second

// mostChallenges is how many may be drawn in one go of a session: who may draw without end waits for the one that an old recording fits.
const mostChallenges = 3

// Challenge is a sequence of movements that the server drew for one try. Its frames are taken once, under its nonce, until its deadline.
type Challenge struct {
	Nonce    string    `json:"nonce"`
	Moves    []Move    `json:"moves"`
	Attempt  int       `json:"attempt"` // go of the session
	Try      int       `json:"try"`     // of that go, from 1
	At       time.Time `json:"at"`
	Deadline time.Time `json:"deadline"`
	Used     bool      `json:"used,omitempty"` // its frames came in
}

// TriesLeft tells how many more challenges may be drawn in this go.
func (s Session) TriesLeft() int {
	if s.Challenge == nil || s.Challenge.Attempt != s.Attempt {
		return mostChallenges
	}
	return mostChallenges - s.Challenge.Try
}

// challenge draws a line under the one before it and keeps the next, whose moves and nonce the command brings: chance is not this package's.
func (d *decider) challenge() error {
	c := d.c.Challenge
	switch {
	case d.locked(LivenessFrames):
		return Conflict("evidence of kind %s can no longer be changed: checks rest on it", LivenessFrames)
	case c == nil || c.Nonce == "" || !validMoves(c.Moves):
		return Invalid("challenge", "needs a nonce and two or three moves, none of them twice in a row")
	case d.s.TriesLeft() == 0:
		return &Error{Code: CodeLimited, Field: "challenge", Message: "the tries of this go are used up"}
	}
	drawn := Challenge{
		Nonce: c.Nonce, Moves: slices.Clone(c.Moves), Attempt: d.s.Attempt, Try: mostChallenges - d.s.TriesLeft() + 1,
		At: d.now, Deadline: d.now.Add(ChallengeTime),
	}
	d.emit(ChallengeIssued, EventData{Challenge: &drawn})
	return nil
}

func validMoves(moves []Move) bool {
	for i, m := range moves {
		if !slices.Contains([]Move{MoveLeft, MoveRight, MoveCloser}, m) || i > 0 && moves[i-1] == m {
			return false
		}
	}
	return len(moves) == 2 || len(moves) == 3
}

// answers gives the challenge whose frames a piece of evidence says it holds: the one drawn last, once and in time.
func (d *decider) answers(e *Evidence) (*Challenge, error) {
	if e.Challenge == nil {
		return nil, nil
	}
	drawn := d.s.Challenge
	switch {
	case e.Kind != LivenessFrames || drawn == nil || drawn.Nonce != e.Challenge.Nonce || drawn.Used || drawn.Attempt != d.s.Attempt:
		return nil, &Error{Code: CodeInvalid, Field: "nonce", Detail: "used", Message: "no challenge waits for these frames: draw another"}
	case d.now.After(drawn.Deadline):
		return nil, &Error{Code: CodeInvalid, Field: "nonce", Detail: "late", Message: "the time of this challenge is over: draw another"}
	}
	return drawn, nil
}

// challenged takes in that a challenge was drawn, or that its frames came.
func (s *Session) challenged(e Event) {
	if e.Type == ChallengeIssued {
		s.Challenge = e.Data.Challenge
		return
	}
	if e.Data.Evidence != nil && e.Data.Evidence.Challenge != nil {
		used := *e.Data.Evidence.Challenge
		used.Used = true
		s.Challenge = &used
	}
}
