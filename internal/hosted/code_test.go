package hosted_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
)

const withCodes = `name: codes
steps:
  - contact: {verify: [email, phone]}
  - run: [age]
  - decide: {automatic: approve}
`

// codes opens a session whose client said how the applicant is reached, in a browser.
func codes(t *testing.T) (*house, *visitor, usher.Session) {
	t.Helper()
	h := open(t)
	h.Publish(h.Tenant.ID, withCodes)
	s, link := h.session("codes", func(n *usher.NewApplicant) { n.Details.Email, n.Details.Phone = "anna@example.test", "46701234567" })
	v := h.visitor()
	token := link.URL[strings.LastIndexByte(link.URL, '/'):]
	if p := v.post("/s"+token, nil); !strings.HasSuffix(p.path, "/code") || !strings.Contains(p.body, "anna@example.test") {
		t.Fatalf("the link leads to %s: %s", p.path, p.body)
	}
	return h, v, s
}

// says compares a page with words that it must, and must not, say.
func (p page) says(t *testing.T, status int, words ...string) {
	t.Helper()
	if p.status != status {
		t.Errorf("%s answers %d, want %d", p.path, p.status, status)
	}
	for _, w := range words {
		if !strings.Contains(p.body, w) {
			t.Errorf("%s does not say %q", p.path, w)
		}
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	h, v, s := codes(t)
	at := "/f/" + s.ID + "/code"
	drawn := func(n int) string {
		t.Helper()
		all := h.Codes.Sent()
		if len(all) != n {
			t.Fatalf("%d messages were sent, want %d", len(all), n)
		}
		code, _, _ := strings.Cut(all[n-1].Text, " ")
		return code
	}
	send, typed := url.Values{"do": {"send"}}, func(code string) url.Values { return url.Values{"code": {code}} }
	v.post(at, typed("123456")).says(t, 422, "can no longer be used") // before any was sent
	v.post(at, send).says(t, 200, "We sent a code", "one-time-code")
	mail := drawn(1)
	if m := h.Codes.Sent()[0]; !strings.Contains(m.Subject, "Example Bank: "+mail) || !strings.Contains(m.Text, "10 minutes") {
		t.Errorf("the e-mail says %q: %s", m.Subject, m.Text)
	}
	v.post(at, send).says(t, 422, "You can ask for another code from") // at once
	drawn(1)
	v.post(at, typed("12345")).says(t, 422, "not the code that we sent")
	v.post(at, typed(mail)).says(t, 200, "46701234567", "Send a code") // the other channel's turn
	h.Codes.Down(true)
	v.post(at, send).says(t, 422, "could not be sent")
	h.Codes.Down(false)
	v.post(at, send).says(t, 200, "We sent a text message")
	phone := drawn(2)
	for range 5 {
		v.post(at, typed(string('0'+(phone[0]-'0'+1)%10)+phone[1:]))
	}
	v.post(at, typed(phone)).says(t, 422, "wrong too many times", `href="#send"`, `id="send"`) // also while no other may be sent yet
	h.Advance(time.Minute)
	v.post(at, send)
	if p := v.post(at, typed(drawn(3))); !strings.HasSuffix(p.path, "/answers") {
		t.Errorf("the last code leads to %s", p.path)
	}
	if p := v.get(at); !strings.HasSuffix(p.path, "/answers") {
		t.Errorf("a step that is done is shown at %s", p.path)
	}
}

func TestCodesToNowhere(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Publish(h.Tenant.ID, withCodes)
	_, link := h.session("codes")
	v := h.visitor()
	v.post("/s"+link.URL[strings.LastIndexByte(link.URL, '/'):], nil).says(t, 409, "We do not know where to send a code")
}

func TestCodesInABrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Publish(h.Tenant.ID, withCodes)
	s, link := h.session("codes", func(n *usher.NewApplicant) { n.Details.Email = "anna@example.test" })
	p := browsertest.Open(t, browsertest.Options{Width: 320, Height: 700, Dark: true})
	p.Visit(link.URL)
	p.Click("Start now")
	p.Axe()
	p.Click("Send a code")
	p.Axe()
	code, _, _ := strings.Cut(h.Codes.Sent()[0].Text, " ")
	p.Fill("Code", code)
	p.Click("Continue")
	p.WaitText("We do not know where to send a code") // the phone was never told
	p.CSPViolations()
	if st, _ := h.now(s.ID).Step("contact"); len(st.Proved) != 1 {
		t.Errorf("proved: %v", st.Proved)
	}
}
