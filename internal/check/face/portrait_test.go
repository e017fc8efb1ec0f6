package face_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
)

func TestPortrait(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	card := must[image.Image](t)(specimen.IDCardFront(specimen.Person{}))
	passport := specimen.Photo(must[image.Image](t)(specimen.Passport(specimen.Person{})), 4)
	checker, finder := newChecker(t, nil), must[*face.Finder](t)(face.NewFinder())
	for name, document := range map[string]image.Image{"card": card, "photo of a passport": passport, "on its side": picture.Upright(passport, 6)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cut := must[[]byte](t)(checker.Portrait(t.Context(), must[[]byte](t)(specimen.JPEG(document))))
			portrait := must[image.Image](t)(jpeg.Decode(bytes.NewReader(cut)))
			whole := max(document.Bounds().Dx(), document.Bounds().Dy())
			if side := portrait.Bounds().Dx(); side < 80 || side > whole/2 {
				t.Errorf("the portrait is %d px wide, of a picture of %d", side, whole)
			}
			faces := finder.Find(portrait)
			if len(faces) != 1 {
				t.Fatalf("%d faces in the portrait", len(faces))
			}
			middle := faces[0].Box.Min.Add(faces[0].Box.Max).Div(2)
			if inner := portrait.Bounds().Inset(portrait.Bounds().Dx() / 3); !middle.In(inner) {
				t.Errorf("the face is at %v in a portrait of %v", middle, portrait.Bounds())
			}
		})
	}
}

func TestPortraitOfNobody(t *testing.T) {
	t.Parallel()
	checker := newChecker(t, nil)
	table := must[[]byte](t)(specimen.JPEG(specimen.Shoot(nil, specimen.Shot{Width: 300, Height: 200})))
	_, err := checker.Portrait(t.Context(), table)
	if e, ok := errors.AsType[*usher.Error](err); !ok || e.Code != usher.CodeNotFound {
		t.Errorf("a table: %v", err)
	}
	if _, err := checker.Portrait(t.Context(), []byte("no picture")); picture.CodeOf(err) == "" {
		t.Errorf("no picture: %v", err)
	}
}
