package source

import (
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// readUN reads the UN Security Council's consolidated list. Source: its XML schema, sc-sanctions.xsd.
func readUN(s *sink) error {
	name := s.in.Files[0]
	rooted := false
	visit := func(path []string, attrs []attr) bool {
		switch len(path) {
		case 1:
			rooted = path[0] == "CONSOLIDATED_LIST"
			for _, a := range attrs {
				if a.name == "dateGenerated" {
					s.info.Date = timestamp(a.value)
				}
			}
		case 3:
			return rooted && (path[2] == "INDIVIDUAL" || path[2] == "ENTITY")
		}
		return false
	}
	err := s.elements(name, visit, func(n *node, raw string) error {
		return s.put(s.unRecord(n, raw))
	})
	if err == nil && !rooted {
		return refuse(Shape, name, 0, "the root element is not CONSOLIDATED_LIST")
	}
	return err
}

// unRecord makes a record of an INDIVIDUAL or ENTITY element.
func (s *sink) unRecord(n *node, raw string) *watchlist.Entity {
	ref := n.get("REFERENCE_NUMBER")
	e := &watchlist.Entity{ID: unSaid(n.get("DATAID")), Topics: []string{"sanction"}, Raw: raw, Listed: listedOn(n.get("LISTED_ON"))}
	if e.ID == "" {
		e.ID = ref
	}
	if ref != "" {
		e.SameAs = []string{"un:" + ref}
	}
	e.Kind = watchlist.Organization
	prefix := "ENTITY"
	if n.name == "INDIVIDUAL" {
		e.Kind, prefix = watchlist.Person, "INDIVIDUAL"
	}
	e.Programs = add(e.Programs, n.get("UN_LIST_TYPE"))
	e.Gender = gender(n.get("GENDER"))
	e.Remarks = n.get("COMMENTS1")
	if e.Gender == "" {
		if _, after, ok := strings.Cut(e.Remarks, "Gender"); ok {
			e.Gender = gender(firstWord(strings.TrimLeft(after, ": [")))
		}
	}
	s.unNames(e, n, prefix)
	for _, list := range []string{"TITLE", "DESIGNATION"} {
		if c := n.child(list); c != nil {
			c.all("VALUE", func(v *node) { e.Titles = add(e.Titles, unSaid(squeeze(v.text))) })
		}
	}
	if c := n.child("NATIONALITY"); c != nil {
		c.all("VALUE", func(v *node) { s.nation(e, v.text) })
	}
	s.nation(e, n.get("NATIONALITY2"))
	n.all(prefix+"_ADDRESS", func(a *node) {
		s.address(e, a.get("COUNTRY"), a.get("STREET"), a.get("CITY"), a.get("STATE_PROVINCE"), a.get("ZIP_CODE"))
	})
	n.all("INDIVIDUAL_DATE_OF_BIRTH", func(b *node) { s.unBirth(e, b) })
	n.all("INDIVIDUAL_ALIAS", func(a *node) { s.birth(e, a.get("DATE_OF_BIRTH")) })
	n.all("INDIVIDUAL_PLACE_OF_BIRTH", func(p *node) {
		e.BirthPlace = add(e.BirthPlace, joinLine(p.get("STREET"), p.get("CITY"), p.get("STATE_PROVINCE"), p.get("COUNTRY")))
	})
	n.all("INDIVIDUAL_DOCUMENT", func(d *node) { unDocument(e, d) })
	return e
}

// unSaid gives a value unless it is one of the list's words for "not available".
func unSaid(s string) string {
	if strings.EqualFold(s, "na") || strings.EqualFold(s, "n/a") || s == "-" {
		return ""
	}
	return s
}

// firstWord gives what stands before the first blank or stop.
func firstWord(s string) string {
	if i := strings.IndexAny(s, " .,;]\n"); i >= 0 {
		return s[:i]
	}
	return s
}

// unNames adds the names. The list's four parts of a name are not tagged as first or last, so only the whole is kept.
func (s *sink) unNames(e *watchlist.Entity, n *node, prefix string) {
	whole := joinName(unSaid(n.get("FIRST_NAME")), unSaid(n.get("SECOND_NAME")), unSaid(n.get("THIRD_NAME")), unSaid(n.get("FOURTH_NAME")))
	addNoted(e, watchlist.Name{Full: whole, Kind: watchlist.PrimaryName})
	addNoted(e, watchlist.Name{Full: unSaid(n.get("NAME_ORIGINAL_SCRIPT")), Kind: watchlist.PrimaryName})
	n.all(prefix+"_ALIAS", func(a *node) {
		quality, note := strings.ToLower(a.get("QUALITY")), strings.ToLower(a.get("NOTE"))
		kind := watchlist.Alias
		if strings.HasPrefix(quality, "f.k.a") || strings.Contains(note, "previously listed as") || strings.Contains(note, "formerly listed as") {
			kind = watchlist.FormerName
		}
		addNoted(e, watchlist.Name{Full: unSaid(a.get("ALIAS_NAME")), Kind: kind, Weak: quality == "low"})
	})
}

// unBirth adds a date of birth; a date that stands only in the note is read from there.
func (s *sink) unBirth(e *watchlist.Entity, b *node) {
	value := firstOf(b.get("DATE"), b.get("YEAR"))
	if from, to := b.get("FROM_YEAR"), b.get("TO_YEAR"); from != "" && to != "" {
		value = from + " to " + to
	} else if value == "" {
		value = firstOf(from, to)
	}
	note := b.get("NOTE")
	if value == "" {
		if d, ok := birthDate(note); ok {
			e.Births = addBirth(e.Births, d)
		}
		return
	}
	if strings.EqualFold(b.get("TYPE_OF_DATE"), "APPROXIMATELY") || strings.EqualFold(note, "approximately") {
		value = "circa " + value
	}
	s.birth(e, value)
}

// unDocument adds a document's number.
func unDocument(e *watchlist.Entity, d *node) {
	kind, _ := idKind(firstOf(d.get("TYPE_OF_DOCUMENT"), d.get("TYPE_OF_DOCUMENT2")))
	if kind == "" {
		kind = idOther
	}
	id := issued(kind, bareNumber(unSaid(d.get("NUMBER"))))
	if code := country(firstOf(d.get("ISSUING_COUNTRY"), d.get("COUNTRY_OF_ISSUE"))); code != "" {
		id.Country = code
	}
	e.IDs = addID(e.IDs, id)
}

// firstOf gives the first value that is not empty.
func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
