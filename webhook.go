package usher

import (
	"context"
	"slices"
	"time"
)

// Endpoint is where a tenant wants its events.
type Endpoint struct {
	Redacted
	ID        string            `json:"id"`
	TenantID  string            `json:"tenant_id"`
	URL       string            `json:"url"`
	Dialect   string            `json:"dialect"`           // whose shapes it is sent
	Events    []EventType       `json:"events"`            // empty or ["*"]: all
	Names     []string          `json:"names,omitempty"`   // names of events in the words of the dialect; empty: all
	Headers   map[string]string `json:"headers,omitempty"` // set on every message, for vendors whose clients ask for their own
	AnyOrigin bool              `json:"any_origin"`        // also sessions that came in through another dialect
	Auth      EndpointAuth      `json:"auth"`
	Secrets   []string          `json:"secrets"`  // whsec_…; the first signs, older ones sign as well while a rotation lasts
	Disabled  string            `json:"disabled"` // why it gets nothing any more, or ""

	// Failures in a row, and since when; kept by the outbox, so that they outlive a restart and are one figure for all nodes.
	Failures     int       `json:"-"`
	FailingSince time.Time `json:"-"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// Wants tells whether the endpoint is to be told an event of a subject that came in through a dialect.
func (e Endpoint) Wants(dialect string, t EventType) bool {
	if e.Disabled != "" || (e.Dialect != dialect && !e.AnyOrigin) {
		return false
	}
	return len(e.Events) == 0 || slices.Contains(e.Events, "*") || slices.Contains(e.Events, t)
}

// WantsMessage tells whether a message is to be sent, by its name in the words of the dialect.
func (e Endpoint) WantsMessage(m Message) bool {
	if len(e.Names) == 0 {
		return !m.Asked
	}
	return slices.Contains(e.Names, m.Event)
}

// EndpointAuth is how usher proves itself to an endpoint, beside the signature. Type is none, basic, header, oauth2, or hmac where the dialect
// knows a signature of its own.
type EndpointAuth struct {
	Type         string `json:"type"`
	Username     string `json:"username,omitempty"`
	Password     string `json:"password,omitempty"`
	Name         string `json:"name,omitempty"`  // of a header
	Value        string `json:"value,omitempty"` // of a header
	TokenURL     string `json:"token_url,omitempty"`
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	Secret       string `json:"secret,omitempty"` // of hmac
}

// Message is an event in the words of one dialect. The bytes are fixed when the event is written and sent unchanged by every try.
type Message struct {
	Redacted
	Event       string // name in the dialect's words, for the log
	ContentType string
	Body        []byte
	// Asked: only for endpoints that name it among their Names, for vendors who have two names for one thing.
	Asked bool
}

// Renderer writes events in the words of one dialect, none for an event it does not know. It reads nothing but its arguments, inside the commit.
type Renderer interface {
	Name() string
	Render(v View, e Event) ([]Message, error)
}

// View is what a renderer may look at: the session as it is after the event (nil for applicant.* events) and the applicant.
type View struct {
	Tenant    Tenant
	Applicant Applicant
	Session   *Session
	Link      string   // address of the session's entry link; "" where there is no session
	Account   *Account // of account.opened
}

// DeliveryStatus is where a delivery stands.
type DeliveryStatus string

// The statuses of a delivery.
const (
	DeliveryPending   DeliveryStatus = "pending"
	DeliveryDelivered DeliveryStatus = "delivered"
	DeliveryDead      DeliveryStatus = "dead" // every try failed, or the endpoint is gone
)

// Delivery is one message to one endpoint.
type Delivery struct {
	ID, TenantID, EndpointID string
	ApplicantID, EventID     string
	SessionID                string // "" for applicant.* events
	EventType                EventType
	Message                  Message
	Status                   DeliveryStatus
	Attempts                 int
	DueAt                    time.Time // of the next try
	CreatedAt, DoneAt        time.Time
}

// DeliveryAttempt is one try of a delivery.
type DeliveryAttempt struct {
	Redacted
	Number    int       `json:"number"`
	At        time.Time `json:"at"`
	Status    int       `json:"status"` // HTTP status, 0 when there was no answer
	LatencyMS int64     `json:"latency_ms"`
	Answer    string    `json:"answer,omitempty"` // first KB
	Error     string    `json:"error,omitempty"`
}

// DeliveryReport is how one try of a claimed delivery ended, and what becomes of the delivery.
type DeliveryReport struct {
	Delivery Delivery
	Attempt  DeliveryAttempt
	Status   DeliveryStatus
	RetryAt  time.Time // when Status is pending
	Disable  string    // not "": disable the endpoint, for this reason
}

// Outbox is the durable queue of deliveries that a sender drains.
type Outbox interface {
	// Exchange writes how tries ended, and leases what is due, in one transaction: a sender at work pays for one commit and not two. A report
	// of a try that was written before changes nothing; the next in line becomes due by it. Of each endpoint and subject the oldest that is not
	// done is given, with those behind it, so that order holds whichever node sends. The tries of what came together are reported together.
	Exchange(ctx context.Context, reports []DeliveryReport, c DeliveryClaim) ([]ClaimedDelivery, error)
	// Release gives leases back without counting a try.
	Release(ctx context.Context, ids []string) error
	// NextDue tells when the next pending delivery is due, or the zero time when there is none.
	NextDue(ctx context.Context) (time.Time, error)
}

// DeliveryClaim says what a sender can take: up to Limit deliveries that are due at Now, none for a Limit of 0, leased for Lease, and none of the
// endpoints in Except; and of those that wait behind them up to Ahead in all.
type DeliveryClaim struct {
	Now    time.Time
	Lease  time.Duration
	Limit  int
	Ahead  int
	Except []string
}

// ClaimedDelivery is a leased delivery with the endpoint it goes to, and those behind it in line: the lease of the first is that of all, so each may
// be begun when the one before it was delivered, and what was not begun by the time of the report is nobody's.
type ClaimedDelivery struct {
	Delivery Delivery
	Endpoint Endpoint
	Behind   []Delivery
}

// AccountOpener opens an account for an approved applicant. An error means "ask me again"; a refusal is an answer. The key is the same for
// every try of one account, so that an opener which honours it opens no second one.
type AccountOpener interface {
	Name() string
	Open(ctx context.Context, r AccountRequest) (Account, error)
}

// AccountRequest is what an opener is told.
type AccountRequest struct {
	Key       string
	Tenant    Tenant
	Applicant Applicant
	SessionID string
	Type      string // "current" unless the client asked for another
}

// Account is what was opened. It is personal data and stored sealed.
type Account struct {
	Redacted
	ID          string    `json:"id"`
	TenantID    string    `json:"tenant_id"`
	ApplicantID string    `json:"applicant_id"`
	SessionID   string    `json:"session_id,omitempty"`
	Opener      string    `json:"opener"`
	Status      string    `json:"status"` // CONFIRMED or ERROR
	Type        string    `json:"type"`
	Name        string    `json:"name"`
	Currency    string    `json:"currency"`
	Number      string    `json:"number,omitempty"` // IBAN or the like
	BankCode    string    `json:"bank_code,omitempty"`
	Beneficiary string    `json:"beneficiary,omitempty"`
	Test        bool      `json:"test"` // issued in a test bank code; no bank knows it
	Error       string    `json:"error,omitempty"`
	Reference   string    `json:"reference,omitempty"` // the opener's own id
	CreatedAt   time.Time `json:"created_at"`
}

// The statuses of an account.
const (
	AccountConfirmed = "CONFIRMED"
	AccountError     = "ERROR"
)
