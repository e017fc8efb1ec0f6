package ondato

import (
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/mrz"
)

// rule is one of the vendor's rules, and what of a check of ours must have been examined for it to be told.
type rule struct {
	name     string
	check    usher.CheckKind
	examined string             // what the check says it looked at; "" when that it ran is enough
	evidence usher.EvidenceKind // that the check must have looked at, or ""
	proven   bool               // a guess does not count
	fails    []usher.Reason     // any of these fails it; a field that is not named matches all
	unsure   []usher.ReasonCode // any of these leaves it open, so that it is not told
}

// rules are the vendor's rules that a check of ours can speak of. It is never written to.
var rules = []rule{
	{name: "DocumentHasBothSides", check: usher.CheckDocument, examined: "picture", fails: []usher.Reason{{Code: usher.DocumentSideMissing}}},
	{
		name: "DocumentNotExpired", check: usher.CheckDocument, examined: "expiry", proven: true,
		fails: []usher.Reason{{Code: usher.DocumentExpired}}, unsure: []usher.ReasonCode{usher.DocumentUnsure},
	},
	{
		name: "DocumentHasFace", check: usher.CheckFace, examined: "face_presence", evidence: usher.DocumentFront,
		fails: []usher.Reason{{Code: usher.DocumentPhotoMissing}},
	},
	{
		name: "DocumentTypeNotProhibited", check: usher.CheckDocument, examined: "document_type",
		fails: []usher.Reason{{Code: usher.DocumentWrongType, Field: "document_type"}, {Code: usher.DocumentNotSupported}},
	},
	{
		name: "NotUnder18", check: usher.CheckAge, examined: "document_birth_date", proven: true,
		fails: []usher.Reason{{Code: usher.Underage}}, unsure: []usher.ReasonCode{usher.AgeUnknown},
	},
	{
		name: "SelfieHasFace", check: usher.CheckFace, examined: "face_presence", evidence: usher.Selfie,
		fails: []usher.Reason{{Code: usher.FaceMissing}},
	},
	{
		name: "SelfieAndDocumentFacesMatch", check: usher.CheckFace, examined: "face_comparison",
		fails: []usher.Reason{{Code: usher.FaceDiffers}}, unsure: []usher.ReasonCode{usher.FaceNotCompared},
	},
	{
		name: "SuccessfulPassiveLivenessCheck", check: usher.CheckLiveness,
		fails: []usher.Reason{{Code: usher.LivenessFailed}}, unsure: []usher.ReasonCode{usher.LivenessNotTested, usher.FaceDiffers},
	},
}

// fraudChecks are told like rules.
var fraudChecks = []rule{
	{
		name: "DocumentManipulation", check: usher.CheckDocument, examined: "authenticity", fails: []usher.Reason{{Code: usher.DocumentSuspicious}},
	},
}

// resultOf gives the newest result of a check that examined something.
func resultOf(s usher.Session, kind usher.CheckKind) (usher.CheckResult, bool) {
	for _, r := range slices.Backward(s.Checks()) {
		if r.Kind == kind {
			return r, slices.Contains([]usher.Outcome{usher.Clear, usher.Consider, usher.Refuse}, r.Outcome)
		}
	}
	return usher.CheckResult{}, false
}

// judge gives those of a list of rules that were really examined, with how they went.
func judge(s usher.Session, list []rule) []verdict {
	told := []verdict{}
	for _, r := range list {
		result, ran := resultOf(s, r.check)
		if !ran || !r.covered(s, result) {
			continue
		}
		v := verdict{Name: r.name, Status: "Success"}
		if r.failed(result) {
			v.Status = "Fail"
		}
		told = append(told, v)
	}
	return told
}

// covered tells whether a result says anything of the rule. What a sandbox made up says all that its check could.
func (r rule) covered(s usher.Session, result usher.CheckResult) bool {
	if r.name == "DocumentHasBothSides" && !documentType(s, result).HasBack() {
		return false
	}
	if result.Assurance == usher.Simulated {
		return true
	}
	looked := r.examined == "" || slices.Contains(result.Examined, r.examined)
	if r.evidence != "" {
		looked = looked && slices.ContainsFunc(s.Evidence, func(e usher.Evidence) bool {
			return e.Kind == r.evidence && slices.Contains(result.EvidenceIDs, e.ID)
		})
	}
	if r.check == usher.CheckLiveness {
		looked = looked && passive(result)
	}
	open := slices.ContainsFunc(result.Reasons, func(why usher.Reason) bool { return slices.Contains(r.unsure, why.Code) })
	return looked && !open && (!r.proven || result.Assurance == usher.Verified)
}

// passive tells whether a liveness result may stand for what the vendor calls passive liveness: movements before the camera are something else, whether
// this server asked for them, which is not tested against attacks, or an engine's kit did.
func passive(result usher.CheckResult) bool {
	moved := slices.Contains(result.Examined, usher.CaptureChallenge) || slices.Contains(result.Examined, activeLiveness)
	return !moved || slices.Contains(result.Examined, passiveLiveness)
}

// What engines of liveness say they examined.
const (
	activeLiveness  = "active_liveness"
	passiveLiveness = "passive_liveness"
)

func (r rule) failed(result usher.CheckResult) bool {
	return slices.ContainsFunc(r.fails, func(ground usher.Reason) bool {
		return slices.ContainsFunc(result.Reasons, func(why usher.Reason) bool {
			return why.Code == ground.Code && (ground.Field == "" || why.Field == "" || why.Field == ground.Field)
		})
	})
}

// rejectReasons gives the vendor's code of a reason, "" for one that is no ground. It is never written to.
var rejectReasons = map[usher.ReasonCode]string{
	usher.DocumentUnreadable: "POOR_PHOTO_QUALITY", usher.DocumentBlurred: "BLURRED_PHOTO", usher.DocumentGlare: "POOR_PHOTO_LIGHTING",
	usher.DocumentTooDark: "POOR_PHOTO_LIGHTING", usher.DocumentTooSmall: "POOR_PHOTO_QUALITY", usher.DocumentNotAPicture: "BAD_MEDIA_FORMAT",
	usher.DocumentSideMissing: "MISSING_DOCUMENT_PHOTO", usher.DocumentWrongType: "DOCUMENT_NOT_ACCEPTED",
	usher.DocumentDigitsFail: "DOCUMENT_NOT_ACCEPTED", usher.DocumentUnsure: "", usher.DocumentExpired: "DOCUMENT_IS_EXPIRED",
	usher.DocumentSpecimen: "DOCUMENT_NOT_ACCEPTED", usher.DocumentPhotoMissing: "DOCUMENT_NOT_ACCEPTED",
	usher.DocumentNotSupported: "DOCUMENT_NOT_ACCEPTED", usher.DocumentSuspicious: "POSSIBLE_FRAUD_ATTEMPT",
	usher.DocumentNotYetValid: "DOCUMENT_NOT_ACCEPTED", usher.DocumentNoSuchCountry: "", usher.DocumentNumberUnusual: "",
	usher.DocumentEdited: "", usher.DocumentSamePicture: "MISSING_DOCUMENT_PHOTO",
	usher.NameMismatch: "DATA_DOES_NOT_MATCH", usher.BirthDateMismatch: "DATA_DOES_NOT_MATCH", usher.NumberMismatch: "DATA_DOES_NOT_MATCH",
	usher.NationalityMismatch: "DATA_DOES_NOT_MATCH", usher.SidesMismatch: "DATA_DOES_NOT_MATCH", usher.RegistryMismatch: "DATA_DOES_NOT_MATCH",
	usher.FaceMissing: "MISSING_SELFIE_PHOTO", usher.FaceSeveral: "MORE_THAN_ONE_PERSON", usher.FaceTooSmall: "POOR_PHOTO_QUALITY",
	usher.FaceTooNear: "POOR_PHOTO_QUALITY", usher.FaceTurned: "POOR_PHOTO_QUALITY",
	usher.FaceNotCompared: "", usher.FaceDiffers: "FACES_DOES_NOT_MATCH", usher.LivenessNotTested: "", usher.LivenessFailed: "MISCELLANEOUS",
	usher.Underage: "MISCELLANEOUS", usher.AgeUnknown: "", usher.WatchlistHit: "SANCTIONED", usher.PossibleDuplicate: "MISCELLANEOUS",
	usher.CheckUnavailable: "", usher.AddressUnproven: "MISCELLANEOUS", usher.SimulatedOutcome: "", usher.SuspectedFraud: "POSSIBLE_FRAUD_ATTEMPT",
	usher.Policy: "MISCELLANEOUS", usher.ConsentDeclined: "", usher.CancelledByClient: "", usher.ManualReview: "", usher.AssistedOnly: "",
	usher.AccountOpenerRefused: "", usher.AccountOpenerNoAnswer: "", usher.WatchlistNotSearched: "", usher.WatchlistStale: "",
	usher.ChipMissing: "", usher.ChipUnreadable: "BAD_MEDIA_FORMAT", usher.ChipAltered: "POSSIBLE_FRAUD_ATTEMPT", usher.ChipIssuerUnknown: "",
	usher.ChipUnsure: "", usher.ChipNotExamined: "", usher.NumberMalformed: "DATA_DOES_NOT_MATCH", usher.NumberDisagrees: "DATA_DOES_NOT_MATCH",
	usher.NumberNotChecked: "", usher.ContactImplausible: "MISCELLANEOUS",
}

// rejectReasonsOf gives why a session was rejected in the vendor's words, each once. They are for the client; the applicant's page never shows them.
func rejectReasonsOf(s usher.Session) []string {
	var told []string
	for _, why := range s.Reasons {
		if code := rejectReasons[why.Code]; code != "" && !slices.Contains(told, code) {
			told = append(told, code)
		}
	}
	if len(told) == 0 {
		return []string{"UNDEFINED"}
	}
	return told
}

// documentTypes gives the vendor's word for a type of document. It is never written to.
var documentTypes = map[usher.DocumentType]string{
	usher.Passport: "Passport", usher.IDCard: "IdCard", usher.DrivingLicence: "DriverLicense", usher.ResidencePermit: "ResidencePermit",
}

// documentType gives the type that was read, or else the one the applicant chose.
func documentType(s usher.Session, result usher.CheckResult) usher.DocumentType {
	if read := usher.DocumentType(result.Fields["document_type"]); read != "" {
		return read
	}
	for _, st := range s.Steps {
		if st.Document != nil {
			return st.Document.Type
		}
	}
	return ""
}

// documentOf gives what is known of the document: its pictures, and what was read of it, as a reviewer may have corrected it; nil for nothing.
func documentOf(s usher.Session) *document {
	d := document{Files: filesOf(s, usher.DocumentFront, usher.DocumentBack), OCRValidations: []validation{}}
	result, ran := resultOf(s, usher.CheckDocument)
	if !ran && len(d.Files) == 0 && len(s.Facts) == 0 {
		return nil
	}
	read := map[string]string{}
	if ran {
		for name, value := range result.Fields {
			read[name] = value
		}
		d.MRZVerified = result.Assurance == usher.Verified && slices.Contains(result.Examined, "mrz_check_digits")
		d.OCRValidations = validationsOf(result)
	}
	for _, c := range s.Facts {
		read[c.Field] = c.New
		if c.Field == "nationality" {
			delete(read, "mrz") // which still says the old one
		}
	}
	d.FirstName, d.LastName, d.DocumentNumber, d.Gender = read["first_name"], read["last_name"], read["number"], read["sex"]
	d.FullName = strings.TrimSpace(d.FirstName + " " + d.LastName)
	d.DateOfBirth, d.DateOfExpiration, d.DateOfIssue = day(read["date_of_birth"]), day(read["expiry"]), day(read["issued"])
	d.PersonalCode = read["national_id"]
	d.CountryISO3, d.Nationality = alpha3(read["issuer"]), alpha3(nationality(read, s.CreatedAt))
	d.Type = documentTypes[documentType(s, usher.CheckResult{Fields: read})]
	return &d
}

// day gives a date that is whole; documents may leave day or month unknown, for which the vendor has no word.
func day(s string) string {
	d, err := usher.ParseDate(s)
	if err != nil {
		return ""
	}
	return string(d)
}

// alpha3 gives a country in three letters, or nothing for a code that is none. A German document says D.
func alpha3(code string) string {
	switch {
	case code == "D":
		return "DEU"
	case len(code) != len("LTU"):
		return ""
	}
	return code
}

// nationality gives the three letters of the nationality that was read. The check tells it in two; the zone itself has three.
func nationality(read map[string]string, now time.Time) string {
	said := read["nationality"]
	if len(said) != len("LT") || read["mrz"] == "" {
		return said
	}
	zone, err := mrz.Parse(strings.Split(read["mrz"], "\n"), now)
	if err != nil {
		return ""
	}
	return zone.Nationality
}

// validationsOf tells of each value that a check digit protects whether the digit agrees.
func validationsOf(result usher.CheckResult) []validation {
	keys := map[string]string{"digit_date_of_birth": "DateOfBirth", "digit_expiry": "DateOfExpiration", "digit_number": "DocumentNumber"}
	told := []validation{}
	for _, f := range result.Findings {
		if key := keys[f.Name]; key != "" {
			told = append(told, validation{Key: key, IsValid: f.OK})
		}
	}
	return told
}

func faceOf(s usher.Session) *face {
	files := filesOf(s, usher.Selfie)
	if len(files) == 0 {
		return nil
	}
	return &face{Files: files}
}

// picture is how a kind of evidence is told as a file.
type picture struct{ name, part, kind string }

// pictures are the kinds of evidence that are told. It is never written to.
var pictures = map[usher.EvidenceKind]picture{
	usher.DocumentFront: {"front", "Front", "DocumentPhoto"},
	usher.DocumentBack:  {"back", "Back", "DocumentPhoto"},
	usher.Selfie:        {"selfie", "", "FacePhoto"},
}

// filesOf gives the newest file of each of some kinds.
func filesOf(s usher.Session, kinds ...usher.EvidenceKind) []file {
	files := []file{}
	for _, kind := range kinds {
		for _, e := range s.InForce() {
			if e.Kind == kind {
				files = append(files, fileOf(e))
			}
		}
	}
	return files
}

func fileOf(e usher.Evidence) file {
	p := pictures[e.Kind]
	extension := "bin"
	if _, kind, ok := strings.Cut(e.ContentType, "/"); ok {
		extension = kind
	}
	return file{
		CreatedUTC: at(e.At), FileID: e.ID, FileName: p.name + "." + extension, FileExtension: extension, Part: p.part, FileType: p.kind,
	}
}
