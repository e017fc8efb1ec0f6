package facelogin_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/facelogin"
	"github.com/usher-kyc/usher/internal/enginetest"
)

const enrol = `name: enrol
steps:
  - selfie
  - run: [document]
  - decide: {automatic: approve}
`

type house struct{ *enginetest.House }

// clear is a check that finds nothing.
type clear struct{}

func (clear) Kind() usher.CheckKind { return usher.CheckDocument }

func (clear) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return usher.CheckResult{Kind: usher.CheckDocument, Outcome: usher.Clear, Score: 1, Assurance: usher.Verified}, nil
}

// TestAKnownPersonComesAgain walks the flow that every tenant is given, with no engine that compares faces: a sandbox plays it, and in a live
// tenant a reviewer must look, with both pictures named.
func TestAKnownPersonComesAgain(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../../cmd/usher/flows/face_login.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, flow, _ := strings.Cut(string(source), "\nname: ") // without its comment
	h := house{enginetest.Open(t, enginetest.Config{Checkers: []usher.Checker{facelogin.New(facelogin.Config{}), clear{}}})}
	for name, tt := range map[string]struct {
		tenant    usher.Tenant
		source    usher.EvidenceSource
		state     usher.State
		outcome   usher.Outcome
		assurance usher.Assurance
		provider  string
	}{
		"sandbox, made up": {h.Tenant, usher.FromSimulation, usher.Approved, usher.Clear, usher.Simulated, "sandbox"},
		"sandbox, real":    {h.Other, usher.FromClient, usher.InReview, usher.NotRun, "", "facelogin"},
		"live":             {h.Live, usher.FromClient, usher.InReview, usher.NotRun, "", "facelogin"},
	} {
		t.Run(name, func(t *testing.T) {
			h.Publish(tt.tenant.ID, enrol)
			h.Publish(tt.tenant.ID, "name: "+flow)
			first := h.walk(t, tt.tenant, usher.NewSession{Flow: "enrol", Applicant: &usher.NewApplicant{}}, usher.FromClient)
			if first.State != usher.Approved {
				t.Fatalf("onboarding: %s %v", first.State, first.Reasons)
			}
			v := h.walk(t, tt.tenant, usher.NewSession{Flow: "face_login", ApplicantID: first.ApplicantID}, tt.source)
			if v.State != tt.state {
				t.Errorf("%s, because of %v", v.State, v.Reasons)
			}
			page, err := h.ListEvents(t.Context(), v.TenantID, usher.EventFilter{SessionID: v.ID, Types: []usher.EventType{usher.FaceAuthenticated}})
			if err != nil || len(page.Items) != 1 {
				t.Fatalf("face.authenticated was told %d times, %v", len(page.Items), err)
			}
			r := page.Items[0].Data.Result
			if r.Outcome != tt.outcome || r.Assurance != tt.assurance || r.Provider != tt.provider {
				t.Errorf("told %s, %q by %s", r.Outcome, r.Assurance, r.Provider)
			}
			if tt.provider != "facelogin" {
				return
			}
			if got := r.Findings[1]; got.Read != first.ID || !got.OK || r.EvidenceIDs[0] != v.Evidence[0].ID || r.Reasons[0].Code != usher.FaceNotCompared {
				t.Errorf("findings %+v, evidence %v", r.Findings, r.EvidenceIDs)
			}
		})
	}
}

// walk sends a selfie through a flow.
func (h house) walk(t *testing.T, tenant usher.Tenant, n usher.NewSession, from usher.EvidenceSource) usher.Session {
	t.Helper()
	ctx, c := t.Context(), h.Client(tenant, "native")
	v, _, err := h.StartSession(ctx, c, n)
	if err != nil {
		t.Fatal(err)
	}
	by := usher.Actor{Kind: usher.ByClient, ID: c.ID}
	picture := usher.NewEvidence{Kind: usher.Selfie, Source: from, ContentType: "image/jpeg", By: by}
	if _, _, err = h.AddEvidence(ctx, tenant.ID, v.ID, picture, strings.NewReader("picture")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Do(ctx, tenant.ID, v.ID, usher.Command{Kind: usher.CmdSubmit, By: by}); err != nil {
		t.Fatal(err)
	}
	h.Settle()
	if v, err = h.Session(ctx, tenant.ID, v.ID); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestNobodyEnrolled holds that a person without an approved onboarding is compared with nobody.
func TestNobodyEnrolled(t *testing.T) {
	t.Parallel()
	r, err := facelogin.New(facelogin.Config{}).Check(t.Context(), usher.CheckInput{})
	if err != nil || r.Outcome != usher.NotRun || r.Findings[1].OK || len(r.EvidenceIDs) != 0 {
		t.Errorf("%+v, %v", r.Findings, err)
	}
}
