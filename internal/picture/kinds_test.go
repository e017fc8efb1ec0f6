package picture_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/usher-kyc/usher/internal/picture"
)

// The smallest WebP files of each form, as browsers are asked whether they can show them.
const (
	webpLossy    = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"
	webpLossless = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="
	webpAlpha    = "UklGRkoAAABXRUJQVlA4WAoAAAAQAAAAAAAAAAAAQUxQSAwAAAARBxAR/Q9ERP8DAABWUDggGAAAABQBAJ0BKgEAAQAAAP4AAA3AAP7mtQAAAA=="
	webpAnimated = "UklGRlIAAABXRUJQVlA4WAoAAAASAAAAAAAAAAAAQU5JTQYAAAD/////AABBTk1GJgAAAAAAAAAAAAAAAAAAAGQAAABWUDhMDQAAAC8AAAAQBxAREYiI/gcA"
)

func raw(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cmyk is a grey JPEG of one block, rewritten to have four components.
func cmyk(t testing.TB) []byte {
	t.Helper()
	block := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range block.Pix {
		block.Pix[i] = 128
	}
	from := jpegBytes(t, block)
	four := func(head []byte, each ...byte) []byte {
		for id := byte(1); id <= 4; id++ {
			head = append(append(head, id), each...)
		}
		return head
	}
	frame, scan := bytes.Index(from, []byte{0xFF, 0xC0}), bytes.Index(from, []byte{0xFF, 0xDA})
	if frame < 0 || scan < 0 {
		t.Fatal("no frame or scan")
	}
	tables := frame + 2 + 11
	// Only the marker of Adobe says which four: here inks, and inverted as Photoshop writes them.
	out := append(slices.Clone(from[:frame]), 0xFF, 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0)
	out = append(out, four([]byte{0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4}, 0x11, 0)...)
	out = append(out, from[tables:scan]...)
	out = append(out, four([]byte{0xFF, 0xDA, 0, 14, 4}, 0)...)
	// No difference (00) and the end of the block (1010), four times.
	return append(out, 0, 63, 0, 0x28, 0xA2, 0x8A, 0xFF, 0xD9)
}

// Whatever comes in, what comes out is one of three kinds, opaque.
func TestDecodeFlattens(t *testing.T) {
	t.Parallel()
	half := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	half64 := image.NewNRGBA64(half.Rect)
	deep := image.NewRGBA64(half.Rect)
	deepGrey := image.NewGray16(half.Rect)
	few := image.NewPaletted(half.Rect, color.Palette{color.NRGBA{R: 200, A: 128}, color.Black})
	for y := range 4 {
		for x := range 4 {
			half.SetNRGBA(x, y, color.NRGBA{R: 200, A: 128})
			half64.SetNRGBA64(x, y, color.NRGBA64{R: 200 << 8, A: 128 << 8})
			deep.SetRGBA64(x, y, color.RGBA64{R: 0x1234, G: 0xA0FF, A: 0xFFFF})
			deepGrey.SetGray16(x, y, color.Gray16{Y: 0x7FFF})
		}
	}
	tests := []struct {
		name string
		data []byte
		want color.RGBA // of the first pixel
	}{
		{"see-through", pngBytes(t, half), color.RGBA{227, 127, 127, 255}},
		{"see-through, 16 bits", pngBytes(t, half64), color.RGBA{227, 127, 127, 255}},
		{"16 bits", pngBytes(t, deep), color.RGBA{0x12, 0xA0, 0, 255}},
		{"16 bits grey", pngBytes(t, deepGrey), color.RGBA{0x7F, 0x7F, 0x7F, 255}},
		{"palette", pngBytes(t, few), color.RGBA{227, 127, 127, 255}},
		{"four inks", cmyk(t), color.RGBA{63, 63, 63, 255}},
		{"webp, lossy", raw(t, webpLossy), color.RGBA{128, 128, 128, 255}},
		{"webp, lossless", raw(t, webpLossless), color.RGBA{255, 255, 255, 255}},
		{"webp, see-through", raw(t, webpAlpha), color.RGBA{255, 255, 255, 255}},
	}
	intake := picture.New(picture.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			img, info, err := intake.Decode(t.Context(), tt.data)
			if err != nil {
				t.Fatalf("%v (%v)", err, errors.Unwrap(err))
			}
			switch img.(type) {
			case *image.YCbCr, *image.Gray, *image.RGBA:
			default:
				t.Errorf("%s came out as %T", info.Kind, img)
			}
			got := color.RGBAModel.Convert(img.At(0, 0)).(color.RGBA)
			near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 2 }
			if got.A != 255 || !near(got.R, tt.want.R) || !near(got.G, tt.want.G) || !near(got.B, tt.want.B) {
				t.Errorf("%T shows %v, want %v", img, got, tt.want)
			}
			if _, _, err := intake.Copy(t.Context(), tt.data, picture.CopyConfig{}); err != nil {
				t.Errorf("Copy: %v", err)
			}
		})
	}
}

func TestRefusalsOfWebP(t *testing.T) {
	t.Parallel()
	lossy := raw(t, webpLossy)
	tests := []struct {
		name string
		data []byte
		code picture.Code
	}{
		{"animated", raw(t, webpAnimated), picture.CodeAnimated},
		{"cut", lossy[:len(lossy)-4], picture.CodeDamaged},
		{"header only", lossy[:12], picture.CodeDamaged},
		{"empty container", []byte("RIFF\x04\x00\x00\x00WEBP"), picture.CodeDamaged},
		{"chunk longer than the file", []byte("RIFF\x10\x00\x00\x00WEBPVP8 \xff\xff\xff\xff0000"), picture.CodeDamaged},
	}
	intake := picture.New(picture.Config{})
	for _, tt := range tests {
		if _, _, err := intake.Decode(t.Context(), tt.data); picture.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
		}
	}
}

// What stands behind the end is told, not refused: phones do that.
func TestAfterTheEnd(t *testing.T) {
	t.Parallel()
	intake := picture.New(picture.Config{})
	for name, data := range map[string][]byte{
		"jpeg": jpegBytes(t, marked(16, 8)), "png": pngBytes(t, marked(16, 8)), "webp": raw(t, webpLossy),
	} {
		if info, err := intake.Probe(data); err != nil || info.After != 0 || info.AfterKind != "" {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
		info, err := intake.Probe(append(slices.Clone(data), "PK\x03\x04archive"...))
		if err != nil || info.After != 11 || info.AfterKind != "zip" {
			t.Errorf("%s with an archive: %+v, %v", name, info, err)
		}
	}
}

func TestDecodeHasATimeLimit(t *testing.T) {
	t.Parallel()
	data := jpegBytes(t, marked(64, 64))
	if _, _, err := picture.New(picture.Config{Timeout: time.Nanosecond}).Decode(t.Context(), data); picture.CodeOf(err) != picture.CodeTooComplex {
		t.Errorf("out of time: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := picture.New(picture.Config{}).Decode(ctx, data); !errors.Is(err, context.Canceled) || picture.CodeOf(err) != "" {
		t.Errorf("a caller who left: %v", err)
	}
}

func TestDecodeIsShared(t *testing.T) {
	t.Parallel()
	intake := picture.New(picture.Config{})
	data := jpegBytes(t, marked(640, 480))
	var together sync.WaitGroup
	got := make([]image.Image, 8)
	for i := range got {
		together.Go(func() {
			img, _, err := intake.Decode(t.Context(), data)
			if err != nil {
				t.Error(err)
			}
			got[i] = img
		})
	}
	together.Wait()
	for i := range got {
		if got[i] != got[0] {
			t.Errorf("caller %d has a picture of their own", i)
		}
	}
	if img, _, err := intake.Decode(t.Context(), slices.Clone(data)); err != nil || img != got[0] {
		t.Errorf("while one holds it, the same bytes are decoded again (%v)", err)
	}
	if picture.Held(intake) != 1 {
		t.Errorf("%d notes of one picture", picture.Held(intake))
	}
	runtime.KeepAlive(got)
	clear(got)
	for range 100 {
		if runtime.GC(); picture.Held(intake) == 0 {
			return
		}
		time.Sleep(time.Millisecond) // cleanups run on a goroutine of the runtime, which tells nobody
	}
	t.Error("the picture is kept after everybody let it go")
}

// Shrinking is a mean over what each pixel covers, whatever the kind.
func TestShrinkIsAMean(t *testing.T) {
	t.Parallel()
	stripes := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for y := range 200 {
		for x := range 300 {
			stripes.SetRGBA(x, y, color.RGBA{R: uint8(255 * (x % 2)), G: 80, B: 200, A: 255})
		}
	}
	decoded, err := jpeg.Decode(bytes.NewReader(jpegBytes(t, grey(stripes))))
	if err != nil {
		t.Fatal(err)
	}
	for _, img := range []image.Image{stripes, stripes.SubImage(image.Rect(2, 2, 300, 200)), decoded} {
		for _, side := range []int{150, 149, 101, 7, 1} {
			small := picture.Shrink(img, side)
			size := small.Bounds().Size()
			if max(size.X, size.Y) != side {
				t.Fatalf("%T to %d: %v", img, side, size)
			}
			c := color.RGBAModel.Convert(small.At(size.X/2, size.Y/2)).(color.RGBA)
			if _, isGrey := small.(*image.Gray); !isGrey && (c.R < 110 || c.R > 145 || c.G != 80 || c.B != 200 || c.A != 255) {
				t.Errorf("%T to %d: %v", img, side, c)
			}
		}
	}
	photo, err := jpeg.Decode(bytes.NewReader(jpegBytes(t, marked(301, 201))))
	if err != nil {
		t.Fatal(err)
	}
	small := picture.Shrink(photo, 100)
	if _, ok := small.(*image.YCbCr); !ok || corner(small) != "top left" {
		t.Errorf("%T with its corner at %s", small, corner(small))
	}
}

func TestGather(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 100, 256 << 10, 256<<10 + 1, 700_000} {
		want := bytes.Repeat([]byte("abcdefg"), n/7+1)[:n]
		if got, err := picture.Gather(iotest.HalfReader(bytes.NewReader(want))); err != nil || !bytes.Equal(got, want) {
			t.Errorf("of %d bytes %d came back (%v)", n, len(got), err)
		}
	}
	// A line that breaks is told, and never taken for the end.
	broken := io.MultiReader(bytes.NewReader(make([]byte, 300_000)), iotest.ErrReader(io.ErrUnexpectedEOF))
	if got, err := picture.Gather(broken); !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 300_000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
