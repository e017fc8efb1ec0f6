package face_test

import (
	"image"
	"testing"

	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
)

// FuzzFind looks for faces, and measures them, in pixels that are anything.
func FuzzFind(f *testing.F) {
	selfie := picture.Gray(specimen.Turned(specimen.Person{}, 0, 1, 1), 160)
	f.Add(uint16(selfie.Stride), selfie.Pix)
	f.Add(uint16(44), make([]byte, 44*44))
	f.Add(uint16(3), []byte{1, 2, 3})
	finder, err := face.NewFinder()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, width uint16, pix []byte) {
		if width == 0 || int(width) > len(pix) || len(pix) > 40_000 {
			return
		}
		img := &image.Gray{Pix: pix, Stride: int(width), Rect: image.Rect(0, 0, int(width), len(pix)/int(width))}
		for _, one := range finder.Find(img) {
			if one.Box.Empty() || one.Score <= 0 {
				t.Errorf("%+v", one)
			}
			if pose, err := finder.Pose(img, one); err == nil && !(pose.EyeDistance > 0) {
				t.Errorf("%+v", pose)
			}
		}
	})
}
