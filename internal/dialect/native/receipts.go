package native

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

func (s *server) receiptRoutes() {
	handle(s, route{
		method: http.MethodGet, path: "/v1/sessions/{id}/receipt", id: "get_receipt", tag: tagResults, may: usher.ActSeeCases, command: true,
		summary: "Read the receipt of an approval",
		about: "A signed statement for the applicant that anybody can verify: what was checked, how far it can be relied on, when, and by which server. " +
			"`receipt` is an SD-JWT VC whose name and date of birth can be left out; `statement` is what it says. Only sessions that were approved have " +
			"one (409 otherwise). docs/receipts.md says how to verify it.",
	}, s.getReceipt)
}

type receiptBody struct {
	Receipt    string          `json:"receipt" doc:"The receipt, as application/dc+sd-jwt." example:"eyJhbGciOiJFUzI1NiJ9.e30.c2ln~"`
	Statement  json.RawMessage `json:"statement" doc:"What it says, for reading alone: only the receipt is signed." example:"{\"outcome\":\"approved\"}"`
	IssuedAt   stamp           `json:"issued_at" doc:"When this copy was made."`
	ValidUntil stamp           `json:"valid_until" doc:"Until when it counts, unless the approval is taken back."`
}

func (s *server) getReceipt(ctx context.Context, p api.Principal, in *ByID) (*answer[receiptBody], error) {
	if s.Receipts == nil {
		return nil, usher.NotFound("receipt")
	}
	r, err := s.Receipts.Receipt(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[receiptBody]{Body: receiptBody{Receipt: r.Text, Statement: r.JSON, IssuedAt: stamp{r.IssuedAt}, ValidUntil: stamp{r.ValidUntil}}}, nil
}
