package api

import (
	"net/http"
	"slices"

	"github.com/usher-kyc/usher"
)

// Route is an address of an API, as a pattern of [http.ServeMux], and what a caller has to be allowed to do there: any one of its actions.
type Route struct {
	Pattern string
	Actions []usher.Action
}

// Mux is the routes of an API. Each says what a caller has to be allowed to do, and [Front] holds callers to it by the table of [usher.Grants]:
// nothing can be served that says nothing.
type Mux struct {
	mux    *http.ServeMux
	routes map[string]Route
	listed []Route
}

// NewMux makes a mux without routes.
func NewMux() *Mux { return &Mux{mux: http.NewServeMux(), routes: map[string]Route{}} }

// On adds a route for callers who may do one of some actions; [usher.ActEnter] lets everybody in.
func (m *Mux) On(pattern string, h http.HandlerFunc, actions ...usher.Action) {
	r := Route{pattern, actions}
	m.routes[pattern], m.listed = r, append(m.listed, r)
	m.mux.HandleFunc(pattern, h)
}

// ServeHTTP answers without a front: nobody is asked who they are.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.mux.ServeHTTP(w, r) }

// Routes lists all routes in the order in which they were added.
func (m *Mux) Routes() []Route { return slices.Clone(m.listed) }

// allows gives an error of code forbidden unless the caller of a request may use a route.
func (m *Mux) allows(pattern string, r *http.Request) error {
	route := m.routes[pattern]
	if slices.Contains(route.Actions, usher.ActEnter) {
		return nil
	}
	p, _ := PrincipalFrom(r.Context())
	what := usher.Object{TenantID: p.Tenant(), SessionID: p.SessionID}
	if slices.ContainsFunc(route.Actions, func(a usher.Action) bool { return usher.Can(p.Caller(), a, what).Allowed }) {
		return nil
	}
	for _, a := range route.Actions {
		if s := a.Scope(); s != "" {
			return p.Need(s)
		}
	}
	return &usher.Error{Code: usher.CodeForbidden, Detail: DetailScope, Message: "this is not for callers like this one"}
}
