package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/usher-kyc/usher"
)

// Backend is what a vendor's dialect is built on. Its package has one function Open(Backend) (Dialect, error), which the composition root lists.
type Backend struct {
	Service  usher.Service
	Front    Front // as the server wants it: credentials, log, limits, idempotency; what the dialect decides is its own to set
	Stamps   usher.Stamps
	BaseURL  string       // public address of the dialect's mount, without a slash at its end
	Fetch    *http.Client // for addresses that a client names; it refuses what is not public
	Report   usher.Reporter
	Screener usher.Screener // nil where no watchlists are in use
	// Intake looks at a file before it is stored: its content type as sniffed, and advice on a picture that will do but could be better. The error is
	// an [*usher.Error] for what cannot be stored.
	Intake func(ctx context.Context, kind usher.EvidenceKind, raw []byte) (contentType string, advice []usher.ReasonCode, err error)
	// Look is what the checks have to say of one picture that is not evidence yet: of a document, what the document check reads and measures; of a
	// face, what the face check does. Nothing of it is kept.
	Look func(ctx context.Context, kind usher.EvidenceKind, picture []byte) (usher.CheckResult, error)
	// Portrait cuts the face out of the picture of a document, as a JPEG; an [*usher.Error] with CodeNotFound when there is none. It may be nil.
	Portrait func(ctx context.Context, document []byte) (jpeg []byte, err error)
	// Turn waits for the turn at something among all nodes of a server; nil where there is one. See [Turns].
	Turn    func(ctx context.Context, name string) (end func(), err error)
	Sharing *Sharing         // makes limiters that hold for all nodes together; nil where there is one
	Dev     bool             // any https or loopback address may be a return address
	Now     func() time.Time // never nil
	Log     *slog.Logger     // never nil
}

// Dialect is a vendor's API, as its package gives it to the composition root.
type Dialect struct {
	Name      string
	Handler   http.Handler // its paths, below the mount /compat/<name> or at a host of its own
	Routes    []Route      // all of them
	Renderer  usher.Renderer
	Events    []string // names of the messages that the renderer writes; an endpoint may ask for some of them
	Delivery  Delivery
	NeedsAuth bool // an endpoint of a live tenant has to say how this server proves itself
	Pages     usher.PageRules

	Flows  []string // texts of the flows that a new tenant is given for it
	Offers []Offer  // the ways in which a client of it can be set up; the first is the usual one
	// Tell gives what a client's developers must be told, by the names of dev.json: addresses and credentials. logins are those of one offer.
	Tell func(logins []Login) map[string]string
}

// Offer is one way in which a client of a dialect can be set up.
type Offer struct {
	Name  string // key in dev.json, such as "celcoin_continuous"
	Flow  string // default flow
	Parts []Part // the credentials that belong together; none means one with the scopes read, write and decide
}

// Part is one of the credentials of an offer.
type Part struct {
	Name   string // "" for the main one; then such as "executive"
	Scopes []usher.Scope
}

// Login is a made credential.
type Login struct {
	Part   string
	Client usher.APIClient
	Secret string
}

// Delivery is how a dialect's messages are sent. The zero value is the native way: ten tries over 75 h 35 min 5 s, 15 s for each, any 2xx is
// success.
type Delivery struct {
	// Schedule holds the wait before each try, the first as well; its length is the number of tries.
	Schedule []time.Duration
	// Timeout of one try with its answer. At most 45 s.
	Timeout time.Duration
	// Accepts tells whether an answer means that the message was taken, for vendors who are stricter than 2xx.
	Accepts func(status int, header http.Header) bool
	// Sign sets the vendor's own signature, for endpoints whose authentication is "hmac"; nil for a dialect that has none.
	Sign func(h http.Header, secret string, at time.Time, body []byte)
	// TokenForm sends the credentials to an endpoint's token address in the form, instead of by Basic (RFC 6749 section 2.3.1).
	TokenForm bool
}
