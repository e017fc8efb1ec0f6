package source

import (
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// readEUCSV reads the EU's financial sanctions, CSV 1.1: a row per detail of an entity, joined on Entity_LogicalId. Source: the file's header, and
// schema_1_1.xsd for what the fields mean.
func readEUCSV(s *sink) error {
	l := layout{comma: ';', need: []string{"entitylogicalid", "namealiaswholename", "entitysubjecttype"}, lazy: true}
	return s.groups(s.in.Files[0], l, "entitylogicalid", func(h header, id string, g group) error {
		e := &watchlist.Entity{ID: id, Topics: []string{"sanction"}, Raw: g.text()}
		for _, cells := range g.rows {
			s.euRow(e, func(name string) string { return h.get(cells, name) })
		}
		return s.put(e)
	})
}

// euRow adds what one row says.
func (s *sink) euRow(e *watchlist.Entity, get func(string) string) {
	if s.info.Date.IsZero() {
		s.info.Date = timestamp(get("filegenerationdate"))
	}
	e.Kind = euKind(firstOf(get("entitysubjecttypeclassificationcode"), get("entitysubjecttype")))
	e.Programs = add(e.Programs, get("entityregulationprogramme"))
	e.Remarks = firstOf(e.Remarks, squeeze(get("entityremark")))
	e.Listed = firstOf(e.Listed, listedOn(get("entitydesignationdate")))
	euReferences(e, get("entityeureferencenumber"), get("entityunitednationid"))
	s.euName(e, euName{
		whole: get("namealiaswholename"), first: get("namealiasfirstname"), middle: get("namealiasmiddlename"), last: get("namealiaslastname"),
		gender: get("namealiasgender"), title: get("namealiastitle"), function: get("namealiasfunction"), strong: "true",
	})
	s.euBirth(e, euBirth{
		date: get("birthdatebirthdate"), day: get("birthdateday"), month: get("birthdatemonth"), year: get("birthdateyear"), from: get("birthdateyearrangefrom"),
		to: get("birthdateyearrangeto"), circa: get("birthdatecirca"), calendar: get("birthdatecalendartype"),
		place: [4]string{get("birthdateplace"), get("birthdatecity"), get("birthdateregion"), euCountry(get("birthdatecountrydescription"))},
	})
	if city := get("addresscity") + get("addressstreet") + get("addresscountrydescription"); city != "" {
		s.address(e, euCountry(get("addresscountrydescription")),
			get("addressstreet"), get("addresspobox"), get("addressplace"), get("addresszipcode"), get("addresscity"), get("addressregion"))
	}
	euNumber(e, firstOf(get("identificationnumber"), get("identificationlatinnumber")), get("identificationtypecode"), get("identificationcountryiso2code"))
	s.nation(e, firstOf(euCode(get("citizenshipcountryiso2code")), euCountry(get("citizenshipcountrydescription"))))
}

// euKind gives the kind for a subject type: its code, or its classification P (person) or E (enterprise).
func euKind(kind string) watchlist.Kind {
	switch strings.ToLower(kind) {
	case "p", "person":
		return watchlist.Person
	case "e", "enterprise":
		return watchlist.Organization
	default:
		return ""
	}
}

// euReferences adds the EU's and the UN's reference numbers.
func euReferences(e *watchlist.Entity, eu, un string) {
	if eu != "" {
		e.SameAs = add(e.SameAs, "eu:"+eu)
	}
	if un != "" {
		e.SameAs = add(e.SameAs, "un:"+un)
	}
}

// euCountry gives a country's description unless it is the EU's word for none.
func euCountry(name string) string {
	if strings.EqualFold(name, "unknown") || strings.EqualFold(name, "unknown country") {
		return ""
	}
	return name
}

// euCode gives a country's code unless it is the EU's for none.
func euCode(code string) string {
	if code == "00" {
		return ""
	}
	return code
}

// euName is a name as all the EU's formats have it.
type euName struct {
	whole, first, middle, last, gender, title, function, strong string
}

// euName adds a name; the first of an entity is its primary one.
func (s *sink) euName(e *watchlist.Entity, n euName) {
	name := watchlist.Name{Full: squeeze(n.whole), First: joinName(n.first, n.middle), Last: squeeze(n.last), Kind: watchlist.Alias, Weak: strings.EqualFold(n.strong, "false")}
	if name.Full == "" {
		name.Full = joinName(name.First, name.Last)
	}
	if name.Full != "" {
		if len(e.Names) == 0 {
			name.Kind = watchlist.PrimaryName
		}
		e.Names = append(e.Names, name)
	}
	e.Gender = firstOf(e.Gender, gender(n.gender))
	e.Titles = add(e.Titles, squeeze(n.title))
	e.Titles = add(e.Titles, squeeze(n.function))
}

// euBirth is a date and place of birth as the EU's 1.1 formats have them.
type euBirth struct {
	date, day, month, year, from, to, circa, calendar string
	place                                             [4]string
}

// euBirth adds a date and place of birth. Dates of other calendars than ours are counted and left out.
func (s *sink) euBirth(e *watchlist.Entity, b euBirth) {
	e.BirthPlace = add(e.BirthPlace, joinLine(b.place[:]...))
	if b.calendar != "" && !strings.EqualFold(b.calendar, "GREGORIAN") {
		s.note("a birth date of another calendar, kept as unknown", e.ID)
		return
	}
	value := b.date
	switch {
	case value != "":
	case zero(b.from) != "" && zero(b.to) != "":
		value = b.from + " to " + b.to
	case zero(b.year) != "":
		value = firstOf(zero(b.day), "00") + "/" + firstOf(zero(b.month), "00") + "/" + b.year
	default:
		value = firstOf(zero(b.from), zero(b.to))
	}
	if value != "" && strings.EqualFold(b.circa, "true") {
		value = "circa " + value
	}
	s.birth(e, value)
}

// zero gives "" for the zero that stands for a part that is not known.
func zero(s string) string {
	if strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

// euNumber adds an identity number by the EU's code of its type.
func euNumber(e *watchlist.Entity, number, code, countryCode string) {
	if number = squeeze(number); number == "" {
		return
	}
	id := watchlist.ID{Kind: euNumberKind(code), Country: country(euCode(countryCode)), Value: bareNumber(number)}
	e.IDs = addID(e.IDs, id)
}

// euNumberKind gives the kind for the EU's type code.
func euNumberKind(code string) string {
	switch code = strings.ToLower(code); code {
	case "passport", "diplpassport", "servpassport", "travel", "traveldoc":
		return idPassport
	case "id", "nationalid":
		return idNational
	case "regnumber", "tradelic":
		return idRegistration
	case "fiscalcode", "taxid", "vat":
		return idTax
	case "ssn":
		return idSocial
	case "imo":
		return idIMO
	case "swiftbic":
		return idSwift
	case "drivinglicence", "driver", "driverlic":
		return idLicence
	case "birthcert":
		return idBirth
	case "electoral":
		return idVoter
	case "residentperm", "residence":
		return idResidence
	default:
		if kind, _ := idKind(code); kind != "" {
			return kind
		}
		return idOther
	}
}

// readEUXML reads the EU's financial sanctions, XML 1.1. Source: schema_1_1.xsd.
func readEUXML(s *sink) error {
	name := s.in.Files[0]
	rooted := false
	visit := func(path []string, attrs []attr) bool {
		if len(path) == 1 {
			rooted = path[0] == "export"
			for _, a := range attrs {
				if a.name == "generationDate" {
					s.info.Date = timestamp(a.value)
				}
			}
		}
		return rooted && len(path) == 2 && path[1] == "sanctionEntity"
	}
	err := s.elements(name, visit, func(n *node, raw string) error {
		return s.put(s.euElement(n, raw))
	})
	if err == nil && !rooted {
		return refuse(Shape, name, 0, "the root element is not export")
	}
	return err
}

// euElement makes a record of a sanctionEntity element.
func (s *sink) euElement(n *node, raw string) *watchlist.Entity {
	e := &watchlist.Entity{ID: n.attr("logicalId"), Topics: []string{"sanction"}, Raw: raw, Listed: listedOn(n.attr("designationDate")), Remarks: n.get("remark")}
	euReferences(e, n.attr("euReferenceNumber"), n.attr("unitedNationId"))
	if t := n.child("subjectType"); t != nil {
		e.Kind = euKind(firstOf(t.attr("classificationCode"), t.attr("code")))
	}
	n.all("regulation", func(r *node) { e.Programs = add(e.Programs, r.attr("programme")) })
	n.all("nameAlias", func(a *node) {
		s.euName(e, euName{
			whole: a.attr("wholeName"), first: a.attr("firstName"), middle: a.attr("middleName"), last: a.attr("lastName"),
			gender: a.attr("gender"), title: a.attr("title"), function: a.attr("function"), strong: a.attr("strong"),
		})
	})
	n.all("citizenship", func(c *node) {
		s.nation(e, firstOf(euCode(c.attr("countryIso2Code")), euCountry(c.attr("countryDescription"))))
	})
	n.all("birthdate", func(b *node) {
		s.euBirth(e, euBirth{
			date: b.attr("birthdate"), day: b.attr("dayOfMonth"), month: b.attr("monthOfYear"), year: b.attr("year"), from: b.attr("yearRangeFrom"),
			to: b.attr("yearRangeTo"), circa: b.attr("circa"), calendar: b.attr("calendarType"),
			place: [4]string{b.attr("place"), b.attr("city"), b.attr("region"), euCountry(b.attr("countryDescription"))},
		})
	})
	n.all("address", func(a *node) {
		s.address(e, euCountry(a.attr("countryDescription")),
			a.attr("street"), a.attr("poBox"), a.attr("place"), a.attr("zipCode"), a.attr("city"), a.attr("region"))
	})
	n.all("identification", func(i *node) {
		euNumber(e, firstOf(i.attr("number"), i.attr("latinNumber")), i.attr("identificationTypeCode"), i.attr("countryIso2Code"))
	})
	return e
}
