package source

import (
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// ofacAdvanced is what the advanced XML keeps apart from its parties: values by the name of their set's element and their id, and what refers to parties.
type ofacAdvanced struct {
	values    map[string]string         // "FeatureType/8" → "Birthdate"
	iso       map[string]string         // country id → alpha-2
	partyType map[string]string         // sub-type id → type id
	locations map[string]ofacLocation   // by id
	numbers   map[string][]watchlist.ID // by identity id
	entries   map[string]ofacEntry      // by profile id
	rooted    bool
	delta     bool
}

// ofacLocation is an address, or a country alone.
type ofacLocation struct{ line, country string }

// ofacEntry is what a sanctions entry says of its profile.
type ofacEntry struct {
	programs []string
	listed   string
}

// readOFACAdvanced reads OFAC's advanced XML, twice: what parties refer to stands before and behind them. Source: sdn_advanced.xsd; OFAC, "Advanced
// sanctions list standard" notes.
func readOFACAdvanced(s *sink) error {
	a := &ofacAdvanced{
		values: map[string]string{}, iso: map[string]string{}, partyType: map[string]string{}, locations: map[string]ofacLocation{},
		numbers: map[string][]watchlist.ID{}, entries: map[string]ofacEntry{},
	}
	name := s.in.Files[0]
	if err := s.elements(name, a.visit, func(n *node, raw string) error {
		a.take(s, n)
		return s.hold(name, len(raw))
	}); err != nil {
		return err
	}
	if !a.rooted {
		return refuse(Shape, name, 0, "the root element is not Sanctions")
	}
	if a.delta {
		return refuse(Shape, name, 0, "a delta, which is not the whole list")
	}
	isParty := func(path []string, _ []attr) bool { return len(path) == 3 && path[2] == "DistinctParty" }
	return s.elements(name, isParty, func(n *node, raw string) error {
		if n.attr("DeltaAction") == "delete" {
			return nil
		}
		e := a.party(s, n)
		e.Raw = raw
		return s.put(e)
	})
}

// visit picks the elements of the first reading.
func (a *ofacAdvanced) visit(path []string, attrs []attr) bool {
	switch {
	case len(path) == 1:
		a.rooted = path[0] == "Sanctions"
		for _, at := range attrs {
			a.delta = a.delta || at.name == "DeltaBaseVersion" && at.value != ""
		}
		return false
	case len(path) == 2:
		return path[1] == "DateOfIssue"
	case len(path) == 4:
		return path[1] == "ReferenceValueSets"
	default:
		return len(path) == 3 && (path[2] == "Location" || path[2] == "IDRegDocument" || path[2] == "SanctionsEntry")
	}
}

// take keeps an element of the first reading.
func (a *ofacAdvanced) take(s *sink, n *node) {
	id := n.attr("ID")
	switch n.name {
	case "DateOfIssue":
		if day := datePoint(n); day != "" {
			s.info.Date = timestamp(day)
		}
	case "Location":
		a.locations[id] = a.location(n)
	case "IDRegDocument":
		a.number(n)
	case "SanctionsEntry":
		a.entry(n)
	case "Country":
		a.values["Country/"+id] = squeeze(n.text)
		a.iso[id] = firstOf(country(n.attr("ISO2")), country(n.text))
	case "PartySubType":
		a.values["PartySubType/"+id] = squeeze(n.text)
		a.partyType[id] = n.attr("PartyTypeID")
	default:
		a.values[n.name+"/"+id] = squeeze(n.text)
	}
}

// location makes one line of a location's parts.
func (a *ofacAdvanced) location(n *node) ofacLocation {
	var (
		parts []string
		l     ofacLocation
	)
	n.all("LocationPart", func(p *node) {
		p.all("LocationPartValue", func(v *node) {
			if v.attr("Primary") != "false" {
				parts = append(parts, v.get("Value"))
			}
		})
	})
	n.all("LocationCountry", func(c *node) {
		if l.country == "" {
			l.country = c.attr("CountryID")
		}
	})
	l.line = joinLine(append(parts, a.values["Country/"+l.country])...)
	return l
}

// number keeps an identity document's number.
func (a *ofacAdvanced) number(n *node) {
	name := a.values["IDRegDocType/"+n.attr("IDRegDocTypeID")]
	kind, _ := idKind(name)
	if kind == "" {
		kind = idOther
	}
	id := watchlist.ID{Kind: kind, Country: a.iso[n.attr("IssuedBy-CountryID")], Value: n.get("IDRegistrationNo")}
	identity := n.attr("IdentityID")
	a.numbers[identity] = addID(a.numbers[identity], id)
}

// entry keeps programmes and the day of listing: a measure of the type "Program" names the programme in its comment.
func (a *ofacAdvanced) entry(n *node) {
	profile := n.attr("ProfileID")
	e := a.entries[profile]
	n.all("SanctionsMeasure", func(m *node) {
		if kind := a.values["SanctionsType/"+m.attr("SanctionsTypeID")]; kind == "" || strings.EqualFold(kind, "program") {
			e.programs = add(e.programs, m.get("Comment"))
		}
	})
	n.all("EntryEvent", func(event *node) {
		if d := event.child("Date"); d != nil && e.listed == "" {
			e.listed = datePoint(d)
		}
	})
	a.entries[profile] = e
}

// datePoint reads Year, Month and Day as an ISO date, "" when they are none.
func datePoint(n *node) string {
	d, ok := dayMonthYear(n.get("Day"), n.get("Month"), n.get("Year"))
	if !ok || d.From != d.To {
		return ""
	}
	return d.From
}

// party makes a record of a DistinctParty. Its FixedRef is the number that the legacy files have.
func (a *ofacAdvanced) party(s *sink, n *node) *watchlist.Entity {
	ref := n.attr("FixedRef")
	e := &watchlist.Entity{ID: ref, Topics: []string{"sanction"}, SameAs: []string{"ofac:" + ref}, Remarks: n.get("Comment")}
	n.all("Profile", func(p *node) {
		sub := p.attr("PartySubTypeID")
		kind := a.values["PartySubType/"+sub]
		if kind == "" || strings.EqualFold(kind, "unknown") {
			kind = a.values["PartyType/"+a.partyType[sub]]
		}
		e.Kind = ofacKind(kind)
		p.all("Identity", func(i *node) {
			i.all("Alias", func(alias *node) { a.alias(e, i, alias) })
			for _, id := range a.numbers[i.attr("ID")] {
				e.IDs = addID(e.IDs, id)
			}
		})
		p.all("Feature", func(f *node) {
			name := a.values["FeatureType/"+f.attr("FeatureTypeID")]
			f.all("FeatureVersion", func(v *node) { a.feature(s, e, name, v) })
		})
		entry := a.entries[p.attr("ID")]
		for _, program := range entry.programs {
			e.Programs = add(e.Programs, program)
		}
		e.Listed = firstOf(e.Listed, entry.listed)
	})
	primaryFirst(e)
	return e
}

// alias adds the documented names of an alias: one per script.
func (a *ofacAdvanced) alias(e *watchlist.Entity, identity, alias *node) {
	types := map[string]string{} // name part group → name part type
	if groups := identity.child("NamePartGroups"); groups != nil {
		groups.all("MasterNamePartGroup", func(m *node) {
			m.all("NamePartGroup", func(g *node) { types[g.attr("ID")] = a.values["NamePartType/"+g.attr("NamePartTypeID")] })
		})
	}
	kind := watchlist.Alias
	switch said := a.values["AliasType/"+alias.attr("AliasTypeID")]; {
	case alias.attr("Primary") == "true" && identity.attr("Primary") != "false":
		kind = watchlist.PrimaryName
	case strings.HasPrefix(strings.ToUpper(said), "F.K.A"):
		kind = watchlist.FormerName
	}
	alias.all("DocumentedName", func(d *node) {
		name := documentedName(d, types)
		name.Kind, name.Weak = kind, alias.attr("LowQuality") == "true"
		if e.Kind != watchlist.Person {
			name.First, name.Last = "", ""
		}
		e.Names = append(e.Names, name)
	})
}

// documentedName puts a name's parts together: given names before family names, as in the legacy files, but in the order of the document where the
// script puts the family name first.
func documentedName(d *node, types map[string]string) watchlist.Name {
	var first, last, all []string
	d.all("DocumentedNamePart", func(p *node) {
		v := p.child("NamePartValue")
		if v == nil {
			return
		}
		text := squeeze(v.text)
		all = append(all, text)
		switch strings.ToLower(types[v.attr("NamePartGroupID")]) {
		case "last name", "matronymic", "maiden name":
			last = append(last, text)
		default:
			first = append(first, text)
		}
	})
	name := watchlist.Name{Full: joinName(all...)}
	switch scriptOf(name.Full) {
	case "Hani", "Hang", "Jpan":
		name.Full = strings.Join(all, "")
		return name
	}
	if len(first) > 0 && len(last) > 0 {
		name.First, name.Last = joinName(first...), joinName(last...)
		name.Full = name.First + " " + name.Last
	}
	return name
}

// feature adds one version of a feature: where its value stands depends on what it is.
func (a *ofacAdvanced) feature(s *sink, e *watchlist.Entity, name string, v *node) {
	detail := v.get("VersionDetail")
	if d := v.child("VersionDetail"); d != nil && detail == "" {
		detail = a.values["DetailReference/"+d.attr("DetailReferenceID")]
	}
	place := ofacLocation{}
	if l := v.child("VersionLocation"); l != nil {
		place = a.locations[l.attr("LocationID")]
	}
	switch key := strings.ToLower(name); {
	case key == "birthdate":
		v.all("DatePeriod", func(p *node) { ofacBirth(s, e, p) })
	case key == "place of birth":
		e.BirthPlace = add(e.BirthPlace, firstOf(detail, place.line))
	case key == "nationality country", key == "citizenship country", key == "nationality of registration", key == "vessel flag":
		s.nation(e, firstOf(a.iso[place.country], place.line, detail))
	case key == "gender":
		e.Gender = firstOf(e.Gender, gender(detail))
	case key == "location":
		e.Addresses = add(e.Addresses, place.line)
		e.Residence = add(e.Residence, a.iso[place.country])
	case key == "title":
		e.Titles = add(e.Titles, detail)
	case key == "vessel call sign", key == "other vessel call sign":
		e.IDs = addID(e.IDs, watchlist.ID{Kind: idCallSign, Value: detail})
	default:
		kind, rest := idKind(name)
		if kind == idWallet {
			detail = joinName(rest, detail)
		}
		if kind != "" && (hasDigit(detail) || kind == idSwift || kind == idTail) {
			e.IDs = addID(e.IDs, watchlist.ID{Kind: kind, Country: a.iso[place.country], Value: detail})
		}
	}
}

// ofacBirth adds a date of birth: the days from the start's first to the end's last.
func ofacBirth(s *sink, e *watchlist.Entity, p *node) {
	edge := func(name, side string) (day, approximate string) {
		boundary := p.child(name)
		if boundary == nil {
			return "", ""
		}
		if point := boundary.child(side); point != nil {
			day = datePoint(point)
		}
		return day, boundary.attr("Approximate")
	}
	from, circa := edge("Start", "From")
	to, _ := edge("End", "To")
	if to == "" {
		to, _ = edge("Start", "To")
	}
	if from == "" || to == "" || from > to {
		s.note("a birth date that does not exist or cannot be read, kept as unknown", e.ID)
		return
	}
	e.Births = addBirth(e.Births, watchlist.DateRange{From: from, To: to, Circa: circa == "true"})
}
