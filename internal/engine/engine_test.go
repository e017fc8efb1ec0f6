package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

var person = usher.Details{FirstName: "Anna", LastName: "Eriksson", DateOfBirth: "1990-04-17", Email: "anna@example.test", Phone: "46700000000"}

func start(t *testing.T, h *enginetest.House, flow string, d usher.Details) (usher.Session, usher.Link) {
	t.Helper()
	s, link, err := h.StartSession(context.Background(), h.Client(h.Tenant, "native"), usher.NewSession{
		Applicant: &usher.NewApplicant{Details: d}, Flow: flow,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, link
}

func upload(t *testing.T, h *enginetest.House, session string, kinds ...usher.EvidenceKind) {
	t.Helper()
	for _, k := range kinds {
		n := usher.NewEvidence{Kind: k, Source: usher.FromClient, ContentType: "image/png"}
		if _, _, err := h.AddEvidence(context.Background(), h.Tenant.ID, session, n, strings.NewReader("bytes of "+string(k))); err != nil {
			t.Fatal(err)
		}
	}
}

func do(t *testing.T, h *enginetest.House, session string, c usher.Command) usher.Session {
	t.Helper()
	s, err := h.Do(context.Background(), h.Tenant.ID, session, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func session(t *testing.T, h *enginetest.House, id string) usher.Session {
	t.Helper()
	s, err := h.Session(context.Background(), h.Tenant.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func types(t *testing.T, h *enginetest.House, session string) []usher.EventType {
	t.Helper()
	page, err := h.ListEvents(context.Background(), h.Tenant.ID, usher.EventFilter{SessionID: session, Paging: usher.Paging{Oldest: true, Limit: 100}})
	if err != nil {
		t.Fatal(err)
	}
	var ts []usher.EventType
	for i, e := range page.Items {
		if e.Sequence != int64(i+1) {
			t.Errorf("event %d has sequence %d", i+1, e.Sequence)
		}
		ts = append(ts, e.Type)
	}
	return ts
}

func TestWholeChain(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s, link := start(t, h, "", person)
	if link.Token == "" || !strings.HasSuffix(link.URL, link.Token) {
		t.Fatalf("link %+v", link)
	}
	upload(t, h, s.ID, usher.DocumentFront, usher.Selfie)
	s = do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit, Consent: &usher.Consent{Face: true}})
	if s.State != usher.Submitted {
		t.Fatalf("state after submit is %s", s.State)
	}
	h.Settle()
	s = session(t, h, s.ID)
	if s.State != usher.Approved || s.Account == nil || !s.Account.Opened {
		t.Fatalf("state %s, account %+v", s.State, s.Account)
	}
	account, err := h.Account(context.Background(), h.Tenant.ID, s.Account.ID)
	if err != nil || !account.Test || account.Status != usher.AccountConfirmed {
		t.Fatalf("account %+v, %v", account, err)
	}
	want := []usher.EventType{
		usher.SessionCreated, usher.SessionStarted, usher.EvidenceReceived, usher.EvidenceReceived, usher.ConsentGiven, usher.StepCompleted,
		usher.StepCompleted, usher.StepCompleted, usher.StepCompleted, usher.SessionSubmitted, usher.CheckStarted, usher.CheckStarted,
		usher.CheckCompleted, usher.CheckCompleted, usher.SessionApproved, usher.AccountOpened,
	}
	if diff := cmp.Diff(want, types(t, h, s.ID)); diff != "" {
		t.Error(diff)
	}
	f, r, err := h.OpenEvidence(context.Background(), h.Tenant.ID, s.ID, s.Evidence[0].ID, 0, usher.Actor{Kind: usher.ByStaff, ID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := enginetest.ReadAll(r); err != nil || string(b) != "bytes of document_front" || f.Kind != usher.DocumentFront {
		t.Errorf("evidence %q, %v", b, err)
	}
	trail, err := h.Records(context.Background(), h.Tenant.ID, f.ID, usher.Paging{})
	if err != nil || len(trail.Items) != 1 || trail.Items[0].Action != "evidence.viewed" {
		t.Errorf("audit trail %+v, %v", trail, err)
	}
}

func TestFoldOfStoredEventsIsTheSession(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s, _ := start(t, h, "phased", person)
	s = do(t, h, s.ID, usher.Command{Kind: usher.CmdConsent, Step: "consent", Consent: &usher.Consent{}})
	s = do(t, h, s.ID, usher.Command{Kind: usher.CmdCompleteStep, Step: "details"})
	h.Settle()
	upload(t, h, s.ID, usher.DocumentFront)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdCompleteStep, Step: "document", Document: &usher.DocumentChoice{Type: usher.Passport}})
	do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit})
	h.Settle()
	s = session(t, h, s.ID)
	if s.State != usher.Approved {
		t.Fatalf("state %s, reasons %v", s.State, s.Reasons)
	}
	page, err := h.ListEvents(context.Background(), h.Tenant.ID, usher.EventFilter{SessionID: s.ID, Paging: usher.Paging{Oldest: true, Limit: 100}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, usher.Fold(s.Flow, page.Items)); diff != "" {
		t.Error(diff)
	}
}

func TestManyWritersAtOneSession(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s, _ := start(t, h, "", person)
	var wg sync.WaitGroup
	const writers = 12
	errs := make([]error, writers)
	for i := range writers {
		wg.Go(func() {
			n := usher.NewEvidence{Kind: usher.Selfie, Source: usher.FromClient, ContentType: "image/png"}
			_, _, errs[i] = h.AddEvidence(context.Background(), h.Tenant.ID, s.ID, n, strings.NewReader(strings.Repeat("x", i+1)))
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := session(t, h, s.ID); len(got.Evidence) != writers || got.Version != writers+2 {
		t.Errorf("%d files, version %d", len(got.Evidence), got.Version)
	}
	types(t, h, s.ID)
}

func TestTwoReviewersAtOnce(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s, _ := start(t, h, "", person)
	if _, err := h.Simulate(context.Background(), h.Client(h.Tenant, "native"), s.ID, "submit_review"); err != nil {
		t.Fatal(err)
	}
	s = session(t, h, s.ID)
	if s.State != usher.InReview {
		t.Fatalf("state %s", s.State)
	}
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, c := range []usher.Command{{Kind: usher.CmdApprove}, {Kind: usher.CmdReject, Reasons: []usher.Reason{{Code: usher.Policy}}}} {
		c.IfVersion, c.By = s.Version, usher.Actor{Kind: usher.ByStaff, ID: string(rune('a' + i)), Role: usher.RoleReviewer}
		wg.Go(func() { _, errs[i] = h.Do(context.Background(), h.Tenant.ID, s.ID, c) })
	}
	wg.Wait()
	failed := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	var ue *usher.Error
	if failed < 0 || errs[1-failed] != nil || !errors.As(errs[failed], &ue) || ue.Code != usher.CodeConflict {
		t.Errorf("errors %v", errs)
	}
}

func TestOtherTenantSeesNothing(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx := context.Background()
	s, _ := start(t, h, "", person)
	upload(t, h, s.ID, usher.Selfie)
	s = session(t, h, s.ID)
	other := h.Other.ID
	_, err1 := h.Session(ctx, other, s.ID)
	_, err2 := h.Applicant(ctx, other, s.ApplicantID)
	_, err3 := h.Do(ctx, other, s.ID, usher.Command{Kind: usher.CmdCancel})
	_, _, err4 := h.OpenEvidence(ctx, other, s.ID, s.Evidence[0].ID, 0, usher.Actor{})
	_, _, err5 := h.IssueLink(ctx, h.Client(h.Other, "native"), s.ID, usher.NewLink{})
	_, _, err6 := h.StartSession(ctx, h.Client(h.Other, "native"), usher.NewSession{ApplicantID: s.ApplicantID})
	for i, err := range []error{err1, err2, err3, err4, err5, err6} {
		var ue *usher.Error
		if !errors.As(err, &ue) || ue.Code != usher.CodeNotFound {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
}

func TestEraseLeavesNothingReadable(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx := context.Background()
	s, _ := start(t, h, "", person)
	upload(t, h, s.ID, usher.Selfie)
	if _, err := h.EraseApplicant(ctx, h.Tenant.ID, s.ApplicantID, usher.Actor{Kind: usher.ByClient}); err != nil {
		t.Fatal(err)
	}
	a, err := h.Applicant(ctx, h.Tenant.ID, s.ApplicantID)
	if err != nil || !a.Erased || a.Details != (usher.Details{}) {
		t.Errorf("applicant %+v, %v", a, err)
	}
	_, err = h.Session(ctx, h.Tenant.ID, s.ID)
	var ue *usher.Error
	if !errors.As(err, &ue) || ue.Code != usher.CodeGone {
		t.Errorf("session: %v", err)
	}
	if _, err := h.ListSessions(ctx, h.Tenant.ID, usher.SessionFilter{}); err != nil {
		t.Errorf("list: %v", err)
	}
	page, err := h.ListApplicants(ctx, h.Tenant.ID, usher.ApplicantFilter{Email: person.Email})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("found by e-mail: %v, %v", page.Items, err)
	}
}

func TestTimers(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s, link := start(t, h, "", person)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdOpen})
	h.Advance(2 * time.Hour)
	if got := session(t, h, s.ID); !got.Abandoned || got.State != usher.InProgress {
		t.Errorf("after two quiet hours: %s, abandoned %t", got.State, got.Abandoned)
	}
	h.Advance(48 * time.Hour)
	if got := session(t, h, s.ID); got.State != usher.Expired {
		t.Errorf("after the deadline: %s", got.State)
	}
	if _, err := h.UseLink(context.Background(), link.Token); err == nil {
		t.Error("an expired link was used")
	}
	got, fresh, err := h.IssueLink(context.Background(), h.Client(h.Tenant, "native"), s.ID, usher.NewLink{})
	if err != nil || got.State != usher.InProgress {
		t.Fatalf("new link: %s, %v", got.State, err)
	}
	if _, err := h.LookLink(context.Background(), link.Token); err == nil {
		t.Error("the old link still works")
	}
	v, err := h.UseLink(context.Background(), fresh.Token)
	if err != nil || v.Token == "" || v.Took {
		t.Errorf("visit %+v, %v", v.Took, err)
	}
	second, err := h.UseLink(context.Background(), fresh.Token)
	if err != nil || !second.Took {
		t.Errorf("second browser: took %t, %v", second.Took, err)
	}
	if first, err := h.Visit(context.Background(), v.Token); err != nil || !first.Replaced {
		t.Errorf("first browser: replaced %t, %v", first.Replaced, err)
	}
}

func TestProviderThatNeverAnswersSendsToReview(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Checkers: []usher.Checker{silent{usher.CheckDocument}, silent{usher.CheckFace}, silent{usher.CheckAge}}})
	s, _ := start(t, h, "", person)
	upload(t, h, s.ID, usher.DocumentFront, usher.Selfie)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit, Consent: &usher.Consent{}})
	h.Settle()
	s = session(t, h, s.ID)
	if s.State != usher.InReview || s.Checks()[0].Outcome != usher.Unavailable {
		t.Errorf("state %s, checks %+v", s.State, s.Checks())
	}
}

// A provider that says what no check can say has given no verdict: its sessions do not wait for it for ever.
func TestProviderThatTalksNonsenseSendsToReview(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	h.Checks.SetResult(usher.CheckResult{Kind: usher.CheckDocument, Outcome: "fine", Score: 7, Assurance: usher.Verified})
	s, _ := start(t, h, "", person)
	upload(t, h, s.ID, usher.DocumentFront, usher.Selfie)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit, Consent: &usher.Consent{}})
	h.Settle()
	s = session(t, h, s.ID)
	if s.State != usher.InReview || s.Checks()[0].Outcome != usher.Unavailable {
		t.Errorf("state %s, checks %+v", s.State, s.Checks())
	}
}

type silent struct{ kind usher.CheckKind }

func (c silent) Kind() usher.CheckKind { return c.kind }

func (c silent) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	if c.kind == usher.CheckFace {
		panic("a provider's bug")
	}
	return usher.CheckResult{}, errors.New("no answer")
}

func TestTidySweepsFilesThatNoSessionNames(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx := context.Background()
	s, _ := start(t, h, "", person)
	upload(t, h, s.ID, usher.Selfie)
	kept := session(t, h, s.ID).Evidence[0]
	orphan, _, _, err := h.Blobs.Put(ctx, h.Tenant.ID, s.ApplicantID, strings.NewReader("stored, then refused"))
	if err != nil {
		t.Fatal(err)
	}
	h.Advance(49 * time.Hour)
	if _, err := h.Blobs.Open(ctx, orphan, 0); err == nil {
		t.Error("a file that no session names is still there")
	}
	if _, r, err := h.OpenEvidence(ctx, h.Tenant.ID, s.ID, kept.ID, 0, usher.Actor{Kind: usher.ByClient}); err != nil {
		t.Errorf("the sweep took evidence: %v", err)
	} else if _, err := enginetest.ReadAll(r); err != nil {
		t.Error(err)
	}
}

// plain renders the name of each event.
type plain struct{}

func (plain) Name() string { return "native" }

func (plain) Render(_ usher.View, e usher.Event) ([]usher.Message, error) {
	return []usher.Message{{Event: string(e.Type), ContentType: "text/plain", Body: []byte(e.Type)}}, nil
}

// A simulation moves the deadline, not the clock: what it makes happen has happened now, and is told now.
func TestSimulatedExpiryIsToldAtOnce(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{plain{}}})
	ctx := context.Background()
	if _, err := h.CreateEndpoint(ctx, h.Tenant.ID, usher.Endpoint{
		URL: "https://client.example/hook", Dialect: "native", Events: []usher.EventType{usher.SessionExpired},
	}); err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, h, "", person)
	if _, err := h.Simulate(ctx, h.Client(h.Tenant, "native"), s.ID, "expire"); err != nil {
		t.Fatal(err)
	}
	s = session(t, h, s.ID)
	now := h.Now()
	if s.State != usher.Expired || s.UpdatedAt.After(now) {
		t.Errorf("the session is %s since %s, and it is %s", s.State, s.UpdatedAt, now)
	}
	page, err := h.ListEvents(ctx, h.Tenant.ID, usher.EventFilter{SessionID: s.ID, Paging: usher.Paging{Oldest: true}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, usher.Fold(s.Flow, page.Items)); diff != "" {
		t.Error(diff)
	}
	due, err := h.Exchange(ctx, nil, usher.DeliveryClaim{Now: now, Lease: time.Minute, Limit: 10})
	if err != nil || len(due) != 1 {
		t.Errorf("%d deliveries are due, want session.expired: %v", len(due), err)
	}
}
