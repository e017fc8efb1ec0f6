package hosted_test

import (
	"context"
	"encoding/json"
	"image"
	"image/color"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/hosted"
	"github.com/usher-kyc/usher/internal/specimen"
)

const movesFlow = `name: moves
steps:
  - selfie: {challenge: true}
  - run: [liveness]
  - decide: {}
`

// judge is what the composition root wires, in short: it finds what it is told to.
type judge struct{ wrong string }

func (j *judge) judge(context.Context, []byte, []usher.Move) (string, error) { return j.wrong, nil }

// told is what the page's script hears.
type told struct {
	Nonce, Wrong, Page string
	Moves              []usher.Move
	Left               int
}

// script sends what the page's script sends: a wish for movements, or frames under a nonce.
func (v *visitor) script(at, nonce string, frames []byte) (answer told) {
	v.t.Helper()
	body, kind := io.Reader(strings.NewReader("draw=1")), "application/x-www-form-urlencoded"
	if nonce != "" {
		var form strings.Builder
		w := multipart.NewWriter(&form)
		if err := w.WriteField("nonce", nonce); err != nil {
			v.t.Fatal(err)
		}
		part, err := w.CreateFormFile("file", "frames.jpg")
		if err == nil {
			_, err = part.Write(frames)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			v.t.Fatal(err)
		}
		body, kind = strings.NewReader(form.String()), w.FormDataContentType()
	}
	r := v.request("POST", at, body)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Accept", "application/json")
	got := v.do(r)
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
		v.t.Fatalf("%d, %v: %s", got.status, err, got.body)
	}
	return answer
}

// sheetOf is a picture; what it shows is the judge's to say.
func sheetOf(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 480, 640))
	for i := range img.Pix {
		img.Pix[i] = uint8(i)
	}
	img.Set(0, 0, color.White)
	raw, err := specimen.JPEG(img)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestChallengeStep holds that a flow with movements asks for them behind the photo, that frames count once and in time, that tries are few, and
// that a better photo asks for the movements anew.
func TestChallengeStep(t *testing.T) {
	t.Parallel()
	j := &judge{wrong: "left"}
	h, pics := open(t, func(c *hosted.Config) { c.Judge = j.judge }), draw(t)
	h.Publish(h.Tenant.ID, movesFlow)
	s, link := h.session("moves")
	v, at, frames := h.visitor(), "/f/"+s.ID, sheetOf(t)
	v.post("/s/"+link.Token, nil)
	if got := v.get(at + "/challenge"); got.path != at+"/selfie" {
		t.Errorf("the movements come before the photo: %s", got.path)
	}
	v.send(at+"/selfie", pics.selfie)
	if got := v.post(at+"/selfie/check", nil); got.path != at+"/challenge" || !strings.HasPrefix(got.header.Get("Permissions-Policy"), "camera=(self)") {
		t.Fatalf("after the photo comes %s, %v", got.path, got.header)
	}
	v.everywhere(at, "/challenge", []string{"/selfie", "/selfie/camera", "/selfie/check"})
	if got := v.script(at+"/challenge", "nobody's", frames); got.Page != "" || got.Wrong == "" {
		t.Errorf("frames before anything was asked: %+v", got)
	}
	drawn := v.script(at+"/challenge", "", nil)
	if len(drawn.Moves) < 2 || drawn.Nonce == "" || drawn.Left != 2 || !slices.Equal(drawn.Moves, h.now(s.ID).Challenge.Moves) {
		t.Fatalf("drawn: %+v", drawn)
	}
	if got := v.script(at+"/challenge", drawn.Nonce, []byte("no picture")); !strings.Contains(got.Wrong, "could not read the pictures") {
		t.Errorf("no picture: %+v", got)
	}
	if got := v.script(at+"/challenge", drawn.Nonce, frames); !strings.Contains(got.Wrong, "turn to your left") || got.Left != 2 || got.Page != "" {
		t.Errorf("a movement that was not seen: %+v", got)
	}
	if got := v.script(at+"/challenge", drawn.Nonce, frames); !strings.Contains(got.Wrong, "too long") {
		t.Errorf("the same frames again: %+v", got)
	}
	late := v.script(at+"/challenge", "", nil)
	h.Advance(usher.ChallengeTime + time.Second)
	if got := v.script(at+"/challenge", late.Nonce, frames); !strings.Contains(got.Wrong, "too long") || got.Left != 1 {
		t.Errorf("too late: %+v", got)
	}
	j.wrong = ""
	last := v.script(at+"/challenge", "", nil)
	if got := v.script(at+"/challenge", last.Nonce, frames); got.Page != "/verify"+at+"/answers" {
		t.Errorf("after the movements comes %+v", got)
	}
	kept := h.now(s.ID).Evidence
	if e := kept[len(kept)-1]; len(kept) != 3 || e.Kind != usher.LivenessFrames || e.Source != usher.FromCamera || e.Challenge == nil || e.Challenge.Try != 3 {
		t.Errorf("kept %+v", kept)
	}
	if got := v.script(at+"/challenge", "", nil); !strings.Contains(got.Wrong, "all your tries") || got.Left != 0 {
		t.Errorf("a fourth: %+v", got)
	}
	v.send(at+"/selfie", pics.front)
	if got := v.post(at+"/selfie/check", nil); got.path != at+"/challenge" {
		t.Errorf("after another photo comes %s", got.path)
	}
	if got := v.post(at+"/selfie/check", url.Values{"without": {"challenge"}}); got.path != at+"/answers" {
		t.Errorf("without the movements comes %s", got.path)
	}
}

// TestLastTryGoesOn holds that nobody is kept whose movements were not seen: a person looks.
func TestLastTryGoesOn(t *testing.T) {
	t.Parallel()
	j := &judge{wrong: "face"}
	h, pics := open(t, func(c *hosted.Config) { c.Judge = j.judge }), draw(t)
	h.Publish(h.Tenant.ID, movesFlow)
	s, link := h.session("moves")
	v, at, frames := h.visitor(), "/f/"+s.ID, sheetOf(t)
	v.post("/s/"+link.Token, nil)
	v.send(at+"/selfie", pics.selfie)
	for try := range 3 {
		got := v.script(at+"/challenge", v.script(at+"/challenge", "", nil).Nonce, frames)
		if (got.Page != "") != (try == 2) {
			t.Errorf("try %d: %+v", try+1, got)
		}
	}
	if st := h.now(s.ID).Steps[0].State; st != usher.StepDone {
		t.Errorf("the step is %s", st)
	}
}

// TestMovesAreDrawn holds that what is drawn is well formed and not the same each time.
func TestMovesAreDrawn(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, movesFlow)
	seen := map[string]bool{}
	for range 8 {
		s, link := h.session("moves")
		v, at := h.visitor(), "/f/"+s.ID
		v.post("/s/"+link.Token, nil)
		v.send(at+"/selfie", pics.selfie)
		for range 3 {
			var words []string
			for _, m := range v.script(at+"/challenge", "", nil).Moves {
				words = append(words, string(m))
			}
			seen[strings.Join(words, " ")] = true
		}
	}
	if len(seen) < 5 || seen[""] {
		t.Errorf("24 draws gave %v", seen)
	}
}

// TestMoveBeforeTheCamera makes the movements in a browser by keyboard alone, once in vain, in a narrow and dark window. (The camera shows one still;
// what frames show is judged elsewhere.)
func TestMoveBeforeTheCamera(t *testing.T) {
	t.Parallel()
	j := &judge{wrong: "right"}
	h, pics := open(t, func(c *hosted.Config) {
		c.Judge, c.Moves = j.judge, func() ([]usher.Move, error) { return []usher.Move{usher.MoveRight, usher.MoveCloser}, nil }
	}), draw(t)
	h.Publish(h.Tenant.ID, movesFlow)
	s, link := h.session("moves")
	p := sit(t, "moves", browsertest.Options{Width: 320, Height: 640, Dark: true, FakeCameraFile: browsertest.FakeCamera(t, specimen.Selfie(specimen.Person{}))})
	const title = "Move your head for the camera"
	p.Visit(link.URL)
	p.Click("Start now")
	p.upload(pics.selfie)
	p.Click("Use this photo")
	p.look(title)
	p.Click("Open camera")
	p.WaitText("Fit your face into the oval, then start.")
	if got := p.Focused(); got != "Start" {
		t.Errorf("the focus is on %q", got)
	}
	p.Press("Enter")
	p.WaitText("Look straight into the camera.")
	p.WaitText("Turn your head a little to your right")
	p.look(title)
	p.WaitText("We did not see you turn to your right.")
	p.look(title)
	if got := p.Focused(); got != "Try again" {
		t.Errorf("the focus is on %q", got)
	}
	j.wrong = ""
	p.Press("Space")
	p.WaitText("Come closer to the camera")
	p.look("Check before you send")
	now := h.now(s.ID)
	e := now.Evidence[len(now.Evidence)-1]
	if e.Kind != usher.LivenessFrames || e.ContentType != "image/jpeg" || e.Challenge == nil || e.Challenge.Try != 2 || e.Size > 1<<20 || e.Size < 20_000 {
		t.Errorf("kept %+v", e)
	}
	if got := strings.Join(h.journey(s.ID), " "); !strings.Contains(got, "challenge challenge.running challenge.taken challenge.taken") {
		t.Errorf("the journey is %s", got)
	}
}

// TestMovesWithoutScripts holds that who has no scripts, or cannot move like that, goes on.
func TestMovesWithoutScripts(t *testing.T) {
	t.Parallel()
	h, pics := open(t), draw(t)
	h.Publish(h.Tenant.ID, movesFlow)
	s, link := h.session("moves")
	v, at := h.visitor(), "/f/"+s.ID
	v.post("/s/"+link.Token, nil)
	v.send(at+"/selfie", pics.selfie)
	page := v.get(at + "/challenge")
	for _, words := range []string{"Your browser runs no scripts", `action="/verify` + at + `/selfie/check"`, `name="without" value="challenge"`, "Continue without the movements"} {
		if !strings.Contains(page.body, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	if got := v.post(at+"/selfie/check", url.Values{"without": {"challenge"}}); got.path != at+"/answers" {
		t.Errorf("without the movements comes %s", got.path)
	}
}
