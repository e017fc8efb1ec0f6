package barcode_test

import (
	"context"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/barcode"
	"github.com/usher-kyc/usher/internal/barcode/synth"
)

// written is what zxing draws for a text.
func written(t *testing.T, kind barcode.Kind, text string) image.Image {
	t.Helper()
	name := map[barcode.Kind]string{barcode.PDF417: "PDF417", barcode.QR: "QRCode", barcode.DataMatrix: "DataMatrix", barcode.Aztec: "Aztec"}[kind]
	file := filepath.Join(t.TempDir(), "code.png")
	if out, err := exec.CommandContext(t.Context(), "ZXingWriter", "-size", "1x1", name, text, file).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", kind, err, out)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	code, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// What zxing writes, photographed, is read.
func TestReadsWhatZXingWrites(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ZXingWriter"); err != nil {
		t.Skip("a second opinion on barcodes needs ZXingWriter (Debian package zxing-cpp-tools; scripts/needs.sh installs it)")
	}
	for _, kind := range []barcode.Kind{barcode.PDF417, barcode.QR, barcode.DataMatrix, barcode.Aztec} {
		read(t, kind, written(t, kind, "Specimen 12345678901234567890, specimen; [UTOPIA]"), "Specimen 12345678901234567890, specimen; [UTOPIA]")
	}
	r := rand.New(rand.NewPCG(8, 8))
	for range 4 {
		var text strings.Builder
		text.WriteByte('x') // what begins with a hyphen is an option
		for range 1 + r.IntN(5) {
			from, to := byte(' '), byte('~')
			if r.IntN(2) == 0 {
				from, to = '0', '9'
			}
			for range 10 + r.IntN(40) {
				text.WriteByte(from + byte(r.IntN(int(to-from)+1)))
			}
		}
		read(t, barcode.PDF417, written(t, barcode.PDF417, text.String()), text.String())
	}
}

// read takes a picture of a code and wants to read the text.
func read(t *testing.T, kind barcode.Kind, code image.Image, want string) {
	t.Helper()
	m := synth.Photo(code, synth.Shot{Module: 4, Degrees: 6, Blur: 0.7, Noise: 5})
	found, err := barcode.Read(context.Background(), m, barcode.Options{Kinds: []barcode.Kind{kind}})
	if err != nil || len(found) != 1 || found[0].Kind != kind || found[0].Text != want {
		t.Errorf("%s of %v: got %+v, %v; want %q", kind, code.Bounds(), found, err, want)
	}
}
