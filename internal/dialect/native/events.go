package native

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const tagEvents = "events"

func (s *server) eventRoutes() {
	handle(s, route{
		method: http.MethodGet, path: "/v1/events", id: "list_events", tag: tagEvents, may: usher.ActSeeCases, summary: "Read events",
		about: "Oldest first, so that you can ask for everything since an event: give the id of the last event you have as `after`. What webhooks " +
			"deliver and what this gives are the same events. Types: " + strings.Join(text(usher.EventTypes()), ", ") + ".",
	}, s.listEvents)
	handle(s, route{
		method: http.MethodGet, path: "/v1/events/{id}", id: "get_event", tag: tagEvents, may: usher.ActSeeCases, summary: "Read an event",
	}, s.getEvent)
}

type listEventsInput struct {
	Paged

	Type        []string `query:"type" maxItems:"30" nullable:"false" doc:"Only events of these types, separated by commas." example:"[\"session.approved\",\"session.rejected\"]"`
	ApplicantID string   `query:"applicant_id" maxLength:"100" doc:"Only events of one applicant." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	SessionID   string   `query:"session_id" maxLength:"100" doc:"Only events of one session." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
}

func (s *server) listEvents(ctx context.Context, p api.Principal, in *listEventsInput) (*answer[page[event]], error) {
	f := usher.EventFilter{Paging: in.paging(), ApplicantID: in.ApplicantID, SessionID: in.SessionID}
	f.Oldest = true
	for _, word := range in.Type {
		if !slices.Contains(usher.EventTypes(), usher.EventType(word)) {
			return nil, api.Malformed("type", "is no type of event; the list of types is in the API description")
		}
		f.Types = append(f.Types, usher.EventType(word))
	}
	found, err := s.Service.ListEvents(ctx, p.Tenant(), f)
	if err != nil {
		return nil, api.CursorError(err)
	}
	return &answer[page[event]]{Body: pageOf(found, eventOf)}, nil
}

func (s *server) getEvent(ctx context.Context, p api.Principal, in *ByID) (*answer[event], error) {
	e, err := s.Service.Event(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[event]{Body: eventOf(e)}, nil
}
