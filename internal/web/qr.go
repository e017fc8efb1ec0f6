package web

import (
	"fmt"
	"strings"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

// QR is a QR code (ISO/IEC 18004) as a drawing: the path of its dark squares in a view box of Side by Side units, with the quiet zone of four. It
// is drawn on a white plate, also on dark pages, since not every camera reads it the other way round.
type QR struct {
	Side int
	Path string
}

// NewQR draws a text of at most some hundred characters, with correction of 15 % (level M).
func NewQR(text string) (QR, error) {
	const quiet = 4
	code, err := encoder.Encoder_encodeWithoutHint(text, decoder.ErrorCorrectionLevel_M)
	if err != nil {
		return QR{}, fmt.Errorf("draw QR code: %w", err)
	}
	matrix := code.GetMatrix()
	var path strings.Builder
	for y := range matrix.GetHeight() {
		for x := 0; x < matrix.GetWidth(); x++ {
			from := x
			for x < matrix.GetWidth() && matrix.Get(x, y) == 1 {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	return QR{Side: matrix.GetWidth() + 2*quiet, Path: path.String()}, nil
}
