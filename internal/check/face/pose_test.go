package face_test

import (
	"errors"
	"image"
	"math"
	"testing"

	"golang.org/x/image/draw"

	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/specimen"
)

// pose measures the only face of a picture.
func pose(t testing.TB, finder *face.Finder, img image.Image) face.Pose {
	t.Helper()
	faces := finder.Find(img)
	if len(faces) != 1 {
		t.Fatalf("%d faces", len(faces))
	}
	return must[face.Pose](t)(finder.Pose(img, faces[0]))
}

// Drawn faces, bent over the form of a head: the measure follows the turn, in both ways, and the distance between the eyes follows the approach.
func TestPoseFollowsTheHead(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	finder := must[*face.Finder](t)(face.NewFinder())
	for _, p := range []specimen.Person{{}, {LastName: "Berg", FirstNames: "Johan", Sex: "M"}} {
		straight := pose(t, finder, specimen.Turned(p, 0, 1, 1))
		if math.Abs(straight.Turn) > 0.07 || straight.EyeDistance < 50 || math.Abs(straight.Tilt) > 4 {
			t.Errorf("%s, straight: %+v", p.LastName, straight)
		}
		last := math.Inf(-1)
		for _, degrees := range []float64{-25, -12, 0, 12, 25} {
			turn := pose(t, finder, specimen.Turned(p, degrees, 1, 2)).Turn
			if turn <= last {
				t.Errorf("%s: turned by %.0f° the nose is at %+.3f, not further than %+.3f", p.LastName, degrees, turn, last)
			}
			last = turn
		}
		if grown := pose(t, finder, specimen.Turned(p, 0, 1.3, 3)).EyeDistance / straight.EyeDistance; grown < 1.2 || grown > 1.4 {
			t.Errorf("%s: 1.3 times nearer, the eyes are %.2f times as far apart", p.LastName, grown)
		}
	}
}

// A picture of a face that is turned in the hand is squeezed: nose and eyes keep their proportions, so that it does not pass for a turn.
func TestPoseOfASqueezedPicture(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	finder := must[*face.Finder](t)(face.NewFinder())
	img := specimen.Turned(specimen.Person{}, 0, 1, 1)
	squeezed := image.NewRGBA(image.Rect(0, 0, 285, 480))
	draw.BiLinear.Scale(squeezed, squeezed.Rect, img, img.Bounds(), draw.Src, nil)
	before, after := pose(t, finder, img).Turn, pose(t, finder, squeezed).Turn
	if math.Abs(after-before) > 0.05 {
		t.Errorf("squeezed, the nose moved from %+.3f to %+.3f", before, after)
	}
}

func TestPoseOfNoFace(t *testing.T) {
	t.Parallel()
	finder := must[*face.Finder](t)(face.NewFinder())
	table := specimen.Shoot(nil, specimen.Shot{Width: 400, Height: 400})
	for _, box := range []image.Rectangle{image.Rect(100, 100, 300, 300), image.Rect(-50, -50, 40, 40), {}, image.Rect(390, 390, 800, 800)} {
		if p, err := finder.Pose(table, face.Face{Box: box}); err != nil && !errors.Is(err, face.ErrNoPose) || math.IsNaN(p.Turn) {
			t.Errorf("%v: %+v, %v", box, p, err)
		}
	}
}

func BenchmarkPose(b *testing.B) {
	finder := must[*face.Finder](b)(face.NewFinder())
	img := specimen.Turned(specimen.Person{}, 0, 1, 1)
	faces := finder.Find(img)
	for b.Loop() {
		if _, err := finder.Pose(img, faces[0]); err != nil {
			b.Fatal(err)
		}
	}
}
