package emrtd

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The tags of ASN.1 that are met here (X.680).
const (
	tagBoolean         = 1
	tagInteger         = 2
	tagBitString       = 3
	tagOctetString     = 4
	tagNull            = 5
	tagOID             = 6
	tagSequence        = 16
	tagSet             = 17
	tagUTCTime         = 23
	tagGeneralizedTime = 24
)

// constructedBit marks the tag of an element that consists of elements.
const constructedBit = 0x20

// The classes of tags.
const (
	universal = iota
	application
	contextual
)

// Limits of what is read; real files keep far away from them.
const (
	maxDepth    = 16 // of lengths that are not given beforehand, and of octets put together from parts
	maxElements = 4096
)

// tlv is one element: tag, length, value (X.690). Lengths need not be the shortest, and may be left open (BER), because some
// issuers write them so.
type tlv struct {
	class       int
	constructed bool
	tag         int
	body        []byte
	raw         []byte
}

func (e tlv) is(class, tag int) bool { return e.class == class && e.tag == tag }

// next cuts one element off the bytes.
func next(b []byte) (tlv, []byte, error) { return nextAt(b, 0) }

func nextAt(b []byte, depth int) (tlv, []byte, error) {
	if len(b) < 2 || depth > maxDepth {
		return tlv{}, nil, malformed("an element breaks off or lies too deep")
	}
	e := tlv{class: int(b[0] >> 6), constructed: b[0]&constructedBit != 0, tag: int(b[0] & 0x1f)}
	i := 1
	if e.tag == 0x1f {
		e.tag = 0
		for more := true; more; i++ {
			if i >= len(b) || e.tag >= 1<<20 {
				return tlv{}, nil, malformed("a tag breaks off or is too large")
			}
			e.tag, more = e.tag<<7|int(b[i]&0x7f), b[i]&0x80 != 0
		}
	}
	if i >= len(b) {
		return tlv{}, nil, malformed("an element has no length")
	}
	length, first := 0, b[i]
	i++
	switch {
	case first == 0x80:
		return e.open(b, i, depth)
	case first < 0x80:
		length = int(first)
	default:
		for n := int(first & 0x7f); n > 0; n-- {
			if i >= len(b) || length >= 1<<31>>8 {
				return tlv{}, nil, malformed("a length breaks off or is absurd")
			}
			length = length<<8 | int(b[i])
			i++
		}
	}
	if length > len(b)-i {
		return tlv{}, nil, malformed("an element is longer than the file")
	}
	e.body, e.raw = b[i:i+length], b[:i+length]
	return e, b[i+length:], nil
}

// open reads an element whose length is not given: it goes on until two zero bytes.
func (e tlv) open(b []byte, from, depth int) (tlv, []byte, error) {
	if !e.constructed {
		return tlv{}, nil, malformed("an element without parts has no length")
	}
	rest := b[from:]
	for len(rest) >= 2 && (rest[0] != 0 || rest[1] != 0) {
		var err error
		if _, rest, err = nextAt(rest, depth+1); err != nil {
			return tlv{}, nil, err
		}
	}
	if len(rest) < 2 {
		return tlv{}, nil, malformed("an element without length does not end")
	}
	end := len(b) - len(rest)
	e.body, e.raw = b[from:end], b[:end+2]
	return e, rest[2:], nil
}

// octets gives the bytes of an OCTET STRING, which BER allows to come in parts.
func (e tlv) octets() ([]byte, error) { return e.octetsAt(0) }

func (e tlv) octetsAt(depth int) ([]byte, error) {
	if !e.constructed {
		return e.body, nil
	}
	if depth > maxDepth {
		return nil, malformed("octets lie too deep")
	}
	var all []byte
	for rest := e.body; len(rest) > 0; {
		part, after, err := next(rest)
		if err != nil {
			return nil, err
		}
		bytes, err := part.octetsAt(depth + 1)
		if err != nil {
			return nil, err
		}
		all, rest = append(all, bytes...), after
	}
	return all, nil
}

// parts reads the elements inside e one after another. After a failure everything it gives is empty, and err says why, so
// that a reader may look once at the end.
type parts struct {
	rest []byte
	err  error
}

func (e tlv) parts() *parts { return &parts{rest: e.body} }

func (p *parts) fail(err error) tlv {
	if p.err == nil {
		p.err = err
	}
	p.rest = nil
	return tlv{}
}

func (p *parts) more() bool { return p.err == nil && len(p.rest) > 0 }

// any gives the next element, whatever it is.
func (p *parts) any() tlv {
	if p.err != nil {
		return tlv{}
	}
	e, rest, err := next(p.rest)
	if err != nil {
		return p.fail(err)
	}
	p.rest = rest
	return e
}

// want gives the next element, which must be of a tag.
func (p *parts) want(class, tag int) tlv {
	e := p.any()
	if p.err == nil && !e.is(class, tag) {
		return p.fail(malformed("tag %d of class %d stands where %d of %d should", e.tag, e.class, tag, class))
	}
	return e
}

// maybe gives the next element if it is of a tag, and leaves it otherwise.
func (p *parts) maybe(class, tag int) (tlv, bool) {
	if !p.more() {
		return tlv{}, false
	}
	e, rest, err := next(p.rest)
	if err != nil {
		return p.fail(err), false
	}
	if !e.is(class, tag) {
		return tlv{}, false
	}
	p.rest = rest
	return e, true
}

func (p *parts) sequence() *parts {
	e := p.want(universal, tagSequence)
	return &parts{rest: e.body, err: p.err}
}

// list gives all elements there are, at most maxElements of them.
func (p *parts) list() ([]tlv, error) {
	var all []tlv
	for p.more() {
		if len(all) == maxElements {
			return nil, malformed("more than %d elements", maxElements)
		}
		all = append(all, p.any())
	}
	return all, p.err
}

// integer gives a number of either sign.
func (p *parts) integer() *big.Int { return integerOf(p.want(universal, tagInteger).body) }

func integerOf(body []byte) *big.Int {
	v := new(big.Int).SetBytes(body)
	if len(body) > 0 && body[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(len(body))*8))
	}
	return v
}

// unsignedOf gives a number that cannot be negative: some issuers leave out the zero byte that says so.
func unsignedOf(body []byte) *big.Int { return new(big.Int).SetBytes(body) }

func (p *parts) oid() string { return oidOf(p.want(universal, tagOID).body) }

// oidOf writes an object identifier with dots; "" when it is none.
func oidOf(body []byte) string {
	if len(body) == 0 || len(body) > 64 || body[len(body)-1]&0x80 != 0 {
		return ""
	}
	var words []string
	v := uint64(0)
	for _, b := range body {
		if v >= 1<<56 {
			return ""
		}
		v = v<<7 | uint64(b&0x7f)
		if b&0x80 != 0 {
			continue
		}
		if words == nil {
			first := min(v/40, 2)
			words = append(words, strconv.FormatUint(first, 10))
			v -= first * 40
		}
		words = append(words, strconv.FormatUint(v, 10))
		v = 0
	}
	return strings.Join(words, ".")
}

// bits gives the bytes of a BIT STRING; what is left of the last byte is not looked at.
func (p *parts) bits() []byte {
	e := p.want(universal, tagBitString)
	if p.err == nil && len(e.body) == 0 {
		p.fail(malformed("a bit string is empty"))
		return nil
	}
	if p.err != nil {
		return nil
	}
	return e.body[1:]
}

// timeOf reads a UTCTime or GeneralizedTime, with or without seconds.
func timeOf(e tlv) (time.Time, error) {
	layouts := []string{"20060102150405Z0700", "200601021504Z0700", "20060102150405"}
	if e.is(universal, tagUTCTime) {
		layouts = []string{"060102150405Z0700", "0601021504Z0700"}
	}
	if (e.tag == tagUTCTime || e.tag == tagGeneralizedTime) && len(e.body) <= 32 {
		for _, layout := range layouts {
			t, err := time.Parse(layout, string(e.body))
			if err != nil {
				continue
			}
			if e.tag == tagUTCTime && t.Year() >= 2050 { // RFC 5280, section 4.1.2.5.1
				t = t.AddDate(-100, 0, 0)
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, malformed("a time is not one")
}

// wrap writes an element around a body of less than 16 MB.
func wrap(tag byte, body []byte) []byte {
	out := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		out = append(out, byte(n))
	case n <= 0xff:
		out = append(out, 0x81, byte(n))
	case n <= 0xffff:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}

// encodeOID is the way back from oidOf.
func encodeOID(dotted string) []byte {
	var out []byte
	carried := uint64(0)
	for i, word := range strings.Split(dotted, ".") {
		v, err := strconv.ParseUint(word, 10, 56)
		if err != nil {
			return nil
		}
		if i == 0 {
			carried = v * 40
			continue
		}
		v, carried = v+carried, 0
		digits := []byte{byte(v & 0x7f)}
		for v >>= 7; v > 0; v >>= 7 {
			digits = append(digits, byte(v&0x7f)|0x80)
		}
		slices.Reverse(digits)
		out = append(out, digits...)
	}
	return out
}
