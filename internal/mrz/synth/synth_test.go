package synth_test

import (
	"bytes"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/eval"
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
		for seed := range uint64(2) {
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
}

// Each kind of page draws, something other than the bare desk and than the other kinds.
func TestPages(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for seed := range 14 {
		p, err := synth.Page(uint64(seed), synth.Level{Width: 160, Quality: [2]int{90, 90}})
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[string(p.Pix)]; ok || p.Lines != nil {
			t.Errorf("page %d is page %d, or has lines: %q", seed, other, p.Lines)
		}
		seen[string(p.Pix)] = seed
	}
}

// What is made can be loaded, and two of one seed are one.
func TestMake(t *testing.T) {
	t.Parallel()
	press, err := synth.NewPress()
	if err != nil {
		t.Fatal(err)
	}
	for _, pages := range []bool{false, true} {
		a, b := t.TempDir(), t.TempDir()
		for _, dir := range []string{a, b} {
			if err := press.Make(dir, synth.FolderOptions{Level: synth.Small, Pages: pages, Count: 2, Seed: 3, Width: 320}); err != nil {
				t.Fatal(err)
			}
		}
		cases, err := eval.Load(os.DirFS(a))
		if err != nil || len(cases) != 2 || (cases[0].Kind == eval.None) != pages {
			t.Fatalf("%+v, %v", cases, err)
		}
		for _, c := range cases {
			one, err := os.ReadFile(filepath.Join(a, c.File))
			if err != nil {
				t.Fatal(err)
			}
			if two, err := os.ReadFile(filepath.Join(b, c.File)); err != nil || !bytes.Equal(one, two) {
				t.Errorf("%s differs (%v)", c.File, err)
			}
		}
	}
}
