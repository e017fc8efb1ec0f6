package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// CreateApplicant creates an applicant.
func (c *Client) CreateApplicant(ctx context.Context, n NewApplicant) (Applicant, error) {
	return ask[Applicant](ctx, c, http.MethodPost, "/v1/applicants", nil, n)
}

// Applicant reads an applicant.
func (c *Client) Applicant(ctx context.Context, id string) (Applicant, error) {
	return ask[Applicant](ctx, c, http.MethodGet, "/v1/applicants/"+url.PathEscape(id), nil, nil)
}

// UpdateApplicant changes contact data.
func (c *Client) UpdateApplicant(ctx context.Context, id string, p ApplicantPatch) (Applicant, error) {
	return ask[Applicant](ctx, c, http.MethodPatch, "/v1/applicants/"+url.PathEscape(id), nil, p)
}

// EraseApplicant destroys all personal data of an applicant. It cannot be undone, and needs the scope admin.
func (c *Client) EraseApplicant(ctx context.Context, id string) (Applicant, error) {
	return ask[Applicant](ctx, c, http.MethodDelete, "/v1/applicants/"+url.PathEscape(id), nil, nil)
}

// ApplicantFilter narrows a list of applicants; empty members do not.
type ApplicantFilter struct {
	Status, Reference, Email string
}

// Applicants gives all applicants that a filter leaves, newest first, reading page after page as they are taken.
func (c *Client) Applicants(ctx context.Context, f ApplicantFilter) iter.Seq2[Applicant, error] {
	return all[Applicant](ctx, c, "/v1/applicants", query("status", f.Status, "reference", f.Reference, "email", f.Email))
}

// StartSession starts a session; its URL is where to send the applicant.
func (c *Client) StartSession(ctx context.Context, n NewSession) (Session, error) {
	return ask[Session](ctx, c, http.MethodPost, "/v1/sessions", nil, n)
}

// Session reads a session.
func (c *Client) Session(ctx context.Context, id string) (Session, error) {
	return ask[Session](ctx, c, http.MethodGet, sessionPath(id, ""), nil, nil)
}

// SessionFilter narrows a list of sessions; empty members do not.
type SessionFilter struct {
	ApplicantID, State, Purpose, Reference string
}

// Sessions gives all sessions that a filter leaves, newest first.
func (c *Client) Sessions(ctx context.Context, f SessionFilter) iter.Seq2[Session, error] {
	return all[Session](ctx, c, "/v1/sessions", query("applicant_id", f.ApplicantID, "state", f.State, "purpose", f.Purpose, "reference", f.Reference))
}

// ReissueLink gives the applicant a new link; the old one is dead.
func (c *Client) ReissueLink(ctx context.Context, id string) (Session, error) {
	return c.command(ctx, id, "link", nil)
}

// Cancel ends a session that is not decided.
func (c *Client) Cancel(ctx context.Context, id string) (Session, error) {
	return c.command(ctx, id, "cancel", nil)
}

// Submission sends what you collected yourself: consent that you took, and which document the pictures show.
type Submission struct {
	Consent  *Consent  `json:"consent,omitempty"`
	Document *Document `json:"document,omitempty"`
}

// Consent is consent that you took from the applicant. Face is the separate consent to looking at the face.
type Consent struct {
	Text   string `json:"text,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Locale string `json:"locale,omitempty"`
	Face   bool   `json:"face,omitempty"`
}

// Document is which document the uploaded pictures show.
type Document struct {
	Type    string `json:"type,omitempty"`    // passport, id_card, driving_licence or residence_permit
	Country string `json:"country,omitempty"` // ISO 3166-1 alpha-2
}

// Submit sends a session to its checks.
func (c *Client) Submit(ctx context.Context, id string, s Submission) (Session, error) {
	return c.command(ctx, id, "submit", s)
}

// Verdict is a decision, or a wish to have steps done again. Reasons are needed but to approve, Steps only by RequestAgain.
type Verdict struct {
	Reasons   []Reason `json:"reasons,omitempty"`
	Steps     []string `json:"steps,omitempty"`
	Note      string   `json:"note,omitempty"`          // for the applicant
	Internal  string   `json:"internal_note,omitempty"` // for staff
	IfVersion int64    `json:"if_version,omitempty"`    // the version you looked at: another one is a conflict
}

// Approve approves a session. Like the other decisions it needs the scope decide.
func (c *Client) Approve(ctx context.Context, id string, v Verdict) (Session, error) {
	return c.command(ctx, id, "approve", v)
}

// Reject rejects a session.
func (c *Client) Reject(ctx context.Context, id string, v Verdict) (Session, error) {
	return c.command(ctx, id, "reject", v)
}

// RequestAgain asks the applicant to do steps again.
func (c *Client) RequestAgain(ctx context.Context, id string, v Verdict) (Session, error) {
	return c.command(ctx, id, "request_again", v)
}

// Overturn turns a decision into its opposite.
func (c *Client) Overturn(ctx context.Context, id string, v Verdict) (Session, error) {
	return c.command(ctx, id, "overturn", v)
}

// Simulate steers a session of a sandbox tenant: submit, approve, reject, expire, watchlist_hit, account_error, fail_check:<kind>.
func (c *Client) Simulate(ctx context.Context, id, action string) (Session, error) {
	return ask[Session](ctx, c, http.MethodPost, "/v1/simulate/session/"+url.PathEscape(id), nil, map[string]string{"action": action})
}

func (c *Client) command(ctx context.Context, id, name string, body any) (Session, error) {
	return ask[Session](ctx, c, http.MethodPost, sessionPath(id, "/"+name), nil, body)
}

// AddEvidence uploads a file of at most 10 MB. Kind is document_front, document_back, selfie, selfie_video, liveness, proof_of_address or
// report. The file is held in memory, so that it can be sent again.
func (c *Client) AddEvidence(ctx context.Context, session, kind string, file io.Reader) (Evidence, error) {
	var e Evidence
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	if err := form.WriteField("kind", kind); err != nil {
		return e, fmt.Errorf("write the form: %w", err)
	}
	part, err := form.CreateFormFile("file", "file")
	if err != nil {
		return e, fmt.Errorf("write the form: %w", err)
	}
	if _, err := io.Copy(part, file); err != nil {
		return e, fmt.Errorf("read the file: %w", err)
	}
	if err := form.Close(); err != nil {
		return e, fmt.Errorf("write the form: %w", err)
	}
	err = c.send(ctx, call{
		method: http.MethodPost, path: sessionPath(session, "/evidence"), body: b.Bytes(), kind: form.FormDataContentType(),
	}, &e)
	return e, err
}

// Evidence lists the files of a session.
func (c *Client) Evidence(ctx context.Context, session string) ([]Evidence, error) {
	p, err := ask[Page[Evidence]](ctx, c, http.MethodGet, sessionPath(session, "/evidence"), nil, nil)
	return p.Data, err
}

// EvidenceContent gives the bytes of a file.
func (c *Client) EvidenceContent(ctx context.Context, session, id string) ([]byte, error) {
	return ask[[]byte](ctx, c, http.MethodGet, sessionPath(session, "/evidence/"+url.PathEscape(id)+"/content"), nil, nil)
}

// Checks gives what the checks of a session found.
func (c *Client) Checks(ctx context.Context, session string) ([]Check, error) {
	p, err := ask[Page[Check]](ctx, c, http.MethodGet, sessionPath(session, "/checks"), nil, nil)
	return p.Data, err
}

// Report gives everything of a case, as the JSON text the server wrote: what an auditor asks for.
func (c *Client) Report(ctx context.Context, session string) ([]byte, error) {
	return ask[[]byte](ctx, c, http.MethodGet, sessionPath(session, "/report.json"), nil, nil)
}

// Event reads an event.
func (c *Client) Event(ctx context.Context, id string) (Event, error) {
	return ask[Event](ctx, c, http.MethodGet, "/v1/events/"+url.PathEscape(id), nil, nil)
}

// EventFilter narrows a list of events; empty members do not. After is the id of the last event you have.
type EventFilter struct {
	After                  string
	Types                  []string
	ApplicantID, SessionID string
}

// Events gives all events since one, oldest first, until there is none left. Keep the id of the last one to go on from later.
func (c *Client) Events(ctx context.Context, f EventFilter) iter.Seq2[Event, error] {
	return all[Event](ctx, c, "/v1/events", query(
		"after", f.After, "type", strings.Join(f.Types, ","), "applicant_id", f.ApplicantID, "session_id", f.SessionID))
}

// CreateEndpoint registers a webhook endpoint. Keep its Secret: it is needed to verify what is sent there, and not shown again.
func (c *Client) CreateEndpoint(ctx context.Context, n NewEndpoint) (Endpoint, error) {
	return ask[Endpoint](ctx, c, http.MethodPost, "/v1/webhook_endpoints", nil, n)
}

// Endpoints lists the webhook endpoints.
func (c *Client) Endpoints(ctx context.Context) ([]Endpoint, error) {
	p, err := ask[Page[Endpoint]](ctx, c, http.MethodGet, "/v1/webhook_endpoints", nil, nil)
	return p.Data, err
}

// DeleteEndpoint removes a webhook endpoint.
func (c *Client) DeleteEndpoint(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/v1/webhook_endpoints/"+url.PathEscape(id), nil, nil, nil)
}

// RotateSecret gives a webhook endpoint a new Secret. The old one signs as well until the secret is made anew once more.
func (c *Client) RotateSecret(ctx context.Context, id string) (Endpoint, error) {
	return ask[Endpoint](ctx, c, http.MethodPost, "/v1/webhook_endpoints/"+url.PathEscape(id)+"/rotate_secret", nil, nil)
}

func sessionPath(id, rest string) string { return "/v1/sessions/" + url.PathEscape(id) + rest }

// query makes a query of pairs; empty values are left out.
func query(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

func ask[T any](ctx context.Context, c *Client, method, path string, q url.Values, in any) (T, error) {
	var out T
	err := c.do(ctx, method, path, q, in, &out)
	return out, err
}

const pageSize = 100

// all gives the items of a list, page after page. It ends with the first error.
func all[T any](ctx context.Context, c *Client, path string, q url.Values) iter.Seq2[T, error] {
	q.Set("limit", strconv.Itoa(pageSize))
	return func(yield func(T, error) bool) {
		for {
			p, err := ask[Page[T]](ctx, c, http.MethodGet, path, q, nil)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range p.Data {
				if !yield(item, nil) {
					return
				}
			}
			if p.Next == "" {
				return
			}
			q.Set("after", p.Next)
		}
	}
}
