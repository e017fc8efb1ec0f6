package source

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// table reads a file of separated values (RFC 4180: quotes doubled inside quotes, line breaks allowed inside them) one record at a time. It differs
// from encoding/csv in what lists need: a record has a bound, is kept as it was written, and a file that was cut is told from one that has ended.
type table struct {
	s     *sink
	t     *text
	comma byte
	lazy  bool // quotes within cells are let pass, for publishers who do not quote
	plain bool // quotes mean nothing: a record is a line
	buf   []byte
	start int // of what is not yet used of buf
	line  int // line on which the last record began
	lines int // line breaks used
	ended bool
	cut   bool // the last record had no line break behind it
	raw   string
	cells []string
}

// openTable opens a file as a table.
func (s *sink) openTable(name string, comma byte) (*table, error) {
	t, err := s.open(name)
	if err != nil {
		return nil, err
	}
	return &table{s: s, t: t, comma: comma, buf: make([]byte, 0, 256<<10)}, nil
}

// Close closes the file.
func (c *table) Close() error { return c.t.Close() }

// layout says what a file of separated values looks like.
type layout struct {
	comma   byte
	columns int      // 0 takes those of the header or the first row
	need    []string // names of columns that a header must have, as columnKey writes them; none means that there is no header
	lazy    bool
	before  func(cells []string)                         // gets the rows above the header
	closing func(c *table, cells []string) (bool, error) // tells a row that is no record, such as a count at the end
}

// headerWithin is how many rows may stand above a header.
const headerWithin = 5

// rows hands each record to take, with the header where there is one. The cells are the record's own strings and may be kept, the slice may not. All
// rows must have the same number of columns.
func (s *sink) rows(name string, l layout, take func(c *table, h header, cells []string) error) (err error) {
	c, err := s.openTable(name, l.comma)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	c.lazy = l.lazy
	h, err := c.header(l)
	if err != nil {
		return err
	}
	columns := l.columns
	if h != nil && columns == 0 {
		columns = len(c.cells)
	}
	for {
		cells, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if columns == 0 {
			columns = len(cells)
		}
		if l.closing != nil {
			if closing, err := l.closing(c, cells); err != nil {
				return err
			} else if closing {
				continue
			}
		}
		if len(cells) != columns {
			return c.miscounted(len(cells), columns)
		}
		if err := take(c, h, cells); err != nil {
			return err
		}
	}
}

// header reads up to the header row, if the layout has one.
func (c *table) header(l layout) (header, error) {
	if len(l.need) == 0 {
		return nil, nil
	}
	var missing []string
	for range headerWithin {
		cells, err := c.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		h := newHeader(cells)
		lacks := h.need(l.need...)
		if len(lacks) == 0 {
			return h, nil
		}
		if missing == nil || len(lacks) < len(missing) {
			missing = lacks
		}
		if l.before != nil {
			l.before(cells)
		}
	}
	if missing == nil {
		return nil, refuse(Truncated, c.t.name, 0, "the file is empty")
	}
	return nil, refuse(Shape, c.t.name, 1, "no header with the columns %s", strings.Join(missing, ", "))
}

// miscounted refuses a record with too few or too many cells; as the file's last one with too few it was cut.
func (c *table) miscounted(got, want int) error {
	if c.cut && got < want {
		return refuse(Truncated, c.t.name, c.line, "the file ends within a row: %d of %d columns", got, want)
	}
	return refuse(Shape, c.t.name, c.line, "%d columns where there should be %d", got, want)
}

// next gives the cells of the next record, or io.EOF.
func (c *table) next() ([]string, error) {
	for {
		record, err := c.record()
		if err != nil {
			return nil, err
		}
		record = bytes.TrimSuffix(record, []byte("\r"))
		if len(record) == 0 {
			continue
		}
		if len(record) == 1 && record[0] == 0x1a {
			// The end mark of DOS, with which OFAC closes its files.
			continue
		}
		if i := bytes.IndexByte(record, 0); i >= 0 {
			return nil, refuse(Encoding, c.t.name, c.line, "a NUL byte")
		}
		c.raw = c.decode(record)
		if c.plain {
			return nil, nil
		}
		return c.split()
	}
}

// decode gives the record as a string of valid UTF-8.
func (c *table) decode(record []byte) string {
	s := string(record)
	if utf8.ValidString(s) {
		return s
	}
	c.s.note("a row that is not UTF-8, read as Windows-1252", c.t.name)
	return fromWindows1252(s)
}

// record gives the bytes up to the next line break outside quotes.
func (c *table) record() ([]byte, error) {
	c.line = c.lines + 1
	seen, quotes := c.start, 0
	for {
		if i := bytes.IndexByte(c.buf[seen:], '\n'); i >= 0 {
			c.lines++
			quotes += bytes.Count(c.buf[seen:seen+i], []byte{'"'})
			seen += i + 1
			if quotes%2 == 0 || c.plain {
				record := c.buf[c.start : seen-1]
				c.start = seen
				return record, nil
			}
			continue
		}
		quotes += bytes.Count(c.buf[seen:], []byte{'"'})
		if c.ended {
			return c.last(quotes)
		}
		if len(c.buf)-c.start > c.t.lim.Record {
			return nil, refuse(TooLarge, c.t.name, c.line, "a row of more than %d bytes (a quote that is never closed reads so, too)", c.t.lim.Record)
		}
		c.buf = append(c.buf[:0], c.buf[c.start:]...)
		c.start, seen = 0, len(c.buf)
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads on behind what is in the buffer.
func (c *table) fill() error {
	if len(c.buf) == cap(c.buf) {
		c.buf = append(c.buf, make([]byte, len(c.buf)+1)...)[:len(c.buf)]
	}
	n, err := c.t.Read(c.buf[len(c.buf):cap(c.buf)])
	c.buf = c.buf[:len(c.buf)+n]
	if errors.Is(err, io.EOF) {
		c.ended = true
		return nil
	}
	return err
}

// last gives what stands behind the file's last line break, if anything does.
func (c *table) last(quotes int) ([]byte, error) {
	rest := c.buf[c.start:]
	c.start = len(c.buf)
	if len(rest) == 0 {
		return nil, io.EOF
	}
	c.cut = !bytes.Equal(rest, []byte{0x1a})
	if quotes%2 != 0 && !c.plain {
		return nil, refuse(Truncated, c.t.name, c.line, "the file ends within quotes")
	}
	return rest, nil
}

// split cuts the record into its cells.
func (c *table) split() ([]string, error) {
	c.cells = c.cells[:0]
	rest := c.raw
	for {
		cell, tail, more, ok := cutCell(rest, c.comma)
		if !ok && c.lazy {
			ok = true
			cell, tail, more = strings.Cut(rest, string(c.comma))
			c.s.note("a row with quotes that are not doubled", c.t.name)
		}
		if !ok {
			return nil, refuse(Shape, c.t.name, c.line, "broken quotes in column %d", len(c.cells)+1)
		}
		c.cells = append(c.cells, cell)
		if !more {
			return c.cells, nil
		}
		rest = tail
	}
}

// cutCell takes the first cell off a record; more tells whether a separator followed it.
func cutCell(s string, comma byte) (cell, rest string, more, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		cell, rest, more = strings.Cut(s, string(comma))
		return cell, rest, more, strings.IndexByte(cell, '"') < 0
	}
	end, doubled := 1, false
	for {
		i := strings.IndexByte(s[end:], '"')
		if i < 0 {
			return "", "", false, false
		}
		end += i
		if end+1 >= len(s) || s[end+1] != '"' {
			break
		}
		doubled = true
		end += 2
	}
	cell, rest = s[1:end], s[end+1:]
	if doubled {
		cell = strings.ReplaceAll(cell, `""`, `"`)
	}
	if rest == "" {
		return cell, "", false, true
	}
	if rest[0] != comma {
		// A blank behind the closing quote is common and harmless.
		if rest = strings.TrimLeft(rest, " "); rest != "" && rest[0] != comma {
			return "", "", false, false
		}
		if rest == "" {
			return cell, "", false, true
		}
	}
	return cell, rest[1:], true, true
}

// header finds columns by name, whatever their order, case and blanks.
type header map[string]int

// newHeader reads a header row.
func newHeader(cells []string) header {
	h := make(header, len(cells))
	for i, cell := range cells {
		name := columnKey(cell)
		if _, ok := h[name]; !ok && name != "" {
			h[name] = i
		}
	}
	return h
}

// columnKey makes the names of a column that differ only in case, blanks and punctuation the same.
func columnKey(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		default:
			return -1
		}
	}, name)
}

// get gives the cell of a named column, trimmed, or "" where the list has no such column.
func (h header) get(cells []string, name string) string {
	i, ok := h[name]
	if !ok || i >= len(cells) {
		return ""
	}
	return strings.TrimSpace(cells[i])
}

// need gives the names that the header lacks.
func (h header) need(names ...string) (missing []string) {
	for _, name := range names {
		if _, ok := h[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing
}
