package incode

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// kept keeps pairs with the session of a call and answers it.
func (d *dialect) kept(r request, pairs map[string]string) (any, error) {
	s, err := d.own(r)
	if err != nil {
		return nil, err
	}
	for name, value := range pairs {
		if len(value) > mostText {
			return nil, api.Malformed(name, fmt.Sprintf("may have at most %d bytes", mostText))
		}
	}
	_, err = d.keep(r, s, pairs)
	return successAnswer{Success: true}, err
}

// mostText bounds a text that is kept with a session, in bytes.
const mostText = 16 << 10

func (d *dialect) addText(r request) (any, error) {
	var body map[string]json.RawMessage
	if err := r.body(&body); err != nil {
		return nil, err
	}
	for _, name := range []string{"qrCodeText", "text"} {
		var text string
		if json.Unmarshal(body[name], &text) == nil && text != "" {
			return d.kept(r, map[string]string{keptText: text})
		}
	}
	return nil, api.Malformed("qrCodeText", "give the text of the QR code")
}

// addConsent keeps the words that the applicant agreed to in the client's own pages.
func (d *dialect) addConsent(r request) (any, error) {
	var body consentBody
	if err := r.body(&body); err != nil {
		return nil, err
	}
	if body.Title == nil || body.Content == nil {
		return nil, api.Malformed("title", "give the title and the content of what was agreed to")
	}
	if _, err := d.kept(r, map[string]string{keptTitle: *body.Title, keptContent: *body.Content}); err != nil {
		return nil, err
	}
	s, err := d.find(r)
	if err == nil {
		_, err = d.consented(r, s)
	}
	return successAnswer{Success: true}, err
}

// consentByClient is the id of a consent whose words only the client knows.
const consentByClient = "held-by-client"

// consentOf gives what is written down where the client captures by itself: that it took the applicant's consent. Where it sent the words, their hash
// is kept with it.
func consentOf(s usher.Session) *usher.Consent {
	c := &usher.Consent{Text: consentByClient, Locale: s.Locale, Face: true}
	if words := s.Metadata[keptContent]; words != "" {
		sum := sha256.Sum256([]byte(words))
		c.Text, c.SHA256 = cmp.Or(s.Metadata[keptTitle], c.Text), hex.EncodeToString(sum[:])
	}
	return c
}

// consented ends the consent step, if it is what comes next.
func (d *dialect) consented(r request, s usher.Session) (usher.Session, error) {
	st, _, ok := s.Current()
	if !ok || st.Kind != usher.StepConsent {
		return s, nil
	}
	return d.Service.Do(r.Context(), s.TenantID, s.ID, usher.Command{Kind: usher.CmdConsent, By: r.actor(s), Step: st.ID, Consent: consentOf(s)})
}

func (d *dialect) addLearning(r request) (any, error) {
	var body consentBody
	if err := r.body(&body); err != nil {
		return nil, err
	}
	if body.Status == nil {
		return nil, api.Malformed("status", "must be true or false")
	}
	return d.kept(r, map[string]string{keptLearning: strconv.FormatBool(*body.Status)})
}

func (d *dialect) addPhone(r request) (any, error) {
	var body phoneAnswer
	if err := r.body(&body); err != nil {
		return nil, err
	}
	if body.Phone == nil {
		return nil, api.Malformed("phone", "give a number")
	}
	digits := strings.NewReplacer("+", "", " ", "", "-", "", "(", "", ")", "").Replace(*body.Phone)
	if err := api.Phone("phone", digits); err != nil {
		return nil, err
	}
	return d.patch(r, usher.ApplicantPatch{Phone: &digits})
}

func (d *dialect) addEmail(r request) (any, error) {
	var body emailAnswer
	if err := r.body(&body); err != nil {
		return nil, err
	}
	if body.Email == nil {
		return nil, api.Malformed("email", "give an address")
	}
	if err := api.Email("email", *body.Email); err != nil {
		return nil, err
	}
	return d.patch(r, usher.ApplicantPatch{Email: body.Email})
}

func (d *dialect) patch(r request, p usher.ApplicantPatch) (any, error) {
	s, err := d.person(r)
	if err != nil {
		return nil, err
	}
	_, err = d.Service.UpdateApplicant(r.Context(), s.TenantID, s.ApplicantID, p, r.actor(s))
	return successAnswer{Success: true}, err
}

// addName takes the name that the applicant typed; the document is compared with it.
func (d *dialect) addName(r request) (any, error) {
	var body struct {
		FirstName string `json:"firstName"`
		LastName  string `json:"lastName"`
		Name      string `json:"name"` // all of it, where it is not given in parts
	}
	if err := r.body(&body); err != nil {
		return nil, err
	}
	if parts := strings.Fields(body.Name); len(parts) > 0 && body.FirstName == "" && body.LastName == "" {
		last := len(parts) - 1
		body.FirstName, body.LastName = strings.Join(parts[:last], " "), parts[last]
	}
	if err := cmp.Or(api.Name("firstName", body.FirstName), api.Name("lastName", body.LastName)); err != nil {
		return nil, err
	}
	s, err := d.person(r)
	if err != nil {
		return nil, err
	}
	details := named(body.FirstName, body.LastName)
	_, err = d.Service.Do(r.Context(), s.TenantID, s.ID, usher.Command{
		Kind: usher.CmdAnnotate, By: r.actor(s), Metadata: map[string]string{keptName: "given"}, Details: &details,
	})
	return successAnswer{Success: true}, err
}

func (d *dialect) addFields(r request) (any, error) {
	var body struct {
		CustomFields map[string]json.RawMessage `json:"customFields"`
	}
	if err := r.body(&body); err != nil {
		return nil, err
	}
	fields, err := texts("customFields", body.CustomFields)
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, api.Malformed("customFields", "give at least one")
	}
	pairs := map[string]string{}
	for name, value := range fields {
		pairs[keptField+name] = value
	}
	return d.kept(r, pairs)
}

// heard answers what the vendor's browser kit reports along the way. There is no place for it here, so nothing of it is kept.
func (d *dialect) heard(r request) (any, error) {
	if _, err := d.find(r); err != nil {
		return nil, err
	}
	return successAnswer{Success: true}, nil
}
