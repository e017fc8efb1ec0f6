package mobbscan

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/usher-kyc/usher"
)

// Renderer writes the webhooks of this dialect.
type Renderer struct{}

var _ usher.Renderer = Renderer{}

// Name gives the dialect's name.
func (Renderer) Name() string { return Name }

// Render gives the body of two members for an event that the vendor tells, or nothing. Its message is named by the status.
func (Renderer) Render(v usher.View, e usher.Event) ([]usher.Message, error) {
	if v.Session == nil || !told(*v.Session, e) {
		return nil, nil
	}
	status := statusOf(v.Session.State)
	body, err := json.Marshal(statusAnswer{VerificationID: v.Session.ID, Status: status})
	if err != nil {
		return nil, fmt.Errorf("write webhook: %w", err)
	}
	return []usher.Message{{Event: status, ContentType: "application/json", Body: body}}, nil
}

// told tells whether the vendor tells an event: the user has finished, manual review is asked for, a decision was made. Clients read the data when
// they are told that the user has finished. Where a decision by rule follows it is told at once; where nothing follows by itself, it is told when
// the checks have ended and the data is whole, which is when the process begins to wait for somebody.
func told(s usher.Session, e usher.Event) bool {
	switch e.Type {
	case usher.SessionSubmitted:
		st, _ := s.Flow.First(usher.StepDecide)
		return st.Automatic
	case usher.SessionReviewRequested:
		// An agent who agrees and waits for a second one has asked for nothing, and what the integrator asks for is told by its mark.
		return len(e.Data.Votes) == 0 && !reviewAsked(s)
	case usher.SessionAnnotated:
		return e.Data.Metadata[keptReview] != ""
	case usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned:
		return true
	default:
		return false
	}
}

// reviewAsked tells whether the integrator has asked for a manual review of this attempt.
func reviewAsked(s usher.Session) bool { return s.Metadata[keptReview] == strconv.Itoa(s.Attempt) }
