package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document/chip"
	"github.com/usher-kyc/usher/internal/emrtd"
	"github.com/usher-kyc/usher/internal/picture"
)

// pictures gives the fronts what they need of the picture library, in the words of the domain.
type pictures struct{ intake *picture.Intake }

// largestCopy bounds what is read of a stored picture when it is shown, in bytes: more than intake ever lets in.
const largestCopy = 16 << 20

// look takes a file in: its content type, and what could be better about it.
func (p pictures) look(ctx context.Context, kind usher.EvidenceKind, raw []byte) (string, []usher.ReasonCode, error) {
	if picture.Sniff(raw) == picture.KindPDF && (kind == usher.ProofOfAddress || kind == usher.ReportFile) {
		return "application/pdf", nil, nil
	}
	if chip.Is(kind) {
		return chip.ContentType(kind, raw), nil, chip.Accept(kind, raw)
	}
	if kind == usher.SelfieVideo {
		if seen := picture.Sniff(raw); seen == "webm" || seen == "mp4" {
			return "video/" + seen, nil, nil
		}
		return "", nil, &usher.Error{Code: usher.CodeInvalid, Field: "file", Detail: "not_a_video", Message: "the file is not a video: send WebM or MP4"}
	}
	img, info, err := p.intake.Decode(ctx, raw)
	if err != nil {
		return "", nil, p.refusal(err)
	}
	return "image/" + info.Kind, advice(kind, picture.Measure(img)), nil
}

// advice puts measures into reasons that an applicant can do something about. A selfie is soft by nature, so only its size is spoken of.
func advice(kind usher.EvidenceKind, q picture.Quality) []usher.ReasonCode {
	words := map[string]usher.ReasonCode{
		picture.AdviceTooSmall: usher.DocumentTooSmall, picture.AdviceBlurred: usher.DocumentBlurred,
		picture.AdviceGlare: usher.DocumentGlare, picture.AdviceDark: usher.DocumentTooDark,
	}
	if kind == usher.Selfie {
		words = map[string]usher.ReasonCode{picture.AdviceTooSmall: usher.FaceTooSmall}
	}
	var codes []usher.ReasonCode
	for _, a := range q.Advice() {
		if code, ok := words[a]; ok {
			codes = append(codes, code)
		}
	}
	return codes
}

// preview gives a fresh copy of a stored picture for people to look at.
func (p pictures) preview(ctx context.Context, raw io.Reader, maxSide int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(raw, largestCopy))
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	if portrait, err := emrtd.PortraitOf(data); err == nil {
		data = portrait.Data
	}
	fresh, _, err := p.intake.Copy(ctx, data, picture.CopyConfig{MaxSide: maxSide})
	if err != nil {
		return nil, p.refusal(err)
	}
	return fresh, nil
}

// refusal turns the library's refusal into what a caller may be told.
func (p pictures) refusal(err error) error {
	var pe *picture.Error
	if !errors.As(err, &pe) {
		return err
	}
	code := usher.CodeInvalid
	if pe.Code == picture.CodeTooLarge || pe.Code == picture.CodeTooManyPixels {
		code = usher.CodeLimited
	}
	return &usher.Error{Code: code, Field: "file", Detail: string(pe.Code), Message: refusalText(pe), Err: err}
}

// refusalText says why a file was refused, for people: the code stands beside it, where a contract has a member for that.
func refusalText(e *picture.Error) string {
	switch e.Code {
	case picture.CodeEmpty:
		return "the file is empty: send a picture"
	case picture.CodeNotAPicture:
		return "the file is not a picture: " + e.Detail
	case picture.CodeUnsupportedType:
		return "the file is of a type that is not taken (" + e.Kind + "): " + e.Detail
	case picture.CodeAnimated:
		return "the file holds more than one picture: send a single one"
	case picture.CodeTooLarge:
		return "the file is too large: " + e.Detail
	case picture.CodeTooManyPixels:
		return "the picture has too many pixels: " + e.Detail
	case picture.CodeTooComplex, picture.CodeDamaged:
		return "the picture is damaged: take it again, or save it again as JPEG or PNG"
	}
	return "the file was refused: send JPEG or PNG"
}

// standInPicture is what a simulation puts in place of evidence: a picture that is plainly none.
func standInPicture(usher.EvidenceKind) []byte {
	img := image.NewGray(image.Rect(0, 0, 320, 200))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{0xdd}), image.Point{}, draw.Src)
	for i := range 320 {
		img.SetGray(i, i*200/320, color.Gray{0x55})
		img.SetGray(i, 199-i*200/320, color.Gray{0x55})
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // a buffer takes every write
	return b.Bytes()
}
