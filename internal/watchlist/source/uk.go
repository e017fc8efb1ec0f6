package source

import (
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// readUK reads the UK Sanctions List: above the header a row with the date of the report, then a row per name and address of a designation, joined on
// Unique ID. Name 6 is the last name of a person and the whole name of all else. Source: the list's header, and FCDO's guide to its format.
func readUK(s *sink) error {
	l := layout{comma: ',', need: []string{"uniqueid", "name6", "nametype"}, before: func(cells []string) {
		for _, cell := range cells {
			if _, day, ok := strings.Cut(cell, ":"); ok {
				s.info.Date = timestamp(day)
			}
		}
	}}
	return s.groups(s.in.Files[0], l, "uniqueid", func(h header, id string, g group) error {
		e := &watchlist.Entity{ID: id, Topics: []string{"sanction"}, Raw: g.text()}
		for _, cells := range g.rows {
			s.ukRow(e, func(name string) string { return h.get(cells, name) })
		}
		primaryFirst(e)
		return s.put(e)
	})
}

// ukRow adds what one row says.
func (s *sink) ukRow(e *watchlist.Entity, get func(string) string) {
	e.Kind = ukKind(firstOf(get("individualentityship"), get("designationtype")))
	if un := get("unreferencenumber"); un != "" {
		e.SameAs = add(e.SameAs, "un:"+un)
	}
	if ofsi := get("ofsigroupid"); ofsi != "" {
		e.SameAs = add(e.SameAs, "ofsi:"+ofsi)
	}
	ukName(e, get)
	e.Titles = add(e.Titles, get("title"))
	for _, position := range numbered(get("position")) {
		e.Titles = add(e.Titles, position)
	}
	e.Programs = add(e.Programs, get("regimename"))
	e.Gender = firstOf(e.Gender, gender(get("gender")))
	e.Listed = firstOf(e.Listed, listedOn(get("datedesignated")))
	e.Remarks = firstOf(e.Remarks, squeeze(get("otherinformation")))
	for _, value := range numbered(get("dob")) {
		s.birth(e, value)
	}
	e.BirthPlace = add(e.BirthPlace, joinLine(get("townofbirth"), get("countryofbirth")))
	for _, name := range []string{get("nationalityies"), get("currentbelievedflagofship")} {
		for _, value := range numbered(name) {
			s.nation(e, value)
		}
	}
	s.address(e, get("addresscountry"), get("addressline1"), get("addressline2"), get("addressline3"), get("addressline4"), get("addressline5"),
		get("addressline6"), get("addresspostalcode"))
	for _, known := range [...]struct{ column, kind string }{
		{"passportnumber", idPassport}, {"nationalidentifiernumber", idNational}, {"businessregistrationnumbers", idRegistration}, {"imonumber", idIMO},
	} {
		for _, value := range numbered(get(known.column)) {
			e.IDs = addID(e.IDs, issued(known.kind, bareNumber(value)))
		}
	}
}

// ukKind gives the kind for the list's word.
func ukKind(kind string) watchlist.Kind {
	switch strings.ToLower(kind) {
	case "individual":
		return watchlist.Person
	case "entity":
		return watchlist.Organization
	case "ship":
		return watchlist.Vessel
	default:
		return ""
	}
}

// ukName adds a row's name, and the one in another script beside it.
func ukName(e *watchlist.Entity, get func(string) string) {
	n := watchlist.Name{First: joinName(get("name1"), get("name2"), get("name3"), get("name4"), get("name5")), Last: get("name6"), Kind: watchlist.Alias}
	if strings.EqualFold(get("nametype"), "primary name") {
		n.Kind = watchlist.PrimaryName
	}
	n.Weak = strings.HasPrefix(strings.ToLower(get("aliasstrength")), "low")
	n.Full = joinName(n.First, n.Last)
	if e.Kind != watchlist.Person || n.First == "" {
		n.First, n.Last = "", ""
	}
	e.Names = append(e.Names, n)
	for _, other := range numbered(get("namenonlatinscript")) {
		e.Names = append(e.Names, watchlist.Name{Full: other, Kind: n.Kind, Weak: n.Weak})
	}
}

// primaryFirst puts the primary names before the others; where none is called so, the first is it.
func primaryFirst(e *watchlist.Entity) {
	sorted := make([]watchlist.Name, 0, len(e.Names))
	for _, primary := range []bool{true, false} {
		for _, n := range e.Names {
			if (n.Kind == watchlist.PrimaryName) == primary {
				sorted = append(sorted, n)
			}
		}
	}
	if len(sorted) > 0 && sorted[0].Kind != watchlist.PrimaryName {
		sorted[0].Kind = watchlist.PrimaryName
	}
	e.Names = sorted
}

// numbered splits a cell with several values, "(1) one (2) two" or "one; two".
func numbered(s string) []string {
	if s == "" {
		return nil
	}
	var values []string
	rest := s
	for n := byte('1'); n <= '9'; n++ {
		mark := "(" + string(n) + ")"
		before, after, ok := strings.Cut(rest, mark)
		if !ok {
			break
		}
		values = append(values, before)
		rest = after
	}
	values = append(values, rest)
	var kept []string
	for _, value := range values {
		for part := range strings.SplitSeq(value, ";") {
			if part = strings.Trim(squeeze(part), " .,"); part != "" {
				kept = append(kept, part)
			}
		}
	}
	return kept
}
