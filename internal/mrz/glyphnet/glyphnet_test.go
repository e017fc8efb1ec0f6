package glyphnet_test

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
	"github.com/usher-kyc/usher/internal/mrz/ocrb"
)

const pitch = 20

// printed is a line of text with the frame of each of its characters.
func printed(t *testing.T, text string) (*glyphnet.Plane, func(i int) glyphnet.Frame) {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, (len(text)+2)*pitch, 60))
	draw.Draw(m, m.Rect, image.NewUniform(color.Gray{Y: 220}), image.Point{}, draw.Src)
	const em = pitch / ocrb.PitchPerPixels
	if err := ocrb.DrawLine(m, text, pitch, 40, em, pitch, color.Gray{Y: 40}); err != nil {
		t.Fatal(err)
	}
	return &glyphnet.Plane{Pix: m.Pix, Stride: m.Stride, W: m.Rect.Dx(), H: 60}, func(i int) glyphnet.Frame {
		return glyphnet.Frame{X: pitch * (float64(i) + 1.5), Y: 40 - ocrb.CapHeight*em/2, RX: pitch, DY: ocrb.CapHeight * em}
	}
}

func TestClassifyPrint(t *testing.T) {
	t.Parallel()
	net, err := glyphnet.Default()
	if err != nil {
		t.Fatal(err)
	}
	plane, frame := printed(t, glyphnet.Alphabet)
	for i := range len(glyphnet.Alphabet) {
		var c glyphnet.Cell
		c.Sample(plane, frame(i))
		s := net.Classify(&c)
		if s[i] < 0.9 {
			t.Errorf("%q has probability %.2f", glyphnet.Alphabet[i], s[i])
		}
		var sum float64
		for _, p := range s {
			sum += float64(p)
		}
		if math.Abs(sum-1) > 1e-3 {
			t.Errorf("%q: probabilities sum to %v", glyphnet.Alphabet[i], sum)
		}
	}
}

// Between characters, upside down and above them there is nothing to read.
func TestClassifyJunk(t *testing.T) {
	t.Parallel()
	net, err := glyphnet.Default()
	if err != nil {
		t.Fatal(err)
	}
	plane, frame := printed(t, "R4C<<7PEG")
	turned := frame(0)
	turned.RX, turned.DY = -turned.RX, -turned.DY
	for name, f := range map[string]glyphnet.Frame{
		"between":     frame(1).Shift(0.5, 0),
		"upside down": turned,
		"above":       frame(5).Shift(0, -1),
	} {
		var c glyphnet.Cell
		c.Sample(plane, f)
		if s := net.Classify(&c); s[glyphnet.Junk] < 0.7 {
			t.Errorf("%s: junk has probability %.2f", name, s[glyphnet.Junk])
		}
	}
}

// A frame may lie outside the picture or be none at all.
func TestSampleOutside(t *testing.T) {
	t.Parallel()
	plane, frame := printed(t, "A")
	far := frame(0)
	far.X, far.Y = -1e12, 1e300
	broken := frame(0)
	broken.X, broken.RX = math.NaN(), math.Inf(1)
	for name, f := range map[string]glyphnet.Frame{"far": far, "broken": broken, "zero": {}} {
		var c glyphnet.Cell
		c.Sample(plane, f)
		for _, v := range c {
			if math.IsNaN(float64(v)) {
				t.Errorf("%s: a sample is not a number", name)
				break
			}
		}
	}
	var c glyphnet.Cell
	c.Sample(&glyphnet.Plane{}, frame(0))
	if c != (glyphnet.Cell{}) {
		t.Error("an empty plane gave samples")
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	net, err := glyphnet.Default()
	if err != nil {
		t.Fatal(err)
	}
	good := net.Encode()
	if _, err := glyphnet.Decode(good); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"nothing":  nil,
		"text":     []byte("weights"),
		"cut":      good[:len(good)-1],
		"too long": append(good[:len(good):len(good)], 0),
		"one byte": good[:1],
		"no layer": []byte("OCRB2\x00"),
	} {
		if _, err := glyphnet.Decode(file); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("OCRB2\x01\x00\x00\x26\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		net, err := glyphnet.Decode(file)
		if err != nil {
			return
		}
		// Whatever is taken for a net must classify without a panic.
		net.Classify(&glyphnet.Cell{})
	})
}

func BenchmarkClassify(b *testing.B) {
	net, err := glyphnet.Default()
	if err != nil {
		b.Fatal(err)
	}
	var c glyphnet.Cell
	for b.Loop() {
		net.Classify(&c)
	}
}
