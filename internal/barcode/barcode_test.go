package barcode_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	encoders "github.com/boombuler/barcode"
	"github.com/boombuler/barcode/aztec"
	"github.com/boombuler/barcode/datamatrix"
	"github.com/boombuler/barcode/pdf417"
	"github.com/boombuler/barcode/qr"

	"github.com/usher-kyc/usher/internal/barcode"
	"github.com/usher-kyc/usher/internal/barcode/synth"
)

// encode draws a code of the kind with the encoders' library, one pixel per module.
func encode(t testing.TB, kind barcode.Kind, text string) image.Image {
	t.Helper()
	var code encoders.Barcode
	var err error
	switch kind {
	case barcode.PDF417:
		code, err = pdf417.Encode(text, 4)
	case barcode.QR:
		code, err = qr.Encode(text, qr.M, qr.Auto)
	case barcode.DataMatrix:
		code, err = datamatrix.Encode(text)
	case barcode.Aztec:
		code, err = aztec.Encode([]byte(text), 25, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, kind := range []barcode.Kind{barcode.PDF417, barcode.QR, barcode.DataMatrix, barcode.Aztec} {
		for _, degrees := range []float64{-12, 95} {
			t.Run(fmt.Sprintf("%s at %v", kind, degrees), func(t *testing.T) {
				t.Parallel()
				want := strings.Repeat("Specimen 0123456789, ", 3)
				shot := synth.Shot{Module: 4, Degrees: degrees, Blur: 0.8, Noise: 5, Width: 720, Height: 640, Seed: 3}
				found, err := barcode.Read(context.Background(), synth.Photo(encode(t, kind, want), shot), barcode.Options{})
				if err != nil || len(found) != 1 || found[0].Kind != kind || found[0].Text != want {
					t.Fatalf("got %+v, %v", found, err)
				}
			})
		}
	}
}

// A code of which the library cannot make anything is said to be there.
func TestReadUnreadable(t *testing.T) {
	t.Parallel()
	for _, kind := range []barcode.Kind{barcode.QR, barcode.PDF417} {
		m := synth.Photo(encode(t, kind, strings.Repeat("Specimen 0123456789, ", 6)), synth.Shot{Module: 4, Noise: 3})
		hide := image.Rect(240, 0, 600, m.Rect.Max.Y)
		if kind == barcode.QR {
			// All but the finders and what lies between them.
			hide = image.Rect(24+9*4, 24+9*4, m.Rect.Max.X-24, m.Rect.Max.Y-24-8*4)
		}
		for y := hide.Min.Y; y < hide.Max.Y; y++ {
			for x := hide.Min.X; x < hide.Max.X; x++ {
				m.SetGray(x, y, color.Gray{Y: 220})
			}
		}
		found, err := barcode.Read(context.Background(), m, barcode.Options{Kinds: []barcode.Kind{kind}})
		if err != nil || len(found) != 1 || found[0].Err == nil || found[0].Text != "" {
			t.Errorf("%s: got %+v, %v", kind, found, err)
		}
	}
}

// page draws a page of lines of short strokes, which are as dense with edges as text.
func page(w, h int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 225
	}
	r := rand.New(rand.NewPCG(5, 5))
	for y := 20; y < h-40; y += 26 {
		for x := 20; x < w-30; x += 4 + r.IntN(9) {
			for dy := range 12 + r.IntN(4) {
				for dx := range 2 {
					m.SetGray(x+dx, y+dy, color.Gray{Y: 40})
				}
				if r.IntN(7) == 0 {
					for dx := range 7 {
						m.SetGray(x+dx, y+dy, color.Gray{Y: 40})
					}
				}
			}
		}
	}
	return m
}

func TestReadNothing(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]image.Image{
		"nil": nil, "empty": image.NewGray(image.Rectangle{}), "one pixel": image.NewGray(image.Rect(0, 0, 1, 1)),
		"grey": image.NewGray(image.Rect(0, 0, 300, 200)), "text": page(1600, 1200),
	} {
		if found, err := barcode.Read(context.Background(), m, barcode.Options{}); err != nil || len(found) != 0 {
			t.Errorf("%s: got %+v, %v", name, found, err)
		}
	}
}

// A bull's eye as large as the picture asks for a part many times as large.
func TestReadHugeMarks(t *testing.T) {
	t.Parallel()
	m := image.NewGray(image.Rect(0, 0, 1000, 1000))
	for i := range m.Pix {
		if ring := max(abs(i%1000-500), abs(i/1000-500)) + 50; ring/100%2 == 1 {
			m.Pix[i] = 220
		}
	}
	if found, err := barcode.Read(context.Background(), m, barcode.Options{}); err != nil || len(found) != 0 {
		t.Errorf("got %+v, %v", found, err)
	}
}

func abs(n int) int { return max(n, -n) }

func TestReadStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if found, err := barcode.Read(ctx, page(200, 100), barcode.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v", found, err)
	}
	if found, err := barcode.Read(context.Background(), page(200, 100), barcode.Options{MaxPixels: 19_999}); !errors.Is(err, barcode.ErrTooLarge) {
		t.Errorf("got %+v, %v", found, err)
	}
}

// A picture whose bounds do not begin at 0 gives corners in its own coordinates, whatever its type.
func TestReadCorners(t *testing.T) {
	t.Parallel()
	grey := synth.Photo(encode(t, barcode.PDF417, "specimen"), synth.Shot{Module: 3})
	coloured := image.NewNRGBA(grey.Bounds().Add(image.Pt(70, 30)))
	for y := range grey.Rect.Dy() {
		for x := range grey.Rect.Dx() {
			v := grey.GrayAt(x, y).Y
			coloured.SetNRGBA(70+x, 30+y, color.NRGBA{v, v, v, 255})
		}
	}
	found, err := barcode.Read(context.Background(), coloured, barcode.Options{Kinds: []barcode.Kind{barcode.PDF417}})
	if err != nil || len(found) != 1 || found[0].Text != "specimen" {
		t.Fatalf("got %+v, %v", found, err)
	}
	// The margin of a drawn picture is 24 pixels.
	w, h := float64(grey.Rect.Dx()-48), float64(grey.Rect.Dy()-48)
	for i, want := range [4][2]float64{{0, 0}, {w, 0}, {w, h}, {0, h}} {
		got := found[0].Corners[i]
		if math.Hypot(got[0]-70-24-want[0], got[1]-30-24-want[1]) > 3 {
			t.Errorf("corner %d at %v", i, got)
		}
	}
}

// FuzzRead sees that no picture makes a reader panic or say what no code can hold.
func FuzzRead(f *testing.F) {
	for _, kind := range []barcode.Kind{barcode.PDF417, barcode.QR, barcode.DataMatrix, barcode.Aztec} {
		m := synth.Photo(encode(f, kind, "specimen"), synth.Shot{Module: 2})
		f.Add(uint16(m.Rect.Dx()), m.Pix)
	}
	f.Fuzz(func(t *testing.T, width uint16, pix []byte) {
		if width == 0 || int(width) > len(pix) || len(pix) > 40_000 {
			return
		}
		w, h := int(width), len(pix)/int(width)
		m := &image.Gray{Pix: pix[:w*h], Stride: w, Rect: image.Rect(0, 0, w, h)}
		found, err := barcode.Read(context.Background(), m, barcode.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range found {
			if len(code.Bytes) > 10_000 || (code.Err != nil) != (code.Bytes == nil && code.Text == "" && code.Corrected == -1) {
				t.Fatalf("got %+v", code)
			}
		}
	})
}

// BenchmarkRead reads pictures of 2 and 12 megapixels: a page of strokes without a code, and one with a symbol of PDF417.
func BenchmarkRead(b *testing.B) {
	for _, size := range []image.Point{{1700, 1200}, {4080, 3060}} {
		none := page(size.X, size.Y)
		b.Run(fmt.Sprintf("nothing in %d megapixels", size.X*size.Y/1_000_000), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found, err := barcode.Read(context.Background(), none, barcode.Options{}); err != nil || len(found) != 0 {
					b.Fatal(found, err)
				}
			}
		})
		code := encode(b, barcode.PDF417, strings.Repeat("SPECIMEN 0123 ", 24))
		shot := synth.Shot{Module: 0.6 * float64(size.X) / float64(code.Bounds().Dx()), Degrees: 5, Blur: 1, Noise: 6, Width: size.X, Height: size.Y}
		m := synth.Photo(code, shot)
		b.Run(fmt.Sprintf("pdf417 in %d megapixels", size.X*size.Y/1_000_000), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				found, err := barcode.Read(context.Background(), m, barcode.Options{})
				if err != nil || len(found) != 1 || found[0].Err != nil {
					b.Fatal(found, err)
				}
			}
		})
	}
}
