package native

import (
	"context"
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

func (s *server) accountRoutes() {
	handle(s, route{
		method: http.MethodGet, path: "/v1/accounts/{id}", id: "get_account", tag: "accounts", may: usher.ActSeeCases,
		summary: "Read an opened account",
	}, s.getAccount)
	handle(s, route{
		method: http.MethodPost, path: "/v1/simulate/session/{id}", id: "simulate_session", tag: "sandbox", may: usher.ActSimulate,
		summary: "Steer a sandbox session", command: true,
		about: "Sandbox tenants only; in a live tenant the answer is 404. `submit` fills every open step with marked synthetic evidence and sends it; " +
			"`submit_review` sends it to review as well; `approve`, `reject`, `expire`, `watchlist_hit`, `account_error` and " +
			"`fail_check:<kind>` do what they say.",
	}, s.simulate)
}

type account struct {
	ID          string `json:"id" doc:"Id of the account." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e61"`
	ApplicantID string `json:"applicant_id" doc:"Whose account it is." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	SessionID   string `json:"session_id,omitempty" doc:"Session that opened it." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	Opener      string `json:"opener" doc:"Who opened it." example:"ledger"`
	Status      string `json:"status" enum:"CONFIRMED,ERROR" doc:"Whether it is open." example:"CONFIRMED"`
	Type        string `json:"type" doc:"Type of account." example:"current"`
	Name        string `json:"name" doc:"Name of the account." example:"EUR account"`
	Currency    string `json:"currency" doc:"ISO 4217." example:"EUR"`
	Number      string `json:"number,omitempty" doc:"IBAN or the like." example:"XX00USHR00000000000001"`
	BankCode    string `json:"bank_code,omitempty" doc:"BIC or the like." example:"USHRXX00"`
	Beneficiary string `json:"beneficiary,omitempty" doc:"Name the account is held in." example:"Astrid Lindqvist"`
	Test        bool   `json:"test" doc:"Whether it was issued in a test bank code, which no bank knows." example:"true"`
	Error       string `json:"error,omitempty" doc:"Why it is not open." example:"refused"`
	Reference   string `json:"reference,omitempty" doc:"The opener's own id." example:"A-1"`
	CreatedAt   stamp  `json:"created_at" doc:"When it was opened."`
}

func accountOf(a usher.Account) account {
	return account{
		ID: a.ID, ApplicantID: a.ApplicantID, SessionID: a.SessionID, Opener: a.Opener, Status: a.Status, Type: a.Type, Name: a.Name,
		Currency: a.Currency, Number: a.Number, BankCode: a.BankCode, Beneficiary: a.Beneficiary, Test: a.Test, Error: a.Error,
		Reference: a.Reference, CreatedAt: stamp{a.CreatedAt},
	}
}

func (s *server) getAccount(ctx context.Context, p api.Principal, in *ByID) (*answer[account], error) {
	a, err := s.Service.Account(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[account]{Body: accountOf(a)}, nil
}

type simulation struct {
	Action string `json:"action" minLength:"1" maxLength:"100" doc:"What to do." example:"submit"`
}

type simulateInput struct {
	ByID

	Body simulation
}

func (s *server) simulate(ctx context.Context, p api.Principal, in *simulateInput) (*answer[Session], error) {
	return sessionAnswer(s.Service.Simulate(ctx, p.Client, in.ID, in.Body.Action))
}
