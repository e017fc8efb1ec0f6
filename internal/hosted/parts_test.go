package hosted_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/hosted"
)

func sumOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// answer is what a page's script is told.
type answer struct {
	Page, Wrong string
	Offset      int64
	status      int
}

// piece sends a piece of a file as the script does, or, without one, asks how much has come.
func (v *visitor) piece(path, sum string, from int, piece []byte) answer {
	v.t.Helper()
	r := v.request("GET", path, nil)
	if piece != nil {
		r = v.request("POST", path, bytes.NewReader(piece))
		r.Header.Set("Usher-Offset", strconv.Itoa(from))
	}
	r.Header.Set("Usher-Upload", sum)
	return v.answer(r)
}

func (v *visitor) answer(r *http.Request) answer {
	v.t.Helper()
	r.Header.Set("Accept", "application/json")
	got := v.do(r)
	a := answer{status: got.status}
	if err := json.Unmarshal([]byte(got.body), &a); err != nil && got.status == 200 {
		v.t.Fatalf("%s: %v %s", r.URL.Path, err, got.body)
	}
	return a
}

// finish sends the form with the name of a file in place of it.
func (v *visitor) finish(path, sum string) answer {
	v.t.Helper()
	body, kind := new(bytes.Buffer), "multipart/form-data; boundary=x"
	body.WriteString("--x\r\nContent-Disposition: form-data; name=\"upload\"\r\n\r\n" + sum + "\r\n--x--\r\n")
	r := v.request("POST", path, body)
	r.Header.Set("Content-Type", kind)
	return v.answer(r)
}

// TestPieces holds that a file may come in pieces, in several browsers even, that what has come is not sent again, and that nothing but the very
// file is taken.
func TestPieces(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, strings.Replace(passportFlow, "  - details: {ask: [name]}\n", "", 1))
	s, link := h.session("short")
	v, at := h.visitor(), "/f/"+s.ID
	v.post("/s/"+link.Token, nil)
	raw, err := os.ReadFile(pics.passport)
	h.must(err)
	sum := sumOf(raw)
	want := func(got answer, offset int) {
		t.Helper()
		if got.status != 200 || got.Offset != int64(offset) || got.Page != "" || got.Wrong != "" {
			t.Fatalf("told %+v, want %d", got, offset)
		}
	}
	want(v.piece(at+"/front/part", sum, 0, nil), 0)
	want(v.piece(at+"/front/part", sum, 0, raw[:20000]), 20000)
	want(v.piece(at+"/front/part", sum, 0, raw[:20000]), 20000)
	want(v.piece(at+"/front/part", sum, 30000, raw[30000:]), 20000)
	if got := v.finish(at+"/front", sum); got.Wrong != "The upload was interrupted. Please try again" {
		t.Errorf("half a file is taken: %+v", got)
	}
	want(v.piece(at+"/front/part", sum, 0, nil), 0) // what did not make the file is forgotten
	want(v.piece(at+"/front/part", sum, 0, raw[:20000]), 20000)

	other := h.visitor() // on another device
	other.post("/s/"+link.Token, nil)
	if got := v.piece(at+"/front/part", sum, 20000, raw[20000:]); got.status != 409 {
		t.Errorf("the browser that was taken over from goes on: %+v", got)
	}
	want(other.piece(at+"/front/part", sum, 0, nil), 20000)
	want(other.piece(at+"/front/part", sum, 20000, raw[20000:]), len(raw))
	if got := other.finish(at+"/front/camera", sum); got.Page != "/verify"+at+"/front/check" {
		t.Errorf("the whole file: %+v", got)
	}
	e := h.now(s.ID).Evidence
	if len(e) != 1 || e[0].SHA256 != sum || e[0].Source != usher.FromCamera || e[0].Size != int64(len(raw)) {
		t.Fatalf("kept %+v", e)
	}
	// The answer was lost: the same again is no second photo.
	for _, got := range []answer{other.piece(at+"/front/part", sum, 0, nil), other.finish(at+"/front", sum)} {
		if got.Page != "/verify"+at+"/front/check" && got.Wrong == "" || len(h.now(s.ID).Evidence) != 1 {
			t.Errorf("sent again: %+v", got)
		}
	}
	if n, err := h.uploads.Received(t.Context(), usher.Upload{Tenant: s.TenantID, Applicant: s.ApplicantID, Session: s.ID, SHA256: sum}); n != 0 || err != nil {
		t.Errorf("%d bytes are kept twice, %v", n, err)
	}
	for name, got := range map[string]answer{
		"no name":        other.piece(at+"/front/part", "", 0, nil),
		"a path":         other.piece(at+"/front/part", "../../x", 0, []byte("x")),
		"a large piece":  other.piece(at+"/front/part", sumOf(nil), 0, make([]byte, 2<<20)),
		"before 0":       other.piece(at+"/front/part", sumOf(nil), -1, []byte("x")),
		"a stranger":     h.visitor().piece(at+"/front/part", sum, 0, []byte("x")),
		"of the stone's": other.piece(at+"/details/part", sum, 0, nil),
	} {
		if got.status < 400 {
			t.Errorf("%s is taken: %+v", name, got)
		}
	}
	if got := other.piece(at+"/front/part", sumOf([]byte("large")), 11<<20, []byte("x")); !strings.Contains(got.Wrong, "larger than 10 MB") {
		t.Errorf("a piece behind the limit: %+v", got)
	}
	if got := other.piece(at+"/selfie/part", sum, 0, []byte("x")); got.Page != "/verify"+at {
		t.Errorf("a piece of a page whose turn has not come: %+v", got)
	}
}

// TestTriesAreCounted holds that only so many photos of one kind are taken in within six hours, that the page says how long it is and leads on, and
// that neither a photo that was refused nor one that is there already is counted.
func TestTriesAreCounted(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, "name: short\nsteps:\n  - selfie\n  - decide: {}\n")
	s, link := h.session("short")
	v, at := h.visitor(), "/f/"+s.ID
	v.post("/s/"+link.Token, nil)
	raw, err := os.ReadFile(pics.selfie)
	h.must(err)
	send := func(i int) page {
		t.Helper()
		file := t.TempDir() + "/selfie.jpg"
		h.must(os.WriteFile(file, append(raw, strings.Repeat("x", i)...), 0o600))
		return v.send(at+"/selfie", file)
	}
	for i := range 10 {
		if got := send(i); got.path != at+"/selfie/check" {
			t.Fatalf("photo %d leads to %s", i, got.path)
		}
		send(i)
		v.send(at+"/selfie", pics.text)
	}
	h.Advance(40 * time.Minute)
	got := send(11)
	if !strings.Contains(got.body, "Too many photos for now") || !strings.Contains(got.body, "5 h 2") || !strings.Contains(got.body, at+"/selfie/check") {
		t.Errorf("the eleventh: %s", got.body)
	}
	if got := v.get(at + "/selfie/camera"); !strings.Contains(got.body, "Too many photos for now") {
		t.Error("the camera is offered all the same")
	}
	if got := len(h.now(s.ID).Evidence); got != 10 {
		t.Errorf("kept %d photos", got)
	}
	if got := v.post(at+"/selfie/check", nil); got.path != at+"/answers" {
		t.Errorf("who goes on with the last photo comes to %s", got.path)
	}
	h.Advance(6 * time.Hour)
	if got := send(12); got.path != at+"/selfie/check" {
		t.Errorf("six hours later: %s", got.path)
	}
}

// Refused files leave nothing behind to count, and cost decoding all the same: how many are looked at is bounded by session.
func TestLooksAreBounded(t *testing.T) {
	t.Parallel()
	var minutes atomic.Int64
	clock := func() time.Time { return time.Unix(60*minutes.Load(), 0) }
	bound := api.NewLimiter(api.Limit{Rate: 1.0 / 60, Burst: 3, Now: clock})
	h, pics := open(t, func(c *hosted.Config) { c.Looks = bound }), draw(t)
	h.Publish(h.Tenant.ID, "name: short\nsteps:\n  - selfie\n  - decide: {}\n")
	s, link := h.session("short")
	v, at := h.visitor(), "/f/"+s.ID
	v.post("/s/"+link.Token, nil)
	for range 3 {
		if got := v.send(at+"/selfie", pics.text); !strings.Contains(got.body, "The file is not a picture") {
			t.Fatalf("a file that is no picture: %s", got.body)
		}
	}
	for _, file := range []string{pics.text, pics.selfie} {
		if got := v.send(at+"/selfie", file); !strings.Contains(got.body, "Wait a few minutes") {
			t.Errorf("after three: %s", got.body)
		}
	}
	other, link := h.session("short")
	v.post("/s/"+link.Token, nil)
	if got := v.send("/f/"+other.ID+"/selfie", pics.selfie); got.path != "/f/"+other.ID+"/selfie/check" {
		t.Errorf("another session comes to %s", got.path)
	}
	minutes.Add(1)
	if got := v.send(at+"/selfie", pics.selfie); got.path != at+"/selfie/check" {
		t.Errorf("a minute later: %s", got.path)
	}
	shown := h.now(s.ID).Evidence[0].ID
	for n, want := range []int{200, 200, 200, 429} {
		if got := v.get(at + "/evidence/" + shown); got.status != want {
			t.Errorf("preview %d answers %d, want %d", n+1, got.status, want)
		}
	}
	views, err := h.Records(t.Context(), h.Tenant.ID, shown, usher.Paging{Limit: 10})
	if err != nil || len(views.Items) != 3 || views.Items[0].Action != "evidence.viewed" || views.Items[0].Actor.Kind != usher.ByApplicant {
		t.Errorf("on the trail: %+v, %v", views.Items, err)
	}
}

// TestOneSideAgain holds that where the reviewer's reasons name one side of a document, that side alone is asked again.
func TestOneSideAgain(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, "name: short\nsteps:\n  - document: {accept: [passport, id_card]}\n  - decide: {}\n")
	s, link := h.session("short")
	v, at := h.visitor(), "/f/"+s.ID
	v.post("/s/"+link.Token, nil)
	v.post(at+"/document", url.Values{"document": {"id_card"}})
	v.send(at+"/front", pics.front)
	v.send(at+"/back", pics.back)
	v.post(at+"/back/check", nil)
	v.post(at+"/answers", url.Values{"version": {v.get(at + "/answers").hidden("version")}})
	_, err := h.Service.Do(t.Context(), s.TenantID, s.ID, usher.Command{
		Kind: usher.CmdAskAgain, By: usher.Actor{Kind: usher.ByClient, ID: h.client.ID}, Steps: []string{"document"},
		Reasons: []usher.Reason{{Code: usher.DocumentGlare, Step: "document", Evidence: usher.DocumentBack}},
	})
	h.must(err)
	got := v.get(at)
	for words, shown := range map[string]bool{
		"Photo of your document, back": true, "Photo of your document, front": false, "There is a reflection": true, "This is try 2 of 5.": true,
	} {
		if strings.Contains(got.body, words) != shown {
			t.Errorf("%q is shown: %v", words, !shown)
		}
	}
	if got := v.post(at+"/redo", nil); got.path != at+"/back" || !strings.Contains(got.body, "There is a reflection") {
		t.Errorf("then comes %s", got.path)
	}
	if got := v.send(at+"/back", pics.back); !strings.Contains(got.body, "This is the photo that you sent before") {
		t.Errorf("the same photo: %s", got.body)
	}
	v.send(at+"/back", pics.passport)
	if got := v.post(at+"/back/check", nil); got.path != at+"/answers" {
		t.Errorf("with the back alone: %s", got.path)
	}
}

// TestTopicsOfOthers holds that who takes over a session half-way is shown no topic that was given elsewhere, also after giving one, and that what
// was given is kept for who comes back.
func TestTopicsOfOthers(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Publish(h.Tenant.ID, "name: short\nsteps:\n  - details: {ask: [name, date_of_birth, contact]}\n  - decide: {}\n")
	s, link := h.session("short")
	v, taker, at := h.visitor(), h.visitor(), "/f/"+s.ID
	v.post("/s/"+link.Token, nil)
	v.post(at+"/details/name", detailsForm())
	v.post(at+"/details/birth", detailsForm())
	if got := v.get("/s/" + link.Token); !strings.Contains(got.body, "Go on where you stopped") {
		t.Error("the link does not say that it goes on")
	}
	if got := v.post("/s/"+link.Token, nil); got.path != at+"/details/contact" {
		t.Errorf("who comes back comes to %s", got.path)
	}
	if got := v.get(at + "/details/birth"); !strings.Contains(got.body, `value="1974"`) || strings.Contains(got.body, "Filled in by") {
		t.Error("what was given is not there, or passes for the client's")
	}
	taker.post("/s/"+link.Token, nil)
	if got := taker.get(at + "/details/contact"); got.path != at+"/details/name" {
		t.Errorf("who took over comes to %s", got.path)
	}
	if got := taker.post(at+"/details/name", detailsForm()); got.path != at+"/details/birth" || strings.Contains(got.body, "1974") {
		t.Errorf("who took over sees the day of birth at %s", got.path)
	}
}

// TestCutUpload cuts the network in the middle of an upload, closes the tab, comes back and sends the same file: what had come is not sent again.
func TestCutUpload(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, strings.Replace(passportFlow, "  - details: {ask: [name]}\n", "", 1))
	s, link := h.session("short")
	raw, err := os.ReadFile(pics.passport)
	h.must(err)
	raw = append(raw, bytes.Repeat([]byte("written behind by a camera "), 100_000)...)
	h.must(os.WriteFile(pics.passport, raw, 0o600))
	came := func() int64 {
		n, err := h.uploads.Received(t.Context(), usher.Upload{Tenant: s.TenantID, Applicant: s.ApplicantID, Session: s.ID, SHA256: sumOf(raw)})
		h.must(err)
		return n
	}
	p := sit(t, "cut", browsertest.Options{Width: 390, Height: 844})
	p.Visit(link.URL)
	p.Click("Start now")
	p.Slow(20, 8e6)
	p.upload(pics.passport)
	p.WaitText("Sending… ")
	for came() == 0 {
		browsertest.Eval[bool](p.Page, "new Promise((on) => setTimeout(on, 10, true))")
	}
	p.Offline(true)
	p.WaitText("The connection was lost. What has arrived is kept")
	p.look("Take a photo of the photo page of your passport")
	first := came()
	if first == 0 || first >= int64(len(raw)) {
		t.Fatalf("%d bytes came before the cut", first)
	}
	p.Visit("about:blank")
	p.Offline(false)
	p.Visit(link.URL)
	p.Click("Continue")
	p.upload(pics.passport)
	p.WaitText("Is everything readable?")
	_, body, err := h.Service.OpenEvidence(t.Context(), s.TenantID, s.ID, h.now(s.ID).Evidence[0].ID, 0, usher.Actor{Kind: usher.BySystem})
	h.must(err)
	got, err := io.ReadAll(body)
	h.must(err)
	h.must(body.Close())
	if !bytes.Equal(got, raw) {
		t.Errorf("kept %d bytes of %d, or others", len(got), len(raw))
	}
}
