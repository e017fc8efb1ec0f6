package ondato

import (
	_ "embed"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Name is the name of this dialect, of its API clients and of its endpoints.
const Name = "ondato"

//go:embed ondato.yaml
var flowText string

// flowName is the flow that clients begin with.
const flowName = "ondato"

type dialect struct {
	api.Backend
	strangers *api.Limiter // of addresses that ask for links nobody gave them
}

// Open gives the dialect to the composition root.
func Open(b api.Backend) (api.Dialect, error) {
	if b.Stamps == nil {
		return api.Dialect{}, errors.New("ondato: the backend has no stamps, which access tokens are made of")
	}
	d := &dialect{Backend: b, strangers: b.Sharing.Limiter("ondato/strangers", api.Limit{Rate: 0.5, Burst: 20, Now: b.Now})}
	f := b.Front
	f.Dialect, f.Fail, f.Who = Name, d.fail, d.who
	f.Open = func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/id/") || isPage(r) }
	// The token endpoint looks at the type itself; of a request without a body it means nothing.
	f.Forms = func(r *http.Request) bool { return r.URL.Path == tokenPath || r.ContentLength == 0 }
	f.Conflicts = api.Conflicts{OtherRequest: usher.CodeConflict}
	routes := d.routes()
	return api.Dialect{
		Name: Name, Handler: f.Handler(routes), Routes: routes.Routes(), Renderer: Renderer{}, Events: names(), Delivery: delivery(), NeedsAuth: true,
		Pages: usher.PageRules{Exit: exit, Title: title},
		Flows: []string{flowText}, Offers: []api.Offer{{Name: Name, Flow: flowName}}, Tell: d.tell,
	}, nil
}

// tell gives the addresses and credentials of a client, with the setup it begins with.
func (d *dialect) tell(logins []api.Login) map[string]string {
	c := logins[0].Client
	return map[string]string{
		"id_url": d.BaseURL + "/id", "idv_url": d.BaseURL + "/idvapi", "kycid_url": d.BaseURL + "/kycid", "hosted_url": d.BaseURL + "/idv/",
		"client_id": c.ID, "client_secret": logins[0].Secret, "setup_id": setupID(idvSetup, c.TenantID, c.DefaultFlow),
	}
}

// call is one request of a known client.
type call struct {
	*http.Request
	w http.ResponseWriter
	p api.Principal
}

func (c call) tenant() string { return c.p.Tenant() }

// read reads the body. Members that the vendor's API has and this server does not know are skipped.
func (c call) read(into any) error {
	return api.JSON{Tolerant: true, Optional: true}.Read(c.w, c.Request, into)
}

// route is a row of the contract: what it needs and how it answers. Any one of the scopes will do.
type route struct {
	pattern string
	may     usher.Action
	scopes  []string
	status  int
	answer  func(call) (any, error)
}

func (d *dialect) routes() *api.Mux {
	idv, idvRead := []string{idvScope}, []string{idvScope, idvReadScope}
	kycRead := []string{kycScope, kycReadScope}
	mux := api.NewMux()
	for _, r := range []route{
		{"POST /idvapi/v1/identity-verifications", usher.ActWritePeople, idv, http.StatusCreated, d.createIDV},
		{"POST /idvapi/v1/identity-verifications/{$}", usher.ActWritePeople, idv, http.StatusCreated, d.createIDV},
		{"GET /idvapi/v1/identity-verifications/{id}", usher.ActSeeCases, idvRead, http.StatusOK, d.getIDV},
		{"PUT /idvapi/v1/identity-verifications/{id}/setup-localisations", usher.ActWritePeople, idv, http.StatusNoContent, d.localise},
		{"GET /idvapi/v1/identity-verifications/{id}/setup", usher.ActSeeSettings, idvRead, http.StatusOK, d.getSetup},
		{"GET /idvapi/v1/identity-verifications/{id}/webhooks", usher.ActSeeSettings, idvRead, http.StatusOK, d.listWebhooks},
		{"POST /idvapi/v1/identity-verification-setups/filter", usher.ActSeeSettings, idvRead, http.StatusOK, d.filterSetups},
		{"GET /kycid/v1/identifications/{id}", usher.ActSeeCases, kycRead, http.StatusOK, d.getKYC},
		{"GET /kycid/v1/identifications/{id}/setup", usher.ActSeeSettings, kycRead, http.StatusOK, d.getKYCSetup},
		{"POST /kycid/v1/identifications/filter", usher.ActSeeCases, kycRead, http.StatusOK, d.filterKYC},
		{"GET /kycid/v1/identifications/{id}/files/{file}", usher.ActSeePictures, kycRead, http.StatusOK, d.getFile},
		{"GET /kycid/v1/identifications/{id}/report", usher.ActExportCase, kycRead, http.StatusOK, d.getReport},
	} {
		mux.On(r.pattern, d.serve(r), r.may)
	}
	mux.On("POST "+tokenPath, d.token, usher.ActEnter)
	mux.On("GET /id/.well-known/openid-configuration", d.discover, usher.ActEnter)
	mux.On("GET "+keysPath, d.keys, usher.ActEnter)
	mux.On("GET /idv", d.enter, usher.ActEnter)
	mux.On("GET /idv/{$}", d.enter, usher.ActEnter)
	return mux
}

// serve makes a handler of a route.
func (d *dialect) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, _ := api.PrincipalFrom(r.Context())
		if had := strings.Fields(p.Words); !slices.ContainsFunc(rt.scopes, func(s string) bool { return slices.Contains(had, s) }) {
			d.fail(w, r, api.ScopeMissing(usher.Scope(rt.scopes[len(rt.scopes)-1])))
			return
		}
		said, err := rt.answer(call{Request: r, w: w, p: p})
		if err != nil {
			d.fail(w, r, err)
			return
		}
		switch said := said.(type) {
		case nil:
			w.WriteHeader(rt.status)
		case http.HandlerFunc:
			said(w, r)
		default:
			api.WriteJSON(w, rt.status, said)
		}
	}
}

// faults are what is wrong with the members of one request.
type faults []*usher.Error

// Error names the members at fault.
func (f faults) Error() string {
	fields := make([]string, len(f))
	for i, one := range f {
		fields[i] = one.Field
	}
	return "invalid: " + strings.Join(fields, ", ")
}

// note takes in the error of a check of one member; nil is none.
func (f *faults) note(err error) {
	if e, ok := errors.AsType[*usher.Error](err); ok {
		*f = append(*f, e)
	}
}

// err gives the faults as one error, or nil.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// statusOf gives the status of an error as the contract has it: what is wrong with a request is 400 whatever the kit says.
func statusOf(err error) int {
	switch status := api.Status(err); status {
	case http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType, http.StatusRequestedRangeNotSatisfiable:
		return http.StatusBadRequest
	default:
		return status
	}
}

// fail answers an error as problem details, or, to a browser, as a page.
func (d *dialect) fail(w http.ResponseWriter, r *http.Request, err error) {
	list, ok := errors.AsType[faults](err)
	if !ok {
		list = faults{api.Public(r.Context(), err)}
	}
	status := statusOf(list[0])
	if isPage(r) {
		writePage(w, status)
		return
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	if list[0].Detail == api.DetailScope {
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope"`)
	}
	if missing := api.ScopeMissing(usher.ScopeWrite); list[0].Message == missing.Message {
		list = faults{api.ScopeMissing(idvScope)} // in the vendor's words: nothing but its verifications can be written
	}
	p := problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Message: list[0].Message, TraceID: api.RequestID(r.Context()),
	}
	for _, e := range list {
		if e.Field == "" || status != http.StatusBadRequest {
			continue
		}
		if p.Errors == nil {
			p.Errors = map[string][]string{}
			p.Title, p.Message = "One or more validation errors occurred.", e.Field+" "+e.Message
		}
		p.Errors[e.Field] = append(p.Errors[e.Field], e.Message)
	}
	api.WriteBody(w, status, "application/problem+json", p)
}
