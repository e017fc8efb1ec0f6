package barcode

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/usher-kyc/usher/internal/barcode/scan"
)

// errUnread says that a code's marks were seen but its content could not be read.
var errUnread = errors.New("barcode: a code that cannot be read")

// readMatrix looks for the square codes. The library is asked only where marks of them were seen: it takes tens of
// milliseconds for a picture, finds Data Matrix and Aztec in the middle of it alone, and takes text for codes.
func readMatrix(ctx context.Context, m *image.Gray, taken image.Rectangle, wanted func(Kind) bool) ([]Found, error) {
	if m.Rect.Dx() < 24 || m.Rect.Dy() < 24 {
		return nil, nil
	}
	seen := marksOf(m, taken)
	var all []Found
	for _, look := range []struct {
		kind   Kind
		places []image.Rectangle
	}{{QR, seen.qr}, {Aztec, seen.aztec}, {DataMatrix, seen.square}} {
		if !wanted(look.kind) {
			continue
		}
		found, ok, err := firstOf(ctx, look.kind, m, look.places)
		switch {
		case err != nil:
			return nil, err
		case ok:
			all = append(all, found)
		case look.kind == QR && seen.qrSure:
			// Three plain finders at the corners of a square are nothing else; the other marks may be.
			all = append(all, Found{Kind: QR, Err: errUnread, Corrected: -1})
		}
	}
	return all, nil
}

// firstOf asks the library at each place, turned upright, and returns the first code that it reads.
func firstOf(ctx context.Context, kind Kind, m *image.Gray, places []image.Rectangle) (Found, bool, error) {
	tries := []float64{0}
	if kind == Aztec {
		tries = []float64{0, -1, 1} // its detector takes a degree amiss
	}
	for _, place := range places {
		if err := ctx.Err(); err != nil {
			return Found{}, false, err
		}
		if place.Dx() < 16 || place.Dy() < 16 {
			continue
		}
		turn := slant(m, place)
		for _, off := range tries {
			if found, err := ask(kind, m, place, turn+off); err == nil {
				return found, true, nil
			}
		}
	}
	return Found{}, false, nil
}

// slant returns by how many degrees clockwise, −45 to 45, the edges at a place are turned from the picture's. The
// library reads Data Matrix and Aztec within a few degrees of upright alone.
func slant(m *image.Gray, place image.Rectangle) float64 {
	place = place.Intersect(m.Rect.Inset(1))
	var re, im float64
	for y := place.Min.Y; y < place.Max.Y; y++ {
		above, row, below := m.Pix[(y-1)*m.Stride:], m.Pix[y*m.Stride:], m.Pix[(y+1)*m.Stride:]
		for x := place.Min.X; x < place.Max.X; x++ {
			// A gradient to the fourth power has the same direction for all four sides of a square.
			g := complex(float64(row[x+1])-float64(row[x-1]), float64(below[x])-float64(above[x]))
			g *= g
			g *= g
			re, im = re+real(g), im+imag(g)
		}
	}
	return math.Atan2(im, re) / 4 * 180 / math.Pi
}

// ask hands a part of the picture to the library. Its readers are not proof against every input: what makes one panic
// is an unreadable code like any other.
func ask(kind Kind, m *image.Gray, place image.Rectangle, degrees float64) (found Found, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("read %s: the library gave up: %w", kind, errUnread)
		}
	}()
	part := cutOut(m, place, degrees)
	var reader gozxing.Reader
	switch kind {
	case QR:
		reader = qrcode.NewQRCodeReader()
	case Aztec:
		reader = aztec.NewAztecReader()
	default:
		reader = datamatrix.NewDataMatrixReader()
	}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(lightOf(part.Gray)))
	if err != nil {
		return Found{}, fmt.Errorf("read %s: %w", kind, err)
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	result, err := reader.Decode(bitmap, hints)
	if err != nil {
		return Found{}, fmt.Errorf("read %s: %w", kind, err)
	}
	found = Found{Kind: kind, Text: result.GetText(), Bytes: []byte(result.GetText()), Corrected: -1}
	for i, p := range cornersOf(kind, result.GetResultPoints()) {
		found.Corners[i][0], found.Corners[i][1] = part.toPicture(p[0], p[1])
	}
	return found, nil
}

// cut is a part of a picture, turned and enlarged.
type cut struct {
	*image.Gray
	x, y     float64 // its middle in the picture
	sin, cos float64 // of its turn, divided by how much it is enlarged
}

// cutOut copies a part of a picture, which may reach beyond it, turned by degrees. It is made twice as large where it is
// small, since the library's binariser wants 40 pixels and its detectors a few for each module, and smaller where it is
// large, so that no mark makes the library work for long.
func cutOut(m *image.Gray, place image.Rectangle, degrees float64) cut {
	const side = 700 // four pixels for each module of the largest symbols
	f := min(2, side/float64(max(place.Dx(), place.Dy())))
	if f > 1 {
		f = math.Floor(f)
	}
	c := cut{
		Gray: image.NewGray(image.Rect(0, 0, int(f*float64(place.Dx())), int(f*float64(place.Dy())))),
		x:    float64(place.Min.X+place.Max.X) / 2, y: float64(place.Min.Y+place.Max.Y) / 2,
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	c.sin, c.cos = sin/f, cos/f
	for y := range c.Rect.Dy() {
		out := c.Pix[y*c.Stride:][:c.Rect.Dx()]
		for x := range out {
			px, py := c.toPicture(float64(x)+0.5, float64(y)+0.5)
			out[x] = byte(scan.Brightness(m, px, py) + 0.5)
		}
	}
	return c
}

// toPicture turns a place in the cut into one of the picture.
func (c *cut) toPicture(x, y float64) (float64, float64) {
	x, y = x-float64(c.Rect.Dx())/2, y-float64(c.Rect.Dy())/2
	return c.x + x*c.cos - y*c.sin, c.y + x*c.sin + y*c.cos
}

// lightOf gives the library a picture without its pixel by pixel conversion.
func lightOf(m *image.Gray) gozxing.LuminanceSource {
	return &light{gozxing.LuminanceSourceBase{Width: m.Rect.Dx(), Height: m.Rect.Dy()}, m.Pix}
}

// cornersOf orders the library's points: top left, top right, bottom right, bottom left, each x then y. QR has three,
// of finder patterns, in another order, and sometimes a fourth of an alignment pattern.
func cornersOf(kind Kind, points []gozxing.ResultPoint) (corners [4][2]float64) {
	at := func(i int) [2]float64 { return [2]float64{points[i].GetX(), points[i].GetY()} }
	switch {
	case kind == QR && len(points) >= 3:
		bottom, left, right := at(0), at(1), at(2)
		corners = [4][2]float64{left, right, {right[0] + bottom[0] - left[0], right[1] + bottom[1] - left[1]}, bottom}
	case kind == Aztec && len(points) >= 4:
		corners = [4][2]float64{at(0), at(1), at(2), at(3)}
	case kind == DataMatrix && len(points) >= 4:
		corners = [4][2]float64{at(0), at(3), at(2), at(1)}
	}
	return corners
}

// light is a picture as the library wants it; rows of pixels follow each other without gaps.
type light struct {
	gozxing.LuminanceSourceBase
	pix []byte
}

// GetRow copies one row.
func (l *light) GetRow(y int, row []byte) ([]byte, error) {
	if y < 0 || y >= l.Height {
		return row, fmt.Errorf("row %d is outside the picture", y)
	}
	if len(row) < l.Width {
		row = make([]byte, l.Width)
	}
	copy(row, l.pix[y*l.Width:(y+1)*l.Width])
	return row, nil
}

// GetMatrix returns all rows.
func (l *light) GetMatrix() []byte { return l.pix }

// Invert returns the negative.
func (l *light) Invert() gozxing.LuminanceSource { return gozxing.LuminanceSourceInvert(l) }

// String says what it is, not what is on it.
func (l *light) String() string { return fmt.Sprintf("picture of %d by %d", l.Width, l.Height) }
