package source

import (
	"strings"
	"sync"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// countries gives the alpha-2 code of every key in countryNames.
var countries = sync.OnceValue(func() map[string]string {
	byKey := make(map[string]string, 1024)
	for line := range strings.Lines(strings.TrimSpace(countryNames)) {
		for entry := range strings.SplitSeq(strings.TrimSpace(line), "|") {
			words := strings.Fields(entry)
			for _, word := range words {
				byKey[strings.ToLower(word)] = words[0]
			}
		}
	}
	return byKey
})

// countryKey writes a country's name with small letters and digits only; the letters with marks that its names have lose them.
func countryKey(name string) string {
	var b strings.Builder
	b.Grow(len(name))
	for _, r := range name {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == 'ü', r == 'Ü':
			b.WriteByte('u')
		case r == 'ô', r == 'Ô', r == 'ã':
			b.WriteByte('o')
		case r == 'é', r == 'É', r == 'ê':
			b.WriteByte('e')
		case r == 'ç', r == 'Ç':
			b.WriteByte('c')
		case r == 'Å', r == 'å':
			b.WriteByte('a')
		}
	}
	return b.String()
}

// country gives the ISO 3166-1 alpha-2 code of a country's name, alpha-2 or alpha-3 code as lists write them, or "".
func country(name string) string {
	name = strings.TrimSpace(name)
	if name == "" {
		return ""
	}
	byKey := countries()
	if len(name) > 3 && name[2] == '-' && len(name) <= 6 {
		name = name[:2] // a part of a country, as ISO 3166-2 writes it
	}
	key := countryKey(name)
	if code, ok := byKey[key]; ok {
		return code
	}
	if short, ok := strings.CutPrefix(key, "the"); ok {
		if code, ok := byKey[short]; ok {
			return code
		}
	}
	// "Virgin Islands (British)" is in the table as a whole; "Syria (since 2012)" and "Syria. Lost it in 2012" are not.
	for _, mark := range []string{"(", ". ", ";"} {
		if before, _, ok := strings.Cut(name, mark); ok && strings.TrimSpace(before) != "" {
			if code, ok := byKey[countryKey(before)]; ok {
				return code
			}
		}
	}
	return ""
}

// nation adds the country of nationality, citizenship or registration to a record, or counts one that is not known.
func (s *sink) nation(e *watchlist.Entity, name string) {
	if name = strings.Trim(name, " .;"); name == "" || strings.EqualFold(name, "na") || strings.EqualFold(name, "unknown") || strings.EqualFold(name, "none identified") {
		return
	}
	code := country(name)
	if code == "" {
		s.note("a country that is not in the table, left out", e.ID)
		return
	}
	e.Countries = add(e.Countries, code)
}

// address adds an address and the country it lies in to a record.
func (s *sink) address(e *watchlist.Entity, countryName string, parts ...string) {
	e.Residence = add(e.Residence, country(countryName))
	e.Addresses = add(e.Addresses, joinLine(append(parts, countryName)...))
}
