package desk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/check/duplicate"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
	"github.com/usher-kyc/usher/web"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

const phrase = "seven quiet lamps by the sea"

// sealer keeps nothing secret: what is sealed is package vault's to test.
type sealer struct{}

func (sealer) SealTenant(_ string, plaintext, _ []byte) ([]byte, error) { return plaintext, nil }
func (sealer) OpenTenant(_ string, sealed, _ []byte) ([]byte, error)    { return sealed, nil }

// planted is what a person may write who wants to run a script in a reviewer's browser.
const planted = `"><script>window.hit=1</script><img src=x onerror="window.hit=1">{{.}}`

// plainWords renders an event as its own type.
type plainWords struct{}

func (plainWords) Name() string { return "native" }

func (plainWords) Render(_ usher.View, e usher.Event) ([]usher.Message, error) {
	return []usher.Message{{Event: string(e.Type), ContentType: "application/json", Body: []byte(`{}`)}}, nil
}

// firm is a house with a desk in front of it.
type firm struct {
	*enginetest.House
	auth *auth.Auth
	desk *desk.Desk
	url  string // of the desk
	t    testing.TB
}

// reader is a check that answers as the real one does, so that a case looks like one.
type reader struct{ result usher.CheckResult }

func (r reader) Kind() usher.CheckKind { return r.result.Kind }

func (r reader) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return r.result, nil
}

func checkers() []usher.Checker {
	return []usher.Checker{
		reader{usher.CheckResult{
			Kind: usher.CheckDocument, Outcome: usher.Consider, Score: .93, Assurance: usher.Verified, Provider: "check/document", Version: "1",
			Reasons:  []usher.Reason{{Code: usher.NameMismatch, Field: "last_name"}, {Code: usher.DocumentBlurred}},
			Examined: []string{"mrz_check_digits", "expiry", "issuer"}, NotExamined: []string{"authenticity", "security_features", "chip"},
			Fields: map[string]string{
				"last_name": "AASTROEM", "first_name": "OERJAN", "date_of_birth": "1974-08-12", "number": "L898902C3", "nationality": "SE",
				"issuing_country": "SE", "expiry": "2034-12-31", "sex": "M", "document_type": "passport",
				"mrz": "P<SWEAASTROEM<<OERJAN<<<<<<<<<<<<<<<<<<<<<<<\nL898902C36SWE7408122M3412318ZE184226B<<<<<18",
			},
			Findings: []usher.Finding{
				{Name: "last_name", Given: "Berg", Read: "AASTROEM"},
				{Name: "first_name", Given: "Örjan", Read: "OERJAN", OK: true},
				{Name: "digit_number", Read: "agrees", OK: true},
				{Name: "unsure_birth_date", Read: "0.41"},
				{Name: "a_thing_from_tomorrow", Read: "42 bits", OK: true},
			},
			DurationMS: 312,
		}},
		reader{usher.CheckResult{
			Kind: usher.CheckFace, Outcome: usher.Consider, Score: .5, Assurance: usher.Assisted, Provider: "check/face",
			Reasons:  []usher.Reason{{Code: usher.FaceNotCompared}},
			Examined: []string{"face_presence"}, NotExamined: []string{"face_comparison", "liveness"},
			Findings: []usher.Finding{{Name: "document_front_faces", Read: "1", OK: true}, {Name: "selfie_faces", Read: "1", OK: true}},
		}},
		reader{onLists()},
		duplicate.New(duplicate.Config{}),
		reader{usher.CheckResult{Kind: usher.CheckAge, Outcome: usher.Clear, Score: 1, Assurance: usher.Verified, Provider: "check/age"}},
	}
}

func open(t testing.TB, change ...func(*desk.Config)) *firm {
	t.Helper()
	f := &firm{House: enginetest.Open(t, enginetest.Config{Checkers: checkers(), Renderers: []usher.Renderer{plainWords{}}}), t: t}
	log := slog.New(slog.DiscardHandler)
	server := httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	f.auth = auth.New(auth.Config{Store: f.Store, Now: f.Now, Log: log, HashMemory: 64, Seal: sealer{}, DeskURL: "http://localhost:" + port})
	in := picture.New(picture.Config{})
	c := desk.Config{
		Files: web.Files, Base: "/desk", Log: log, Service: f.Service, Door: f.auth, Auditor: f.Engine, Member: f.auth.Member, Now: f.Now,
		Members: f.auth.Reviewers, Team: f.auth, Undo: -1, // tests that are about taking back say so
		Preview: func(ctx context.Context, raw io.Reader, side int) ([]byte, error) {
			data, err := io.ReadAll(raw)
			if err != nil {
				return nil, err
			}
			out, _, err := in.Copy(ctx, data, picture.CopyConfig{MaxSide: side})
			return out, err
		},
	}
	for _, fn := range change {
		fn(&c)
	}
	if f.desk, err = desk.New(c); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = f.desk
	server.Start()
	t.Cleanup(server.Close)
	f.url = server.URL + "/desk"
	return f
}

// member makes a member of staff with a role, and of a tenant other than the first where one is given.
func (f *firm) member(name string, role usher.Role, of ...usher.Tenant) usher.Staff {
	f.t.Helper()
	tenant := f.Tenant
	if len(of) > 0 {
		tenant = of[0]
	}
	s, err := f.auth.CreateStaff(f.t.Context(), tenant.ID, auth.NewStaff{
		Email: name + "@example.test", Password: phrase, Role: role,
	}, usher.Actor{Kind: usher.BySystem})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// person is who a case is about.
type person struct {
	first, last, reference string
	flow                   string
	drawn                  bool // with pictures that look like something, which take a while
}

// submitted makes a case whose checks have yet to run.
func (f *firm) submitted(p person) usher.Session {
	f.t.Helper()
	ctx := f.t.Context()
	tenant := f.Tenant
	document, selfie := blank(f.t), blank(f.t)
	if p.drawn {
		document, selfie = drawn(f.t)
	}
	c := f.Client(tenant, "native")
	s, link, err := f.Service.StartSession(ctx, c, usher.NewSession{
		Flow: p.flow, Reference: p.reference,
		Applicant: &usher.NewApplicant{Kind: usher.Person, Reference: p.reference, Details: usher.Details{
			FirstName: p.first, LastName: p.last, DateOfBirth: "1974-08-12", Nationality: "SE", Email: "person@example.test", Phone: "46700000000",
			Address: &usher.Address{Country: "SE", Street: "Storgatan 1", City: "Uppsala", PostalCode: "75310"},
		}},
	})
	f.must(err)
	_, err = f.Service.UseLink(ctx, link.Token)
	f.must(err)
	by := usher.Actor{Kind: usher.ByApplicant}
	do := func(cmd usher.Command) {
		f.t.Helper()
		cmd.By = by
		s, err = f.Service.Do(ctx, tenant.ID, s.ID, cmd)
		f.must(err)
	}
	do(usher.Command{Kind: usher.CmdConsent, Step: "consent", Consent: &usher.Consent{Face: true}})
	do(usher.Command{Kind: usher.CmdCompleteStep, Step: "details"})
	f.send(tenant, s.ID, usher.DocumentFront, document)
	do(usher.Command{Kind: usher.CmdCompleteStep, Step: "document", Document: &usher.DocumentChoice{Type: usher.Passport, Country: "SE"}})
	f.send(tenant, s.ID, usher.Selfie, selfie)
	do(usher.Command{Kind: usher.CmdCompleteStep, Step: "selfie"})
	do(usher.Command{Kind: usher.CmdSubmit})
	return s
}

func (f *firm) send(tenant usher.Tenant, session string, kind usher.EvidenceKind, body []byte) {
	f.t.Helper()
	n := usher.NewEvidence{Kind: kind, Source: usher.FromCamera, ContentType: "image/jpeg", By: usher.Actor{Kind: usher.ByApplicant}}
	_, _, err := f.Service.AddEvidence(f.t.Context(), tenant.ID, session, n, bytes.NewReader(body))
	f.must(err)
}

// inReview makes a case that needs a decision.
func (f *firm) inReview(p person) usher.Session {
	f.t.Helper()
	s := f.submitted(p)
	f.Settle()
	s, err := f.Service.Session(f.t.Context(), s.TenantID, s.ID)
	f.must(err)
	if s.State != usher.InReview {
		f.t.Fatalf("the case is %s", s.State)
	}
	return s
}

func (f *firm) session(id string) usher.Session {
	f.t.Helper()
	s, err := f.Service.Session(f.t.Context(), f.Tenant.ID, id)
	f.must(err)
	return s
}

func (f *firm) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// drawings are drawn once: it takes a while.
var drawings = sync.OnceValues(func() ([2]image.Image, error) {
	page, err := specimen.Passport(someone())
	if err != nil {
		return [2]image.Image{}, err
	}
	return [2]image.Image{picture.Shrink(specimen.Photo(page, 7), 900), picture.Shrink(specimen.Selfie(someone()), 700)}, nil
})

// drawn gives pictures of a document and of a face.
func drawn(t testing.TB) (document, selfie []byte) {
	t.Helper()
	pictures, err := drawings()
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, pictures[0]), encode(t, pictures[1])
}

// blank is a picture of nothing, for tests that look at something else.
func blank(t testing.TB) []byte {
	t.Helper()
	return encode(t, image.NewGray(image.Rect(0, 0, 80, 60)))
}

func someone() specimen.Person {
	return specimen.Person{
		LastName: "Åström", FirstNames: "Örjan", Sex: "M", Issuer: "UTO", Nationality: "UTO",
		BirthDate: time.Date(1974, 8, 12, 0, 0, 0, 0, time.UTC), Expiry: time.Date(2034, 12, 31, 0, 0, 0, 0, time.UTC),
	}
}

func encode(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// browser is a plain one: it keeps cookies, follows no redirects and runs nothing.
type browser struct {
	*http.Client
	f     *firm
	agent string // what it calls itself, where that matters
}

// plain gives a browser in which a member of staff has signed in, unless name is "".
func (f *firm) plain(name string) browser {
	f.t.Helper()
	jar, err := cookiejar.New(nil)
	f.must(err)
	b := browser{f: f, Client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if name != "" {
		res := b.post("/sign-in", "email", name+"@example.test", "password", phrase)
		if res.status != http.StatusSeeOther {
			f.t.Fatalf("sign-in answers %d", res.status)
		}
	}
	return b
}

// answer is what a page says.
type answer struct {
	status   int
	header   http.Header
	body     string
	location string
}

func (b browser) get(path string) answer { return b.send(http.MethodGet, path, "") }

// post sends a form of names and values.
func (b browser) post(path string, pairs ...string) answer {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.send(http.MethodPost, path, form.Encode())
}

func (b browser) send(method, path, form string) answer {
	b.f.t.Helper()
	return b.sendAs(method, path, form, "application/x-www-form-urlencoded")
}

// sendAs sends a form of a content type.
func (b browser) sendAs(method, path, form, contentType string) answer {
	b.f.t.Helper()
	req, err := http.NewRequestWithContext(b.f.t.Context(), method, b.f.url+path, strings.NewReader(form))
	b.f.must(err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", contentType)
	}
	if b.agent != "" {
		req.Header.Set("User-Agent", b.agent)
	}
	res, err := b.Do(req)
	b.f.must(err)
	defer res.Body.Close() // read to its end
	body, err := io.ReadAll(res.Body)
	b.f.must(err)
	return answer{res.StatusCode, res.Header, string(body), strings.TrimPrefix(res.Header.Get("Location"), "/desk")}
}

func sha(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
