package eval

import (
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/mrz"
)

// Outcome is what became of one picture.
type Outcome struct {
	Case Case
	// Refused says why the picture could not be decoded; nothing was read then.
	Refused string
	// Read are the lines that were read, nil for none.
	Read []string
	// KeyRight means that document number, birth date and expiry are right; Exact that every line is.
	KeyRight, Exact bool
	// Agreed means that every check digit of what was read is right.
	Agreed bool
	// FalseFind is a reading of a picture without a zone.
	FalseFind bool
	// SilentWrong is a reading with every check digit right, a wrong character, and no mark on that character's field.
	SilentWrong bool
	// Errors is the edit distance to the Characters that stand there, at most their number.
	Errors, Characters int
	// Decode and Reading are how long either took by the clock, and the other two what the processor spent on them, which
	// tells more where other programs run as well.
	Decode, Reading, DecodeProcessor, ReadingProcessor time.Duration
}

// judge compares a reading with what stands there; nil means that nothing was found.
func (o *Outcome) judge(r *mrz.Reading, now time.Time) {
	want := o.Case.Lines
	o.Characters = len(strings.Join(want, ""))
	o.Errors = o.Characters
	if r == nil {
		return
	}
	o.Read = r.Lines
	if o.Case.Kind == None {
		o.FalseFind = true
		return
	}
	o.Errors = min(o.Characters, distance(strings.Join(want, "\n"), strings.Join(r.Lines, "\n")))
	o.Exact = slices.Equal(want, r.Lines)
	o.KeyRight = o.Exact || sameKey(want, r.Document, now)
	o.Agreed = r.DigitsAgree
	o.SilentWrong = o.Agreed && !o.Exact && !marked(want, r)
}

// sameKey compares the fields that a person is looked up by. The lines that stand there go through the same parser: a long
// number is whole, and a date is what its six places say.
func sameKey(want []string, got mrz.Document, now time.Time) bool {
	d, err := mrz.Parse(want, now)
	return err == nil && d.Number == got.Number && d.BirthDate.Raw == got.BirthDate.Raw && d.Expiry.Raw == got.Expiry.Raw
}

// marked reports whether every wrong character stands in a field that the reading calls unsure. Lines of another shape than
// those that stand there are wrong as a whole, and no mark on a field tells that.
func marked(want []string, r *mrz.Reading) bool {
	if len(want) != len(r.Lines) {
		return false
	}
	for row := range want {
		if len(want[row]) != len(r.Lines[row]) {
			return false
		}
		for column := range want[row] {
			if want[row][column] != r.Lines[row][column] && !r.UnsureAt(row, column) {
				return false
			}
		}
	}
	return true
}

// distance is Levenshtein's: how many characters must be changed, put in or taken out.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// Figures are what `usher bench mrz --json` prints.
type Figures struct {
	Pictures    int     `json:"pictures"`
	KeyRight    int     `json:"key_right"`
	Exact       int     `json:"exact"`
	FalseFinds  int     `json:"false_finds"`
	CharError   float64 `json:"char_error"` // 0..1, of the characters of all zones; a zone that was not read counts in full
	SilentWrong int     `json:"silent_wrong"`
	P50MS       float64 `json:"p50_ms"` // of reading the decoded picture, on one core
	P95MS       float64 `json:"p95_ms"`
}

// Summarise adds outcomes up.
func Summarise(outcomes []Outcome) Figures {
	f := Figures{Pictures: len(outcomes)}
	wrong, all := 0, 0
	count := func(into *int, yes bool) {
		if yes {
			*into++
		}
	}
	for _, o := range outcomes {
		count(&f.KeyRight, o.KeyRight)
		count(&f.Exact, o.Exact)
		count(&f.FalseFinds, o.FalseFind)
		count(&f.SilentWrong, o.SilentWrong)
		wrong, all = wrong+o.Errors, all+o.Characters
	}
	if all > 0 {
		f.CharError = float64(wrong) / float64(all)
	}
	reading := func(o Outcome) time.Duration { return o.Reading }
	f.P50MS, f.P95MS = Percentile(outcomes, 50, reading), Percentile(outcomes, 95, reading)
	return f
}

// Percentile gives the time in ms that the given percent of the decoded pictures did not exceed, 0 where there is none.
func Percentile(outcomes []Outcome, percent int, of func(Outcome) time.Duration) float64 {
	var times []time.Duration
	for _, o := range outcomes {
		if o.Refused == "" {
			times = append(times, of(o))
		}
	}
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return float64(times[min(len(times)*percent/100, len(times)-1)].Microseconds()) / 1000
}
