package ondato_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/ondato"
)

// raw sends what a client wrote, byte for byte.
func (w world) raw(t *testing.T, method, path string, header map[string]string, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for name, value := range header {
		r.Header.Set(name, value)
	}
	a := httptest.NewRecorder()
	w.Handler.ServeHTTP(a, r)
	return a
}

// strictly reads an answer as a client does that knows its fields and refuses others.
func strictly(t *testing.T, body []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
}

// sampleSetup is an IDV setup as the sample declares it.
type sampleSetup struct {
	ID, VersionID, ApplicationID, Name string
	IsDisabled                         bool
	Steps                              []struct {
		Order         int
		SetupID, Type string
	}
	EndScreen     struct{ Enabled bool }
	Omnichannel   struct{ Enabled, AppStoreEnabled, OnlyMobileEnabled, RestrictToSameIPAddress bool }
	WebAppSetting struct {
		BaseURL                    string
		DefaultLocalisationSetting struct{ Language string }
	}
}

// TestSampleApp sends what the vendor's own sample for React Native sends: a stray form member, the first setup of a list ordered by name, a create
// with nothing but that setup, and the id that goes into the SDK.
func TestSampleApp(t *testing.T) {
	t.Parallel()
	w := open(t)
	told := w.told[w.Tenant.ID]
	a := w.raw(t, "POST", "/id/connect/token", map[string]string{"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
		"search_params=&client_id="+told["client_id"]+"&client_secret="+told["client_secret"]+"&grant_type=client_credentials")
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
		TokenType   string `json:"token_type"`
		Scope       string `json:"scope"`
	}
	strictly(t, a.Body.Bytes(), &token)
	if token.TokenType != "Bearer" || token.ExpiresIn != 3600 || strings.Count(token.AccessToken, ".") != 2 || a.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("token: %d %s", a.Code, a.Body)
	}
	header := map[string]string{"Authorization": "Bearer " + token.AccessToken, "Content-Type": "application/json", "Accept": "application/json"}
	a = w.raw(t, "POST", "/idvapi/v1/identity-verification-setups/filter?limit=100&orderBy=Name&orderDirection=Asc", header, "{}")
	var setups []sampleSetup
	if err := json.Unmarshal(a.Body.Bytes(), &setups); err != nil || a.Code != http.StatusOK {
		t.Fatalf("setups: %d %v", a.Code, err)
	}
	i := slices.IndexFunc(setups, func(s sampleSetup) bool { return s.ID == told["setup_id"] })
	if i < 0 || setups[i].IsDisabled || setups[i].Steps[0].Type != "KycIdentification" || setups[i].WebAppSetting.BaseURL != told["hosted_url"] {
		t.Fatalf("setups: %s", a.Body)
	}
	a = w.raw(t, "POST", "/idvapi/v1/identity-verifications", header, `{"setupId":"`+setups[i].ID+`"}`)
	var idv struct {
		ID string `json:"id"`
	}
	strictly(t, a.Body.Bytes(), &idv)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(idv.ID) || a.Code != http.StatusCreated {
		t.Errorf("create: %d %s", a.Code, a.Body)
	}
}

// TestStrictClient does what a strict integration does: it sets addresses, looks whether the setup is live, and reads the result in two steps.
func TestStrictClient(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.login(t, w.Tenant)
	id := c.create(object{"firstName": "Egle", "lastName": "Petrauske", "phoneNumber": 37061234567})
	language := object{
		"language": "en-GB", "pageTitle": "Open your account", "successRedirectUrl": "https://shop.example.org/kyc?r=ok",
		"failureRedirectUrl": "https://shop.example.org/kyc?r=fail", "consentDeclinedRedirectUrl": "https://shop.example.org/kyc?r=declined",
	}
	c.call("PUT", "/idvapi/v1/identity-verifications/"+id+"/setup-localisations",
		object{"defaultLanguage": "en-GB", "localisationSettings": []object{language}}, http.StatusNoContent, nil)
	if got := w.session(t, id).Locale; got != "en-GB" {
		t.Errorf("the pages are ordered in %q", got)
	}
	var setup object
	c.call("GET", "/idvapi/v1/identity-verifications/"+id+"/setup", nil, http.StatusOK, &setup)
	if setup["isLive"] != false || setup["isDisabled"] != false || at(c.idv(id), "setup", "overrideId") == nil {
		t.Errorf("setup: %v", setup)
	}
	if got := at(c.idv(id), "step", "kycIdentification"); got != nil {
		t.Errorf("before the customer came there is the identification %v", got)
	}
	if _, err := w.Service.Simulate(t.Context(), w.clients[w.Tenant.ID], w.session(t, id).ID, "submit"); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	v := c.idv(id)
	if v["status"] != "Completed" || at(v, "step", "kycIdentification", "isSuccess") != true || at(v, "registration", "phoneNumber") != 37061234567.0 {
		t.Errorf("identity verification: %v", v)
	}
	var k object
	c.call("GET", "/kycid/v1/identifications/"+at(v, "step", "kycIdentification", "id").(string), nil, http.StatusOK, &k)
	if k["status"] != "Approved" || k["statusReason"] != "AutomaticallyIdentified" || k["identityVerificationId"] != id || k["externalReferenceId"] != "customer-7781" {
		t.Errorf("identification: %v", k)
	}
	moment(t, k["completedUtc"])
	c.call("PUT", "/idvapi/v1/identity-verifications/"+id+"/setup-localisations",
		object{"defaultLanguage": "en-GB", "localisationSettings": []object{language}}, http.StatusConflict, nil)
	// Ids may come in capitals.
	c.call("GET", "/idvapi/v1/identity-verifications/"+strings.ToUpper(id), nil, http.StatusOK, nil)
}

func (w world) session(t *testing.T, idv string) usher.Session {
	t.Helper()
	s, err := w.SessionByKey(t.Context(), "", ondato.Name, idv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPayloadIsWhatGETAnswers walks a session command by command: what each message carries is, byte for byte, what the client is answered then.
func TestPayloadIsWhatGETAnswers(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Checks.Set(usher.CheckFace, usher.Consider, usher.FaceNotCompared)
	c := w.login(t, w.Tenant)
	id := c.create(object{"firstName": "Eglė & <Ona>", "lastName": "Petrauskė", "phoneNumber": 37061234567})
	applicant, senior := usher.Actor{Kind: usher.ByApplicant}, reviewer()
	told := 0
	var names []string
	step := func(do func()) {
		t.Helper()
		do()
		all := w.Messages(w.Tenant.ID)
		for _, m := range all[told:] {
			names = append(names, m.Event)
			var e struct {
				ID, ApplicationID, Type string
				CreatedUTC              string `json:"createdUtc"`
				Payload                 json.RawMessage
			}
			strictly(t, m.Body, &e)
			moment(t, e.CreatedUTC)
			path := "/idvapi/v1/identity-verifications/" + id
			if strings.HasPrefix(m.Event, "Kyc") {
				path = "/kycid/v1/identifications/" + at(c.idv(id), "step", "kycIdentification", "id").(string)
			}
			if diff := cmp.Diff(c.ask("GET", path, nil).Body.String(), string(e.Payload)+"\n"); diff != "" || e.Type != m.Event || e.ApplicationID != w.Tenant.ID {
				t.Errorf("%s carries something else than GET answers (-GET +payload):\n%s", m.Event, diff)
			}
		}
		told = len(all)
	}
	step(func() { w.do(t, id, usher.Command{Kind: usher.CmdOpen, By: applicant}) })
	step(func() {
		w.do(t, id, usher.Command{Kind: usher.CmdConsent, By: applicant, Step: "consent", Consent: &usher.Consent{Face: true}})
	})
	step(func() { w.document(t, id) })
	step(func() {
		w.give(t, id, usher.Selfie)
		w.do(t, id, usher.Command{Kind: usher.CmdSubmit, By: applicant})
	})
	step(w.Settle)
	step(func() { w.do(t, id, usher.Command{Kind: usher.CmdApprove, By: senior}) })
	step(func() {
		w.do(t, id, usher.Command{Kind: usher.CmdCorrect, By: senior, Facts: []usher.Correction{{Field: "number", Old: "1", New: "7"}}})
	})
	step(func() {
		w.do(t, id, usher.Command{Kind: usher.CmdOverturn, By: senior, Reasons: []usher.Reason{{Code: usher.SuspectedFraud}}})
	})
	want := []string{
		"Idv.StatusChanged", "Idv.Consented", "KycIdentification.Created", "KycIdentification.Processed", "Idv.StatusChanged",
		"KycIdentification.Approved", "KycIdentification.Updated", "KycIdentification.Rejected",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if got := at(c.idv(id), "step", "kycIdentification", "isSuccess"); got != false {
		t.Errorf("after the reversal isSuccess is %v", got)
	}
}

// Who goes back and agrees in other words is told of once, too: the vendor knows one consent, and one identification.
func TestConsentIsToldOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := w.login(t, w.Tenant).create(nil)
	for _, locale := range []string{"en", "en", "sv"} {
		w.do(t, id, usher.Command{
			Kind: usher.CmdConsent, By: usher.Actor{Kind: usher.ByApplicant}, Step: "consent", Consent: &usher.Consent{Locale: locale},
		})
	}
	w.Settle()
	var names []string
	for _, m := range w.Messages(w.Tenant.ID) {
		names = append(names, m.Event)
	}
	if diff := cmp.Diff([]string{"Idv.StatusChanged", "Idv.Consented", "KycIdentification.Created"}, names, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if s := w.session(t, id); s.Steps[0].Consent.Locale != "sv" {
		t.Errorf("the consent on record is %+v", s.Steps[0].Consent)
	}
}

func TestEndpointChoosesTheNames(t *testing.T) {
	t.Parallel()
	w := open(t)
	later, err := w.CreateEndpoint(t.Context(), w.Tenant.ID, usher.Endpoint{
		URL: "https://later.example/hooks", Dialect: ondato.Name, Names: []string{"IdentityVerification.StatusChanged", "KycIdentification.Approved"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := w.login(t, w.Tenant)
	id := c.create(nil)
	if _, err := w.Service.Simulate(t.Context(), w.clients[w.Tenant.ID], w.session(t, id).ID, "submit"); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	page, err := w.ListDeliveries(t.Context(), w.Tenant.ID, usher.DeliveryFilter{EndpointID: later.ID, Paging: usher.Paging{Limit: 50, Oldest: true}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range page.Items {
		names = append(names, d.Message.Event)
	}
	want := []string{"IdentityVerification.StatusChanged", "IdentityVerification.StatusChanged", "KycIdentification.Approved"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	// A message has one id, whichever name it goes by and wherever it goes: the history shows both deliveries of it.
	var history []struct{ ID, Type string }
	c.call("GET", "/idvapi/v1/identity-verifications/"+id+"/webhooks", nil, http.StatusOK, &history)
	byID := map[string][]string{}
	for _, h := range history {
		byID[h.ID] = append(byID[h.ID], h.Type)
	}
	if len(byID) != 6 || len(history) != 9 {
		t.Errorf("%d deliveries of %d messages, want 9 of 6: %v", len(history), len(byID), byID)
	}
}

// Sessions that other ways lead to, such as a later one that the desk asks of a known person, are no identity verifications.
func TestOnlyTheVendorsSessions(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.login(t, w.Tenant)
	known := w.session(t, c.create(nil))
	client := w.clients[w.Tenant.ID]
	s, _, err := w.StartSession(t.Context(), client, usher.NewSession{ApplicantID: known.ApplicantID, Flow: "identity"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Service.Simulate(t.Context(), client, s.ID, "submit"); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	if got := w.Messages(w.Tenant.ID); len(got) != 0 {
		t.Errorf("told %d messages", len(got))
	}
	c.call("GET", "/idvapi/v1/identity-verifications/"+s.ID, nil, http.StatusNotFound, nil)
	kyc := s.ID[:14] + "4" + s.ID[15:]
	c.call("GET", "/kycid/v1/identifications/"+kyc, nil, http.StatusNotFound, nil)
	var found []object
	if c.call("POST", "/kycid/v1/identifications/filter", object{}, http.StatusOK, &found); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

// verified tells whether a delivery was signed with a secret, as the vendor's clients look at it.
func verified(header http.Header, secret string, body []byte, now time.Time) bool {
	m := regexp.MustCompile(`^t=(\d{10}), s=([0-9a-f]{64})$`).FindStringSubmatch(header.Get("Ondato-Signature"))
	if m == nil {
		return false
	}
	var stamp int64
	if _, err := fmt.Sscan(m[1], &stamp); err != nil || now.Sub(time.Unix(stamp, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", m[1], body)
	return hex.EncodeToString(mac.Sum(nil)) == m[2]
}
