package mrz_test

import (
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/synth"
)

// TestLongVisaUnderAThumb holds that names which may go on at the hidden right end of a visa are not told as if they were whole.
func TestLongVisaUnderAThumb(t *testing.T) {
	t.Parallel()
	read36 := 0
	for _, seed := range []uint64{44, 50, 62, 81, 121} { // whose names go beyond the 36th column
		p, m := photo(t, synth.Options{Format: mrz.MRVA, Level: synth.Clean, Seed: seed})
		hidden := image.NewRGBA(m.Bounds())
		draw.Draw(hidden, hidden.Rect, m, m.Bounds().Min, draw.Src)
		left, right := p.Zone[0][0], p.Zone[1][0]
		thumb := image.Rect(int(left+(right-left)*36/44), int(p.Zone[0][1])-40, hidden.Rect.Max.X, int(p.Zone[2][1])+40)
		draw.Draw(hidden, thumb.Intersect(hidden.Rect), image.NewUniform(color.RGBA{190, 150, 130, 255}), image.Point{}, draw.Src)
		r, err := read(hidden)
		if err != nil || r.Format != mrz.MRVB {
			continue
		}
		read36++
		if !slices.Contains(r.Unsure, mrz.FieldGivenNames) {
			t.Errorf("%d: %q of %q, unsure of %v", seed, r.Lines[0], p.Lines[0], r.Unsure)
		}
	}
	if read36 < 3 {
		t.Errorf("%d of 5 were read as the short visa: too few to say anything", read36)
	}
}

// TestShortVisaIsSure holds that a short visa whose fields end in fillers, as most do, is not doubted for its length.
func TestShortVisaIsSure(t *testing.T) {
	t.Parallel()
	sure := 0
	for seed := range uint64(12) {
		p, m := photo(t, synth.Options{Format: mrz.MRVB, Level: synth.Clean, Seed: seed})
		if p.Lines[0][34:] != "<<" || p.Lines[1][35] != '<' {
			continue
		}
		r, err := read(m)
		for _, f := range r.Unsure {
			if r.Fields[f] > 0.9 {
				t.Errorf("%d: unsure of %s, whose characters are sure\n%q", seed, f, p.Lines)
			}
		}
		if err != nil {
			t.Errorf("%d: %v", seed, err)
		}
		sure++
	}
	if sure < 6 {
		t.Errorf("%d of 12 drawn visas end in fillers: too few to say anything", sure)
	}
}
