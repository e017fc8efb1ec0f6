package contact_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/contact"
)

func judge(t testing.TB, d usher.Details, mode usher.Mode) usher.CheckResult {
	t.Helper()
	r, err := contact.New(contact.Config{}).Check(context.Background(), usher.CheckInput{Details: d, Mode: mode})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEmail(t *testing.T) {
	t.Parallel()
	for address, plausible := range map[string]bool{
		"astrid.lindqvist@bank.se": true, "o'hara+kyc@mail.example-bank.co.uk": true, "åsa@räksmörgås.se": true, "a@xn--rksmrgs-5wao1o.se": true,
		"иван@почта.рф": true, "a@b.museum": true, "a@localhost": false, "a@b..se": false, "a@-b.se": false, "a@b-.se": false, "a@b.c": false, "a@b.se1": false,
		"a b@c.se": false, "Astrid <a@b.se>": false, `"a b"@c.se`: false, "a@[192.0.2.1]": false, "a@b.invalid": false, "a@b_c.se": false,
		"a@" + strings.Repeat("b", 64) + ".se": false, strings.Repeat("a", 65) + "@b.se": false, "a@" + strings.Repeat("bcd.", 70) + "se": false,
		"a@pаypal.com":  false, // its second letter is Cyrillic
		"a@example.com": false, "nobody": false, "@b.se": false, "a@b.se\r\nBcc: c@d.se": false, "\xff@b.se": false,
	} {
		r := judge(t, usher.Details{Email: address}, usher.Live)
		if (r.Outcome == usher.Clear) != plausible || r.Assurance != usher.Assisted {
			t.Errorf("%q: %s, %+v", address, r.Outcome, r.Findings)
		}
	}
	if r := judge(t, usher.Details{Email: "astrid@example.com"}, usher.Sandbox); r.Outcome != usher.Clear {
		t.Error("a sandbox is where addresses of examples belong")
	}
}

func TestPhone(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"46701740605": "SE mobile", "442079460958": "GB fixed line", "12125551234": "US fixed line or mobile", "5511987654321": "BR mobile", "+37061234567": "LT mobile",
		"4670": "", "467017406051234": "", "99912345678": "", "0701740605": "", "44909879": "", "449098790000": "", "not a number": "", "1": "", strings.Repeat("4", 40): "",
	} {
		r := judge(t, usher.Details{Phone: number}, usher.Live)
		got := ""
		if r.Outcome == usher.Clear {
			got = r.Findings[1].Read + " " + r.Findings[2].Read
		}
		if got != want {
			t.Errorf("%s: %q, want %q: %+v", number, got, want, r.Findings)
		}
	}
}

func TestBothAndNeither(t *testing.T) {
	t.Parallel()
	if r := judge(t, usher.Details{}, usher.Live); r.Outcome != usher.NotRun || r.Assurance != "" {
		t.Errorf("nothing was looked at: %+v", r)
	}
	r := judge(t, usher.Details{Email: "a@bank.se", Phone: "1"}, usher.Live)
	if r.Outcome != usher.Consider || len(r.Reasons) != 1 || r.Reasons[0].Field != "phone" || !slices.Contains(r.NotExamined, "email_holder") {
		t.Errorf("%+v", r)
	}
}

func TestProvedByCode(t *testing.T) {
	t.Parallel()
	proof := func(c usher.Channel, address string, simulated bool) usher.StepStatus {
		return usher.StepStatus{Kind: usher.StepContact, Proved: []usher.ContactProof{{Channel: c, Address: address, Simulated: simulated}}}
	}
	both := usher.Details{Email: "a@bank.se", Phone: "46701740605"}
	for name, tt := range map[string]struct {
		details usher.Details
		steps   []usher.StepStatus
		want    usher.Assurance
		left    []string
	}{
		"both":            {both, []usher.StepStatus{proof(usher.ByEmail, "a@bank.se", false), proof(usher.ByPhone, "46701740605", false)}, usher.Verified, nil},
		"one of both":     {both, []usher.StepStatus{proof(usher.ByEmail, "a@bank.se", false)}, usher.Assisted, []string{"phone_holder"}},
		"all there is":    {usher.Details{Email: "a@bank.se"}, []usher.StepStatus{proof(usher.ByEmail, "a@bank.se", false)}, usher.Verified, []string{"phone_holder"}},
		"another address": {usher.Details{Email: "a@bank.se"}, []usher.StepStatus{proof(usher.ByEmail, "b@bank.se", false)}, usher.Assisted, []string{"email_holder", "phone_holder"}},
		"made up":         {usher.Details{Email: "a@bank.se"}, []usher.StepStatus{proof(usher.ByEmail, "a@bank.se", true)}, usher.Assisted, []string{"email_holder", "phone_holder"}},
	} {
		r, err := contact.New(contact.Config{}).Check(context.Background(), usher.CheckInput{Details: tt.details, Session: usher.Session{Steps: tt.steps}})
		if err != nil || r.Outcome != usher.Clear || r.Assurance != tt.want || !slices.Equal(r.NotExamined, tt.left) {
			t.Errorf("%s: %v %s %s, not examined %v", name, err, r.Outcome, r.Assurance, r.NotExamined)
		}
	}
}

func FuzzContact(f *testing.F) {
	f.Add("astrid@bank.se", "46701740605")
	f.Add("a@xn--0.рф", "+1")
	f.Fuzz(func(t *testing.T, address, number string) {
		r := judge(t, usher.Details{Email: address, Phone: number}, usher.Live)
		if r.Outcome == usher.Clear && strings.ContainsAny(address, "\r\n") {
			t.Error("an address of two lines")
		}
	})
}
