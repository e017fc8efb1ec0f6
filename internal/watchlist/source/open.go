package source

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text is one file of a list, unpacked and as UTF-8 where its byte order mark tells of another encoding. It is bounded in every direction.
type text struct {
	name    string
	file    fs.File
	packed  int64 // bytes read of the file
	given   int64 // bytes given out
	isGzip  bool
	lim     Limits
	alive   func() error
	unzip   *gzip.Reader
	r       io.Reader
	sawMark bool // a byte order mark says that this is Unicode
}

// open opens a file of the list being read.
func (s *sink) open(name string) (*text, error) {
	f, err := s.in.FS.Open(name)
	if err != nil {
		return nil, &Error{Reason: Unreachable, File: name, What: "the file cannot be opened", Err: err}
	}
	t := &text{name: name, file: f, lim: s.in.Limits, alive: s.alive}
	if err := t.begin(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

// begin looks at the first bytes: packed or not, which byte order mark.
func (t *text) begin() error {
	raw := bufio.NewReaderSize(packedReader{t}, 64<<10)
	t.r = raw
	if head, err := raw.Peek(2); err == nil && head[0] == 0x1f && head[1] == 0x8b {
		t.isGzip = true
		z, err := gzip.NewReader(raw)
		if err != nil {
			return t.fault(err)
		}
		t.unzip = z
		t.r = bufio.NewReaderSize(z, 64<<10)
	}
	peeker, ok := t.r.(*bufio.Reader)
	if !ok {
		return nil
	}
	head, err := peeker.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return t.fault(err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		t.sawMark = true
		_, err := peeker.Discard(3)
		return t.fault(err)
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		t.sawMark = true
		t.r = &utf16Reader{r: peeker, order: binary.LittleEndian}
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		t.sawMark = true
		t.r = &utf16Reader{r: peeker, order: binary.BigEndian}
	}
	return nil
}

// Read gives the next bytes of the text.
func (t *text) Read(p []byte) (int, error) {
	if err := t.alive(); err != nil {
		return 0, fmt.Errorf("read %s: %w", t.name, err)
	}
	n, err := t.r.Read(p)
	t.given += int64(n)
	if t.given > t.lim.Text {
		return 0, refuse(TooLarge, t.name, 0, "more than %d bytes of text", t.lim.Text)
	}
	// Small packed files may be very regular; only what is large can hurt.
	if t.isGzip && t.given > 1<<20 && t.given > t.packed*t.lim.Ratio {
		return 0, refuse(Inflates, t.name, 0, "%d packed bytes give more than %d", t.packed, t.given)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, t.fault(err)
	}
	return n, err // io.EOF is the contract of Read
}

// Close closes the file.
func (t *text) Close() error {
	if t.unzip != nil {
		if err := t.unzip.Close(); err != nil {
			return errors.Join(t.fault(err), t.file.Close())
		}
	}
	return t.fault(t.file.Close())
}

// fault turns an error of reading into what it means for a list.
func (t *text) fault(err error) error {
	var refused *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Reason: Truncated, File: t.name, What: "the packed file ends too early", Err: err}
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return &Error{Reason: Truncated, File: t.name, What: "the packed file is damaged", Err: err}
	case t.alive() != nil:
		return err
	case t.isGzip:
		return &Error{Reason: Truncated, File: t.name, What: "the packed file cannot be unpacked", Err: err}
	default:
		return &Error{Reason: Unreachable, File: t.name, What: "the file cannot be read", Err: err}
	}
}

// packedReader counts and bounds what is read of the file itself.
type packedReader struct{ t *text }

func (r packedReader) Read(p []byte) (int, error) {
	n, err := r.t.file.Read(p)
	r.t.packed += int64(n)
	if r.t.packed > r.t.lim.File {
		return 0, refuse(TooLarge, r.t.name, 0, "the file has more than %d bytes", r.t.lim.File)
	}
	return n, err // wrapped by text.fault
}

// utf16Reader gives UTF-16 as UTF-8; halves of pairs become the replacement character.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	begun bool
	out   []byte
	half  rune // first half of a pair, or 0
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		var unit [2]byte
		if _, err := io.ReadFull(u.r, unit[:]); err != nil {
			if errors.Is(err, io.EOF) && u.half != 0 {
				u.half = 0
				u.out = utf8.AppendRune(u.out[:0], utf8.RuneError)
				continue
			}
			return 0, err // io.EOF is the contract of Read
		}
		u.take(rune(u.order.Uint16(unit[:])))
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// take adds one unit to what is to be given out.
func (u *utf16Reader) take(unit rune) {
	if !u.begun {
		u.begun = true
		if unit == 0xfeff {
			return
		}
	}
	out := u.out[:0]
	if u.half != 0 {
		pair := utf16.DecodeRune(u.half, unit)
		u.half = 0
		out = utf8.AppendRune(out, pair)
		if pair != utf8.RuneError {
			u.out = out
			return
		}
	}
	if unit >= 0xd800 && unit < 0xdc00 {
		u.half = unit
	} else {
		out = utf8.AppendRune(out, unit)
	}
	u.out = out
}

// windows1252 is what the bytes 0x80 to 0x9f stand for in Windows-1252, which is what files that call themselves Latin-1 are in truth.
const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

// fromWindows1252 gives text that is not UTF-8 as what it is in Windows-1252.
func fromWindows1252(s string) string {
	high := []rune(windows1252)
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80 && c < 0xa0:
			b.WriteRune(high[c-0x80])
		default:
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}
