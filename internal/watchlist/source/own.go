package source

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// readOwn reads a firm's own list; the package's documentation has its columns.
func readOwn(s *sink) error {
	name := s.in.Files[0]
	comma, err := s.separator(name)
	if err != nil {
		return err
	}
	between := ";"
	if comma == ';' {
		between = "|"
	}
	l := layout{comma: comma, need: []string{"id", "name"}, closing: func(c *table, cells []string) (bool, error) { return s.ownCount(c, cells) }}
	return s.rows(name, l, func(c *table, h header, cells []string) error {
		e := &watchlist.Entity{ID: h.get(cells, "id"), Raw: c.raw}
		if e.ID == "" {
			return refuse(Shape, name, c.line, "a row without an id")
		}
		s.ownRow(e, func(column string) string { return h.get(cells, column) }, between)
		return s.put(e)
	})
}

// CheckOwnID says what keeps an id from being that of an own list: its letters, or that a publisher's list has it.
func CheckOwnID(list string) error {
	if !validList(list) {
		return fmt.Errorf("a list cannot have the id %q: it has small letters, digits, _ and -, begins with no -, and is no longer than 64", list)
	}
	for format := range readers() {
		for _, file := range []string{"", "cons_prim.csv"} { // by its files, OFAC's format is one list or another
			if id, _ := usual(Input{Format: format, Files: []string{file}}); id == list && format != Own {
				return fmt.Errorf("an own list cannot have the id %q: a publisher's list has it", list)
			}
		}
	}
	return nil
}

// separator tells what separates the columns, by the header.
func (s *sink) separator(name string) (comma byte, err error) {
	c, err := s.openTable(name, 0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	c.plain = true
	if _, err := c.next(); errors.Is(err, io.EOF) {
		return 0, refuse(Truncated, name, 0, "the file is empty")
	} else if err != nil {
		return 0, err
	}
	comma = ','
	for _, other := range []byte{';', '\t'} {
		if strings.Count(c.raw, string(other)) > strings.Count(c.raw, string(comma)) {
			comma = other
		}
	}
	return comma, nil
}

// ownCount reads the line that declares the number of records.
func (s *sink) ownCount(c *table, cells []string) (bool, error) {
	said, ok := strings.CutPrefix(strings.TrimSpace(cells[0]), "#")
	if !ok {
		return false, nil
	}
	if _, count, ok := strings.Cut(strings.ToLower(said), "count:"); ok {
		n, err := strconv.Atoi(strings.TrimSpace(count))
		if err != nil || n < 0 {
			return false, refuse(Shape, c.t.name, c.line, "a count that is no number")
		}
		s.info.Declared = n
	}
	return true, nil
}

// ownRow adds what a row says.
func (s *sink) ownRow(e *watchlist.Entity, get func(string) string, between string) {
	several := func(column string) []string {
		var kept []string
		for value := range strings.SplitSeq(get(column), between) {
			if value = squeeze(value); value != "" {
				kept = append(kept, value)
			}
		}
		return kept
	}
	e.Kind = ownKind(get("kind"))
	e.Names = append(e.Names, watchlist.Name{Full: get("name"), First: get("firstname"), Last: get("lastname"), Kind: watchlist.PrimaryName})
	for _, alias := range several("aliases") {
		e.Names = append(e.Names, watchlist.Name{Full: alias, Kind: watchlist.Alias})
	}
	for _, alias := range several("weakaliases") {
		e.Names = append(e.Names, watchlist.Name{Full: alias, Kind: watchlist.Alias, Weak: true})
	}
	for _, value := range several("birthdate") {
		s.birth(e, value)
	}
	for _, name := range several("countries") {
		s.nation(e, name)
	}
	for _, id := range several("ids") {
		s.ownNumber(e, id)
	}
	e.BirthPlace, e.Addresses, e.Programs, e.Titles = several("birthplace"), several("addresses"), several("programs"), several("titles")
	e.Topics = several("topics")
	if len(e.Topics) == 0 {
		e.Topics = []string{"blocklist"}
	}
	e.Gender = gender(get("gender"))
	e.Listed = listedOn(get("listed"))
	e.Remarks = get("remarks")
}

// ownKind gives the kind for what firms write.
func ownKind(kind string) watchlist.Kind {
	switch strings.ToLower(kind) {
	case "person", "individual":
		return watchlist.Person
	case "organization", "organisation", "company", "entity":
		return watchlist.Organization
	case "vessel", "ship":
		return watchlist.Vessel
	case "aircraft":
		return watchlist.Aircraft
	default:
		return ""
	}
}

// ownNumber adds kind:value or kind:country:value.
func (s *sink) ownNumber(e *watchlist.Entity, value string) {
	kind, rest, ok := strings.Cut(value, ":")
	if !ok {
		e.IDs = addID(e.IDs, watchlist.ID{Kind: idOther, Value: value})
		return
	}
	id := watchlist.ID{Kind: strings.ToLower(strings.TrimSpace(kind)), Value: strings.TrimSpace(rest)}
	if code, number, ok := strings.Cut(rest, ":"); ok && country(code) != "" {
		id.Country, id.Value = country(code), strings.TrimSpace(number)
	}
	e.IDs = addID(e.IDs, id)
}
