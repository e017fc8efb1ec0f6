package document

import (
	"regexp"
	"strings"

	"github.com/usher-kyc/usher"
)

// number looks whether the document number has the form that its country gives to numbers of that kind of document. A number that has another is a
// thing to look at and no more: countries begin new series.
func (v *verdict) number(f facts) {
	if len(f.types) == 0 || !f.sureNumber {
		return
	}
	form, known := numberForm(f.issuer, f.types[0], f.code)
	if !known {
		v.result.NotExamined = append(v.result.NotExamined, "number_format")
		return
	}
	v.examined("number_format")
	fits := form.MatchString(f.number)
	v.finding(usher.Finding{Name: "number_format", Read: f.number, OK: fits})
	if !fits {
		v.consider(usher.DocumentNumberUnusual, FieldNumber)
	}
}

// numberForm gives the form of the numbers of a country's documents; false when it is not in the table. Of cards only those are known whose code says
// that they are identity cards: permits share their letters and not their numbers.
func numberForm(issuer string, kind usher.DocumentType, code string) (*regexp.Regexp, bool) {
	table := passportNumbers
	switch {
	case kind == usher.IDCard && code == "ID":
		table = cardNumbers
	case kind != usher.Passport:
		return nil, false
	}
	for line := range strings.Lines(table) {
		country, form, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || country != issuer {
			continue
		}
		compiled, err := regexp.Compile("^(?:" + form + ")$")
		return compiled, err == nil
	}
	return nil, false
}

// The forms of document numbers as a zone has them, by the issuer's code there. They are those that Microsoft documents for its sensitive information
// types (learn.microsoft.com/purview, one page for each country's passport or card number), wider where a country has a second series. A country that
// is not here is not examined.
const (
	passportNumbers = `
AUS [A-Z]{1,2}\d{7}
AUT [A-Z]{1,2}\d{7}
BEL [A-Z]{2}\d{6}
BGR \d{9}|[A-Z]{2}\d{7}
BRA [A-Z]{2}\d{6}
CAN [A-Z]{2}\d{6}|[A-Z]\d{6}[A-Z]{2}
CHE [A-Z][A-Z0-9]\d{6}|[A-Z][A-Z0-9]{7}
CHN [DEGPS][A-Z0-9]\d{7}
CYP [A-Z]\d{6,8}
CZE \d{8}
D [CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}|\d{9}
DNK \d{9}
ESP [A-Z0-9]{2}[A-Z0-9]?\d{6}
EST [A-Z]{1,2}\d{7}
FIN [A-Z]{2}\d{7}
FRA \d{2}[A-Z0-9]{2}\d{5}
GBR \d{9}
GRC [A-Z]{2}\d{7}
HRV \d{9}
HUN [A-Z]{2}\d{6,7}
IND [A-Z]\d{7}
IRL [A-Z0-9]{1,2}\d{7}
ITA [A-Z0-9]{2}\d{7}
JPN [A-Z]{2}\d{7}
KOR [A-Z]\d{3}[A-Z0-9]\d{4}
LTU [A-Z0-9]{8}
LUX [A-Z0-9]{8}
LVA [A-Z0-9]{2}\d{7}
MEX [A-Z]\d{8}|\d{8,9}|[A-Z]{2}\d{7}
MLT \d{7}
NLD [A-NP-Z]{2}[A-NP-Z0-9]{6}\d
POL [A-Z]{2}\d{7}
PRT [A-Z]{1,2}\d{6}
ROU \d{8,9}
RUS \d{9}
SVK [A-Z]{2}\d{6,7}|[A-Z]\d{7}
SVN P[A-Z]\d{7}
SWE \d{8}|[A-Z]{2}\d{7}
TUR [A-Z]\d{8}
UKR [A-Z]{2}\d{6}
USA [A-Z0-9]\d{8}`

	cardNumbers = `
D [CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}|\d{9}
ESP [A-Z]{3}\d{6}
LTU [A-Z0-9]{8}
NLD [A-NP-Z]{2}[A-NP-Z0-9]{6}\d
POL [A-Z]{3}\d{6}
SWE \d{8}|[A-Z]{2}\d{7}`
)

// specimen looks for numbers and names that stand on the sample of an issuer and on no real document. In a live tenant a person looks: a sample of
// somebody else's making may have a real number.
func (v *verdict) specimen(in usher.CheckInput, f facts) {
	if f.issuer == specimenIssuer {
		return // said of the issuer already
	}
	note := func(field, value string) {
		v.finding(usher.Finding{Name: "specimen", Read: value})
		if in.Mode != usher.Sandbox {
			v.consider(usher.DocumentSpecimen, field)
		}
	}
	if sampleNumber(f.issuer, f.number) {
		note(FieldNumber, f.number)
	}
	for word := range strings.FieldsSeq(f.last) {
		if word == "SPECIMEN" || word == "MUSTERMANN" {
			note(FieldLastName, f.last)
		}
	}
}

// sampleNumber tells whether a number is one that an issuer has published on a sample, or plainly a made-up one.
func sampleNumber(issuer, number string) bool {
	for word := range strings.FieldsSeq(sampleNumbers) {
		if word == issuer+"/"+number {
			return true
		}
	}
	if strings.Contains(number, "SPECI") || strings.Contains(number, "SAMPLE") || strings.Contains(number, "XXXXX") {
		return true
	}
	digits := strings.TrimLeft(number, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	return len(digits) >= 6 && strings.Trim(digits, digits[:1]) == "" && digits[0] == '0'
}

// sampleNumbers are the numbers on samples that issuers have published: ICAO Doc 9303 parts 4 to 7 (UTO and its visas, XXX), the German passport and
// card of Erika Mustermann, the Canadian passport of Sarah Martin, the American one of Happy Traveler, the British one of Angela Zoe UK Specimen, the
// Swiss passport.
const sampleNumbers = `
UTO/L898902C3 UTO/L898902C UTO/D23145890 UTO/D231458907 XXX/L8988901C UTO/L8988901C
D/C01X00T47 D/C01XYCCG9 D/T22000129 D/L01X00T47 CAN/ZE000509 USA/340007237 GBR/925076473 CHE/S0A00A00`
