package auth_test

import (
	"encoding/base32"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	way "github.com/usher-kyc/usher/internal/door"
)

// app is an authenticator program.
type app []byte

func (a app) shows(now time.Time) string { return auth.CodeAt(a, now) }

// in signs in by password alone, as a sandbox allows.
func (d *door) in(t testing.TB) way.Session {
	t.Helper()
	s, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	if err != nil || s.Stage != way.In {
		t.Fatalf("stage %q, %v", s.Stage, err)
	}
	return s
}

// withCodes gives a member one-time codes, and goes on by a step so that none of them was used.
func (d *door) withCodes(t testing.TB, s way.Session) (app, []string, way.Session) {
	t.Helper()
	ticket, err := d.BeginTOTP(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	pending, err := d.PendingTOTP(t.Context(), s, ticket)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base32.StdEncoding.DecodeString(pending.Secret)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(pending.URI)
	if err != nil || u.Query().Get("secret") != pending.Secret || u.Scheme != "otpauth" {
		t.Fatalf("the address is %s, %v", pending.URI, err)
	}
	wrong := "000000"
	if app(secret).shows(d.now()) == wrong {
		wrong = "000001"
	}
	_, _, err = d.CommitTOTP(t.Context(), s, ticket, wrong)
	wantCode(t, err, usher.CodeInvalid)
	codes, s, err := d.CommitTOTP(t.Context(), s, ticket, app(secret).shows(d.now()))
	if err != nil || len(codes) != 10 {
		t.Fatalf("%d recovery codes, %v", len(codes), err)
	}
	d.wait(30 * time.Second)
	return secret, codes, s
}

// TestCodesOfRFC6238 holds the last six digits of the vectors of RFC 6238, appendix B.
func TestCodesOfRFC6238(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := auth.CodeAt([]byte("12345678901234567890"), time.Unix(at, 0)); got != want {
			t.Errorf("at %d s the code is %s, want %s", at, got, want)
		}
	}
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	phone, codes, _ := d.withCodes(t, d.in(t))
	half, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	if err != nil || half.Stage != way.Second {
		t.Fatalf("stage %q, %v", half.Stage, err)
	}
	if s, err := d.enter(t, half.Cookie); err != nil || s.Stage != way.Second {
		t.Fatalf("stage %q, %v", s.Stage, err)
	}
	// Half way in is not in: nothing of the account can be changed or proved.
	_, err = d.BeginTOTP(t.Context(), half)
	wantCode(t, err, usher.CodeForbidden)
	_, err = d.SetOwnPassword(t.Context(), half, phrase+" again")
	wantCode(t, err, usher.CodeForbidden)
	_, err = d.Prove(t.Context(), half, phrase, phone.shows(d.now()), at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
	code := phone.shows(d.now())
	in, err := d.Second(t.Context(), half, code, at("192.0.2.1"))
	if err != nil || in.Stage != way.In || in.Cookie == half.Cookie {
		t.Fatalf("stage %q, %v", in.Stage, err)
	}
	_, err = d.enter(t, half.Cookie)
	wantCode(t, err, usher.CodeUnauthenticated) // the cookie of half way is worth nothing any more
	t.Run("a code is replayed", func(t *testing.T) {
		again, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Second(t.Context(), again, code, at("192.0.2.1"))
		wantCode(t, err, usher.CodeUnauthenticated)
	})
	t.Run("the clock is set back to a code that was used", func(t *testing.T) {
		d.wait(time.Minute)
		again, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		next, err := d.Second(t.Context(), again, phone.shows(d.now()), at("192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		d.wait(-time.Minute)
		if again, err = d.SignIn(t.Context(), email, phrase, at("192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		_, err = d.Second(t.Context(), again, phone.shows(d.now()), at("192.0.2.1"))
		wantCode(t, err, usher.CodeUnauthenticated)
		d.wait(time.Minute)
		_ = next
	})
	t.Run("a recovery code serves once", func(t *testing.T) {
		for i, want := range []usher.Code{"", usher.CodeUnauthenticated} {
			again, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
			if err != nil {
				t.Fatal(err)
			}
			in, err := d.Second(t.Context(), again, strings.ToLower(codes[0]), at("192.0.2.1"))
			if codeOf(err) != want || (err != nil && want == "") {
				t.Fatalf("the %d. time: %v", i+1, err)
			}
			if want == "" && in.Method != "password+recovery" {
				t.Errorf("the method is %s", in.Method)
			}
		}
	})
}

func TestOneCodeOnTwoNodesAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.staff(t, usher.RoleReviewer)
	phone, codes, _ := d.withCodes(t, d.in(t))
	nodes := []*auth.Auth{d.Auth, auth.New(d.config(slog.New(slog.DiscardHandler)))}
	for name, code := range map[string]string{"one-time code": phone.shows(d.now()), "recovery code": codes[3]} {
		var halves [4]way.Session
		for i := range halves {
			var err error
			if halves[i], err = nodes[i%2].SignIn(t.Context(), email, phrase, at("192.0.2.1")); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		var errs [4]error
		for i := range halves {
			wg.Go(func() { _, errs[i] = nodes[i%2].Second(t.Context(), halves[i], code, at("192.0.2.1")) })
		}
		wg.Wait()
		in := 0
		for _, err := range errs {
			if err == nil {
				in++
			} else {
				wantCode(t, err, usher.CodeUnauthenticated)
			}
		}
		if in != 1 {
			t.Errorf("one %s let in %d", name, in)
		}
		if err := d.Release(t.Context(), tenant, made.ID, system); err != nil { // the wrong ones were counted
			t.Fatal(err)
		}
	}
}

func TestCodesAreLockedAfterFiveWrongOnes(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.staff(t, usher.RoleReviewer)
	phone, _, _ := d.withCodes(t, d.in(t))
	try := func(code string) error {
		// The password is right each time, which must not take the count of codes back.
		half, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Second(t.Context(), half, code, at("192.0.2.1"))
		return err
	}
	for range 5 {
		wantCode(t, try("12345"), usher.CodeUnauthenticated)
	}
	wantCode(t, try(phone.shows(d.now())), usher.CodeLimited)
	list, err := d.Members(t.Context(), tenant)
	if err != nil || !list[0].Locked {
		t.Errorf("the list does not say that they are locked out: %v", err)
	}
	if err := d.Release(t.Context(), tenant, made.ID, system); err != nil {
		t.Fatal(err)
	}
	if err := try(phone.shows(d.now())); err != nil {
		t.Fatal(err)
	}
	wantTrail(t, d, "staff.locked_out", "staff.released", "staff.sign_in_failed")
}

// wantTrail fails unless the trail has these entries, among others.
func wantTrail(t testing.TB, d *door, actions ...string) {
	t.Helper()
	records, err := d.store.ListAudit(t.Context(), tenant, "", usher.Paging{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, r := range records {
		got[r.Action] = true
		if strings.Contains(r.Detail, email) {
			t.Errorf("%s holds an e-mail address", r.Action)
		}
	}
	for _, a := range actions {
		if !got[a] {
			t.Errorf("the trail has no %s", a)
		}
	}
}

func TestFailedTriesAreTold(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	for range 3 {
		_, err := d.SignIn(t.Context(), email, "not the right words at all", at("198.51.100.1"))
		wantCode(t, err, usher.CodeUnauthenticated)
	}
	if s := d.in(t); s.Failed != 3 {
		t.Errorf("%d tries are told, want 3", s.Failed)
	}
	if s := d.in(t); s.Failed != 0 {
		t.Errorf("%d tries are told again", s.Failed)
	}
}

// TestSignInCostsOneHash counts what takes long, instead of measuring it.
func TestSignInCostsOneHash(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	out := d.Auth
	if _, err := d.Invite(t.Context(), tenant, "invited@example.test", usher.RoleViewer, system); err != nil {
		t.Fatal(err)
	}
	gone, err := d.CreateStaff(t.Context(), tenant, auth.NewStaff{Email: "gone@example.test", Password: phrase, Role: usher.RoleViewer}, system)
	if err == nil {
		err = d.Disable(t.Context(), tenant, gone.ID, true, system)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string][2]string{
		"right": {email, phrase}, "wrong": {email, "not the right words at all"}, "unknown": {"nobody@example.test", phrase},
		"invited, without a password": {"invited@example.test", phrase}, "kept out": {"gone@example.test", phrase},
	} {
		before := out.Runs()
		_, _ = out.SignIn(t.Context(), try[0], try[1], at("192.0.2.1")) // what comes of it is tested elsewhere
		if n := out.Runs() - before; n != 1 {
			t.Errorf("%s: %d passwords are hashed, want 1", name, n)
		}
	}
}

func TestLiveTenantAsksForASecondFactor(t *testing.T) {
	t.Parallel()
	d := open(t)
	made, err := d.CreateStaff(t.Context(), other, auth.NewStaff{Email: email, Password: phrase, Role: usher.RoleReviewer}, system)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	if err != nil || s.Stage != way.Setup {
		t.Fatalf("stage %q, %v", s.Stage, err)
	}
	_, err = d.Finish(t.Context(), s, at("192.0.2.1"))
	wantCode(t, err, usher.CodeConflict)
	phone, _, s := d.withCodes(t, s)
	if s, err = d.Finish(t.Context(), s, at("192.0.2.1")); err != nil || s.Stage != way.In {
		t.Fatalf("stage %q, %v", s.Stage, err)
	}
	_, err = d.RemoveTOTP(t.Context(), s)
	wantCode(t, err, usher.CodeConflict) // the only second factor
	// Nobody turns off by mistake what they come in by.
	rules := way.Rules{Passkeys: true, Second: true}
	wantCode(t, d.SetRules(t.Context(), other, rules, made.Actor()), usher.CodeConflict)
	rules.Passwords = true
	if err := d.SetRules(t.Context(), other, rules, made.Actor()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Prove(t.Context(), s, phrase, phone.shows(d.now()), at("192.0.2.1")); err != nil {
		t.Error(err)
	}
}

func TestPasswordIsNotAWayAroundAPasskey(t *testing.T) {
	t.Parallel()
	d := open(t)
	if _, err := d.CreateStaff(t.Context(), other, auth.NewStaff{Email: email, Password: phrase, Role: usher.RoleReviewer}, system); err != nil {
		t.Fatal(err)
	}
	s, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t)
	s = d.addPasskey(t, s, key)
	if _, err := d.Finish(t.Context(), s, at("192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	// With the password alone one could now set up codes of one's own, were it let in to do so.
	_, err = d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
}

func TestProofsAreRecent(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	s := d.in(t)
	d.wait(5*time.Minute + time.Second)
	if s.Fresh(d.now()) {
		t.Error("a proof of five minutes ago is fresh")
	}
	_, err := d.SetOwnPassword(t.Context(), s, "eight loud lamps by the lake")
	wantCode(t, err, usher.CodeForbidden)
	_, err = d.Prove(t.Context(), s, "not the right words at all", "", at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
	next, err := d.Prove(t.Context(), s, phrase, "", at("192.0.2.1"))
	if err != nil || next.Cookie == s.Cookie || !next.Fresh(d.now()) || !next.Since.Equal(s.Since) {
		t.Fatalf("got %+v, %v", next, err)
	}
	_, err = d.enter(t, s.Cookie)
	wantCode(t, err, usher.CodeUnauthenticated) // the cookie was turned
	_, err = d.Prove(t.Context(), s, phrase, "", at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
	d.wait(-10 * time.Minute)
	if next.Fresh(d.now()) {
		t.Error("a proof from the future is fresh")
	}
}

// What is changed or asked for after a proof makes the proof no younger: else whoever sits down at an unlocked computer keeps it for the day.
func TestProofsAreNotRenewedWithoutOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	s := d.in(t)
	d.wait(4 * time.Minute)
	_, err := d.Finish(t.Context(), s, at("192.0.2.1"))
	wantCode(t, err, usher.CodeConflict)
	if s, err = d.SetOwnPassword(t.Context(), s, "eight loud lamps by the lake"); err != nil || !s.Fresh(d.now()) {
		t.Fatalf("got %+v, %v", s, err)
	}
	d.wait(2 * time.Minute)
	if s, err = d.enter(t, s.Cookie); err != nil || s.Fresh(d.now()) {
		t.Errorf("a proof of six minutes ago: %+v, %v", s, err)
	}
}

// BenchmarkSignIn measures a sign-in by password with the hash that it really costs, and what is left of it when the hash costs next to nothing.
func BenchmarkSignIn(b *testing.B) {
	for name, memory := range map[string]uint32{"whole": 0, "but the hash": 8} {
		b.Run(name, func(b *testing.B) {
			d := open(b)
			c := d.config(slog.New(slog.DiscardHandler))
			c.HashMemory = memory
			d.Auth = auth.New(c)
			d.staff(b, usher.RoleReviewer)
			for b.Loop() {
				if _, err := d.SignIn(b.Context(), email, phrase, at("192.0.2.1")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
