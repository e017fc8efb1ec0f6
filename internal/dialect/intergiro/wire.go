package intergiro

// The shapes of the wire, one to one. Members keep the order of the vendor's samples.

type loginAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

type address struct {
	CountryCode string `json:"country_code"`
	Street1     string `json:"street1"`
	City        string `json:"city"`
	Region      string `json:"region,omitempty"`
	PostalCode  string `json:"postal_code"`
}

type individual struct {
	ID          string   `json:"id"`
	FirstName   string   `json:"first_name"`
	LastName    string   `json:"last_name"`
	Email       string   `json:"email"`
	PhoneNumber string   `json:"phone_number"`
	DateOfBirth string   `json:"date_of_birth"`
	Address     *address `json:"address"`
	Status      string   `json:"status"`
	CreatedAt   string   `json:"created_at"`
	UpdatedAt   string   `json:"updated_at"`
}

type list[T any] struct {
	Data    []T  `json:"data"`
	HasMore bool `json:"has_more"`
}

// method is how the user is sent to a page: the answer of onboard, and the member of a consent.
type method struct {
	RedirectURL string `json:"redirect_url"`
	Token       string `json:"token"`
	ExpiresAt   string `json:"expires_at"`
}

type consent struct {
	Method method `json:"method"`
}

// notice is a webhook's body: exactly three members.
type notice struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
}

type event struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Payload   eventPayload `json:"payload"`
	CreatedAt string       `json:"created_at"`
}

type eventPayload struct {
	IndividualID    string `json:"individual_id"`
	PendingActionID string `json:"pending_action_id,omitempty"`
}

type pendingAction struct {
	ID          string               `json:"id"`
	Type        string               `json:"type"`
	Description string               `json:"description"`
	Payload     pendingActionPayload `json:"payload"`
	ExpiresAt   string               `json:"expires_at"`
	CreatedAt   string               `json:"created_at"`
}

type pendingActionPayload struct {
	IndividualID string `json:"individual_id"`
	ConsentID    string `json:"consent_id"`
}

type account struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Currency  string `json:"currency"`
	Balance   int64  `json:"balance"` // minor units
	CreatedAt string `json:"created_at"`
	Type      string `json:"type"`
}

type bankDetails struct {
	PaymentRail        string              `json:"payment_rail"`
	Details            accountNumber       `json:"details"`
	Beneficiary        string              `json:"beneficiary"`
	BeneficiaryAddress *beneficiaryAddress `json:"beneficiary_address"`
}

type accountNumber struct {
	IBAN string `json:"iban"`
	BIC  string `json:"bic"`
}

// beneficiaryAddress says post_code where an individual's address says postal_code; the vendor does too.
type beneficiaryAddress struct {
	Street1     string `json:"street1"`
	City        string `json:"city"`
	CountryCode string `json:"country_code"`
	PostCode    string `json:"post_code"`
}

// refusal is the body of every error but a failed validation.
type refusal struct {
	Error refusalError `json:"error"`
}

type refusalError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// faults is the body of a failed validation.
type faults struct {
	Errors []fault `json:"errors"`
}

type fault struct {
	Code    string `json:"code"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message,omitempty"`
}
