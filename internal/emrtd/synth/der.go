package synth

import (
	"encoding/asn1"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// The tags that are written.
const (
	tagInteger   = 0x02
	tagBits      = 0x03
	tagOctets    = 0x04
	tagNull      = 0x05
	tagUTF8      = 0x0c
	tagPrintable = 0x13
	tagSequence  = 0x30
	tagSet       = 0x31
	tagContext0  = 0xa0
	tagContext1  = 0xa1
	tagContext2  = 0xa2
	tagContext3  = 0xa3
)

// wrap writes an element around its parts. Tags of two bytes are given as one number.
func wrap(tag int, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	var out []byte
	if tag > 0xff {
		out = append(out, byte(tag>>8))
	}
	out = append(out, byte(tag))
	switch n := len(body); {
	case n < 0x80:
		out = append(out, byte(n))
	case n <= 0xffff:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}

func sequence(parts ...[]byte) []byte { return wrap(tagSequence, parts...) }

func null() []byte { return []byte{tagNull, 0} }

func octets(b []byte) []byte { return wrap(tagOctets, b) }

func bits(b []byte) []byte { return wrap(tagBits, []byte{0}, b) }

func text(s string) []byte { return wrap(tagUTF8, []byte(s)) }

func number(v *big.Int) []byte { return must(asn1.Marshal(v)) }

func small(v int64) []byte { return number(big.NewInt(v)) }

func moment(t time.Time) []byte { return must(asn1.Marshal(t.UTC())) }

// oid writes an object identifier that is given with dots.
func oid(dotted string) []byte {
	var id asn1.ObjectIdentifier
	for word := range strings.SplitSeq(dotted, ".") {
		n, err := strconv.Atoi(word)
		if err != nil {
			panic(fmt.Sprintf("synth: %q is no object identifier", dotted))
		}
		id = append(id, n)
	}
	return must(asn1.Marshal(id))
}

// must is for what cannot fail on what this package writes.
func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}
