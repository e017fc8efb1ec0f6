package aamva

// reader takes fixed-width fields off the front of bytes.
type reader struct{ rest []byte }

func (r *reader) take(n int) ([]byte, bool) {
	if len(r.rest) < n {
		return nil, false
	}
	field := r.rest[:n]
	r.rest = r.rest[n:]
	return field, true
}

// digits takes a number of n digits.
func (r *reader) digits(n int) (int, bool) {
	field, ok := r.take(n)
	if !ok {
		return 0, false
	}
	value := 0
	for _, c := range field {
		if c < '0' || c > '9' {
			return 0, false
		}
		value = 10*value + int(c-'0')
	}
	return value, true
}

// subfile is an entry of the header's table.
type subfile struct {
	kind           string // two letters
	offset, length int    // bytes from the beginning of the code
}

func (r *reader) subfile() (s subfile, ok bool) {
	kind, ok := r.take(2)
	if !ok || !isID(string(kind)) {
		return s, false
	}
	s.kind = string(kind)
	offset, ok := r.digits(4)
	if !ok {
		return s, false
	}
	length, ok := r.digits(4)
	s.offset, s.length = offset, length
	return s, ok
}

// find returns the subfile's bytes, which begin with its two letters. Offsets and lengths are wrong on many cards: where
// the letters are not at the offset they are looked for, and the end is the end of the segment.
func (s subfile) find(content []byte, header int) ([]byte, bool) {
	at := s.offset
	if at < header || at+2 > len(content) || string(content[at:at+2]) != s.kind {
		at = -1
		for i := header; i+5 <= len(content); i++ {
			// The letters stand at the beginning of a segment and before the first element.
			fresh := i == header || content[i-1] < ' '
			if fresh && string(content[i:i+2]) == s.kind && isID(string(content[i+2:i+5])) {
				at = i
				break
			}
		}
		if at < 0 {
			return nil, false
		}
	}
	part := content[at:]
	// A carriage return ends a segment, unless somebody made line ends of all separators.
	const slack = 8
	for i := max(s.length-slack, 0); i < len(part); i++ {
		if part[i] == '\r' && (i+1 == len(part) || part[i+1] != '\n') {
			return part[:i], true
		}
	}
	return part, true
}
