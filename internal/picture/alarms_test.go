package picture_test

import (
	"image"
	"image/draw"
	"testing"

	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
)

// drawnPictures gives documents and faces of invented people, flat and photographed.
func drawnPictures(b *testing.B, n int) (flat, photos, faces []image.Image) {
	b.Helper()
	lasts, firsts := []string{"Berg", "Garcia", "Kowalska", "Nguyen", "Okafor", "Smith", "Tanaka", "Virtanen"}, []string{"Ada", "Bo", "Cleo"}
	for i := range n {
		p := specimen.Person{
			LastName: lasts[i%len(lasts)], FirstNames: firsts[i%len(firsts)], Sex: []string{"F", "M"}[i%2], Face: uint64(i + 1),
			Number: "X" + string(rune('A'+i%26)) + "123456",
		}
		draw := []func(specimen.Person) (image.Image, error){specimen.Passport, specimen.IDCardFront, specimen.IDCardBack}[i%3]
		page, err := draw(p)
		if err != nil {
			b.Fatal(err)
		}
		flat = append(flat, page)
		photos = append(photos, specimen.Shoot(page, specimen.Shot{
			Width: 1400, Height: 1000, Rotation: float64(i%7) - 3, Perspective: 0.01 * float64(i%4), Noise: float64(2 + i%5), Shade: 0.1 * float64(i%4), Seed: uint64(i),
		}))
		faces = append(faces, specimen.Selfie(p))
	}
	return flat, photos, faces
}

// BenchmarkTraces measures what the heuristics of this package make of drawn pictures: of pictures that were saved in place, reduced or turned none may
// be called edited, and of other people's pictures none the same. Its figures are in docs/documents.md.
func BenchmarkTraces(b *testing.B) {
	flat, photos, faces := drawnPictures(b, 24)
	t := &testing.T{}
	cut := func(img image.Image, dx, dy int) image.Image {
		out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx()-dx, img.Bounds().Dy()-dy))
		draw.Draw(out, out.Rect, img, image.Pt(dx, dy), draw.Src)
		return out
	}
	type way struct {
		name string
		do   func(img image.Image, i int) image.Image
	}
	innocent := []way{
		{"never saved", func(img image.Image, _ int) image.Image { return img }},
		{"saved", func(img image.Image, i int) image.Image { return saved(t, img, 50+2*i) }},
		{"saved twice", func(img image.Image, i int) image.Image { return saved(t, saved(t, img, 50+i), 60+i) }},
		{"reduced", func(img image.Image, i int) image.Image {
			return saved(t, picture.Shrink(saved(t, img, 60+i), 500+20*i), 85)
		}},
	}
	moved := []way{
		{"cut, 50 to 90", func(img image.Image, i int) image.Image { return saved(t, cut(saved(t, img, 50), 1+i%3, 5+i%3), 90) }},
		{"cut, 75 to 90", func(img image.Image, i int) image.Image { return saved(t, cut(saved(t, img, 75), 1+i%3, 5+i%3), 90) }},
		{"cut, 75 to 95", func(img image.Image, i int) image.Image { return saved(t, cut(saved(t, img, 75), 1+i%3, 5+i%3), 95) }},
		{"cut into a PNG", func(img image.Image, i int) image.Image { return cut(saved(t, img, 85), 1+i%3, 5+i%3) }},
	}
	for b.Loop() {
		alarms, looked, strongest, same, pairs := 0, 0, 0.0, 0, 0
		for _, set := range [][]image.Image{flat, photos, faces} {
			var looks []picture.Likeness
			for i, img := range set {
				for _, w := range innocent {
					strength, ok := picture.SavedBefore(w.do(img, i), false)
					looked, strongest = looked+1, max(strongest, strength)
					if ok {
						alarms++
					}
				}
				l, _ := picture.LikenessOf(img)
				for _, other := range looks {
					pairs++
					if l.Same(other) {
						same++
					}
				}
				looks = append(looks, l)
			}
		}
		b.ReportMetric(float64(alarms), "edited-of-innocent")
		b.ReportMetric(float64(looked), "innocent")
		b.ReportMetric(strongest, "strongest-innocent")
		b.ReportMetric(float64(same), "same-of-others")
		b.ReportMetric(float64(pairs), "pairs-of-others")
		for _, w := range moved {
			found, all := 0, 0
			for i, img := range photos {
				all++
				if _, ok := picture.SavedBefore(w.do(img, i), false); ok {
					found++
				}
			}
			b.Logf("%s: %d of %d found", w.name, found, all)
		}
		again, all := 0, 0
		for i, img := range photos {
			l, _ := picture.LikenessOf(img)
			for _, w := range innocent[1:] {
				all++
				if other, ok := picture.LikenessOf(w.do(img, i)); ok && l.Same(other) {
					again++
				}
			}
		}
		b.Logf("known again after saving or reducing: %d of %d", again, all)
	}
}
