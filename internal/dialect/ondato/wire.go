package ondato

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// The shapes of the wire, one to one. What is not known is left out and never null, but for isSuccess.

// newIDV is the body that creates an identity verification.
type newIDV struct {
	SetupID             string          `json:"setupId"`
	ExternalReferenceID string          `json:"externalReferenceId"`
	Registration        *registration   `json:"registration"`
	RepresentativeID    string          `json:"representativeId"`
	FaceAuthentication  json.RawMessage `json:"faceAuthentication"`
}

type registration struct {
	FirstName    string `json:"firstName,omitempty"`
	MiddleName   string `json:"middleName,omitempty"`
	LastName     string `json:"lastName,omitempty"`
	DateOfBirth  string `json:"dateOfBirth,omitempty"`
	Email        string `json:"email,omitempty"`
	PersonalCode string `json:"personalCode,omitempty"`
	PhoneNumber  phone  `json:"phoneNumber,omitempty"`
	CountryCode  string `json:"countryCode,omitempty"`
}

// phone is a number of ITU-T E.164 in digits. It is a number in JSON, too; a string of digits is taken as well.
type phone string

// UnmarshalJSON reads a number, or a string of digits, or null for none.
func (p *phone) UnmarshalJSON(text []byte) error {
	said := string(text)
	if said == "null" {
		return nil
	}
	if said[0] == '"' {
		if err := json.Unmarshal(text, &said); err != nil {
			return err
		}
	} else if strings.ContainsAny(said, ".eE") {
		// Some languages write every large number this way.
		n, err := strconv.ParseFloat(said, 64)
		if err != nil {
			return usher.Invalid(phoneField, "must be a number of digits")
		}
		said = strconv.FormatFloat(n, 'f', -1, 64)
	}
	*p = phone(said)
	return nil
}

// MarshalJSON writes a number.
func (p phone) MarshalJSON() ([]byte, error) { return []byte(p), nil }

type created struct {
	ID string `json:"id"`
}

type idv struct {
	ID                    string        `json:"id"`
	Status                string        `json:"status"`
	ApplicationID         string        `json:"applicationId"`
	CreatedUTC            timestamp     `json:"createdUtc"`
	ModifiedUTC           timestamp     `json:"modifiedUtc"`
	ExternalReferenceID   string        `json:"externalReferenceId,omitempty"`
	Setup                 setupRef      `json:"setup"`
	Registration          *registration `json:"registration,omitempty"`
	CommunicationChannels []struct{}    `json:"communicationChannels"`
	Redaction             *redaction    `json:"redaction,omitempty"`
	Step                  idvStep       `json:"step"`
}

type setupRef struct {
	ID         string `json:"id"`
	VersionID  string `json:"versionId"`
	OverrideID string `json:"overrideId,omitempty"`
}

type redaction struct {
	RedactedUTC timestamp `json:"redactedUtc"`
}

type idvStep struct {
	Consent            *idvConsent `json:"consent,omitempty"`
	KYCIdentification  *kycRef     `json:"kycIdentification,omitempty"`
	DocumentSignatures []struct{}  `json:"documentSignatures"`
	Forms              []struct{}  `json:"forms"`
}

type idvConsent struct {
	IsConsented  bool      `json:"isConsented"`
	ConsentedUTC timestamp `json:"consentedUtc,omitzero"`
}

type kycRef struct {
	ID        string `json:"id"`
	IsSuccess *bool  `json:"isSuccess"`
}

type identification struct {
	ID                     string    `json:"id"`
	ApplicationID          string    `json:"applicationId"`
	CreatedUTC             timestamp `json:"createdUtc"`
	Setup                  setupRef  `json:"setup"`
	IdentityVerificationID string    `json:"identityVerificationId,omitempty"`
	ExternalReferenceID    string    `json:"externalReferenceId,omitempty"`
	Status                 string    `json:"status"`
	StatusReason           string    `json:"statusReason,omitempty"`
	RejectReasons          []string  `json:"rejectReasons,omitempty"`
	IsCrossChecked         bool      `json:"isCrossChecked"`
	Simulated              bool      `json:"simulated,omitempty"` // ours: a sandbox made up some of it
	Document               *document `json:"document,omitempty"`
	Face                   *face     `json:"face,omitempty"`
	Rules                  []verdict `json:"rules"`
	Registries             []verdict `json:"registries"`
	FraudChecks            []verdict `json:"fraudChecks"`
	CompletedUTC           timestamp `json:"completedUtc,omitzero"`
}

type document struct {
	FullName         string       `json:"fullName,omitempty"`
	FirstName        string       `json:"firstName,omitempty"`
	LastName         string       `json:"lastName,omitempty"`
	DocumentNumber   string       `json:"documentNumber,omitempty"`
	DateOfIssue      string       `json:"dateOfIssue,omitempty"`
	DateOfExpiration string       `json:"dateOfExpiration,omitempty"`
	DateOfBirth      string       `json:"dateOfBirth,omitempty"`
	PersonalCode     string       `json:"personalCode,omitempty"`
	CountryISO3      string       `json:"countryIso3,omitempty"`
	Nationality      string       `json:"nationality,omitempty"`
	Gender           string       `json:"gender,omitempty"`
	Type             string       `json:"type,omitempty"`
	MRZVerified      bool         `json:"mrzVerified"`
	Files            []file       `json:"files"`
	OCRValidations   []validation `json:"ocrValidations"`
}

type face struct {
	Files []file `json:"files"`
}

type file struct {
	CreatedUTC    timestamp `json:"createdUtc"`
	FileID        string    `json:"fileId"`
	FileName      string    `json:"fileName"`
	FileExtension string    `json:"fileExtension"`
	Part          string    `json:"part,omitempty"`
	FileType      string    `json:"fileType"`
}

type validation struct {
	Key     string `json:"key"`
	IsValid bool   `json:"isValid"`
}

// verdict is an entry of rules, registries and fraudChecks.
type verdict struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

// localisation is the body of setup-localisations, and a part of a setup.
type localisation struct {
	DefaultLanguage      string     `json:"defaultLanguage"`
	LocalisationSettings []language `json:"localisationSettings"`
}

type language struct {
	Language                   string `json:"language"`
	PageTitle                  string `json:"pageTitle,omitempty"`
	SuccessRedirectURL         string `json:"successRedirectUrl,omitempty"`
	FailureRedirectURL         string `json:"failureRedirectUrl,omitempty"`
	ConsentDeclinedRedirectURL string `json:"consentDeclinedRedirectUrl,omitempty"`
}

type setup struct {
	ID                     string      `json:"id"`
	VersionID              string      `json:"versionId"`
	ApplicationID          string      `json:"applicationId"`
	Name                   string      `json:"name"`
	CreatedUTC             timestamp   `json:"createdUtc,omitzero"`
	ModifiedUTC            timestamp   `json:"modifiedUtc,omitzero"`
	IsDisabled             bool        `json:"isDisabled"`
	IsLive                 bool        `json:"isLive"`
	Steps                  []setupStep `json:"steps"`
	EndScreen              enabled     `json:"endScreen"`
	GeneralAppSetting      generalApp  `json:"generalAppSetting"`
	Omnichannel            omnichannel `json:"omnichannel"`
	SessionScreenRecording enabled     `json:"sessionScreenRecording"`
	SubmissionContinuity   enabled     `json:"submissionContinuity"`
	WebAppSetting          webApp      `json:"webAppSetting"`
}

type setupStep struct {
	Order   int    `json:"order"`
	SetupID string `json:"setupId"`
	Type    string `json:"type"`
}

type enabled struct {
	Enabled bool `json:"enabled"`
}

type generalApp struct {
	SupportEmail string `json:"supportEmail,omitempty"`
}

type omnichannel struct {
	Enabled               bool `json:"enabled"`
	AppStoreEnabled       bool `json:"appStoreEnabled"`
	OnlyMobileEnabled     bool `json:"onlyMobileEnabled"`
	RestrictToSameAddress bool `json:"restrictToSameIpAddress"`
}

type webApp struct {
	BaseURL                    string     `json:"baseUrl"`
	DefaultLocalisationSetting language   `json:"defaultLocalisationSetting"`
	LocalisationSettings       []language `json:"localisationSettings"`
}

type kycSetupShape struct {
	ID            string  `json:"id"`
	VersionID     string  `json:"versionId"`
	ApplicationID string  `json:"applicationId"`
	IsDisabled    bool    `json:"isDisabled"`
	Document      enabled `json:"document"`
	Face          kycFace `json:"face"`
}

type kycFace struct {
	Enabled                bool `json:"enabled"`
	ActiveLivenessEnabled  bool `json:"activeLivenessEnabled"`
	PassiveLivenessEnabled bool `json:"passiveLivenessEnabled"`
}

// kycFilter narrows a list of identifications.
type kycFilter struct {
	ApplicationID          string `json:"applicationId"`
	Status                 string `json:"status"`
	ExternalReferenceID    string `json:"externalReferenceId"`
	IdentityVerificationID string `json:"identityVerificationId"`
	CreatedUTC             struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"createdUtc"`
}

// envelope is the body of a webhook, and, with the last two members, an entry of an IDV's delivery history.
type envelope struct {
	ID            string          `json:"id"`
	ApplicationID string          `json:"applicationId"`
	CreatedUTC    timestamp       `json:"createdUtc"`
	Payload       json.RawMessage `json:"payload,omitempty"`
	Type          string          `json:"type"`
	DeliveredUTC  timestamp       `json:"deliveredUtc,omitzero"`
	IsDelivered   *bool           `json:"isDelivered,omitempty"`
}

type problem struct {
	Type    string              `json:"type"`
	Title   string              `json:"title"`
	Status  int                 `json:"status"`
	Message string              `json:"message"` // the title once more, in words of the case: a known client reads this member
	TraceID string              `json:"traceId"`
	Errors  map[string][]string `json:"errors,omitempty"`
}

type token struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	TokenType   string `json:"token_type"`
	Scope       string `json:"scope"`
}

type tokenRefusal struct {
	Error string `json:"error"`
}

type discovery struct {
	Issuer        string   `json:"issuer"`
	TokenEndpoint string   `json:"token_endpoint"`
	JWKSURI       string   `json:"jwks_uri"`
	GrantTypes    []string `json:"grant_types_supported"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	Scopes        []string `json:"scopes_supported"`
}

// timestamp is a time on the wire: UTC, milliseconds, Z.
type timestamp struct{ time.Time }

// MarshalJSON writes the time as the vendor does.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}
