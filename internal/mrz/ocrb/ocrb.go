// Package ocrb holds the OCR-B typeface, the one ICAO Doc 9303 part 3 section
// 4.4 prescribes for machine readable zones, and draws lines of it on a fixed
// pitch. The font file and where it comes from: ORIGIN.md.
package ocrb

import (
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

//go:embed ocrb.ttf
var data []byte

// Alphabet is the 37 characters a machine readable zone may hold, in the
// order of their check digit values with the filler last.
const Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"

// Proportions of a machine readable zone, from the font itself, which is drawn
// for OCR-B size 1 at ten characters to the inch (ICAO Doc 9303 part 3).
const (
	// PitchPerPixels times the font size in pixels is the pitch of a printed
	// zone at that size (2.54 mm on paper).
	PitchPerPixels = 0.723
	// CapHeight times the font size in pixels is the height of a capital.
	CapHeight = 0.713
)

// TTF returns a copy of the TrueType file, about 20 KB.
func TTF() []byte { return append([]byte(nil), data...) }

// Face returns OCR-B with an em of the given number of pixels. A capital is
// CapHeight of that. The face must not be used by two goroutines at once.
func Face(pixels float64) (font.Face, error) { return FaceOf(data, pixels) }

// FaceOf is Face for another font file with the same characters, for example
// another cut of OCR-B.
func FaceOf(file []byte, pixels float64) (font.Face, error) {
	f, err := opentype.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("parse font: %w", err)
	}
	// 72 dpi makes the size in points the size in pixels. Hinting would move
	// stems by whole pixels, which no printer does.
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: pixels, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("make face: %w", err)
	}
	return face, nil
}

// DrawLine draws text in ink with its base line at y, the cell of the first
// character beginning at x, an em of the given pixels and one character every
// pitch pixels; pitch 0 means PitchPerPixels times pixels.
func DrawLine(dst draw.Image, text string, x, y int, pixels, pitch float64, ink color.Color) error {
	face, err := Face(pixels)
	if err != nil {
		return err
	}
	if pitch == 0 {
		pitch = pixels * PitchPerPixels
	}
	DrawLineFace(dst, face, text, float64(x), float64(y), pitch, ink)
	return face.Close()
}

// DrawLineFace is DrawLine with a face at hand and places in fractions of a
// pixel.
func DrawLineFace(dst draw.Image, face font.Face, text string, x, y, pitch float64, ink color.Color) {
	d := font.Drawer{Dst: dst, Src: image.NewUniform(ink), Face: face}
	for i, r := range text {
		advance, ok := face.GlyphAdvance(r)
		if !ok {
			continue
		}
		// Glyphs sit in the middle of their cell, whatever the pitch.
		left := x + float64(i)*pitch + (pitch-float64(advance)/64)/2
		d.Dot = fixed.Point26_6{X: fixed.Int26_6(left * 64), Y: fixed.Int26_6(y * 64)}
		d.DrawString(string(r))
	}
}
