package native

import (
	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

type address struct {
	Country    string `json:"country" minLength:"2" maxLength:"2" doc:"ISO 3166-1 alpha-2, capitals." example:"SE"`
	Street     string `json:"street" minLength:"1" maxLength:"200" doc:"Street and number." example:"Mälarö torg 2"`
	City       string `json:"city" minLength:"1" maxLength:"100" doc:"City." example:"Ekerö"`
	Region     string `json:"region,omitempty" maxLength:"100" doc:"Region or state." example:"Stockholm"`
	PostalCode string `json:"postal_code" minLength:"1" maxLength:"20" doc:"Postal code." example:"178 30"`
}

func addressOf(a *usher.Address) *address {
	if a == nil {
		return nil
	}
	return &address{Country: a.Country, Street: a.Street, City: a.City, Region: a.Region, PostalCode: a.PostalCode}
}

func (a *address) domain() *usher.Address {
	if a == nil {
		return nil
	}
	return &usher.Address{Country: a.Country, Street: a.Street, City: a.City, Region: a.Region, PostalCode: a.PostalCode}
}

// newApplicant is what is known of a person before they open the link; what is left out is asked on the page, where the flow asks for it.
type newApplicant struct {
	FirstName   string   `json:"first_name,omitempty" minLength:"1" maxLength:"100" doc:"Given names." example:"Astrid"`
	LastName    string   `json:"last_name,omitempty" minLength:"1" maxLength:"100" doc:"Family names. In a sandbox tenant Reject, Review, Expire, AccountError and Hit steer the outcome." example:"Lindqvist"`
	DateOfBirth string   `json:"date_of_birth,omitempty" minLength:"10" maxLength:"10" doc:"Day of birth, YYYY-MM-DD." example:"1991-12-06"`
	Nationality string   `json:"nationality,omitempty" minLength:"2" maxLength:"2" doc:"ISO 3166-1 alpha-2, capitals." example:"SE"`
	NationalID  string   `json:"national_id,omitempty" minLength:"1" maxLength:"40" doc:"The person's number at home, without separators." example:"199112061234"`
	Email       string   `json:"email,omitempty" minLength:"3" maxLength:"254" doc:"E-mail address." example:"astrid@example.com"`
	Phone       string   `json:"phone,omitempty" minLength:"1" maxLength:"40" doc:"Digits only, 7 to 15, country code first; no plus, spaces or dashes." example:"46701234567"`
	Address     *address `json:"address,omitempty" doc:"Where the person lives."`
	Reference   string   `json:"reference,omitempty" minLength:"1" maxLength:"200" doc:"Your own key for this person." example:"customer-4711"`
}

// domain gives the applicant, or everything that is wrong with it; at is where it stands in the request.
func (n newApplicant) domain(at string) (usher.NewApplicant, error) {
	var born usher.Date
	var wrongDay error
	if n.DateOfBirth != "" {
		if born, wrongDay = usher.ParseDate(n.DateOfBirth); wrongDay != nil {
			wrongDay = usher.Invalid(join(at, "date_of_birth"), "must be a day that exists, as YYYY-MM-DD")
		}
	}
	err := allInvalid(
		api.Name(join(at, "first_name"), n.FirstName), api.Name(join(at, "last_name"), n.LastName), wrongDay,
		api.Country(join(at, "nationality"), n.Nationality), api.Email(join(at, "email"), n.Email), api.Phone(join(at, "phone"), n.Phone),
		n.Address.check(join(at, "address")),
	)
	return usher.NewApplicant{
		Kind: usher.Person, Reference: n.Reference,
		Details: usher.Details{
			FirstName: n.FirstName, LastName: n.LastName, DateOfBirth: born, Nationality: n.Nationality, Email: n.Email, Phone: n.Phone,
			NationalID: n.NationalID, Address: n.Address.domain(),
		},
	}, err
}

func (a *address) check(at string) error {
	if a == nil {
		return nil
	}
	return api.Country(join(at, "country"), a.Country)
}

// applicantPatch changes what may change without being checked anew; a member that is left out stays.
type applicantPatch struct {
	Email   *string  `json:"email,omitempty" minLength:"3" maxLength:"254" doc:"E-mail address." example:"astrid@example.com"`
	Phone   *string  `json:"phone,omitempty" minLength:"1" maxLength:"40" doc:"Digits only, 7 to 15, country code first; no plus, spaces or dashes." example:"46701234567"`
	Address *address `json:"address,omitempty" doc:"Where the person lives; the whole address."`
}

func (p applicantPatch) domain() (usher.ApplicantPatch, error) {
	err := allInvalid(api.Email("email", given(p.Email)), api.Phone("phone", given(p.Phone)), p.Address.check("address"))
	return usher.ApplicantPatch{Email: p.Email, Phone: p.Phone, Address: p.Address.domain()}, err
}

func given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

type applicant struct {
	ID          string   `json:"id" doc:"Id of the applicant." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	Kind        string   `json:"kind,omitempty" enum:"person,company" doc:"What sort of applicant it is; left out once erased." example:"person"`
	Status      string   `json:"status" doc:"State of the newest onboarding session, none where there is no session." example:"approved"`
	SessionID   string   `json:"session_id,omitempty" doc:"Id of the newest onboarding session." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	Reference   string   `json:"reference,omitempty" doc:"Your own key for this person." example:"customer-4711"`
	FirstName   string   `json:"first_name,omitempty" doc:"Given names." example:"Astrid"`
	LastName    string   `json:"last_name,omitempty" doc:"Family names." example:"Lindqvist"`
	DateOfBirth string   `json:"date_of_birth,omitempty" doc:"Day of birth, YYYY-MM-DD." example:"1991-12-06"`
	Nationality string   `json:"nationality,omitempty" doc:"ISO 3166-1 alpha-2." example:"SE"`
	NationalID  string   `json:"national_id,omitempty" doc:"The person's number at home." example:"199112061234"`
	Email       string   `json:"email,omitempty" doc:"E-mail address." example:"astrid@example.com"`
	Phone       string   `json:"phone,omitempty" doc:"Digits with the country code first." example:"46701234567"`
	Address     *address `json:"address,omitempty" doc:"Where the person lives."`
	Erased      bool     `json:"erased" doc:"Whether the personal data was erased. What is left are ids and dates." example:"false"`
	Restricted  bool     `json:"restricted,omitempty" doc:"Whether erasure was asked for and has to wait, because the law or a hold has the data kept." example:"false"`
	Version     int64    `json:"version" doc:"Rises by one with each applicant.* event; drop what is older than what you have." example:"1"`
	CreatedAt   stamp    `json:"created_at" doc:"When the applicant was created."`
	UpdatedAt   stamp    `json:"updated_at" doc:"When it changed last."`
}

// noSession is the status of an applicant without an onboarding session.
const noSession = "none"

func applicantOf(a usher.Applicant) applicant {
	d := a.Details
	out := applicant{
		ID: a.ID, Kind: string(a.Kind), Status: noSession, Reference: a.Reference, FirstName: d.FirstName, LastName: d.LastName,
		DateOfBirth: string(d.DateOfBirth), Nationality: d.Nationality, NationalID: d.NationalID, Email: d.Email, Phone: d.Phone, Address: addressOf(d.Address),
		Erased: a.Erased, Restricted: a.Restricted(), Version: a.Version, CreatedAt: stamp{a.CreatedAt}, UpdatedAt: stamp{a.UpdatedAt},
	}
	if a.Latest != nil {
		out.Status, out.SessionID = string(a.Latest.State), a.Latest.ID
	}
	return out
}
