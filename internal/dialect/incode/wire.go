package incode

import "encoding/json"

// Requests and answers as they are on the wire. A member that may be unknown is a pointer or an any, and null when it is.

type errorBody struct {
	Timestamp int64  `json:"timestamp"` // ms since 1970 UTC
	Status    int    `json:"status"`    // HTTP status, or one of the vendor's own codes
	Error     string `json:"error"`
	Message   string `json:"message,omitempty"`
	Path      string `json:"path"`
}

type startBody struct {
	ConfigurationID    string                     `json:"configurationId"`
	Language           string                     `json:"language"`
	ExternalCustomerID string                     `json:"externalCustomerId"`
	ExternalID         string                     `json:"externalId"` // the former, by its old name
	RedirectionURL     string                     `json:"redirectionUrl"`
	RedirectURL        string                     `json:"redirectUrl"` // the former, as some of the vendor's pages spell it
	CustomFields       map[string]json.RawMessage `json:"customFields"`
	InterviewID        string                     `json:"interviewId"`
	LoginHint          string                     `json:"loginHint"` // of a face login: who wants to log in
	UUID               string                     `json:"uuid"`      // the same, by the id that approval gave
}

type startAnswer struct {
	Token                 string  `json:"token"`
	InterviewID           string  `json:"interviewId"`
	InterviewCode         string  `json:"interviewCode"`
	FlowType              string  `json:"flowType"`
	IDCaptureTimeout      int     `json:"idCaptureTimeout"`     // s
	SelfieCaptureTimeout  int     `json:"selfieCaptureTimeout"` // s
	IDCaptureRetries      int     `json:"idCaptureRetries"`
	SelfieCaptureRetries  int     `json:"selfieCaptureRetries"`
	CURPValidationRetries int     `json:"curpValidationRetries"`
	ClientID              string  `json:"clientId"`
	Env                   string  `json:"env"` // demo or saas
	ExistingSession       bool    `json:"existingSession"`
	EndScreenTitle        *string `json:"endScreenTitle"`
	EndScreenText         *string `json:"endScreenText"`
	OptinEnabled          bool    `json:"optinEnabled"`
	OptinCompanyName      *string `json:"optinCompanyName"`
}

type urlAnswer struct {
	URL string `json:"url"`
}

type statusAnswer struct {
	OnboardingStatus string `json:"onboardingStatus"`
}

type finishedAnswer struct {
	Finished bool `json:"finished"`
}

type finishAnswer struct {
	RedirectionURL *string `json:"redirectionUrl"`
	Action         string  `json:"action"`
}

type successAnswer struct {
	Success bool `json:"success"`
}

type tokenAnswer struct {
	Token string `json:"token"`
}

type imageBody struct {
	Base64Image string `json:"base64Image"`
}

// documentAnswer is what is said of one side of a document. Members that were not measured are null.
type documentAnswer struct {
	Sharpness            *int    `json:"sharpness"` // 100 is fine
	Glare                *int    `json:"glare"`     // 100 is fine
	HorizontalResolution *int    `json:"horizontalResolution"`
	Classification       *bool   `json:"classification"`
	TypeOfID             string  `json:"typeOfId"`
	IssueName            *string `json:"issueName"`
	IssueYear            *int    `json:"issueYear"`
	CountryCode          *string `json:"countryCode"` // alpha-3
	CorrectGlare         *bool   `json:"correctGlare"`
	CorrectSharpness     *bool   `json:"correctSharpness"`
	Readability          *bool   `json:"readability"`
	SkipBackIDCapture    bool    `json:"skipBackIdCapture"`
	SessionStatus        string  `json:"sessionStatus"`
	FailReason           *string `json:"failReason"`
}

type selfieAnswer struct {
	Confidence    *float64 `json:"confidence"` // 0 a live person, 1 a spoof; null when nobody tested it
	IsBright      *bool    `json:"isBright"`
	HasLenses     *bool    `json:"hasLenses"`
	HasFaceMask   *bool    `json:"hasFaceMask"`
	Age           *int     `json:"age"`
	SessionStatus string   `json:"sessionStatus"`
}

type faceAnswer struct {
	Confidence         *float64 `json:"confidence"` // 0 another person, 1 the same; null when nobody compared them
	ExistingUser       *bool    `json:"existingUser"`
	ExistingInterview  *string  `json:"existingInterviewId"`
	ExistingExternalID *string  `json:"existingExternalId"`
	NameMatched        *bool    `json:"nameMatched"`
}

// test is one entry of a score. Its value is a text, even of a number.
type test struct {
	Key    *string `json:"key"`
	Value  string  `json:"value"`
	Status string  `json:"status"`
}

type scoreAnswer struct {
	IDValidation         *idValidation         `json:"idValidation"`
	Liveness             *livenessScore        `json:"liveness"`
	FaceRecognition      *faceRecognition      `json:"faceRecognition"`
	IDOCRConfidence      *ocrConfidence        `json:"idOcrConfidence"`
	GovernmentValidation *governmentValidation `json:"governmentValidation"`
	VideoConference      *videoConference      `json:"videoConference"`
	Overall              test                  `json:"overall"`
}

type idValidation struct {
	PhotoSecurityAndQuality []test  `json:"photoSecurityAndQuality"`
	IDSpecific              []test  `json:"idSpecific"`
	CustomFields            []test  `json:"customFields"`
	AppliedRule             *string `json:"appliedRule"`
	Overall                 test    `json:"overall"`
}

type livenessScore struct {
	LivenessScore test  `json:"livenessScore"`
	PhotoQuality  *test `json:"photoQuality"`
	Overall       test  `json:"overall"`
}

type faceRecognition struct {
	ExistingUser       *bool   `json:"existingUser"`
	ExistingInterview  *string `json:"existingInterviewId"`
	ExistingExternalID *string `json:"existingExternalId"`
	CustomerID         *string `json:"customerId"`
	MaskCheck          *test   `json:"maskCheck"`
	LensesCheck        *test   `json:"lensesCheck"`
	FaceBrightness     *test   `json:"faceBrightness"`
	NameMatch          *test   `json:"nameMatch"`
	AppliedRule        *string `json:"appliedRule"`
	Overall            test    `json:"overall"`
}

type ocrConfidence struct {
	OverallConfidence test `json:"overallConfidence"`
}

type governmentValidation struct {
	ValidationStatus test `json:"validationStatus"`
	Overall          test `json:"overall"`
}

type videoConference struct {
	VideoFileIsPresent test `json:"videoFileIsPresent"`
}

type ocrName struct {
	FullName                *string `json:"fullName"`
	FirstName               *string `json:"firstName"`
	GivenName               *string `json:"givenName"`
	MiddleName              *string `json:"middleName"`
	PaternalLastName        *string `json:"paternalLastName"`
	MaternalLastName        *string `json:"maternalLastName"`
	NameSuffix              *string `json:"nameSuffix"`
	MachineReadableFullName *string `json:"machineReadableFullName"`
	GivenNameMRZ            *string `json:"givenNameMrz"`
	LastNameMRZ             *string `json:"lastNameMrz"`
}

// ocrAnswer is what was read from the document. What this server does not read is null.
type ocrAnswer struct {
	Name                 *ocrName `json:"name"`
	Address              *string  `json:"address"`
	AddressFields        any      `json:"addressFields"`
	CheckedAddress       *string  `json:"checkedAddress"`
	CheckedAddressBean   any      `json:"checkedAddressBean"`
	BirthDate            *int64   `json:"birthDate"` // ms since 1970 UTC, below 0 for those born earlier
	Gender               *string  `json:"gender"`
	DocumentNumber       *string  `json:"documentNumber"`
	PersonalNumber       *string  `json:"personalNumber"`
	RefNumber            *string  `json:"refNumber"`
	TaxIDNumber          *string  `json:"taxIdNumber"`
	ExpireAt             *string  `json:"expireAt"` // ms since 1970 UTC, as text
	IssuedAt             *string  `json:"issuedAt"`
	ExpirationDate       *int     `json:"expirationDate"` // year
	IssueDate            *int     `json:"issueDate"`
	IssuingCountry       *string  `json:"issuingCountry"` // alpha-3
	IssuingState         *string  `json:"issuingState"`
	IssuingAuthority     *string  `json:"issuingAuthority"`
	Nationality          *string  `json:"nationality"` // alpha-3
	NationalityMRZ       *string  `json:"nationalityMrz"`
	TypeOfID             *string  `json:"typeOfId"`
	DocumentFrontSubtype *string  `json:"documentFrontSubtype"`
	DocumentBackSubtype  *string  `json:"documentBackSubtype"`
	DLClassDetails       any      `json:"dlClassDetails"`
	Restrictions         *string  `json:"restrictions"`
	MRZ1                 *string  `json:"mrz1"`
	MRZ2                 *string  `json:"mrz2"`
	MRZ3                 *string  `json:"mrz3"`
	FullNameMRZ          *string  `json:"fullNameMrz"`
	CURP                 *string  `json:"curp"`
	OCRDataConfidence    any      `json:"ocrDataConfidence"`
	AdditionalTimestamps any      `json:"additionalTimestamps"`
}

type ocrWrapped struct {
	OCRData ocrAnswer `json:"ocrData"`
}

type fieldsBody struct {
	CustomFields map[string]string `json:"customFields"`
}

type consentBody struct {
	Title   *string `json:"title"`
	Content *string `json:"content"`
	Status  *bool   `json:"status"`
}

type phoneAnswer struct {
	Phone *string `json:"phone"`
}

type emailAnswer struct {
	Email *string `json:"email"`
}

type modulesAnswer struct {
	Modules []any `json:"modules"`
}

type flowAnswer struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Modules []any  `json:"modules"`
}

type sessionFacts struct {
	InterviewID      string            `json:"interviewId"`
	ClientID         string            `json:"clientId"`
	FlowID           string            `json:"flowId"`
	ExternalID       *string           `json:"externalId"`
	OnboardingStatus string            `json:"onboardingStatus"`
	RedirectionURL   *string           `json:"redirectionUrl"`
	CustomFields     map[string]string `json:"customFields"`
}

type approveAnswer struct {
	Success          bool   `json:"success"`
	UUID             string `json:"uuid"`
	Token            string `json:"token"`
	TotalScore       string `json:"totalScore"`
	ExistingCustomer bool   `json:"existingCustomer"`
}

type closedAnswer struct {
	ID            string `json:"_id"`
	CreatedAt     int64  `json:"_createdAt"` // ms
	UpdatedAt     int64  `json:"_updatedAt"`
	ClosedAt      int64  `json:"closedAt"`
	SessionStatus string `json:"sessionStatus"`
}

type verifiedAnswer struct {
	Verified bool `json:"verified"`
}
