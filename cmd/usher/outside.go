package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	outside "github.com/usher-kyc/usher/internal/check/http"
	"github.com/usher-kyc/usher/internal/check/registry"
	"github.com/usher-kyc/usher/internal/webhook"
)

// callbackBase is where outside engines call.
const callbackBase = "/callback"

// openOutside reads which checks are done by engines outside of this server.
func (h *house) openOutside(client *http.Client, allowed func(string) error) error {
	s := h.settings
	c := outside.Config{
		Base: s.URL + callbackBase, Wait: s.ChecksWait, Inline: s.ChecksInline,
		Client: client, Stamps: h.stamps, Sign: webhook.Sign, Verify: webhook.Verify,
	}
	addresses, err := pairs(s.Checks)
	if err != nil {
		return fmt.Errorf("checks: %w", err)
	}
	shown, err := pairs(s.ChecksEvidence)
	if err != nil {
		return fmt.Errorf("checks-evidence: %w", err)
	}
	for _, one := range addresses {
		p := outside.Provider{Kind: usher.CheckKind(one.name), URL: one.value, Secrets: secretsOf(s.ChecksSecret, one.name)}
		if err := allowed(p.URL); err != nil {
			return fmt.Errorf("checks: %s: %w", one.name, err)
		}
		if len(p.Secrets) == 0 {
			return fmt.Errorf("checks: %s: put a secret, whsec_ and the base64 of 32 random bytes, into USHER_CHECKS_SECRET", one.name)
		}
		if p.Evidence, err = evidenceOf(shown, one.name); err != nil {
			return fmt.Errorf("checks-evidence: %w", err)
		}
		c.Providers = append(c.Providers, p)
	}
	for _, one := range shown {
		if !slices.ContainsFunc(addresses, func(a pair) bool { return a.name == one.name }) {
			return fmt.Errorf("checks-evidence: the check %s is not done outside; name its address in checks", one.name)
		}
	}
	if h.outside, err = outside.New(c); err != nil {
		return fmt.Errorf("checks: %w", err)
	}
	return nil
}

// withOutside puts the outside engines in the place of what this build does by itself. One that asks a register has the form of the number shown
// beside its verdict.
func withOutside(own []usher.Checker, o *outside.Outside) []usher.Checker {
	asked := o.Checkers()
	for i, c := range asked {
		if c.Kind() == usher.CheckRegistry {
			asked[i] = registry.New(registry.Config{Register: c})
		}
	}
	own = slices.DeleteFunc(own, func(c usher.Checker) bool { return slices.Contains(o.Kinds(), c.Kind()) })
	return append(own, asked...)
}

// callbacks is what outside engines call. A stamp in the address, and a signature, stand in for a token.
func (h *house) callbacks() (called, error) {
	front, err := h.openFront("callbacks")
	if err != nil {
		return called{}, err
	}
	routes := h.outside.Routes(h.Engine, h.Engine)
	return called{http.StripPrefix(callbackBase, front.Handler(routes)), routes.Routes()}, nil
}

// called is what outside engines call, and its addresses.
type called struct {
	http.Handler
	routes []api.Route
}

// pair is a word "name=value" of a setting.
type pair struct{ name, value string }

// pairs reads a list such as "registry=https://a.example,face=https://b.example".
func pairs(list string) ([]pair, error) {
	var all []pair
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		name, value, ok := strings.Cut(word, "=")
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("%q is not like registry=https://checks.example.com/registry", word)
		}
		all = append(all, pair{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return all, nil
}

// secretsOf gives the secrets of one check: those that name it, or else those that name none.
func secretsOf(list, kind string) []string {
	var own, common []string
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		secret, isOwn := strings.CutPrefix(word, kind+"=")
		switch {
		case isOwn:
			own = append(own, secret)
		case strings.HasPrefix(word, "whsec_"):
			common = append(common, word)
		}
	}
	if len(own) > 0 {
		return own
	}
	return common
}

// evidenceOf gives the kinds of evidence that a setting names for one check, or nil when it does not name the check.
func evidenceOf(shown []pair, kind string) ([]usher.EvidenceKind, error) {
	i := slices.IndexFunc(shown, func(p pair) bool { return p.name == kind })
	if i < 0 {
		return nil, nil
	}
	kinds := []usher.EvidenceKind{}
	if shown[i].value == "none" {
		return kinds, nil
	}
	for word := range strings.SplitSeq(shown[i].value, "+") {
		k := usher.EvidenceKind(word)
		if !slices.Contains(usher.EvidenceKinds(), k) {
			return nil, fmt.Errorf("%q is no kind of evidence; use none, or some of %v joined by +", word, usher.EvidenceKinds())
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}
