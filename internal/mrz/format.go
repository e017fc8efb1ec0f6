package mrz

// Format is the kind of zone, by size and document.
type Format string

// The formats of ICAO Doc 9303 parts 4 to 7, and one national one that is
// still in many pockets.
const (
	TD1      Format = "TD1"       // cards, 3 lines of 30
	TD2      Format = "TD2"       // larger cards, 2 lines of 36
	TD3      Format = "TD3"       // passports, 2 lines of 44
	MRVA     Format = "MRV-A"     // visas, 2 lines of 44
	MRVB     Format = "MRV-B"     // visas, 2 lines of 36
	FrenchID Format = "FRENCH-ID" // French identity card of 1987 to 2021, 2 lines of 36
)

// Field names a part of a zone.
type Field string

// The fields of a Document.
const (
	FieldDocumentCode Field = "document_code"
	FieldIssuer       Field = "issuer"
	FieldNumber       Field = "number"
	FieldNationality  Field = "nationality"
	FieldBirthDate    Field = "birth_date"
	FieldSex          Field = "sex"
	FieldExpiry       Field = "expiry"
	FieldSurname      Field = "surname"
	FieldGivenNames   Field = "given_names"
	FieldOptional1    Field = "optional_1"
	FieldOptional2    Field = "optional_2"
	// FieldComposite is the check digit over several fields.
	FieldComposite Field = "composite"
	// fieldNames is surname, two fillers and given names in one.
	fieldNames Field = "names"
)

// span is the characters from (inclusive) to to (exclusive) of a line.
type span struct{ line, from, to int }

func (s span) of(lines []string) string {
	if s.to == 0 {
		return ""
	}
	return lines[s.line][s.from:s.to]
}

// check is a check digit: where it stands and what it covers.
type check struct {
	field Field
	digit span
	over  []span
}

// layout says where everything stands in a format.
type layout struct {
	format       Format
	lines, width int
	fields       map[Field]span
	checks       []check
	// overflow allows a document number longer than its nine places to go on
	// in the first optional data (Doc 9303 part 5 section 4.2.4, part 6 same).
	overflow bool
}

// composite lists the spans of the check digit over several fields.
func composite(line, at int, over ...span) check {
	return check{FieldComposite, span{line, at, at + 1}, over}
}

// after is the check digit that stands right behind the field it covers.
func after(field Field, s span) check {
	return check{field, span{s.line, s.to, s.to + 1}, []span{s}}
}

// secondLine is what TD2, TD3 and both visas have in common.
func secondLine(format Format, width, optionalEnd int, more ...check) layout {
	number, birth, expiry := span{1, 0, 9}, span{1, 13, 19}, span{1, 21, 27}
	return layout{
		format: format, lines: 2, width: width,
		fields: map[Field]span{
			FieldDocumentCode: {0, 0, 2},
			FieldIssuer:       {0, 2, 5},
			fieldNames:        {0, 5, width},
			FieldNumber:       number,
			FieldNationality:  {1, 10, 13},
			FieldBirthDate:    birth,
			FieldSex:          {1, 20, 21},
			FieldExpiry:       expiry,
			FieldOptional1:    {1, 28, optionalEnd},
		},
		checks:   append([]check{after(FieldNumber, number), after(FieldBirthDate, birth), after(FieldExpiry, expiry)}, more...),
		overflow: format == TD2,
	}
}

// layoutOf returns the layout of a format, or false for an unknown one.
func layoutOf(f Format) (layout, bool) {
	switch f {
	case TD1:
		return layoutTD1(), true
	case TD2:
		return secondLine(TD2, 36, 35, composite(1, 35, span{1, 0, 10}, span{1, 13, 20}, span{1, 21, 35})), true
	case TD3:
		return secondLine(TD3, 44, 42, after(FieldOptional1, span{1, 28, 42}),
			composite(1, 43, span{1, 0, 10}, span{1, 13, 20}, span{1, 21, 43})), true
	case MRVA:
		return secondLine(MRVA, 44, 44), true
	case MRVB:
		return secondLine(MRVB, 36, 36), true
	case FrenchID:
		return layoutFrenchID(), true
	}
	return layout{}, false
}

func layoutTD1() layout {
	number, birth, expiry := span{0, 5, 14}, span{1, 0, 6}, span{1, 8, 14}
	return layout{
		format: TD1, lines: 3, width: 30,
		fields: map[Field]span{
			FieldDocumentCode: {0, 0, 2},
			FieldIssuer:       {0, 2, 5},
			FieldNumber:       number,
			FieldOptional1:    {0, 15, 30},
			FieldBirthDate:    birth,
			FieldSex:          {1, 7, 8},
			FieldExpiry:       expiry,
			FieldNationality:  {1, 15, 18},
			FieldOptional2:    {1, 18, 29},
			fieldNames:        {2, 0, 30},
		},
		checks: []check{
			after(FieldNumber, number), after(FieldBirthDate, birth), after(FieldExpiry, expiry),
			composite(1, 29, span{0, 5, 30}, span{1, 0, 7}, span{1, 8, 15}, span{1, 18, 29}),
		},
		overflow: true,
	}
}

// layoutFrenchID follows what such cards show: surname in the first line with
// the issuing office behind it, given names in the second, no expiry.
func layoutFrenchID() layout {
	number, birth := span{1, 0, 12}, span{1, 27, 33}
	return layout{
		format: FrenchID, lines: 2, width: 36,
		fields: map[Field]span{
			FieldDocumentCode: {0, 0, 2},
			FieldIssuer:       {0, 2, 5},
			FieldSurname:      {0, 5, 30},
			FieldOptional1:    {0, 30, 36},
			FieldNumber:       number,
			FieldGivenNames:   {1, 13, 27},
			FieldBirthDate:    birth,
			FieldSex:          {1, 34, 35},
		},
		checks: []check{
			after(FieldNumber, number), after(FieldBirthDate, birth),
			composite(1, 35, span{0, 0, 36}, span{1, 0, 35}),
		},
	}
}

// Uncovered lists the fields of a format that no check digit covers: an error
// in one of them shows nowhere in the zone.
func (f Format) Uncovered() []Field {
	switch f {
	case TD1, TD2, TD3:
		return []Field{FieldDocumentCode, FieldIssuer, FieldNationality, FieldSex, FieldSurname, FieldGivenNames}
	case MRVA, MRVB:
		return []Field{FieldDocumentCode, FieldIssuer, FieldNationality, FieldSex, FieldSurname, FieldGivenNames, FieldOptional1}
	}
	// The composite digit of the French card covers everything.
	return nil
}

// formatOf tells the format from the shape and beginning of the lines.
func formatOf(lines []string) (Format, bool) {
	if len(lines) == 0 {
		return "", false
	}
	for _, l := range lines {
		if len(l) != len(lines[0]) {
			return "", false
		}
	}
	visa := lines[0] != "" && lines[0][0] == 'V'
	switch shape := [2]int{len(lines), len(lines[0])}; {
	case shape == [2]int{3, 30}:
		return TD1, true
	case shape == [2]int{2, 36} && visa:
		return MRVB, true
	case shape == [2]int{2, 36} && isFrenchID(lines):
		return FrenchID, true
	case shape == [2]int{2, 36}:
		return TD2, true
	case shape == [2]int{2, 44} && visa:
		return MRVA, true
	case shape == [2]int{2, 44}:
		return TD3, true
	}
	return "", false
}

// frenchBeginning is how the first line of an old French card begins.
const frenchBeginning = "IDFRA"

// isFrenchID tells the old French card from a TD2 one by where a sex stands
// and a check digit of its two agrees.
func isFrenchID(lines []string) bool {
	if lines[0][:len(frenchBeginning)] != frenchBeginning {
		return false
	}
	sex := lines[1][34]
	return (sex == 'M' || sex == 'F') && (lines[1][33] == checkDigit(lines[1][27:33]) || lines[1][12] == checkDigit(lines[1][:12]))
}
