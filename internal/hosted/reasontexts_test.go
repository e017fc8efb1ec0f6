package hosted_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

// TestReasonTexts holds that the client's own words for a reason stand wherever the reason does, in their language only, never as markup, and on
// nobody else's pages.
func TestReasonTexts(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, "name: short\nsteps:\n  - document: {accept: [passport, id_card]}\n  - decide: {}\n")
	s, link := h.session("short")
	v, at := h.visitor(), "/f/"+s.ID
	v.post("/s/"+link.Token, nil)
	v.post(at+"/document", url.Values{"document": {"passport"}})
	v.send(at+"/front", pics.passport)
	v.post(at+"/front/check", nil)
	v.post(at+"/answers", url.Values{"version": {v.get(at + "/answers").hidden("version")}})
	_, err := h.Service.Do(t.Context(), s.TenantID, s.ID, usher.Command{
		Kind: usher.CmdAskAgain, By: usher.Actor{Kind: usher.ByClient, ID: h.client.ID}, Steps: []string{"document"},
		Reasons: []usher.Reason{{Code: usher.DocumentGlare, Step: "document"}},
	})
	h.must(err)
	by := usher.Actor{Kind: usher.ByStaff, ID: "admin"}
	put := func(tenant, language, text string) {
		h.must(h.PutReasonText(t.Context(), tenant, usher.ReasonText{Reason: usher.DocumentGlare, Language: language, Text: text}, by))
	}
	shows := func(path string, want, not string) {
		t.Helper()
		got := v.get(path)
		if !strings.Contains(got.body, want) || strings.Contains(got.body, not) {
			t.Errorf("%s wants %q and not %q: %s", path, want, not, got.body)
		}
	}
	const ours = "There is a reflection on the photo."
	put(h.Other.ID, "en", "Words of another bank.")
	shows(at, ours, "Words of another bank.")
	put(h.Tenant.ID, "en", `Less light, please. <script>alert("x")</script>`)
	shows(at, `Less light, please. &lt;script&gt;`, "<script>alert")
	shows(at, "Less light, please.", ours)
	shows(at+"/redo?lang=sv", "", "Less light, please.")
	v.get(at + "/redo?lang=en")
	v.post(at+"/redo", nil)
	v.post(at+"/document", url.Values{"document": {"passport"}})
	shows(at+"/front", "Less light, please.", ours)
	put(h.Tenant.ID, "en", "")
	shows(at+"/front", ours, "Less light, please.")
	for _, bad := range []usher.ReasonText{
		{Reason: "no_such", Language: "en", Text: "x"},
		{Reason: usher.Policy, Text: "x"},
		{Reason: usher.Policy, Language: "en", Text: strings.Repeat("å", usher.LongestReasonText+1)},
		{Reason: usher.Policy, Language: "en", Text: "two\nlines"},
	} {
		if err := h.PutReasonText(t.Context(), h.Tenant.ID, bad, by); err == nil {
			t.Errorf("%+v is kept", bad)
		}
	}
}
