package face_test

import (
	"context"
	"errors"
	"image"
	"slices"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/specimen"
)

// width notes how wide the document's picture is that was compared.
type width struct{ document int }

func (w *width) Match(_ context.Context, document, _ image.Image) (float64, bool, error) {
	w.document = document.Bounds().Dx()
	return 0.9, true, nil
}

func (w *width) Name() string { return "width" }

// The portrait in a chip takes the place of the photograph of the document.
func TestReference(t *testing.T) {
	t.Parallel()
	portrait := pictureOf(t, usher.DocumentFront, specimen.Portrait(specimen.Person{}))
	portrait.ID = "ev_chip"
	in := usher.CheckInput{Evidence: []usher.EvidenceFile{
		evidence(usher.DocumentFront, []byte("a picture that cannot be read")), pictureOf(t, usher.Selfie, selfie()),
	}}
	ask := func(ok bool, failed error) (usher.CheckResult, *width, error) {
		w := &width{}
		c := must[*face.Checker](t)(face.New(face.Config{Matcher: w, Reference: func(context.Context, usher.CheckInput) (usher.EvidenceFile, bool, error) {
			return portrait, ok, failed
		}}))
		r, err := c.Check(context.Background(), in)
		return r, w, err
	}
	r, w, err := ask(true, nil)
	if err != nil || w.document == 0 || !slices.Contains(r.EvidenceIDs, "ev_chip") || slices.Contains(r.EvidenceIDs, "ev_document_front") {
		t.Errorf("%v, compared a picture of %d pixels: %+v", err, w.document, r)
	}
	if len(in.Evidence) != 2 || in.Evidence[0].ID != "ev_document_front" {
		t.Error("what was given was written to")
	}
	if r, w, err := ask(false, nil); err != nil || w.document != 0 || slices.Contains(r.EvidenceIDs, "ev_chip") {
		t.Errorf("%v: without a reference the document's picture counts: %+v", err, r)
	}
	if _, _, err := ask(false, errors.New("the disk is gone")); err == nil {
		t.Error("a file that cannot be fetched is an error")
	}
}
