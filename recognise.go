package usher

import "time"

// TraitKind names a thing by which an applicant can be known again.
type TraitKind string

// The kinds of trait.
const (
	TraitDocument TraitKind = "document"    // issuer and number of a document
	TraitNational TraitKind = "national_id" // the person's number at home
	TraitPerson   TraitKind = "person"      // name and birth date
	TraitPicture  TraitKind = "picture"     // the bytes of a picture
	TraitLook     TraitKind = "look"        // how a picture looks
)

// Trait is one thing by which an applicant can be known again. It is personal data: kept are keyed hashes of Value or Bands, and Detail, sealed.
type Trait struct {
	Redacted
	Kind     TraitKind
	Evidence string // id of the picture it was taken from, or ""
	// Value must be equal, in one form for equal things.
	Value string
	// Bands stand in place of Value where things are only alike: the same one in the same place makes two of them worth a closer look, by Detail.
	Bands  [][]byte
	Detail []byte
}

// Sighting is a trait of another applicant of the same tenant: equal to the Trait in that place of those asked for, or, where that one has bands, worth
// a closer look at Detail.
type Sighting struct {
	Redacted
	Trait                            int
	ApplicantID, SessionID, Evidence string
	Detail                           []byte
	At                               time.Time
}

// Duplicate is another applicant of the same tenant who showed the same, for a reviewer. It names nobody: when that applicant is erased, ids are
// all that is left here.
type Duplicate struct {
	ApplicantID string      `json:"applicant_id"`
	SessionID   string      `json:"session_id"` // the newest in which it was shown
	Same        []TraitKind `json:"same"`
	// OtherName says that the number is the same and the name or birth date is not.
	OtherName bool      `json:"other_name,omitempty"`
	At        time.Time `json:"at"` // when it was shown there
}
