package hosted_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/hosted"
)

// receipts gives receipts of one person, and keeps who asked.
type receipts struct{ asked []usher.Actor }

func (r *receipts) Receipt(ctx context.Context, _, session string) (usher.Receipt, error) {
	r.asked = append(r.asked, usher.ActorFrom(ctx))
	return usher.Receipt{
		Text: "header.payload.signature~name~", ID: "urn:uuid:" + session, Issuer: "https://api.bank.example", ValidUntil: time.Date(2027, 5, 4, 10, 0, 0, 0, time.UTC),
		JSON: []byte(`{"given_name":"Ada","family_name":"Öberg","birthdate":"1990-02-03","checks":[` +
			`{"kind":"document","outcome":"clear","assurance":"verified"},{"kind":"watchlist","outcome":"checked","assurance":"simulated"}]}`),
	}, nil
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	given := &receipts{}
	h := open(t, func(c *hosted.Config) { c.Receipts = given })
	s, link := h.session("everything")
	v := h.visitor()
	v.post("/s/"+link.Token, nil)
	for _, path := range []string{"/receipt", "/receipt.sdjwt", "/receipt.json"} {
		v.get("/f/"+s.ID+path).says(t, 404) // nothing is approved yet
	}
	if _, err := h.Simulate(t.Context(), h.client, s.ID, "approve"); err != nil {
		t.Fatal(err)
	}
	v.get("/f/"+s.ID+"/done").says(t, 200, "Save your receipt", "/f/"+s.ID+"/receipt")
	v.get("/f/"+s.ID+"/receipt").says(t, 200, "Ada Öberg", "https://api.bank.example", "Your document: in order (proved)", "Sanctions lists: done (made up for a test)", "This is a test")
	file := v.get("/f/" + s.ID + "/receipt.sdjwt")
	file.says(t, 200, "header.payload.signature~name~")
	if kind, as := file.header.Get("Content-Type"), file.header.Get("Content-Disposition"); kind != "application/dc+sd-jwt" || as != `attachment; filename="receipt.sdjwt"` {
		t.Error(kind, as)
	}
	v.get("/f/"+s.ID+"/receipt.json").says(t, 200, `"family_name":"Öberg"`)
	if len(given.asked) != 3 || given.asked[0].Kind != usher.ByApplicant {
		t.Errorf("receipts were asked for by %v", given.asked)
	}
	other, another := h.session("everything")
	stranger := h.visitor()
	stranger.post("/s/"+another.Token, nil)
	for _, path := range []string{"/receipt", "/receipt.sdjwt", "/receipt.json"} {
		if p := stranger.get("/f/" + s.ID + path); p.status == 200 || strings.Contains(p.body, "Öberg") {
			t.Errorf("%s: a stranger is given %d", path, p.status)
		}
		stranger.get("/f/"+other.ID+path).says(t, 404)
	}
	if len(given.asked) != 3 {
		t.Error("a receipt was made for a stranger")
	}
}

// TestReceiptIsSeen shows the pages in a browser, at two widths.
func TestReceiptIsSeen(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *hosted.Config) { c.Receipts = &receipts{} })
	s, link := h.session("everything")
	p := sit(t, "receipt", browsertest.Options{})
	p.Visit(link.URL)
	p.Click("Start now")
	if _, err := h.Simulate(t.Context(), h.client, s.ID, "approve"); err != nil {
		t.Fatal(err)
	}
	p.Reload()
	p.look("You have finished")
	p.Click("Your receipt")
	p.lookAround("Your receipt")
	p.Click("Back")
	p.read("You have finished")
}
