package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/flow"
)

// Every route whose action wants a proof anew asks who proved it a while ago, before it looks at what is asked for; no other route does.
func TestEveryFreshRouteAsksAnew(t *testing.T) {
	t.Parallel()
	fresh := map[usher.Action]bool{}
	for _, g := range usher.Grants() {
		fresh[g.Action] = g.Fresh
	}
	k := &keys{}
	f := open(t, func(c *desk.Config) {
		c.Keys, c.Report = k, teller{}
		c.Brands, _ = c.Service.(usher.Brands)
		c.Texts, _ = c.Service.(usher.Texts)
		c.ReadFlow = func(text string) (usher.Flow, []flow.Problem) { return flow.Parse(text, known(c.Service)) }
	})
	k.auth = f.auth
	f.member("ann", usher.RoleAdmin)
	b := f.plain("ann")
	f.Advance(6 * time.Minute)
	asked := 0
	for _, r := range f.desk.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		if r.Action == usher.ActEnter || strings.HasPrefix(path, "/account") || strings.HasPrefix(path, "/sign-out") {
			continue // what nobody must be signed in for, and one's own account, which asks by itself
		}
		path = regexp.MustCompile(`\{[^$}]*\}`).ReplaceAllString(strings.TrimSuffix(path, "{$}"), "none")
		got := b.send(method, path, "kept=words")
		asks := got.location == "/prove?"+url.Values{"next": {path}}.Encode()
		if method == http.MethodPost {
			asks = got.status == http.StatusForbidden && strings.Contains(got.body, `value="words"`) && strings.Contains(got.body, "proof_")
		}
		if asks != fresh[r.Action] {
			t.Errorf("%s (%s) answers %d, to %q: asks anew is %t", r.Pattern, r.Action, got.status, got.location, asks)
		}
		if asks {
			asked++
		}
	}
	if asked < 10 {
		t.Errorf("%d routes ask anew", asked)
	}
}
