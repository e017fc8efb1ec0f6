package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

// TestRulesOfKeeping tries rules, refuses those that cannot be, and saves others.
func TestRulesOfKeeping(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("ada", usher.RoleAdmin)
	f.member("sam", usher.RoleSenior)
	f.inReview(person{first: "Anna", last: "Berg", flow: "onboarding"})
	admin := f.plain("ada")
	rules := func(more ...string) []string {
		return append([]string{"abandoned", "30", "rejected", "60", "approved", "1826", "approved_duty", "1", "bodies", "90"}, more...)
	}
	if got := admin.get("/settings/retention"); got.status != http.StatusOK || !strings.Contains(got.body, `name="rejected" value="30"`) {
		t.Errorf("the rules of a sandbox: %d\n%s", got.status, got.body)
	}
	bad := admin.post("/settings/retention", "abandoned", "soon", "rejected", "-1", "approved", "99999", "bodies", "")
	if bad.status != http.StatusUnprocessableEntity || strings.Count(bad.body, "Write a number of days") < 4 || !strings.Contains(bad.body, `value="soon"`) {
		t.Errorf("rules that cannot be: %d\n%s", bad.status, bad.body)
	}
	tried := admin.post("/settings/retention", rules("try", "1")...)
	if tried.status != http.StatusOK || !strings.Contains(tried.body, "would erase nobody today") {
		t.Errorf("tried: %d\n%s", tried.status, tried.body)
	}
	if got := admin.post("/settings/retention", rules()...); got.status != http.StatusSeeOther {
		t.Fatalf("saved: %d\n%s", got.status, got.body)
	}
	got, err := f.KeepRules(t.Context(), f.Tenant.ID)
	want := usher.KeepRules{Abandoned: usher.KeepRule{Days: 30}, Rejected: usher.KeepRule{Days: 60}, Approved: usher.KeepRule{Days: 1826, Duty: true}, Bodies: 90}
	if err != nil || got != want {
		t.Errorf("saved %+v, %v", got, err)
	}
	if got := f.plain("sam").get("/settings/retention"); got.status != http.StatusForbidden {
		t.Errorf("a senior reviewer sees the rules: %d", got.status)
	}
}

// TestKeepingOfOne puts an applicant on hold, is asked to erase them meanwhile, and erases them when the hold is lifted.
func TestKeepingOfOne(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("ada", usher.RoleAdmin)
	f.member("ria", usher.RoleReviewer)
	s := f.inReview(person{first: "Anna", last: "Berg", flow: "onboarding"})
	admin, at := f.plain("ada"), "/cases/"+s.ID+"/keeping"
	if got := f.plain("ria").post(at+"/erase", "sure", "1"); got.status != http.StatusForbidden {
		t.Errorf("a reviewer erases: %d", got.status)
	}
	for _, c := range []struct {
		act, field, value string
		status            int
		then, want        string
	}{
		{"hold", "reason", "", http.StatusUnprocessableEntity, "", "Say why"},
		{"hold", "reason", `Court order <b>12</b>`, http.StatusSeeOther, at, "Court order &lt;b&gt;12"},
		{"erase", "sure", "", http.StatusUnprocessableEntity, "", "Tick the box"},
		{"erase", "sure", "1", http.StatusSeeOther, at, "Erasure was asked for"},
		{"erase", "sure", "1", http.StatusSeeOther, "/cases/" + s.ID, "Erasure was asked for"},
		{"ended", "day", "2999-01-01", http.StatusUnprocessableEntity, "", "Choose a day"},
		{"ended", "day", "2026-01-31", http.StatusSeeOther, at, `value="2026-01-31"`},
		{"ended", "day", "", http.StatusSeeOther, at, `name="day" type="date" value=""`},
		{"lift", "", "", http.StatusSeeOther, at, "Put on hold"},
		{"burn", "", "", http.StatusNotFound, "", ""},
	} {
		got := admin.post(at+"/"+c.act, c.field, c.value)
		if got.status != c.status {
			t.Fatalf("%s %q: %d, want %d\n%s", c.act, c.value, got.status, c.status, got.body)
		}
		if c.then != "" {
			got = admin.get(c.then)
		}
		if !strings.Contains(got.body, c.want) {
			t.Errorf("after %s %q there is no %q:\n%s", c.act, c.value, c.want, got.body)
		}
	}
	if got := admin.post(at+"/erase", "sure", "1"); got.status != http.StatusSeeOther {
		t.Fatalf("erase: %d\n%s", got.status, got.body)
	}
	if a, err := f.Applicant(t.Context(), f.Tenant.ID, s.ApplicantID); err != nil || !a.Erased {
		t.Errorf("not erased: %v", err)
	}
	if got := admin.get("/cases/" + s.ID); got.status != http.StatusGone {
		t.Errorf("the case of an erased applicant: %d", got.status)
	}
}
