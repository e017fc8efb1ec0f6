package barcode

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"unicode/utf8"

	"github.com/usher-kyc/usher/internal/barcode/pdf417"
)

// Kind is a kind of printed code.
type Kind string

// The kinds that Read knows.
const (
	PDF417     Kind = "pdf417"
	QR         Kind = "qr"
	DataMatrix Kind = "data_matrix"
	Aztec      Kind = "aztec"
)

// Options of Read. The zero value is ready to use.
type Options struct {
	// Kinds is what to look for; everything when empty.
	Kinds []Kind
	// MaxPixels refuses larger pictures; 64 million when zero.
	MaxPixels int
}

// Found is a code in a picture.
type Found struct {
	Kind Kind
	// Err says why a code that is there could not be read; then nothing below is known but perhaps Corners.
	Err error
	// Bytes is the content: of PDF417 as the encoder was given it, of the others as UTF-8.
	Bytes []byte
	// Text is the content as UTF-8.
	Text string
	// Corners are the code's corners in pixels of the picture, as read: top left, top right, bottom right, bottom left,
	// each x then y. They are exact for PDF417 and within a few modules for the others.
	Corners [4][2]float64
	// Corrected is how many codewords were damaged and put right; −1 when that is not known.
	Corrected int
}

// ErrTooLarge says that a picture has more pixels than Options allow.
var ErrTooLarge = errors.New("barcode: picture has too many pixels")

// Read finds and reads the codes of a picture, at most one of each kind, whichever way up. It returns none, and no
// error, where there is none, and fails with ErrTooLarge or with the error of ctx, which it asks between stages. It
// keeps nothing and may be called by many goroutines. While it runs it needs at most about two bytes for each pixel
// of a picture up to 4 megapixels, less for each of a larger one, and one more where the picture does not hold its
// brightness as JPEG does.
func Read(ctx context.Context, m image.Image, o Options) ([]Found, error) {
	if m == nil || m.Bounds().Empty() {
		return nil, nil
	}
	limit := o.MaxPixels
	if limit <= 0 {
		limit = 64 << 20
	}
	b := m.Bounds()
	if w, h := b.Dx(), b.Dy(); w <= 0 || h <= 0 || w > limit/h {
		return nil, ErrTooLarge
	}
	grey := greyOf(m)
	var all []Found
	for _, f := range factors(grey.Rect.Dx(), grey.Rect.Dy()) {
		found, err := readAt(ctx, shrink(grey, f), o.Kinds)
		if err != nil {
			return nil, fmt.Errorf("read barcodes: %w", err)
		}
		for _, code := range found {
			for i := range code.Corners {
				code.Corners[i][0] = code.Corners[i][0]*float64(f) + float64(b.Min.X)
				code.Corners[i][1] = code.Corners[i][1]*float64(f) + float64(b.Min.Y)
			}
			all = merged(all, code)
		}
		if slices.ContainsFunc(all, func(f Found) bool { return f.Err == nil }) {
			break
		}
	}
	return all, nil
}

// factors says by how much to shrink a picture, the likeliest first. A code fills a good part of a photograph that was
// taken to show it; full size is tried where nothing was read.
func factors(w, h int) []int {
	const side = 1800
	if f := (max(w, h) + side/2) / side; f > 1 {
		return []int{f, max(1, f/2)}
	}
	return []int{1}
}

// merged adds a code, or replaces an unread one of its kind.
func merged(all []Found, code Found) []Found {
	for i := range all {
		if all[i].Kind == code.Kind {
			if all[i].Err != nil {
				all[i] = code
			}
			return all
		}
	}
	return append(all, code)
}

// readAt looks for all kinds at one size.
func readAt(ctx context.Context, m *image.Gray, kinds []Kind) ([]Found, error) {
	wanted := func(k Kind) bool { return len(kinds) == 0 || slices.Contains(kinds, k) }
	var all []Found
	var taken image.Rectangle // by a code that was read: there is no other in it
	if wanted(PDF417) {
		s, err := pdf417.Read(ctx, m)
		switch {
		case err == nil:
			all = append(all, Found{
				Kind: PDF417, Bytes: s.Bytes, Text: textOf(s.Bytes), Corners: s.Corners, Corrected: s.Corrected,
			})
			taken = boxOf(s.Corners)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.Is(err, pdf417.ErrNotFound):
			all = append(all, Found{Kind: PDF417, Err: err, Corrected: -1})
		}
	}
	if wanted(QR) || wanted(DataMatrix) || wanted(Aztec) {
		found, err := readMatrix(ctx, m, taken, wanted)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// boxOf returns the upright rectangle around corners.
func boxOf(corners [4][2]float64) (box image.Rectangle) {
	for _, c := range corners {
		x, y := int(c[0]), int(c[1])
		box = box.Union(image.Rect(x, y, x+1, y+1))
	}
	return box
}

// textOf reads bytes as UTF-8 where they are, and as ISO 8859-1, the standard's default, where they are not.
func textOf(content []byte) string {
	if utf8.Valid(content) {
		return string(content)
	}
	runes := make([]rune, len(content))
	for i, c := range content {
		runes[i] = rune(c)
	}
	return string(runes)
}
