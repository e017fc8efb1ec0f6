package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// ftmLine is one line of FollowTheMoney JSON. Source: opensanctions.org/docs/entities and docs/bulk/delta.
type ftmLine struct {
	ID         string                `json:"id"`
	Schema     string                `json:"schema"`
	Caption    string                `json:"caption"`
	Properties map[string][]ftmValue `json:"properties"`
	Datasets   []string              `json:"datasets"`
	Referents  []string              `json:"referents"`
	Target     *bool                 `json:"target"`
	FirstSeen  string                `json:"first_seen"`
}

// ftmValue is a property's value: text, or in nested exports an entity.
type ftmValue struct {
	text   string
	nested map[string][]ftmValue
}

// UnmarshalJSON reads text, or the properties of a nested entity.
func (v *ftmValue) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var nested struct {
			Properties map[string][]ftmValue `json:"properties"`
		}
		if err := json.Unmarshal(b, &nested); err != nil {
			return fmt.Errorf("read nested entity: %w", err)
		}
		v.nested = nested.Properties
		return nil
	}
	if err := json.Unmarshal(b, &v.text); err != nil {
		return fmt.Errorf("read value: %w", err)
	}
	return nil
}

// ftmChange is one line of a delta.
type ftmChange struct {
	Op     string          `json:"op"`
	Entity json.RawMessage `json:"entity"`
}

// readFTM reads a FollowTheMoney export and applies the deltas beside it in the order of their names. A delta is held in memory, the export is not.
func readFTM(s *sink) error {
	var exports, deltas []string
	for _, name := range s.in.Files {
		if isDelta(name) {
			deltas = append(deltas, name)
		} else {
			exports = append(exports, name)
		}
	}
	if len(exports) != 1 {
		return refuse(Unknown, s.in.Files[0], 0, "an OpenSanctions list is one export and its deltas, and here are %d exports", len(exports))
	}
	slices.Sort(deltas)
	changes, err := s.ftmDeltas(deltas)
	if err != nil {
		return err
	}
	err = s.lines(exports[0], func(c *table) error {
		var line ftmLine
		if err := c.object(&line); err != nil {
			return err
		}
		raw := c.raw
		if changed, ok := changes[line.ID]; ok {
			delete(changes, line.ID)
			if changed == "" {
				return nil
			}
			raw, line = changed, ftmLine{}
			if err := json.Unmarshal([]byte(changed), &line); err != nil {
				return &Error{Reason: Shape, File: deltas[0], What: "a changed entity that is not one", Err: err}
			}
		}
		return s.ftmEntity(line, raw)
	})
	if err != nil {
		return err
	}
	return s.ftmAdded(changes)
}

// lines hands each line of a file to take, in c.raw.
func (s *sink) lines(name string, take func(c *table) error) (err error) {
	c, err := s.openTable(name, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	c.plain = true
	for {
		if _, err := c.next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := take(c); err != nil {
			return err
		}
	}
}

// object reads the line as JSON. Errors of the JSON reader tell of places, and of text only where it is no JSON; the text is left out here.
func (c *table) object(into any) error {
	err := json.Unmarshal([]byte(c.raw), into)
	if err == nil {
		return nil
	}
	if c.cut {
		return refuse(Truncated, c.t.name, c.line, "the file ends within a line")
	}
	return refuse(Shape, c.t.name, c.line, "a line that is not a JSON object of an entity")
}

// ftmDeltas reads the deltas: by id the entity as it now is, "" for one that is no more.
func (s *sink) ftmDeltas(names []string) (map[string]string, error) {
	changes := map[string]string{}
	for _, name := range names {
		err := s.lines(name, func(c *table) error {
			var change ftmChange
			if err := c.object(&change); err != nil {
				return err
			}
			var entity struct {
				ID string `json:"id"`
			}
			if err := json.Unmarshal(change.Entity, &entity); err != nil || entity.ID == "" {
				return refuse(Shape, name, c.line, "a change without an entity's id")
			}
			switch change.Op {
			case "ADD", "MOD":
				changes[entity.ID] = string(change.Entity)
			case "DEL":
				changes[entity.ID] = ""
			default:
				return refuse(Shape, name, c.line, "a change that is none of ADD, MOD, DEL")
			}
			return s.hold(name, len(change.Entity))
		})
		if err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// ftmAdded hands over what the deltas added, in the order of ids.
func (s *sink) ftmAdded(changes map[string]string) error {
	ids := make([]string, 0, len(changes))
	for id, entity := range changes {
		if entity == "" {
			s.note("a removal of an entity that was not there", id)
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		var line ftmLine
		if err := json.Unmarshal([]byte(changes[id]), &line); err != nil {
			return &Error{Reason: Shape, What: "an added entity that is not one", Err: err}
		}
		if err := s.ftmEntity(line, changes[id]); err != nil {
			return err
		}
	}
	return nil
}

// ftmEntity makes a record of an entity that can be looked for by name and is itself of interest; addresses, owners and the like are passed over.
func (s *sink) ftmEntity(line ftmLine, raw string) error {
	if line.ID == "" || line.Schema == "" {
		return refuse(Shape, s.in.Files[0], 0, "an entity without id or schema")
	}
	topics := line.all("topics")
	if !ftmNamed(line.Schema) || (line.Target != nil && !*line.Target && len(topics) == 0) {
		return s.alive()
	}
	e := &watchlist.Entity{ID: line.ID, Kind: ftmKind(line.Schema), Datasets: line.Datasets, Listed: listedOn(line.FirstSeen), Raw: raw}
	for _, topic := range topics {
		e.Topics = add(e.Topics, ftmTopic(topic))
	}
	line.names(e)
	s.ftmPerson(e, line)
	for _, property := range []string{"program", "programId"} {
		for _, program := range line.all(property) {
			e.Programs = add(e.Programs, program)
		}
	}
	for _, sanction := range line.Properties["sanctions"] {
		for _, program := range sanction.nested["program"] {
			e.Programs = add(e.Programs, program.text)
		}
		for _, ref := range sanction.nested["unscId"] {
			e.SameAs = add(e.SameAs, "un:"+ref.text)
		}
	}
	line.numbers(e)
	ftmReference(e, line.ID)
	for _, id := range line.Referents {
		ftmReference(e, id)
	}
	return s.put(e)
}

// ftmNamed tells the schemata of things that lists name.
func ftmNamed(schema string) bool {
	switch schema {
	case "Person", "Organization", "Company", "LegalEntity", "PublicBody", "Vessel", "Airplane":
		return true
	default:
		return false
	}
}

// ftmTopic gives the record's word for a topic; those that have none stay as they are.
func ftmTopic(topic string) string {
	switch topic {
	case "role.pep":
		return "pep"
	case "export.control":
		return "export_control"
	default:
		return topic
	}
}

// all gives the texts of a property.
func (l ftmLine) all(property string) []string {
	values := l.Properties[property]
	texts := make([]string, 0, len(values))
	for _, v := range values {
		if text := squeeze(v.text); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// names adds the names; the caption is the one that stands for the entity.
func (l ftmLine) names(e *watchlist.Entity) {
	e.Names = append(e.Names, watchlist.Name{Full: l.Caption, Kind: watchlist.PrimaryName})
	for _, name := range l.all("name") {
		e.Names = append(e.Names, watchlist.Name{Full: name, Kind: watchlist.PrimaryName})
	}
	for _, name := range l.all("alias") {
		e.Names = append(e.Names, watchlist.Name{Full: name, Kind: watchlist.Alias})
	}
	for _, name := range l.all("previousName") {
		e.Names = append(e.Names, watchlist.Name{Full: name, Kind: watchlist.FormerName})
	}
	for _, name := range l.all("weakAlias") {
		e.Names = append(e.Names, watchlist.Name{Full: name, Kind: watchlist.Alias, Weak: true})
	}
}

// ftmPerson adds what is known of a person, or of another thing under the same properties.
func (s *sink) ftmPerson(e *watchlist.Entity, l ftmLine) {
	for _, value := range l.all("birthDate") {
		s.birth(e, value)
	}
	e.BirthPlace = append(e.BirthPlace, l.all("birthPlace")...)
	for _, value := range l.all("gender") {
		e.Gender = firstOf(e.Gender, gender(value))
	}
	for _, property := range []string{"nationality", "citizenship", "jurisdiction", "flag"} {
		for _, code := range l.all(property) {
			s.nation(e, code)
		}
	}
	if len(e.Countries) == 0 {
		for _, code := range l.all("country") {
			s.nation(e, code)
		}
	}
	for _, address := range l.all("address") {
		e.Addresses = add(e.Addresses, address)
	}
	for _, property := range []string{"title", "position"} {
		for _, title := range l.all(property) {
			e.Titles = add(e.Titles, title)
		}
	}
	e.Remarks = strings.Join(l.all("notes"), "\n")
}

// numbers adds the identity numbers.
func (l ftmLine) numbers(e *watchlist.Entity) {
	for _, known := range [...]struct{ property, kind string }{
		{"passportNumber", idPassport},
		{"idNumber", idNational},
		{"socialSecurityNumber", idSocial},
		{"taxNumber", idTax},
		{"innCode", idTax},
		{"vatCode", idTax},
		{"registrationNumber", idRegistration},
		{"ogrnCode", idRegistration},
		{"leiCode", idLEI},
		{"imoNumber", idIMO},
		{"mmsi", idMMSI},
		{"callSign", idCallSign},
		{"swiftBic", idSwift},
		{"dunsCode", idDUNS},
		{"isin", idISIN},
		{"isinCode", idISIN},
		{"serialNumber", idAircraft},
	} {
		for _, value := range l.all(known.property) {
			e.IDs = addID(e.IDs, watchlist.ID{Kind: known.kind, Value: value})
		}
	}
}
