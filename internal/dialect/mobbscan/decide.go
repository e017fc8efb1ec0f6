package mobbscan

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
)

const (
	longestComment = 1000 // characters of the reason of a rejection
	longestType    = 64   // characters of a decision's type
)

// decide answers accept, reject and pending.
func (s *server) decide(kind usher.CommandKind) func(request) error {
	return func(r request) error {
		var in decisionRequest
		if err := r.read(&in); err != nil {
			return err
		}
		if err := in.check(kind); err != nil {
			return err
		}
		var err error
		for range 3 { // an agent, or the last check, may be faster
			var now usher.Session
			if now, err = s.decideOnce(r, kind, in); err == nil {
				return r.answer(statusAnswerOf(now))
			}
			if !hasCode(err, usher.CodeConflict) {
				break
			}
		}
		return err
	}
}

func (in decisionRequest) check(kind usher.CommandKind) error {
	switch {
	case in.VerificationID == "":
		return usher.Invalid("verificationId", "is required")
	case utf8.RuneCountInString(in.Type) > longestType:
		return usher.Invalid("type", "must be at most %d characters long", longestType)
	case kind == usher.CmdReject && strings.TrimSpace(in.RejectionComment) == "":
		return usher.Invalid("rejectionComment", "is required: say why the process is rejected")
	case utf8.RuneCountInString(in.RejectionComment) > longestComment:
		return usher.Invalid("rejectionComment", "must be at most %d characters long", longestComment)
	}
	return nil
}

// decideOnce takes in what the integrator corrected, and decides.
func (s *server) decideOnce(r request, kind usher.CommandKind, in decisionRequest) (usher.Session, error) {
	now, err := s.find(r, in.VerificationID)
	if err != nil {
		return now, err
	}
	if same, err := decidable(now.State, kind); same || err != nil {
		return now, err
	}
	if now, err = s.correct(r, now, in.PersonalData); err != nil {
		return now, err
	}
	if marks := in.marks(now, kind); len(marks) > 0 {
		if now, err = s.do(r, now, usher.Command{Kind: usher.CmdAnnotate, Metadata: marks}); err != nil {
			return now, err
		}
	}
	if kind == usher.CmdReview && now.State == usher.InReview {
		return now, nil // it waits for an agent already
	}
	c := usher.Command{Kind: kind}
	if kind == usher.CmdReject {
		c.Reasons, c.Internal = []usher.Reason{{Code: reasonOf(in.RejectionComment)}}, in.RejectionComment
	}
	return s.do(r, now, c)
}

// marks gives what is noted of a decision beside the decision itself.
func (in decisionRequest) marks(now usher.Session, kind usher.CommandKind) map[string]string {
	marks := map[string]string{}
	if in.Type != "" && in.Type != now.Metadata[keptDecided] {
		marks[keptDecided] = in.Type
	}
	if kind == usher.CmdReview && !reviewAsked(now) {
		marks[keptReview] = strconv.Itoa(now.Attempt)
	}
	return marks
}

func (s *server) do(r request, on usher.Session, c usher.Command) (usher.Session, error) {
	c.By = r.p.Actor()
	return s.Service.Do(r.Context(), r.tenant(), on.ID, c)
}

// decidable tells whether a process in a state takes a decision: same when it has been made already, an error when it is too early or the other
// one was made.
func decidable(state usher.State, kind usher.CommandKind) (same bool, err error) {
	switch state {
	case usher.Submitted, usher.InReview:
		return false, nil
	case usher.Approved, usher.Rejected:
		if (state == usher.Approved && kind == usher.CmdApprove) || (state == usher.Rejected && kind == usher.CmdReject) {
			return true, nil
		}
		return false, refuse(http.StatusConflict, codeDecided, "the process is "+statusOf(state)+" already; only an agent can overturn that")
	case usher.Created, usher.InProgress, usher.AwaitingApplicant, usher.Expired, usher.Cancelled:
	}
	return false, refuse(http.StatusConflict, codeNotFinished, "the user has not finished the process")
}

// correct takes in personal data that the integrator has corrected.
func (s *server) correct(r request, now usher.Session, said person) (usher.Session, error) {
	if len(said) == 0 {
		return now, nil
	}
	a, err := s.Service.Applicant(r.Context(), r.tenant(), now.ApplicantID)
	if err != nil {
		return now, err
	}
	changed, err := corrections(said, factsOf(now, a.Details))
	if err != nil || len(changed) == 0 {
		return now, err
	}
	return s.do(r, now, usher.Command{Kind: usher.CmdCorrect, Facts: changed})
}

// reasonOf gives the reason for a rejection: a code that the comment begins with, or that it is the integrator's policy.
func reasonOf(comment string) usher.ReasonCode {
	word, _, _ := strings.Cut(strings.TrimSpace(comment), " ")
	code := usher.ReasonCode(strings.ToLower(strings.TrimRight(word, ".,:;")))
	if _, known := code.Class(); known {
		return code
	}
	return usher.Policy
}
