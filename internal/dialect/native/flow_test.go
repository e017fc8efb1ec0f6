package native_test

import (
	"strings"
	"testing"
)

func TestWholeWayOfASession(t *testing.T) {
	t.Parallel()
	h := open(t)
	begun := h.do(t, "POST", "/v1/sessions", map[string]any{
		"applicant": map[string]any{
			"first_name": "Astrid", "last_name": "Lindqvist", "date_of_birth": "1991-12-06", "nationality": "SE", "email": "astrid@example.com",
			"phone": "46701234567", "reference": "customer-4711",
			"address": map[string]string{"country": "SE", "street": "Mälarö torg 2", "city": "Ekerö", "postal_code": "178 30"},
		},
		"return_url": "https://client.example/done?order=1", "locale": "sv", "reference": "order-17", "expires_in": 3600,
	}).want(t, 201)
	id := begun.word(t, "id")
	if begun.Header().Get("Location") != "/v1/sessions/"+id || !strings.HasSuffix(begun.word(t, "url"), begun.word(t, "token")) {
		t.Errorf("the answer does not lead on: %s %s", begun.Header().Get("Location"), begun.Body)
	}
	for _, f := range []string{"document_front", "selfie"} {
		h.upload(t, id, h.token, f, "a.jpg", jpeg).want(t, 201)
	}
	h.do(t, "POST", "/v1/sessions/"+id+"/submit", map[string]any{
		"consent": map[string]any{"face": true, "locale": "sv"}, "document": map[string]string{"type": "passport", "country": "SE"},
	}).want(t, 200)
	h.Settle()
	done := h.do(t, "GET", "/v1/sessions/"+id, nil).want(t, 200)
	if done.word(t, "state") != "approved" || done.word(t, "decision.verdict") != "approved" || done.at(t, "account.opened") != true {
		t.Errorf("got %s", done.Body)
	}
	account := h.do(t, "GET", "/v1/accounts/"+done.word(t, "account.id"), nil).want(t, 200)
	if account.word(t, "session_id") != id || account.at(t, "test") != true {
		t.Errorf("got %s", account.Body)
	}
	checks := h.do(t, "GET", "/v1/sessions/"+id+"/checks", nil).want(t, 200)
	if checks.word(t, "data.0.outcome") != "clear" || checks.word(t, "data.0.fields.number") != "PLANTED-NUMBER" {
		t.Errorf("got %s", checks.Body)
	}
	h.report(t, id)
}

func (h *house) report(t *testing.T, id string) {
	t.Helper()
	report := h.do(t, "GET", "/v1/sessions/"+id+"/report.json", nil).want(t, 200)
	if len(report.list(t, "evidence")) != 2 || len(report.list(t, "decisions")) != 1 || report.word(t, "applicant.last_name") != "Lindqvist" ||
		len(report.word(t, "evidence.0.sha256")) != 64 {
		t.Errorf("got %s", report.Body)
	}
}
