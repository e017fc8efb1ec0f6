package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/usher-kyc/usher"
)

// HTTPConfig says where the firm's account service is. URL and Client are required.
type HTTPConfig struct {
	URL    string
	Token  string       // sent as "Authorization: Bearer …" when not ""
	Client *http.Client // one that refuses private addresses, unless the operator allows them
}

// HTTP asks an account service by one POST of JSON:
//
//	{"key","type","currency","tenant_id","session_id","applicant":{"id","reference","first_name","last_name","date_of_birth",
//	 "nationality","email","phone","address":{…}}}
//
// with the key in the header Idempotency-Key as well: it is the same for every try of one account, and the service must open at most one for it.
// An answer 2xx is {"status":"CONFIRMED","reference","number","bank_code","name","currency","beneficiary"} or {"status":"ERROR","error"}.
// 408, 409, 425, 429 and 5xx, no answer and one that cannot be read mean "ask again"; any other status is a refusal.
type HTTP struct{ c HTTPConfig }

var _ usher.AccountOpener = (*HTTP)(nil)

// NewHTTP makes the opener.
func NewHTTP(c HTTPConfig) *HTTP { return &HTTP{c: c} }

// Name is the name flows use.
func (*HTTP) Name() string { return "http" }

type request struct {
	Key       string    `json:"key"`
	Type      string    `json:"type"`
	Currency  string    `json:"currency"`
	TenantID  string    `json:"tenant_id"`
	SessionID string    `json:"session_id,omitempty"`
	Applicant applicant `json:"applicant"`
}

type applicant struct {
	ID        string `json:"id"`
	Reference string `json:"reference,omitempty"`
	usher.Details
}

type answer struct {
	Status      string `json:"status"`
	Reference   string `json:"reference"`
	Number      string `json:"number"`
	BankCode    string `json:"bank_code"`
	Name        string `json:"name"`
	Currency    string `json:"currency"`
	Beneficiary string `json:"beneficiary"`
	Error       string `json:"error"`
}

const largestAnswer = 64 << 10

// Open asks the service.
func (h *HTTP) Open(ctx context.Context, r usher.AccountRequest) (usher.Account, error) {
	body, err := json.Marshal(request{
		Key: r.Key, Type: r.Type, Currency: r.Tenant.Currency, TenantID: r.Tenant.ID, SessionID: r.SessionID,
		Applicant: applicant{ID: r.Applicant.ID, Reference: r.Applicant.Reference, Details: r.Applicant.Details},
	})
	if err != nil {
		return usher.Account{}, fmt.Errorf("encode account request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.c.URL, bytes.NewReader(body))
	if err != nil {
		return usher.Account{}, fmt.Errorf("make account request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Idempotency-Key", r.Key)
	if h.c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.c.Token)
	}
	resp, err := h.c.Client.Do(req)
	if err != nil {
		return usher.Account{}, fmt.Errorf("ask account service: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return usher.Account{}, fmt.Errorf("read answer of account service: %w", err)
	}
	return h.read(r, resp.StatusCode, raw)
}

// read sorts the answer into opened, refused and "ask again".
func (h *HTTP) read(r usher.AccountRequest, status int, raw []byte) (usher.Account, error) {
	switch {
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly,
		status == http.StatusTooManyRequests, status >= 500, status < 200, status >= 300 && status < 400:
		return usher.Account{}, fmt.Errorf("the account service answered %d", status)
	case status >= 400:
		return usher.Account{Status: usher.AccountError, Type: r.Type, Error: fmt.Sprintf("answered %d", status)}, nil
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return usher.Account{}, errors.New("the account service answered something that is not its JSON")
	}
	switch a.Status {
	case usher.AccountConfirmed:
		return usher.Account{
			Status: a.Status, Type: r.Type, Name: a.Name, Currency: or(a.Currency, r.Tenant.Currency), Number: a.Number, BankCode: a.BankCode,
			Beneficiary: a.Beneficiary, Reference: a.Reference,
		}, nil
	case usher.AccountError:
		return usher.Account{Status: a.Status, Type: r.Type, Error: a.Error}, nil
	}
	return usher.Account{}, errors.New("the account service answered neither CONFIRMED nor ERROR")
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
