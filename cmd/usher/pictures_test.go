package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
)

// TestRefusedPicturesAreToldToPeople: what a caller is told of a refused file is a sentence, and the code stands beside it.
func TestRefusedPicturesAreToldToPeople(t *testing.T) {
	t.Parallel()
	p := pictures{intake: picture.New(picture.Config{MaxBytes: 1000})}
	for name, tt := range map[string]struct {
		raw  string
		code usher.Code
		word picture.Code
		says string
	}{
		"nothing":     {"", usher.CodeInvalid, picture.CodeEmpty, "the file is empty: send a picture"},
		"text":        {"Dear Sir", usher.CodeInvalid, picture.CodeNotAPicture, "the file is not a picture: send JPEG, PNG or WebP"},
		"a document":  {"%PDF-1.7\n", usher.CodeInvalid, picture.CodeUnsupportedType, "the file is of a type that is not taken (pdf): send a photograph of the document, or save the page as JPEG or PNG"},
		"a cut off":   {"\xff\xd8\xff\xe0\x00", usher.CodeInvalid, picture.CodeDamaged, "the picture is damaged: take it again, or save it again as JPEG or PNG"},
		"too large":   {strings.Repeat("x", 1001), usher.CodeLimited, picture.CodeTooLarge, "the file is too large: 1001 bytes, at most 1000"},
		"many pixels": {string(hugePNG()), usher.CodeLimited, picture.CodeTooManyPixels, "the picture has too many pixels: "},
	} {
		_, _, err := p.look(context.Background(), usher.DocumentFront, []byte(tt.raw))
		e, ok := errors.AsType[*usher.Error](err)
		if !ok || e.Code != tt.code || e.Detail != string(tt.word) || !strings.HasPrefix(e.Message, tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, code := range []picture.Code{picture.CodeAnimated, picture.CodeTooComplex, "of tomorrow"} {
		if says := refusalText(&picture.Error{Code: code, Detail: "detail"}); says == "" || strings.Contains(says, string(code)) || strings.Contains(says, "_") {
			t.Errorf("%s is told as %q", code, says)
		}
	}
}
