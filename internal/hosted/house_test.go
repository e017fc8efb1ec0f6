package hosted_test

import (
	"context"
	"errors"
	"image"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/hosted"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
	assets "github.com/usher-kyc/usher/web"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

const allSteps = `name: everything
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, date_of_birth, nationality, address, contact]}
  - document: {accept: [passport, id_card]}
  - selfie
  - proof_of_address
  - run: [document, face, watchlist]
  - decide: {automatic: approve}
`

// returnPath holds characters that an escaper would like to change.
const returnPath = "/client/done?x=1&y=(it's)+%C3%A5&z={}|"

// returnPathInBrowser is what a browser makes of it.
const returnPathInBrowser = "/client/done?x=1&y=(it%27s)+%C3%A5&z={}|"

// house is a real engine with the applicant's pages before it, at a real address.
type house struct {
	*enginetest.House
	t      *testing.T
	server *httptest.Server
	back   *httptest.Server // the client's site, to which the applicant returns
	client usher.APIClient
}

func open(t *testing.T, change ...func(*hosted.Config)) *house {
	t.Helper()
	h := &house{t: t}
	var c hosted.Config
	for _, f := range change {
		f(&c)
	}
	var pages http.Handler
	h.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages.ServeHTTP(w, r)
	}))
	if c.Secure {
		h.server.Config.ErrorLog = log.New(io.Discard, "", 0) // a browser tries the certificate before it is told to take it
		h.server.StartTLS()
	} else {
		h.server.Start()
	}
	h.back = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><html lang=en><title>Client</title><p>Welcome back to the client")
	}))
	t.Cleanup(h.back.Close)
	h.House = enginetest.Open(t, enginetest.Config{LinkBase: h.server.URL + "/verify/s/"})
	t.Cleanup(h.server.Close)
	h.Publish(h.Tenant.ID, allSteps)
	h.client = h.Client(h.Tenant, "native")
	intake := picture.New(picture.Config{})
	if f, ok := c.Service.(*failing); ok {
		f.Service = h.Service
	} else {
		c.Service = h.Service
	}
	c.Files, c.Base, c.Now, c.Log = assets.Files, "/verify", h.Now, slog.New(slog.DiscardHandler)
	c.Intake = func(ctx context.Context, kind usher.EvidenceKind, raw []byte) (string, []usher.ReasonCode, error) {
		return take(ctx, intake, kind, raw)
	}
	c.Preview = func(ctx context.Context, raw io.Reader, maxSide int) ([]byte, error) {
		all, err := io.ReadAll(raw)
		if err != nil {
			return nil, err
		}
		jpeg, _, err := intake.Copy(ctx, all, picture.CopyConfig{MaxSide: maxSide})
		return jpeg, err
	}
	var err error
	if pages, err = hosted.New(c); err != nil {
		t.Fatal(err)
	}
	return h
}

// take is what the composition root wires: the library's refusals and advice in the words of the domain.
func take(ctx context.Context, in *picture.Intake, kind usher.EvidenceKind, raw []byte) (string, []usher.ReasonCode, error) {
	if kind == usher.ProofOfAddress && picture.Sniff(raw) == "pdf" {
		return "application/pdf", nil, nil
	}
	if kind == usher.SelfieVideo {
		if seen := picture.Sniff(raw); seen == "webm" || seen == "mp4" {
			return "video/" + seen, nil, nil
		}
		return "", nil, &usher.Error{Code: usher.CodeInvalid, Field: "file", Detail: "not_a_video", Message: "not taken"}
	}
	img, info, err := in.Decode(ctx, raw)
	var refused *picture.Error
	if errors.As(err, &refused) {
		return "", nil, &usher.Error{Code: usher.CodeInvalid, Field: "file", Detail: string(refused.Code), Message: "not taken"}
	}
	if err != nil {
		return "", nil, err
	}
	var better []usher.ReasonCode
	if kind == usher.DocumentFront || kind == usher.DocumentBack {
		for _, word := range picture.Measure(img).Advice() {
			if word == picture.AdviceBlurred {
				better = append(better, usher.DocumentBlurred)
			}
		}
	}
	return "image/" + info.Kind, better, nil
}

// session starts one and gives its link.
func (h *house) session(flow string, change ...func(*usher.NewApplicant)) (usher.Session, usher.Link) {
	h.t.Helper()
	n := usher.NewApplicant{Kind: usher.Person}
	for _, f := range change {
		f(&n)
	}
	a, err := h.Service.CreateApplicant(h.t.Context(), h.client, n)
	h.must(err)
	s, link, err := h.Service.StartSession(h.t.Context(), h.client, usher.NewSession{
		ApplicantID: a.ID, Flow: flow, ReturnURL: h.back.URL + returnPath,
	})
	h.must(err)
	return s, link
}

func (h *house) now(id string) usher.Session {
	h.t.Helper()
	s, err := h.Service.Session(h.t.Context(), h.client.TenantID, id)
	h.must(err)
	return s
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// drawn are pictures of one invented person's documents and face; drawing takes seconds, so every test shares them.
var drawn = sync.OnceValues(func() (d struct {
	passport, selfie image.Image
	files            map[string][]byte
}, err error,
) {
	who := specimen.Person{}
	sheets := map[string]image.Image{}
	for name, draw := range map[string]func(specimen.Person) (image.Image, error){
		"passport": specimen.Passport, "front": specimen.IDCardFront, "back": specimen.IDCardBack,
	} {
		if sheets[name], err = draw(who); err != nil {
			return d, err
		}
	}
	shot := specimen.Shot{Width: 900, Height: 600}
	d.passport, d.selfie = specimen.Shoot(sheets["passport"], shot), specimen.Selfie(who)
	blurred := shot
	blurred.Blur = 7
	d.files = map[string][]byte{}
	for name, img := range map[string]image.Image{
		"passport": d.passport, "selfie": d.selfie, "front": specimen.Shoot(sheets["front"], shot), "back": specimen.Shoot(sheets["back"], shot),
		"blurred": specimen.Shoot(sheets["passport"], blurred),
	} {
		if d.files[name], err = specimen.JPEG(img); err != nil {
			return d, err
		}
	}
	return d, nil
})

// pictures are files to upload.
type pictures struct {
	passport, front, back, blurred, selfie, pdf, text, empty, heic, large, broken string
	passportImage                                                                 image.Image
}

func draw(t *testing.T) pictures {
	t.Helper()
	d, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, body []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return pictures{
		passportImage: d.passport,
		passport:      write("passport.jpg", d.files["passport"]),
		front:         write("front.jpg", d.files["front"]),
		back:          write("back.jpg", d.files["back"]),
		blurred:       write("blurred.jpg", d.files["blurred"]),
		selfie:        write("selfie.jpg", d.files["selfie"]),
		pdf:           write("bill.pdf", []byte("%PDF-1.4\n%%EOF\n")),
		text:          write("letter.jpg", []byte("Dear Sir or Madam")),
		empty:         write("empty.jpg", nil),
		heic:          write("photo.heic", append([]byte("\x00\x00\x00\x18ftypheic"), make([]byte, 64)...)),
		large:         write("large.jpg", make([]byte, 11<<20)),
		broken:        write("broken.jpg", d.files["passport"][:len(d.files["passport"])/2]),
	}
}
