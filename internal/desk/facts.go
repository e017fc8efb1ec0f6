package desk

import (
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/mrz"
)

// mark says how what was given and what was read stand to each other.
type mark string

// The marks. Look means that no check has compared the two: a name can be spelled in more than one way, and a page must not guess.
const (
	markSame    mark = "same"
	markDiffers mark = "differs"
	markLook    mark = "look"
)

// fact is one line of the comparison.
type fact struct {
	Label     string
	Given     string
	Read      string
	Corrected string // by a reviewer
	Mark      mark
}

// factFields are the lines, by the names that checks use, in the order of a document.
func factFields() []string {
	return []string{"last_name", "first_name", "date_of_birth", "nationality", "document_type", "number", "issuing_country", "expiry", "sex"}
}

// factsOf lays what was said beside what was read. A mark comes from a check that has compared; only what is the same to the letter is
// marked without one.
func factsOf(s usher.Session, d usher.Details, say words) []fact {
	given := map[string]string{
		"last_name": d.LastName, "first_name": d.FirstName, "date_of_birth": string(d.DateOfBirth), "nationality": d.Nationality,
	}
	if st, ok := chosen(s); ok {
		given["document_type"], given["issuing_country"] = string(st.Type), st.Country
	}
	read := readFields(s)
	compared := map[string]usher.Finding{}
	for _, r := range s.Checks() {
		for _, f := range r.Findings {
			if f.Given != "" && f.Read != "" {
				compared[f.Name] = f
			}
		}
	}
	var list []fact
	for _, name := range factFields() {
		f := fact{Label: say.name("desk.field.", name), Given: given[name], Read: read[name]}
		if name == "document_type" {
			f.Given, f.Read = say.documentType(f.Given), say.documentType(f.Read)
		}
		if c, ok := compared[name]; ok && f.Given != "" {
			f.Mark = markDiffers
			if c.OK {
				f.Mark = markSame
			}
			if f.Read == "" {
				f.Read = c.Read
			}
		} else if f.Given != "" && f.Read != "" {
			f.Mark = markLook
			if strings.EqualFold(f.Given, f.Read) {
				f.Mark = markSame
			}
		}
		for _, c := range s.Facts {
			if c.Field == name {
				f.Corrected = c.New
			}
		}
		// What a reviewer made of it counts: no check has compared that.
		if f.Corrected != "" && f.Given != "" {
			f.Mark = markLook
			if strings.EqualFold(f.Given, f.Corrected) {
				f.Mark = markSame
			}
		}
		if f.Given != "" || f.Read != "" || f.Corrected != "" {
			list = append(list, f)
		}
	}
	return list
}

func (w words) documentType(t string) string {
	if t == "" {
		return ""
	}
	return w.name("desk.document.", t)
}

// readFields gives what the document check read, and before it what another did.
func readFields(s usher.Session) map[string]string {
	read := map[string]string{}
	for _, r := range s.Checks() {
		for name, value := range r.Fields {
			if _, had := read[name]; !had || r.Kind == usher.CheckDocument {
				read[name] = value
			}
		}
	}
	return read
}

// run is a piece of a line of a machine readable zone. Unsure pieces are to be compared with the picture.
type run struct {
	Text   string
	Unsure bool
}

// mrzOf gives the lines of the machine readable zone, or none, cut where what is sure and what is not meet: the fields that the check was not
// sure of, and those whose check digits do not agree.
func mrzOf(s usher.Session, now time.Time) [][]run {
	zone := strings.TrimSpace(readFields(s)["mrz"])
	if zone == "" {
		return nil
	}
	reading := mrz.Reading{Lines: strings.Split(zone, "\n")}
	if doc, err := mrz.Parse(reading.Lines, now); err == nil {
		reading.Format, reading.Document = doc.Format, doc
	}
	for _, r := range s.Checks() {
		for _, f := range r.Findings {
			unsure, ok := strings.CutPrefix(f.Name, "unsure_")
			if !ok && !f.OK {
				unsure, ok = strings.CutPrefix(f.Name, "digit_")
			}
			if ok {
				reading.Unsure = append(reading.Unsure, mrz.Field(unsure))
			}
		}
	}
	lines := make([][]run, len(reading.Lines))
	for i, text := range reading.Lines {
		for column := range len(text) {
			unsure := reading.UnsureAt(i, column)
			if n := len(lines[i]); n == 0 || lines[i][n-1].Unsure != unsure {
				lines[i] = append(lines[i], run{Unsure: unsure})
			}
			lines[i][len(lines[i])-1].Text += text[column : column+1]
		}
	}
	return lines
}

// Unsure tells whether a part of the machine readable zone is to be compared with the picture.
func (c caseData) Unsure() bool {
	return slices.ContainsFunc(c.MRZ, func(line []run) bool { return slices.ContainsFunc(line, func(r run) bool { return r.Unsure }) })
}

// chosen gives the document that the applicant said they would show.
func chosen(s usher.Session) (usher.DocumentChoice, bool) {
	i := slices.IndexFunc(s.Steps, func(st usher.StepStatus) bool { return st.Document != nil })
	if i < 0 {
		return usher.DocumentChoice{}, false
	}
	return *s.Steps[i].Document, true
}
