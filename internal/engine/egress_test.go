package engine_test

import (
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// A list of webhook hosts holds for what is made and changed from now on, and for what is sent to endpoints that were there before.
func TestWebhookHosts(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	before := makeEndpoint(t, h, "https://before.example/hook")
	if got, err := h.SetWebhookHosts(t.Context(), h.Tenant.ID, []string{"*.b.example", "A.example"}); err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	good := makeEndpoint(t, h, "https://a.example/hook")
	if err := h.MaySend(t.Context(), good); err != nil {
		t.Errorf("to a host that is listed: %v", err)
	}
	if err := h.MaySend(t.Context(), before); refusal(err) != usher.CodeInvalid {
		t.Errorf("to an endpoint that was there before: %v", err)
	}
	token := usher.EndpointAuth{Type: "oauth2", TokenURL: "https://tokens.example/", ClientID: "c", ClientSecret: "s"}
	for name, ep := range map[string]usher.Endpoint{
		"another host": {URL: "https://evil.example/hook", Dialect: "native"}, "another host for tokens": {URL: "https://x.b.example/", Dialect: "native", Auth: token},
	} {
		if _, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, ep); refusal(err) != usher.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := h.UpdateEndpoint(t.Context(), h.Tenant.ID, good.ID, func(e *usher.Endpoint) { *e = ep }); refusal(err) != usher.CodeInvalid {
			t.Errorf("changed to %s: %v", name, err)
		}
	}
	if _, err := h.UpdateEndpoint(t.Context(), h.Tenant.ID, before.ID, func(e *usher.Endpoint) { e.Disabled = "not needed" }); err != nil {
		t.Errorf("switched off: %v", err)
	}
	if _, err := h.CreateEndpoint(t.Context(), h.Live.ID, usher.Endpoint{URL: "https://evil.example/hook", Dialect: "native"}); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	if _, err := h.SetWebhookHosts(t.Context(), "none", nil); refusal(err) != usher.CodeNotFound {
		t.Errorf("of no tenant: %v", err)
	}
	if _, err := h.SetWebhookHosts(t.Context(), h.Tenant.ID, nil); err != nil || h.MaySend(t.Context(), before) != nil {
		t.Errorf("with an empty list: %v", err)
	}
}
