package engine_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// TestRepeatedCalls makes each call twice with one idempotency key whose answer was never kept, as after a crash between the effect and the
// answer: the effect must be found, not made again.
func TestRepeatedCalls(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	c := h.Client(h.Tenant, "native")
	ctx := context.Background()
	s, _, err := h.Service.StartSession(ctx, c, usher.NewSession{Applicant: &usher.NewApplicant{}})
	if err != nil {
		t.Fatal(err)
	}
	upload := func(ctx context.Context) (string, error) {
		_, ev, err := h.Service.AddEvidence(ctx, h.Tenant.ID, s.ID, usher.NewEvidence{
			Kind: usher.DocumentFront, Source: usher.FromClient, ContentType: "image/png", By: usher.Actor{Kind: usher.ByClient, ID: c.ID},
		}, bytes.NewReader([]byte("picture")))
		return ev.ID, err
	}
	for _, call := range []struct {
		name string
		do   func(ctx context.Context) (string, error)
	}{
		{"upload", upload},
		{"start a session", func(ctx context.Context) (string, error) {
			s, _, err := h.Service.StartSession(ctx, c, usher.NewSession{ApplicantID: s.ApplicantID})
			return s.ID, err
		}},
		{"simulate", func(ctx context.Context) (string, error) {
			s, err := h.Service.Simulate(ctx, c, s.ID, "submit_review")
			return string(s.State), err
		}},
		{"approve", func(ctx context.Context) (string, error) {
			s, err := h.Service.Do(ctx, h.Tenant.ID, s.ID, usher.Command{Kind: usher.CmdApprove, By: usher.Actor{Kind: usher.ByClient, ID: c.ID}})
			return string(s.State), err
		}},
	} {
		once := api.Once{Tenant: h.Tenant.ID, Client: c.ID, Key: call.name}
		if _, err := h.Answers().Begin(ctx, once, [32]byte{}); err != nil {
			t.Fatal(err)
		}
		ctx := api.WithOnce(ctx, once)
		first, err := call.do(ctx)
		if err != nil {
			t.Fatalf("%s: %v", call.name, err)
		}
		before, err := h.Service.ListEvents(ctx, h.Tenant.ID, usher.EventFilter{Paging: usher.Paging{Limit: 200}})
		if err != nil {
			t.Fatal(err)
		}
		second, err := call.do(ctx)
		if err != nil || second != first {
			t.Errorf("%s again: got %q and %v, want %q", call.name, second, err, first)
		}
		after, err := h.Service.ListEvents(ctx, h.Tenant.ID, usher.EventFilter{Paging: usher.Paging{Limit: 200}})
		if err != nil {
			t.Fatal(err)
		}
		// A session started again gets a new link: the first went out with an answer that nobody heard.
		links := 0
		if call.name == "start a session" {
			links = 1
		}
		if len(after.Items) != len(before.Items)+links {
			t.Errorf("%s again: %d more events, want %d", call.name, len(after.Items)-len(before.Items), links)
		}
	}
}
