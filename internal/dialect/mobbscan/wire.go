package mobbscan

import "encoding/json"

// The shapes of the wire, one to one.

type tokenRequest struct {
	Key    string `json:"api_key"`
	Secret string `json:"api_secret"`
}

type tokenAnswer struct {
	AccessToken string `json:"accessToken"`
	ExpiresIn   int    `json:"expiresIn"` // seconds
}

type processRequest struct {
	CountryID   string                     `json:"countryId"`
	DocType     string                     `json:"docType"`
	RedirectURL string                     `json:"redirectUrl"`
	ScanID      string                     `json:"scanId"`
	Extra       map[string]json.RawMessage `json:"verificationExtraData"`
}

type processAnswer struct {
	OnboardingURL   string `json:"onboardingUrl"`
	OnboardingToken string `json:"onboardingToken"`
	ScanID          string `json:"scanId"`
	VerificationID  string `json:"verificationId"`
}

type statusAnswer struct {
	VerificationID string `json:"verificationId"`
	Status         string `json:"status"`
}

type deletedAnswer struct {
	VerificationID string `json:"verificationId"`
	Deleted        bool   `json:"deleted"`
}

// person holds the members of personalData by their names on the wire; one that is not known is null.
type person map[string]*string

type processData struct {
	VerificationID   string          `json:"verificationId"`
	ScanID           string          `json:"scanId"`
	Status           string          `json:"status"`
	Simulated        bool            `json:"simulated,omitempty"` // ours: a sandbox made up some of it
	CreatedAt        string          `json:"createdAt"`
	FinishedAt       *string         `json:"finishedAt"`
	DocumentType     *string         `json:"documentType"`
	PersonalData     person          `json:"personalData"`
	FaceValidation   *faceValidation `json:"faceValidation"`
	Validation       validation      `json:"scanProcessValidationResult"`
	Extra            json.RawMessage `json:"verificationExtraData"`
	RejectionComment *string         `json:"rejectionComment"`
	Evidence         evidenceNames   `json:"evidence"`
}

type faceValidation struct {
	Result string  `json:"result"`
	Score  float64 `json:"score"` // of 100
}

// validation has exactly these three members. The result is null until every check has given its answer.
type validation struct {
	Enabled bool     `json:"enabledProcess"`
	Failed  []string `json:"scanProcessFailedValidations"`
	Result  *string  `json:"scanProcessValidationResult"`
}

type evidenceNames struct {
	Images     []string `json:"images"`
	Recordings []string `json:"recordings"`
}

type decisionRequest struct {
	VerificationID   string `json:"verificationId"`
	Type             string `json:"type"`
	RejectionComment string `json:"rejectionComment"`
	PersonalData     person `json:"personalData"`
}

type documentAnswer struct {
	Code         int      `json:"code"` // 0: taken
	Description  string   `json:"description"`
	ScanID       string   `json:"scanId"`
	Side         string   `json:"side"`
	Result       string   `json:"result"`
	PersonalData person   `json:"personalData"`
	Advice       []string `json:"advice,omitempty"` // what could be better about the picture
}

type faceAnswer struct {
	Code        int      `json:"code"`
	Description string   `json:"description"`
	ScanID      string   `json:"scanId"`
	Result      *string  `json:"result"` // NOT_VALID for a picture without one clear face; null otherwise, since faces are compared after finish
	Score       *float64 `json:"score"`
	Advice      []string `json:"advice,omitempty"`
}

// message is what the framing page is posted.
type message struct {
	Onboarding messageSubject `json:"onboarding"`
	Type       string         `json:"type"` // Info or Error
	Value      messageValue   `json:"value"`
}

type messageSubject struct {
	Token     string  `json:"onboardingToken"`
	ReturnURL *string `json:"returnUrl"`
	ScanID    string  `json:"scanId"`
}

type messageValue struct {
	Name    string `json:"name,omitempty"`
	Message string `json:"message,omitempty"`
}

// failure is the body of every error.
type failure struct {
	Code    string   `json:"errorCode"`
	Details string   `json:"errorDetails"`
	Failed  []string `json:"scanProcessFailedValidations,omitempty"`
}
