package browsertest_test

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/usher-kyc/usher/internal/browsertest"
)

// capture is a page as ours: it asks for the camera at a click, draws one picture
// of it and says the colours of its left and right half, or the error's name.
const captureJS = `
const say = (text) => { document.querySelector("#result").textContent = text; };
const average = (context, x, y, size) => {
  const {data} = context.getImageData(x, y, size, size);
  const sums = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sums[c] += data[i + c];
  return sums.map((s) => Math.round(s / (data.length / 4)));
};
document.querySelector("button").addEventListener("click", async () => {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({video: {width: {ideal: 1280}}});
    const video = document.querySelector("video");
    video.srcObject = stream;
    await video.play();
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth; canvas.height = video.videoHeight;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const y = canvas.height / 2;
    say(JSON.stringify({Width: canvas.width, Height: canvas.height,
      Left: average(context, canvas.width / 2 - 60, y, 20), Right: average(context, canvas.width / 2 + 40, y, 20)}));
    stream.getTracks().forEach((track) => track.stop());
  } catch (error) { say(error.name); }
});
`

func cameraPage(t *testing.T, opt browsertest.Options) *browsertest.Page {
	t.Helper()
	p := browsertest.Open(t, opt)
	p.Visit(site(t, map[string]string{
		"/":           `<button>Open camera</button><video muted playsinline></video><p id="result">waiting</p><script src="/capture.js"></script>`,
		"/capture.js": captureJS,
	}))
	p.Click("Open camera")
	return p
}

type shot struct {
	Width, Height int
	Left, Right   [3]int
}

func result(p *browsertest.Page) shot {
	return browsertest.Eval[shot](p, `new Promise((done) => {
		const look = () => {
			const text = document.querySelector("#result").textContent;
			if (text === "waiting") setTimeout(look, 20); else done(JSON.parse(text));
		};
		look();
	})`)
}

func TestFakeCameraShowsThePicture(t *testing.T) {
	t.Parallel()
	// Half red, half blue, upright, so that the fitting is seen too.
	picture := image.NewRGBA(image.Rect(0, 0, 300, 400))
	for y := range 400 {
		for x := range 300 {
			c := color.RGBA{R: 220, A: 255}
			if x >= 150 {
				c = color.RGBA{B: 220, A: 255}
			}
			picture.Set(x, y, c)
		}
	}
	p := cameraPage(t, browsertest.Options{FakeCameraFile: browsertest.FakeCamera(t, picture)})
	got := result(p)
	if got.Width != 1280 || got.Height != 720 {
		t.Errorf("camera gives %d×%d, want 1280×720", got.Width, got.Height)
	}
	if got.Left[0] < 150 || got.Left[2] > 80 || got.Right[0] > 80 || got.Right[2] < 150 {
		t.Errorf("left of the middle %v, right of it %v; want red and blue", got.Left, got.Right)
	}
	p.CSPViolations()
}

func TestCameraWithoutAFileShowsATestPicture(t *testing.T) {
	t.Parallel()
	p := cameraPage(t, browsertest.Options{})
	if got := result(p); got.Width == 0 {
		t.Errorf("camera gives %+v", got)
	}
}

func TestDeniedCamera(t *testing.T) {
	t.Parallel()
	p := cameraPage(t, browsertest.Options{DenyCamera: true})
	p.WaitText("NotAllowedError")
}

func TestFakeCameraShowsPicturesInTurn(t *testing.T) {
	t.Parallel()
	var pictures []image.Image
	for _, c := range []color.RGBA{{R: 220, A: 255}, {B: 220, A: 255}} {
		picture := image.NewRGBA(image.Rect(0, 0, 64, 36))
		draw.Draw(picture, picture.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
		pictures = append(pictures, picture)
	}
	p := browsertest.Open(t, browsertest.Options{FakeCameraFile: browsertest.FakeCamera(t, pictures...)})
	p.Visit(site(t, map[string]string{"/": ""}))
	// Red must come back after blue: the file is played again and again.
	browsertest.Eval[bool](p, `(async () => {
		const video = document.createElement("video");
		video.muted = true;
		video.srcObject = await navigator.mediaDevices.getUserMedia({video: true});
		await video.play();
		const context = document.createElement("canvas").getContext("2d");
		for (const wanted of [0, 2, 0]) {
			for (;;) {
				context.drawImage(video, 0, 0, 10, 10);
				if (context.getImageData(5, 5, 1, 1).data[wanted] > 150) break;
				await new Promise((next) => video.requestVideoFrameCallback(next));
			}
		}
		return true;
	})()`)
}
