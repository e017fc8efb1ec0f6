package celcoin

import (
	"embed"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Name is the name of this dialect, of its API clients and of its endpoints.
const Name = "celcoin"

// What this dialect answers with in every envelope, and how long what it gives out is good for.
const (
	version    = "1.0.0"
	success    = "SUCCESS"
	processing = "PROCESSING"
	tokenLife  = 2400 * time.Second
	fileLife   = time.Hour
)

// The purposes of this dialect's stamps.
const (
	stampToken = "celcoin-token"
	stampFile  = "celcoin-file"
)

//go:embed flows/*.yaml
var flowFiles embed.FS

// flowNames are the flows that a new tenant is given, the usual one first.
var flowNames = []string{"celcoin_phased", "celcoin_continuous", "celcoin_phased_files", "celcoin_continuous_files", updateFlow}

const (
	// updateFlow is the flow that new data of somebody with an account goes through.
	updateFlow = "celcoin_update"
	// withFiles ends the names of flows without our page.
	withFiles = "_files"
)

// dialect serves the API.
type dialect struct {
	api.Backend
	renderer Renderer
	handler  http.Handler
	turns    api.Turns // of people and of events
}

// Open gives the dialect to the composition root.
func Open(b api.Backend) (api.Dialect, error) {
	d := &dialect{Backend: b, renderer: Renderer{Stamps: b.Stamps, BaseURL: b.BaseURL}, turns: api.Turns{Among: b.Turn}}
	f := b.Front
	f.Dialect, f.Fail, f.Who = Name, fail, d.who
	f.Open = func(r *http.Request) bool { return r.URL.Path == tokenPath || strings.HasPrefix(r.URL.Path, filePath) }
	// The content type of a request without a body means nothing.
	f.Forms = func(r *http.Request) bool { return r.URL.Path == tokenPath || r.ContentLength == 0 }
	f.Idempotency = nil // a repeated clientCode is refused, never answered again
	routes := d.routes()
	d.handler = f.Handler(routes)
	var flows []string
	for _, name := range flowNames {
		text, err := flowFiles.ReadFile("flows/" + name + ".yaml")
		if err != nil {
			return api.Dialect{}, fmt.Errorf("read flow %s: %w", name, err)
		}
		flows = append(flows, string(text))
	}
	return api.Dialect{
		Name: Name, Handler: d.handler, Routes: routes.Routes(), Renderer: d.renderer, Events: entityNames(), Flows: flows,
		Delivery: api.Delivery{
			Schedule: []time.Duration{0, time.Minute, 10 * time.Minute, time.Hour, 8 * time.Hour, 38 * time.Hour}, Timeout: 5 * time.Second,
		},
		Offers: []api.Offer{{Name: Name, Flow: flowNames[0]}, {Name: "celcoin_continuous", Flow: flowNames[1]}},
		Tell: func(logins []api.Login) map[string]string {
			return map[string]string{"base_url": b.BaseURL, "client_id": logins[0].Client.ID, "client_secret": logins[0].Secret}
		},
	}, nil
}

const (
	tokenPath    = "/v5/token"
	proposalPath = "/onboarding/v1/onboarding-proposal"
)

// routes lists the calls by the rows of the contract. Several of the vendor's calls are at two addresses, an older and a newer one.
func (d *dialect) routes() *api.Mux {
	mux := api.NewMux()
	mux.On("POST "+tokenPath, d.token, usher.ActEnter)
	mux.On("GET "+filePath+"{stamp}", d.download, usher.ActEnter)
	mux.On("POST "+proposalPath+"/natural-person", d.call(d.proposePerson), usher.ActWritePeople)
	mux.On("POST "+proposalPath+"/legal-person", d.call(d.proposeCompany), usher.ActWritePeople)
	mux.On("GET "+proposalPath, d.call(d.readProposals), usher.ActSeeCases)
	mux.On("GET "+proposalPath+"/files", d.call(d.readFiles), usher.ActSeePictures)
	mux.On("PUT "+proposalPath+"/account/{account}/natural-person", d.call(d.updatePerson), usher.ActWritePeople)
	mux.On("GET "+proposalPath+"/tagging-journey", d.call(d.readJourney), usher.ActSeeCases)
	for _, at := range []string{"/baas-webhookmanager/v1/webhook", "/baas/v2/webhook"} {
		mux.On("POST "+at+"/subscription", d.call(d.subscribe), usher.ActSubscribe)
		mux.On("GET "+at+"/subscription", d.call(d.readSubscriptions), usher.ActSeeSettings)
		mux.On("PUT "+at+"/subscription/{entity}", d.call(d.changeSubscription), usher.ActSubscribe)
		mux.On("DELETE "+at+"/subscription/{entity}", d.call(d.unsubscribe), usher.ActSubscribe)
		mux.On("GET "+at+"/entity/list", d.call(d.readEntities), usher.ActSeeSettings)
		mux.On("GET "+at+"/replay/{entity}", d.call(d.countEvents), usher.ActSeeCases)
		mux.On("GET "+at+"/replay/{entity}/count", d.call(d.countEventsTwice), usher.ActSeeCases)
		mux.On("GET "+at+"/replay/{entity}/details", d.call(d.readEvents), usher.ActSeeCases)
		mux.On("PUT "+at+"/replay/{entity}", d.call(d.sendAgain), usher.ActSubscribe)
	}
	for _, at := range []string{"/baas-accountmanager/v1/account", "/baas/v2/account"} {
		mux.On("GET "+at+"/fetch", d.call(d.fetchPerson), usher.ActSeeCases)
		mux.On("GET "+at+"/fetch-business", d.call(d.fetchCompany), usher.ActSeeCases)
	}
	mux.On("GET /baas-onboarding/v1/account/check", d.call(d.checkAccount), usher.ActSeeCases)
	return mux
}

// request is one call of a client.
type request struct {
	*http.Request
	w http.ResponseWriter
	p api.Principal
	q query
}

func (r request) tenant() string { return r.p.Tenant() }

// read reads the body. Members this server does not know are skipped, and so is what the body says of its type.
func (r request) read(into any) error {
	return api.JSON{Tolerant: true, AnyType: true}.Read(r.w, r.Request, into)
}

// readOptional reads a body that need not be there; some clients send the word null where they have nothing to say.
func (r request) readOptional(into any) error {
	return api.JSON{Tolerant: true, AnyType: true, Optional: true}.Read(r.w, r.Request, into)
}

// call makes a handler of what answers a call of a client: with a body, or with a whole envelope.
func (d *dialect) call(answer func(request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, _ := api.PrincipalFrom(r.Context())
		said, err := answer(request{Request: r, w: w, p: p, q: readQuery(r)})
		if err != nil {
			fail(w, r, err)
			return
		}
		whole, ok := said.(envelope)
		if !ok {
			whole = envelope{Status: success, Body: said}
		}
		whole.Version = version
		api.WriteJSON(w, http.StatusOK, whole)
	}
}

// who finds the client behind an access token. It is signed around the token that is kept, so that one whose time is over can be told from one
// that never was.
func (d *dialect) who(r *http.Request) (api.Principal, error) {
	if r.Header.Get("Authorization") == "" {
		return api.Principal{}, refusal("OBE001")
	}
	shown := api.BearerToken(r)
	if strings.Count(shown, ".") != 2 {
		return api.Principal{}, refusal("OBE002")
	}
	kept, err := d.Stamps.Stamped(stampToken, shown)
	if err != nil {
		return api.Principal{}, instead(instead(err, "OBE004", usher.CodeGone), "OBE003", usher.CodeUnauthenticated)
	}
	client, scopes, err := d.Front.Credentials.Bearer(r.Context(), Name, kept)
	return api.Principal{Client: client, Scopes: scopes}, instead(err, "OBE003", usher.CodeUnauthenticated)
}

// mostForm bounds the form of a sign-in, in bytes.
const mostForm = 64 << 10

// token signs a client in (RFC 6749, section 4.4), by a form of either kind.
func (d *dialect) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseMultipartForm(mostForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		api.WriteJSON(w, http.StatusBadRequest, tokenError{Error: "invalid_request"})
		return
	}
	if r.PostFormValue("grant_type") != "client_credentials" {
		api.WriteJSON(w, http.StatusBadRequest, tokenError{Error: "unsupported_grant_type"})
		return
	}
	ctx := r.Context()
	client, err := d.Front.Credentials.ClientSecret(ctx, Name, r.PostFormValue("client_id"), r.PostFormValue("client_secret"))
	if hasCode(err, usher.CodeUnauthenticated) {
		api.WriteJSON(w, http.StatusBadRequest, tokenError{Error: "invalid_client"})
		return
	}
	var made usher.Token
	if err == nil {
		made, err = d.Front.Credentials.Issue(ctx, client, client.Scopes, tokenLife, 0)
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	api.WriteJSON(w, http.StatusOK, token{
		AccessToken: d.Stamps.Stamp(stampToken, made.Access, made.ExpiresAt),
		ExpiresIn:   int(tokenLife.Seconds()), TokenType: "bearer",
	})
}
