package barcode_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/barcode"
)

func TestDrawQR(t *testing.T) {
	t.Parallel()
	const text = "https://verify.example.test/verify/h/ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRST"
	path, width, err := barcode.DrawQR(text)
	if err != nil {
		t.Fatal(err)
	}
	const scale = 4
	m := image.NewGray(image.Rect(0, 0, width*scale, width*scale))
	draw.Draw(m, m.Bounds(), image.White, image.Point{}, draw.Src)
	for _, bar := range strings.Split(strings.TrimSuffix(path, "z"), "z") {
		var x, y, run, back int
		if _, err := fmt.Sscanf(bar, "M%d %dh%dv1h-%d", &x, &y, &run, &back); err != nil || run != back {
			t.Fatalf("%q: %v", bar, err)
		}
		draw.Draw(m, image.Rect(x*scale, y*scale, (x+run)*scale, (y+1)*scale), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	found, err := barcode.Read(t.Context(), m, barcode.Options{Kinds: []barcode.Kind{barcode.QR}})
	if err != nil || len(found) != 1 || found[0].Text != text {
		t.Errorf("read %v, %v", found, err)
	}
	if _, _, err := barcode.DrawQR(strings.Repeat("x", 301)); err == nil {
		t.Error("a text that is too long is drawn")
	}
}
