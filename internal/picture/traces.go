package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"slices"
)

// The bounds within which metadata is looked at: a name of a program is short and stands near the beginning.
const (
	mostMetadata = 256 << 10 // bytes of one segment or chunk, unpacked as well
	mostSegments = 4096
	// mostSearched bounds all that is searched of one file: some hundred bytes unpack to as much as one chunk may have, and a file has room for
	// thousands of such chunks.
	mostSearched = 4 << 20
)

// Editors names the programs for editing or making up pictures that a JPEG or PNG file says it went through: in EXIF, XMP, Photoshop's own blocks,
// comments and PNG texts. Only programs of a fixed list are named, in the words of that list; cameras and phones write their own names into the same
// places. None means nothing: metadata is lost as soon as a picture is sent through a messenger, and anybody can remove it.
func Editors(data []byte) []string {
	var found []string
	left := mostSearched
	note := func(text []byte) (more bool) {
		low := bytes.ToLower(text[:min(len(text), mostMetadata, left)])
		for _, e := range editors() {
			if bytes.Contains(low, []byte(e.mark)) && !slices.Contains(found, e.name) {
				found = append(found, e.name)
			}
		}
		left -= min(len(text), mostMetadata, left)
		return left > 0
	}
	switch Sniff(data) {
	case KindJPEG:
		jpegMetadata(data, note)
	case KindPNG:
		pngMetadata(data, note)
	}
	slices.Sort(found)
	return found
}

// editor is a program and how its name stands in metadata, in small letters.
type editor struct{ mark, name string }

func editors() []editor {
	return []editor{
		{"photoshop", "Adobe Photoshop"},
		{"adobe firefly", "Adobe Firefly"},
		{"lightroom", "Adobe Lightroom"},
		{"adobe illustrator", "Adobe Illustrator"},
		{"gimp", "GIMP"},
		{"affinity", "Affinity"},
		{"pixelmator", "Pixelmator"},
		{"paint.net", "Paint.NET"},
		{"paintshop", "PaintShop"},
		{"paint shop", "PaintShop"},
		{"photopea", "Photopea"},
		{"photoscape", "PhotoScape"},
		{"snapseed", "Snapseed"},
		{"picsart", "PicsArt"},
		{"facetune", "Facetune"},
		{"faceapp", "FaceApp"},
		{"meitu", "Meitu"},
		{"canva", "Canva"},
		{"figma", "Figma"},
		{"inkscape", "Inkscape"},
		{"coreldraw", "CorelDRAW"},
		{"corel photo", "Corel"},
		{"krita", "Krita"},
		{"stable diffusion", "Stable Diffusion"},
		{"midjourney", "Midjourney"},
		{"dall-e", "DALL·E"},
		{"dall·e", "DALL·E"},
		{"comfyui", "ComfyUI"},
	}
}

// jpegMetadata gives the segments of a JPEG file that hold text or metadata (ITU-T T.81 annex B): application segments and comments before the
// first scan.
func jpegMetadata(data []byte, note func([]byte) (more bool)) {
	const (
		app0, app15 = 0xE0, 0xEF
		comment     = 0xFE
	)
	rest := data[2:]
	for range mostSegments {
		at := bytes.IndexByte(rest, 0xFF)
		if at < 0 || at+3 >= len(rest) {
			return
		}
		marker := rest[at+1]
		if marker == 0xFF {
			rest = rest[at+1:]
			continue
		}
		if marker == markerSOS || marker == markerEOI {
			return
		}
		length := int(binary.BigEndian.Uint16(rest[at+2:]))
		if length < 2 || at+2+length > len(rest) {
			return
		}
		// The colour profile (APP2) names its maker, which is no editor.
		if profile := marker == app0+2; !profile && (marker >= app0 && marker <= app15 || marker == comment) && !note(rest[at+4:at+2+length]) {
			return
		}
		rest = rest[at+2+length:]
	}
}

// pngMetadata gives the text and EXIF chunks of a PNG file (W3C PNG, third edition), unpacked.
func pngMetadata(data []byte, note func([]byte) (more bool)) {
	rest := data[8:]
	for range mostSegments {
		if len(rest) < 12 {
			return
		}
		length := binary.BigEndian.Uint32(rest)
		if uint64(length)+12 > uint64(len(rest)) {
			return
		}
		body, more := rest[8:8+length], true
		switch string(rest[4:8]) {
		case "tEXt", "eXIf":
			more = note(body)
		case "zTXt", "iTXt":
			more = note(body) && note(unpacked(body[:min(len(body), mostMetadata)]))
		case "IEND":
			return
		}
		if !more {
			return
		}
		rest = rest[12+length:]
	}
}

// unpacked gives the text of a compressed chunk, as far as it can be unpacked: it begins behind the last of the fields that end with a zero.
func unpacked(body []byte) []byte {
	at := bytes.Index(body, []byte("\x78"))
	for at >= 0 {
		if r, err := zlib.NewReader(bytes.NewReader(body[at:])); err == nil {
			text, _ := io.ReadAll(io.LimitReader(r, mostMetadata)) // what was unpacked before a fault will do
			return text
		}
		next := bytes.IndexByte(body[at+1:], 0x78)
		if next < 0 {
			return nil
		}
		at += 1 + next
	}
	return nil
}
