package aamva

import "strings"

// Licence is what a code says. Texts are as printed, without padding; what the issuer marks as none or unavailable is
// empty.
type Licence struct {
	// Issuer is the six digits that AAMVA gives to each jurisdiction.
	Issuer string
	// Version of the standard, 1 to 10 and beyond; JurisdictionVersion is the issuer's own (0 in version 1).
	Version, JurisdictionVersion int
	// Type is DL for a driving licence, ID for an identification card, EN for an enhanced licence.
	Type string
	// Country is USA or CAN, or empty where the code does not say.
	Country string

	FamilyName, GivenName, MiddleName, Suffix string
	// FullName is the name in one piece, as version 1 has it.
	FullName string
	// FamilyCut, GivenCut and MiddleCut say whether names were cut short to fit.
	FamilyCut, GivenCut, MiddleCut Cut

	Birth, Expiry, Issued Date
	// Sex is M, F or X, or empty.
	Sex     string
	Number  string
	Address Address
	// Discriminator tells this card from others of the same person (DCF).
	Discriminator string

	// Elements is every element of the licence's subfile by its three letters, also those without a field here.
	Elements map[string]string
	// Unread is the elements, in order, that are there but say nothing that can be understood, such as a date in month 13;
	// and the types of subfiles that the header names but that are not there.
	Unread []string
}

// Address is where the holder lives or gets post.
type Address struct {
	Street, Street2, City string
	// Region is the two letters of the state or province.
	Region     string
	PostalCode string
}

// Cut says whether a name was cut short.
type Cut string

// What a code can say of a name's length; empty when it says nothing.
const (
	CutShort   Cut = "truncated"
	Whole      Cut = "whole"
	CutUnknown Cut = "unknown"
)

// fill sets the fields from the elements.
func (l *Licence) fill() {
	l.Country = l.countryOf(l.Elements["DCG"])
	l.names()
	l.FamilyCut, l.GivenCut, l.MiddleCut = l.cut("DDE"), l.cut("DDF"), l.cut("DDG")
	l.Birth, l.Expiry, l.Issued = l.date("DBB"), l.date("DBA"), l.date("DBD")
	l.Sex = l.sex()
	l.Number = l.text("DAQ")
	l.Discriminator = l.text("DCF")
	l.Address = Address{
		Street: l.first("DAG", "DAL"), Street2: l.first("DAH", "DAM"), City: l.first("DAI", "DAN"), Region: l.first("DAJ", "DAO"),
		PostalCode: l.postalCode(),
	}
}

// text returns an element's value, or nothing where the issuer says that there is none.
func (l *Licence) text(id string) string {
	value := l.Elements[id]
	switch strings.ToUpper(value) {
	case "NONE", "UNAVL", "UNAVAIL", "UNK":
		return ""
	}
	return value
}

func (l *Licence) first(ids ...string) string {
	for _, id := range ids {
		if value := l.text(id); value != "" {
			return value
		}
	}
	return ""
}

func (l *Licence) unread(id string) { l.Unread = append(l.Unread, id) }

func (l *Licence) countryOf(value string) string {
	switch value {
	case "", "USA", "CAN":
		return value
	}
	l.unread("DCG")
	return ""
}

// names reads the three ways of the versions: one element for all (DAA, version 1), one for all given names (DCT,
// versions 2 and 3), one for each.
func (l *Licence) names() {
	l.FamilyName, l.GivenName, l.MiddleName = l.first("DCS", "DAB"), l.text("DAC"), l.text("DAD")
	l.Suffix = l.first("DCU", "DAE")
	l.FullName = l.text("DAA")
	if l.GivenName == "" {
		given, middle, _ := strings.Cut(l.text("DCT"), ",")
		l.GivenName = strings.TrimSpace(given)
		if l.MiddleName == "" {
			l.MiddleName = joined(middle)
		}
	}
	if l.FamilyName == "" && l.GivenName == "" && l.FullName != "" {
		parts := strings.Split(l.FullName, ",")
		if len(parts) < 2 {
			// Which word is the family name cannot be told.
			l.unread("DAA")
			return
		}
		l.FamilyName, l.GivenName = strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1])
		if len(parts) > 2 {
			l.MiddleName = strings.TrimSpace(parts[2])
		}
		if len(parts) > 3 && l.Suffix == "" {
			l.Suffix = strings.TrimSpace(parts[3])
		}
	}
}

// joined puts names between commas side by side.
func joined(names string) string {
	return strings.Join(strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == ' ' }), " ")
}

func (l *Licence) cut(id string) Cut {
	switch value := l.Elements[id]; value {
	case "":
		return ""
	case "T":
		return CutShort
	case "N":
		return Whole
	case "U":
		return CutUnknown
	default:
		l.unread(id)
		return ""
	}
}

func (l *Licence) sex() string {
	switch value := l.text("DBC"); strings.ToUpper(value) {
	case "1", "M":
		return "M"
	case "2", "F":
		return "F"
	case "9", "X":
		return "X"
	case "", "0", "U":
		return ""
	default:
		l.unread("DBC")
		return ""
	}
}

// postalCode drops the filling of a code of five digits: four zeros, or blanks.
func (l *Licence) postalCode() string {
	code := strings.ReplaceAll(l.first("DAK", "DAP"), " ", "")
	if short, ok := strings.CutSuffix(code, "0000"); ok && len(short) == 5 && l.Country != "CAN" {
		return short
	}
	return code
}
