package aamva

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Errors of Parse.
var (
	// ErrOther says that the bytes are something else than a licence of this standard.
	ErrOther = errors.New("aamva: not a code of this standard")
	// ErrDamaged says that the header is one of this standard but what it promises is not there.
	ErrDamaged = errors.New("aamva: the code breaks off")
)

// maxBytes is more than a PDF417 symbol can hold.
const maxBytes = 4096

// Parse reads the content of a code: ISO 8859-1, or UTF-8 where it is that. It fails with ErrOther or ErrDamaged. Small
// faults that are common in cards in circulation are no failure: offsets of subfiles that are a few bytes wrong, separators that
// were changed on the way, elements that are not understood.
func Parse(content []byte) (Licence, error) {
	if len(content) > maxBytes {
		return Licence{}, ErrOther
	}
	if !utf8.Valid(content) {
		return parse(content, latin)
	}
	return parse(content, func(part []byte) string { return string(part) })
}

// latin reads ISO 8859-1. Offsets count bytes, so it is only done to parts.
func latin(part []byte) string {
	runes := make([]rune, len(part))
	for i, c := range part {
		runes[i] = rune(c)
	}
	return string(runes)
}

func parse(content []byte, decode func([]byte) string) (Licence, error) {
	head, err := headerOf(content)
	if err != nil {
		return Licence{}, err
	}
	l := Licence{Issuer: head.issuer, Version: head.version, JurisdictionVersion: head.jurisdiction, Elements: map[string]string{}}
	for _, s := range head.subfiles {
		part, ok := s.find(content, head.size)
		if !ok {
			l.unread(s.kind)
			continue
		}
		if s.kind != "DL" && s.kind != "ID" && s.kind != "EN" {
			continue // the jurisdiction's own
		}
		if l.Type == "" {
			l.Type = s.kind
		}
		elements(decode(part[len(s.kind):]), l.Elements)
	}
	if l.Type == "" || len(l.Elements) == 0 {
		return Licence{}, fmt.Errorf("%w: no licence in it", ErrDamaged)
	}
	l.fill()
	return l, nil
}

// header is what comes before the subfiles.
type header struct {
	issuer                string
	version, jurisdiction int
	subfiles              []subfile
	size                  int // bytes
}

// headerOf reads the header: a compliance mark and separators, the file type, issuer, versions, and where subfiles lie.
func headerOf(content []byte) (header, error) {
	at := -1
	for _, kind := range []string{"ANSI ", "AAMVA"} {
		// Separators before it are sometimes lost; more than a few bytes are something else.
		if i := bytes.Index(content[:min(len(content), 16)], []byte(kind)); i >= 0 {
			at = i + len(kind)
			break
		}
	}
	if at < 0 || content[0] != '@' {
		return header{}, ErrOther
	}
	r := reader{content[at:]}
	issuer, ok := r.digits(6)
	if !ok {
		return header{}, ErrOther
	}
	var h header
	h.issuer = fmt.Sprintf("%06d", issuer)
	if h.version, ok = r.digits(2); !ok {
		return header{}, fmt.Errorf("%w: no version", ErrDamaged)
	}
	if h.version >= 2 {
		if h.jurisdiction, ok = r.digits(2); !ok {
			return header{}, fmt.Errorf("%w: no version of the jurisdiction", ErrDamaged)
		}
	}
	entries, ok := r.digits(2)
	if !ok || entries == 0 {
		return header{}, fmt.Errorf("%w: no subfiles", ErrDamaged)
	}
	for range entries {
		s, ok := r.subfile()
		if !ok {
			return header{}, fmt.Errorf("%w: subfiles are missing", ErrDamaged)
		}
		h.subfiles = append(h.subfiles, s)
	}
	h.size = len(content) - len(r.rest)
	return h, nil
}

// elements adds the elements of a subfile: three letters or digits and a value, a line each.
func elements(text string, into map[string]string) {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\x1e' || r == '\x1d' || r == '\x1c' })
	for _, line := range lines {
		if len(line) < 3 || !isID(line[:3]) {
			continue
		}
		id, value := line[:3], strings.TrimSpace(line[3:])
		if _, twice := into[id]; !twice {
			into[id] = value
		}
	}
}

// isID reports whether three bytes are the name of an element: a capital and two capitals or digits.
func isID(id string) bool {
	for i := range len(id) {
		if c := id[i]; (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}
