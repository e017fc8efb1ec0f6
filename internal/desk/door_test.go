package desk_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/door"
)

// codeOf gives what an authenticator program shows that was given the key on a page.
func (f *firm) codeOf(page string) string {
	f.t.Helper()
	found := regexp.MustCompile(`<dd><code>([A-Z2-7 ]+)</code></dd>`).FindStringSubmatch(page)
	if found == nil {
		f.t.Fatalf("there is no key on the page: %s", page)
	}
	secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(found[1], " ", ""))
	f.must(err)
	return totp(secret, f.Now())
}

// totp gives the code of a time (RFC 6238).
func totp(secret []byte, now time.Time) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(now.Unix()/30)))
	sum := mac.Sum(nil)
	at := sum[19] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// TestPasswordAndCodesWithoutScripts walks from an invitation to the queue, out, and in again, in a browser that runs nothing.
func TestPasswordAndCodesWithoutScripts(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	f.must(f.auth.SetRules(t.Context(), f.Tenant.ID, door.Rules{Passkeys: true, Passwords: true, Second: true}, usher.Actor{Kind: usher.BySystem}))
	token, err := f.auth.Invite(t.Context(), f.Tenant.ID, "nina@example.test", usher.RoleReviewer, usher.Actor{Kind: usher.BySystem})
	f.must(err)
	b := f.plain("")
	f.says("the invitation", b.get("/invitation/"+token), http.StatusOK, "invites nina@example.test", "The link works once")
	if to := b.post("/invitation/" + token).location; to != "/set-up" {
		t.Fatalf("accepting leads to %q", to)
	}
	if to := b.get("/").location; to != "/set-up" {
		t.Errorf("the queue leads to %q before anything is set up", to)
	}
	f.says("the set-up", b.get("/set-up"), http.StatusOK, "Passkeys", "Password and codes")
	f.says("a weak password", b.post("/account/password", "new_password", "passwordpassword"), http.StatusUnprocessableEntity, "easy to guess")
	b.post("/account/password", "new_password", phrase)
	if p := b.post("/set-up/finish"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("finishing with a password alone answers %d", p.status)
	}
	b.post("/account/codes/begin")
	page := b.get("/account/codes")
	f.says("the page of codes", page, http.StatusOK, `<path class="qr-dark" d="M4 4h7v1h-7z`)
	f.says("a wrong code", b.post("/account/codes", "code", "12"), http.StatusUnprocessableEntity, "This code is not right")
	done := b.post("/account/codes", "code", f.codeOf(page.body))
	f.says("the recovery codes", done, http.StatusOK, "Your recovery codes", "shown this once")
	recovery := regexp.MustCompile(`<li><code>([A-Z2-7-]+)</code>`).FindAllStringSubmatch(done.body, -1)
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes are shown", len(recovery))
	}
	if to := b.post("/set-up/finish").location; to != "/" {
		t.Fatalf("finishing leads to %q", to)
	}
	f.says("the queue", b.get("/"), http.StatusOK, "nina@example.test")
	f.says("the account", b.get("/account"), http.StatusOK, "Codes are set up.", "10 recovery codes are left", "this one")

	f.Advance(time.Minute)
	again := f.plain("")
	first := again.post("/sign-in", "email", "nina@example.test", "password", phrase, "next", "/cases/7")
	if first.location != "/sign-in/code?next=%2Fcases%2F7" {
		t.Fatalf("the password leads to %q", first.location)
	}
	if to := again.get("/").location; to != "/sign-in/code" {
		t.Errorf("half way in, the queue leads to %q", to)
	}
	f.says("a wrong code", again.post("/sign-in/code", "code", "000000", "next", "/cases/7"), http.StatusUnauthorized, "This code is not right")
	if to := again.post("/sign-in/code", "code", recovery[0][1], "next", "/cases/7").location; to != "/account?failed" {
		t.Errorf("a recovery code leads to %q", to)
	}
	f.says("the account", again.get("/account?failed"), http.StatusOK, "One try to sign in to your account failed", "9 recovery codes are left")
}

func TestProofIsAskedForAndCarriesTheForm(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	b := f.plain("adam")
	f.says("at first", b.get("/settings/staff"), http.StatusOK, "Staff")
	f.Advance(6 * time.Minute)
	if to := b.get("/settings/staff").location; to != "/prove?next=%2Fsettings%2Fstaff" {
		t.Fatalf("six minutes later it leads to %q", to)
	}
	page := b.post("/settings/staff", "email", `nina@example.test`, "role", "senior", "odd", `"><script>window.hit=1</script>`)
	f.says("the page of proof", page, http.StatusForbidden, "Is it still you?", "is kept and sent on", `name="email" value="nina@example.test"`)
	if strings.Contains(page.body, "<script>window") {
		t.Error("what is carried runs")
	}
	carry := hidden(page.body)
	if members, _ := f.auth.Members(t.Context(), f.Tenant.ID); len(members) != 1 {
		t.Error("the member was made without a proof")
	}
	wrong := b.post("/prove", append(carry, "proof_password", "not the right words at all")...)
	f.says("a wrong password", wrong, http.StatusUnauthorized, "That is not right", `value="nina@example.test"`)
	old := b.Jar.Cookies(mustURL(t, f.url))[0].Value
	right := b.post("/prove", append(hidden(wrong.body), "proof_password", phrase)...)
	if right.status != http.StatusTemporaryRedirect || right.location != "/settings/staff" {
		t.Fatalf("the right password answers %d, %q", right.status, right.location)
	}
	if now := b.Jar.Cookies(mustURL(t, f.url))[0].Value; now == old {
		t.Error("the cookie stays the same")
	}
	// The browser sends the same body on.
	done := b.post(right.location, append(carry, "proof_password", phrase)...)
	f.says("the carried form", done, http.StatusOK, "/invitation/ush_in_")
	if to := b.post("/prove", "proof_password", phrase, "proof_next", "//evil.example/").location; to != "/account" {
		t.Errorf("a proof leads to %q", to)
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// hidden gives the hidden fields of a page as pairs.
func hidden(page string) []string {
	var pairs []string
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		pairs = append(pairs, html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return pairs
}

func TestSecondApprovalAsksForAProof(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Publish(f.Tenant.ID, "name: careful\nsteps:\n  - consent: {text: identity-check}\n  - details: {ask: [name, date_of_birth]}\n  - document: {accept: [passport]}\n  - selfie\n  - run: [document, face]\n  - decide: {reviewers: 2}\n")
	f.member("vera", usher.RoleReviewer)
	f.member("ulla", usher.RoleReviewer)
	s := f.inReview(person{first: "Ada", last: "First", flow: "careful"})
	one, two := f.plain("vera"), f.plain("ulla")
	f.Advance(6 * time.Minute)
	if got := one.post("/cases/"+s.ID+"/approve", form(s)...); got.location != "/cases/"+s.ID+"?done=vote" {
		t.Fatalf("the first answers %d to %q", got.status, got.location)
	}
	s = f.session(s.ID)
	page := two.post("/cases/"+s.ID+"/approve", append(form(s), "internal", "Looked twice.")...)
	f.says("the second", page, http.StatusForbidden, "Is it still you?", "Looked twice.")
	if now := f.session(s.ID); now.State != usher.InReview {
		t.Fatalf("without a proof the case is %s", now.State)
	}
	right := two.post("/prove", append(hidden(page.body), "proof_password", phrase)...)
	if right.status != http.StatusTemporaryRedirect {
		t.Fatalf("the proof answers %d", right.status)
	}
	if got := two.post(right.location, hidden(page.body)...); got.location != "/cases/"+s.ID+"?done=approve" {
		t.Fatalf("the second answers %d to %q", got.status, got.location)
	}
}

// TestRoleIsNotRaisedByExtraFields sends what no form has.
func TestRoleIsNotRaisedByExtraFields(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	f.member("vera", usher.RoleViewer)
	b := f.plain("vera")
	more := []string{"role", "admin", "Role", "admin", "staff_id", "x", "tenant_id", f.Other.ID, "stage", "", "disabled", "false", "generation", "9"}
	b.post("/account/password", append([]string{"new_password", phrase + " indeed"}, more...)...)
	b.post("/account/name", append([]string{"email", "root@example.test"}, more...)...)
	b.post("/keys", append([]string{"keys", "off"}, more...)...)
	for _, m := range []string{"/settings/staff", "/settings/staff/rules"} {
		if p := b.post(m, more...); p.status != http.StatusForbidden {
			t.Errorf("%s answers a viewer %d", m, p.status)
		}
	}
	members, err := f.auth.Members(t.Context(), f.Tenant.ID)
	f.must(err)
	for _, m := range members {
		if m.Email != "adam@example.test" && (m.Role != usher.RoleViewer || m.Email != "vera@example.test" || m.TenantID != f.Tenant.ID) {
			t.Errorf("a member is %+v", m)
		}
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	b := f.plain("adam")
	for _, path := range []string{
		"/sign-in", "/sign-in/code", "/sign-out", "/prove", "/account/password", "/account/codes/begin", "/account/codes/remove", "/account/recovery",
		"/account/passkeys/ask", "/account/passkeys/take", "/account/sessions/end", "/passkey/ask", "/passkey/take", "/settings/staff", "/settings/staff/rules", "/set-up/finish",
	} {
		for name, header := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+path, strings.NewReader("email=x"))
			f.must(err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set(name, header)
			res, err := b.Do(req)
			f.must(err)
			f.must(res.Body.Close())
			if res.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %s: %s answers %d", path, name, header, res.StatusCode)
			}
		}
	}
}

func TestNobodyIsSentToAnotherSite(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleViewer)
	for _, next := range []string{
		"https://evil.example/cases/1", "//evil.example/cases/1", `/\evil.example`, `\\evil.example/cases/`, "/cases\\..\\..", "javascript:alert(1)", "/sign-out", "cases/1", "/%2fevil.example",
	} {
		if to := f.plain("").post("/sign-in", "email", "vera@example.test", "password", phrase, "next", next).location; to != "/" {
			t.Errorf("next=%s leads to %q", next, to)
		}
	}
}

func TestStolenCookieEndsAtTheDesk(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleViewer)
	b := f.plain("vera")
	thief := f.plain("")
	thief.Jar.SetCookies(mustURL(t, f.url), b.Jar.Cookies(mustURL(t, f.url)))
	thief.agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
	if to := thief.get("/").location; !strings.HasPrefix(to, "/sign-in?why=browser") {
		t.Errorf("the thief is sent to %q", to)
	}
	if to := b.get("/").location; !strings.HasPrefix(to, "/sign-in") {
		t.Errorf("the owner is sent to %q", to)
	}
}

// TestPasskeyJourney makes a passkey and signs in by it in a real browser.
func TestPasskeyJourney(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	f.url = strings.Replace(f.url, "127.0.0.1", "localhost", 1)
	p := f.tab("adam", browsertest.Options{Width: 1280, Height: 900})
	p.Authenticator()
	p.Visit(f.url + "/account")
	p.Axe()
	shoot(p, "account")
	p.Fill("Name of the passkey", "Blue key")
	p.Click("Add a passkey")
	p.WaitText("The passkey is added.")
	p.WaitText("Blue key")
	p.Visit(f.url + "/account")
	browsertest.Eval[bool](p, `document.querySelector(".bar-me").open = true`)
	p.Click("Sign out")
	p.WaitText("You are signed out.")
	p.Click("Sign in with a passkey")
	p.WaitText("adam@example.test")
	f.Advance(6 * time.Minute)
	p.Visit(f.url + "/settings/staff")
	p.WaitText("Is it still you?")
	p.Axe()
	shoot(p, "prove")
	p.Click("Use a passkey")
	p.WaitText("Add somebody")
	p.Fill("Email address", "nina@example.test")
	f.Advance(6 * time.Minute)
	p.Click("Make a link")
	p.WaitText("What you entered is kept")
	p.Click("Use a passkey")
	p.WaitText("Hand over this link")
	shoot(p, "invited")
	p.CSPViolations()
}

// TestDoorPagesFitEveryWindow shows every page of signing in, wide and light, and on a phone in the dark.
func TestDoorPagesFitEveryWindow(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]browsertest.Options{"wide": {Width: 1280, Height: 900}, "phone, dark": {Width: 390, Height: 844, Dark: true}, "320": {Width: 320, Height: 800, Locale: "sv-SE"}} {
		f := withAll(t)
		f.url = strings.Replace(f.url, "127.0.0.1", "localhost", 1)
		p := browsertest.Open(t, opt)
		look := func(page string) {
			p.Axe()
			shoot(p, name+"-"+page)
			if over := browsertest.Eval[float64](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				t.Errorf("%s: %s is %.0f px wider than its window", name, page, over)
			}
		}
		f.must(f.auth.SetRules(t.Context(), f.Tenant.ID, door.Rules{Passkeys: true, Passwords: true, Second: true}, usher.Actor{Kind: usher.BySystem}))
		token, err := f.auth.Invite(t.Context(), f.Tenant.ID, "nina.lundstroem-andersson@example.test", usher.RoleAdmin, f.row("adam").Actor())
		f.must(err)
		p.Visit(f.url + "/sign-in")
		look("sign-in")
		p.Visit(f.url + "/invitation/" + token)
		look("invitation")
		p.Click("main button")
		look("set-up")
		p.Fill("#new_password", phrase)
		p.Click("#password ~ form button")
		p.Click("form[action$='/account/codes/begin'] button")
		look("codes")
		key := strings.ReplaceAll(p.Text("dd code"), " ", "")
		secret, err := base32.StdEncoding.DecodeString(key)
		f.must(err)
		p.Fill("#code", totp(secret, f.Now()))
		p.Click("main .send button")
		look("recovery")
		p.Click("main .send a")
		look("set-up-done")
		p.Click("form[action$='/set-up/finish'] button")
		p.Visit(f.url + "/account")
		look("account")
		p.Visit(f.url + "/settings/staff")
		look("team")
		members, err := f.auth.Members(t.Context(), f.Tenant.ID)
		f.must(err)
		p.Visit(f.url + "/settings/staff/" + members[0].ID)
		look("member")
		p.Visit(f.url + "/settings/staff/" + members[1].ID)
		look("member-alone")
		f.Advance(6 * time.Minute)
		p.Visit(f.url + "/settings/staff")
		look("prove")
		p.CSPViolations()
		half := browsertest.Open(t, opt)
		half.Visit(f.url + "/sign-in")
		half.Fill("#email", "nina.lundstroem-andersson@example.test")
		half.Fill("#password", phrase)
		half.Click("form[action$='/sign-in'] button")
		half.Axe()
		shoot(half, name+"-second")
	}
}
