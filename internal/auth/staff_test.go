package auth_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	way "github.com/usher-kyc/usher/internal/door"
)

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.staff(t, usher.RoleReviewer)
	in, err := d.SignIn(t.Context(), "  Vera@Example.test ", phrase, at("192.0.2.1"))
	if err != nil || in.Staff != made || in.Stage != way.In {
		t.Fatalf("got %+v, %v", in, err)
	}
	if len(in.Cookie) != 43 {
		t.Errorf("cookie has %d characters, want 43 (256 bits)", len(in.Cookie))
	}
	if got, err := d.enter(t, in.Cookie); err != nil || got.Staff != made {
		t.Fatalf("got %+v, %v", got, err)
	}
	for range 2 {
		if err := d.Leave(t.Context(), in.Cookie); err != nil {
			t.Fatal(err)
		}
	}
	_, err = d.enter(t, in.Cookie)
	wantCode(t, err, usher.CodeUnauthenticated)
}

func TestStaffSessionEnds(t *testing.T) {
	t.Parallel()
	signIn := func(t *testing.T) (*door, string) {
		d := open(t)
		d.staff(t, usher.RoleReviewer)
		in, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		return d, in.Cookie
	}
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		d, cookie := signIn(t)
		for range 3 {
			d.wait(14 * time.Minute)
			if _, err := d.enter(t, cookie); err != nil {
				t.Fatal(err)
			}
		}
		d.wait(15 * time.Minute)
		_, err := d.enter(t, cookie)
		if told := wantCode(t, err, usher.CodeUnauthenticated); told.Detail != auth.DetailIdle {
			t.Errorf("detail is %q", told.Detail)
		}
	})
	t.Run("after ten hours of work", func(t *testing.T) {
		t.Parallel()
		d, cookie := signIn(t)
		for range 59 {
			d.wait(10 * time.Minute)
			if _, err := d.enter(t, cookie); err != nil {
				t.Fatal(err)
			}
		}
		d.wait(10 * time.Minute)
		_, err := d.enter(t, cookie)
		if told := wantCode(t, err, usher.CodeUnauthenticated); told.Detail != auth.DetailEnded {
			t.Errorf("detail is %q", told.Detail)
		}
	})
	t.Run("disabled", func(t *testing.T) {
		t.Parallel()
		d, cookie := signIn(t)
		s, err := d.enter(t, cookie)
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, d.Disable(t.Context(), other, s.Staff.ID, true, system), usher.CodeNotFound)
		if err := d.Disable(t.Context(), tenant, s.Staff.ID, true, system); err != nil {
			t.Fatal(err)
		}
		_, err = d.enter(t, cookie)
		wantCode(t, err, usher.CodeUnauthenticated)
		_, err = d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
		wantCode(t, err, usher.CodeUnauthenticated)
		if err := d.Disable(t.Context(), tenant, s.Staff.ID, false, system); err != nil {
			t.Fatal(err)
		}
		if _, err := d.enter(t, cookie); err == nil {
			t.Error("the old cookie is worth something again")
		}
	})
}

func TestNewPasswordSignsOutEverywhere(t *testing.T) {
	t.Parallel()
	d := open(t)
	s := d.staff(t, usher.RoleReviewer)
	in, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	const fresh = "eight loud lamps by the lake"
	wantCode(t, d.SetPassword(t.Context(), tenant, s.ID, "short", system), usher.CodeInvalid)
	wantCode(t, d.SetPassword(t.Context(), other, s.ID, fresh, system), usher.CodeNotFound)
	if err := d.SetPassword(t.Context(), tenant, s.ID, fresh, system); err != nil {
		t.Fatal(err)
	}
	_, err = d.enter(t, in.Cookie)
	wantCode(t, err, usher.CodeUnauthenticated)
	_, err = d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
	if _, err := d.SignIn(t.Context(), email, fresh, at("192.0.2.1")); err != nil {
		t.Error(err)
	}
}

func TestUnknownAndWrongLookTheSame(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	_, wrong := d.SignIn(t.Context(), email, "not the right words at all", at("192.0.2.1"))
	_, unknown := d.SignIn(t.Context(), "nobody@example.test", phrase, at("192.0.2.1"))
	a, b := wantCode(t, wrong, usher.CodeUnauthenticated), wantCode(t, unknown, usher.CodeUnauthenticated)
	if a != b {
		t.Errorf("answers differ: %+v and %+v", a, b)
	}
	// Locked accounts must not tell either.
	for _, name := range []string{email, "nobody@example.test"} {
		for range 4 {
			_, err := d.SignIn(t.Context(), name, "not the right words at all", at("192.0.2.1"))
			wantCode(t, err, usher.CodeUnauthenticated)
		}
		_, err := d.SignIn(t.Context(), name, "not the right words at all", at("192.0.2.1"))
		wantCode(t, err, usher.CodeLimited)
	}
}

func TestAccountIsLockedAfterFiveWrongPasswords(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	for i := range 5 {
		_, err := d.SignIn(t.Context(), email, "not the right words at all", at(fmt.Sprintf("192.0.2.%d", i)))
		wantCode(t, err, usher.CodeUnauthenticated)
	}
	_, err := d.SignIn(t.Context(), email, phrase, at("198.51.100.7"))
	if told := wantCode(t, err, usher.CodeLimited); !strings.Contains(told.Message, "15 min") {
		t.Errorf("message is %q", told.Message)
	}
	d.wait(15 * time.Minute)
	if _, err := d.SignIn(t.Context(), email, phrase, at("198.51.100.7")); err != nil {
		t.Error(err)
	}
}

func TestRightPasswordTakesTheCountBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	for i := range 3 {
		for range 4 {
			_, err := d.SignIn(t.Context(), email, "not the right words at all", at(fmt.Sprintf("192.0.2.%d", i)))
			wantCode(t, err, usher.CodeUnauthenticated)
		}
		if _, err := d.SignIn(t.Context(), email, phrase, at(fmt.Sprintf("192.0.2.%d", i))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAddressIsLockedAfterTwentyWrongPasswords(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	for i := range 20 {
		_, err := d.SignIn(t.Context(), fmt.Sprintf("guess%d@example.test", i), phrase, at("192.0.2.1"))
		wantCode(t, err, usher.CodeUnauthenticated)
	}
	_, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	wantCode(t, err, usher.CodeLimited)
	if _, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.2")); err != nil {
		t.Errorf("another address is locked as well: %v", err)
	}
}

func TestManyGuessesAtOnceAreNotMore(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	var wg sync.WaitGroup
	codes := make([]usher.Code, 12)
	for i := range codes {
		wg.Go(func() {
			_, err := d.SignIn(t.Context(), email, "not the right words at all", at(fmt.Sprintf("192.0.2.%d", i)))
			codes[i] = wantCode(t, err, codeOf(err)).Code
		})
	}
	wg.Wait()
	looked := 0
	for _, c := range codes {
		if c == usher.CodeUnauthenticated {
			looked++
		}
	}
	if looked != 5 {
		t.Errorf("%d guesses were looked at, want 5", looked)
	}
}

func TestCreateStaffRefuses(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	for name, tc := range map[string]struct {
		n     auth.NewStaff
		code  usher.Code
		field string
	}{
		"14 characters":  {auth.NewStaff{Email: "a@example.test", Password: "åäö-12345678-x", Role: usher.RoleViewer}, usher.CodeInvalid, "password"},
		"few characters": {auth.NewStaff{Email: "a@example.test", Password: "1212121212121212", Role: usher.RoleViewer}, usher.CodeInvalid, "password"},
		"too long":       {auth.NewStaff{Email: "a@example.test", Password: strings.Repeat(phrase, 20), Role: usher.RoleViewer}, usher.CodeInvalid, "password"},
		"own address":    {auth.NewStaff{Email: "a@example.test", Password: "A@example.test!", Role: usher.RoleViewer}, usher.CodeInvalid, "password"},
		"no address":     {auth.NewStaff{Email: "vera", Password: phrase, Role: usher.RoleViewer}, usher.CodeInvalid, "email"},
		"named address":  {auth.NewStaff{Email: "V <v@example.test>", Password: phrase, Role: usher.RoleViewer}, usher.CodeInvalid, "email"},
		"unknown role":   {auth.NewStaff{Email: "a@example.test", Password: phrase, Role: "owner"}, usher.CodeInvalid, "role"},
		"taken, in caps": {auth.NewStaff{Email: "VERA@example.test", Password: phrase, Role: usher.RoleViewer}, usher.CodeConflict, "email"},
	} {
		_, err := d.CreateStaff(t.Context(), tenant, tc.n, system)
		t.Run(name, func(t *testing.T) {
			if told := wantCode(t, err, tc.code); told.Field != tc.field {
				t.Errorf("error names the field %q, want %q", told.Field, tc.field)
			}
		})
	}
}

func TestChangesOfStaffAtOnceAllCount(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.staff(t, usher.RoleReviewer)
	for i := range 5 {
		role := []usher.Role{usher.RoleSenior, usher.RoleReviewer}[i%2]
		var wg sync.WaitGroup
		for _, change := range []func() error{
			func() error {
				return d.SetPassword(t.Context(), made.TenantID, made.ID, fmt.Sprint("another long phrase ", i), system)
			},
			func() error { return d.Disable(t.Context(), made.TenantID, made.ID, i%2 == 0, system) },
			func() error { return d.SetRole(t.Context(), made.TenantID, made.ID, role, system) },
		} {
			wg.Go(func() {
				if err := change(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		list, err := d.Members(t.Context(), made.TenantID)
		if err != nil || len(list) != 1 || list[0].Disabled != (i%2 == 0) || list[0].Role != role {
			t.Fatalf("in round %d the member is %+v, %v", i, list, err)
		}
	}
}
