package main

import (
	"net/http"

	"github.com/usher-kyc/usher/internal/api"
)

// mounts is the mux of a server together with the list of all that it serves, so that nothing is served that a test of who may do what does not
// know of.
type mounts struct {
	http.ServeMux
	list []mount
}

// mount is one entry of the mux. Routes are those below it, with patterns that begin where the entry does; none where it is one address.
type mount struct {
	surface string // "native", "desk", "hosted", a vendor, "callbacks", "receipts" or "process"
	pattern string
	base    string // what stands before the patterns of the routes
	routes  []api.Route
}

// on adds an entry. Surfaces with several entries give their routes with the first.
func (m *mounts) on(surface, pattern, base string, h http.Handler, routes []api.Route) {
	m.list = append(m.list, mount{surface, pattern, base, routes})
	m.Handle(pattern, h)
}

// alone adds one address that the process answers by itself.
func (m *mounts) alone(pattern string, h http.HandlerFunc) { m.on("process", pattern, "", h, nil) }
