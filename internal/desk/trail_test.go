package desk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/desk"
)

// onTrail says of every page of the desk that shows or changes something which entry it leaves; "-" and why where it leaves none. A page that is
// added without a line here fails the test.
var onTrail = map[string]string{
	"GET /audit": "audit.viewed", "GET /audit/trail.jsonl": "audit.exported", "GET /live": "live.viewed",
	"GET /cases/{id}": "case.viewed", "GET /cases/{id}/hits/{n}": "hit.viewed", "GET /cases/{id}/picture/{evidence}/{size}": "evidence.viewed",
	"GET /cases/{id}/file/{evidence}": "evidence.viewed", "GET /cases/{id}/report.pdf": "report.exported", "GET /cases/{id}/evidence.zip": "report.exported",
	"GET /cases/{id}/correct": "case.viewed", "GET /cases/{id}/look/{evidence}": "case.viewed", "GET /cases/{id}/keeping": "case.viewed",
	"GET /{$}":        "- a list of names; a search in it is applicants.searched",
	"GET /live/since": "- what the live view shows after it was opened: no names", "GET /figures": numbers, "GET /news": "- a list of names, as the queue is", "GET /keys": numbers,

	"POST /cases/{id}/hits/{n}": "hit.cleared", "POST /cases/{id}/resend/{delivery}": "delivery.resent", "POST /next": "case.assigned",
	"POST /cases/{id}/assign": "case.assigned", "POST /cases/{id}/notes": "case.noted", "POST /cases/{id}/tags": "case.tagged", "POST /cases/{id}/undo": "case.undone",
	"POST /cases/{id}/correct": "document.corrected", "POST /cases/{id}/keeping/{act}": "applicant.updated", "POST /stay": "- keeps a session that is there", "POST /keys": "- the reader's own keyboard",
}

const numbers = "- shows nothing of a person"

// families are pages whose entries are written with what they change, below the desk: the engine's tests and those of signing in hold them.
var families = []string{
	"/account", "/set-up", "/prove", "/sign-in", "/sign-out", "/passkey", "/provider", "/invitation", "/settings",
	"/cases/{id}/approve", "/cases/{id}/reject", "/cases/{id}/ask-again", "/cases/{id}/overturn", "/cases/{id}/review", "/cases/{id}/cancel",
}

func TestEveryPageIsOnTheTrail(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("ann", usher.RoleAdmin)
	page := f.plain("ann").get("/audit").body
	for _, r := range f.desk.Routes() {
		_, path, _ := strings.Cut(r.Pattern, " ")
		action, said := onTrail[r.Pattern]
		switch {
		case !said && !slices.ContainsFunc(families, func(p string) bool { return strings.HasPrefix(path, p) }):
			t.Errorf("nobody has said which entry of the audit trail %q leaves: say it here", r.Pattern)
		case said && !strings.HasPrefix(action, "-") && !strings.Contains(page, `value="`+action+`"`):
			t.Errorf("the form of the trail does not know %q", action)
		}
	}
}

// TestViewsAreOnTheTrail opens what shows something of a person.
func TestViewsAreOnTheTrail(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *desk.Config) { c.Trail = &proof{} })
	f.member("ann", usher.RoleAdmin)
	s := f.inReview(person{first: "Ada", last: "First"})
	ann := f.plain("ann")
	for path, action := range map[string]string{
		"/cases/" + s.ID: "case.viewed", "/cases/" + s.ID + "/picture/" + s.Evidence[0].ID + "/case": "evidence.viewed", "/live": "live.viewed", "/audit": "audit.viewed",
		"/?q=Ada": "applicants.searched", "/cases/" + s.ID + "/look/" + s.Evidence[0].ID: "case.viewed", "/cases/" + s.ID + "/correct": "case.viewed", "/cases/" + s.ID + "/approve": "case.viewed",
		"/cases/" + s.ID + "/keeping": "case.viewed",
	} {
		count := func() int {
			page, err := f.SearchTrail(t.Context(), f.Tenant.ID, usher.AuditFilter{Action: action, Paging: usher.Paging{Limit: 100}})
			f.must(err)
			return len(page.Items)
		}
		before := count()
		if a := ann.get(path); a.status != http.StatusOK && a.status != http.StatusSeeOther { // who is the only one found is shown at once
			t.Errorf("%s answers %d", path, a.status)
		}
		if count() == before {
			t.Errorf("%s leaves no %s", path, action)
		}
	}
}
