package desk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

// An administrator replaces the words for a reason, in the languages they write it in; what they write is text, on the trail, and their tenant's.
func TestReasonTexts(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	f.member("sten", usher.RoleSenior)
	f.member("olga", usher.RoleAdmin, f.Other)
	if got := f.plain("sten").get("/settings/texts"); got.status != http.StatusForbidden {
		t.Errorf("a senior reviewer's page answers %d", got.status)
	}
	admin := f.plain("adam")
	page := admin.get("/settings/texts")
	f.says("every reason in every language", page, http.StatusOK, "There is a reflection on the photo.", "document_glare.pt-BR")
	for _, code := range usher.ReasonCodes() {
		if !strings.Contains(page.body, `id="`+string(code)+`"`) {
			t.Errorf("the page lacks %s", code)
		}
	}
	const path = "/settings/texts/document_glare"
	long := strings.Repeat("å", usher.LongestReasonText+1)
	f.says("a text that is too long", admin.post(path, "document_glare.sv", long, "document_glare.en", "Fine."),
		http.StatusUnprocessableEntity, `href="#document_glare.sv"`, "at most 300", long, "Fine.")
	if got, err := f.Engine.ReasonTexts(t.Context(), f.Tenant.ID); err != nil || len(got) > 0 {
		t.Errorf("half of a refused form is kept: %v, %v", got, err)
	}
	if got := admin.post(path, "document_glare.sv", planted, "document_glare.en", " "); got.location != "/settings/texts?done=1&reason=document_glare#document_glare" {
		t.Errorf("saving answers %d to %q", got.status, got.location)
	}
	got, err := f.Engine.ReasonTexts(t.Context(), f.Tenant.ID)
	f.must(err)
	if len(got) != 1 || got[0].Language != "sv" || got[0].Text != planted {
		t.Errorf("kept is %+v", got)
	}
	page = admin.get("/settings/texts?done=1&reason=document_glare")
	f.says("afterwards", page, http.StatusOK, "Saved.", "1 of your own", "window.hit")
	if strings.Contains(page.body, "<script>window.hit") {
		t.Error("what was written is markup")
	}
	if strings.Contains(f.plain("olga").get("/settings/texts").body, "window.hit") {
		t.Error("another tenant's administrator reads it")
	}
	if got := admin.post("/settings/texts/no_such", "no_such.en", "x"); got.status != http.StatusNotFound {
		t.Errorf("an unknown reason answers %d", got.status)
	}
	admin.post(path, "document_glare.sv", "")
	if got, err := f.Engine.ReasonTexts(t.Context(), f.Tenant.ID); err != nil || len(got) > 0 {
		t.Errorf("ours are not back: %v, %v", got, err)
	}
	records, err := f.Records(t.Context(), f.Tenant.ID, "document_glare", usher.Paging{Limit: 10})
	f.must(err)
	if n := len(slices.DeleteFunc(records.Items, func(r usher.AuditRecord) bool { return r.Action != "reason_text.changed" })); n != 2 {
		t.Errorf("the trail has %d entries, want 2", n)
	}
}
