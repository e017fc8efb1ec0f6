package report_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/report"
	"github.com/usher-kyc/usher/internal/specimen"
	"github.com/usher-kyc/usher/web"
)

type house struct {
	*enginetest.House
	report *report.Report
}

func open(t *testing.T, c ...enginetest.Config) house {
	t.Helper()
	h := enginetest.Open(t, c...)
	r, err := report.New(report.Config{
		Service: h.Service, Auditor: h.Engine, Files: web.Files, Pictures: picture.New(picture.Config{}), Now: h.Now,
		Member: func(_ context.Context, _, id string) (usher.Staff, error) {
			if id != "staff-1" {
				return usher.Staff{}, usher.NotFound("member of staff")
			}
			return usher.Staff{ID: id, Email: "ann@bank.example"}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return house{h, r}
}

var (
	client   = usher.Actor{Kind: usher.ByClient, ID: "client-native"}
	reviewer = usher.Actor{Kind: usher.ByStaff, ID: "staff-1", Role: usher.RoleReviewer}
)

func (h house) do(t *testing.T, v usher.Session, c usher.Command) usher.Session {
	t.Helper()
	if c.By.Kind == "" {
		c.By = client
	}
	if _, err := h.Do(t.Context(), v.TenantID, v.ID, c); err != nil {
		t.Fatal(err)
	}
	h.Settle()
	v, err := h.Session(t.Context(), v.TenantID, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (h house) add(t *testing.T, v usher.Session, kind usher.EvidenceKind, contentType string, raw []byte) {
	t.Helper()
	n := usher.NewEvidence{Kind: kind, Source: usher.FromClient, ContentType: contentType, By: client}
	if _, _, err := h.AddEvidence(t.Context(), v.TenantID, v.ID, n, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
}

// reviewed is a case in a live tenant in which a lot happened: a document that had to be sent again, a check that a reviewer had to judge, a
// correction, an approval.
func (h house) reviewed(t *testing.T, name string) usher.Session {
	t.Helper()
	h.Checks.Set(usher.CheckFace, usher.Consider, usher.FaceNotCompared)
	v, _, err := h.StartSession(t.Context(), h.Client(h.Live, "native"), usher.NewSession{
		Flow: "onboarding", Reference: "order-17", Applicant: &usher.NewApplicant{Details: usher.Details{
			FirstName: name, LastName: "Lindqvist", DateOfBirth: "1991-12-06", Email: "astrid@example.test",
			Address: &usher.Address{Country: "SE", Street: "Mälarö torg 2", City: "Ekerö", PostalCode: "178 30"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	front, selfie := pictures(t)
	h.add(t, v, usher.DocumentFront, "image/jpeg", front)
	h.add(t, v, usher.Selfie, "image/jpeg", selfie)
	h.add(t, v, usher.SelfieVideo, "video/webm", []byte("\x1aE\xdf\xa3 a video"))
	v = h.do(t, v, usher.Command{Kind: usher.CmdSubmit, Consent: &usher.Consent{Text: "identity-check", Face: true}})
	v = h.do(t, v, usher.Command{Kind: usher.CmdAskAgain, By: reviewer, Steps: []string{"document"}, Reasons: []usher.Reason{{Code: usher.DocumentBlurred}}})
	h.add(t, v, usher.DocumentFront, "image/jpeg", front)
	v = h.do(t, v, usher.Command{Kind: usher.CmdSubmit})
	v = h.do(t, v, usher.Command{Kind: usher.CmdCorrect, By: reviewer, Facts: []usher.Correction{{Field: "last_name", Old: "LINDQVlST", New: "LINDQVIST"}}})
	return h.do(t, v, usher.Command{
		Kind: usher.CmdApprove, By: reviewer, Note: "Welcome.", Internal: "Compared both pictures by eye: the same person.",
	})
}

// pictures are a passport on a table and a selfie, drawn once.
func pictures(t *testing.T) (front, selfie []byte) {
	t.Helper()
	front, err := drawnFront()
	if err != nil {
		t.Fatal(err)
	}
	if selfie, err = drawnSelfie(); err != nil {
		t.Fatal(err)
	}
	return front, selfie
}

var (
	drawnFront = sync.OnceValues(func() ([]byte, error) {
		passport, err := specimen.Passport(specimen.Person{})
		if err != nil {
			return nil, err
		}
		return specimen.JPEG(picture.Shrink(passport, 600))
	})
	drawnSelfie = sync.OnceValues(func() ([]byte, error) {
		return specimen.JPEG(picture.Shrink(specimen.Selfie(specimen.Person{}), 600))
	})
)

// keep writes a PDF where a person can look at it, when REPORT_DIR says where, and gives its path.
func keep(t *testing.T, name string, pdf []byte) string {
	t.Helper()
	dir := os.Getenv("REPORT_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	path := filepath.Join(dir, name+".pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// textOf reads a PDF as its reader would, line breaks as spaces.
func textOf(t *testing.T, path string) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("reading a PDF needs pdftotext (poppler-utils)")
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatalf("the PDF does not open: %v", err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestPDF(t *testing.T) {
	t.Parallel()
	h := open(t)
	v := h.reviewed(t, "Astrid")
	for lang, want := range map[string][]string{
		"en": {
			"Evidence report", "Live Bank", "Astrid Lindqvist", v.ID, "order-17", "approved", "identity-check", "look at this", "face_not_compared",
			"verified", "Compared both pictures by eye", "Welcome.", "ann@bank.example", "LINDQVlST", "Mälarö torg 2, 178 30 Ekerö, SE", "UTC",
			"document_blurred", "replaced by a later one", "evidence/03-selfie_video.webm", v.Evidence[0].SHA256[:20], "Account opened", "page 1 of",
			"PLANTED-NUMBER", "not vouched for",
		},
		"sv": {"Underlag", "Sammanfattning", "godkän", "Skäl", "Beslut", "Historik", "sida 1 av"},
		"fr": {"Evidence report"},
	} {
		var b bytes.Buffer
		if err := h.report.PDF(t.Context(), &b, h.Live.ID, v.ID, lang, reviewer); err != nil {
			t.Fatal(err)
		}
		text := textOf(t, keep(t, "case-"+lang, b.Bytes()))
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: the report lacks %q:\n%s", lang, part, text)
			}
		}
		for _, none := range []string{"sandbox", "[redacted]", "desk.", "{", "simulated by"} {
			if strings.Contains(text, none) {
				t.Errorf("%s: the report has %q", lang, none)
			}
		}
	}
	images, err := exec.CommandContext(t.Context(), "pdfimages", "-list", keep(t, "case-en", h.pdf(t, v))).Output()
	if err != nil || strings.Count(string(images), "jpeg") != 3 {
		t.Errorf("%v, pictures:\n%s", err, images)
	}
	trail, err := h.Records(t.Context(), h.Live.ID, v.ID, usher.Paging{})
	exported := 0
	for _, r := range trail.Items {
		if r.Action == "report.exported" && r.Actor.ID == "staff-1" {
			exported++
		}
	}
	if err != nil || exported != 4 {
		t.Errorf("%d exports on the trail %+v, %v", exported, trail.Items, err)
	}
}

func (h house) pdf(t *testing.T, v usher.Session) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := h.report.PDF(t.Context(), &b, v.TenantID, v.ID, "en", reviewer); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestNamesOfEveryScript holds that a name in any script is readable or at least there, and that the reader is told when it is not as given.
func TestNamesOfEveryScript(t *testing.T) {
	t.Parallel()
	h := open(t)
	for name, tt := range map[string]struct {
		want   string
		marked bool
	}{
		"Şükran Öztürk-Łukasz":   {"Şükran Öztürk-Łukasz", false},
		"Елена Ёлкина":           {"Елена Ёлкина", false},
		"Ελένη Παπαδοπούλου":     {"Ελένη Παπαδοπούλου", false},
		"Nicolà à Zoà":           {"Nicolà à Zoà X", false},
		"Nguyễn Thị":             {"Nguyen Thi", true},
		"张伟":                     {"Zhang", true},
		"محمد":                   {"Muhammad", true},
		"😀":                      {"[U+1F600]", true},
		"A\u202eB":               {"AB", false},
		strings.Repeat("W", 300): {strings.Repeat("W", 20), false},
	} {
		v, _, err := h.StartSession(t.Context(), h.Client(h.Tenant, "native"), usher.NewSession{
			Applicant: &usher.NewApplicant{Details: usher.Details{FirstName: name, LastName: "X", DateOfBirth: "1990-01-01"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		text := textOf(t, keep(t, "name", h.pdf(t, v)))
		if !strings.Contains(text, tt.want) || strings.Contains(text, "Written in Latin letters") != tt.marked {
			t.Errorf("%q, want %q, marked %t:\n%s", name, tt.want, tt.marked, text)
		}
	}
}

func TestSandboxSaysSo(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.Client(h.Tenant, "native")
	v, _, err := h.StartSession(t.Context(), c, usher.NewSession{Applicant: &usher.NewApplicant{Details: usher.Details{FirstName: "Sam"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Simulate(t.Context(), c, v.ID, "submit"); err != nil {
		t.Fatal(err)
	}
	h.Settle()
	text := textOf(t, keep(t, "sandbox", h.pdf(t, v)))
	for _, want := range []string{"Made in a sandbox", "was simulated", "simulated_outcome", "made up by a simulation"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

// readZip opens a pack, holding every file to the hash that SHA256SUMS gives it.
func readZip(t *testing.T, raw []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	sums := strings.TrimSpace(string(files["SHA256SUMS"]))
	if n := strings.Count(sums, "\n") + 1; n != len(files)-1 {
		t.Errorf("%d hashes for %d files", n, len(files)-1)
	}
	for line := range strings.SplitSeq(sums, "\n") {
		sum, name, _ := strings.Cut(line, "  ")
		if got := sha256.Sum256(files[name]); hex.EncodeToString(got[:]) != sum {
			t.Errorf("the hash of %s is not that of the file", name)
		}
	}
	return files
}

func TestZip(t *testing.T) {
	t.Parallel()
	h := open(t)
	v := h.reviewed(t, "张伟")
	var b bytes.Buffer
	if err := h.report.Zip(t.Context(), &b, h.Live.ID, v.ID, "sv-SE", usher.Actor{Kind: usher.BySystem, ID: "command line"}); err != nil {
		t.Fatal(err)
	}
	files := readZip(t, b.Bytes())
	front, selfie := pictures(t)
	for name, want := range map[string][]byte{
		"evidence/01-document_front.jpg": front, "evidence/02-selfie.jpg": selfie, "evidence/04-document_front.jpg": front,
	} {
		if !bytes.Equal(files[name], want) {
			t.Errorf("%s is not what was sent", name)
		}
	}
	if !bytes.HasPrefix(files["report.pdf"], []byte("%PDF-")) {
		t.Error("no report.pdf")
	}
	for name, want := range map[string]string{
		"data.json": `"first_name": "张伟"`, "checks.json": `"outcome": "consider"`, "events.json": `"type": "session.approved"`,
	} {
		if !json.Valid(files[name]) || !strings.Contains(string(files[name]), want) {
			t.Errorf("%s lacks %s:\n%s", name, want, files[name])
		}
		if ref := v.Evidence[0].Ref; ref == "" || strings.Contains(string(files[name]), ref) {
			t.Errorf("%s tells where our store keeps a file", name)
		}
	}
}

func TestGone(t *testing.T) {
	t.Parallel()
	h := open(t)
	v := h.reviewed(t, "Astrid")
	if err := h.SetKeepRules(t.Context(), h.Live.ID, usher.KeepRules{}, client); err != nil { // no law that has them kept
		t.Fatal(err)
	}
	if _, err := h.EraseApplicant(t.Context(), v.TenantID, v.ApplicantID, client); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		tenant, session string
		code            usher.Code
	}{
		"erased":          {h.Live.ID, v.ID, usher.CodeGone},
		"another's":       {h.Other.ID, v.ID, usher.CodeNotFound},
		"never was there": {h.Live.ID, "nothing", usher.CodeNotFound},
	} {
		var b bytes.Buffer
		for _, err := range []error{
			h.report.PDF(t.Context(), &b, tt.tenant, tt.session, "en", reviewer), h.report.Zip(t.Context(), &b, tt.tenant, tt.session, "en", reviewer),
		} {
			if e, ok := errors.AsType[*usher.Error](err); !ok || e.Code != tt.code || b.Len() > 0 {
				t.Errorf("%s: %v, %d bytes", name, err, b.Len())
			}
		}
	}
}

// silent is a trail that cannot be written.
type silent struct{ usher.Auditor }

func (silent) Record(context.Context, usher.AuditRecord) error { return errors.New("disk full") }

func TestNothingWithoutATrail(t *testing.T) {
	t.Parallel()
	h := open(t)
	r, err := report.New(report.Config{Service: h.Service, Auditor: silent{}, Files: web.Files, Pictures: picture.New(picture.Config{})})
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := h.StartSession(t.Context(), h.Client(h.Tenant, "native"), usher.NewSession{Applicant: &usher.NewApplicant{}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.PDF(t.Context(), &b, v.TenantID, v.ID, "en", client); err == nil || b.Len() > 0 {
		t.Errorf("%v, %d bytes", err, b.Len())
	}
}
