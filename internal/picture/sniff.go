package picture

import (
	"bytes"
	"unicode/utf8"
)

// The kinds that this package accepts or treats apart.
const (
	KindJPEG = "jpeg"
	KindPNG  = "png"
	KindWebP = "webp"
	// KindHEIC is decoded in builds with the tag heic only.
	KindHEIC = "heic"
	// KindPDF is recognised so that a caller may take it as a proof of address; it is never decoded here.
	KindPDF = "pdf"
)

// sniffLength is how many leading bytes [Sniff] looks at.
const sniffLength = 512

// magic is one signature: the bytes expected at an offset.
type magic struct {
	kind   string
	offset int
	bytes  string
}

// signatures are tried in order; the first that fits names the kind.
// The ISO base media brands (HEIC, AVIF, MP4) stand behind "ftyp" and are told apart in [Sniff].
func signatures() []magic {
	return []magic{
		{KindJPEG, 0, "\xff\xd8\xff"},
		{KindPNG, 0, "\x89PNG\r\n\x1a\n"},
		{KindPDF, 0, "%PDF-"},
		{"gif", 0, "GIF8"},
		{KindWebP, 8, "WEBP"},
		{"bmp", 0, "BM"},
		{"tiff", 0, "II*\x00"},
		{"tiff", 0, "MM\x00*"},
		{"jpeg2000", 0, "\x00\x00\x00\x0cjP  "},
		{"jpeg2000", 0, "\xff\x4f\xff\x51"},
		{"jpegxl", 0, "\xff\x0a"},
		{"jpegxl", 0, "\x00\x00\x00\x0cJXL "},
		{"psd", 0, "8BPS"},
		{"webm", 0, "\x1a\x45\xdf\xa3"},
		{"zip", 0, "PK\x03\x04"},
		{"rar", 0, "Rar!"},
		{"gzip", 0, "\x1f\x8b"},
		{"executable", 0, "\x7fELF"},
		{"executable", 0, "MZ"},
	}
}

// Sniff names what the bytes seem to be, by their beginning alone: "jpeg", "png", "pdf", "heic", "avif", "webp", "gif",
// "tiff", "svg", "html", "text" and so on, or "unknown". It says nothing about whether the rest holds together.
func Sniff(data []byte) string {
	head := data[:min(len(data), sniffLength)]
	if len(head) == 0 {
		return "unknown"
	}
	if kind := sniffContainer(head); kind != "" {
		return kind
	}
	for _, m := range signatures() {
		if len(head) >= m.offset && bytes.HasPrefix(head[m.offset:], []byte(m.bytes)) {
			return m.kind
		}
	}
	return sniffText(head)
}

// sniffContainer tells the brands of an ISO base media file apart, so that an iPhone's user reads "HEIC" and not "unknown".
func sniffContainer(head []byte) string {
	if len(head) < 12 || string(head[4:8]) != "ftyp" {
		return ""
	}
	switch string(head[8:12]) {
	case "heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1":
		return KindHEIC
	case "avif", "avis":
		return "avif"
	}
	return "mp4"
}

// sniffText recognises text, and the two kinds of text that a browser would run if they were ever served as they came.
func sniffText(head []byte) string {
	// A multi-byte character may be cut at the end of the window: the last three bytes prove nothing.
	body := head
	for i := 0; i < utf8.UTFMax-1 && len(body) > 0 && len(head) == sniffLength && !utf8.Valid(body); i++ {
		body = body[:len(body)-1]
	}
	if !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 {
		return "unknown"
	}
	lower := bytes.ToLower(body)
	switch {
	case bytes.Contains(lower, []byte("<svg")):
		return "svg"
	case bytes.Contains(lower, []byte("<html")), bytes.Contains(lower, []byte("<!doctype html")), bytes.Contains(lower, []byte("<script")):
		return "html"
	}
	return "text"
}
