package usher

import (
	"context"
	"io"
	"time"
)

// Service is what every front (dialect, hosted page, desk) is given: the engine behind it is the only writer of sessions. The tenant is part
// of every call, so that a question without one cannot be asked; a thing of another tenant is not found.
type Service interface {
	Applicants
	Retention
	Sessions
	Links
	EvidenceStore
	Contacts
	Handoffs
	History
	Figurer
	FlowTexts
	Webhooks
	Screenings
	Cases

	// Tenant gives a tenant's own record.
	Tenant(ctx context.Context, tenant string) (Tenant, error)
	// Flow gives the newest version of a flow, Flows the newest of each; PublishFlow checks a flow and makes it the newest version.
	Flow(ctx context.Context, tenant, name string) (Flow, error)
	Flows(ctx context.Context, tenant string) ([]Flow, error)
	PublishFlow(ctx context.Context, tenant string, f Flow, source string) (Flow, error)
	// FlowSource gives the text a flow's newest version was read from.
	FlowSource(ctx context.Context, tenant, name string) (string, error)
	// CheckFlow lists what is wrong with a flow, without keeping it.
	CheckFlow(f Flow) []Problem
	// OpenAccount opens one more account for an approved applicant.
	Account(ctx context.Context, tenant, id string) (Account, error)
	AccountByNumber(ctx context.Context, tenant, number string) (Account, error)
	AccountsOf(ctx context.Context, tenant, applicant string) ([]Account, error)
	OpenAccount(ctx context.Context, c APIClient, applicant, kind string) (Account, error)
	// Simulate steers a sandbox session; CodeNotFound in a live tenant.
	Simulate(ctx context.Context, c APIClient, session, action string) (Session, error)
}

// Applicants are the people.
type Applicants interface {
	CreateApplicant(ctx context.Context, c APIClient, n NewApplicant) (Applicant, error)
	Applicant(ctx context.Context, tenant, id string) (Applicant, error)
	ListApplicants(ctx context.Context, tenant string, f ApplicantFilter) (Page[Applicant], error)
	UpdateApplicant(ctx context.Context, tenant, id string, p ApplicantPatch, by Actor) (Applicant, error)
	// EraseApplicant erases, or gives an applicant who is restricted because the law or a hold demands that they are kept for now.
	EraseApplicant(ctx context.Context, tenant, id string, by Actor) (Applicant, error)
}

// Retention says for how long applicants are kept.
type Retention interface {
	KeepRules(ctx context.Context, tenant string) (KeepRules, error)
	SetKeepRules(ctx context.Context, tenant string, rules KeepRules, by Actor) error
	// KeepPlan tells whom rules would erase by a time, without doing it: how many for each reason, and the ids of the first.
	KeepPlan(ctx context.Context, tenant string, rules KeepRules, by time.Time, first int) (map[KeepBasis]int, []string, error)
	Kept(ctx context.Context, tenant, applicant string) (Kept, error)
	// EndRelationship takes in when the client's relationship with an applicant ended; a zero time says that it goes on.
	EndRelationship(ctx context.Context, tenant, applicant string, at time.Time, by Actor) (Applicant, error)
	// HoldApplicant stops every removal, and says why; an empty reason lifts that.
	HoldApplicant(ctx context.Context, tenant, applicant, reason string, by Actor) (Applicant, error)
}

// Sessions are their goes. Do gives the session just written; a conflict of two writers is tried again unless the command names a version.
type Sessions interface {
	StartSession(ctx context.Context, c APIClient, n NewSession) (Session, Link, error)
	Do(ctx context.Context, tenant, id string, c Command) (Session, error)
	Session(ctx context.Context, tenant, id string) (Session, error)
	// SessionByKey gives the session of a dialect with a second name: a tenant's, or, for tenant "", that of the only tenant who has it. When
	// CodeGone says that its applicant was erased, the session given still has its ids, state and times; so it is with Session.
	SessionByKey(ctx context.Context, tenant, dialect, key string) (Session, error)
	ListSessions(ctx context.Context, tenant string, f SessionFilter) (Page[Session], error)
}

// Link is the way in for the applicant. Token is the secret part, given out once and stored as a hash; URL holds it.
type Link struct {
	Redacted
	SessionID, Token, URL string
	ExpiresAt             time.Time
}

// NewLink says what a new link is to have; zero members keep what the session has, and give it the flow's time.
type NewLink struct {
	Expires   time.Duration
	ReturnURL string
}

// Visit is a browser that a link was opened in. Token is its cookie's secret.
type Visit struct {
	Redacted
	Token    string
	Tenant   Tenant
	Session  Session
	Took     bool // this browser took over from another: what was typed there is not shown here
	Replaced bool // another browser took over from this one
	Follows  bool // and got the session from this one, by a hand-off
	Returned bool // this browser got the session by a hand-off, and it went back
}

// Links are the applicant's keys.
type Links interface {
	// IssueLink makes a new link for a session and kills the old one.
	IssueLink(ctx context.Context, c APIClient, session string, n NewLink) (Session, Link, error)
	// LookLink tells whose link a token is, without using it: mail scanners open links. The error is CodeGone, with the session still given, when
	// the link has expired or was replaced, and CodeNotFound when it never was.
	LookLink(ctx context.Context, token string) (Visit, error)
	// UseLink binds the link to a browser and gives its visit; a browser that held it before is replaced.
	UseLink(ctx context.Context, token string) (Visit, error)
	// Visit gives the visit of a browser's cookie.
	Visit(ctx context.Context, cookie string) (Visit, error)
	// EntryLink gives a way into a session that is the same each time it is asked for, for vendors whose clients read the address again and
	// again. It changes nothing, does not kill other links, and lives as long as the session can be opened.
	EntryLink(ctx context.Context, tenant, session string) (Link, error)
	// AskLink tells the client that who holds a link which has ended wants a new one. CodeConflict where the flow gives none.
	AskLink(ctx context.Context, token string) error
	// Saw keeps that a screen was shown in the browser of a cookie, a bounded number of them per session.
	Saw(ctx context.Context, cookie string, v PageView) error
}

// PageView is one screen that an applicant saw. Screen is a stable word of the hosted page, such as "consent", "document.camera" or "selfie.preview".
type PageView struct {
	Redacted
	At     time.Time `json:"at"`
	Screen string    `json:"screen"`
	Agent  string    `json:"agent"` // the browser's User-Agent header, cut to 300 bytes
}

// NewEvidence is a file to be stored. Name is what the client called it and is not kept.
type NewEvidence struct {
	Nonce       string // of the challenge that liveness frames answer, or ""
	Kind        EvidenceKind
	Source      EvidenceSource
	ContentType string       // sniffed by the caller
	Advice      []ReasonCode // what could be better about it, as the applicant was told
	By          Actor
}

// EvidenceStore keeps files: the original bytes, sealed.
type EvidenceStore interface {
	AddEvidence(ctx context.Context, tenant, session string, n NewEvidence, body io.Reader) (Session, Evidence, error)
	// OpenEvidence gives a file's bytes from offset on; by is who looks, for the audit trail.
	OpenEvidence(ctx context.Context, tenant, session, id string, offset int64, by Actor) (Evidence, io.ReadCloser, error)
}

// History is what happened.
type History interface {
	Event(ctx context.Context, tenant, id string) (Event, error)
	ListEvents(ctx context.Context, tenant string, f EventFilter) (Page[Event], error)
	// Journey gives the screens that the applicant of a session saw, oldest first.
	Journey(ctx context.Context, tenant, session string) ([]PageView, error)
}

// Webhooks are the endpoints of a tenant and what was sent to them.
type Webhooks interface {
	CreateEndpoint(ctx context.Context, tenant string, e Endpoint) (Endpoint, error) // answers with its secret
	Endpoint(ctx context.Context, tenant, id string) (Endpoint, error)
	Endpoints(ctx context.Context, tenant string) ([]Endpoint, error)
	UpdateEndpoint(ctx context.Context, tenant, id string, change func(*Endpoint)) (Endpoint, error) // change may be called more than once
	DeleteEndpoint(ctx context.Context, tenant, id string) error
	RotateSecret(ctx context.Context, tenant, id string) (Endpoint, error)
	// TestEndpoint queues a "ping" to the endpoint and gives its delivery.
	TestEndpoint(ctx context.Context, tenant, id string) (Delivery, error)
	// Replay queues again what an endpoint was sent: one event, or all since a time. It gives how many.
	Replay(ctx context.Context, tenant, endpoint, event string, since time.Time) (int, error)
	ListDeliveries(ctx context.Context, tenant string, f DeliveryFilter) (Page[Delivery], error)
	Delivery(ctx context.Context, tenant, id string) (Delivery, []DeliveryAttempt, error)
	Resend(ctx context.Context, tenant, id string) (Delivery, error)
}

// Paging is common to all lists: newest first unless Oldest, After and Before are cursors that a page or an item's id gave.
type Paging struct {
	Limit         int
	After, Before string
	Oldest        bool
	// Skip leaves out that many, and Count asks for the total of the list: for vendors whose lists have page numbers. They cost time with the
	// length of the list; cursors do not. Lists of applicants and sessions know them.
	Skip  int
	Count bool
}

// ApplicantFilter narrows a list of applicants; zero members do not.
type ApplicantFilter struct {
	Paging
	Dialect, Reference, Email  string
	NationalID                 string
	States                     []State // of the newest onboarding session; none means any
	NoSession                  bool    // only those without one
	CreatedFrom, CreatedBefore time.Time
}

// SessionFilter narrows a list of sessions.
type SessionFilter struct {
	Paging
	ApplicantID, Dialect, Reference string
	Purpose                         Purpose
	State                           State
	States                          []State // any of them
	CreatedFrom, CreatedBefore      time.Time
}

// EventFilter narrows a list of events.
type EventFilter struct {
	Paging
	Types       []EventType
	Purposes    []Purpose // of the session
	AskedAgain  bool      // only what asks a known applicant for more: sessions of another purpose than onboarding, and resubmissions
	Dialect     string
	ApplicantID string
	SessionID   string
	From        time.Time
	Before      time.Time
}

// DeliveryFilter narrows a list of deliveries.
type DeliveryFilter struct {
	Paging
	EndpointID, SessionID string
	Status                DeliveryStatus
	Name                  string // of the message, in the words of the dialect
	From, Before          time.Time
}

// Token is an API client's proof of having signed in, given out once.
type Token struct {
	Redacted
	Access    string
	Refresh   string // "" where the dialect has none
	Scopes    []Scope
	ExpiresAt time.Time
}

// Credentials know API clients and their tokens.
type Credentials interface {
	// ClientSecret gives the client for an id and secret; CodeUnauthenticated when they do not belong together.
	ClientSecret(ctx context.Context, dialect, id, secret string) (APIClient, error)
	// APIKey gives the client for a key that is id and secret in one.
	APIKey(ctx context.Context, dialect, key string) (APIClient, error)
	// Client gives a tenant's API client.
	Client(ctx context.Context, tenant, id string) (APIClient, error)
	// Issue makes an access token, and with refresh over 0 a session of that length whose refresh token renews it.
	Issue(ctx context.Context, c APIClient, scopes []Scope, access, refresh time.Duration) (Token, error)
	// Refresh gives the next pair for a refresh token: once, only after the access token has ended, and not after the session has.
	Refresh(ctx context.Context, dialect, refresh string, access time.Duration) (Token, error)
	// Revoke ends what was issued with a token, access or refresh, and all of the same sign-in. A token that is not the client's changes nothing
	// (RFC 7009, section 2.2).
	Revoke(ctx context.Context, c APIClient, token string) error
	// Bearer gives the client and scopes of an access token; CodeUnauthenticated when it is unknown, ended or revoked.
	Bearer(ctx context.Context, dialect, access string) (APIClient, []Scope, error)
}
