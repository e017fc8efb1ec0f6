package receipt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/receipt"
)

var decided = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const issuerURL = "https://api.bank.example"

// cases is a service with one approved session.
type cases struct{ state usher.State }

func (cases) Tenant(context.Context, string) (usher.Tenant, error) {
	return usher.Tenant{ID: "t", Name: "Example Bank", Mode: usher.Live}, nil
}

func (c cases) Session(context.Context, string, string) (usher.Session, error) {
	return usher.Session{
		ID: "0192d3c4-5b6a-7c8d-9e0f-a1b2c3d4e5f6", TenantID: "t", ApplicantID: "a", State: c.state, FlowName: "onboarding", FlowVersion: 3, DecidedAt: decided,
		Decision: &usher.Decision{By: usher.Actor{Kind: usher.ByStaff, ID: "ann"}, At: decided, Internal: "looked twice"},
		Steps: []usher.StepStatus{
			{Checks: []usher.CheckResult{
				{Kind: usher.CheckDocument, Outcome: usher.Consider, Assurance: usher.Assisted, Fields: map[string]string{"number": "X1234567"}},
				{Kind: usher.CheckFace, Outcome: usher.Consider, Assurance: usher.Assisted},
				{Kind: usher.CheckWatchlist, Outcome: usher.Consider, Assurance: usher.Verified},
				{Kind: usher.CheckRegistry, Outcome: usher.Unavailable, Assurance: usher.Verified},
			}},
			{Checks: []usher.CheckResult{{Kind: usher.CheckDocument, Outcome: usher.Clear, Assurance: usher.Verified}, {Kind: usher.CheckAge}}},
		},
	}, nil
}

func (cases) Applicant(context.Context, string, string) (usher.Applicant, error) {
	return usher.Applicant{ID: "a", Details: usher.Details{FirstName: "Ada", LastName: "Öberg", DateOfBirth: "1990-02-03", Email: "ada@example.test"}}, nil
}

// places keeps one receipt.
type places struct{ revoked []int64 }

func (*places) ReceiptPlace(context.Context, string, string, time.Time) (int64, error) { return 9, nil }

func (p *places) RevokedReceipts(context.Context, int64, int64) ([]int64, error) {
	return slices.Clone(p.revoked), nil
}
func (*places) Receipts(context.Context) (int64, error) { return 10, nil }

func newKey(t testing.TB, kid string, at time.Time) receipt.SigningKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return receipt.SigningKey{KID: kid, Private: k, CreatedAt: at}
}

type house struct {
	*receipt.Issuer
	now    time.Time
	keys   []receipt.SigningKey
	places places
}

func newHouse(t testing.TB, c receipt.Cases) *house {
	t.Helper()
	h := &house{now: decided.Add(time.Hour), keys: []receipt.SigningKey{newKey(t, "one", decided)}}
	h.Issuer = receipt.New(receipt.Config{
		Number: func(tenant, session string) ([]byte, error) {
			sum := sha256.Sum256([]byte("key" + tenant + session))
			return sum[:], nil
		},
		Cases: c, Places: &h.places, URL: func() string { return issuerURL }, Now: func() time.Time { return h.now },
		Keys: func(context.Context) ([]receipt.SigningKey, error) { return h.keys, nil },
	})
	return h
}

func (h *house) issue(t testing.TB) usher.Receipt {
	t.Helper()
	r, err := h.Receipt(context.Background(), "t", "s")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (h *house) public(t testing.TB) []receipt.Key {
	t.Helper()
	keys, err := h.Public(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, cases{usher.Approved})
	r := h.issue(t)
	got, err := receipt.Verify(r.Text, h.public(t), h.now)
	if err != nil {
		t.Fatal(err)
	}
	want := receipt.Statement{
		ID: "urn:uuid:2519e584-9c3d-8698-b616-fee95412fbc6", Issuer: issuerURL, Tenant: "Example Bank", Outcome: "approved", Decided: decided, By: "reviewer",
		IssuedAt: h.now, ValidUntil: decided.Add(365 * 24 * time.Hour), Flow: "onboarding", FlowVersion: 3,
		Checks: []receipt.Check{
			{Kind: "document", Outcome: "clear", Assurance: "verified"},
			{Kind: "face", Outcome: "reviewed", Assurance: "assisted"},
			{Kind: "watchlist", Outcome: "checked", Assurance: "verified"},
			{Kind: "registry", Outcome: "not_done", Assurance: "verified"},
		},
		GivenName: "Ada", FamilyName: "Öberg", BirthDate: "1990-02-03",
		Status: receipt.StatusRef{Index: 9, URI: issuerURL + "/receipts/status/0"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var said receipt.Statement
	if err := json.Unmarshal(r.JSON, &said); err != nil || cmp.Diff(want, said) != "" {
		t.Errorf("the JSON says something else: %s, %v", r.JSON, err)
	}
	if r.Text == h.issue(t).Text {
		t.Error("two receipts are the same text, so that whoever sees both knows they belong together")
	}
}

// TestNothingMore holds that the signed part names nobody, and that nothing of what staff noted or read is anywhere in it.
func TestNothingMore(t *testing.T) {
	t.Parallel()
	parts := strings.Split(newHouse(t, cases{usher.Approved}).issue(t).Text, "~")
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(parts[0], ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"Ada", "berg", "1990", "ann", "twice", "X1234567", "ada@"} {
		if strings.Contains(string(raw), hidden) {
			t.Errorf("the signed part says %q: %s", hidden, raw)
		}
	}
	for _, part := range parts[1:] {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || strings.Contains(string(raw), "ada@") || strings.Contains(string(raw), "X1234567") {
			t.Errorf("a disclosure says too much: %s, %v", raw, err)
		}
	}
}

func TestLeavingOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, cases{usher.Approved})
	parts := strings.Split(h.issue(t).Text, "~")
	s, err := receipt.Verify(parts[0]+"~"+parts[3]+"~", h.public(t), h.now)
	if err != nil || s.GivenName != "" || s.FamilyName != "" || s.BirthDate != "1990-02-03" {
		t.Errorf("got %+v, %v", s, err)
	}
	if s, err = receipt.Verify(parts[0]+"~", h.public(t), h.now); err != nil || s.BirthDate != "" || s.Outcome != "approved" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestNotAReceipt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, cases{usher.Approved})
	text := h.issue(t).Text
	parts := strings.Split(text, "~")
	jwt := strings.Split(parts[0], ".")
	other := newHouse(t, cases{usher.Approved})
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	header := func(s string) string { return b64(s) + "." + jwt[1] + "." + jwt[2] + "~" }
	tests := map[string]string{
		"nothing":                "",
		"words":                  "hello",
		"no tilde":               parts[0],
		"key binding":            text + "a.b.c",
		"payload changed":        jwt[0] + "." + b64(`{"vct":"`+receipt.Type+`"}`) + "." + jwt[2] + "~",
		"alg none":               header(`{"alg":"none","typ":"dc+sd-jwt","kid":"one"}`),
		"alg HS256":              header(`{"alg":"HS256","typ":"dc+sd-jwt","kid":"one"}`),
		"another type":           header(`{"alg":"ES256","typ":"statuslist+jwt","kid":"one"}`),
		"no signature":           jwt[0] + "." + jwt[1] + ".~",
		"short signature":        jwt[0] + "." + jwt[1] + "." + jwt[2][:10] + "~",
		"unknown disclosure":     parts[0] + "~" + b64(`["salt","given_name","Eve"]`) + "~",
		"disclosure twice":       parts[0] + "~" + parts[1] + "~" + parts[1] + "~",
		"disclosure of an array": parts[0] + "~" + b64(`["salt","value"]`) + "~",
		"disclosure of _sd":      parts[0] + "~" + b64(`["salt","_sd","value"]`) + "~",
		"somebody else's":        other.issue(t).Text,
		"somebody's disclosure":  parts[0] + "~" + strings.Split(other.issue(t).Text, "~")[1] + "~",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, err := receipt.Verify(text, h.public(t), h.now); err == nil || errors.Is(err, receipt.ErrOver) {
				t.Errorf("it was taken: %+v, %v", s, err)
			}
		})
	}
	if s, err := receipt.Verify(text, h.public(t), decided.Add(400*24*time.Hour)); !errors.Is(err, receipt.ErrOver) || s.Outcome == "" {
		t.Errorf("a receipt that has run out: %+v, %v", s, err)
	}
	if _, err := receipt.Verify(text, other.public(t), h.now); err == nil {
		t.Error("another's key verified it")
	}
}

func TestOnlyApproved(t *testing.T) {
	t.Parallel()
	for _, state := range usher.States() {
		h := newHouse(t, cases{state})
		_, err := h.Receipt(t.Context(), "t", "s")
		if (err == nil) != (state == usher.Approved) {
			t.Errorf("%s: %v", state, err)
		}
	}
	h := newHouse(t, cases{usher.Approved})
	h.now = decided.Add(366 * 24 * time.Hour)
	if _, err := h.Receipt(t.Context(), "t", "s"); err == nil {
		t.Error("an approval that is too long ago has a receipt")
	}
}

func (h *house) get(t *testing.T, path string, want int, into any) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.Routes().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != want {
		t.Fatalf("%s: answered %d: %s", path, w.Code, w.Body)
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
	return w.Body.String()
}

func TestWellKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, cases{usher.Approved})
	text := h.issue(t).Text
	keys, err := receipt.ReadJWKS([]byte(h.get(t, receipt.KeysPath, 200, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := receipt.Verify(text, keys, h.now)
	if err != nil {
		t.Fatal(err)
	}
	var m receipt.Metadata
	h.get(t, receipt.MetadataPath, 200, &m)
	if m.Issuer != s.Issuer || m.JWKSURI != issuerURL+receipt.KeysPath {
		t.Error(m)
	}
	path := strings.TrimPrefix(s.Status.URI, issuerURL)
	look := func(want bool) {
		t.Helper()
		revoked, err := receipt.Revoked(h.get(t, path, 200, nil), keys, s.Status, h.now)
		if err != nil || revoked != want {
			t.Errorf("revoked %v, want %v; %v", revoked, want, err)
		}
	}
	look(false)
	h.places.revoked = []int64{8, 9}
	look(false) // a list is remembered for a minute
	h.now = h.now.Add(time.Minute)
	look(true)
	h.places.revoked = []int64{8, 10}
	h.now = h.now.Add(time.Minute)
	look(false)
	h.get(t, receipt.StatusPath+"1", 404, nil)
	h.get(t, receipt.StatusPath+"-1", 404, nil)
	h.get(t, receipt.StatusPath+"01", 404, nil)

	list := h.get(t, path, 200, nil)
	for name, wrong := range map[string]receipt.StatusRef{
		"another list": {Index: 9, URI: issuerURL + "/receipts/status/1"}, "behind its end": {Index: receipt.ListSize, URI: s.Status.URI},
		"before it": {Index: -1, URI: s.Status.URI},
	} {
		if _, err := receipt.Revoked(list, keys, wrong, h.now); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := receipt.Revoked(list, keys, s.Status, h.now.Add(25*time.Hour)); err == nil {
		t.Error("an old list was taken")
	}
	if _, err := receipt.Revoked(text, keys, s.Status, h.now); err == nil {
		t.Error("a receipt was taken for a list")
	}
}

// TestNumberTellsNothing holds that the copies of a receipt have one number, which is not the session's.
func TestNumberTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, cases{usher.Approved})
	one, two := h.issue(t), h.issue(t)
	if one.ID != two.ID || !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(one.ID) {
		t.Errorf("the numbers are %s and %s", one.ID, two.ID)
	}
}

// TestEverybodyAsksThroughTheFront holds that public addresses are limited, name each request and refuse other methods like the rest of the API.
func TestEverybodyAsksThroughTheFront(t *testing.T) {
	t.Parallel()
	h := newHouse(t, cases{usher.Approved})
	front := api.Front{Open: func(*http.Request) bool { return true }, PerAddress: api.NewLimiter(api.Limit{Rate: 1, Burst: 7})}.Handler(h.Routes())
	for n, want := range []struct {
		method, path string
		status       int
	}{
		{"GET", receipt.KeysPath, 200},
		{"HEAD", receipt.StatusPath + "0", 200},
		{"GET", receipt.MetadataPath, 200},
		{"POST", receipt.StatusPath + "0", 405},
		{"DELETE", receipt.KeysPath, 405},
		{"GET", receipt.StatusPath + "1", 404},
		{"GET", receipt.StatusPath + "x", 404},
		{"GET", receipt.StatusPath + "0", 429},
	} {
		w := httptest.NewRecorder()
		front.ServeHTTP(w, httptest.NewRequest(want.method, want.path, nil))
		kind := w.Header().Get("Content-Type")
		if w.Code != want.status || !strings.HasPrefix(w.Header().Get("X-Request-Id"), "req_") || (w.Code >= 400) != (kind == "application/problem+json") {
			t.Errorf("%d: %s %s answers %d, %s, %v", n, want.method, want.path, w.Code, kind, w.Header())
		}
	}
}

// TestNextKey holds that a new key rests before it signs, and that what the old one signed stays good.
func TestNextKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, cases{usher.Approved})
	old := h.issue(t)
	h.keys = append([]receipt.SigningKey{newKey(t, "two", h.now)}, h.keys...)
	kid := func() string {
		t.Helper()
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(h.issue(t).Text, ".")[0])
		var header struct{ KID string }
		if err := errors.Join(err, json.Unmarshal(raw, &header)); err != nil {
			t.Fatal(err)
		}
		return header.KID
	}
	h.now = h.now.Add(2 * time.Minute)
	if len(h.public(t)) != 2 || kid() != "one" {
		t.Error("a new key is to be published, and not to sign yet")
	}
	h.now = h.now.Add(time.Hour)
	if kid() != "two" {
		t.Error("the new key does not sign")
	}
	if _, err := receipt.Verify(old.Text, h.public(t), h.now); err != nil {
		t.Error(err)
	}
}

func FuzzVerify(f *testing.F) {
	h := newHouse(f, cases{usher.Approved})
	text, keys := h.issue(f).Text, h.public(f)
	token, _, _ := strings.Cut(text, "~")
	f.Add(text)
	f.Add("a.b.c~")
	f.Add(token + "~W10~")
	f.Fuzz(func(t *testing.T, given string) {
		if _, err := receipt.Verify(given, keys, h.now); err == nil && !strings.HasPrefix(strings.TrimSpace(given), token+"~") {
			t.Error("something was taken that nobody signed")
		}
		if _, err := receipt.Revoked(given, keys, receipt.StatusRef{}, h.now); err == nil {
			t.Error("a list was taken that nobody signed")
		}
	})
}

func FuzzReadJWKS(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"","y":"","kid":"one"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		keys, err := receipt.ReadJWKS(raw)
		if err != nil {
			return
		}
		if _, err := receipt.JWKSOf(keys); err != nil {
			t.Error(err)
		}
	})
}
