package native_test

import (
	"strings"
	"testing"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	h := open(t)
	made := h.do(t, "POST", "/v1/webhook_endpoints", map[string]any{
		"url": "https://client.example/hook", "events": []string{"session.approved"},
		"auth": map[string]string{"type": "basic", "username": "usher", "password": "PLANTED-PASSWORD"},
	}).want(t, 201)
	id, secret := made.word(t, "id"), made.word(t, "secret")
	path := "/v1/webhook_endpoints/" + id
	if !strings.HasPrefix(secret, "whsec_") || made.word(t, "dialect") != "native" || made.word(t, "auth.username") != "usher" {
		t.Errorf("got %s", made.Body)
	}
	read := h.do(t, "GET", path, nil).want(t, 200)
	list := h.do(t, "GET", "/v1/webhook_endpoints", nil).want(t, 200)
	for _, g := range []got{made, read, list} {
		if strings.Contains(g.Body.String(), "PLANTED-PASSWORD") {
			t.Errorf("%s shows the password", g.what)
		}
	}
	if strings.Contains(read.Body.String()+list.Body.String(), "whsec_") {
		t.Error("the secret is shown a second time")
	}
	changed := h.do(t, "PATCH", path, `{"events": ["*"], "origin": "any", "enabled": false}`).want(t, 200)
	if changed.at(t, "enabled") != false || changed.word(t, "origin") != "any" || changed.word(t, "events.0") != "*" ||
		changed.word(t, "url") != "https://client.example/hook" || changed.word(t, "auth.type") != "basic" {
		t.Errorf("got %s", changed.Body)
	}
	if h.do(t, "PATCH", path, `{"enabled": true}`).want(t, 200).at(t, "enabled") != true {
		t.Error("the endpoint stays disabled")
	}
	if rotated := h.do(t, "POST", path+"/rotate_secret", nil).want(t, 200).word(t, "secret"); rotated == secret || !strings.HasPrefix(rotated, "whsec_") {
		t.Errorf("the new secret is %s", rotated)
	}
	h.deliveries(t, id)
	h.do(t, "DELETE", path, nil).want(t, 204)
	h.do(t, "GET", path, nil).want(t, 404)
	h.do(t, "DELETE", path, nil).want(t, 404)
}

// An endpoint may take some of a dialect's messages, carry headers of the client's and, where the vendor has one, the vendor's signature.
func TestEndpointInAVendorsWords(t *testing.T) {
	t.Parallel()
	h := open(t)
	body := map[string]any{
		"url": "https://client.example/hook", "names": []string{"session.approved"}, "headers": map[string]string{"X-Tenant": "north"},
	}
	made := h.do(t, "POST", "/v1/webhook_endpoints", body).want(t, 201)
	if made.word(t, "names.0") != "session.approved" || made.word(t, "headers.X-Tenant") != "north" {
		t.Errorf("got %s", made.Body)
	}
	path := "/v1/webhook_endpoints/" + made.word(t, "id")
	h.do(t, "PATCH", path, `{"names": ["session.rejected"]}`).want(t, 200)
	h.do(t, "PATCH", path, `{"names": ["Session.Rejected"]}`).want(t, 422)
	for name, bad := range map[string]map[string]any{
		"an unknown name":          {"names": []string{"KycIdentification.Approved"}},
		"a header that is ours":    {"headers": map[string]string{"webhook-id": "1"}},
		"a header with a line end": {"headers": map[string]string{"X-A": "a\nb"}},
		"no vendor's signature":    {"auth": map[string]string{"type": "hmac", "secret": "a secret of 24 characters or more"}},
	} {
		bad["url"] = "https://client.example/hook"
		if got := h.do(t, "POST", "/v1/webhook_endpoints", bad); got.Code != 422 {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
}

// deliveries walks the log of an endpoint.
func (h *house) deliveries(t *testing.T, id string) {
	t.Helper()
	path := "/v1/webhook_endpoints/" + id
	ping := h.do(t, "POST", path+"/test", nil).want(t, 200)
	if ping.word(t, "event_type") != "ping" || ping.word(t, "status") != "pending" {
		t.Errorf("got %s", ping.Body)
	}
	session := h.session(t)
	events := h.do(t, "GET", "/v1/deliveries?limit=100&endpoint_id="+id+"&session_id="+session, nil).want(t, 200).list(t, "data")
	if len(events) == 0 {
		t.Fatal("nothing is to be delivered")
	}
	one := events[0].(map[string]any)
	log := h.do(t, "GET", "/v1/deliveries/"+one["id"].(string), nil).want(t, 200)
	if len(log.list(t, "tries")) != 0 || log.word(t, "next_try_at") == "" {
		t.Errorf("got %s", log.Body)
	}
	h.do(t, "GET", "/v1/deliveries?status=dead", nil).want(t, 200)
	for body, status := range map[string]int{
		`{}`: 422, `{"since": "yesterday"}`: 422, `{"event_id": "x", "since": "2026-01-01T00:00:00Z"}`: 422, `{"since": "2026-01-01T00:00:00Z"}`: 200,
		`{"event_id": "` + one["event_id"].(string) + `"}`: 200,
	} {
		h.do(t, "POST", path+"/replay", body).want(t, status)
	}
	h.do(t, "POST", "/v1/deliveries/"+one["id"].(string)+"/resend", nil).want(t, 200)
}

func TestFlows(t *testing.T) {
	t.Parallel()
	h := open(t)
	list := h.do(t, "GET", "/v1/flows", nil).want(t, 200)
	if len(list.list(t, "data")) != 1 {
		t.Errorf("got %s", list.Body)
	}
	put := h.do(t, "PUT", "/v1/flows/short", map[string]string{"source": short}).want(t, 200)
	if put.at(t, "version") != 1.0 || put.word(t, "steps.1.checks.0") != "document" || put.at(t, "expires_in") != 172800.0 {
		t.Errorf("got %s", put.Body)
	}
	changed := strings.Replace(short, "steps:", "attempts: 2\nsteps:", 1)
	if again := h.do(t, "PUT", "/v1/flows/short", map[string]string{"source": changed}).want(t, 200); again.at(t, "version") != 2.0 {
		t.Errorf("got %s", again.Body)
	}
	if read := h.do(t, "GET", "/v1/flows/short", nil).want(t, 200); read.word(t, "source") != changed || read.at(t, "attempts") != 2.0 {
		t.Errorf("got %s", read.Body)
	}
	check := h.do(t, "POST", "/v1/flows/check", map[string]string{"source": "name: x\nsteps:\n  - run: [documnt]\n"}).want(t, 200)
	if check.at(t, "ok") != false || len(check.list(t, "problems")) < 2 || check.word(t, "problems.0.cure") == "" {
		t.Errorf("got %s", check.Body)
	}
	if ok := h.do(t, "POST", "/v1/flows/check", map[string]string{"source": short}).want(t, 200); ok.at(t, "ok") != true {
		t.Errorf("got %s", ok.Body)
	}
}
