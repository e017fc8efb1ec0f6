package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/vault"
)

// sealedAnswer stands before the answer of a receiver that is sealed.
const sealedAnswer = "sealed:"

// sealAnswers seals what receivers answered, as the message was: some repeat what they were sent. The caller's reports stay as they are, since they
// may be offered again. What nobody could open any more is dropped.
func (e *Engine) sealAnswers(ctx context.Context, reports []usher.DeliveryReport) ([]usher.DeliveryReport, error) {
	reports = slices.Clone(reports)
	for i, r := range reports {
		if r.Attempt.Answer == "" {
			continue
		}
		sealed, err := e.sealAnswer(ctx, r.Delivery, r.Attempt)
		switch {
		case errors.Is(err, vault.ErrErased), errors.Is(err, vault.ErrTampered):
			reports[i].Attempt.Answer = ""
		case err != nil:
			return nil, fmt.Errorf("seal an answer: %w", err)
		default:
			reports[i].Attempt.Answer = sealedAnswer + base64.RawStdEncoding.EncodeToString(sealed)
		}
	}
	return reports, nil
}

func (e *Engine) sealAnswer(ctx context.Context, d usher.Delivery, try usher.DeliveryAttempt) ([]byte, error) {
	if ofTenant(d) {
		return e.c.Vault.SealTenant(d.TenantID, []byte(try.Answer), []byte(placeOfTry(d, try)))
	}
	s, err := e.c.Vault.Sealer(ctx, d.TenantID, d.ApplicantID)
	if err != nil {
		return nil, err
	}
	return s.Seal([]byte(try.Answer), []byte(placeOfTry(d, try)))
}

// openAnswer opens what a receiver answered. Of an erased applicant nothing is left.
func (e *Engine) openAnswer(ctx context.Context, d usher.Delivery, try *usher.DeliveryAttempt) error {
	text, ok := strings.CutPrefix(try.Answer, sealedAnswer)
	if !ok {
		return nil // there was none, or it was kept before answers were sealed
	}
	sealed, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("decode an answer: %w", err)
	}
	answer, err := e.openSent(ctx, d, sealed, placeOfTry(d, *try))
	if err != nil && !erased(err) {
		return fmt.Errorf("open an answer: %w", err)
	}
	try.Answer = string(answer)
	return nil
}

func placeOfTry(d usher.Delivery, try usher.DeliveryAttempt) string {
	return placeTry + "/" + d.ID + "/" + strconv.Itoa(try.Number)
}
