package barcode

import (
	"fmt"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// longestDrawn bounds what DrawQR takes, in bytes: more makes modules that phones do not read from a screen.
const longestDrawn = 300

// DrawQR gives a QR code of a text (ISO/IEC 18004, error correction M) as the data of an SVG path of one unit a module, and the width of the
// whole in modules, the quiet zone of four on each side included.
func DrawQR(text string) (path string, width int, err error) {
	if len(text) > longestDrawn {
		return "", 0, fmt.Errorf("barcode: a text of %d bytes is too long for a code on a screen", len(text))
	}
	hints := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_ERROR_CORRECTION: decoder.ErrorCorrectionLevel_M, gozxing.EncodeHintType_MARGIN: 4}
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 0, 0, hints)
	if err != nil {
		return "", 0, fmt.Errorf("barcode: draw code: %w", err)
	}
	var b strings.Builder
	for y := range m.GetHeight() {
		for x := 0; x < m.GetWidth(); x++ {
			run := 0
			for x+run < m.GetWidth() && m.Get(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x, y, run, run)
				x += run
			}
		}
	}
	return b.String(), m.GetWidth(), nil
}
