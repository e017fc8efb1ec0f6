package celcoin

import "encoding/json"

// The shapes of the wire, one to one. Members keep the order of the vendor's samples, and its spellings: documentscopys, updateAt,
// createTimestamp, RejectedReason.

// envelope is around every answer but those of the token call, of files and of unknown addresses.
type envelope struct {
	Version    string  `json:"version"`
	Status     string  `json:"status"`
	Body       any     `json:"body,omitempty"`
	Error      *reason `json:"error,omitempty"`
	TotalItems *int    `json:"totalItems,omitempty"` // of one call, which a client reads outside of the body
}

type reason struct {
	ErrorCode string `json:"errorCode"`
	Message   string `json:"message"`
}

// gateway is what the vendor's gateway answers by itself.
type gateway struct {
	StatusCode int    `json:"statusCode"`
	Message    string `json:"message"`
}

type token struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	TokenType   string `json:"token_type"`
}

type tokenError struct {
	Error string `json:"error"`
}

type address struct {
	PostalCode        string `json:"postalCode"`
	Street            string `json:"street"`
	Number            string `json:"number"`
	AddressComplement string `json:"addressComplement"`
	Neighborhood      string `json:"neighborhood"`
	City              string `json:"city"`
	State             string `json:"state"`
}

// naturalPerson is a proposal of a person. It is kept with the session, without its files, for what the domain has no member for.
type naturalPerson struct {
	ClientCode       string          `json:"clientCode"`
	DocumentNumber   string          `json:"documentNumber"`
	PhoneNumber      string          `json:"phoneNumber"`
	Email            string          `json:"email"`
	MotherName       string          `json:"motherName"`
	FullName         string          `json:"fullName"`
	SocialName       string          `json:"socialName"`
	BirthDate        string          `json:"birthDate"`
	Address          *address        `json:"address"`
	Exposed          bool            `json:"isPoliticallyExposedPerson"`
	OnboardingType   string          `json:"onboardingType"`
	Files            []file          `json:"files,omitempty"`
	FinancialDetails json.RawMessage `json:"financialDetails,omitempty"`
}

// legalPerson is a proposal of a company. It is kept as a naturalPerson is.
type legalPerson struct {
	ClientCode       string          `json:"clientCode"`
	ContactNumber    string          `json:"contactNumber"`
	DocumentNumber   string          `json:"documentNumber"`
	BusinessEmail    string          `json:"businessEmail"`
	BusinessName     string          `json:"businessName"`
	TradingName      string          `json:"tradingName"`
	CompanyType      string          `json:"companyType"`
	Owner            []owner         `json:"owner"`
	BusinessAddress  *address        `json:"businessAddress"`
	OnboardingType   string          `json:"onboardingType"`
	Files            []file          `json:"files,omitempty"`
	FinancialDetails json.RawMessage `json:"financialCompanyDetails,omitempty"`
}

type owner struct {
	OwnerType        string          `json:"ownerType"`
	DocumentNumber   string          `json:"documentNumber"`
	FullName         string          `json:"fullName"`
	PhoneNumber      string          `json:"phoneNumber"`
	Email            string          `json:"email"`
	MotherName       string          `json:"motherName"`
	SocialName       string          `json:"socialName"`
	BirthDate        string          `json:"birthDate"`
	Address          *address        `json:"address"`
	Exposed          bool            `json:"isPoliticallyExposedPerson"`
	FinancialDetails json.RawMessage `json:"financialOwnerDetails,omitempty"`
}

// file is one the client has: data is its address.
type file struct {
	Type string `json:"type"`
	Data string `json:"data"`
}

type accepted struct {
	ProposalID     string `json:"proposalId"`
	ClientCode     string `json:"clientCode"`
	DocumentNumber string `json:"documentNumber"`
}

type acceptedUpdate struct {
	UpdateProposalID string `json:"updateProposalId"`
	ClientCode       string `json:"clientCode"`
	DocumentNumber   string `json:"documentNumber"`
	Account          string `json:"account"`
}

// pages are the members that every list of pages has.
type pages struct {
	Limit        int `json:"limit"`
	CurrentPage  int `json:"currentPage"`
	LimitPerPage int `json:"limitPerPage"`
	TotalPages   int `json:"totalPages"`
	TotalItems   int `json:"totalItems"`
}

type proposals struct {
	pages
	Proposal []proposal `json:"proposal"`
}

type proposal struct {
	ProposalID     string          `json:"proposalId"`
	ClientCode     string          `json:"clientCode"`
	DocumentNumber string          `json:"documentNumber"`
	Status         string          `json:"status"`
	ProposalType   string          `json:"proposalType"`
	CreatedAt      string          `json:"createdAt"`
	UpdatedAt      string          `json:"updatedAt"`
	RejectedReason *reason         `json:"rejectedReason"`
	Documentscopys []documentscopy `json:"documentscopys"`
}

type documentscopy struct {
	ProposalID      string `json:"proposalId"`
	DocumentNumber  string `json:"documentNumber"` // of the person examined
	DocumentscopyID string `json:"documentscopyId"`
	Status          string `json:"status"`
	URL             string `json:"url"`
	CreatedAt       string `json:"createdAt"`
	UpdateAt        string `json:"updateAt"`
}

type files struct {
	Files          []fileURL `json:"files"`
	ClientCode     string    `json:"clientCode"`
	DocumentNumber string    `json:"documentNumber"`
	ProposalID     string    `json:"proposalId"`
}

type fileURL struct {
	Type           string `json:"type"`
	URL            string `json:"url"`
	ExpirationTime string `json:"expirationTime"`
}

// message is the body of a webhook.
type message struct {
	WebhookID       string  `json:"webhookId"`
	CreateTimestamp string  `json:"createTimestamp"`
	Entity          string  `json:"entity"`
	Status          string  `json:"status"`
	Body            any     `json:"body"`
	Error           *reason `json:"error,omitempty"`
}

// told is the body of every message but onboarding-create.
type told struct {
	ProposalID       string    `json:"proposalId"`
	ClientCode       string    `json:"clientCode"`
	DocumentNumber   string    `json:"documentNumber"`
	ProposalType     string    `json:"proposalType"`
	OnboardingType   string    `json:"onboardingType"`
	URLDocumentscopy string    `json:"urlDocumentscopy,omitempty"`
	RejectedReason   []string  `json:"RejectedReason,omitempty"`
	Files            []fileURL `json:"files,omitempty"`
}

// created is the body of onboarding-create, and of the answer about it.
type created struct {
	Account      *openedAccount `json:"account,omitempty"`
	OnboardingID string         `json:"onboardingId"`
	ClientCode   string         `json:"clientCode"`
	CreateDate   string         `json:"createDate"`
	Entity       string         `json:"entity,omitempty"` // of the answer only
}

type openedAccount struct {
	Branch         string `json:"branch"`
	Account        string `json:"account"`
	Name           string `json:"name"`
	DocumentNumber string `json:"documentNumber"`
	ISPB           string `json:"ispb,omitempty"`
}

type branchAccount struct {
	Branch  string `json:"branch"`
	Account string `json:"account"`
}

type personAccount struct {
	StatusAccount  string        `json:"statusAccount"`
	DocumentNumber string        `json:"documentNumber"`
	PhoneNumber    string        `json:"phoneNumber"`
	Email          string        `json:"email"`
	ClientCode     string        `json:"clientCode"`
	MotherName     string        `json:"motherName"`
	FullName       string        `json:"fullName"`
	SocialName     string        `json:"socialName"`
	BirthDate      string        `json:"birthDate"`
	Address        *address      `json:"address"`
	Exposed        bool          `json:"isPoliticallyExposedPerson"`
	Account        branchAccount `json:"account"`
	CreateDate     string        `json:"createDate"`
}

type companyAccount struct {
	StatusAccount       string        `json:"statusAccount"`
	DocumentNumber      string        `json:"documentNumber"`
	BusinessPhoneNumber string        `json:"businessPhoneNumber"`
	BusinessEmail       string        `json:"businessEmail"`
	ClientCode          string        `json:"clientCode"`
	BusinessName        string        `json:"businessName"`
	TradingName         string        `json:"tradingName"`
	Owners              []owner       `json:"owners"`
	BusinessAccount     branchAccount `json:"businessAccount"`
	BusinessAddress     *address      `json:"businessAddress"`
	CreateDate          string        `json:"createDate"`
}

type subscriptionRequest struct {
	Entity         string            `json:"entity"`
	WebhookURL     *string           `json:"webhookUrl"`
	Auth           *subscriptionAuth `json:"auth"`
	Active         *bool             `json:"active"`
	SubscriptionID string            `json:"subscriptionId"`
}

type subscriptionAuth struct {
	Login string `json:"login"`
	Pwd   string `json:"pwd"`
	Type  string `json:"type"`
}

type subscriptionID struct {
	SubscriptionID string `json:"subscriptionId"`
}

type subscriptions struct {
	Subscriptions []subscription `json:"subscriptions"`
}

type subscription struct {
	SubscriptionID string            `json:"subscriptionId"`
	Entity         string            `json:"entity"`
	WebhookURL     string            `json:"webhookUrl"`
	Active         bool              `json:"active"`
	CreateDate     string            `json:"createDate"`
	LastUpdateDate *string           `json:"lastUpdateDate"`
	Auth           *subscriptionAuth `json:"auth"` // always null: what a client gave is not given back
}

type entities struct {
	Entities []string `json:"entities"`
}

type replayFilter struct {
	Filter struct {
		DocumentNumber  string `json:"documentNumber"`
		Account         string `json:"account"`
		ID              string `json:"id"`
		ClientRequestID string `json:"clientRequestId"`
	} `json:"filter"`
}

type replayCount struct {
	OnlyPending bool   `json:"onlyPending"`
	Entity      string `json:"entity"`
	DateFrom    string `json:"dateFrom"`
	DateTo      string `json:"dateTo"`
	TotalItems  int    `json:"totalItems"`
}

type replayQueued struct {
	Entity     string `json:"entity"`
	DateFrom   string `json:"dateFrom"`
	DateTo     string `json:"dateTo"`
	TotalItems int    `json:"totalItems"`
}

type replayDetails struct {
	pages
	WebhookDetails []replayDetail `json:"webhookDetails"`
}

type replayDetail struct {
	WebhookID  string  `json:"webhookId"`
	Entity     string  `json:"entity"`
	Status     string  `json:"status"` // as the message has it
	CreateDate string  `json:"createDate"`
	SentDate   *string `json:"sentDate"`
	IsPending  bool    `json:"isPending"`
	HTTPStatus int     `json:"httpStatus"` // of the newest try; 0 when there was none, or no answer
	Request    string  `json:"request"`    // the message's JSON, as text
}

type journey struct {
	ProposalID     string   `json:"proposalId"`
	ClientCode     string   `json:"clientCode"`
	DocumentNumber string   `json:"documentNumber"`
	ProcessedAt    string   `json:"processedAt"`
	Status         string   `json:"status"`
	Link           string   `json:"link"`
	TotalDevices   int      `json:"totalDevices"`
	Devices        []device `json:"devices"`
	LastStep       step     `json:"lastStep"`
	StepsArray     []step   `json:"stepsArray"`
}

type device struct {
	Browser   named    `json:"browser"`
	OS        system   `json:"os"`
	Platform  platform `json:"platform"`
	Engine    named    `json:"engine"`
	UserAgent string   `json:"useragent"`
}

type named struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type system struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	VersionName string `json:"versionname"`
}

type platform struct {
	Type   string `json:"type"`
	Vendor string `json:"vendor"`
	Model  string `json:"model"`
}

type step struct {
	Timestamp           string  `json:"timestamp"`
	StepName            string  `json:"stepName"`
	SecondsFromPrevious float64 `json:"secondsFromPrevious"`
	SecondsFromNext     float64 `json:"secondsFromNext"`
	DeviceBrowserName   string  `json:"deviceBrowserName"`
	DeviceOSName        string  `json:"deviceOsName"`
	DeviceOSVersion     string  `json:"deviceOsVersion"`
	DevicePlatformType  string  `json:"devicePlatformType"`
}
