package synth_test

import (
	"bytes"
	"image"
	"math"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/synth"
)

func TestDrawIsSeeded(t *testing.T) {
	t.Parallel()
	o := synth.Options{Format: mrz.TD1, Level: synth.Small, Seed: 5}
	a, err := synth.Draw(o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := synth.Draw(o)
	if err != nil || !bytes.Equal(a.Pix, b.Pix) {
		t.Errorf("two pictures of one seed differ (%v)", err)
	}
	o.Seed++
	if c, err := synth.Draw(o); err != nil || bytes.Equal(a.Pix, c.Pix) {
		t.Errorf("two seeds gave one picture (%v)", err)
	}
}

// What is drawn must be what is said to be drawn.
func TestDrawTellsTheTruth(t *testing.T) {
	t.Parallel()
	for _, format := range []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3, mrz.MRVA, mrz.MRVB} {
		for seed := range uint64(6) {
			p, err := synth.Draw(synth.Options{Format: format, Level: synth.Small, Seed: seed, Turns: int(seed) - 1})
			if err != nil {
				t.Fatal(err)
			}
			d, err := mrz.Parse(p.Lines, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			if err != nil || !d.Digits.Agree() || d.Number != p.Document.Number || d.Format != format {
				t.Errorf("%s %d: %v, %+v", format, seed, err, d)
			}
			for _, c := range p.Zone {
				if !image.Pt(int(c[0]), int(c[1])).In(p.Bounds()) {
					t.Errorf("%s %d: corner %.0f outside %v", format, seed, c, p.Bounds())
				}
			}
		}
	}
}

func TestDrawTurns(t *testing.T) {
	t.Parallel()
	o := synth.Options{Format: mrz.TD3, Level: synth.Small, Seed: 1}
	for turns, want := range []float64{0, 90, 180, -90} {
		o.Turns = turns
		p, err := synth.Draw(o)
		if err != nil {
			t.Fatal(err)
		}
		if wide := p.Bounds().Dx() > p.Bounds().Dy(); wide != (turns%2 == 0) {
			t.Errorf("turned %d: bounds %v", turns, p.Bounds())
		}
		angle := math.Atan2(p.Zone[1][1]-p.Zone[0][1], p.Zone[1][0]-p.Zone[0][0]) * 180 / math.Pi
		if off := math.Mod(angle-want+540, 360) - 180; math.Abs(off) > 5 {
			t.Errorf("turned %d: text runs at %.0f degrees, want about %.0f", turns, angle, want)
		}
	}
}

func TestDrawRefusesUnknownFormat(t *testing.T) {
	t.Parallel()
	if _, err := synth.Draw(synth.Options{Format: "TD9", Level: synth.Small}); err == nil {
		t.Error("want an error")
	}
	if _, err := synth.Draw(synth.Options{Format: mrz.TD1, Level: synth.Small, Font: []byte("no font")}); err == nil {
		t.Error("no font: want an error")
	}
}
