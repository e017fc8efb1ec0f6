package source

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of XML that lists never come near.
const (
	maxDepth = 64
	maxNames = 4096 // distinct element and attribute names
)

// markup reads the XML of lists: elements, attributes, text, CDATA, comments and the five entities that XML itself has. Anything with which XML can do
// harm (document types, entities of its own, external ones) is refused as soon as it shows. It differs from encoding/xml in that, and in giving each
// record as it was written, and in speed.
type markup struct {
	s       *sink
	t       *text
	buf     []byte
	pos     int
	mark    int  // start of the record at hand, or of the last start tag; -1 when neither is of interest
	inside  bool // a record is being read
	ended   bool
	lines   int // line breaks in what is no longer in buf
	stack   []string
	rooted  bool
	latin   bool // the file says that it is ISO 8859-1 or Windows-1252
	names   map[string]string
	nodes   nodeStore
	attrs   []attr // of the last start tag
	pending string // end of a self-closed element that is still to be told
}

// attr is an attribute.
type attr struct{ name, value string }

// node is an element of a record: its text, its attributes and the elements within it. It lives until the next record is read.
type node struct {
	name  string
	text  string
	attrs []attr
	first *node
	next  *node
}

// piece is what the scanner finds next.
type piece int

const (
	pieceStart piece = iota
	pieceEnd
	pieceText
)

// openMarkup opens a file as XML.
func (s *sink) openMarkup(name string) (*markup, error) {
	t, err := s.open(name)
	if err != nil {
		return nil, err
	}
	return &markup{s: s, t: t, buf: make([]byte, 0, 256<<10), mark: -1, names: map[string]string{}}, nil
}

// elements walks a file. At each start of an element it calls visit with the path of names down to it and its attributes; visit answers whether to read
// the element whole, in which case take gets it. Afterwards the file is known to have been whole.
func (s *sink) elements(name string, visit func(path []string, attrs []attr) bool, take func(n *node, raw string) error) (err error) {
	x, err := s.openMarkup(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.t.Close()) }()
	for {
		kind, name, err := x.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if kind != pieceStart || !visit(x.stack, x.attrs) {
			x.mark = -1
			continue
		}
		n, raw, err := x.element(name)
		if err != nil {
			return err
		}
		if err := take(n, raw); err != nil {
			return err
		}
	}
}

// fail refuses the file at the place that is read.
func (x *markup) fail(reason Reason, format string, args ...any) error {
	return refuse(reason, x.t.name, x.lines+bytes.Count(x.buf[:min(x.pos, len(x.buf))], []byte{'\n'})+1, format, args...)
}

// fill reads on. Outside a record it forgets what was used.
func (x *markup) fill() error {
	if x.ended {
		return x.fail(Truncated, "the file ends within %s", x.where())
	}
	keep := x.pos
	if x.mark >= 0 {
		keep = x.mark
	}
	if keep > 0 {
		x.lines += bytes.Count(x.buf[:keep], []byte{'\n'})
		x.buf = append(x.buf[:0], x.buf[keep:]...)
		x.pos -= keep
		if x.mark >= 0 {
			x.mark = 0
		}
	}
	if len(x.buf) > x.t.lim.Record {
		return x.fail(TooLarge, "a record of more than %d bytes", x.t.lim.Record)
	}
	if len(x.buf) == cap(x.buf) {
		x.buf = append(x.buf, make([]byte, len(x.buf)+1)...)[:len(x.buf)]
	}
	n, err := x.t.Read(x.buf[len(x.buf):cap(x.buf)])
	fresh := x.buf[len(x.buf) : len(x.buf)+n]
	if bytes.IndexByte(fresh, 0) >= 0 {
		return x.fail(Encoding, "a NUL byte")
	}
	x.buf = x.buf[:len(x.buf)+n]
	if errors.Is(err, io.EOF) {
		x.ended = true
		return nil
	}
	return err
}

// where names the place for an error.
func (x *markup) where() string {
	if len(x.stack) == 0 {
		return "what stands before the first element"
	}
	return "element " + x.stack[len(x.stack)-1]
}

// seek gives the place of the next sep at or behind from, counted from pos (which may move when more is read).
func (x *markup) seek(from int, sep string) (int, error) {
	for {
		if x.pos+from <= len(x.buf) {
			if i := bytes.Index(x.buf[x.pos+from:], []byte(sep)); i >= 0 {
				return from + i, nil
			}
			from = max(from, len(x.buf)-x.pos-len(sep)+1)
		}
		if err := x.fill(); err != nil {
			return 0, err
		}
	}
}

// have makes sure that n bytes from pos on are in the buffer, as far as the file has them.
func (x *markup) have(n int) error {
	for len(x.buf)-x.pos < n && !x.ended {
		if err := x.fill(); err != nil {
			return err
		}
	}
	return nil
}

// next gives the next start or end of an element or piece of text, or io.EOF behind the root. For a start the attributes are in x.attrs and the element
// is on the stack; the string is its name or the text.
func (x *markup) next() (piece, string, error) {
	if x.pending != "" {
		name := x.pending
		x.pending = ""
		return pieceEnd, name, x.pop(name)
	}
	for {
		if err := x.have(1); err != nil {
			return 0, "", err
		}
		if x.pos == len(x.buf) {
			return 0, "", x.end()
		}
		if x.buf[x.pos] != '<' {
			text, err := x.words()
			if err != nil {
				return 0, "", err
			}
			if len(x.stack) > 0 {
				return pieceText, text, nil
			}
			continue
		}
		kind, text, known, err := x.tag()
		if err != nil || known {
			return kind, text, err
		}
	}
}

// end tells whether a file may end here.
func (x *markup) end() error {
	if len(x.stack) > 0 {
		return x.fail(Truncated, "the file ends within element %s", x.stack[len(x.stack)-1])
	}
	if !x.rooted {
		return x.fail(Shape, "no element")
	}
	return io.EOF
}

// words reads text up to the next tag.
func (x *markup) words() (string, error) {
	length := bytes.IndexByte(x.buf[x.pos:], '<')
	for length < 0 && !x.ended {
		if err := x.fill(); err != nil {
			return "", err
		}
		length = bytes.IndexByte(x.buf[x.pos:], '<')
	}
	if length < 0 {
		length = len(x.buf) - x.pos
	}
	raw := x.buf[x.pos : x.pos+length]
	defer func() { x.pos += length }()
	trimmed := bytes.TrimSpace(raw)
	if len(x.stack) == 0 {
		if len(trimmed) > 0 {
			return "", x.fail(Shape, "text outside the first element: this is not XML")
		}
		return "", nil
	}
	if len(trimmed) == 0 {
		return "", nil
	}
	return x.plain(trimmed)
}

// checked gives text as a string of characters that XML has.
func (x *markup) checked(raw []byte) (string, error) {
	s := string(raw)
	if !utf8.ValidString(s) {
		if !x.latin {
			return "", x.fail(Encoding, "text that is not UTF-8, as which the file is declared")
		}
		s = fromWindows1252(s)
	}
	if strings.ContainsFunc(s, notInXML) {
		return "", x.fail(Shape, "a control character, which XML does not allow")
	}
	return s, nil
}

// plain gives text with its entities resolved.
func (x *markup) plain(raw []byte) (string, error) {
	s, err := x.checked(raw)
	if err != nil {
		return "", err
	}
	if strings.IndexByte(s, '&') < 0 {
		return s, nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		before, after, ok := strings.Cut(s, "&")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, rest, ok := strings.Cut(after, ";")
		if !ok || len(name) > 10 {
			return "", x.fail(Shape, "an ampersand that begins no entity")
		}
		r, err := x.entity(name)
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
		s = rest
	}
}

// notInXML tells the characters that XML 1.0 does not have (section 2.2).
func notInXML(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

// entity resolves one of XML's own entities or a character's number.
func (x *markup) entity(name string) (rune, error) {
	switch name {
	case "lt":
		return '<', nil
	case "gt":
		return '>', nil
	case "amp":
		return '&', nil
	case "apos":
		return '\'', nil
	case "quot":
		return '"', nil
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, x.fail(Forbidden, "an entity of its own")
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || !utf8.ValidRune(rune(n)) || notInXML(rune(n)) {
		return 0, x.fail(Shape, "a character number that stands for none")
	}
	return rune(n), nil
}
