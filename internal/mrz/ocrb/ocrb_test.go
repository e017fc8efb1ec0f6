package ocrb_test

import (
	"image"
	"image/color"
	"image/draw"
	"os"
	"testing"

	"golang.org/x/image/font"

	"github.com/usher-kyc/usher/internal/mrz/ocrb"
)

func blank(w, h int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Bounds(), image.White, image.Point{}, draw.Src)
	return m
}

// ink counts dark pixels between two columns.
func ink(m *image.Gray, from, to int) int {
	n := 0
	for y := range m.Rect.Dy() {
		for x := from; x < to; x++ {
			if m.GrayAt(x, y).Y < 128 {
				n++
			}
		}
	}
	return n
}

// Every font file must draw all 37 characters, each with ink and each unlike
// the others: the original outlines draw no '8' and no '<' and say nothing.
func TestEveryCharacterDraws(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"regular": ocrb.TTF()}
	for _, name := range []string{"sharp", "oblique"} {
		b, err := os.ReadFile("../synth/cuts/" + name + ".ttf")
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			face, err := ocrb.FaceOf(file, 40)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]rune{}
			for _, r := range ocrb.Alphabet {
				m := blank(32, 48)
				ocrb.DrawLineFace(m, face, string(r), 1, 38, 30, color.Black)
				if n := ink(m, 0, 32); n < 40 {
					t.Errorf("%q has only %d dark pixels", r, n)
				}
				if other, ok := seen[string(m.Pix)]; ok {
					t.Errorf("%q looks like %q", r, other)
				}
				seen[string(m.Pix)] = r
			}
		})
	}
}

func TestDrawLineKeepsItsPitch(t *testing.T) {
	t.Parallel()
	m := blank(420, 60)
	if err := ocrb.DrawLine(m, "8<8<8<8<8<", 10, 50, 50, 40, color.Black); err != nil {
		t.Fatal(err)
	}
	if ink(m, 0, 10) != 0 || ink(m, 410, 420) != 0 {
		t.Error("ink outside the ten cells")
	}
	for i := range 10 {
		if ink(m, 10+i*40, 50+i*40) < 60 {
			t.Errorf("cell %d is empty", i)
		}
	}
}

func TestFaceCapitalHeight(t *testing.T) {
	t.Parallel()
	face, err := ocrb.Face(1000)
	if err != nil {
		t.Fatal(err)
	}
	bounds, advance, ok := face.GlyphBounds('H')
	if !ok || font.MeasureString(face, "H") != advance {
		t.Fatal("no H")
	}
	if got := float64(-bounds.Min.Y) / 64 / 1000; got < ocrb.CapHeight-0.01 || got > ocrb.CapHeight+0.01 {
		t.Errorf("capital is %.3f em, CapHeight says %.3f", got, ocrb.CapHeight)
	}
	if got := float64(advance) / 64 / 1000; got < ocrb.PitchPerPixels-0.002 || got > ocrb.PitchPerPixels+0.002 {
		t.Errorf("advance is %.3f em, PitchPerPixels says %.3f", got, ocrb.PitchPerPixels)
	}
}

func TestFaceOfRefusesRubbish(t *testing.T) {
	t.Parallel()
	if _, err := ocrb.FaceOf([]byte("not a font"), 20); err == nil {
		t.Error("want an error")
	}
}
