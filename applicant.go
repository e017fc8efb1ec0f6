package usher

import (
	"cmp"
	"reflect"
	"slices"
	"time"
)

// Date is a calendar day as YYYY-MM-DD, or "" when not known. A string, since a day of birth has no time zone.
type Date string

// ParseDate checks that s is a day that exists and gives it as a Date. Its error names no field: the caller knows which one it was.
func ParseDate(s string) (Date, error) {
	if len(s) != len(time.DateOnly) {
		return "", Invalid("", "must be a date as YYYY-MM-DD")
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", Invalid("", "must be a day that exists, as YYYY-MM-DD")
	}
	return Date(s), nil
}

// Time gives midnight UTC of the day, or the zero time when the date is empty or not a day.
func (d Date) Time() time.Time {
	t, _ := time.Parse(time.DateOnly, string(d)) // zero when it fails
	return t
}

// YearsAt gives the full years from the day to now, as an age is counted; -1 when the date is not known.
func (d Date) YearsAt(now time.Time) int {
	born := d.Time()
	if born.IsZero() {
		return -1
	}
	years := now.Year() - born.Year()
	if now.Month() < born.Month() || (now.Month() == born.Month() && now.Day() < born.Day()) {
		return years - 1
	}
	return years
}

// Address is a postal address. Country is ISO 3166-1 alpha-2.
type Address struct {
	Country    string `json:"country"`
	Street     string `json:"street"`
	City       string `json:"city"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code"`
}

// DetailField names one thing the details step can ask for.
type DetailField string

// What a flow may ask of a person.
const (
	AskName        DetailField = "name"
	AskDateOfBirth DetailField = "date_of_birth"
	AskAddress     DetailField = "address"
	AskContact     DetailField = "contact" // e-mail and phone
	AskNationality DetailField = "nationality"
)

// DetailFields lists all of them, in the order in which a page asks.
func DetailFields() []DetailField {
	return []DetailField{AskName, AskDateOfBirth, AskNationality, AskAddress, AskContact}
}

// Details is what is said about a person, by the client or by the person. All of it is personal data.
type Details struct {
	Redacted
	FirstName   string          `json:"first_name,omitempty"`
	LastName    string          `json:"last_name,omitempty"`
	DateOfBirth Date            `json:"date_of_birth,omitempty"`
	Nationality string          `json:"nationality,omitempty"` // ISO 3166-1 alpha-2
	Email       string          `json:"email,omitempty"`
	Phone       string          `json:"phone,omitempty"` // digits with country code, no plus
	Address     *Address        `json:"address,omitempty"`
	NationalID  string          `json:"national_id,omitempty"` // the person's number at home, as its country writes it, without separators
	Company     *CompanyDetails `json:"company,omitempty"`     // of a company; the members above are then those of the person who acts for it
}

// CompanyDetails is what is said about a company and the people behind it.
type CompanyDetails struct {
	Name        string   `json:"name"`
	TradingName string   `json:"trading_name,omitempty"`
	Number      string   `json:"number"` // in its register
	Form        string   `json:"form,omitempty"`
	Email       string   `json:"email,omitempty"`
	Phone       string   `json:"phone,omitempty"`
	Address     *Address `json:"address,omitempty"`
	Owners      []Owner  `json:"owners,omitempty"`
}

// Owner is a person, or a company again, behind a company. The first of a list is the one who is examined.
type Owner struct {
	Role    string  `json:"role"` // in the words of the dialect it came in through
	Details Details `json:"details"`
}

// Given lists the fields that are complete, which is what [Decide] needs to know of them.
func (d Details) Given() []DetailField {
	have := map[DetailField]bool{
		AskName:        d.FirstName != "" && d.LastName != "",
		AskDateOfBirth: d.DateOfBirth != "",
		AskNationality: d.Nationality != "",
		AskAddress:     d.Address != nil,
		AskContact:     d.Email != "" && d.Phone != "",
	}
	return slices.DeleteFunc(DetailFields(), func(f DetailField) bool { return !have[f] })
}

// ApplicantKind is a person or a company.
type ApplicantKind string

// The kinds of applicant.
const (
	Person  ApplicantKind = "person"
	Company ApplicantKind = "company"
)

// Applicant is the person (or company) being onboarded.
type Applicant struct {
	Redacted
	ID        string        `json:"id"`
	TenantID  string        `json:"tenant_id"`
	Kind      ApplicantKind `json:"kind"`
	ClientID  string        `json:"client_id"` // API client that created it
	Dialect   string        `json:"dialect"`
	Reference string        `json:"reference,omitempty"` // the client's own key
	Details   Details       `json:"details"`
	Version   int64         `json:"version"` // one per applicant.* event
	Erased    bool          `json:"erased,omitempty"`
	Keeping   Keeping       `json:"keeping,omitzero"`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`

	// Latest is the newest onboarding session, or nil when there was none; it is read with the applicant and not stored with it.
	Latest *SessionHead `json:"-"`
}

// SessionHead is as much of a session as a list shows.
type SessionHead struct {
	ID                   string
	State                State
	Flow                 string
	SubmittedAt          time.Time // the first time; zero when it never was
	UpdatedAt, ExpiresAt time.Time
}

// ApplicantPatch changes contact data; nil members stay as they are.
type ApplicantPatch struct {
	Email, Phone *string
	Address      *Address
}

// Update applies a patch and gives the events it makes. A patch that changes nothing makes none.
func (a Applicant) Update(p ApplicantPatch, by Actor, now time.Time) (Applicant, []Event, error) {
	if a.Erased {
		return a, nil, &Error{Code: CodeGone, Message: "this applicant was erased"}
	}
	if p == (ApplicantPatch{}) {
		return a, nil, Invalid("", "give at least one of email, phone and address")
	}
	d := a.Details
	if p.Email != nil {
		d.Email = *p.Email
	}
	if p.Phone != nil {
		d.Phone = *p.Phone
	}
	d.Address = cmp.Or(p.Address, d.Address)
	a, events := a.amend(d, by, now)
	return a, events, nil
}

// Tell takes in what the applicant said of themselves; empty members of d leave what is known. Nobody tells anything of an erased applicant.
func (a Applicant) Tell(d Details, by Actor, now time.Time) (Applicant, []Event) {
	if a.Erased {
		return a, nil
	}
	was := a.Details
	return a.amend(Details{
		FirstName: cmp.Or(d.FirstName, was.FirstName), LastName: cmp.Or(d.LastName, was.LastName),
		DateOfBirth: cmp.Or(d.DateOfBirth, was.DateOfBirth), Nationality: cmp.Or(d.Nationality, was.Nationality),
		Email: cmp.Or(d.Email, was.Email), Phone: cmp.Or(d.Phone, was.Phone), Address: cmp.Or(d.Address, was.Address),
		NationalID: cmp.Or(d.NationalID, was.NationalID), Company: cmp.Or(d.Company, was.Company),
	}, by, now)
}

// amend puts details in place of those there are, and names what differs; where nothing does, nothing happened.
func (a Applicant) amend(d Details, by Actor, now time.Time) (Applicant, []Event) {
	was := a.Details
	if d.Address != nil {
		address := *d.Address // the caller keeps its own
		d.Address = &address
	}
	var fields []string
	note := func(field string, differs bool) {
		if differs {
			fields = append(fields, field)
		}
	}
	note("first_name", d.FirstName != was.FirstName)
	note("last_name", d.LastName != was.LastName)
	note("date_of_birth", d.DateOfBirth != was.DateOfBirth)
	note("nationality", d.Nationality != was.Nationality)
	note("email", d.Email != was.Email)
	note("phone", d.Phone != was.Phone)
	note("address", d.Address != nil && (was.Address == nil || *was.Address != *d.Address))
	note("national_id", d.NationalID != was.NationalID)
	note("company", !reflect.DeepEqual(d.Company, was.Company))
	if len(fields) == 0 {
		return a, nil
	}
	a.Details = d
	return a.happened(ApplicantUpdated, by, now, fields...)
}

// NewApplicant is what a client gives to create one.
type NewApplicant struct {
	Redacted
	Kind      ApplicantKind
	Reference string
	Details   Details
}

// Created gives the applicant's first event. The engine calls it once, on a record whose ids it has set.
func (a Applicant) Created(by Actor, now time.Time) (Applicant, []Event) {
	a.CreatedAt = now
	return a.happened(ApplicantCreated, by, now)
}

// Erase forgets what is known of the applicant. The engine destroys the keyset in the same transaction.
func (a Applicant) Erase(by Actor, now time.Time) (Applicant, []Event, error) {
	if a.Erased {
		return a, nil, &Error{Code: CodeGone, Message: "this applicant was erased"}
	}
	a.Erased, a.Details, a.Reference, a.Keeping = true, Details{}, "", Keeping{}
	a, events := a.happened(ApplicantErased, by, now)
	return a, events, nil
}

// happened raises the version and makes the event that says why.
func (a Applicant) happened(t EventType, by Actor, now time.Time, fields ...string) (Applicant, []Event) {
	a.Version++
	a.UpdatedAt = now
	return a, []Event{{
		Type: t, TenantID: a.TenantID, ApplicantID: a.ID, Sequence: a.Version, Version: a.Version, At: now,
		Data: EventData{By: &by, Fields: fields},
	}}
}
