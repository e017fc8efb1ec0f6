package mrz_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/synth"
)

var allFormats = []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3, mrz.MRVA, mrz.MRVB}

// photo draws a document, takes it through JPEG as a camera would, and reads it.
func photo(t testing.TB, o synth.Options) (synth.Picture, image.Image) {
	t.Helper()
	p, err := synth.Draw(o)
	if err != nil {
		t.Fatal(err)
	}
	file, err := p.JPEG(85)
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return p, m
}

func read(m image.Image) (mrz.Reading, error) {
	return mrz.Read(context.Background(), m, mrz.Options{Now: now})
}

// The floors are below what was measured, so that a change in the last place
// does not fail them; they are no claim about real photographs.
func TestReadSynthetic(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		level  synth.Level
		number int
		floor  float64
	}{
		{"clean", synth.Clean, 24, 0.95},
		{"mild", synth.Mild, 24, 0.95},
		{"hard", synth.Hard, 24, 0.90},
		{"small", synth.Small, 24, 0.95},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				tt.number /= 4
			}
			var exact, silent int
			for i := range tt.number {
				p, m := photo(t, synth.Options{Format: allFormats[i%len(allFormats)], Level: tt.level, Seed: uint64(i)})
				r, err := read(m)
				switch {
				case err == nil && slices.Equal(r.Lines, p.Lines):
					exact++
				case err == nil && len(r.Unsure) == 0:
					silent++
					t.Logf("%d: wrong and sure of it\n%q\n%q", i, p.Lines, r.Lines)
				default:
					t.Logf("%d: %v, unsure %v\n%q\n%q", i, err, r.Unsure, p.Lines, r.Lines)
				}
			}
			t.Logf("%d of %d exact", exact, tt.number)
			if float64(exact) < tt.floor*float64(tt.number) {
				t.Errorf("%d of %d exact, want %.0f %%", exact, tt.number, 100*tt.floor)
			}
			if silent > tt.number/12 {
				t.Errorf("%d of %d wrong with no field unsure", silent, tt.number)
			}
		})
	}
}

func TestReadAnyWayUp(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	for turns := range 4 {
		for i, format := range []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3} {
			p, m := photo(t, synth.Options{Format: format, Level: synth.Small, Seed: uint64(40 + i), Turns: turns})
			r, err := read(m)
			if err != nil || !slices.Equal(r.Lines, p.Lines) {
				t.Errorf("%s turned %d: %v\n%q\n%q", format, turns, err, p.Lines, r.Lines)
				continue
			}
			if want := (360 - 90*turns) % 360; r.Rotation != want {
				t.Errorf("%s turned %d: rotation %d, want %d", format, turns, r.Rotation, want)
			}
			for k := range r.Quad {
				if d := math.Hypot(r.Quad[k][0]-p.Zone[k][0], r.Quad[k][1]-p.Zone[k][1]); d > 20 {
					t.Errorf("%s turned %d: corner %d at %.0f, want %.0f", format, turns, k, r.Quad[k], p.Zone[k])
				}
			}
			if !r.DigitsAgree || r.Document.Number != p.Document.Number || r.Document.BirthDate != p.Document.BirthDate {
				t.Errorf("%s turned %d: got %+v", format, turns, r.Document)
			}
		}
	}
}

func TestReadFindsNothingOnPages(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	for i, level := range []synth.Level{synth.Clean, synth.Mild, synth.Small, synth.Hard, synth.Clean, synth.Mild, synth.Small, synth.Hard} {
		m, err := synth.Page(uint64(i), level)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := read(m); !errors.Is(err, mrz.ErrNotFound) {
			t.Errorf("page %d, %s: %v, %q", i, level.Name, err, r.Lines)
		}
	}
}

// A letter that is blotted out must be pointed at: no check digit would tell.
func TestReadIsUnsureOfWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	p, err := synth.Draw(synth.Options{Format: mrz.TD3, Level: synth.Clean, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	const column = 6 // the second letter of the surname
	left, right := p.Zone[0], p.Zone[1]
	x := left[0] + (right[0]-left[0])*(column+0.5)/44
	y := left[1] + (right[1]-left[1])*(column+0.5)/44
	pitch := (right[0] - left[0]) / 44
	spot := image.Rect(int(x-0.3*pitch), int(y), int(x+0.3*pitch), int(y+0.8*pitch))
	draw.Draw(p, spot, image.NewUniform(color.Gray{Y: 120}), image.Point{}, draw.Src)
	r, err := read(p)
	if err != nil {
		t.Fatal(err)
	}
	if !r.DigitsAgree {
		t.Errorf("digits %+v: they do not cover the blot", r.Document.Digits)
	}
	if !slices.Contains(r.Unsure, mrz.FieldSurname) {
		t.Errorf("unsure of %v, not of the surname %q, confidence %.2f", r.Unsure, r.Document.Surname, r.Confidence[0][column])
	}
	if slices.Contains(r.Unsure, mrz.FieldNumber) || slices.Contains(r.Unsure, mrz.FieldExpiry) {
		t.Errorf("unsure of %v, which can be seen well", r.Unsure)
	}
}

// noise is a picture of random bytes.
func noise(w, h int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 1))
	for i := range m.Pix {
		m.Pix[i] = byte(r.IntN(256))
	}
	return m
}

func TestReadOddPictures(t *testing.T) {
	t.Parallel()
	stripes := image.NewGray(image.Rect(0, 0, 700, 300))
	for i := range stripes.Pix {
		// A grid of dashes is as even as type can be.
		if x, y := i%700, i/700; x%14 < 8 && y%30 < 12 {
			stripes.Pix[i] = 255
		}
	}
	for name, tt := range map[string]struct {
		m    image.Image
		want error
	}{
		"nil":           {nil, mrz.ErrNotFound},
		"empty":         {image.NewRGBA(image.Rectangle{}), mrz.ErrNotFound},
		"no height":     {image.NewGray(image.Rect(5, 5, 50, 5)), mrz.ErrNotFound},
		"one pixel":     {image.NewNRGBA(image.Rect(0, 0, 1, 1)), mrz.ErrNotFound},
		"one row":       {noise(3000, 1), mrz.ErrNotFound},
		"one column":    {noise(1, 3000), mrz.ErrNotFound},
		"two columns":   {noise(2, 5000), mrz.ErrNotFound},
		"black":         {image.NewRGBA(image.Rect(0, 0, 800, 600)), mrz.ErrNotFound},
		"noise":         {noise(900, 700), mrz.ErrNotFound},
		"dashes":        {stripes, mrz.ErrNotFound},
		"endless":       {image.NewUniform(color.White), mrz.ErrTooLarge},
		"off origin":    {image.NewRGBA64(image.Rect(-20, -30, 40, 50)), mrz.ErrNotFound},
		"palette":       {image.NewPaletted(image.Rect(0, 0, 99, 99), color.Palette{color.Black}), mrz.ErrNotFound},
		"CMYK":          {image.NewCMYK(image.Rect(0, 0, 64, 48)), mrz.ErrNotFound},
		"part of YCbCr": {image.NewYCbCr(image.Rect(0, 0, 99, 99), image.YCbCrSubsampleRatio420).SubImage(image.Rect(31, 33, 90, 95)), mrz.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := read(tt.m); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// The same zone must be read from every kind of picture, and from a part of a
// larger one, whose corners keep its coordinates.
func TestReadPictureKinds(t *testing.T) {
	t.Parallel()
	p, err := synth.Draw(synth.Options{Format: mrz.TD2, Level: synth.Small, Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	b := p.Bounds()
	moved := b.Add(image.Pt(100, 50))
	larger := image.NewRGBA(image.Rect(0, 0, b.Dx()+200, b.Dy()+100))
	kinds := map[string]draw.Image{
		"gray": image.NewGray(b), "gray 16": image.NewGray16(b), "NRGBA": image.NewNRGBA(b), "RGBA 64": image.NewRGBA64(b), "part": larger,
	}
	for name, m := range kinds {
		var from image.Image = m
		at := b
		if name == "part" {
			at = moved
			from = larger.SubImage(moved)
		}
		draw.Draw(m, at, p, b.Min, draw.Src)
		r, err := read(from)
		if err != nil || !slices.Equal(r.Lines, p.Lines) {
			t.Errorf("%s: %v\n%q\n%q", name, err, p.Lines, r.Lines)
			continue
		}
		want := p.Zone[0][0] + float64(at.Min.X)
		if math.Abs(r.Quad[0][0]-want) > 10 {
			t.Errorf("%s: zone begins at %.0f, want %.0f", name, r.Quad[0][0], want)
		}
	}
}

func TestReadHonoursContext(t *testing.T) {
	t.Parallel()
	_, m := photo(t, synth.Options{Format: mrz.TD3, Level: synth.Small, Seed: 1})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := mrz.Read(ctx, m, mrz.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestReadConcurrently(t *testing.T) {
	t.Parallel()
	p, m := photo(t, synth.Options{Format: mrz.TD1, Level: synth.Small, Seed: 2})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if r, err := read(m); err != nil || !slices.Equal(r.Lines, p.Lines) {
				t.Errorf("%v %q", err, r.Lines)
			}
		})
	}
	wg.Wait()
}

// FuzzRead makes small pictures of any bytes; nothing may panic, and what is
// found must have the shape of a zone.
func FuzzRead(f *testing.F) {
	f.Add(uint16(64), []byte("P<UTOERIKSSON<<ANNA<MARIA"))
	f.Add(uint16(1), []byte{0, 255})
	if p, err := synth.Draw(synth.Options{Format: mrz.TD1, Level: synth.Small, Width: 240, Seed: 4}); err == nil {
		g := image.NewGray(p.Bounds())
		draw.Draw(g, g.Rect, p, image.Point{}, draw.Src)
		f.Add(uint16(g.Rect.Dx()-1), g.Pix)
	}
	f.Fuzz(func(t *testing.T, width uint16, pix []byte) {
		w := int(width%512) + 1
		m := &image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, len(pix)/w)}
		r, err := read(m)
		if err != nil {
			if !errors.Is(err, mrz.ErrNotFound) {
				t.Errorf("other error: %v", err)
			}
			return
		}
		if _, err := mrz.Parse(r.Lines, now); err != nil || len(r.Confidence) != len(r.Lines) {
			t.Errorf("%v: %q", err, r.Lines)
		}
	})
}

func ExampleRead() {
	p, err := synth.Draw(synth.Options{Format: mrz.TD3, Level: synth.Mild, Seed: 7})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := mrz.Read(context.Background(), p, mrz.Options{Now: now})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Format, r.Document.Surname == p.Document.Surname, r.DigitsAgree, len(r.Unsure))
	// Output: TD3 true true 0
}
