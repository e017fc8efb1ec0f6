package face

import (
	_ "embed"
	"errors"
	"fmt"
	"image"
	"math"

	pigo "github.com/esimov/pigo/core"
	"golang.org/x/image/draw"

	"github.com/usher-kyc/usher/internal/picture"
)

var (
	//go:embed cascade/puploc
	pupilTable []byte
	//go:embed cascade/lp93
	noseTable []byte
)

// The settings of the landmarks. Points are looked for in a cut of one size, so that a measure does not depend on how large the face was.
const (
	cutSide   = 320 // pixels, of the cut
	cutMargin = 0.25
	// perturbs is how often each point is looked for, from places a little apart; the median counts. It must be 63: pigo v1.4.6 sorts the whole
	// of a pooled array of 63 and takes the middle of the first perturbs, so any other number mixes in points of earlier searches.
	perturbs = 63
)

// Pose says where eyes and nose of one face are, and what follows from that.
type Pose struct {
	// LeftEye and RightEye are the pupils as the picture shows them, left and right of it, and Nose is the tip; pixels of the picture.
	LeftEye, RightEye, Nose Point
	// EyeDistance is between the pupils, in pixels of the picture.
	EyeDistance float64
	// Turn is how far the tip of the nose lies from the middle between the eyes, along the line through them, as a share of their distance: 0
	// straight ahead, above 0 where the nose points to the right of the picture, which is the person's own left in a picture that is not
	// mirrored. A flat picture that is turned in the hand keeps its value: squeezing moves all three points alike.
	Turn float64
	// Tilt is how far the line through the eyes is from level, in degrees, above 0 clockwise.
	Tilt float64
}

// Point is a place in a picture, in pixels.
type Point struct{ X, Y float64 }

// landmarks finds points of a face.
type landmarks struct{ pupil, nose *pigo.PuplocCascade }

func newLandmarks() (*landmarks, error) {
	pupil, err := pigo.NewPuplocCascade().UnpackCascade(pupilTable)
	if err != nil {
		return nil, fmt.Errorf("load pupil cascade: %w", err)
	}
	nose, err := pigo.NewPuplocCascade().UnpackCascade(noseTable)
	if err != nil {
		return nil, fmt.Errorf("load nose cascade: %w", err)
	}
	return &landmarks{pupil, nose}, nil
}

// ErrNoPose is what measuring a face gives whose eyes and nose are not where those of a face are.
var ErrNoPose = errors.New("no eyes and nose found in the face")

// Pose finds eyes and nose of a face that Find found in the same picture. The error is [ErrNoPose] where the points make no face.
func (f *Finder) Pose(img image.Image, face Face) (Pose, error) {
	points, err := f.points()
	if err != nil {
		return Pose{}, err
	}
	box := face.Box.Inset(-int(cutMargin * float64(face.Box.Dx())))
	cut := image.NewGray(image.Rect(0, 0, cutSide, cutSide))
	draw.ApproxBiLinear.Scale(cut, cut.Rect, picture.Gray(img, math.MaxInt), box, draw.Src, nil)
	params := pigo.ImageParams{Pixels: cut.Pix, Rows: cutSide, Cols: cutSide, Dim: cut.Stride}
	side := cutSide / (1 + 2*cutMargin) // of the face in the cut
	eye := func(aside float64) *pigo.Puploc {
		return points.pupil.RunDetector(pigo.Puploc{
			Row: int(cutSide/2 - 0.075*side), Col: int(cutSide/2 + aside*side), Scale: float32(0.25 * side), Perturbs: perturbs,
		}, params, 0, false)
	}
	left, right := eye(-0.18), eye(0.18)
	scale := float64(box.Dx()) / cutSide
	at := func(p *pigo.Puploc) Point {
		return Point{float64(box.Min.X) + (float64(p.Col)+0.5)*scale, float64(box.Min.Y) + (float64(p.Row)+0.5)*scale}
	}
	l, r := at(left), at(right)
	apart := math.Hypot(float64(right.Col-left.Col), float64(right.Row-left.Row))
	// The table was made for one side of the face: asked once more with the picture mirrored, what it leans to cancels out.
	var nose Point
	for _, mirrored := range []bool{false, true} {
		aside := 0.15 * apart
		if mirrored {
			aside = -aside
		}
		found := at(points.nose.RunDetector(pigo.Puploc{
			Row: int(float64(left.Row+right.Row)/2 + 0.25*apart), Col: int(float64(left.Col+right.Col)/2 + aside), Scale: float32(3 * apart), Perturbs: perturbs,
		}, params, 0, mirrored))
		nose.X, nose.Y = nose.X+found.X/2, nose.Y+found.Y/2
	}
	return poseOf(l, r, nose, float64(face.Box.Dx()))
}

// poseOf measures three points of a face of a side in pixels.
func poseOf(left, right, nose Point, side float64) (Pose, error) {
	dx, dy := right.X-left.X, right.Y-left.Y
	distance := math.Hypot(dx, dy)
	p := Pose{LeftEye: left, RightEye: right, Nose: nose, EyeDistance: distance}
	// Eyes of a frontal face are some 0.36 of the cascade's square apart; half and double that are still let through.
	if distance < 0.15*side || distance > 0.7*side || dx <= 0 {
		return p, ErrNoPose
	}
	fromMiddle := Point{nose.X - (left.X+right.X)/2, nose.Y - (left.Y+right.Y)/2}
	p.Turn = (fromMiddle.X*dx + fromMiddle.Y*dy) / (distance * distance)
	below := (fromMiddle.Y*dx - fromMiddle.X*dy) / (distance * distance)
	if below < 0.1 || below > 1.5 {
		return p, ErrNoPose
	}
	p.Tilt = math.Atan2(dy, dx) * 180 / math.Pi
	return p, nil
}
