package native_test

import (
	"slices"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/dialecttest"
)

// milestones are the events that most clients ask for.
var milestones = []usher.EventType{
	usher.SessionSubmitted, usher.SessionReviewRequested, usher.SessionResubmissionRequested, usher.SessionApproved, usher.SessionRejected,
	usher.SessionOverturned, usher.SessionExpired, usher.SessionAbandoned, usher.SessionCancelled, usher.AccountOpened, usher.AccountFailed,
}

func TestTranscripts(t *testing.T) {
	t.Parallel()
	dialecttest.Run(t, "testdata", nil, func(t *testing.T, scenario string) dialecttest.Stage {
		h := open(t)
		if slices.Contains([]string{"stop_fail", "expiry", "abandon_restart"}, scenario) {
			h = alone(t)
		}
		endpoint := usher.Endpoint{URL: "https://client.example/hook", Dialect: native.Name, Events: milestones}
		switch scenario {
		case "happy_path":
			// All but the ends of checks, which run side by side: which ends first is not the same each time.
			endpoint.Events = slices.DeleteFunc(usher.EventTypes(), func(e usher.EventType) bool { return e == usher.CheckCompleted })
		case "stop_fail":
			h.Checks.Set(usher.CheckAge, usher.Refuse, usher.Underage)
		}
		if _, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, endpoint); err != nil {
			t.Fatal(err)
		}
		id, secret := h.client(t, h.Tenant, allScopes()...)
		otherID, otherSecret := h.client(t, h.Other, allScopes()...)
		return dialecttest.Stage{
			Handler: h.handler, Service: h.Service, Client: h.House.Client(h.Tenant, native.Name),
			Messages: func() []usher.Message { return h.Messages(h.Tenant.ID) }, Settle: h.Settle, Advance: h.Advance,
			Header: map[string]string{"Authorization": "Bearer <access_token 1>", "Content-Type": "application/json"},
			Given: map[string]string{
				"client_id": id, "client_secret": secret, "other_client_id": otherID, "other_client_secret": otherSecret,
			},
			Secrets: []string{"access_token", "token", "instance"},
			Show:    []string{"Allow", "Idempotency-Replayed", "Retry-After", "WWW-Authenticate"},
		}
	})
}
