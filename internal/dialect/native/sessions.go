package native

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const tagSessions = "sessions"

func (s *server) sessionRoutes() {
	handle(s, route{
		method: http.MethodPost, path: "/v1/sessions", id: "create_session", tag: tagSessions, may: usher.ActWritePeople,
		status: http.StatusCreated, summary: "Start a session", command: true,
		about: "Names an applicant by `applicant_id` or brings one along in `applicant`. The answer holds the applicant's link, which is shown only " +
			"now: send the applicant there.",
	}, s.createSession)
	handle(s, route{
		method: http.MethodGet, path: "/v1/sessions", id: "list_sessions", tag: tagSessions, may: usher.ActSeeCases,
		summary: "List sessions", about: "Newest first.",
	}, s.listSessions)
	handle(s, route{
		method: http.MethodGet, path: "/v1/sessions/{id}", id: "get_session", tag: tagSessions, may: usher.ActSeeCases,
		summary: "Read a session",
	}, s.getSession)
	handle(s, route{
		method: http.MethodPost, path: "/v1/sessions/{id}/link", id: "reissue_link", tag: tagSessions, may: usher.ActWritePeople,
		summary: "Give the applicant a new link", command: true,
		about: "The old link is dead from then on; what the applicant has done is kept.",
	}, s.reissueLink)
}

type newSession struct {
	ApplicantID string            `json:"applicant_id,omitempty" maxLength:"100" doc:"Id of an applicant; this or applicant." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	Applicant   *newApplicant     `json:"applicant,omitempty" doc:"An applicant to create with the session; this or applicant_id."`
	Flow        string            `json:"flow,omitempty" maxLength:"100" doc:"Name of the flow; left out, the API client's default." example:"continuous"`
	ReturnURL   string            `json:"return_url,omitempty" maxLength:"2000" doc:"Where the applicant is sent when done; must begin with an address registered for the API client. Nothing is added to it. Wait for the event: that the applicant returns says nothing about the outcome." example:"https://client.example/done"`
	Locale      string            `json:"locale,omitempty" maxLength:"20" doc:"Language of the applicant's pages; left out, what the browser asks for." example:"sv"`
	Reference   string            `json:"reference,omitempty" maxLength:"200" doc:"Your own key for this session." example:"order-17"`
	Metadata    map[string]string `json:"metadata,omitempty" doc:"Pairs of your own to keep beside the session, at most 50; keys up to 64 characters, values up to 1,000. Nobody but you is shown them." example:"{\"branch\":\"north\"}"`
	ExpiresIn   int64             `json:"expires_in,omitempty" minimum:"60" maximum:"31536000" doc:"Seconds until the link ends; left out, the flow's time." example:"172800"`
}

// domain gives the session, or everything that is wrong with it.
func (n newSession) domain() (usher.NewSession, error) {
	out := usher.NewSession{
		ApplicantID: n.ApplicantID, Flow: n.Flow, ReturnURL: n.ReturnURL, Locale: n.Locale, Reference: n.Reference,
		Metadata: n.Metadata, Expires: time.Duration(n.ExpiresIn) * time.Second,
	}
	var which, person error
	pairs := checkMetadata(n.Metadata)
	if (n.ApplicantID == "") == (n.Applicant == nil) {
		which = usher.Invalid("applicant_id", "give either applicant_id or applicant")
	}
	if n.Applicant != nil {
		var a usher.NewApplicant
		a, person = n.Applicant.domain("applicant")
		out.Applicant = &a
	}
	return out, allInvalid(which, person, pairs, api.Locale("locale", n.Locale))
}

func (s *server) createSession(ctx context.Context, p api.Principal, in *struct{ Body newSession }) (*made[linkedSession], error) {
	n, err := in.Body.domain()
	if err != nil {
		return nil, err
	}
	answer := func(of usher.Session, link usher.Link) *made[linkedSession] {
		return &made[linkedSession]{Location: "/v1/sessions/" + of.ID, Body: linkedSessionOf(of, link)}
	}
	rendered(ctx, s, func(m api.Made) *made[linkedSession] { return answer(m.Session, m.Link) })
	begun, link, err := s.Service.StartSession(ctx, p.Client, n)
	if err != nil {
		return nil, err
	}
	return answer(begun, link), nil
}

type listSessionsInput struct {
	Paged

	ApplicantID string `query:"applicant_id" maxLength:"100" doc:"Sessions of one applicant." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	State       string `query:"state" enum:"created,in_progress,submitted,in_review,awaiting_applicant,approved,rejected,expired,cancelled" doc:"Sessions in one state." example:"in_review"`
	Purpose     string `query:"purpose" enum:"onboarding,identity_verification,proof_of_address" doc:"Sessions for one purpose." example:"onboarding"`
	Reference   string `query:"reference" maxLength:"200" doc:"Your own key, exactly." example:"order-17"`
}

func (s *server) listSessions(ctx context.Context, p api.Principal, in *listSessionsInput) (*answer[page[Session]], error) {
	found, err := s.Service.ListSessions(ctx, p.Tenant(), usher.SessionFilter{
		Paging: in.paging(), ApplicantID: in.ApplicantID, State: usher.State(in.State), Purpose: usher.Purpose(in.Purpose), Reference: in.Reference,
	})
	if err != nil {
		return nil, api.CursorError(err)
	}
	return &answer[page[Session]]{Body: pageOf(found, sessionOf)}, nil
}

func (s *server) getSession(ctx context.Context, p api.Principal, in *ByID) (*answer[Session], error) {
	return sessionAnswer(s.Service.Session(ctx, p.Tenant(), in.ID))
}

type linkBody struct {
	ExpiresIn int64  `json:"expires_in,omitempty" minimum:"60" maximum:"31536000" doc:"Seconds until the link ends; left out, the flow's time." example:"172800"`
	ReturnURL string `json:"return_url,omitempty" maxLength:"2000" doc:"Where the applicant is sent when done; left out, what the session has." example:"https://client.example/done"`
}

type reissueLinkInput struct {
	ByID

	Body *linkBody
}

func (s *server) reissueLink(ctx context.Context, p api.Principal, in *reissueLinkInput) (*answer[linkedSession], error) {
	var n usher.NewLink
	if in.Body != nil {
		n = usher.NewLink{Expires: time.Duration(in.Body.ExpiresIn) * time.Second, ReturnURL: in.Body.ReturnURL}
	}
	again, link, err := s.Service.IssueLink(ctx, p.Client, in.ID, n)
	if err != nil {
		return nil, err
	}
	return &answer[linkedSession]{Body: linkedSessionOf(again, link)}, nil
}

func sessionAnswer(s usher.Session, err error) (*answer[Session], error) {
	if err != nil {
		return nil, err
	}
	return &answer[Session]{Body: sessionOf(s)}, nil
}

// The bounds of a session's metadata.
const (
	mostPairs    = 50
	longestKey   = 64
	longestValue = 1000
)

func checkMetadata(pairs map[string]string) error {
	if len(pairs) > mostPairs {
		return usher.Invalid("metadata", "may hold at most %d pairs", mostPairs)
	}
	for key, value := range pairs {
		if key == "" || utf8.RuneCountInString(key) > longestKey || utf8.RuneCountInString(value) > longestValue {
			return usher.Invalid("metadata", "keys must have 1 to %d characters and values at most %d", longestKey, longestValue)
		}
	}
	return nil
}
