package auth_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	way "github.com/usher-kyc/usher/internal/door"
)

func TestStolenCookieInAnotherBrowser(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	s := d.in(t)
	newer := at("192.0.2.1")
	newer.Agent = "Mozilla/5.0 (X11; Linux x86_64; rv:151.0) Gecko/20100101 Firefox/151.0"
	if _, err := d.Enter(t.Context(), s.Cookie, newer); err != nil {
		t.Fatalf("an update of the browser ends the session: %v", err)
	}
	moved := at("198.51.100.9")
	if _, err := d.Enter(t.Context(), s.Cookie, moved); err != nil {
		t.Fatalf("another network ends the session: %v", err)
	}
	thief := way.Visitor{Address: "203.0.113.5", Agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"}
	_, err := d.Enter(t.Context(), s.Cookie, thief)
	if told := wantCode(t, err, usher.CodeUnauthenticated); told.Detail != auth.DetailBrowser {
		t.Errorf("detail is %q", told.Detail)
	}
	_, err = d.enter(t, s.Cookie)
	wantCode(t, err, usher.CodeUnauthenticated)
	wantTrail(t, d, "staff.session_elsewhere")
}

func TestClockSetBackMakesNoSessionLonger(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	s := d.in(t)
	d.wait(10 * time.Minute)
	if _, err := d.enter(t, s.Cookie); err != nil {
		t.Fatal(err)
	}
	d.wait(-9 * time.Minute)
	_, err := d.enter(t, s.Cookie)
	wantCode(t, err, usher.CodeUnauthenticated)
}

// TestSignInRacesAPasswordReset has many sign in by the old password while it is changed: whoever comes in is out when it is done.
func TestSignInRacesAPasswordReset(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.staff(t, usher.RoleReviewer)
	for round := range 5 {
		old := phrase
		if round > 0 {
			old = fmt.Sprint("another quiet phrase by the sea ", round-1)
		}
		var wg sync.WaitGroup
		cookies := make([]string, 4)
		for i := range cookies {
			wg.Go(func() {
				s, err := d.SignIn(t.Context(), email, old, at(fmt.Sprintf("192.0.2.%d", round*10+i)))
				if err == nil {
					cookies[i] = s.Cookie
				}
			})
		}
		wg.Go(func() {
			if err := d.SetPassword(t.Context(), tenant, made.ID, fmt.Sprint("another quiet phrase by the sea ", round), system); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		for i, cookie := range cookies {
			if cookie == "" {
				continue
			}
			if _, err := d.Enter(t.Context(), cookie, at("192.0.2.1")); err == nil {
				t.Fatalf("round %d: sign-in %d survived the new password", round, i)
			}
		}
		if err := d.Release(t.Context(), tenant, made.ID, system); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRoleAndLockEndSessions(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.staff(t, usher.RoleReviewer)
	for name, change := range map[string]func() error{
		"role":     func() error { return d.SetRole(t.Context(), tenant, made.ID, usher.RoleSenior, system) },
		"sign-out": func() error { return d.SignOut(t.Context(), tenant, made.ID, "", system) },
		"lock": func() error {
			defer func() { _ = d.Disable(t.Context(), tenant, made.ID, false, system) }()
			return d.Disable(t.Context(), tenant, made.ID, true, system)
		},
	} {
		s := d.in(t)
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.enter(t, s.Cookie); codeOf(err) != usher.CodeUnauthenticated {
			t.Errorf("after %s: %v", name, err)
		}
	}
}

func TestSessionsAreListedAndEnd(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.staff(t, usher.RoleReviewer)
	first, second, third := d.in(t), d.in(t), d.in(t)
	acc, err := d.Account(t.Context(), third)
	if err != nil || len(acc.Sessions) != 3 {
		t.Fatalf("%d sessions, %v", len(acc.Sessions), err)
	}
	if s := acc.Sessions[0]; s.Browser != "Firefox on Linux" || s.Address != "192.0.2.1" || s.Cookie != "" {
		t.Errorf("a session is listed as %+v", s)
	}
	if err := d.EndSession(t.Context(), third, first.ID); err != nil {
		t.Fatal(err)
	}
	_, err = d.enter(t, first.Cookie)
	wantCode(t, err, usher.CodeUnauthenticated)
	if err := d.EndOthers(t.Context(), third); err != nil {
		t.Fatal(err)
	}
	_, err = d.enter(t, second.Cookie)
	wantCode(t, err, usher.CodeUnauthenticated)
	if _, err := d.enter(t, third.Cookie); err != nil {
		t.Errorf("this session ended with the others: %v", err)
	}
	foreign, err := d.CreateStaff(t.Context(), other, auth.NewStaff{Email: "otto@example.test", Password: phrase, Role: usher.RoleAdmin}, system)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.SignOut(t.Context(), other, made.ID, third.ID, foreign.Actor()), usher.CodeNotFound)
	wantCode(t, d.EndSession(t.Context(), way.Session{Staff: foreign}, third.ID), usher.CodeNotFound)
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	d := open(t)
	token, err := d.Invite(t.Context(), other, "nina@example.test", usher.RoleSenior, system)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "ush_in_x", token[:len(token)-1] + "_", token + "0"} {
		_, err := d.Accept(t.Context(), wrong, at("192.0.2.1"))
		wantCode(t, err, usher.CodeUnauthenticated)
	}
	for range 2 {
		if who, err := d.Invitation(t.Context(), token); err != nil || who.Email != "nina@example.test" || who.Firm != "Firm" {
			t.Fatalf("got %+v, %v", who, err) // looking uses nothing up
		}
	}
	s, err := d.Accept(t.Context(), token, at("192.0.2.1"))
	if err != nil || s.Stage != way.Setup {
		t.Fatalf("stage %q, %v", s.Stage, err)
	}
	_, err = d.Accept(t.Context(), token, at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
	if s, err = d.SetOwnPassword(t.Context(), s, phrase); err != nil || s.Stage != way.Setup {
		t.Fatalf("stage %q, %v", s.Stage, err)
	}
	_, err = d.Finish(t.Context(), s, at("192.0.2.1"))
	wantCode(t, err, usher.CodeConflict)
	_, _, s = d.withCodes(t, s)
	if s, err = d.Finish(t.Context(), s, at("192.0.2.1")); err != nil || s.Stage != way.In {
		t.Fatalf("stage %q, %v", s.Stage, err)
	}
	t.Run("a new link ends the old one, and what was set up", func(t *testing.T) {
		one, err := d.Reinvite(t.Context(), other, s.Staff.ID, system)
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.enter(t, s.Cookie)
		wantCode(t, err, usher.CodeUnauthenticated)
		two, err := d.Reinvite(t.Context(), other, s.Staff.ID, system)
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Accept(t.Context(), one, at("192.0.2.1"))
		wantCode(t, err, usher.CodeUnauthenticated)
		d.wait(24 * time.Hour)
		_, err = d.Accept(t.Context(), two, at("192.0.2.1"))
		wantCode(t, err, usher.CodeUnauthenticated)
	})
}

func TestFirstAdministrator(t *testing.T) {
	t.Parallel()
	d := open(t)
	first, err := d.FirstAdmin(t.Context(), other, system)
	if err != nil || first == "" {
		t.Fatalf("%q, %v", first, err)
	}
	second, err := d.FirstAdmin(t.Context(), other, system)
	if err != nil || second == "" {
		t.Fatalf("%q, %v", second, err)
	}
	_, err = d.Accept(t.Context(), first, at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated) // the next start made another
	s, err := d.Accept(t.Context(), second, at("192.0.2.1"))
	if err != nil || s.Staff.Role != usher.RoleAdmin {
		t.Fatalf("got %+v, %v", s, err)
	}
	wantCode(t, d.Name(t.Context(), s, "x@first-admin.invalid"), usher.CodeInvalid)
	if err := d.Name(t.Context(), s, "ann@example.test"); err != nil {
		t.Fatal(err)
	}
	if s, err = d.enter(t, s.Cookie); err != nil || s.Staff.Email != "ann@example.test" {
		t.Fatalf("got %+v, %v", s, err)
	}
	d.wait(61 * time.Minute) // too late: the next start gives them another link, as the same member
	_, err = d.enter(t, s.Cookie)
	wantCode(t, err, usher.CodeUnauthenticated)
	third, err := d.FirstAdmin(t.Context(), other, system)
	if err != nil {
		t.Fatal(err)
	}
	id := s.Staff.ID
	if s, err = d.Accept(t.Context(), third, at("192.0.2.1")); err != nil || s.Staff.ID != id {
		t.Fatalf("got %+v, %v", s, err)
	}
	s = d.addPasskey(t, s, newKey(t))
	if s, err = d.Finish(t.Context(), s, at("192.0.2.1")); err != nil || s.Stage != way.In {
		t.Fatalf("stage %q, %v", s.Stage, err)
	}
	if token, err := d.FirstAdmin(t.Context(), other, system); err != nil || token != "" {
		t.Errorf("there is a second first administrator: %v", err)
	}
}

func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	for _, p := range []string{
		"passwordpassword", "Password123456789", "P@ssw0rd P@ssw0rd", "qwertyuiopasdfgh", "1234567890123456", "correcthorsebatterystaple", "letmeinletmeinletmein",
		"Sommar2026!Sommar2026!", "nordiskbank2026nordiskbank", "vera.lind vera.lind", "usherusherusher1", "aaaaabbbbbcccccddddd", "abcdefghijklmnop", "ilove my password",
	} {
		if !auth.IsCommon(p, "vera.lind@nordisk.example", "Nordisk Bank") {
			t.Errorf("%q is taken", p)
		}
	}
	for _, p := range []string{phrase, "eight loud lamps by the lake", "gurka tvättstuga rymden", "kJ8-xv2Qpz_73mWd", "mossy kettle argued politely"} {
		if auth.IsCommon(p, "vera.lind@nordisk.example", "Nordisk Bank") {
			t.Errorf("%q is refused", p)
		}
	}
}

// TestFormWaitsSealed holds that a form is kept for its sender, sealed, and for some minutes.
func TestFormWaitsSealed(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleAdmin)
	s, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := d.KeepForm(t.Context(), s, []byte("what was typed"), at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(ticket))
	kept, err := d.store.StaffTry(t.Context(), hash[:], "form", d.now())
	if err != nil || !bytes.HasPrefix(kept.Doc, []byte(tenant+"/staff form "+s.Staff.ID+"\x00")) {
		t.Errorf("it is kept as %q, %v", kept.Doc, err)
	}
	if got, err := d.KeptForm(t.Context(), s, ticket); err != nil || string(got) != "what was typed" {
		t.Errorf("kept is %q, %v", got, err)
	}
	stranger := s
	stranger.Staff.ID = "another"
	_, err = d.KeptForm(t.Context(), stranger, ticket)
	wantCode(t, err, usher.CodeNotFound)
	d.wait(10 * time.Minute)
	_, err = d.KeptForm(t.Context(), s, ticket)
	wantCode(t, err, usher.CodeNotFound)
}
