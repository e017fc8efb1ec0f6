package hosted

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/usher-kyc/usher"
)

// Where an approved applicant takes their receipt.
const (
	atReceipt     place = "receipt"
	atReceiptFile place = "receipt.sdjwt"
	atReceiptJSON place = "receipt.json"
)

// hasReceipt tells whether the applicant of this page can have one: in a frame without cookies there are no addresses to download from.
func (t *turn) hasReceipt() bool {
	return t.h.config.Receipts != nil && t.s.State == usher.Approved && t.s.Purpose != usher.ForFaceLogin && t.keep != byPage
}

// receipt gives a new copy, in the name of the applicant.
func (t *turn) receipt() (usher.Receipt, error) {
	if !t.hasReceipt() {
		return usher.Receipt{}, usher.NotFound("receipt")
	}
	return t.h.config.Receipts.Receipt(usher.Acting(t.ctx(), t.by()), t.s.TenantID, t.s.ID)
}

// receiptCheck is one thing that was checked, as keys of words.
type receiptCheck struct{ Kind, Outcome, Assurance string }

// showReceipt shows what a receipt says, for reading and printing.
func (t *turn) showReceipt() error {
	t.at = atReceipt
	if t.pickLanguage() {
		return nil
	}
	r, err := t.receipt()
	if err != nil {
		return err
	}
	var said struct {
		Checks []struct{ Kind, Outcome, Assurance string }
		Given  string `json:"given_name"`
		Family string `json:"family_name"`
		Birth  string `json:"birthdate"`
	}
	if err := json.Unmarshal(r.JSON, &said); err != nil {
		return err
	}
	var checks []receiptCheck
	for _, c := range said.Checks {
		checks = append(checks, receiptCheck{"receipt.check." + c.Kind, "receipt.outcome." + c.Outcome, "receipt.assurance." + c.Assurance})
	}
	words := t.h.kit.Catalog()
	return t.render("receipt", map[string]any{
		"Name": said.Given + " " + said.Family, "Born": said.Birth, "Checks": checks, "Decided": words.Time(t.lang(), t.s.DecidedAt),
		"Until": words.Time(t.lang(), r.ValidUntil), "Issuer": r.Issuer, "ID": r.ID, "Flow": t.s.FlowName + " " + strconv.Itoa(t.s.FlowVersion), "Simulated": t.s.IsSimulated(),
		"File": t.url(atReceiptFile), "JSON": t.url(atReceiptJSON), "Back": t.url(atDone),
	}, nil)
}

// giveReceipt gives the file itself, or what it says as JSON.
func (t *turn) giveReceipt(as place) error {
	r, err := t.receipt()
	if err != nil {
		return err
	}
	body, kind := []byte(r.Text), "application/dc+sd-jwt"
	if as == atReceiptJSON {
		body, kind = slices.Concat(r.JSON, []byte("\n")), "application/json"
	}
	h := t.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+string(as)+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	t.w.WriteHeader(http.StatusOK)
	_, _ = t.w.Write(body) // a reader who has gone is not an error of the page
	return nil
}
