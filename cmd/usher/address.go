package main

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/usher-kyc/usher/internal/api"
)

// caller tells the address of who is calling. Behind a proxy every connection is the proxy's, and the caller is the last address in
// X-Forwarded-For that no trusted proxy has: what stands before it was written by the caller.
func caller(trusted []netip.Prefix) func(*http.Request) netip.Addr {
	isProxy := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return func(r *http.Request) netip.Addr {
		peer := api.RemoteAddr(r)
		if !isProxy(peer) {
			return peer
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			a, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				break // nothing before a word that is no address can be believed
			}
			if a = a.Unmap().WithZone(""); !isProxy(a) {
				return a
			}
		}
		return peer
	}
}

// callerAddress tells the network of who is calling, for limits and lock-outs.
func callerAddress(trusted []netip.Prefix) func(*http.Request) string {
	who := caller(trusted)
	return func(r *http.Request) string {
		if a := who(r); a.IsValid() {
			return api.Network(a)
		}
		return api.RemoteAddress(r)
	}
}
