package source

import (
	"bytes"
	"strings"
)

// tag reads what begins with "<"; known is false for what is passed over.
func (x *markup) tag() (kind piece, text string, known bool, err error) {
	if err := x.have(9); err != nil {
		return 0, "", false, err
	}
	rest := x.buf[x.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<?")):
		return 0, "", false, x.instruction()
	case bytes.HasPrefix(rest, []byte("<!--")):
		end, err := x.seek(4, "-->")
		if err == nil {
			x.pos += end + 3
		}
		return 0, "", false, err
	case bytes.HasPrefix(rest, []byte("<![CDATA[")) && len(x.stack) > 0:
		end, err := x.seek(9, "]]>")
		if err != nil {
			return 0, "", false, err
		}
		s, err := x.checked(x.buf[x.pos+9 : x.pos+end])
		if err != nil {
			return 0, "", false, err
		}
		x.pos += end + 3
		return pieceText, s, true, nil
	case bytes.HasPrefix(rest, []byte("<!")):
		return 0, "", false, x.fail(Forbidden, "a document type or declaration")
	case bytes.HasPrefix(rest, []byte("</")):
		end, err := x.seek(2, ">")
		if err != nil {
			return 0, "", false, err
		}
		name := x.local(bytes.TrimRight(x.buf[x.pos+2:x.pos+end], " \t\r\n"))
		x.pos += end + 1
		return pieceEnd, name, true, x.pop(name)
	default:
		name, err := x.start()
		return pieceStart, name, true, err
	}
}

// instruction passes over <?…?> and notes the encoding that the file declares.
func (x *markup) instruction() error {
	end, err := x.seek(2, "?>")
	if err != nil {
		return err
	}
	said := strings.ToLower(string(x.buf[x.pos : x.pos+end]))
	x.pos += end + 2
	if !strings.HasPrefix(said, "<?xml ") {
		return nil
	}
	_, encoding, ok := strings.Cut(said, "encoding")
	if !ok || x.t.sawMark {
		return nil
	}
	switch encoding = strings.Trim(encoding, " =\"'?"); {
	case strings.HasPrefix(encoding, "utf-8"), strings.HasPrefix(encoding, "us-ascii"):
	case strings.HasPrefix(encoding, "iso-8859-1"), strings.HasPrefix(encoding, "windows-1252"), strings.HasPrefix(encoding, "latin1"):
		x.latin = true
	default:
		return x.fail(Encoding, "an encoding that is not read")
	}
	return nil
}

// start reads a start tag.
func (x *markup) start() (string, error) {
	if !x.inside {
		x.mark = x.pos
	}
	end, err := x.tagEnd()
	if err != nil {
		return "", err
	}
	inner := x.buf[x.pos+1 : x.pos+end]
	closed := bytes.HasSuffix(inner, []byte("/"))
	inner = bytes.TrimSuffix(inner, []byte("/"))
	stop := bytes.IndexAny(inner, " \t\r\n")
	if stop < 0 {
		stop = len(inner)
	}
	if stop == 0 || !nameStart(inner[0]) {
		return "", x.fail(Shape, "a tag without a name: this is not XML")
	}
	name := x.local(inner[:stop])
	if len(x.stack) == 0 && x.rooted {
		return "", x.fail(Shape, "a second root element")
	}
	if len(x.stack) == maxDepth {
		return "", x.fail(Shape, "elements nested deeper than %d", maxDepth)
	}
	if err := x.attributes(inner[stop:]); err != nil {
		return "", err
	}
	x.rooted = true
	x.stack = append(x.stack, name)
	x.pos += end + 1
	if closed {
		x.pending = name
	}
	return name, nil
}

// tagEnd finds the ">" that closes the tag at pos; one within quotes does not.
func (x *markup) tagEnd() (int, error) {
	quote := byte(0)
	for i := 1; ; i++ {
		if x.pos+i >= len(x.buf) {
			if err := x.fill(); err != nil {
				return 0, err
			}
			i--
			continue
		}
		switch c := x.buf[x.pos+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i, nil
		case c == '<':
			return 0, x.fail(Shape, "a tag within a tag")
		}
	}
}

// nameStart tells whether a name may begin with the byte.
func nameStart(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == ':' || c >= 0x80
}

// attributes reads name="value" pairs into x.attrs.
func (x *markup) attributes(inner []byte) error {
	x.attrs = x.attrs[:0]
	for {
		inner = bytes.TrimLeft(inner, " \t\r\n")
		if len(inner) == 0 {
			return nil
		}
		equals := bytes.IndexByte(inner, '=')
		if equals <= 0 || !nameStart(inner[0]) {
			return x.fail(Shape, "a broken attribute")
		}
		name := bytes.TrimRight(inner[:equals], " \t\r\n")
		value := bytes.TrimLeft(inner[equals+1:], " \t\r\n")
		if len(value) < 2 || (value[0] != '"' && value[0] != '\'') {
			return x.fail(Shape, "an attribute without quotes")
		}
		end := bytes.IndexByte(value[1:], value[0])
		if end < 0 || bytes.ContainsAny(name, " \t\r\n\"'<>/") {
			return x.fail(Shape, "a broken attribute")
		}
		text, err := x.plain(value[1 : 1+end])
		if err != nil {
			return err
		}
		x.attrs = append(x.attrs, attr{name: x.local(name), value: text})
		inner = value[end+2:]
	}
}

// local gives a name without its prefix, each name's string being made once.
func (x *markup) local(name []byte) string {
	if i := bytes.IndexByte(name, ':'); i > 0 && i+1 < len(name) && bytes.IndexByte(name[i+1:], ':') < 0 {
		name = name[i+1:]
	}
	if known, ok := x.names[string(name)]; ok {
		return known
	}
	s := string(name)
	if len(x.names) < maxNames {
		x.names[s] = s
	}
	return s
}

// pop takes the innermost element off the stack.
func (x *markup) pop(name string) error {
	if len(x.stack) == 0 || x.stack[len(x.stack)-1] != name {
		return x.fail(Shape, "an end tag that closes nothing")
	}
	x.stack = x.stack[:len(x.stack)-1]
	return nil
}
