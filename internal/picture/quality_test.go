package picture_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"slices"
	"testing"

	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
)

func TestAdvice(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	card, err := specimen.IDCardBack(specimen.Person{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		img  image.Image
		want []string
	}{
		{"flat scan", card, nil},
		{"careful photograph", specimen.Photo(card, 3), nil},
		{"noisy photograph", specimen.Shoot(card, specimen.Shot{Noise: 12, Blur: 0.8}), nil},
		{"blurred", specimen.Shoot(card, specimen.Shot{Blur: 6}), []string{picture.AdviceBlurred}},
		{"blurred and noisy", specimen.Shoot(card, specimen.Shot{Blur: 6, Noise: 12}), []string{picture.AdviceBlurred}},
		{"lamp on the card", specimen.Shoot(card, specimen.Shot{Glare: 0.12}), []string{picture.AdviceGlare}},
		{"too dark", specimen.Shoot(card, specimen.Shot{Exposure: 0.25, Noise: 2}), []string{picture.AdviceDark}},
		{"thumbnail", picture.Shrink(card, 300), []string{picture.AdviceTooSmall}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := picture.Measure(tt.img)
			got := q.Advice()
			// A dark picture has little contrast left and a thumbnail is all detail: only the named advice counts there.
			missing := slices.ContainsFunc(tt.want, func(a string) bool { return !slices.Contains(got, a) })
			if missing || (len(tt.want) == 0 && len(got) > 0) {
				t.Errorf("advice = %v, want %v; measures %+v", got, tt.want, q)
			}
			t.Logf("%+v %v", q, got)
		})
	}
}

func TestMeasureTiny(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{0, 0}, {1, 1}, {2, 900}, {3, 3}, {5000, 1}} {
		got := picture.Measure(image.NewGray(image.Rectangle{Max: size}))
		if got.Width != size.X || got.Height != size.Y {
			t.Errorf("%v: measured %+v", size, got)
		}
	}
}

func TestGray(t *testing.T) {
	t.Parallel()
	// The same scene must be about as bright whatever the format it came in.
	scene := marked(200, 100)
	photo, err := jpeg.Decode(bytes.NewReader(jpegBytes(t, scene)))
	if err != nil {
		t.Fatal(err)
	}
	shifted := image.NewRGBA(image.Rect(10, 10, 210, 110))
	copy(shifted.Pix, scene.Pix)
	var means []int
	for _, img := range []image.Image{scene, photo, shifted} {
		gray := picture.Gray(img, 50)
		if gray.Rect != image.Rect(0, 0, 50, 25) {
			t.Fatalf("size %v, want 50×25", gray.Rect)
		}
		sum := 0
		for y := range 25 {
			for _, v := range gray.Pix[y*gray.Stride : y*gray.Stride+50] {
				sum += int(v)
			}
		}
		means = append(means, (sum+625)/1250)
	}
	if slices.Max(means)-slices.Min(means) > 1 {
		t.Errorf("brightness differs by format: %v", means)
	}
	if small := picture.Gray(scene, 0); small.Rect != scene.Rect {
		t.Errorf("maxSide 0 changed the size to %v", small.Rect)
	}
}

func BenchmarkMeasure2MP(b *testing.B) {
	img := specimen.Photo(marked(900, 600), 1)
	for b.Loop() {
		picture.Measure(img)
	}
}
