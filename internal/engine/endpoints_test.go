package engine_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// TestEndpointsAreChangedOneAfterTheOther has two at once change an endpoint: neither takes back what the other did.
func TestEndpointsAreChangedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	made := func() usher.Endpoint {
		ep, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: "native"})
		if err != nil {
			t.Fatal(err)
		}
		return ep
	}
	// change makes a change, and meanwhile another one.
	change := func(id string, meanwhile func() error) error {
		once := sync.OnceValue(meanwhile)
		_, err := h.UpdateEndpoint(t.Context(), h.Tenant.ID, id, func(e *usher.Endpoint) {
			if err := once(); err != nil {
				t.Error(err)
			}
			e.Disabled = "for a while"
		})
		return err
	}

	ep := made()
	var secrets []string
	err := change(ep.ID, func() error {
		rotated, err := h.RotateSecret(t.Context(), h.Tenant.ID, ep.ID)
		secrets = rotated.Secrets
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.Endpoint(t.Context(), h.Tenant.ID, ep.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Secrets, secrets) || got.Disabled == "" {
		t.Errorf("rotated beside disabling: disabled %q, secret kept: %v", got.Disabled, slices.Equal(got.Secrets, secrets))
	}

	ep = made()
	err = change(ep.ID, func() error { return h.DeleteEndpoint(t.Context(), h.Tenant.ID, ep.ID) })
	if refusal(err) != usher.CodeNotFound {
		t.Errorf("disabled beside deleting: %v", err)
	}
	if got, err := h.Endpoint(t.Context(), h.Tenant.ID, ep.ID); refusal(err) != usher.CodeNotFound {
		t.Errorf("a deleted endpoint is there again: %+v %v", got, err)
	}
}

// TestSecretsRotateOnceAtATime has many rotate at once: whatever secrets are left, one of each rotation that was answered is among the two newest, or
// the receiver would know none.
func TestSecretsRotateOnceAtATime(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	ep, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: "native"})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	order := map[string]string{"": ep.Secrets[0]} // each secret by the one before it
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := h.RotateSecret(t.Context(), h.Tenant.ID, ep.ID)
			if err != nil {
				if refusal(err) != usher.CodeConflict {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if other := order[got.Secrets[1]]; other != "" {
				t.Error("two rotations came behind the same secret")
			}
			order[got.Secrets[1]] = got.Secrets[0]
		})
	}
	all.Wait()
	last := ""
	for order[last] != "" {
		last = order[last]
	}
	if got, err := h.Endpoint(t.Context(), h.Tenant.ID, ep.ID); err != nil || got.Secrets[0] != last {
		t.Errorf("the secret in use is not the one that was answered last: %v", err)
	}
}
