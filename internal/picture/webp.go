package picture

import "encoding/binary"

// webpHeader is what a walk over the chunks of a WebP file finds (RFC 9649, section 2).
type webpHeader struct {
	orientation int
	animated    bool
	after       []byte // what stands behind the RIFF container
}

// webpAnimation is the bit of the VP8X chunk that announces frames (RFC 9649, section 2.7).
const webpAnimation = 0x02

// walkWebP goes over the chunks of the RIFF container, which must be there as a whole.
func walkWebP(data []byte) (webpHeader, error) {
	header := webpHeader{orientation: 1}
	broken := &Error{Code: CodeDamaged, Kind: KindWebP, Detail: "the file breaks off"}
	const head, name = 8, 4
	if len(data) < head+name {
		return header, broken
	}
	size := uint64(binary.LittleEndian.Uint32(data[4:8]))
	if size < name || size+head > uint64(len(data)) {
		return header, broken
	}
	rest := data[head+name : head+size]
	header.after = data[head+size:]
	if len(header.after) == 1 && header.after[0] == 0 {
		header.after = nil // some writers pad the container, too
	}
	for len(rest) > 0 {
		if len(rest) < head {
			return header, broken
		}
		length := uint64(binary.LittleEndian.Uint32(rest[4:8]))
		if length+head > uint64(len(rest)) {
			return header, broken
		}
		body := rest[head : head+length]
		switch string(rest[:4]) {
		case "VP8X":
			header.animated = header.animated || len(body) > 0 && body[0]&webpAnimation != 0
		case "ANIM", "ANMF":
			header.animated = true
		case "EXIF":
			header.orientation = orientation(body)
		}
		// Chunks are padded to an even length.
		rest = rest[min(head+length+length%2, uint64(len(rest))):]
	}
	return header, nil
}
