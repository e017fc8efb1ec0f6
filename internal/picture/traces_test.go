package picture_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/draw"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
)

// withSegment puts a segment into a JPEG file, behind its start.
func withSegment(raw []byte, marker byte, body string) []byte {
	segment := binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(body)+2))
	return slices.Concat(raw[:2], segment, []byte(body), raw[2:])
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEditors(t *testing.T) {
	t.Parallel()
	plain := image.NewGray(image.Rect(0, 0, 16, 16))
	jpeg, err := specimen.JPEG(plain)
	if err != nil {
		t.Fatal(err)
	}
	png, err := specimen.PNG(plain)
	if err != nil {
		t.Fatal(err)
	}
	const exif = "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08"
	tests := []struct {
		name string
		data []byte
		want []string
	}{
		{"plain JPEG", jpeg, nil},
		{"plain PNG", png, nil},
		{"phone", withSegment(jpeg, 0xE1, exif+"Apple\x00iPhone 15\x0017.1.2\x00"), nil},
		{"EXIF software", withSegment(jpeg, 0xE1, exif+"Adobe Photoshop 25.1 (Windows)\x00"), []string{"Adobe Photoshop"}},
		{"XMP", withSegment(jpeg, 0xE1, "http://ns.adobe.com/xap/1.0/\x00<xmp:CreatorTool>GIMP 2.10</xmp:CreatorTool>"), []string{"GIMP"}},
		{"Photoshop's blocks", withSegment(jpeg, 0xED, "Photoshop 3.0\x008BIM\x04\x04"), []string{"Adobe Photoshop"}},
		{"comment", withSegment(jpeg, 0xFE, "edited in Paint.NET, then SNAPSEED"), []string{"Paint.NET", "Snapseed"}},
		{"colour profile", withSegment(jpeg, 0xE2, "ICC_PROFILE\x00 made by Photoshop"), nil},
		{"PNG text", withChunk(png, "tEXt", []byte("Software\x00Affinity Photo")), []string{"Affinity"}},
		{"packed PNG text", withChunk(png, "zTXt", []byte("Comment\x00\x00"+packed(t, "made with Canva"))), []string{"Canva"}},
		{"packed XMP in PNG", withChunk(png, "iTXt", []byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00"+packed(t, "<x>ComfyUI</x>"))), []string{"ComfyUI"}},
		{"no picture", []byte("Photoshop"), nil},
		{"cut off", withSegment(jpeg, 0xE1, "Photoshop")[:8], nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, picture.Editors(tt.data)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestEditorsEnds holds that a small file which unpacks to gigabytes is not searched to its end.
func TestEditorsEnds(t *testing.T) {
	t.Parallel()
	const head = "\x89PNG\r\n\x1a\n"
	chunk := func(body string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + "zTXt" + body + "\x00\x00\x00\x00"
	}
	bomb, name := chunk("Comment\x00\x00"+packed(t, strings.Repeat(" ", 1<<20))), chunk("Comment\x00\x00made with Canva")
	if found := picture.Editors([]byte(head + strings.Repeat(bomb, 4) + name)); !slices.Equal(found, []string{"Canva"}) {
		t.Errorf("behind four: %q", found)
	}
	if found := picture.Editors([]byte(head + strings.Repeat(bomb, 3000) + name)); len(found) != 0 {
		t.Errorf("searched through 3000 chunks that unpack to a megabyte each, and found %q", found)
	}
}

// FuzzEditors gives files that say anything of themselves.
func FuzzEditors(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x0bPhotoshop\xff\xff\xfe"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x04zTXtabxx0000\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if found := picture.Editors(data); !slices.IsSorted(found) {
			t.Errorf("%q", found)
		}
	})
}

func TestSavedBefore(t *testing.T) {
	t.Parallel()
	card, err := specimen.IDCardFront(specimen.Person{})
	if err != nil {
		t.Fatal(err)
	}
	photo := specimen.Shoot(card, specimen.Shot{Width: 900, Height: 640, Noise: 3, Rotation: 2})
	cut := func(img image.Image) image.Image {
		out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx()-12, img.Bounds().Dy()-8))
		draw.Draw(out, out.Rect, img, image.Pt(3, 5), draw.Src)
		return out
	}
	tests := []struct {
		name   string
		img    image.Image
		turned bool
		want   bool
	}{
		{"never saved", photo, false, false},
		{"flat, never saved", card, false, false},
		{"saved", saved(t, photo, 85), false, false},
		{"saved twice in place", saved(t, saved(t, photo, 60), 85), false, false},
		{"reduced between", saved(t, picture.Shrink(saved(t, photo, 60), 600), 85), false, false},
		{"turned upright", picture.Upright(saved(t, cut(photo), 85), 6), true, false},
		{"tiny", image.NewGray(image.Rect(0, 0, 100, 100)), false, false},
		{"one grey", image.NewGray(image.Rect(0, 0, 300, 300)), false, false},
		{"saved, cut, saved", saved(t, cut(saved(t, photo, 50)), 90), false, true},
		{"cut out of a JPEG into a PNG", cut(saved(t, photo, 80)), false, true},
	}
	for _, tt := range tests {
		if strength, got := picture.SavedBefore(tt.img, tt.turned); got != tt.want {
			t.Errorf("%s: %v at strength %.3f, want %v", tt.name, got, strength, tt.want)
		}
	}
}
