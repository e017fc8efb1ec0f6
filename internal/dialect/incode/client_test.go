package incode_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/incode"
)

// What a client in a language with types reads, as strictly as a published one does: every member may be missing, none may be of another type.
type (
	typedStart struct {
		Token, InterviewID, InterviewCode, FlowType, ClientID, Env string
		IDCaptureTimeout, SelfieCaptureTimeout                     int32
		IDCaptureRetries, SelfieCaptureRetries                     int32
		CurpValidationRetries                                      int32
		ExistingSession                                            *bool
	}
	typedSide struct {
		Classification, CorrectGlare, CorrectSharpness, Readability, SkipBackIDCapture *bool
		CountryCode, IssueName, SessionStatus, TypeOfID, FailReason                    *string
		Glare, HorizontalResolution, IssueYear, Sharpness                              *int32
	}
	typedSelfie struct {
		Confidence                       *float32
		IsBright, HasLenses, HasFaceMask *bool
		Age                              *int32
		SessionStatus                    *string
	}
	typedFace struct {
		Confidence                              *float32
		ExistingUser, NameMatched               *bool
		ExistingInterviewID, ExistingExternalID *string
	}
	typedTest  struct{ Key, Value, Status *string }
	typedScore struct {
		IDValidation *struct {
			PhotoSecurityAndQuality, IDSpecific, CustomFields []typedTest
			AppliedRule                                       any
			Overall                                           *typedTest
		}
		Liveness        any
		FaceRecognition *struct {
			ExistingUser                                               *bool
			ExistingInterviewID, ExistingExternalID, CustomerID        *string
			MaskCheck, FaceBrightness, LensesCheck, NameMatch, Overall *typedTest
			AppliedRule                                                any
		}
		IDOCRConfidence      *struct{ OverallConfidence *typedTest }
		GovernmentValidation any
		VideoConference      any
		Overall              *typedTest
	}
	typedError struct {
		Timestamp, Status    int64
		Error, Message, Path string
	}
)

// typed sends a request and reads the answer into a type that knows every member of it.
func typed[T any](c caller, method, path string, body any) T {
	c.t.Helper()
	rec := c.send(method, path, body)
	if rec.Code != http.StatusOK {
		c.t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	return strictly[T](c, rec.Body.Bytes())
}

func strictly[T any](c caller, text []byte) T {
	c.t.Helper()
	var into T
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&into); err != nil {
		c.t.Fatalf("%v in %s", err, text)
	}
	return into
}

// TestPublishedClient does what a verification company's published client does, in its order: consent, both sides, process, poll, selfie, process,
// poll, scores, OCR, complete, approve. It polls for one status exactly, so that the score must be there by then.
func TestPublishedClient(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.by(t, w.House.Tenant).with("Content-Type", "application/json")
	started := typed[struct {
		typedStart
		EndScreenTitle, EndScreenText, OptinCompanyName *string
		OptinEnabled                                    bool
	}](c, "POST", "/omni/start", object{
		"countryCode": "ALL", "externalId": nil, "configurationId": w.told[w.House.Tenant.ID]["configuration_id"], "interviewId": nil,
		"language": "en-US", "customFields": object{"firstName": "Piip", "lastName": "Penguin"},
	})
	if len(started.InterviewID) != 24 || strings.Trim(started.InterviewID, "0123456789abcdef") != "" || len(started.Token) > 256 || len(started.InterviewCode) != 6 {
		t.Errorf("started %+v, a token of %d characters", started, len(started.Token))
	}
	c = c.with("X-Incode-Hardware-Id", started.Token)
	c.call("POST", "/omni/add/user-consent", object{"title": "Privacy", "content": "Words."}, http.StatusOK)
	c.call("POST", "/omni/add/ml-consent", object{"status": true}, http.StatusOK)
	side := typed[typedSide](c, "POST", "/omni/add/front-id/v2?onlyFront=true", object{"base64Image": picture})
	if side.FailReason != nil || *side.SessionStatus != "Alive" {
		t.Errorf("front: %+v", side)
	}
	typed[typedSide](c, "POST", "/omni/add/back-id/v2?retry=false", object{"base64Image": picture})
	c.call("POST", "/omni/process/id", nil, http.StatusOK)
	typed[typedSelfie](c, "POST", "/omni/add/face/third-party?imageType=selfie", object{"base64Image": picture})
	if got := typed[typedFace](c, "POST", "/omni/process/face", nil); got.Confidence == nil || *got.Confidence != 1 {
		t.Errorf("the faces were compared: %+v", got)
	}
	if got := c.call("GET", "/omni/get/onboarding/status", nil, http.StatusOK); got["onboardingStatus"] != "FACE_VALIDATION_FINISHED" {
		t.Errorf("polled %v", got)
	}
	score := typed[typedScore](c, "GET", "/omni/get/score", nil)
	if *score.Overall.Status != "OK" || *score.FaceRecognition.Overall.Status != "OK" || *score.IDOCRConfidence.OverallConfidence.Value != "100.0" {
		t.Errorf("score before the end: %+v", score)
	}
	c.call("GET", "/omni/get/ocr-data", nil, http.StatusOK)
	c.call("GET", "/omni/finish-status", nil, http.StatusOK)

	a, err := w.SessionByKey(t.Context(), w.House.Tenant.ID, incode.Name, started.InterviewID)
	if err != nil {
		t.Fatal(err)
	}
	who, err := w.Applicant(t.Context(), w.House.Tenant.ID, a.ApplicantID)
	if err != nil || who.Details.FirstName != "Piip" || who.Details.LastName != "Penguin" {
		t.Errorf("the name in customFields was not taken: %v", err)
	}
	consent, _ := a.Step("consent")
	if consent.Consent == nil || consent.Consent.Text != "Privacy" || consent.Consent.SHA256 == "" {
		t.Error("the client's consent was not kept")
	}
	missing := c.send("POST", "/omni/process/nothing", nil)
	if got := strictly[typedError](c, missing.Body.Bytes()); got.Status != 404 || got.Timestamp == 0 || got.Path != "/omni/process/nothing" {
		t.Errorf("error %+v", got)
	}
}

// TestSamples does what the vendor's public samples do: other spellings, empty parameter names, a slash before the query, a raw picture.
func TestSamples(t *testing.T) {
	t.Parallel()
	w := open(t)
	told := w.told[w.House.Tenant.ID]
	key := w.by(t, w.House.Tenant)
	// The samples in Python and .NET send the session token they have just got beside the key, and x-incode-hardware-id in small letters.
	got := key.call("POST", "/omni/start", object{"countryCode": "ALL", "configurationId": told["configuration_id"]}, http.StatusOK)
	id := got["interviewId"].(string)
	token := caller{t: t, w: w, header: map[string]string{"api-version": "1.0", "x-incode-hardware-id": got["token"].(string)}}
	first := token.call("GET", "/0/omni/onboarding-url", nil, http.StatusOK)["url"]
	for _, path := range []string{"/0/omni/onboarding-url?clientId=" + told["client_id"], "/0/omni/onboarding-url/"} {
		if url := token.call("GET", path, nil, http.StatusOK)["url"]; url != first {
			t.Errorf("%s gives %v, not %v again", path, url, first)
		}
	}
	for _, path := range []string{
		"/0/omni/get/onboarding/status", "//0/omni//get/onboarding/status", "/0/omni/get/onboarding/status?=" + id, "/0/omni/get/onboarding/status?id=" + id, "/0/omni/get/onboarding/status/?id=" + id,
	} {
		if got := token.call("GET", path, nil, http.StatusOK); got["onboardingStatus"] != "UNKNOWN" {
			t.Errorf("%s: %v", path, got)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(picture)
	if err != nil {
		t.Fatal(err)
	}
	token.with("Content-Type", "image/jpeg").call("POST", "/0/omni/add/front-id", string(raw), http.StatusOK)
	token.with("Content-Type", "text/plain;charset=UTF-8").call("POST", "/0/omni/add/back-id", string(raw), http.StatusOK)
	token.with("Content-Type", "application/x-www-form-urlencoded").call("POST", "/0/omni/add/face?imageType=selfie", `{"base64Image":"`+picture+`"}`, http.StatusOK)
	token.call("POST", "/0/omni/process/id", "null", http.StatusOK)
	token.call("POST", "/0/omni/process/face?imageType=selfie", "", http.StatusOK)
	token.call("POST", "/0/omni/finish-status", object{}, http.StatusOK)
	e := key.executive(w.House.Tenant)
	for _, path := range []string{"/omni/get/score/?id=" + id + "&verbose=true", "/omni/get/score?id=" + id} {
		score := e.call("GET", path, nil, http.StatusOK)
		if score["overall"].(map[string]any)["status"] != "OK" {
			t.Errorf("%s: %v", path, score["overall"])
		}
	}
	approved := e.with("x-api-key", "").call("POST", "/omni/process/approve?interviewId="+id, "null", http.StatusOK)
	if approved["success"] != true || approved["existingCustomer"] != false || approved["totalScore"] != "OK" {
		t.Errorf("approved %v", approved)
	}
	again := e.call("POST", "/omni/process/approve?interviewId="+id, object{"approveComponents": []string{"liveness"}}, http.StatusOK)
	if again["existingCustomer"] != true || again["uuid"] != approved["uuid"] {
		t.Errorf("approved again: %v", again)
	}
	parts := strings.Split(approved["token"].(string), ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	var until struct{ Exp int64 }
	if err != nil || json.Unmarshal(claims, &until) != nil || time.Unix(until.Exp, 0).Sub(w.Now()).Round(time.Hour) != 91*24*time.Hour {
		t.Errorf("the customer's token says %s", claims)
	}
}

// Every answer says how long it took, and none may be kept.
func TestEveryAnswerIsTimed(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.by(t, w.House.Tenant)
	for _, call := range []struct{ method, path string }{
		{"POST", "/omni/start"}, {"GET", "/omni/get/score"}, {"GET", "/nothing"}, {"DELETE", "/omni/start"}, {"GET", "/0/omni/get/onboarding/status"},
	} {
		if rec := c.send(call.method, call.path, nil); rec.Header().Get("Processing-Time") == "" || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %v", call.method, call.path, rec.Header())
		}
	}
	if rec := c.send("GET", "/", nil); rec.Code != http.StatusUnauthorized {
		t.Errorf("the root without a token: %d", rec.Code)
	}
	if rec := c.with("Origin", "https://x.example").with("Access-Control-Request-Method", "POST").send("OPTIONS", "/omni/start", nil); rec.Code != 204 ||
		rec.Header().Get("Processing-Time") == "" {
		t.Errorf("preflight: %d %v", rec.Code, rec.Header())
	}
}

// Outside of development a page reads an answer only if its origin is listed with the API client.
func TestOrigins(t *testing.T) {
	t.Parallel()
	w := open(t, func(_ *usher.Tenant, _ *auth.NewClient, b *api.Backend) { b.Dev = false })
	key := w.by(t, w.House.Tenant)
	session, _ := key.start(nil)
	executive := key.executive(w.House.Tenant)
	for origin, listed := range map[string]bool{
		"https://bank.example": true, "http://localhost:5173": true, "https://bank.example.evil.example": false, "http://localhost.evil.example:80": false,
		"https://other.example": false, "null": false,
	} {
		for name, c := range map[string]caller{"key": key, "session": session, "executive": executive} {
			rec := c.with("Origin", origin).send("GET", "/omni/get/onboarding/status", nil)
			if got := rec.Header().Get("Access-Control-Allow-Origin"); (got == origin) != listed || (got != "" && !listed) {
				t.Errorf("%s from %s: allowed %q", name, origin, got)
			}
			if !strings.Contains(strings.Join(rec.Header().Values("Vary"), ","), "Origin") {
				t.Errorf("%s from %s: the answer does not vary by origin", name, origin)
			}
		}
		rec := caller{t: t, w: w}.with("Origin", origin).send("GET", "/omni/get/onboarding/status", nil)
		if rec.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("nobody from %s may read", origin)
		}
	}
}

// In production the address that the applicant is sent to must be one of the client's.
func TestRedirections(t *testing.T) {
	t.Parallel()
	w := open(t, func(_ *usher.Tenant, n *auth.NewClient, b *api.Backend) {
		b.Dev, n.ReturnURLs = false, []string{"https://bank.example/"}
	})
	key := w.by(t, w.House.Tenant)
	flow := w.told[w.House.Tenant.ID]["configuration_id"]
	key.call("POST", "/omni/start", object{"configurationId": flow, "redirectionUrl": "https://evil.example/"}, http.StatusBadRequest)
	c, id := key.start(object{"redirectUrl": "https://bank.example/done?lead=44"})
	c.call("GET", "/omni/onboarding-url?redirectionUrl=https://evil.example/", nil, http.StatusBadRequest)
	s, err := w.SessionByKey(t.Context(), w.House.Tenant.ID, incode.Name, id)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Pages.Exit(s, usher.MomentFinished); got != "https://bank.example/done?lead=44" || !w.Pages.Framed {
		t.Errorf("finishing leads to %q, framed %t", got, w.Pages.Framed)
	}
	c.call("GET", "/omni/onboarding-url?redirectionUrl=https://bank.example/other", nil, http.StatusOK)
	if s, err = w.SessionByKey(t.Context(), w.House.Tenant.ID, incode.Name, id); err != nil {
		t.Fatal(err)
	}
	if got := w.Pages.Exit(s, usher.MomentFinished); got != "https://bank.example/other" {
		t.Errorf("finishing leads to %q", got)
	}
	for _, m := range []usher.Moment{usher.MomentStarted, usher.MomentDeclined, usher.MomentFailed, usher.MomentExpired, usher.MomentPermission} {
		if got := w.Pages.Exit(s, m); got != "" {
			t.Errorf("%s leads to %q", m, got)
		}
	}
}

// A client that was given the scope decide may approve with the token of a session.
func TestSessionTokenMayApproveIfTheFirmSaysSo(t *testing.T) {
	t.Parallel()
	all := []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide}
	w := open(t, func(_ *usher.Tenant, n *auth.NewClient, _ *api.Backend) { n.Scopes = all })
	c, id := w.by(t, w.House.Tenant).start(object{"customFields": object{"simulate": "WARN"}})
	c.call("POST", "/omni/process/approve?interviewId="+id, nil, http.StatusBadRequest)
	c.call("GET", "/omni/finish-status", nil, http.StatusOK)
	if got := c.call("POST", "/omni/process/approve", nil, http.StatusOK); got["totalScore"] != "OK" {
		t.Errorf("approved %v", got)
	}
	if got := c.call("GET", "/omni/get/onboarding/status", nil, http.StatusOK); got["onboardingStatus"] != "MANUAL_REVIEW_APPROVED" {
		t.Errorf("polled %v", got)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.backend.Now = func() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }
	c, _ := w.by(t, w.House.Tenant).start(nil)
	w.serve(t)
	c.w = w
	for range 5 {
		c.call("POST", "/omni/add/front-id/v2", object{"base64Image": picture}, http.StatusOK)
	}
	rec := c.send("POST", "/omni/add/face", object{"base64Image": picture})
	if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") == "" {
		t.Errorf("the sixth picture at once: %d %v", rec.Code, rec.Header())
	}
	told := w.told[w.House.Tenant.ID]
	for range 5 {
		c.call("POST", "/executive/log-in", object{"email": told["executive_email"], "password": "guess"}, http.StatusUnauthorized)
	}
	c.call("POST", "/executive/log-in", object{"email": told["executive_email"], "password": told["executive_password"]}, http.StatusTooManyRequests)
	other, _ := w.by(t, w.House.Tenant).start(nil)
	if rec := other.send("POST", "/omni/add/front-id/v2", `{"base64Image": "`+strings.Repeat("A", 10<<20)+`"}`); rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("more than 10 MB: %d %s", rec.Code, rec.Body)
	}
}

// A session that was started at the desk or by another API has no id of the vendor's shape, and goes by its own.
func TestSessionFromElsewhere(t *testing.T) {
	t.Parallel()
	w := open(t)
	a, err := w.CreateApplicant(t.Context(), w.client, usher.NewApplicant{Kind: usher.Person})
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := w.StartSession(t.Context(), w.client, usher.NewSession{ApplicantID: a.ID, Flow: "incode"})
	if err != nil {
		t.Fatal(err)
	}
	e := w.by(t, w.House.Tenant).executive(w.House.Tenant)
	e.call("GET", "/omni/get/onboarding/status?id="+s.ID, nil, http.StatusOK)
	w.by(t, w.Other).executive(w.Other).call("GET", "/omni/get/onboarding/status?id="+s.ID, nil, http.StatusNotFound)
	native, _, err := w.StartSession(t.Context(), w.House.Client(w.House.Tenant, "native"), usher.NewSession{Applicant: &usher.NewApplicant{Kind: usher.Person}})
	if err != nil {
		t.Fatal(err)
	}
	e.call("GET", "/omni/get/onboarding/status?id="+native.ID, nil, http.StatusNotFound)
	again := w.by(t, w.House.Tenant).call("POST", "/omni/start", object{"interviewId": s.ID}, http.StatusOK)
	if again["existingSession"] != true || len(again["token"].(string)) > 256 {
		t.Errorf("started again: %v", again)
	}
}

// What the server offers is whole: every flow can be read, and every name of a webhook is its own.
func TestOffer(t *testing.T) {
	t.Parallel()
	w := open(t)
	told := w.told[w.House.Tenant.ID]
	for _, member := range []string{"base_url", "api_key", "client_id", "configuration_id", "executive_email", "executive_password"} {
		if told[member] == "" {
			t.Errorf("%s is not told", member)
		}
	}
	if len(told) != 6 || len(told["configuration_id"]) != 24 {
		t.Errorf("told %v", told)
	}
	names := slices.Clone(w.Events)
	slices.Sort(names)
	if len(slices.Compact(names)) != len(w.Events) || len(names) < 10 {
		t.Errorf("the webhooks are %q", w.Events)
	}
}

// What the vendor has given up, or never had, is not here.
func TestDeprecatedIsNotServed(t *testing.T) {
	t.Parallel()
	w := open(t)
	c, _ := w.by(t, w.House.Tenant).start(nil)
	for _, path := range []string{
		"/omni/1to1/v2/identify", "/omni/1to1/identify/third-party", "/omni/oneToN/v2/identify", "/omni/process/ine-scraping", "/omni/external/send-sms",
	} {
		c.call("POST", path, object{}, http.StatusNotFound)
	}
}

// Whoever holds the token of a log-in has not shown yet who they are: they learn nothing of the customer, and change nothing.
func TestTokenOfALogInTellsNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	tenant := w.House.Tenant
	c, _ := w.by(t, tenant).start(object{"externalCustomerId": "cust-1"})
	c.call("POST", "/omni/add/phone", object{"phone": "+46701234567"}, http.StatusOK)
	c.capture()
	c.call("GET", "/omni/finish-status", nil, http.StatusOK)
	if got := c.call("GET", "/omni/get/phone", nil, http.StatusOK); got["phone"] != "+46701234567" {
		t.Errorf("in the session that approved them the phone is %v", got)
	}
	for _, flow := range []string{"incode_face_login", "incode"} {
		other, id := w.by(t, tenant).start(object{"configurationId": incode.ConfigurationID(tenant.ID, flow), "externalCustomerId": "cust-1"})
		other.call("GET", "/omni/get/phone", nil, http.StatusBadRequest)
		other.call("POST", "/omni/add/phone", object{"phone": "+46700000000"}, http.StatusBadRequest)
		other.call("POST", "/omni/add/email", object{"email": "thief@example.org"}, http.StatusBadRequest)
		other.call("POST", "/omni/add/name", object{"name": "Some Body"}, http.StatusBadRequest)
		e := w.by(t, tenant).executive(tenant)
		if got := e.call("GET", "/omni/get/phone?id="+id, nil, http.StatusOK); got["phone"] != "+46701234567" {
			t.Errorf("the phone is %v", got)
		}
	}
	c.call("POST", "/omni/add/custom-fields", object{"customFields": object{"a": "b"}}, http.StatusBadRequest)
}

// hasty sends every session twice, as two calls at once would.
type hasty struct{ usher.Service }

func (h hasty) Do(ctx context.Context, tenant, id string, c usher.Command) (usher.Session, error) {
	if c.Kind == usher.CmdSubmit {
		if s, err := h.Service.Do(ctx, tenant, id, c); err != nil {
			return s, err
		}
	}
	return h.Service.Do(ctx, tenant, id, c)
}

// Of two calls that finish at once, both find it done.
func TestFinishTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.backend.Service = hasty{w.Service}
	w.serve(t)
	c, _ := w.by(t, w.House.Tenant).start(nil)
	c.capture()
	if got := c.call("GET", "/omni/finish-status", nil, http.StatusOK); got["action"] != "approved" {
		t.Errorf("finished %v", got)
	}
	if hooks := byName(t, w.Messages(w.House.Tenant.ID), "session.succeeded"); len(hooks) != 1 {
		t.Errorf("%d webhooks", len(hooks))
	}
}
