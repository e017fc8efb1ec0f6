package face

import (
	"fmt"
	"image"
	"math"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
)

// How a face should be on a selfie. The turn is in distances between the eyes: of eleven frontal pictures none was above 0.07.
const (
	widestFace   = 0.80 // of the picture's shorter side: a larger square has hair or chin outside of it
	frontalTurn  = 0.15
	fewestPixels = 45.0 // between the eyes
	darkestFace  = 0.15 // mean grey of the face, 0..1; the lightest and darkest skin in even light lie well inside the two
	brightest    = 0.92
)

// stance notes how the face is on the selfie: near or far, turned, how far apart the eyes are and how light it is. What the applicant can cure has a
// reason; light has none, since how dark a face should be is not ours to say.
func (c *Checker) stance(img image.Image, found Face, r *report) {
	size := img.Bounds().Size()
	share := float64(found.Box.Dx()) / float64(min(size.X, size.Y))
	r.finding("selfie_face_share", fmt.Sprintf("%.0f %% (≤ %.0f %%)", 100*share, 100*widestFace), share <= widestFace)
	if share > widestFace {
		r.reason(usher.FaceTooNear, usher.Selfie)
	}
	light := lightOf(img, found.Box)
	r.finding("selfie_light", fmt.Sprintf("%.0f %%", 100*light), light >= darkestFace && light <= brightest)
	pose, err := c.config.Finder.Pose(img, found)
	if err != nil {
		// The cascade knows frontal faces only; one without eyes where they belong is turned or covered.
		r.finding("selfie_turn", "?", false)
		r.reason(usher.FaceTurned, usher.Selfie)
		return
	}
	r.finding("selfie_eyes", fmt.Sprintf("%.0f px (≥ %.0f px)", pose.EyeDistance, fewestPixels), pose.EyeDistance >= fewestPixels)
	straight := math.Abs(pose.Turn) <= frontalTurn
	r.finding("selfie_turn", fmt.Sprintf("%+.2f (≤ ±%.2f)", pose.Turn, frontalTurn), straight)
	if !straight {
		r.reason(usher.FaceTurned, usher.Selfie)
	}
}

// lightOf gives the mean grey of the inner half of a face, 0..1.
func lightOf(img image.Image, box image.Rectangle) float64 {
	inner := box.Inset(box.Dx() / 4).Intersect(img.Bounds())
	if inner.Empty() {
		return 0
	}
	gray := picture.Gray(img, max(img.Bounds().Dx(), img.Bounds().Dy()))
	sum := 0
	for y := inner.Min.Y; y < inner.Max.Y; y++ {
		for x := inner.Min.X; x < inner.Max.X; x++ {
			sum += int(gray.Pix[(y-img.Bounds().Min.Y)*gray.Stride+x-img.Bounds().Min.X])
		}
	}
	return float64(sum) / float64(inner.Dx()*inner.Dy()) / 255
}
