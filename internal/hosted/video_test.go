package hosted_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/hosted"
)

const videoFlow = `name: video
steps:
  - selfie: {video: true}
  - run: [liveness]
  - decide: {}
`

// clips are files that are, or are not, videos.
func clips(t *testing.T) (webm, mp4, text, large string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("a.webm", "\x1a\x45\xdf\xa3\x9f\x42\x86"), write("b.mp4", "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00"), write("c.webm", "hello"),
		write("d.webm", "\x1a\x45\xdf\xa3"+strings.Repeat("x", 3000))
}

// TestVideoStep holds that a step which asks for a video is done with photo and video only, in that order, and that what is no video is refused
// in words.
func TestVideoStep(t *testing.T) {
	t.Parallel()
	h, pics := open(t, func(c *hosted.Config) { c.MaxVideo = 2000 }), draw(t)
	h.Publish(h.Tenant.ID, videoFlow)
	webm, mp4, text, large := clips(t)
	s, link := h.session("video")
	v := h.visitor()
	at := "/f/" + s.ID
	v.post("/s/"+link.Token, nil)
	v.everywhere(at, "/selfie", []string{"/selfie/camera"})
	if got := v.get(at + "/video"); got.path != at+"/selfie" {
		t.Errorf("the video comes before the photo: %s", got.path)
	}
	v.send(at+"/selfie", pics.selfie)
	if got := v.post(at+"/selfie/check", nil); got.path != at+"/video" || got.status != 200 {
		t.Fatalf("after the photo comes %s", got.path)
	}
	v.everywhere(at, "/video", []string{"/selfie", "/selfie/camera", "/selfie/check"})
	if got := v.get(at + "/video/camera"); !strings.HasPrefix(got.header.Get("Permissions-Policy"), "camera=(self)") || got.path != at+"/video/camera" {
		t.Errorf("the recorder: %s %v", got.path, got.header)
	}
	for file, words := range map[string]string{text: "The file is not a video", pics.pdf: "The file is not a video", large: "larger than 25 MB", pics.empty: "The file is empty"} {
		if got := v.send(at+"/video", file); got.status != 422 || !strings.Contains(got.body, words) {
			t.Errorf("%s: %d, no %q", file, got.status, words)
		}
	}
	if got := v.send(at+"/video", webm); got.path != at+"/answers" || !strings.Contains(got.body, "Video received") {
		t.Errorf("after the video comes %s", got.path)
	}
	v.everywhere(at, "/answers", []string{"/selfie", "/selfie/camera", "/selfie/check"})
	v.send(at+"/video", mp4) // a better one, in time
	now := h.now(s.ID)
	last := now.Evidence[len(now.Evidence)-1]
	if last.Kind != usher.SelfieVideo || last.ContentType != "video/mp4" || now.Steps[0].State != usher.StepDone {
		t.Errorf("kept %+v", last)
	}
	if got := v.get(at + "/evidence/" + last.ID); got.status != 404 {
		t.Errorf("the video itself is handed out: %d", got.status)
	}
	v.post(at+"/answers", map[string][]string{"version": {v.get(at + "/answers").hidden("version")}})
	if got := h.now(s.ID).State; got != usher.Submitted {
		t.Errorf("the session is %s", got)
	}

	other, otherLink := h.session("onboarding")
	v.post("/s/"+otherLink.Token, nil)
	if got := v.send("/f/"+other.ID+"/video", webm); len(h.now(other.ID).Evidence) != 0 {
		t.Errorf("a step without video takes one: %s", got.path)
	}
}

// TestVideoWanted holds that a video which is only wanted is asked for, and that the step is done without it when the applicant says so; where it is
// needed, saying so does not help.
func TestVideoWanted(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	webm, _, _, _ := clips(t)
	without := map[string][]string{"without": {"video"}}
	for _, c := range []struct {
		name, flow  string
		send        bool
		skips, done bool
	}{
		{"wanted and not given", "wanted", false, true, true},
		{"wanted and given", "wanted", true, true, true},
		{"needed", "video", false, false, false},
	} {
		h.Publish(h.Tenant.ID, strings.NewReplacer("name: video", "name: "+c.flow, "video: true", "video: "+map[bool]string{true: "wanted", false: "true"}[c.skips]).Replace(videoFlow))
		s, link := h.session(c.flow)
		v, at := h.visitor(), "/f/"+s.ID
		v.post("/s/"+link.Token, nil)
		v.send(at+"/selfie", pics.selfie)
		got := v.post(at+"/selfie/check", nil)
		if got.path != at+"/video" || strings.Contains(got.body, "Continue without a video") != c.skips {
			t.Errorf("%s: after the photo comes %s", c.name, got.path)
		}
		if c.send {
			got = v.send(at+"/video", webm)
		} else {
			got = v.post(at+"/selfie/check", without)
		}
		if (got.path == at+"/answers") != c.done || strings.Contains(got.body, "Video received") != c.send {
			t.Errorf("%s: then comes %s (%d)", c.name, got.path, got.status)
		}
		if done := h.now(s.ID).Steps[0].State == usher.StepDone; done != c.done {
			t.Errorf("%s: the step is done: %t", c.name, done)
		}
	}
}

// TestRecord records a video with a camera, once with the mouse and then with the keyboard alone, watches it and sends it.
func TestRecord(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, videoFlow)
	s, link := h.session("video")
	p := sit(t, "video", browsertest.Options{Width: 390, Height: 844})
	p.Visit(link.URL)
	p.Click("Start now")
	p.upload(pics.selfie)
	p.Click("Use this photo")
	p.lookAround("Record a short video of your face")
	p.Click("Open camera")
	p.WaitText("Fit your face into the oval, then start recording.")
	p.lookAround("Record a short video of your face")
	p.Click("Start recording")
	p.WaitText("Recording. Look into the camera")
	p.keep("Record", "recording")
	p.WaitText("Watch your video.") // it stops by itself
	p.lookAround("Record a short video of your face")
	p.Click("Record again")
	p.WaitText("Fit your face into the oval")
	if got := p.Focused(); got != "Start recording" {
		t.Errorf("the focus is on %q", got)
	}
	p.Press("Enter")
	p.WaitText("Recording. Look into the camera")
	browsertest.Eval[bool](p.Page, `new Promise((on) => { const b = document.getElementById("record");
		const look = () => b.hasAttribute("aria-disabled") ? setTimeout(look, 20) : on(true); look(); })`)
	p.Press("Space")
	p.WaitText("Watch your video.")
	if got := p.Focused(); got != "Send this video" {
		t.Errorf("the focus is on %q", got)
	}
	if wide := browsertest.Eval[int](p.Page, `new Promise((on) => { const v = document.getElementById("replay");
		const look = () => v.readyState < 2 ? setTimeout(look, 20) : on(v.videoWidth); look(); })`); wide < 300 {
		t.Errorf("what is played back is %d pixels wide", wide)
	}
	p.Offline(true)
	p.Press("Enter")
	p.WaitText("The connection was lost. What has arrived is kept")
	p.Offline(false)
	p.look("Check before you send")
	p.WaitText("Video received")
	e := h.now(s.ID).Evidence[1]
	if e.Kind != usher.SelfieVideo || e.Source != usher.FromCamera || e.ContentType != "video/webm" || e.Size < 10_000 {
		t.Errorf("kept %s from %s, %s, %d bytes", e.Kind, e.Source, e.ContentType, e.Size)
	}
	_, body, err := h.Service.OpenEvidence(t.Context(), s.TenantID, s.ID, e.ID, 0, usher.Actor{Kind: usher.BySystem})
	h.must(err)
	raw, err := io.ReadAll(body)
	h.must(err)
	h.must(body.Close())
	if !strings.HasPrefix(string(raw), "\x1a\x45\xdf\xa3") {
		t.Errorf("the file begins with %x", raw[:4])
	}
	if got := strings.Join(h.journey(s.ID), " "); !strings.Contains(got, "video video.camera video.camera.running video.camera.recording video.camera.preview") {
		t.Errorf("the journey is %s", got)
	}
}

// TestNoRecorder holds that a browser that cannot record, or has no scripts, is led to the field for a file.
func TestNoRecorder(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, videoFlow)
	webm, _, _, _ := clips(t)
	s, link := h.session("video")
	p := sit(t, "no-recorder", browsertest.Options{Width: 390, Height: 844, NoJS: true})
	p.Visit(link.URL)
	p.Click("Start now")
	p.upload(pics.selfie)
	p.Click("Use this photo")
	p.look("Record a short video of your face")
	if strings.Contains(p.Text("main"), "Open camera") {
		t.Error("offers a camera that needs scripts")
	}
	p.upload(webm)
	p.look("Check before you send")
	p.WaitText("Video received")
	if got := h.now(s.ID).Evidence[1].Source; got != usher.FromUpload {
		t.Errorf("the video came by %s", got)
	}
}
