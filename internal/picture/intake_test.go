package picture_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/picture"
)

// marked is a picture whose top left corner alone is red, so that a test can see how it stands.
func marked(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{R: 40, G: 90, B: 200, A: 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{R: 230, G: 30, B: 30, A: 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func jpegBytes(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pngBytes(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// exif is a TIFF block with a camera name, a position and an orientation, as a phone writes them (tags only in part).
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	head := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		head = []byte("MM\x00*")
	}
	b := order.AppendUint32(head, 8)
	b = order.AppendUint16(b, 2)
	entry := func(tag, kind uint16, count uint32, value uint16) {
		b = order.AppendUint16(b, tag)
		b = order.AppendUint16(b, kind)
		b = order.AppendUint32(b, count)
		b = order.AppendUint16(b, value)
		b = order.AppendUint16(b, 0)
	}
	entry(0x0110, 3, 1, 0)
	entry(0x0112, 3, 1, orientation)
	return append(b, []byte("SECRET-CAMERA GPS 59.3293 18.0686")...)
}

// withEXIF puts a TIFF block behind the start marker of a JPEG.
func withEXIF(data, tiff []byte) []byte {
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, data[:2]...)
	out = append(out, 0xFF, 0xE1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	return append(append(out, segment...), data[2:]...)
}

// pngHeader is a PNG file that claims a size and holds nothing.
func pngHeader(w, h uint32, depth, colour byte) []byte {
	body := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	body = append(body, depth, colour, 0, 0, 0)
	out := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	out = append(out, body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
}

// withChunk puts a chunk behind the header of a PNG.
func withChunk(data []byte, name string, content []byte) []byte {
	body := append([]byte(name), content...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	chunk = binary.BigEndian.AppendUint32(append(chunk, body...), crc32.ChecksumIEEE(body))
	return slices.Insert(slices.Clone(data), 33, chunk...)
}

func gifBytes(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := gif.Encode(&out, marked(8, 8), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	photo := jpegBytes(t, marked(320, 200))
	drawing := pngBytes(t, marked(320, 200))
	scans := slices.Clone(photo[:len(photo)-2])
	for range 100 {
		scans = append(scans, 0xFF, 0xDA, 0, 2)
	}
	scans = append(scans, 0xFF, 0xD9)
	broken := slices.Clone(drawing)
	broken[60] ^= 0xFF

	tests := []struct {
		name string
		data []byte
		code picture.Code
		kind string
	}{
		{"nothing", nil, picture.CodeEmpty, ""},
		{"text", []byte("Dear sir or madam, here is my passport"), picture.CodeNotAPicture, "text"},
		{"page", []byte("<!DOCTYPE html><html><script>alert(1)</script>"), picture.CodeNotAPicture, "html"},
		{"drawing that runs", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), picture.CodeNotAPicture, "svg"},
		{"archive", []byte("PK\x03\x04rest"), picture.CodeNotAPicture, "zip"},
		{"random bytes", []byte{1, 0, 2, 0, 0xFE, 9}, picture.CodeNotAPicture, "unknown"},
		{"iPhone", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), picture.CodeUnsupportedType, "heic"},
		{"avif", []byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00"), picture.CodeUnsupportedType, "avif"},
		{"film", []byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00"), picture.CodeUnsupportedType, "mp4"},
		{"gif", gifBytes(t), picture.CodeUnsupportedType, "gif"},
		{"pdf", []byte("%PDF-1.7\n"), picture.CodeUnsupportedType, "pdf"},
		{"cut photo", photo[:len(photo)*2/3], picture.CodeDamaged, "jpeg"},
		{"start of a photo", photo[:4], picture.CodeDamaged, "jpeg"},
		{"cut drawing", drawing[:len(drawing)/2], picture.CodeDamaged, "png"},
		{"drawing with a flipped byte", broken, picture.CodeDamaged, "png"},
		{"header only", pngHeader(100, 100, 8, 2), picture.CodeDamaged, "png"},
		{"huge header", pngHeader(50_000, 50_000, 8, 2), picture.CodeTooManyPixels, "png"},
		{"size that overflows", pngHeader(1<<31-1, 1<<31-1, 8, 2), picture.CodeDamaged, "png"},
		{"deep colour above the memory", pngHeader(6_000, 4_000, 16, 6), picture.CodeTooManyPixels, "png"},
		{"no width", pngHeader(0, 10, 8, 2), picture.CodeDamaged, "png"},
		{"many scans", scans, picture.CodeTooComplex, "jpeg"},
		{"animated", withChunk(drawing, "acTL", make([]byte, 8)), picture.CodeAnimated, "png"},
		{"too many bytes", append(slices.Clone(photo), make([]byte, picture.DefaultMaxBytes)...), picture.CodeTooLarge, "jpeg"},
	}
	intake := picture.New(picture.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := intake.Decode(t.Context(), tt.data)
			var refused *picture.Error
			if !errors.As(err, &refused) {
				t.Fatalf("error = %v, want a refusal", err)
			}
			if refused.Code != tt.code || refused.Kind != tt.kind {
				t.Errorf("refused as %s (%s), want %s (%s): %v", refused.Code, refused.Kind, tt.code, tt.kind, err)
			}
			if picture.CodeOf(err) != tt.code {
				t.Errorf("CodeOf = %q", picture.CodeOf(err))
			}
		})
	}
	if picture.CodeOf(context.Canceled) != "" {
		t.Error("a foreign error has a code")
	}
}

func TestDecodeTurnsUpright(t *testing.T) {
	t.Parallel()
	// For each orientation: where the red corner of the stored picture stands when seen upright.
	corners := map[uint16]string{1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left", 5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left"}
	intake := picture.New(picture.Config{})
	wide := marked(64, 32)
	for orientation, want := range corners {
		for name, data := range map[string][]byte{
			"jpeg little endian": withEXIF(jpegBytes(t, wide), exif(binary.LittleEndian, orientation)),
			"jpeg big endian":    withEXIF(jpegBytes(t, wide), exif(binary.BigEndian, orientation)),
			"grey jpeg":          withEXIF(jpegBytes(t, grey(wide)), exif(binary.BigEndian, orientation)),
			"png":                withChunk(pngBytes(t, wide), "eXIf", exif(binary.BigEndian, orientation)),
		} {
			img, info, err := intake.Decode(t.Context(), data)
			if err != nil {
				t.Fatalf("%s %d: %v", name, orientation, err)
			}
			size := image.Pt(64, 32)
			if orientation >= 5 {
				size = image.Pt(32, 64)
			}
			if img.Bounds().Size() != size || image.Pt(info.Width, info.Height) != size {
				t.Errorf("%s %d: size %v, info %d×%d, want %v", name, orientation, img.Bounds().Size(), info.Width, info.Height, size)
			}
			if got := corner(img); got != want {
				t.Errorf("%s %d: red corner at %s, want %s", name, orientation, got, want)
			}
		}
	}
}

// grey keeps the red corner as the dark one.
func grey(img *image.RGBA) *image.Gray {
	out := image.NewGray(img.Rect)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if img.RGBAAt(x, y).R < 128 {
				out.SetGray(x, y, color.Gray{Y: 250})
			}
		}
	}
	return out
}

// corner says in which quarter the marked corner is: red, or dark in a grey picture.
func corner(img image.Image) string {
	b := img.Bounds()
	for name, p := range map[string]image.Point{
		"top left": {b.Dx() / 4, b.Dy() / 4}, "top right": {b.Dx() * 3 / 4, b.Dy() / 4},
		"bottom left": {b.Dx() / 4, b.Dy() * 3 / 4}, "bottom right": {b.Dx() * 3 / 4, b.Dy() * 3 / 4},
	} {
		r, _, blue, _ := img.At(b.Min.X+p.X, b.Min.Y+p.Y).RGBA()
		if blue < 0x7000 && (r > 0x8000 || r == blue) {
			return name
		}
	}
	return "nowhere"
}

func TestUprightOddSizes(t *testing.T) {
	t.Parallel()
	// Odd sizes and cropped pictures reach the corners of the subsampled planes.
	decoded, err := jpeg.Decode(bytes.NewReader(jpegBytes(t, marked(33, 17))))
	if err != nil {
		t.Fatal(err)
	}
	cropped := decoded.(*image.YCbCr).SubImage(image.Rect(5, 3, 32, 16))
	striped := image.NewYCbCr(image.Rect(0, 0, 7, 5), image.YCbCrSubsampleRatio422)
	for _, img := range []image.Image{decoded, cropped, striped, image.NewPaletted(image.Rect(2, 2, 3, 3), color.Palette{color.Black})} {
		for orientation := 0; orientation <= 9; orientation++ {
			want := img.Bounds().Size()
			if orientation >= 5 && orientation <= 8 {
				want = image.Pt(want.Y, want.X)
			}
			if got := picture.Upright(img, orientation).Bounds().Size(); got != want {
				t.Errorf("%T %v turned by %d: %v, want %v", img, img.Bounds(), orientation, got, want)
			}
		}
	}
}

func TestCopyCarriesOnlyPixels(t *testing.T) {
	t.Parallel()
	intake := picture.New(picture.Config{})
	source := withEXIF(jpegBytes(t, marked(900, 600)), exif(binary.LittleEndian, 6))
	source = append(source, []byte("<script>payload after the end</script>")...)
	out, info, err := intake.Copy(t.Context(), source, picture.CopyConfig{MaxSide: 300})
	if err != nil {
		t.Fatal(err)
	}
	if want := (picture.Info{Kind: picture.KindJPEG, Width: 600, Height: 900, Orientation: 6, After: 38, AfterKind: "html"}); info != want {
		t.Error(gocmp.Diff(want, info))
	}
	for _, leak := range []string{"Exif", "SECRET", "GPS", "payload"} {
		if bytes.Contains(out, []byte(leak)) {
			t.Errorf("the copy still holds %q", leak)
		}
	}
	img, err := jpeg.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if got := img.Bounds().Size(); got != image.Pt(200, 300) {
		t.Errorf("size = %v, want 200×300", got)
	}
	if got := corner(img); got != "top right" {
		t.Errorf("the copy stands wrong: red corner at %s", got)
	}
}

func TestDecodeWaitsForASlot(t *testing.T) {
	t.Parallel()
	intake := picture.New(picture.Config{Concurrency: 1})
	release, err := picture.Occupy(t.Context(), intake)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	data := pngBytes(t, marked(4, 4))
	if _, _, err := intake.Decode(ctx, data); !errors.Is(err, context.Canceled) {
		t.Errorf("Decode with every slot taken = %v, want the context's error", err)
	}
	if _, _, err := intake.Copy(ctx, data, picture.CopyConfig{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Copy with every slot taken = %v, want the context's error", err)
	}
	release()
	if _, _, err := intake.Decode(t.Context(), data); err != nil {
		t.Errorf("Decode with a free slot = %v", err)
	}
}

func TestDecodeFrom(t *testing.T) {
	t.Parallel()
	intake := picture.New(picture.Config{MaxBytes: 5_000})
	lost := errors.New("store is away")
	opener := func(data []byte, err error) func(context.Context) (io.ReadCloser, error) {
		return func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(data), iotest.ErrReader(cmp.Or(err, io.EOF)))), nil
		}
	}
	data := pngBytes(t, marked(8, 8))
	if img, _, err := intake.DecodeFrom(t.Context(), opener(data, nil)); err != nil || img.Bounds().Dx() != 8 {
		t.Errorf("DecodeFrom = %v, %v", img, err)
	}
	if _, _, err := intake.DecodeFrom(t.Context(), opener(data, lost)); !errors.Is(err, lost) || picture.CodeOf(err) != "" {
		t.Errorf("a broken read gave %v, want the store's error", err)
	}
	if _, _, err := intake.DecodeFrom(t.Context(), func(context.Context) (io.ReadCloser, error) { return nil, lost }); !errors.Is(err, lost) {
		t.Errorf("a broken open gave %v, want the store's error", err)
	}
	if _, _, err := intake.DecodeFrom(t.Context(), opener(append(data, make([]byte, 5_000)...), lost)); picture.CodeOf(err) != picture.CodeTooLarge {
		t.Errorf("a file without end gave %v, want too_large", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(jpegBytes(f, marked(16, 8)))
	f.Add(withEXIF(jpegBytes(f, marked(16, 8)), exif(binary.LittleEndian, 6)))
	f.Add(withChunk(pngBytes(f, marked(16, 8)), "eXIf", exif(binary.BigEndian, 8)))
	f.Add(pngHeader(50_000, 50_000, 8, 2))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x02\xff\xd9"))
	f.Add(cmyk(f))
	f.Add(append(jpegBytes(f, marked(16, 8)), "PK\x03\x04"...))
	f.Add(pngBytes(f, image.NewRGBA64(image.Rect(0, 0, 3, 2))))
	f.Add(withChunk(pngBytes(f, marked(16, 8)), "acTL", make([]byte, 8)))
	for _, file := range []string{webpLossy, webpLossless, webpAlpha, webpAnimated} {
		f.Add(raw(f, file))
	}
	f.Add([]byte("RIFF\xff\xff\xff\xffWEBPVP8X"))
	intake := picture.New(picture.Config{MaxPixels: 100_000})
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := intake.Probe(data)
		if err != nil && picture.CodeOf(err) == "" {
			t.Fatalf("Probe refused without a code: %v", err)
		}
		img, decoded, err := intake.Decode(t.Context(), data)
		if err != nil {
			if picture.CodeOf(err) == "" {
				t.Fatalf("Decode refused without a code: %v", err)
			}
			return
		}
		if info != decoded || img.Bounds().Dx() != info.Width || img.Bounds().Dy() != info.Height {
			t.Fatalf("header says %+v, picture is %v", info, img.Bounds())
		}
		picture.Measure(img).Advice()
	})
}

func FuzzOrientation(f *testing.F) {
	f.Add(exif(binary.LittleEndian, 3))
	f.Add(exif(binary.BigEndian, 9))
	f.Add([]byte("II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, tiff []byte) {
		if got := picture.Orientation(tiff); got < 1 || got > 8 {
			t.Fatalf("orientation %d", got)
		}
	})
}

func BenchmarkProbeHugeHeader(b *testing.B) {
	data := pngHeader(50_000, 50_000, 8, 2)
	intake := picture.New(picture.Config{})
	for b.Loop() {
		if _, err := intake.Probe(data); err == nil {
			b.Fatal("taken")
		}
	}
}
