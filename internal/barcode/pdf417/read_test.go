package pdf417_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"

	encoder "github.com/boombuler/barcode/pdf417"

	"github.com/usher-kyc/usher/internal/barcode/pdf417"
	"github.com/usher-kyc/usher/internal/barcode/synth"
)

// licence is a payload as on the back of a driving licence, of about 330 bytes.
func licence(r *rand.Rand) string {
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('0' + r.IntN(10)))
		}
		return b.String()
	}
	elements := []string{
		"DAQ" + digits(9), "DCSSPECIMEN", "DDEN", "DACALEX", "DDFN", "DADJORDAN", "DDGN", "DCAD", "DCBNONE", "DCDNONE",
		"DBD0604" + digits(4), "DBB0110" + digits(4), "DBA0110" + digits(4), "DBC1", "DAU070 in", "DAYBRO", "DAG" + digits(4) + " EXAMPLE STREET",
		"DAISPRINGFIELD", "DAJUT", "DAK" + digits(9) + "  ", "DCF" + digits(16), "DCGUSA", "DDAF", "DDB0604" + digits(4), "DAW180", "DDK1",
		"DAZBRO", "DCK" + digits(20), "DDD0", "DDH0110" + digits(4), "DDL1",
	}
	body := "DL" + strings.Join(elements, "\n") + "\r"
	return fmt.Sprintf("@\n\x1e\rANSI 636000080001DL%04d%04d%s", 31, len(body), body)
}

func draw(t testing.TB, text string, level byte, s synth.Shot) *image.Gray {
	t.Helper()
	return synth.Photo(symbol(t, text, level), s)
}

func TestReadClean(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for _, degrees := range []float64{90, 270} {
		text := licence(r)
		s, err := pdf417.Read(context.Background(), draw(t, text, 5, synth.Shot{Degrees: degrees}))
		if err != nil || string(s.Bytes) != text {
			t.Errorf("%v degrees: got %q, %v", degrees, s.Bytes, err)
		}
	}
}

// taken is how the pictures of a set are taken.
type taken struct {
	name                                          string
	module, blur, noise, perspective, shade, curl float64
}

var sets = []taken{
	{"sharp", 3, 0, 2, 0, 0, 0},
	{"mild, module 4", 4, 0.8, 6, 0.01, 0.25, 0},
	{"mild, module 3", 3, 1, 8, 0.01, 0.25, 0},
	{"poor, module 3", 3, 1.2, 10, 0.02, 0.25, 0},
	{"small, module 2", 2, 0.8, 6, 0.01, 0.25, 0},
	{"bowed", 3.5, 0.8, 6, 0.01, 0.25, 0.015},
}

// share reads n pictures of a set at -12 to 12 degrees and returns how many were read right, and what became of the others.
func share(t testing.TB, set taken, n int) (right int, others map[string]int) {
	r := rand.New(rand.NewPCG(2, 2))
	others = map[string]int{}
	for i := range n {
		text := licence(r)
		m := draw(t, text, 5, synth.Shot{
			Module: set.module, Blur: set.blur, Noise: set.noise, Perspective: set.perspective, Shade: set.shade, Curl: set.curl, Degrees: 24*r.Float64() - 12, Seed: uint64(i),
		})
		s, err := pdf417.Read(context.Background(), m)
		switch {
		case err != nil:
			others[err.Error()]++
		case string(s.Bytes) != text:
			others["read wrong"]++
		default:
			right++
		}
	}
	return right, others
}

// cropped is a part of a code.
type cropped struct {
	image.Image
	bounds image.Rectangle
}

func (c cropped) Bounds() image.Rectangle { return c.bounds }

// symbol encodes a text.
func symbol(t testing.TB, text string, level byte) image.Image {
	t.Helper()
	code, err := encoder.Encode(text, level)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// A compact symbol ends after the data with one bar, which the right row indicators begin with.
func TestReadCompact(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	for _, degrees := range []float64{-9, 187} {
		text := licence(r)
		whole := symbol(t, text, 5)
		b := whole.Bounds()
		b.Max.X -= 17 + 17
		s, err := pdf417.Read(context.Background(), synth.Photo(cropped{whole, b}, synth.Shot{Module: 3.5, Degrees: degrees, Blur: 0.8, Noise: 5}))
		if err != nil || string(s.Bytes) != text {
			t.Errorf("%v degrees: got %q, %v", degrees, s.Bytes, err)
		}
	}
}

// blot covers a share of the picture's width and height with white, from a place on.
func blot(m *image.Gray, x, y, w, h float64) {
	b := m.Rect
	for py := int(y * float64(b.Dy())); py < min(int((y+h)*float64(b.Dy())), b.Dy()); py++ {
		for px := int(x * float64(b.Dx())); px < min(int((x+w)*float64(b.Dx())), b.Dx()); px++ {
			m.SetGray(px, py, color.Gray{Y: 220})
		}
	}
}

func TestReadDamaged(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 6))
	text := licence(r)
	shot := synth.Shot{Module: 3.5, Degrees: 4, Blur: 0.8, Noise: 6}
	for name, test := range map[string]struct {
		x, y, w, h float64
		want       error
	}{
		"a scratch":             {0.5, 0, 0.02, 1, nil},
		"glare in the middle":   {0.45, 0.3, 0.15, 0.4, nil},
		"the start half hidden": {0, 0, 0.1, 0.5, nil},
		"no stop":               {0.9, 0, 0.1, 1, nil},
		"the middle gone":       {0.3, 0, 0.4, 1, pdf417.ErrDamaged},
		"all gone":              {0, 0, 1, 1, pdf417.ErrNotFound},
	} {
		m := draw(t, text, 5, shot)
		blot(m, test.x, test.y, test.w, test.h)
		s, err := pdf417.Read(context.Background(), m)
		if !errors.Is(err, test.want) || (err == nil && string(s.Bytes) != text) {
			t.Errorf("%s: got %q, %v", name, s.Bytes, err)
		}
		if name == "glare in the middle" && s.Corrected < 5 {
			t.Errorf("%s: only %d codewords put right", name, s.Corrected)
		}
	}
}

// Whatever the compaction: what is encoded, drawn and photographed is read again.
func TestReadAnything(t *testing.T) {
	t.Parallel()
	alphabets := []string{
		"0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ ", "abcdefghijklmnopqrstuvwxyz ", "&\r\t,:#-.$/+%*=^", ";<>@[\\]_`~!\r\t,:\n-.$/\"|*()?{}'",
		"ÀÉÖßæÿ\u0080\u009f", "\x00\x01\x1b\x7f",
	}
	for seed := range pictures {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		var text strings.Builder
		for range 1 + r.IntN(3) {
			letters := []rune(alphabets[r.IntN(len(alphabets))])
			for range 1 + r.IntN(25) {
				text.WriteRune(letters[r.IntN(len(letters))])
			}
		}
		shot := synth.Shot{Module: 3, Degrees: 24*r.Float64() - 12, Blur: 0.7, Noise: 4, Perspective: 0.005, Seed: uint64(seed)}
		s, err := pdf417.Read(context.Background(), draw(t, text.String(), byte(2+r.IntN(2)), shot))
		if err != nil || string(s.Bytes) != text.String() {
			t.Errorf("%d: %q: got %q, %v", seed, text.String(), s.Bytes, err)
		}
	}
}

// A few of the pictures that BenchmarkRead reads.
func TestReadPhotographs(t *testing.T) {
	t.Parallel()
	for _, set := range sets {
		t.Run(set.name, func(t *testing.T) {
			t.Parallel()
			if right, others := share(t, set, photographs); right != photographs {
				t.Errorf("read %d of %d; %v", right, photographs, others)
			}
		})
	}
}

// BenchmarkRead says how many of 200 pictures of each set are read right, in per cent.
func BenchmarkRead(b *testing.B) {
	const n = 200
	for _, set := range sets {
		b.Run(set.name, func(b *testing.B) {
			for b.Loop() {
				right, others := share(b, set, n)
				b.ReportMetric(0, "ns/op") // mostly drawing
				b.ReportMetric(float64(right)*100/n, "%read")
				if len(others) > 0 {
					b.Log(others)
				}
			}
		})
	}
}

// BenchmarkReadDamaged reads a symbol whose middle is gone: everything is tried.
func BenchmarkReadDamaged(b *testing.B) {
	m := draw(b, licence(rand.New(rand.NewPCG(6, 6))), 5, synth.Shot{Module: 3.5, Degrees: 4, Blur: 0.8, Noise: 6})
	blot(m, 0.3, 0, 0.4, 1)
	for b.Loop() {
		if _, err := pdf417.Read(context.Background(), m); !errors.Is(err, pdf417.ErrDamaged) {
			b.Fatal(err)
		}
	}
}
