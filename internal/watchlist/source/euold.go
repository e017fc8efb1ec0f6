package source

import (
	"errors"
	"io"
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// readEUOld reads the EU's CSV in the layout of 2018: a row per detail of an entity, countries as alpha-3. Some copies of it wrap each row in quotes and
// stand tabs for the commas within; both are undone.
func readEUOld(s *sink) error {
	l := layout{comma: ';', need: []string{"entitylogicalid", "naalwholename", "subjecttype"}, lazy: true}
	if wrapped, err := s.isWrapped(s.in.Files[0]); err != nil {
		return err
	} else if wrapped {
		l = layout{comma: '\x1f', need: nil, columns: 1}
		return s.euWrapped(l)
	}
	return s.groups(s.in.Files[0], l, "entitylogicalid", s.euOldGroup)
}

// isWrapped tells whether the first row is a single quoted cell.
func (s *sink) isWrapped(name string) (wrapped bool, err error) {
	c, err := s.openTable(name, ';')
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	c.lazy = true
	cells, err := c.next()
	if errors.Is(err, io.EOF) {
		return false, refuse(Truncated, name, 0, "the file is empty")
	}
	return len(cells) == 1 && strings.Count(c.raw, ";") > 10, err
}

// euWrapped reads a copy with wrapped rows, whose entities stand together.
func (s *sink) euWrapped(l layout) error {
	var (
		h    header
		id   string
		held group
	)
	flush := func() error {
		if len(held.rows) == 0 {
			return nil
		}
		g := held
		held = group{}
		return s.euOldGroup(h, id, g)
	}
	err := s.rows(s.in.Files[0], l, func(c *table, _ header, cells []string) error {
		inner := strings.ReplaceAll(strings.TrimRight(cells[0], "\t "), "\t", ",")
		row := &table{s: s, t: c.t, comma: ';', lazy: true, raw: inner, line: c.line}
		own, err := row.split()
		if err != nil {
			return err
		}
		if h == nil {
			h = newHeader(own)
			if missing := h.need("entitylogicalid", "naalwholename"); len(missing) > 0 {
				return refuse(Shape, c.t.name, c.line, "no header with the columns %s", strings.Join(missing, ", "))
			}
			return nil
		}
		if next := h.get(own, "entitylogicalid"); next != id {
			if err := flush(); err != nil {
				return err
			}
			id = next
		}
		held.rows = append(held.rows, own)
		held.raw = append(append(held.raw, c.raw...), '\n')
		if len(held.raw) > s.in.Limits.Record {
			return refuse(TooLarge, c.t.name, c.line, "a record of more than %d bytes", s.in.Limits.Record)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// euOldGroup makes a record of an entity's rows.
func (s *sink) euOldGroup(h header, id string, g group) error {
	e := &watchlist.Entity{ID: id, Topics: []string{"sanction"}, Raw: g.text()}
	for _, cells := range g.rows {
		get := func(name string) string { return strings.ReplaceAll(h.get(cells, name), `\n`, " ") }
		if s.info.Date.IsZero() {
			s.info.Date = timestamp(firstOf(get("datefile"), get("datefilexxxx")))
		}
		e.Kind = euKind(get("subjecttype"))
		e.Programs = add(e.Programs, get("programme"))
		e.Remarks = firstOf(e.Remarks, squeeze(get("entityremark")))
		euReferences(e, get("eurefnum"), "")
		s.euName(e, euName{
			whole: get("naalwholename"), first: get("naalfirstname"), middle: get("naalmiddlename"), last: get("naallastname"),
			gender: get("naalgender"), title: get("naaltitle"), function: get("naalfunction"), strong: "true",
		})
		s.birth(e, get("birtdate"))
		e.BirthPlace = add(e.BirthPlace, joinLine(get("birtplace"), get("birtcountry")))
		if get("addrlogicalid") != "" {
			s.address(e, get("addrcountry"), get("addrnumber"), get("addrstreet"), get("addrzipcode"), get("addrcity"))
		}
		euOldNumber(e, get("idennumber"), get("idencountry"))
		s.nation(e, get("citicountry"))
	}
	return s.put(e)
}

// euOldNumber adds an identity number, written "4711 (passport-National passport)".
func euOldNumber(e *watchlist.Entity, s, countryCode string) {
	number, kind, _ := strings.Cut(s, "(")
	code, _, _ := strings.Cut(kind, "-")
	euNumber(e, number, strings.TrimSpace(code), countryCode)
}
