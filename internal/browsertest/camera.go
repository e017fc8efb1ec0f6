package browsertest

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/draw"
)

// The fake camera's picture: what most real cameras give, at Chromium's own pace
// of 30 frames a second for such files.
const (
	cameraWidth  = 1280
	cameraHeight = 720
	cameraFrames = 30
)

// FakeCamera writes a video file in which a camera sees the given pictures, for
// Options.FakeCameraFile, and returns its absolute path. Each picture is fitted
// into 1280×720 pixels on grey; together they fill one second, which Chromium
// repeats for as long as the camera is on. The file is a plain sequence of JPEG
// pictures, the form that Chromium knows by the ending .mjpeg.
func FakeCamera(t testing.TB, pictures ...image.Image) string {
	t.Helper()
	if len(pictures) == 0 {
		t.Fatal("fake camera: no picture")
	}
	var video bytes.Buffer
	for i, picture := range pictures {
		var frame bytes.Buffer
		if err := jpeg.Encode(&frame, fit(picture), &jpeg.Options{Quality: 92}); err != nil {
			t.Fatalf("fake camera: encode picture %d: %v", i+1, err)
		}
		for range (cameraFrames + len(pictures) - 1) / len(pictures) {
			video.Write(frame.Bytes())
		}
	}
	path := filepath.Join(t.TempDir(), "camera.mjpeg")
	if err := os.WriteFile(path, video.Bytes(), 0o600); err != nil {
		t.Fatalf("fake camera: %v", err)
	}
	return path
}

// fit draws picture as large as the camera's frame allows, in its middle.
func fit(picture image.Image) image.Image {
	frame := image.NewRGBA(image.Rect(0, 0, cameraWidth, cameraHeight))
	draw.Draw(frame, frame.Bounds(), image.NewUniform(color.Gray{Y: 0x80}), image.Point{}, draw.Src)
	from := picture.Bounds()
	scale := min(float64(cameraWidth)/float64(from.Dx()), float64(cameraHeight)/float64(from.Dy()))
	w, h := int(float64(from.Dx())*scale), int(float64(from.Dy())*scale)
	to := image.Rect(0, 0, w, h).Add(image.Pt((cameraWidth-w)/2, (cameraHeight-h)/2))
	draw.CatmullRom.Scale(frame, to, picture, from, draw.Over, nil)
	return frame
}
