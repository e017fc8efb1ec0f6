package main

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/usher-kyc/usher/internal/api"
)

// callerAddress tells who is calling, for limits and lock-outs. Behind a proxy every connection is the proxy's, and the caller is the last
// address in X-Forwarded-For that no trusted proxy has: what stands before it was written by the caller.
func callerAddress(trusted []netip.Prefix) func(*http.Request) string {
	isProxy := func(text string) bool {
		a, err := netip.ParseAddr(strings.TrimSpace(text))
		return err == nil && slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
	}
	return func(r *http.Request) string {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil || !isProxy(host) {
			return api.RemoteAddress(r)
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			hop = strings.TrimSpace(hop)
			if _, err := netip.ParseAddr(hop); err != nil {
				break // nothing before a word that is no address can be believed
			}
			if !isProxy(hop) {
				caller := *r
				caller.RemoteAddr = net.JoinHostPort(hop, "0")
				return api.RemoteAddress(&caller)
			}
		}
		return api.RemoteAddress(r)
	}
}
