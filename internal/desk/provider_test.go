package desk_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/door"
)

// elsewhere is a door whose members have an account at an identity provider, which says yes to the code "right".
type elsewhere struct{ *auth.Auth }

func (e elsewhere) Ways() door.Ways { return door.Ways{Provider: "Firm ID"} }

func (e elsewhere) Account(ctx context.Context, s door.Session) (door.Account, error) {
	a, err := e.Auth.Account(ctx, s)
	a.Identities = []door.Identity{{Issuer: "https://id.example", Subject: "7"}}
	return a, err
}

func (elsewhere) AskProvider(_ context.Context, _ *door.Session, next string, _ door.Visitor) (string, string, error) {
	return "https://id.example/authorize", "next:" + next, nil
}

func (e elsewhere) TakeProvider(ctx context.Context, s *door.Session, ticket, _, code string, v door.Visitor) (door.Session, string, error) {
	if code != "right" || s == nil {
		return door.Session{}, "", &usher.Error{Code: usher.CodeUnauthenticated, Detail: auth.DetailWrong}
	}
	in, err := e.Prove(ctx, *s, phrase, "", v)
	next, ok := strings.CutPrefix(ticket, "next:")
	if !ok {
		err = errors.Join(err, errors.New("another ticket"))
	}
	return in, next, err
}

// atProvider opens a desk whose staff can prove at a provider who they are.
func atProvider(t *testing.T) *firm {
	t.Helper()
	k := &keys{}
	f := open(t, func(c *desk.Config) {
		a, _ := c.Door.(*auth.Auth)
		c.Door, c.Keys = elsewhere{a}, k
	})
	k.auth = f.auth
	f.member("adam", usher.RoleAdmin)
	return f
}

// TestFormWaitsWhileItsSenderIsElsewhere holds that what was typed comes back from the identity provider, to its sender alone, also after a wrong try.
func TestFormWaitsWhileItsSenderIsElsewhere(t *testing.T) {
	t.Parallel()
	f := atProvider(t)
	f.member("vera", usher.RoleViewer)
	adam, vera := f.plain("adam"), f.plain("vera")
	f.Advance(6 * time.Minute)
	page := adam.post("/settings/staff", "email", "nina@example.test", "role", "senior")
	f.says("the page of proof", page, http.StatusForbidden, "Is it still you?", "/provider?for=proof&amp;next=", "Firm ID")
	for _, c := range adam.Jar.Cookies(mustURL(t, f.url)) {
		if !strings.HasSuffix(c.Name, "desk") { // her own session, and his form
			vera.Jar.SetCookies(mustURL(t, f.url), []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/"}})
		}
	}
	if got := vera.get("/prove/again"); got.location != "/account" {
		t.Errorf("somebody else's form answers %d %q", got.status, got.location)
	}
	if to := adam.get("/provider?for=proof&next=").location; to != "https://id.example/authorize" {
		t.Fatalf("the provider is at %q", to)
	}
	if to := adam.get("/provider/back?state=s&code=wrong").location; to != "/prove/again?why=provider" {
		t.Errorf("a wrong try leads to %q", to)
	}
	f.says("after a wrong try", adam.get("/prove/again?why=provider"), http.StatusForbidden, "Is it still you?", "did not work", `name="email" value="nina@example.test"`)
	adam.get("/provider?for=proof&next=")
	if to := adam.get("/provider/back?state=s&code=right").location; to != "/prove/again" {
		t.Fatalf("the provider's yes leads to %q", to)
	}
	if all, _ := f.auth.Members(t.Context(), f.Tenant.ID); len(all) != 2 {
		t.Error("the form was sent without its sender")
	}
	back := adam.get("/prove/again")
	f.says("the form", back, http.StatusOK, "What you entered is still here", `action="/desk/settings/staff"`, `name="role" value="senior"`)
	f.says("sent on", adam.post("/settings/staff", hidden(back.body)...), http.StatusOK, "nina@example.test", "/invitation/ush_in_")
	f.Advance(6 * time.Minute)
	adam.get("/settings/staff")
	adam.get("/prove?next=/settings/staff") // a page, and no form
	adam.get("/provider?for=proof&next=/settings/staff")
	if to := adam.get("/provider/back?state=s&code=right").location; to != "/settings/staff" {
		t.Errorf("a proof for a page leads to %q", to)
	}
	if to := adam.get("/prove/again").location; to != "/account" {
		t.Errorf("an old form is shown: %q", to)
	}
}

func TestFormThatWaitedFitsEveryWindow(t *testing.T) {
	t.Parallel()
	f := atProvider(t)
	for name, opt := range map[string]browsertest.Options{"wide": {Width: 1280, Height: 900}, "phone, dark": {Width: 320, Height: 800, Dark: true, Locale: "sv-SE"}} {
		p := f.tab("adam", opt)
		p.Visit(f.url + "/settings/staff")
		f.Advance(6 * time.Minute)
		p.Fill("#email", "nina@example.test")
		p.Click("form[action$='/settings/staff'] button")
		p.Axe()
		shoot(p, name+"-prove-elsewhere")
		b := browsertest.Eval[string](p, `fetch("/desk/prove", {method: "POST", headers: {"Content-Type": "application/x-www-form-urlencoded"}, body: "proof_password=`+strings.ReplaceAll(phrase, " ", "+")+`", redirect: "manual"}).then(() => "done")`)
		if b != "done" {
			t.Fatal(b)
		}
		p.Visit(f.url + "/prove/again")
		p.Axe()
		shoot(p, name+"-again")
		p.Click("main form button")
		p.CSPViolations()
	}
}
