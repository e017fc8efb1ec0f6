package native_test

import (
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

// TestRetentionOfALiveTenant goes the way of a client whose customer leaves, asks to be erased, and is wanted by a court.
func TestRetentionOfALiveTenant(t *testing.T) {
	t.Parallel()
	h := open(t)
	send := func(method, path string, body any, want int) got {
		t.Helper()
		return h.send(t, method, path, h.live, body).want(t, want)
	}
	begun := send("POST", "/v1/sessions", map[string]any{"applicant": astrid}, 201)
	person, id := begun.word(t, "applicant_id"), begun.word(t, "id")
	at := "/v1/applicants/" + person
	if got := send("GET", at+"/retention", nil, 200); got.word(t, "basis") != "open" || got.at(t, "required_by_law") != false {
		t.Errorf("while the session goes on: %s", got.Body)
	}
	send("POST", "/v1/sessions/"+id+"/cancel", nil, 200)
	if got := send("GET", at+"/retention", nil, 200); got.word(t, "basis") != "abandoned" || got.word(t, "until") == "" {
		t.Errorf("after it was cancelled: %s", got.Body)
	}
	send("PUT", at+"/legal_hold", `{"reason": ""}`, 422)
	send("PUT", at+"/legal_hold", `{}`, 422)
	held := send("PUT", at+"/legal_hold", `{"reason": "Court order 12"}`, 200)
	if held.word(t, "basis") != "hold" || held.word(t, "legal_hold") != "Court order 12" || held.at(t, "required_by_law") != true {
		t.Errorf("held: %s", held.Body)
	}
	asked := send("DELETE", at, nil, 200)
	if asked.at(t, "erased") != false || asked.at(t, "restricted") != true {
		t.Errorf("asked to be erased under a hold: %s", asked.Body)
	}
	if got := send("GET", at+"/retention", nil, 200); got.word(t, "restricted_at") == "" {
		t.Errorf("restricted: %s", got.Body)
	}
	send("PATCH", at, `{"email": "new@example.test"}`, 409)
	send("POST", "/v1/sessions", map[string]any{"applicant_id": person}, 409)
	send("PUT", at+"/relationship", `{"ended_at": "2999-01-01T00:00:00Z"}`, 422)
	send("PUT", at+"/relationship", `{"ended_at": "yesterday"}`, 422)
	ended := send("PUT", at+"/relationship", `{"ended_at": "2026-01-31T12:00:00Z"}`, 200)
	if ended.word(t, "relationship_ended_at") != "2026-01-31T12:00:00.000Z" {
		t.Errorf("ended: %s", ended.Body)
	}
	if again := send("PUT", at+"/relationship", `{"ended_at": null}`, 200); strings.Contains(again.Body.String(), "ended_at") {
		t.Errorf("goes on: %s", again.Body)
	}
	send("PUT", at+"/legal_hold", `{"reason": null}`, 200)
	if gone := send("DELETE", at, nil, 200); gone.at(t, "erased") != true {
		t.Errorf("after the hold was lifted: %s", gone.Body)
	}
	send("GET", at+"/retention", nil, 410)

	h.send(t, "GET", at+"/retention", h.token, nil).want(t, 404)
	reader := h.signIn(t, h.Live, usher.ScopeRead)
	h.send(t, "PUT", at+"/legal_hold", reader, `{"reason": "x"}`).want(t, 403)
	h.send(t, "PUT", at+"/relationship", reader, `{"ended_at": null}`).want(t, 403)
}
