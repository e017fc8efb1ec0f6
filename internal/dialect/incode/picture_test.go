package incode_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/dialect/incode"
	"github.com/usher-kyc/usher/internal/specimen"
)

// look is what the server's own checks say of one picture.
func look(t *testing.T) func(context.Context, usher.EvidenceKind, []byte) (usher.CheckResult, error) {
	t.Helper()
	faces, err := face.New(face.Config{})
	if err != nil {
		t.Fatal(err)
	}
	papers := document.New(document.Config{PictureTime: time.Hour})
	return func(ctx context.Context, kind usher.EvidenceKind, raw []byte) (usher.CheckResult, error) {
		file := usher.EvidenceFile{Evidence: usher.Evidence{Kind: kind}, Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(raw)), nil
		}}
		in := usher.CheckInput{Mode: usher.Sandbox, Evidence: []usher.EvidenceFile{file}, Now: time.Now()}
		if kind == usher.Selfie {
			return faces.Check(ctx, in)
		}
		return papers.Check(ctx, in)
	}
}

func base64Of(t *testing.T, img image.Image, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := specimen.JPEG(img)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// What is said of a picture is what the checks measure on it: a bad one is told with status 200 and a reason, one without a face is an error.
func TestPicturesAreLookedAt(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads pictures: run without -short")
	}
	w := open(t)
	w.backend.Look = look(t)
	w.serve(t)
	passport, err := specimen.Passport(specimen.Person{})
	good := base64Of(t, specimen.Photo(passport, 1), err)
	blurred := base64Of(t, specimen.Shoot(passport, specimen.Shot{Blur: 9}), err)
	cardBack, err := specimen.IDCardBack(specimen.Person{})
	back := base64Of(t, cardBack, err)
	selfie := base64Of(t, specimen.Selfie(specimen.Person{}), nil)
	c, _ := w.by(t, w.House.Tenant).start(nil)
	for _, p := range []struct {
		name, path, image, fault, kind string
		sharp                          bool
	}{
		{"a passport", "front-id/v2", good, "", "Passport", true},
		{"blurred", "front-id/v2", blurred, "UNABLE_TO_ALIGN_DOCUMENT", "Unknown", false},
		{"the back of a card as its front", "front-id/v2", back, "WRONG_DOCUMENT_SIDE", "IdentificationCard", true},
		{"the back of a card", "back-id/v2", back, "", "IdentificationCard", true},
		{"a passport as the back", "back-id/v2", good, "WRONG_DOCUMENT_SIDE", "Passport", true},
	} {
		c.w.Advance(time.Second)
		got := typed[typedSide](c, "POST", "/omni/add/"+p.path, object{"base64Image": p.image})
		fault := ""
		if got.FailReason != nil {
			fault = *got.FailReason
		}
		if fault != p.fault || *got.TypeOfID != p.kind || *got.CorrectSharpness != p.sharp || *got.Readability != (p.fault == "") {
			t.Errorf("%s: fails by %q (%q), is %s, sharp %t, readable %t", p.name, fault, p.fault, *got.TypeOfID, *got.CorrectSharpness, *got.Readability)
		}
		if (*got.Sharpness == 100) != p.sharp && p.sharp == false || got.HorizontalResolution == nil || *got.HorizontalResolution < 500 {
			t.Errorf("%s: sharpness %d, width %v", p.name, *got.Sharpness, got.HorizontalResolution)
		}
		if known := p.kind != "Unknown"; known != (got.CountryCode != nil && *got.CountryCode == "UTO") {
			t.Errorf("%s: country %v", p.name, got.CountryCode)
		}
	}
	if c.w.Advance(5 * time.Second); typed[typedSelfie](c, "POST", "/omni/add/face/third-party", object{"base64Image": selfie}).Confidence != nil {
		t.Error("nobody tested whether the face is alive")
	}
	faceless := c.send("POST", "/omni/add/face/third-party?imageType=selfie", object{"base64Image": picture})
	if got := strictly[typedError](c, faceless.Body.Bytes()); faceless.Code != http.StatusBadRequest || got.Status != 4019 || got.Error != "Face not found." {
		t.Errorf("without a face: %d %+v", faceless.Code, got)
	}
	// What was refused is not there, and a steered session takes any picture.
	s, _ := w.by(t, w.House.Tenant).start(object{"customFields": object{"simulate": "OK"}})
	s.call("POST", "/omni/add/face/third-party", object{"base64Image": picture}, http.StatusOK)
	if got := typed[typedSide](s, "POST", "/omni/add/front-id/v2", object{"base64Image": blurred}); got.FailReason != nil || !*got.CorrectSharpness {
		t.Errorf("a steered session holds a picture against the applicant: %+v", got)
	}
}

// The face on the document comes by the name that the vendor's browser kit has for it, cut out of the front.
func TestCroppedFace(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads pictures: run without -short")
	}
	w := open(t)
	faces, err := face.New(face.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w.backend.Portrait = faces.Portrait
	w.serve(t)
	card, err := specimen.IDCardFront(specimen.Person{})
	table := base64Of(t, specimen.Shoot(nil, specimen.Shot{Width: 300, Height: 200}), nil)
	for _, p := range []struct {
		name, front string
		face        bool
	}{{"a card", base64Of(t, card, err), true}, {"a table", table, false}} {
		c, _ := w.by(t, w.House.Tenant).start(nil)
		c.call("POST", "/omni/add/front-id/v2", object{"base64Image": p.front}, http.StatusOK)
		got := c.call("POST", "/omni/get/images", object{"images": []string{"fullFrameFrontID", "croppedIDFace"}}, http.StatusOK)
		whole, _ := got["fullFrameFrontID"].(string)
		cut, ok := got["croppedIDFace"].(string)
		if ok != p.face || whole != p.front {
			t.Fatalf("%s: the face is there: %t; the whole is %d characters", p.name, ok, len(whole))
		}
		if raw, err := base64.StdEncoding.DecodeString(cut); ok && (err != nil || !bytes.HasPrefix(raw, []byte("\xff\xd8\xff")) || len(cut) > len(whole)/2) {
			t.Errorf("%s: %d characters are no cut of %d: %v", p.name, len(cut), len(whole), err)
		}
	}
}

// An upload that another part of the server refuses is refused here before anything is stored.
func TestIntake(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.backend.Intake = func(context.Context, usher.EvidenceKind, []byte) (string, []usher.ReasonCode, error) {
		return "", nil, &usher.Error{Code: usher.CodeInvalid, Detail: "too_many_pixels", Field: "file", Message: "has too many pixels"}
	}
	w.serve(t)
	c, id := w.by(t, w.House.Tenant).start(nil)
	told := c.call("POST", "/omni/add/front-id/v2", object{"base64Image": picture}, http.StatusBadRequest)
	if told["message"] != "base64Image: has too many pixels" {
		t.Errorf("the client is told %q", told["message"])
	}
	s, err := w.SessionByKey(t.Context(), w.House.Tenant.ID, incode.Name, id)
	if err != nil || len(s.Evidence) != 0 {
		t.Errorf("%d files were stored, %v", len(s.Evidence), err)
	}
}
