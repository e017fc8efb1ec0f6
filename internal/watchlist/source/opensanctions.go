package source

import (
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// readOpenSanctionsCSV reads OpenSanctions' targets.simple.csv. Source: opensanctions.org/docs/bulk/csv.
func readOpenSanctionsCSV(s *sink) error {
	l := layout{comma: ',', need: []string{"id", "schema", "name", "aliases", "dataset"}}
	return s.rows(s.in.Files[0], l, func(c *table, h header, cells []string) error {
		get := func(name string) string { return h.get(cells, name) }
		e := &watchlist.Entity{ID: get("id"), Kind: ftmKind(get("schema")), Raw: c.raw}
		e.Names = append(e.Names, watchlist.Name{Full: get("name"), Kind: watchlist.PrimaryName})
		for _, alias := range quoted(get("aliases")) {
			e.Names = append(e.Names, watchlist.Name{Full: alias, Kind: watchlist.Alias})
		}
		for _, value := range quoted(get("birthdate")) {
			s.birth(e, value)
		}
		for _, code := range quoted(get("countries")) {
			s.nation(e, code)
		}
		for _, address := range quoted(get("addresses")) {
			e.Addresses = add(e.Addresses, squeeze(address))
		}
		for _, number := range quoted(get("identifiers")) {
			e.IDs = addID(e.IDs, watchlist.ID{Kind: idOther, Value: number})
		}
		for _, program := range quoted(firstOf(get("programids"), get("sanctions"))) {
			e.Programs = add(e.Programs, squeeze(program))
		}
		for _, dataset := range quoted(get("dataset")) {
			e.Datasets = add(e.Datasets, dataset)
		}
		if get("sanctions") != "" {
			e.Topics = []string{"sanction"}
		}
		e.Listed = listedOn(get("firstseen"))
		ftmReference(e, e.ID)
		return s.put(e)
	})
}

// quoted splits a cell of values that semicolons separate and that stand in quotes where they hold semicolons themselves.
func quoted(s string) []string {
	if s == "" {
		return nil
	}
	if !strings.Contains(s, `"`) {
		return values(s)
	}
	var kept []string
	for more := true; more; {
		cell, rest, found, ok := cutCell(s, ';')
		if !ok {
			cell, rest, found = strings.Cut(s, ";")
		}
		if cell = squeeze(cell); cell != "" {
			kept = append(kept, cell)
		}
		s, more = rest, found
	}
	return kept
}

// ftmKind gives the kind for a FollowTheMoney schema; a LegalEntity may be a person or not.
func ftmKind(schema string) watchlist.Kind {
	switch schema {
	case "Person":
		return watchlist.Person
	case "Organization", "Company", "PublicBody":
		return watchlist.Organization
	case "Vessel":
		return watchlist.Vessel
	case "Airplane":
		return watchlist.Aircraft
	default:
		return ""
	}
}

// ftmReference adds the reference that an OpenSanctions id shares with the list that it was taken from.
func ftmReference(e *watchlist.Entity, id string) {
	if number, ok := strings.CutPrefix(id, "ofac-"); ok && hasDigit(number) {
		e.SameAs = add(e.SameAs, "ofac:"+strings.TrimPrefix(number, "id-"))
	}
	if hasPrefix := strings.HasPrefix(id, "Q"); hasPrefix && len(id) > 1 && strings.Trim(id[1:], "0123456789") == "" {
		e.SameAs = add(e.SameAs, "wikidata:"+id)
	}
}
