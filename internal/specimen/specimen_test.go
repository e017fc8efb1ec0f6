package specimen_test

import (
	"bytes"
	"image"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/specimen"
)

// draw is a kind of picture that the package makes.
type draw struct {
	name string
	of   func(specimen.Person) (image.Image, error)
	size image.Point
}

func draws() []draw {
	return []draw{
		{"passport", specimen.Passport, image.Pt(1500, 1056)},
		{"card front", specimen.IDCardFront, image.Pt(1027, 647)},
		{"card back", specimen.IDCardBack, image.Pt(1027, 647)},
		{"selfie", func(p specimen.Person) (image.Image, error) { return specimen.Selfie(p), nil }, image.Pt(960, 1280)},
	}
}

func jpegOf(t *testing.T, d draw, p specimen.Person) []byte {
	t.Helper()
	img, err := d.of(p)
	if err != nil {
		t.Fatalf("draw: %v", err)
	}
	if got := img.Bounds().Size(); got != d.size {
		t.Errorf("size = %v, want %v", got, d.size)
	}
	data, err := specimen.JPEG(img)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return data
}

func TestSamePersonSamePicture(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	for _, d := range draws() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			anna := jpegOf(t, d, specimen.Person{})
			if !bytes.Equal(anna, jpegOf(t, d, specimen.Person{LastName: "Eriksson"})) {
				t.Error("the same person was drawn differently the second time")
			}
			other := specimen.Person{LastName: "Berg", FirstNames: "Johan", Sex: "M", PersonalNumber: "X1", BirthPlace: "Nadir"}
			if bytes.Equal(anna, jpegOf(t, d, other)) {
				t.Error("two people have the same picture")
			}
		})
	}
}

func TestUndrawablePerson(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]specimen.Person{
		"name without a Latin form": {LastName: "Иванов"},
		"number that is too long":   {Number: "AB1234567890123456789012345"},
		"country of four letters":   {Issuer: "UTOP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := specimen.Passport(p); err == nil {
				t.Error("Passport drew a zone that no reader could read")
			}
			if _, err := specimen.IDCardBack(p); err == nil && p.Number == "" {
				t.Error("IDCardBack drew a zone that no reader could read")
			}
		})
	}
}

func TestShoot(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	card, err := specimen.IDCardBack(specimen.Person{Expiry: time.Date(2031, 2, 3, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		img  image.Image
		shot specimen.Shot
		want image.Point
	}{
		{"zero shot", card, specimen.Shot{}, image.Pt(1800, 1200)},
		{"bare table", nil, specimen.Shot{Width: 300, Height: 200, Noise: 4}, image.Pt(300, 200)},
		{"everything at once", card, specimen.Shot{Width: 400, Height: 300, Rotation: 170, Perspective: 0.05, Blur: 2, Noise: 9, Shade: 0.9, Exposure: 0.3, Glare: 0.1, Seed: 7}, image.Pt(400, 300)},
		{"one pixel", image.NewGray(image.Rect(3, 4, 4, 5)), specimen.Shot{Width: 40, Height: 30}, image.Pt(40, 30)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := specimen.Shoot(tt.img, tt.shot).Bounds().Size(); got != tt.want {
				t.Errorf("size = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPhotoHasSeeds(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	small := image.NewGray(image.Rect(0, 0, 90, 60))
	one, err := specimen.PNG(specimen.Photo(small, 1))
	if err != nil {
		t.Fatal(err)
	}
	again, err := specimen.PNG(specimen.Photo(small, 1))
	if err != nil {
		t.Fatal(err)
	}
	other, err := specimen.PNG(specimen.Photo(small, 2))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, again) {
		t.Error("the same seed gave two photographs")
	}
	if bytes.Equal(one, other) {
		t.Error("two seeds gave the same photograph")
	}
}

func BenchmarkPassport(b *testing.B) {
	for b.Loop() {
		if _, err := specimen.Passport(specimen.Person{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSelfie(b *testing.B) {
	for b.Loop() {
		specimen.Selfie(specimen.Person{})
	}
}

func BenchmarkPhoto(b *testing.B) {
	img, err := specimen.Passport(specimen.Person{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		specimen.Photo(img, 1)
	}
}
