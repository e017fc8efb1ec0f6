package picture_test

import (
	"math"
	"testing"

	"github.com/usher-kyc/usher/internal/picture"
)

func TestProjection(t *testing.T) {
	t.Parallel()
	corners := [4][2]float64{{10, 20}, {110, 5}, {130, 90}, {0, 70}}
	there := picture.SquareTo(corners)
	back := there.Inverse()
	for i, at := range [4][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		x, y := there.At(at[0], at[1])
		u, v := back.At(corners[i][0], corners[i][1])
		if math.Hypot(x-corners[i][0], y-corners[i][1]) > 1e-9 || math.Hypot(u-at[0], v-at[1]) > 1e-9 {
			t.Errorf("corner %v goes to %g, %g and comes back to %g, %g", at, x, y, u, v)
		}
	}
}
