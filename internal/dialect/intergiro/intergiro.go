package intergiro

import (
	_ "embed"
	"net/http"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// What the vendor's pages promise of a login.
const (
	accessLife  = 15 * time.Minute
	sessionLife = 60 * time.Minute
)

// What this dialect's links and pending actions get.
const (
	defaultLinkLife   = 60 * time.Minute
	pendingActionLife = 7 * 24 * time.Hour
)

// The details of the two refusals of a refresh, which are also their codes on the wire.
const (
	detailEarly = "access_token_not_expired"
	detailEnded = "session_expired"
)

// Config is what the dialect needs.
type Config struct {
	Service usher.Service

	// Front is the kit's front as the server wants it: credentials, log, limits, idempotency. What the dialect itself decides is set by New.
	Front api.Front

	LinkLife time.Duration    // of an onboarding link; 0 means 60 minutes
	Now      func() time.Time // nil means time.Now
}

// Dialect serves the API.
type Dialect struct {
	Config
	handler http.Handler
	routed  *api.Mux
}

// New makes the dialect.
func New(c Config) *Dialect {
	if c.LinkLife == 0 {
		c.LinkLife = defaultLinkLife
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	d := &Dialect{Config: c}
	f := c.Front
	f.Dialect, f.Fail = Name, fail
	f.Open = func(r *http.Request) bool { return r.URL.Path == "/v3/auth/login" || r.URL.Path == "/v3/auth/refresh" }
	// The content type of a request without a body means nothing; of one with a body, readBody looks at it.
	f.Forms = func(r *http.Request) bool { return r.ContentLength == 0 }
	f.Conflicts = api.Conflicts{OtherRequest: usher.CodeConflict}
	d.routed = d.routes()
	d.handler = f.Handler(d.routed)
	return d
}

// Open gives the dialect to the composition root.
func Open(b api.Backend) (api.Dialect, error) {
	d := New(Config{Service: b.Service, Front: b.Front, Now: b.Now})
	return api.Dialect{
		Name: Name, Handler: d.Handler(), Routes: d.routed.Routes(), Renderer: Renderer{},
		Events:   []string{dataProvided, individualActivated, individualBlocked, pendingActionCreated, pendingActionCompleted},
		Delivery: api.Delivery{Timeout: 10 * time.Second}, // its contract, U10
		Flows:    []string{flowText},
		Offers:   []api.Offer{{Name: Name, Flow: "individual"}},
		Tell: func(logins []api.Login) map[string]string {
			return map[string]string{"base_url": b.BaseURL, "api_key": logins[0].Secret}
		},
	}, nil
}

//go:embed individual.yaml
var flowText string

// Handler serves paths that begin with /v3.
func (d *Dialect) Handler() http.Handler { return d.handler }

// routes lists the calls by the rows of the contract.
func (d *Dialect) routes() *api.Mux {
	mux := api.NewMux()
	mux.On("POST /v3/auth/login", d.call(d.login), usher.ActEnter)
	mux.On("POST /v3/auth/refresh", d.call(d.refresh), usher.ActEnter)
	mux.On("POST /v3/individuals", d.call(d.createIndividual), usher.ActWritePeople)
	mux.On("GET /v3/individuals", d.call(d.listIndividuals), usher.ActSeeCases)
	mux.On("GET /v3/individuals/{id}", d.call(d.getIndividual), usher.ActSeeCases)
	mux.On("PATCH /v3/individuals/{id}", d.call(d.patchIndividual), usher.ActWritePeople)
	mux.On("POST /v3/individuals/{id}/onboard", d.call(d.onboard), usher.ActWritePeople)
	mux.On("GET /v3/events", d.call(d.listEvents), usher.ActSeeCases)
	mux.On("GET /v3/events/{id}", d.call(d.getEvent), usher.ActSeeCases)
	mux.On("GET /v3/pending_actions", d.call(d.listActions), usher.ActSeeCases)
	mux.On("GET /v3/pending_actions/{id}", d.call(d.getAction), usher.ActSeeCases)
	mux.On("POST /v3/consents/{id}", d.call(d.consent), usher.ActWritePeople)
	mux.On("POST /v3/accounts", d.call(d.createAccount), usher.ActWritePeople)
	mux.On("GET /v3/accounts/{id}/bank_details", d.call(d.bankDetails), usher.ActSeeCases)
	mux.On("POST /v3/simulations/onboarding/kyc", d.call(d.sandbox(d.simulateKYC)), usher.ActSimulate)
	mux.On("POST /v3/simulations/onboarding/status", d.call(d.sandbox(d.simulateStatus)), usher.ActSimulate)
	mux.On("POST /v3/simulations/individuals/{id}/identity_verification",
		d.call(d.sandbox(d.simulateAction(usher.ForIdentity))), usher.ActSimulate)
	mux.On("POST /v3/simulations/individuals/{id}/proof_of_address_verification",
		d.call(d.sandbox(d.simulateAction(usher.ForProofOfAddress))), usher.ActSimulate)
	return mux
}

// request is one call: who makes it, and what its body says.
type request struct {
	*http.Request
	p    api.Principal
	body members
}

func (r request) tenant() string { return r.p.Tenant() }

// id gives the id in the path.
func (r request) id() string { return r.PathValue("id") }

// call makes a handler of what answers a call. Successful creates answer 200 here, not 201.
func (d *Dialect) call(answer func(request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, _ := api.PrincipalFrom(r.Context())
		body, err := readBody(w, r)
		var said any
		if err == nil {
			said, err = answer(request{Request: r, p: p, body: body})
		}
		if err != nil {
			fail(w, r, err)
			return
		}
		api.WriteJSON(w, http.StatusOK, said)
	}
}

func (d *Dialect) login(r request) (any, error) {
	key := r.body.text("api_key", true, anything)
	if err := r.body.err(); err != nil {
		return nil, err
	}
	client, err := d.Front.Credentials.APIKey(r.Context(), Name, key)
	if err != nil {
		return nil, err
	}
	t, err := d.Front.Credentials.Issue(r.Context(), client, client.Scopes, accessLife, sessionLife)
	return loginAnswer{AccessToken: t.Access, RefreshToken: t.Refresh}, err
}

func (d *Dialect) refresh(r request) (any, error) {
	token := r.body.text("refresh_token", true, anything)
	if err := r.body.err(); err != nil {
		return nil, err
	}
	t, err := d.Front.Credentials.Refresh(r.Context(), Name, token, accessLife)
	switch {
	case hasCode(err, usher.CodeConflict):
		err = &usher.Error{Code: usher.CodeConflict, Detail: detailEarly, Message: "the access token is still valid; use it until a call answers 401"}
	case hasCode(err, usher.CodeUnauthenticated):
		err = &usher.Error{
			Code: usher.CodeUnauthenticated, Detail: detailEnded, Message: "the session has ended or the token was used before; log in again",
		}
	}
	return loginAnswer{AccessToken: t.Access, RefreshToken: t.Refresh}, err
}
