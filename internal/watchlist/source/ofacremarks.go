package source

import (
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// ofacRemarks reads what OFAC's legacy format keeps in free text: dates and places of birth, nationalities, gender, numbers, and the names that it
// thinks weak, which stand in quotes here and not among the aliases.
func (s *sink) ofacRemarks(e *watchlist.Entity) {
	for part := range strings.SplitSeq(e.Remarks, ";") {
		part = strings.TrimSpace(part)
		part = strings.TrimPrefix(part, "alt. ")
		if part = strings.TrimSuffix(part, "."); part == "" {
			continue
		}
		s.ofacRemark(e, part)
	}
}

// ofacRemark reads one remark.
func (s *sink) ofacRemark(e *watchlist.Entity, part string) {
	word, rest, _ := strings.Cut(part, " ")
	switch word {
	case "DOB":
		s.birth(e, rest)
	case "POB":
		e.BirthPlace = add(e.BirthPlace, squeeze(rest))
	case "nationality", "citizen":
		s.nation(e, rest)
	case "Nationality":
		s.nation(e, strings.TrimPrefix(rest, "of Registration "))
	case "Gender":
		e.Gender = gender(rest)
	case "a.k.a.", "f.k.a.", "n.k.a.":
		name := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(rest), "'"), "'")
		kind := watchlist.Alias
		if word == "f.k.a." {
			kind = watchlist.FormerName
		}
		n := ofacName(e.Kind, name, kind)
		n.Weak = true
		e.Names = append(e.Names, n)
	case "Linked", "Secondary", "Additional", "Transactions", "Executive", "Website", "Organization", "Former", "Target":
		// Known, frequent and no number of anyone.
	default:
		if kind, rest := idKind(part); kind != "" {
			s.ofacNumber(e, kind, rest)
		}
	}
}

// ofacNumber adds a number of which the kind is known.
func (s *sink) ofacNumber(e *watchlist.Entity, kind, rest string) {
	if kind == idWallet {
		// "Digital Currency Address - XBT 1Kuf…": the currency stays part of it.
		e.IDs = addID(e.IDs, watchlist.ID{Kind: kind, Value: strings.TrimSpace(rest)})
		return
	}
	if id := issued(kind, rest); hasDigit(id.Value) || kind == idSwift || kind == idTail {
		e.IDs = addID(e.IDs, id)
	}
}

// hasDigit tells numbers from prose.
func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }
