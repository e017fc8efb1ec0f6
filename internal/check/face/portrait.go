package face

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"

	"github.com/usher-kyc/usher"
)

const (
	// The finder's square ends at brows and chin: with this much of its side added all around, the hair and the neck are in the picture.
	portraitMargin  = 0.4
	portraitQuality = 90 // of a JPEG, 1..100
)

// Portrait cuts the face out of the picture of a document, upright and with a margin, as a JPEG without anything else of the file. The largest face
// counts: documents carry a small ghost of it. The error is an [*usher.Error] with CodeNotFound when there is no face, or the intake's for bytes that
// are no picture.
func (c *Checker) Portrait(ctx context.Context, document []byte) ([]byte, error) {
	img, _, err := c.config.Intake.Decode(ctx, document)
	if err != nil {
		return nil, fmt.Errorf("cut out portrait: %w", err)
	}
	img, faces := c.findTurned(img, true)
	if len(faces) == 0 {
		return nil, usher.NotFound("a face on the document")
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, portraitOf(img, faces[0]), &jpeg.Options{Quality: portraitQuality}); err != nil {
		return nil, fmt.Errorf("cut out portrait: %w", err)
	}
	return out.Bytes(), nil
}

// portraitOf cuts a face out of a picture, with the margin.
func portraitOf(img image.Image, found Face) image.Image {
	box := found.Box
	box = box.Inset(-int(portraitMargin * float64(box.Dx()))).Intersect(img.Bounds())
	cut := image.NewRGBA(image.Rectangle{Max: box.Size()})
	draw.Draw(cut, cut.Bounds(), img, box.Min, draw.Src)
	return cut
}
