package picture_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
)

func likeness(t *testing.T, img image.Image) picture.Likeness {
	t.Helper()
	l, ok := picture.LikenessOf(img)
	if !ok {
		t.Fatal("too little in the picture")
	}
	return l
}

// saved gives the picture as it comes back from a JPEG file.
func saved(t *testing.T, img image.Image, quality int) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	out, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// toned changes contrast and brightness.
func toned(img image.Image, contrast float64, brighter int) image.Image {
	gray := picture.Gray(img, 0)
	out := image.NewGray(gray.Rect)
	for i, v := range gray.Pix {
		out.Pix[i] = uint8(max(0, min(255, int(float64(v)*contrast)+brighter)))
	}
	return out
}

func TestLikeness(t *testing.T) {
	t.Parallel()
	page := func(p specimen.Person) image.Image {
		img, err := specimen.IDCardFront(p)
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	card := page(specimen.Person{})
	photo := specimen.Shoot(card, specimen.Shot{Width: 900, Height: 600, Noise: 3, Perspective: 0.02})
	first, flat := likeness(t, photo), likeness(t, card)
	tests := []struct {
		name  string
		of    picture.Likeness
		other image.Image
		same  bool
	}{
		{"itself", first, photo, true},
		{"saved again", first, saved(t, photo, 50), true},
		{"half as large", first, saved(t, picture.Shrink(photo, 450), 80), true},
		{"brighter", first, toned(photo, 1, 15), true},
		{"duller", first, toned(photo, 0.8, 10), true},
		{"photographed again", first, specimen.Shoot(card, specimen.Shot{Width: 900, Height: 600, Noise: 3, Rotation: 3, Perspective: 0.03}), false},
		{"another card in the same place", flat, page(specimen.Person{LastName: "Berg", FirstNames: "Bo", Sex: "M", Number: "X1234567"}), false},
		{"on its head", first, picture.Upright(photo, 3), false},
	}
	for _, tt := range tests {
		other := likeness(t, tt.other)
		if got := tt.of.Same(other); got != tt.same {
			t.Errorf("%s: same %v, %d waves apart", tt.name, got, tt.of.Distance(other))
		}
		shared := 0
		for i, band := range tt.of.Bands() {
			if bytes.Equal(band, other.Bands()[i]) {
				shared++
			}
		}
		if tt.same && shared == 0 {
			t.Errorf("%s: no band in common, so that it cannot be found", tt.name)
		}
		read, ok := picture.ParseLikeness(other.Bytes())
		if !ok || read != other {
			t.Errorf("%s: not read back as it was written", tt.name)
		}
	}
}

func TestNoLikeness(t *testing.T) {
	t.Parallel()
	const level = 0xcc
	wall := image.NewGray(image.Rect(0, 0, 300, 300))
	for i := range wall.Pix {
		wall.Pix[i] = level
	}
	for name, img := range map[string]image.Image{"blank": wall, "tiny": image.NewGray(image.Rect(0, 0, 63, 300))} {
		if _, ok := picture.LikenessOf(img); ok {
			t.Errorf("%s has a likeness", name)
		}
	}
	if _, ok := picture.ParseLikeness([]byte("short")); ok {
		t.Error("something else was read as a likeness")
	}
}
