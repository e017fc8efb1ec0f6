package hosted_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"image"
	"image/jpeg"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	scale "golang.org/x/image/draw"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/hosted"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
	assets "github.com/usher-kyc/usher/web"
)

// TestMain runs four tests at a time: browsers wait more than they work.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	os.Exit(browsertest.Main(m))
}

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
	t      testing.TB
	server *httptest.Server
	back   *httptest.Server // the client's site, to which the applicant returns
	client usher.APIClient

	uploads usher.Uploads
}

func open(t testing.TB, change ...func(*hosted.Config)) *house {
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
	c.Brand, c.Texts = h.Brand, h.ReasonTexts
	files, err := blob.OpenFolder(blob.FolderConfig{Dir: t.TempDir(), Now: h.Now, Keys: func(ctx context.Context, tenant, applicant string) (blob.Sealer, error) {
		return h.Vault.Sealer(ctx, tenant, applicant)
	}})
	h.must(err)
	t.Cleanup(func() { h.must(files.Close()) })
	h.uploads = files.Parts()
	c.Uploads = h.uploads
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

// update draws the pictures of testdata anew: go test ./internal/hosted -run TestPictures -update.
var update = flag.Bool("update", false, "draw the pictures in testdata anew")

// TestPictures draws the pictures that other tests use: those of one invented person, small, since drawing and reading them is slow under the
// race detector.
func TestPictures(t *testing.T) {
	if !*update {
		t.Skip("the pictures are there; -update draws them anew")
	}
	who := specimen.Person{}
	must := func(img image.Image, err error) image.Image {
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	passport, front, back := must(specimen.Passport(who)), must(specimen.IDCardFront(who)), must(specimen.IDCardBack(who))
	shot := specimen.Shot{Width: 600, Height: 400}
	blurred := shot
	blurred.Blur = 7
	selfie := image.NewRGBA(image.Rect(0, 0, 300, 400))
	face := specimen.Selfie(who)
	scale.BiLinear.Scale(selfie, selfie.Bounds(), face, face.Bounds(), scale.Src, nil)
	for name, img := range map[string]image.Image{
		"passport": specimen.Shoot(passport, shot), "front": specimen.Shoot(front, shot), "back": specimen.Shoot(back, shot), "selfie": selfie,
		"blurred": specimen.Shoot(passport, blurred),
	} {
		var out bytes.Buffer
		if err := errors.Join(jpeg.Encode(&out, img, &jpeg.Options{Quality: 80}), os.WriteFile("testdata/"+name+".jpg", out.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// pictures are files to upload.
type pictures struct {
	passport, front, back, blurred, blurredAgain, selfie, pdf, text, empty, heic, large, broken string
}

func draw(t *testing.T) pictures {
	t.Helper()
	dir := t.TempDir()
	read := func(name string) []byte {
		raw, err := os.ReadFile("testdata/" + name + ".jpg")
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	write := func(name string, body []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	p := pictures{
		pdf:    write("bill.pdf", []byte("%PDF-1.4\n%%EOF\n")),
		text:   write("letter.jpg", []byte("Dear Sir or Madam")),
		empty:  write("empty.jpg", nil),
		heic:   write("photo.heic", append([]byte("\x00\x00\x00\x18ftypheic"), make([]byte, 64)...)),
		large:  write("large.jpg", make([]byte, 11<<20)),
		broken: write("broken.jpg", read("passport")[:8000]),
	}
	for name, into := range map[string]*string{
		"passport": &p.passport, "front": &p.front, "back": &p.back, "blurred": &p.blurred, "selfie": &p.selfie,
	} {
		*into = write(name+".jpg", read(name))
	}
	// What a camera writes behind its picture makes another file of it.
	p.blurredAgain = write("again.jpg", append(read("blurred"), "second try"...))
	return p
}

// image gives a picture for the camera to show.
func (p pictures) image(t *testing.T) image.Image {
	t.Helper()
	raw, err := os.ReadFile(p.passport)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
