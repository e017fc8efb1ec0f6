package source

import (
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// readCSL reads the US Consolidated Screening List. A record that several of its lists hold is several rows with the same id and becomes one record; its
// Datasets tell the lists. Source: the file's header; "Consolidated Screening List", International Trade Administration.
func readCSL(s *sink) error {
	l := layout{comma: ',', need: []string{"id", "source", "name", "altnames"}}
	return s.groups(s.in.Files[0], l, "id", func(h header, id string, g group) error {
		e := &watchlist.Entity{ID: id, Raw: g.text()}
		for _, cells := range g.rows {
			s.cslRow(e, func(name string) string { return h.get(cells, name) })
		}
		return s.put(e)
	})
}

// cslRow adds what one row says.
func (s *sink) cslRow(e *watchlist.Entity, get func(string) string) {
	dataset, topic := cslSource(get("source"))
	e.Datasets = add(e.Datasets, dataset)
	e.Topics = add(e.Topics, topic)
	e.Kind = cslKind(get("type"))
	if number := get("entitynumber"); number != "" {
		// Only the lists of OFAC have numbers.
		e.SameAs = add(e.SameAs, "ofac:"+number)
	}
	s.cslNames(e, get)
	for _, program := range values(get("programs")) {
		e.Programs = add(e.Programs, program)
	}
	for _, title := range values(get("title")) {
		e.Titles = add(e.Titles, title)
	}
	for _, address := range values(get("addresses")) {
		at := strings.LastIndexByte(address, ',')
		if code := country(address[at+1:]); len(strings.TrimSpace(address[at+1:])) == 2 && code != "" {
			e.Residence = add(e.Residence, code)
		}
		e.Addresses = add(e.Addresses, squeeze(address))
	}
	for _, column := range []string{"nationalities", "citizenships", "vesselflag"} {
		for _, code := range values(get(column)) {
			s.nation(e, code)
		}
	}
	for _, value := range values(get("datesofbirth")) {
		s.birth(e, value)
	}
	for _, place := range values(get("placesofbirth")) {
		e.BirthPlace = add(e.BirthPlace, place)
	}
	e.IDs = addID(e.IDs, watchlist.ID{Kind: idCallSign, Value: get("callsign")})
	for _, id := range values(get("ids")) {
		cslNumber(e, id)
	}
	e.Listed = firstOf(e.Listed, listedOn(get("startdate")))
	e.Remarks = firstOf(e.Remarks, joinLine(get("remarks"), get("federalregisternotice")))
}

// cslSource gives the short name in the source's brackets, such as SDN or EL, and what its listings are.
func cslSource(source string) (dataset, topic string) {
	dataset = source
	if i := strings.LastIndexByte(source, '('); i >= 0 {
		dataset, _, _ = strings.Cut(source[i+1:], ")")
	}
	switch {
	case dataset == "DTC":
		topic = "debarment"
	case strings.Contains(source, "Bureau of Industry and Security"):
		topic = "export_control"
	default:
		topic = "sanction"
	}
	return dataset, topic
}

// cslKind gives the kind for the list's word; some of its lists do not say.
func cslKind(kind string) watchlist.Kind {
	switch strings.ToLower(kind) {
	case "individual":
		return watchlist.Person
	case "entity":
		return watchlist.Organization
	case "vessel":
		return watchlist.Vessel
	case "aircraft":
		return watchlist.Aircraft
	default:
		return ""
	}
}

// cslNames adds a row's names. Names in quotes are those that OFAC thinks weak; some sources write the aliases behind the name, in brackets.
func (s *sink) cslNames(e *watchlist.Entity, get func(string) string) {
	kind := watchlist.PrimaryName
	if len(e.Names) > 0 {
		kind = watchlist.Alias
	}
	name, inside := cutAliases(get("name"))
	e.Names = append(e.Names, ofacName(e.Kind, name, kind))
	for _, alias := range append(values(get("altnames")), values(inside)...) {
		n := ofacName(e.Kind, strings.Trim(alias, `"`), watchlist.Alias)
		n.Weak = len(alias) > 2 && alias[0] == '"' && strings.IndexByte(alias[1:], '"') == len(alias)-2
		if !n.Weak {
			n = ofacName(e.Kind, alias, watchlist.Alias)
		}
		e.Names = append(e.Names, n)
	}
}

// cutAliases cuts "Name (a.k.a. Other; Another)" and "Name [aka Other]" into the name and the others.
func cutAliases(s string) (name, aliases string) {
	for _, mark := range []string{"(a.k.a. ", "(aka ", "[aka ", "[a.k.a. "} {
		if before, after, ok := strings.Cut(s, mark); ok && strings.TrimSpace(before) != "" {
			return strings.TrimSpace(before), strings.TrimRight(after, ")] ")
		}
	}
	return s, ""
}

// values splits a cell of values that "; " separates.
func values(s string) []string {
	if s == "" {
		return nil
	}
	parts := strings.Split(s, ";")
	kept := parts[:0]
	for _, part := range parts {
		if part = squeeze(part); part != "" {
			kept = append(kept, part)
		}
	}
	return kept
}

// cslNumber adds one entry of the ids column: "country, expiry, issue, number, kind", of which all but the last two may lack.
func cslNumber(e *watchlist.Entity, s string) {
	at := strings.LastIndex(s, ", ")
	if at < 0 {
		return
	}
	before, name := s[:at], s[at+2:]
	if name == "Gender" {
		e.Gender = firstOf(e.Gender, gender(before))
		return
	}
	kind, currency := idKind(name)
	if kind == "" {
		return
	}
	id := watchlist.ID{Kind: kind}
	if code, rest, ok := strings.Cut(before, ", "); ok && len(code) == 2 {
		id.Country, before = country(code), rest
	}
	for {
		day, rest, ok := strings.Cut(before, ", ")
		if !ok || len(day) != len("2006-01-02") || day[4] != '-' {
			break
		}
		before = rest
	}
	id.Value = strings.TrimSpace(before)
	if kind == idWallet {
		id.Value = joinName(currency, id.Value)
	}
	if hasDigit(id.Value) || kind == idSwift || kind == idTail {
		e.IDs = addID(e.IDs, id)
	}
}
