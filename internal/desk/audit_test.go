package desk_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/desk"
)

// proof is a trail that says what a test wants.
type proof struct{ state desk.TrailState }

func (p *proof) State(context.Context, string) (desk.TrailState, error) { return p.state, nil }

func (p *proof) Export(_ context.Context, w io.Writer, tenant string, from, before time.Time) error {
	_, err := fmt.Fprintf(w, "%s %s %s\n", tenant, from.Format(time.DateOnly), before.Format(time.DateOnly))
	return err
}

func TestAuditPage(t *testing.T) {
	t.Parallel()
	shown := &proof{desk.TrailState{Entries: 41, Signed: 40, At: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Fits: true}}
	f := open(t, func(c *desk.Config) { c.Trail = shown })
	s := f.inReview(person{first: "Ada", last: "First"})
	for name, role := range map[string]usher.Role{"ann": usher.RoleAdmin, "vera": usher.RoleReviewer, "sam": usher.RoleSenior, "otto": usher.RoleAuditor} {
		f.member(name, role)
	}
	vera := f.plain("vera")
	vera.get("/cases/" + s.ID)
	f.says("a reviewer's trail", vera.get("/audit"), http.StatusForbidden, "!opened a case")
	f.says("a senior's trail", f.plain("sam").get("/audit"), http.StatusForbidden)

	ann := f.plain("ann")
	f.says("the trail", ann.get("/audit"), http.StatusOK, "opened a case", "vera@example.test", "/cases/"+s.ID, "<dd>41</dd>", "up to entry 40", "in the trail", "!was cut")
	f.says("one action", ann.get("/audit?action=case.viewed"), http.StatusOK, "<th scope=\"row\">opened a case", "!<th scope=\"row\">read this trail")
	f.says("one member", ann.get("/audit?actor=vera@example.test"), http.StatusOK, "<th scope=\"row\">opened a case", "!<th scope=\"row\">read this trail")
	f.says("one object", ann.get("/audit?object="+s.ID), http.StatusOK, "<th scope=\"row\">opened a case", "!<th scope=\"row\">read this trail")
	f.says("another time", ann.get("/audit?from=2101-01-01"), http.StatusOK, "Nothing like that")
	f.says("no day", ann.get("/audit?from=yesterday"), http.StatusUnprocessableEntity, "Write a day like")
	f.says("a file", ann.get("/audit/trail.jsonl?from=2026-03-01&to=2026-03-31"), http.StatusOK, f.Tenant.ID+" 2026-03-01 2026-04-01")
	f.says("what is left of it", ann.get("/audit?action=audit.exported"), http.StatusOK, "<th scope=\"row\">took out this trail")
	shown.state.Fits = false
	f.says("a broken trail", ann.get("/audit"), http.StatusOK, "not in the trail", "was cut or changed")

	otto := f.plain("otto")
	if to := otto.get("/").location; to != "/audit" {
		t.Errorf("an auditor begins at %q", to)
	}
	f.says("an auditor's trail", otto.get("/audit"), http.StatusOK, "opened a case", s.ID, "!/cases/"+s.ID)
}

// TestAuditPages holds that many entries come page by page, all of them and each once.
func TestAuditPages(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("ann", usher.RoleAdmin)
	ann := f.plain("ann")
	var want []string
	for i := range 120 {
		object := fmt.Sprintf("thing-%03d-", i)
		f.must(f.Record(t.Context(), usher.AuditRecord{TenantID: f.Tenant.ID, Action: "evidence.viewed", Object: object, Actor: usher.Actor{Kind: usher.BySystem}}))
		want = append([]string{object}, want...)
	}
	var got []string
	next := regexp.MustCompile(`rel="next" href="/desk([^"]+)"`)
	for path := "/audit?action=evidence.viewed"; path != ""; {
		page := ann.get(path).body
		got = append(got, regexp.MustCompile(`thing-\d+-`).FindAllString(page, -1)...)
		path = ""
		if found := next.FindStringSubmatch(page); found != nil {
			path = html.UnescapeString(found[1])
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d entries: %v", len(got), got)
	}
}

func TestAuditPageIsFitForAll(t *testing.T) {
	t.Parallel()
	shown := &proof{desk.TrailState{Entries: 41, Signed: 40, At: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Fits: true}}
	f := open(t, func(c *desk.Config) { c.Trail = shown })
	f.member("ann", usher.RoleAdmin)
	s := f.inReview(person{first: "Ada", last: "First"})
	f.plain("ann").get("/cases/" + s.ID)
	f.fitForAll("ann", "/audit")
}
