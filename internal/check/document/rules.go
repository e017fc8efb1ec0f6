package document

import (
	"fmt"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/picture"
)

// pictures notes how good each picture is, and refuses files that are none.
func (v *verdict) pictures(sides []side) {
	for _, s := range sides {
		if s.refused != "" {
			v.finding(usher.Finding{Name: string(s.kind), Read: string(s.refused)})
			v.consider(usher.DocumentNotAPicture, string(s.kind))
			continue
		}
		if s.slow {
			v.finding(usher.Finding{Name: string(s.kind), Read: "took too long"})
			v.consider(usher.DocumentUnreadable, string(s.kind))
			continue
		}
		q, advice := s.quality, s.quality.Advice()
		fine := func(what string) bool { return !slices.Contains(advice, what) }
		v.finding(usher.Finding{Name: string(s.kind) + "_size", Read: fmt.Sprintf("%d × %d px", q.Width, q.Height), OK: fine(picture.AdviceTooSmall)})
		v.finding(usher.Finding{Name: string(s.kind) + "_sharpness", Read: fmt.Sprintf("%.0f", q.Sharpness), OK: fine(picture.AdviceBlurred)})
		v.finding(usher.Finding{Name: string(s.kind) + "_glare", Read: fmt.Sprintf("%.1f %%", 100*q.Glare), OK: fine(picture.AdviceGlare)})
		v.finding(usher.Finding{Name: string(s.kind) + "_brightness", Read: fmt.Sprintf("%.0f %%", 100*q.Brightness), OK: fine(picture.AdviceDark)})
	}
}

// advice turns the measures into reasons. It is asked only when something is wrong anyway: a picture that was read well is
// good enough, whatever its measures say.
func (v *verdict) advice(sides []side) {
	codes := map[string]usher.ReasonCode{
		picture.AdviceTooSmall: usher.DocumentTooSmall, picture.AdviceBlurred: usher.DocumentBlurred,
		picture.AdviceGlare: usher.DocumentGlare, picture.AdviceDark: usher.DocumentTooDark,
	}
	for _, s := range sides {
		if s.refused != "" || s.slow || s.licence != nil || (s.found && s.reading.DigitsAgree && len(s.reading.Unsure) == 0) {
			continue
		}
		for _, what := range s.quality.Advice() {
			v.consider(codes[what], string(s.kind))
		}
	}
}

// missingSide asks for the side of a card that was not sent.
func (v *verdict) missingSide(in usher.CheckInput, sides []side) {
	if !slices.ContainsFunc(sides, func(s side) bool { return s.kind == usher.DocumentFront }) {
		v.consider(usher.DocumentSideMissing, string(usher.DocumentFront))
	}
	if chosen(in.Session).Type.HasBack() && !slices.ContainsFunc(sides, func(s side) bool { return s.kind == usher.DocumentBack }) {
		v.consider(usher.DocumentSideMissing, string(usher.DocumentBack))
	}
}

// unread is the end of a check that found no zone: nothing was read, so nothing is claimed.
func (v *verdict) unread(in usher.CheckInput, sides []side) {
	v.result.Assurance = usher.Assisted
	v.result.NotExamined = append(v.result.NotExamined, "mrz_check_digits", "expiry", "issuer")
	where := usher.DocumentFront
	if len(sides) > 1 {
		where = usher.DocumentBack
	}
	torn := slices.IndexFunc(sides, func(s side) bool { return s.torn })
	switch {
	case torn >= 0:
		// There is a code, and a better picture of it may be read.
		v.consider(usher.DocumentUnreadable, string(sides[torn].kind))
		v.advice(sides)
	case chosen(in.Session).Type == usher.DrivingLicence:
		// Most licences have no zone: another picture would not help, a person must read it.
		v.consider(usher.DocumentNotSupported, string(usher.DrivingLicence))
	case slices.ContainsFunc(sides, func(s side) bool { return s.refused == "" && !s.slow }):
		v.consider(usher.DocumentUnreadable, string(where))
		v.advice(sides)
	}
}

// digits says what the check digits prove, and names those that fail.
func (v *verdict) digits(best *side) {
	d := best.reading.Document.Digits
	for _, digit := range []struct {
		field string
		state mrz.DigitState
	}{{"number", d.Number}, {"date_of_birth", d.BirthDate}, {"expiry", d.Expiry}, {"optional", d.Optional}, {"composite", d.Composite}} {
		if digit.state == mrz.NotPrinted {
			continue
		}
		v.finding(usher.Finding{Name: "digit_" + digit.field, Read: digit.state.String(), OK: digit.state == mrz.Agreed})
		if digit.state == mrz.Failed {
			v.consider(usher.DocumentDigitsFail, digit.field)
		}
	}
	if len(best.reading.Repaired) > 0 {
		v.finding(usher.Finding{Name: "mrz_repaired", Read: fmt.Sprintf("%d characters", len(best.reading.Repaired))})
	}
	if d.Number == mrz.NotPrinted {
		v.consider(usher.DocumentUnsure, "number")
	}
	if !best.reading.DigitsAgree {
		v.result.Assurance = usher.Assisted
	}
}

// documentType compares the kind of the document with what the flow accepts and the applicant chose.
func (v *verdict) documentType(in usher.CheckInput, f facts) {
	v.finding(usher.Finding{Name: "document_type", Given: string(chosen(in.Session).Type), Read: f.code, OK: len(f.types) > 0})
	if len(f.types) == 0 {
		v.consider(usher.DocumentWrongType, "document_type")
		return
	}
	v.result.Fields["document_type"] = string(f.types[0])
	if choice := chosen(in.Session).Type; slices.Contains(f.types, choice) {
		v.result.Fields["document_type"] = string(choice) // a zone's letters fit cards and permits alike
	}
	if !fits(in, f) {
		v.consider(usher.DocumentWrongType, "document_type")
	}
}

// fits tells whether a document can be one that the flow accepts and the applicant chose.
func fits(in usher.CheckInput, f facts) bool {
	step, ok := in.Session.Flow.First(usher.StepDocument)
	if ok && len(step.Accept) > 0 && !overlap(f.types, step.Accept) {
		return false
	}
	choice := chosen(in.Session).Type
	return choice == "" || slices.Contains(f.types, choice)
}

func overlap(a, b []usher.DocumentType) bool {
	return slices.ContainsFunc(a, func(t usher.DocumentType) bool { return slices.Contains(b, t) })
}

// typesOf lists the types that a zone's first letters can stand for (Doc 9303 parts 4 and 5). Identity cards, residence
// permits and some licences share the letters A, C and I.
func typesOf(d mrz.Document) []usher.DocumentType {
	switch {
	case d.Format == mrz.MRVA, d.Format == mrz.MRVB, d.DocumentCode == "":
		return nil
	case d.DocumentCode[0] == 'P':
		return []usher.DocumentType{usher.Passport}
	case d.DocumentCode[0] == 'I', d.DocumentCode[0] == 'A', d.DocumentCode[0] == 'C':
		return []usher.DocumentType{usher.IDCard, usher.ResidencePermit}
	case d.DocumentCode[0] == 'D':
		return []usher.DocumentType{usher.DrivingLicence}
	}
	return nil
}

// issuer looks for a country that cannot be: the specimen's, one that does not exist, or another than the chosen one.
func (v *verdict) issuer(in usher.CheckInput, f facts) {
	country, known := countryOf(f.issuer)
	v.finding(usher.Finding{Name: "issuer", Given: chosen(in.Session).Country, Read: f.issuer, OK: known && f.issuer != specimenIssuer})
	switch choice := chosen(in.Session).Country; {
	case f.issuer == specimenIssuer && in.Mode != usher.Sandbox:
		v.refuse(usher.DocumentSpecimen, "issuer")
	case f.issuer == specimenIssuer:
		// A sandbox is where specimens belong; the finding above still says what it is.
	case f.issuer == "":
		v.consider(usher.DocumentUnsure, "issuer")
	case !known:
		v.consider(usher.DocumentNoSuchCountry, "issuer")
	case choice != "" && country != "" && choice != country:
		v.consider(usher.DocumentWrongType, "issuer")
	}
	if _, known := countryOf(f.nationality); f.nationality != "" && !known {
		v.consider(usher.DocumentNoSuchCountry, FieldNationality)
	}
}

// validity refuses a document whose last day has passed. A day counts to its end, wherever the holder is, and begins as soon as it does anywhere.
func (v *verdict) validity(now time.Time, f facts) {
	last := f.expiry
	expired := last.complete && now.After(last.midnight.AddDate(0, 0, 1).Add(endOfDayEverywhere))
	v.finding(usher.Finding{Name: "expiry", Read: last.text, OK: last.complete && !expired})
	switch {
	case !last.complete:
		v.consider(usher.DocumentUnsure, "expiry")
	case expired && f.sureExpiry:
		v.refuse(usher.DocumentExpired, "expiry")
	case expired:
		// Without a digit that agrees the day itself may be misread.
		v.consider(usher.DocumentExpired, "expiry")
	}
	if first := f.issued; first.complete {
		early := now.Before(first.midnight.Add(-startOfDayEverywhere))
		backwards := last.complete && last.midnight.Before(first.midnight)
		v.finding(usher.Finding{Name: FieldIssued, Read: first.text, OK: !early && !backwards})
		if early || backwards {
			v.consider(usher.DocumentNotYetValid, FieldIssued)
		}
	}
}

// age notes the full years, for a reviewer; whether they are enough is the age check's to say. Nobody has a document before they are born.
func (v *verdict) age(now time.Time, f facts) {
	years := usher.Date(f.birth).YearsAt(now)
	if years >= 0 {
		v.finding(usher.Finding{Name: "age", Read: fmt.Sprintf("%d", years), OK: true})
	}
	if f.issued.complete && len(f.birth) == len(time.DateOnly) && f.issued.text < f.birth {
		v.consider(usher.DocumentUnsure, FieldBirthDate)
	}
}

// unsure names the fields of the zone that a person should compare with the picture. What agrees with the details that
// were given apart from it needs no second look. A zone without a surname or a whole birth date is read, but tells too
// little.
func (v *verdict) unsure(reading mrz.Reading, agreed map[string]bool) {
	if reading.Document.Surname == "" {
		v.consider(usher.DocumentUnsure, FieldLastName)
	}
	if !reading.Document.BirthDate.Complete() {
		v.consider(usher.DocumentUnsure, FieldBirthDate)
	}
	names := map[mrz.Field]string{
		mrz.FieldNumber: "number", mrz.FieldBirthDate: "date_of_birth", mrz.FieldExpiry: "expiry", mrz.FieldIssuer: "issuer",
		mrz.FieldNationality: "nationality", mrz.FieldSurname: "last_name", mrz.FieldGivenNames: "first_name", mrz.FieldDocumentCode: "document_type",
	}
	for _, field := range reading.Unsure {
		v.finding(usher.Finding{Name: "unsure_" + string(field), Read: fmt.Sprintf("%.2f", reading.Fields[field])})
		strange := slices.ContainsFunc(v.result.Reasons, func(r usher.Reason) bool { return r.Code == usher.DocumentNoSuchCountry && r.Field == names[field] })
		if name, matters := names[field]; matters && !agreed[name] && !strange {
			v.consider(usher.DocumentUnsure, name)
		}
	}
}

// chosen returns the document that the applicant said they would use, as far as they were asked.
func chosen(s usher.Session) usher.DocumentChoice {
	for _, step := range s.Steps {
		if step.Document != nil {
			return *step.Document
		}
	}
	return usher.DocumentChoice{}
}
