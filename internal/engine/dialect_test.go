package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// What the vendors' dialects need of the engine.

func TestKeyStartsOneSession(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx := t.Context()
	create := func(tenant usher.Tenant, key string) (usher.Session, error) {
		s, _, err := h.StartSession(ctx, h.Client(tenant, "native"), usher.NewSession{
			Applicant: &usher.NewApplicant{Details: person}, Key: key, Metadata: map[string]string{"branch": "north"}, Steer: usher.SteerReject,
		})
		return s, err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var won []usher.Session
	for range 8 {
		wg.Go(func() {
			s, err := create(h.Tenant, "order-1")
			mu.Lock()
			defer mu.Unlock()
			var e *usher.Error
			if err == nil {
				won = append(won, s)
			} else if !errors.As(err, &e) || e.Detail != "key_taken" {
				t.Errorf("a taken key answers %v", err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d of 8 callers started a session with one key", len(won))
	}
	page, err := h.ListApplicants(ctx, h.Tenant.ID, usher.ApplicantFilter{Paging: usher.Paging{Count: true}})
	if err != nil || page.Total != 1 {
		t.Errorf("%d applicants are left of 8 calls, %v", page.Total, err)
	}
	got, err := h.SessionByKey(ctx, h.Tenant.ID, "native", "order-1")
	if err != nil || got.ID != won[0].ID || got.Metadata["branch"] != "north" || got.Steer != usher.SteerReject {
		t.Errorf("by key: %s %v %q, %v", got.ID, got.Metadata, got.Steer, err)
	}
	if _, err := h.SessionByKey(ctx, h.Other.ID, "native", "order-1"); err == nil {
		t.Error("another tenant finds the key")
	}
	if _, err := h.SessionByKey(ctx, h.Tenant.ID, "other", "order-1"); err == nil {
		t.Error("another dialect finds the key")
	}
	if got, err := h.SessionByKey(ctx, "", "native", "order-1"); err != nil || got.ID != won[0].ID {
		t.Errorf("without a tenant: %v", err)
	}
	if _, err := create(h.Other, "order-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SessionByKey(ctx, "", "native", "order-1"); err == nil {
		t.Error("a key of two tenants was found without a tenant")
	}
	live, err := create(h.Live, "order-1")
	if err != nil || live.Steer != "" {
		t.Errorf("a live session is steered by %q, %v", live.Steer, err)
	}
	if _, err := h.EraseApplicant(ctx, h.Tenant.ID, won[0].ApplicantID, usher.Actor{Kind: usher.BySystem}); err != nil {
		t.Fatal(err)
	}
	gone, err := h.SessionByKey(ctx, h.Tenant.ID, "native", "order-1")
	var e *usher.Error
	if !errors.As(err, &e) || e.Code != usher.CodeGone || gone.ID != won[0].ID || gone.CreatedAt.IsZero() || len(gone.Metadata) > 0 {
		t.Errorf("of an erased applicant: %s, %v, %v", gone.ID, gone.Metadata, err)
	}
}

func TestAnnotate(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	s, _ := start(t, h, "", person)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdAnnotate, Metadata: map[string]string{"a": "1", "b": "2"}})
	do(t, h, s.ID, usher.Command{Kind: usher.CmdAnnotate, Metadata: map[string]string{"a": "", "c": "3"}})
	got := session(t, h, s.ID).Metadata
	if len(got) != 2 || got["b"] != "2" || got["c"] != "3" {
		t.Errorf("metadata is %v", got)
	}
}

func TestEntryLinkIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx := t.Context()
	s, first := start(t, h, "", person)
	version := session(t, h, s.ID).Version
	a, err := h.EntryLink(ctx, h.Tenant.ID, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.EntryLink(ctx, h.Tenant.ID, s.ID)
	if err != nil || a.URL != b.URL || session(t, h, s.ID).Version != version {
		t.Errorf("two calls gave two links, or changed the session: %v", err)
	}
	if _, err := h.EntryLink(ctx, h.Other.ID, s.ID); err == nil {
		t.Error("another tenant was given a link")
	}
	v, err := h.UseLink(ctx, a.Token)
	if err != nil || v.Session.ID != s.ID || v.Session.State != usher.InProgress {
		t.Fatalf("using it: %v, %s", err, v.Session.State)
	}
	if _, err := h.UseLink(ctx, first.Token); err != nil {
		t.Errorf("it killed the other link: %v", err)
	}
	if _, err := h.UseLink(ctx, a.Token[:len(a.Token)-2]+"AA"); err == nil {
		t.Error("a changed link opens")
	}
	h.Advance(49 * time.Hour)
	var e *usher.Error
	if _, err := h.UseLink(ctx, a.Token); !errors.As(err, &e) || e.Code != usher.CodeGone {
		t.Errorf("after the session's end it answers %v", err)
	}
}

func TestJourney(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx := t.Context()
	s, link := start(t, h, "", person)
	v, err := h.UseLink(ctx, link.Token)
	if err != nil {
		t.Fatal(err)
	}
	for _, screen := range []string{"consent", "details"} {
		if err := h.Saw(ctx, v.Token, usher.PageView{Screen: screen, Agent: "Firefox"}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.Journey(ctx, h.Tenant.ID, s.ID)
	if err != nil || len(got) != 2 || got[0].Screen != "consent" || got[1].Screen != "details" || got[1].At.Before(got[0].At) || got[0].Agent != "Firefox" {
		t.Errorf("journey %d, %v", len(got), err)
	}
	if err := h.Saw(ctx, "no cookie", usher.PageView{Screen: "consent"}); err == nil {
		t.Error("a stranger's page was kept")
	}
	if _, err := h.EraseApplicant(ctx, h.Tenant.ID, s.ApplicantID, usher.Actor{Kind: usher.BySystem}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Journey(ctx, h.Tenant.ID, s.ID); err == nil {
		t.Error("the journey of an erased applicant can be read")
	}
}

// caller has asked somebody who will call back.
type caller struct {
	mu    sync.Mutex
	asked []usher.CheckInput
}

func (*caller) Kind() usher.CheckKind { return usher.CheckRegistry }

func (c *caller) Check(_ context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, in)
	if until := in.AskedAt.Add(time.Second); in.Now.Before(until) {
		return usher.CheckResult{}, &usher.Waiting{Until: until}
	}
	return usher.CheckResult{Outcome: usher.Unavailable, Provider: "caller"}, nil
}

const registered = `name: registered
steps:
  - run: [registry]
  - details: {ask: [name]}
  - decide: {automatic: approve, on_reject: reject}
`

// A check at the head of a flow goes out at the start; its verdict may come by a call, or not at all.
func TestVerdictThatIsAwaited(t *testing.T) {
	t.Parallel()
	c := &caller{}
	h := enginetest.Open(t, enginetest.Config{Checkers: []usher.Checker{c}, RealTime: true})
	h.Publish(h.Tenant.ID, registered)
	s, _ := start(t, h, "registered", person)
	if st, _, _ := s.Current(); st.State != usher.StepRunning || s.State != usher.Created {
		t.Fatalf("the session is %s, its first step %s", s.State, st.State)
	}
	st, _ := s.Step("run")
	report := usher.Command{Kind: usher.CmdReport, Step: "run", Round: st.Round, Results: []usher.CheckResult{
		{Kind: usher.CheckRegistry, Outcome: usher.Clear, Assurance: usher.Verified, Provider: "caller"},
	}}
	late, _ := start(t, h, "registered", person)
	s = do(t, h, s.ID, report)
	if st, _ := s.Step("run"); st.State != usher.StepDone || st.Checks[0].Outcome != usher.Clear {
		t.Fatalf("the verdict was not taken: %+v", st.State)
	}
	h.Settle() // the other one is asked, waits, and is asked once more when its time is over
	got := session(t, h, late.ID)
	if st, _ := got.Step("run"); st.State != usher.StepDone || st.Checks[0].Outcome != usher.Unavailable {
		t.Errorf("a verdict that never came: %s, %+v", st.State, st.Checks)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) != 2 || c.asked[0].Step != "run" || c.asked[0].Round != 1 || c.asked[0].AskedAt.IsZero() {
		t.Errorf("asked %d times", len(c.asked))
	}
}

func TestListsByNationalIDAndPage(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx := t.Context()
	for i := range 5 {
		d := person
		d.NationalID = []string{"39053344705", "11144477735"}[i%2]
		start(t, h, "", d)
	}
	page, err := h.ListApplicants(ctx, h.Tenant.ID, usher.ApplicantFilter{NationalID: "39053344705", Paging: usher.Paging{Limit: 2, Skip: 2, Count: true}})
	if err != nil || len(page.Items) != 1 || page.Total != 3 || page.Items[0].Details.NationalID != "39053344705" {
		t.Errorf("%d items of %d, %v", len(page.Items), page.Total, err)
	}
	sessions, err := h.ListSessions(ctx, h.Tenant.ID, usher.SessionFilter{CreatedBefore: h.Now(), Paging: usher.Paging{Limit: 3, Skip: 3, Count: true}})
	if err != nil || len(sessions.Items) != 2 || sessions.Total != 5 {
		t.Errorf("%d sessions of %d, %v", len(sessions.Items), sessions.Total, err)
	}
}

// names writes two messages for each event.
type names struct{}

func (names) Name() string { return "native" }

func (names) Render(_ usher.View, e usher.Event) ([]usher.Message, error) {
	return []usher.Message{{Event: "one", Body: []byte("{}")}, {Event: "two", Body: []byte("{}")}}, nil
}

// What a dialect asks of its endpoints in live tenants holds when they are made and when they are changed.
func TestEndpointNeedsAuthentication(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{
		Renderers: []usher.Renderer{names{}}, NeedsAuth: func(string) bool { return true },
	})
	proof := usher.EndpointAuth{Type: "basic", Username: "u", Password: "p"}
	with := func(auth usher.EndpointAuth) usher.Endpoint {
		return usher.Endpoint{URL: "https://client.example/hook", Dialect: "native", Auth: auth}
	}
	for name, c := range map[string]struct {
		tenant usher.Tenant
		ep     usher.Endpoint
		code   usher.Code
	}{
		"live, without": {h.Live, with(usher.EndpointAuth{}), usher.CodeInvalid},
		"live, none":    {h.Live, with(usher.EndpointAuth{Type: "none"}), usher.CodeInvalid},
		"live, basic":   {h.Live, with(proof), ""},
		"sandbox":       {h.Tenant, with(usher.EndpointAuth{}), ""},
	} {
		if _, err := h.CreateEndpoint(t.Context(), c.tenant.ID, c.ep); refusal(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
	ep, err := h.CreateEndpoint(t.Context(), h.Live.ID, with(proof))
	if err != nil {
		t.Fatal(err)
	}
	bare := func(e *usher.Endpoint) { e.Auth = usher.EndpointAuth{Type: "none"} }
	if _, err := h.UpdateEndpoint(t.Context(), h.Live.ID, ep.ID, bare); refusal(err) != usher.CodeInvalid {
		t.Errorf("its authentication is taken away: %v", err)
	}
}

// refusal gives the code of an error, "" for none.
func refusal(err error) usher.Code {
	if e, ok := errors.AsType[*usher.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestEndpointTakesTheNamesItWants(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{names{}}})
	ep, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: "native", Names: []string{"two"}})
	if err != nil {
		t.Fatal(err)
	}
	start(t, h, "", person)
	page, err := h.ListDeliveries(t.Context(), h.Tenant.ID, usher.DeliveryFilter{EndpointID: ep.ID})
	if err != nil || len(page.Items) == 0 {
		t.Fatal(err)
	}
	for _, d := range page.Items {
		if d.Message.Event != "two" {
			t.Errorf("the endpoint is sent %q", d.Message.Event)
		}
	}
	one, err := h.ListDeliveries(t.Context(), h.Tenant.ID, usher.DeliveryFilter{Name: "one"})
	if err != nil || len(one.Items) != 0 {
		t.Errorf("%d deliveries of the other name, %v", len(one.Items), err)
	}
	after, err := h.ListDeliveries(t.Context(), h.Tenant.ID, usher.DeliveryFilter{From: h.Now()})
	if err != nil || len(after.Items) != 0 {
		t.Errorf("%d deliveries of the future, %v", len(after.Items), err)
	}
}

// Whoever mended a receiver sends again what waits for its next try: it goes out now, and no second one is queued behind it.
func TestSendAgain(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{names{}}})
	ctx := t.Context()
	ep, err := h.CreateEndpoint(ctx, h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: "native", Names: []string{"two"}})
	if err != nil {
		t.Fatal(err)
	}
	start(t, h, "", person)
	claim := usher.DeliveryClaim{Lease: time.Minute, Limit: 10}
	exchange := func(reports ...usher.DeliveryReport) []usher.ClaimedDelivery {
		claim.Now = h.Now()
		due, err := h.Exchange(ctx, reports, claim)
		if err != nil {
			t.Fatal(err)
		}
		return due
	}
	sent := func() int {
		page, err := h.ListDeliveries(ctx, h.Tenant.ID, usher.DeliveryFilter{EndpointID: ep.ID, Paging: usher.Paging{Limit: 100}})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items)
	}
	first, before := exchange()[0], sent()
	report := usher.DeliveryReport{
		Delivery: first.Delivery, Status: usher.DeliveryPending, RetryAt: h.Now().Add(time.Hour),
		Attempt: usher.DeliveryAttempt{Number: 1, At: h.Now(), Status: 500},
	}
	if due := exchange(report); len(due) != 0 {
		t.Fatalf("%d are due before the hour is over", len(due))
	}
	if n, err := h.Replay(ctx, h.Tenant.ID, ep.ID, first.Delivery.EventID, time.Time{}); err != nil || n != 1 {
		t.Fatalf("replayed %d, %v", n, err)
	}
	due := exchange()
	if len(due) != 1 || due[0].Delivery.ID != first.Delivery.ID || due[0].Delivery.Attempts != 1 || sent() != before {
		t.Fatalf("due are %v, and %d of %d are queued", due, sent(), before)
	}
	report = usher.DeliveryReport{Delivery: due[0].Delivery, Status: usher.DeliveryDelivered, Attempt: usher.DeliveryAttempt{Number: 2, At: h.Now(), Status: 200}}
	exchange(report)
	again, err := h.Resend(ctx, h.Tenant.ID, first.Delivery.ID)
	if err != nil || again.ID == first.Delivery.ID || sent() != before+1 {
		t.Errorf("what was delivered is queued as %s beside %s, %d of %d: %v", again.ID, first.Delivery.ID, sent(), before, err)
	}
}
