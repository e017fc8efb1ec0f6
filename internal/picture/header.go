package picture

import (
	"bytes"
	"encoding/binary"
)

// jpegHeader is what a walk over the segments of a JPEG file finds (ITU-T T.81, annex B).
type jpegHeader struct {
	orientation int
	progressive bool
	scans       int
	after       []byte // what stands behind the end marker
}

// JPEG markers that the walk treats apart.
const (
	markerSOF2 = 0xC2
	markerRST0 = 0xD0
	markerRST7 = 0xD7
	markerEOI  = 0xD9
	markerSOS  = 0xDA
	markerAPP1 = 0xE1
	markerTEM  = 0x01
)

// walkJPEG goes once over the markers of a JPEG file: it finds the EXIF orientation, counts the scans, and refuses a file
// that ends without an end marker. It reads entropy-coded data only to find the next marker.
func walkJPEG(data []byte) (jpegHeader, error) {
	header := jpegHeader{orientation: 1}
	broken := &Error{Code: CodeDamaged, Kind: KindJPEG, Detail: "the file breaks off"}
	rest := data[2:] // the start-of-image marker was seen by Sniff
	for {
		// Between segments only fill bytes may stand; the decoder of the standard library skips stray bytes too.
		at := bytes.IndexByte(rest, 0xFF)
		if at < 0 || at+1 >= len(rest) {
			return header, broken
		}
		marker := rest[at+1]
		rest = rest[at+1:]
		switch {
		case marker == 0xFF:
			continue
		case marker == 0x00, marker == markerTEM, marker >= markerRST0 && marker <= markerRST7:
			rest = rest[1:]
			continue
		case marker == markerEOI:
			header.after = rest[1:]
			return header, nil
		}
		if len(rest) < 3 {
			return header, broken
		}
		length := int(binary.BigEndian.Uint16(rest[1:3]))
		if length < 2 || 1+length > len(rest) {
			return header, broken
		}
		segment := rest[3 : 1+length]
		rest = rest[1+length:]
		switch marker {
		case markerSOF2:
			header.progressive = true
		case markerSOS:
			header.scans++
		case markerAPP1:
			if exif, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok {
				header.orientation = orientation(exif)
			}
		}
	}
}

// pngHeader is what a walk over the chunks of a PNG file finds (W3C PNG, third edition).
type pngHeader struct {
	orientation int
	animated    bool
	after       []byte // what stands behind the end chunk
}

// walkPNG goes over the chunk headers up to the end chunk. It does not verify check sums: the decoder does.
func walkPNG(data []byte) (pngHeader, error) {
	header := pngHeader{orientation: 1}
	rest := data[8:]
	for {
		if len(rest) < 12 {
			return header, &Error{Code: CodeDamaged, Kind: KindPNG, Detail: "the file breaks off"}
		}
		length := binary.BigEndian.Uint32(rest)
		if uint64(length)+12 > uint64(len(rest)) {
			return header, &Error{Code: CodeDamaged, Kind: KindPNG, Detail: "the file breaks off"}
		}
		switch string(rest[4:8]) {
		case "acTL":
			header.animated = true
		case "eXIf":
			header.orientation = orientation(rest[8 : 8+length])
		case "IEND":
			header.after = rest[12+length:]
			return header, nil
		}
		rest = rest[12+length:]
	}
}

// Parts of a TIFF header and directory (TIFF 6.0, section 2), which is what EXIF is made of.
const (
	tagOrientation = 0x0112
	typeShort      = 3
	entryLength    = 12
)

// orientation returns the value of the EXIF tag 0x0112 in the first directory of a TIFF block, 1 to 8.
// Whatever is missing, strange or cut off counts as 1, upright: a wrong guess only costs a turned picture.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	offset := uint64(order.Uint32(tiff[4:8]))
	if offset+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[offset+2:]
	for range order.Uint16(tiff[offset:]) {
		if len(entries) < entryLength {
			return 1
		}
		entry := entries[:entryLength]
		entries = entries[entryLength:]
		if order.Uint16(entry) != tagOrientation {
			continue
		}
		value := int(order.Uint16(entry[8:]))
		if order.Uint16(entry[2:]) != typeShort || value < 1 || value > 8 {
			return 1
		}
		return value
	}
	return 1
}
