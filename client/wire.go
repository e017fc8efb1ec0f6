package client

import "time"

// Address is a postal address. Country is ISO 3166-1 alpha-2.
type Address struct {
	Country    string `json:"country"`
	Street     string `json:"street"`
	City       string `json:"city"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code"`
}

// NewApplicant is what is known of a person; what is left out is asked of them.
type NewApplicant struct {
	FirstName   string   `json:"first_name,omitempty"`
	LastName    string   `json:"last_name,omitempty"`
	DateOfBirth string   `json:"date_of_birth,omitempty"` // YYYY-MM-DD
	Nationality string   `json:"nationality,omitempty"`   // ISO 3166-1 alpha-2
	Email       string   `json:"email,omitempty"`
	Phone       string   `json:"phone,omitempty"` // digits, country code first
	Address     *Address `json:"address,omitempty"`
	Reference   string   `json:"reference,omitempty"` // your own key
}

// Applicant is a person being onboarded.
type Applicant struct {
	ID string `json:"id"`
	NewApplicant

	Kind      string `json:"kind"`
	Status    string `json:"status"`     // state of the newest onboarding session, or "none"
	SessionID string `json:"session_id"` // of that session
	Erased    bool   `json:"erased"`
	// Restricted says that erasure was asked for and has to wait, because the law or a hold has the data kept.
	Restricted bool      `json:"restricted"`
	Version    int64     `json:"version"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// ApplicantPatch changes contact data; nil members stay.
type ApplicantPatch struct {
	Email   *string  `json:"email,omitempty"`
	Phone   *string  `json:"phone,omitempty"`
	Address *Address `json:"address,omitempty"`
}

// NewSession starts a session. Give ApplicantID or Applicant.
type NewSession struct {
	ApplicantID string        `json:"applicant_id,omitempty"`
	Applicant   *NewApplicant `json:"applicant,omitempty"`
	Flow        string        `json:"flow,omitempty"`
	ReturnURL   string        `json:"return_url,omitempty"`
	Locale      string        `json:"locale,omitempty"`
	Reference   string        `json:"reference,omitempty"`
	ExpiresIn   int64         `json:"expires_in,omitempty"` // seconds
}

// The states of a session.
const (
	Created           = "created"
	InProgress        = "in_progress"
	Submitted         = "submitted"
	InReview          = "in_review"
	AwaitingApplicant = "awaiting_applicant"
	Approved          = "approved"
	Rejected          = "rejected"
	Expired           = "expired"
	Cancelled         = "cancelled"
)

// Session is one go of one applicant through one flow.
type Session struct {
	ID          string         `json:"id"`
	ApplicantID string         `json:"applicant_id"`
	State       string         `json:"state"`
	Phase       string         `json:"phase"`
	NextAction  string         `json:"next_action"` // none, open_link, redo or wait
	CanRetry    bool           `json:"can_retry"`
	Attempt     int            `json:"attempt"`
	AttemptsMax int            `json:"attempts_max"`
	Version     int64          `json:"version"` // rises; drop what is older than what you have
	Flow        string         `json:"flow"`
	FlowVersion int            `json:"flow_version"`
	Purpose     string         `json:"purpose"`
	Reference   string         `json:"reference"`
	Locale      string         `json:"locale"`
	ReturnURL   string         `json:"return_url"`
	Steps       []Step         `json:"steps"`
	Reasons     []Reason       `json:"reasons"`
	Note        string         `json:"note"`
	Decision    *Decision      `json:"decision"`
	Account     *AccountResult `json:"account"`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
	StartedAt   time.Time      `json:"started_at"`
	SubmittedAt time.Time      `json:"submitted_at"`
	DecidedAt   time.Time      `json:"decided_at"`
	ExpiresAt   time.Time      `json:"expires_at"`

	// URL and Token are the applicant's link: given when the session is started or its link is issued anew, and not again.
	URL   string `json:"url"`
	Token string `json:"token"`
}

// Step is one step of a session.
type Step struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"`
	State  string    `json:"state"` // open, running or done
	DoneAt time.Time `json:"done_at"`
	Redo   []Reason  `json:"redo"` // why it was asked again
}

// Reason is one ground. Only Code is needed in a request.
type Reason struct {
	Code    string `json:"code"`
	Class   string `json:"class,omitempty"` // final, retry, mismatch or notice
	Step    string `json:"step,omitempty"`
	Check   string `json:"check,omitempty"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message,omitempty"` // in English
}

// Actor is who did something: client, applicant, staff or system.
type Actor struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Decision is what was decided.
type Decision struct {
	Verdict  string    `json:"verdict"` // approved or rejected
	By       Actor     `json:"by"`
	Reasons  []Reason  `json:"reasons"`
	Note     string    `json:"note"`
	Overturn bool      `json:"overturn"`
	At       time.Time `json:"at"`
}

// AccountResult is how opening the account went.
type AccountResult struct {
	ID      string    `json:"id"`
	Opened  bool      `json:"opened"`
	Reasons []Reason  `json:"reasons"`
	At      time.Time `json:"at"`
}

// Evidence is a stored file.
type Evidence struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	Source      string    `json:"source"`
	ContentType string    `json:"content_type"`
	Size        int64     `json:"size"`   // bytes
	SHA256      string    `json:"sha256"` // hex
	Attempt     int       `json:"attempt"`
	CreatedAt   time.Time `json:"created_at"`
}

// Check is what one check found.
type Check struct {
	Kind        string            `json:"kind"`
	Step        string            `json:"step"`
	Outcome     string            `json:"outcome"` // pending, clear, consider, reject, unavailable or not_run
	Score       float64           `json:"score"`   // 0..1
	Assurance   string            `json:"assurance"`
	Reasons     []Reason          `json:"reasons"`
	Provider    string            `json:"provider"`
	Version     string            `json:"version"`
	Examined    []string          `json:"examined"`
	NotExamined []string          `json:"not_examined"`
	Fields      map[string]string `json:"fields"`
	EvidenceIDs []string          `json:"evidence_ids"`
	DurationMS  int64             `json:"duration_ms"`
}

// Event is something that happened, as pulled and as delivered.
type Event struct {
	ID          string    `json:"id"`
	Type        string    `json:"type"`
	Sequence    int64     `json:"sequence"` // gapless per session, per applicant for applicant.* events
	CreatedAt   time.Time `json:"created_at"`
	TenantID    string    `json:"tenant_id"`
	ApplicantID string    `json:"applicant_id"`
	SessionID   string    `json:"session_id"`
	Version     int64     `json:"version"`
	Data        EventData `json:"data"`
}

// EventData is what an event adds; members that do not belong to its type are empty.
type EventData struct {
	State    string         `json:"state"` // of the session after it, where it changed
	By       *Actor         `json:"by"`
	Fields   []string       `json:"fields"` // names of what changed
	Step     string         `json:"step"`
	Steps    []string       `json:"steps"`
	Evidence *Evidence      `json:"evidence"` // id and kind
	Check    *Check         `json:"check"`    // kind, outcome, score, assurance and reasons
	Reasons  []Reason       `json:"reasons"`
	Decision *Decision      `json:"decision"`
	Account  *AccountResult `json:"account"`
}

// NewEndpoint registers a webhook endpoint. No events means all of them.
type NewEndpoint struct {
	URL     string        `json:"url"`
	Dialect string        `json:"dialect,omitempty"`
	Events  []string      `json:"events,omitempty"`
	Origin  string        `json:"origin,omitempty"` // same or any
	Auth    *EndpointAuth `json:"auth,omitempty"`
}

// EndpointAuth is how usher proves itself beside the signature. Type is none, basic, header or oauth2.
type EndpointAuth struct {
	Type         string `json:"type"`
	Username     string `json:"username,omitempty"`
	Password     string `json:"password,omitempty"`
	Name         string `json:"name,omitempty"`
	Value        string `json:"value,omitempty"`
	TokenURL     string `json:"token_url,omitempty"`
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
}

// Endpoint is where events are sent. Secret is given when the endpoint is created or its secret made anew, and not again.
type Endpoint struct {
	ID             string       `json:"id"`
	URL            string       `json:"url"`
	Dialect        string       `json:"dialect"`
	Events         []string     `json:"events"`
	Origin         string       `json:"origin"`
	Auth           EndpointAuth `json:"auth"`
	Enabled        bool         `json:"enabled"`
	DisabledReason string       `json:"disabled_reason"`
	Secret         string       `json:"secret"`
	CreatedAt      time.Time    `json:"created_at"`
	UpdatedAt      time.Time    `json:"updated_at"`
}

// Page is one page of a list. Next is the cursor of the following page, "" on the last one.
type Page[T any] struct {
	Data []T    `json:"data"`
	Next string `json:"next"`
}
