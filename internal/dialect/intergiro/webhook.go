package intergiro

import (
	"encoding/json"
	"fmt"

	"github.com/usher-kyc/usher"
)

// Renderer writes the webhooks of this dialect.
type Renderer struct{}

var _ usher.Renderer = Renderer{}

// Name gives the dialect's name.
func (Renderer) Name() string { return Name }

// Render gives the thin body of an event, or nothing for an event the vendor has no name for. Its id is the event's id, under which
// GET /v3/events/:id gives the payload.
func (Renderer) Render(v usher.View, e usher.Event) ([]usher.Message, error) {
	if v.Session == nil {
		return nil, nil
	}
	name := nameOf(*v.Session, e)
	if name == "" {
		return nil, nil
	}
	body, err := json.Marshal(notice{ID: e.ID, Name: name, CreatedAt: timestamp(e.At)})
	if err != nil {
		return nil, fmt.Errorf("write webhook: %w", err)
	}
	return []usher.Message{{Event: name, ContentType: "application/json", Body: body}}, nil
}

// nameOf names an event by the session as it is right after it. [historyOf] must give the same name from the session's events alone.
func nameOf(s usher.Session, e usher.Event) string {
	switch e.Type {
	case usher.SessionCreated:
		if s.Purpose != usher.ForOnboarding {
			return pendingActionCreated
		}
	case usher.SessionResubmissionRequested:
		return pendingActionCreated
	case usher.SessionSubmitted:
		return sentName(s)
	case usher.SessionReviewRequested:
		// A check that stops the flow sends the applicant's unfinished go to a reviewer. There is no submission to tell, yet the applicant's part
		// is over. The vote of one of two reviewers is told by the same event and is nobody else's business.
		if len(s.Asked()) > 0 && len(e.Data.Votes) == 0 {
			return sentName(s)
		}
	case usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned:
		if s.Purpose == usher.ForOnboarding {
			return verdictName(e)
		}
	default:
	}
	return ""
}

// sentName names the end of the applicant's part: of the first go, or of a pending action.
func sentName(s usher.Session) string {
	if s.Purpose == usher.ForOnboarding && s.Attempt == 1 {
		return dataProvided
	}
	return pendingActionCompleted
}

func verdictName(e usher.Event) string {
	if e.Data.Decision != nil && e.Data.Decision.Verdict == usher.Approve {
		return individualActivated
	}
	return individualBlocked
}
