package mrz

// DigitState says what a check digit tells about its field.
type DigitState uint8

// The states of a check digit.
const (
	// NotPrinted: the format has no such digit, or the field is empty and a
	// filler stands in the digit's place.
	NotPrinted DigitState = iota
	// Agreed: the digit is the one computed from the field.
	Agreed
	// Failed: it is not.
	Failed
)

// String returns "not_printed", "agreed" or "failed".
func (s DigitState) String() string {
	switch s {
	case Agreed:
		return "agreed"
	case Failed:
		return "failed"
	}
	return "not_printed"
}

// MarshalText returns the String form, for JSON.
func (s DigitState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Digits is the state of each check digit of a zone.
type Digits struct {
	Number    DigitState `json:"number"`
	BirthDate DigitState `json:"birth_date"`
	Expiry    DigitState `json:"expiry"`
	Optional  DigitState `json:"optional"`
	Composite DigitState `json:"composite"`
}

// Agree reports whether no digit failed and that of the number agreed, without
// which nothing was checked that matters.
func (d Digits) Agree() bool {
	for _, s := range d.all() {
		if s == Failed {
			return false
		}
	}
	return d.Number == Agreed
}

// count returns how many digits agreed and how many failed.
func (d Digits) count() (agreed, failed int) {
	for _, s := range d.all() {
		switch s {
		case Agreed:
			agreed++
		case Failed:
			failed++
		}
	}
	return agreed, failed
}

func (d Digits) all() [5]DigitState {
	return [5]DigitState{d.Number, d.BirthDate, d.Expiry, d.Optional, d.Composite}
}

func (d *Digits) set(f Field, s DigitState) {
	switch f {
	case FieldNumber:
		d.Number = s
	case FieldBirthDate:
		d.BirthDate = s
	case FieldExpiry:
		d.Expiry = s
	case FieldOptional1:
		d.Optional = s
	case FieldComposite:
		d.Composite = s
	}
}

// checkDigit computes the digit of ICAO Doc 9303 part 3 section 4.9 over the
// parts joined: weights 7, 3, 1, digits as they are, A = 10 to Z = 35, '<' = 0.
func checkDigit(parts ...string) byte {
	weights := [3]int{7, 3, 1}
	sum, i := 0, 0
	for _, p := range parts {
		for j := range len(p) {
			sum += charValue(p[j]) * weights[i%3]
			i++
		}
	}
	return '0' + byte(sum%10)
}

func charValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	}
	return 0
}

// stateOf judges the digit printed for the parts.
func stateOf(digit byte, parts ...string) DigitState {
	if digit == '<' {
		for _, p := range parts {
			if !empty(p) {
				return Failed
			}
		}
		return NotPrinted
	}
	if digit == checkDigit(parts...) {
		return Agreed
	}
	return Failed
}

// empty reports whether only fillers stand in s.
func empty(s string) bool {
	for i := range len(s) {
		if s[i] != '<' {
			return false
		}
	}
	return true
}
