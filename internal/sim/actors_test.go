package sim_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/engine"
)

// deed is one wish of an actor and what the actor was told of it.
type deed struct {
	name    string
	kind    string
	session string // it was about
	by      usher.Actor
	command usher.Command
	told    string        // "ok", "no" (refused: nothing has changed) or "unknown" (no answer, or a fault)
	code    usher.Code    // of "no"
	got     usher.Session // of "ok"
	held    string        // id of the decision that was held
	step    int
}

// goal is one session that a client wants.
type goal struct {
	tenant    usher.Tenant
	reference string
	flow      string
	session   string // id, once it was told
	given     int    // how often the client was told of a session
}

// actor is a client, an applicant, a reviewer or one who snoops.
type actor struct {
	w    *world
	name string
	n    int
	rng  *rand.Rand
}

const callTimeout = 30 * time.Second

// try makes one call to whatever process answers, and gives what the caller hears. A caller who has lost patience hears nothing, and the call goes
// on without: what fn writes may be read only when it was told "ok".
func (a *actor) try(kind string, fn func(ctx context.Context, e *engine.Engine) error) (told string, said error) {
	w := a.w
	a.n++
	name := fmt.Sprintf("%s.%d", a.name, a.n)
	_ = w.gate.stop(nil, name+" "+kind)
	up := w.alive()
	if len(up) == 0 {
		return "no", errDead
	}
	inc := up[w.dice.of("route "+name).IntN(len(up))]
	var err error
	answered := make(chan struct{})
	w.live.Go(func() {
		defer close(answered)
		ctx, cancel := context.WithTimeout(as(context.Background(), name), callTimeout)
		defer cancel()
		err = fn(ctx, inc.engine)
	})
	patience := time.NewTimer(time.Duration(5+w.dice.of("patience "+name).IntN(60)) * time.Second)
	defer patience.Stop()
	select {
	case <-answered:
	case <-patience.C:
		_ = w.gate.stop(nil, name+" "+kind+": is not waited for any longer")
		return "unknown", errDead
	}
	told = heard(err)
	_ = w.gate.stop(nil, fmt.Sprintf("%s %s: %s", name, kind, told+codeOf(err)))
	if inc.dead.Load() {
		return "unknown", errDead
	}
	return told, err
}

// heard sorts an answer: a refusal that a front would show says that nothing has changed, any other error nothing.
func heard(err error) string {
	var refused *usher.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refused):
		return "no"
	}
	return "unknown"
}

func codeOf(err error) string {
	var refused *usher.Error
	if errors.As(err, &refused) {
		return " " + string(refused.Code)
	}
	return ""
}

// do carries out a command and remembers what came of it.
func (a *actor) do(kind string, s usher.Session, c usher.Command) *deed {
	d := &deed{kind: kind, session: s.ID, by: c.By, command: c}
	told, err := a.try(kind, func(ctx context.Context, e *engine.Engine) error {
		var err error
		d.got, err = e.Do(ctx, s.TenantID, s.ID, c)
		return err
	})
	a.note(d, told, err)
	return d
}

func (a *actor) note(d *deed, told string, err error) {
	var refused *usher.Error
	if errors.As(err, &refused) {
		d.code = refused.Code
	}
	d.name, d.told, d.step = fmt.Sprintf("%s.%d", a.name, a.n), told, a.w.steps
	a.w.mu.Lock()
	a.w.deeds = append(a.w.deeds, d)
	a.w.mu.Unlock()
	a.w.note(d.kind + " " + told)
}

// look reads a session; ok is false when it was not told.
func (a *actor) look(tenant, id string) (s usher.Session, ok bool) {
	told, _ := a.try("looks", func(ctx context.Context, e *engine.Engine) error {
		var err error
		s, err = e.Session(ctx, tenant, id)
		return err
	})
	return s, told == "ok"
}

// flows are what the tenants onboard by.
func flows() []string {
	return []string{
		"name: plain\nexpires: 3h\nabandon: 20m\nsteps:\n  - consent: {text: identity-check}\n  - details: {ask: [name]}\n  - document: {accept: [passport]}\n" +
			"  - run: [document, face]\n  - decide: {automatic: approve}\n  - account: {opener: bank}\n",
		"name: phased\nexpires: 3h\nremind: [10m]\nsteps:\n  - consent: {text: identity-check}\n  - run: {checks: [document], name: early, stop_on_reject: true}\n" +
			"  - document: {accept: [passport]}\n  - run: [face]\n  - decide: {automatic: approve, on_reject: reject}\n",
		"name: eyes\nexpires: 3h\nsteps:\n  - consent: {text: identity-check}\n  - document: {accept: [passport]}\n  - run: [document, face]\n" +
			"  - decide: {reviewers: 2}\n  - account: {opener: bank}\n",
		"name: hand\nexpires: 3h\nsteps:\n  - consent: {text: identity-check}\n  - decide: {}\n  - account: {opener: bank}\n",
	}
}

// found makes the tenants, with flows and endpoints, before anything can fail.
func (w *world) found() {
	ctx := as(context.Background(), "founder")
	e := w.alive()[0].engine
	for i := range 2 {
		t, err := e.CreateTenant(ctx, fmt.Sprintf("Bank %d", i+1), usher.Live, "EUR")
		w.must(err)
		for _, source := range flows() {
			name, _, _ := strings.Cut(strings.TrimPrefix(source, "name: "), "\n")
			_, err := e.PublishFlow(ctx, t.ID, usher.Flow{Name: name}, source)
			w.must(err)
		}
		for n := range 1 + w.dice.of("endpoints").IntN(2) {
			_, err := e.CreateEndpoint(ctx, t.ID, usher.Endpoint{
				URL: fmt.Sprintf("https://e%d.t%d.example.test/hook", n+1, i+1), Dialect: dialect, Events: []usher.EventType{"*"},
			})
			w.must(err)
		}
		w.tenants = append(w.tenants, t)
	}
	if w.keeps() {
		w.foundPerson(ctx, e)
	}
}

// people sends everybody to work.
func (w *world) people() {
	r := w.dice.of("people")
	for i := range 2 + r.IntN(4) {
		t := w.tenants[i%len(w.tenants)]
		g := &goal{tenant: t, reference: fmt.Sprintf("s%d", i+1), flow: []string{"plain", "plain", "phased", "eyes", "hand"}[r.IntN(5)]}
		w.goals = append(w.goals, g)
		w.begin(fmt.Sprintf("client%d", i+1), func(a *actor) { a.client(g) })
	}
	for i, t := range w.tenants {
		for _, n := range []string{"ann", "bob"} {
			w.begin(fmt.Sprintf("%s%d", n, i+1), func(a *actor) { a.reviewer(t) })
		}
	}
	w.begin("snoop", (*actor).snoop)
	if r.IntN(3) == 0 {
		w.begin("admin", (*actor).admin)
	}
	if w.person != nil {
		w.begin("officer", (*actor).officer)
		w.begin("clerk", (*actor).clerk)
	}
}

func (w *world) begin(name string, do func(*actor)) {
	w.actors++
	w.live.Go(func() {
		a := &actor{w: w, name: name, rng: w.dice.of(name)}
		do(a)
		_ = w.gate.stop(nil, name+" goes home")
		w.actors--
	})
}

func (g *goal) client() usher.APIClient {
	return usher.APIClient{ID: "client-" + g.tenant.Name, TenantID: g.tenant.ID, Dialect: dialect, Scopes: []usher.Scope{usher.ScopeWrite, usher.ScopeDecide}}
}

// client starts a session with an idempotency key, which it sends again until it is answered, and sends an applicant there.
func (a *actor) client(g *goal) {
	for range 40 {
		if a.start(g) {
			break
		}
	}
	if g.session == "" {
		return
	}
	a.w.begin("applicant "+g.reference, func(b *actor) { b.applicant(g) })
	for range a.rng.IntN(3) {
		s, ok := a.look(g.tenant.ID, g.session)
		if !ok {
			continue
		}
		by := usher.Actor{Kind: usher.ByClient, ID: fmt.Sprintf("%s.%d", a.name, a.n)}
		switch a.rng.IntN(6) {
		case 0:
			a.do("cancels", s, usher.Command{Kind: usher.CmdCancel, By: by})
		case 1, 2:
			a.do("annotates", s, usher.Command{Kind: usher.CmdAnnotate, By: by, Metadata: map[string]string{"n": by.ID}})
		case 3:
			a.link(g)
		case 4:
			_, _ = a.try("patches", func(ctx context.Context, e *engine.Engine) error {
				mail := by.ID + "@example.test"
				_, err := e.UpdateApplicant(ctx, s.TenantID, s.ApplicantID, usher.ApplicantPatch{Email: &mail}, by)
				return err
			})
		default:
			a.do("reviews", s, usher.Command{Kind: usher.CmdReview, By: by})
		}
	}
}

func (a *actor) link(g *goal) {
	_, _ = a.try("asks for a link", func(ctx context.Context, e *engine.Engine) error {
		_, link, err := e.IssueLink(ctx, g.client(), g.session, usher.NewLink{})
		if err != nil {
			return err
		}
		_, err = e.LookLink(ctx, link.Token)
		return err
	})
}

// start asks for the session, as the front of the API does it: under a key, with the answer kept.
func (a *actor) start(g *goal) (answered bool) {
	d := &deed{kind: "starts", by: usher.Actor{Kind: usher.ByClient, ID: g.client().ID}}
	told, err := a.try("starts "+g.reference, func(ctx context.Context, e *engine.Engine) error {
		once := api.Once{Tenant: g.tenant.ID, Client: g.client().ID, Key: g.reference}
		begun, err := e.Answers().Begin(ctx, once, sha256.Sum256([]byte(g.reference)))
		switch {
		case err != nil:
			return err
		case begun.Standing == api.InProgress:
			return usher.Conflict("in progress")
		case begun.Standing == api.Replay:
			return json.Unmarshal(begun.Answer.Body, &d.got)
		case begun.Standing != api.Fresh && begun.Standing != api.Taken:
			return errors.New("the key belongs to another request")
		}
		wish := once
		wish.New = begun.Standing == api.Fresh
		d.got, _, err = e.StartSession(api.WithOnce(ctx, wish), g.client(), usher.NewSession{
			Applicant: &usher.NewApplicant{Reference: "of " + g.reference, Details: usher.Details{LastName: "Test"}}, Flow: g.flow, Reference: g.reference,
		})
		if err != nil {
			_ = a.w.gate.stop(nil, a.name+" lets go of the key")
			return errors.Join(err, e.Answers().Release(context.WithoutCancel(ctx), once, begun.Since))
		}
		doc, err := json.Marshal(d.got)
		if err == nil && a.w.gate.stop(nil, a.name+" has the answer kept") == nil {
			// The effect stands whether the answer is kept or not.
			_ = e.Answers().Finish(context.WithoutCancel(ctx), once, api.Answer{Status: 201, Body: doc})
		}
		return err
	})
	a.note(d, told, err)
	if told != "ok" {
		return false
	}
	if g.session != "" && g.session != d.got.ID {
		a.w.broke("duplicated: the key of %s made two sessions", g.reference)
	}
	g.session, d.session = d.got.ID, d.got.ID
	g.given++
	return true
}

// applicant does what is asked, mostly; sometimes twice, sometimes not at all.
func (a *actor) applicant(g *goal) {
	moves := 12 + a.rng.IntN(24)
	for range moves {
		if a.w.over {
			return
		}
		s, ok := a.look(g.tenant.ID, g.session)
		if !ok {
			continue
		}
		if s.State.Ended() || s.State == usher.InReview {
			if a.rng.IntN(4) == 0 {
				return
			}
			a.rest(30)
			continue
		}
		a.move(s)
		if a.rng.IntN(8) == 0 {
			a.move(s) // pressed twice
		}
	}
}

func (a *actor) move(s usher.Session) {
	by := usher.Actor{Kind: usher.ByApplicant, ID: fmt.Sprintf("%s.%d", a.name, a.n+1)}
	st, _, _ := s.Current()
	switch {
	case s.State == usher.Created || s.State == usher.AwaitingApplicant:
		a.do("opens", s, usher.Command{Kind: usher.CmdOpen, By: by})
	case st.Kind == usher.StepConsent && a.rng.IntN(30) == 0:
		a.do("declines", s, usher.Command{Kind: usher.CmdDecline, By: by, Step: st.ID})
	case st.Kind == usher.StepConsent:
		a.do("consents", s, usher.Command{Kind: usher.CmdConsent, By: by, Step: st.ID, Consent: &usher.Consent{Face: true}})
	case st.Kind == usher.StepDetails:
		a.do("tells", s, usher.Command{Kind: usher.CmdCompleteStep, By: by, Step: st.ID, Details: &usher.Details{FirstName: by.ID, LastName: "Test"}})
	case st.Kind == usher.StepDocument && a.rng.IntN(3) > 0:
		a.upload(s, by)
	case st.Kind == usher.StepDocument:
		a.do("shows", s, usher.Command{Kind: usher.CmdCompleteStep, By: by, Step: st.ID, Document: &usher.DocumentChoice{Type: usher.Passport}})
	default:
		a.do("submits", s, usher.Command{Kind: usher.CmdSubmit, By: by})
	}
}

func (a *actor) upload(s usher.Session, by usher.Actor) {
	d := &deed{kind: "uploads", session: s.ID, by: by, command: usher.Command{Kind: usher.CmdAddEvidence}}
	told, err := a.try("uploads", func(ctx context.Context, e *engine.Engine) error {
		var err error
		d.got, _, err = e.AddEvidence(ctx, s.TenantID, s.ID, usher.NewEvidence{
			Kind: usher.DocumentFront, Source: usher.FromUpload, ContentType: "image/png", By: by,
		}, strings.NewReader("picture of "+by.ID))
		return err
	})
	a.note(d, told, err)
}

// rest does nothing for some seconds, at most so many.
func (a *actor) rest(most int) {
	time.Sleep(time.Duration(1+a.rng.IntN(most*1000)) * time.Millisecond)
	_ = a.w.gate.stop(nil, a.name+" is back")
}

// reviewer decides what is in review, at once or with time to take it back.
func (a *actor) reviewer(t usher.Tenant) {
	for range 12 + a.rng.IntN(20) {
		a.rest(30)
		if a.w.over {
			return
		}
		var waiting []usher.Session
		told, _ := a.try("lists", func(ctx context.Context, e *engine.Engine) error {
			page, err := e.ListSessions(ctx, t.ID, usher.SessionFilter{Paging: usher.Paging{Limit: 20, Oldest: true}})
			waiting = page.Items
			return err
		})
		if told != "ok" || len(waiting) == 0 {
			continue
		}
		s := waiting[a.rng.IntN(len(waiting))]
		switch {
		case len(s.Evidence) > 0 && a.rng.IntN(5) == 0:
			a.view(s)
		case s.State == usher.InReview:
			a.decide(s)
		case s.State.Decided() && a.rng.IntN(6) == 0:
			a.judge(s, usher.CmdOverturn)
		}
	}
}

// view has a picture shown.
func (a *actor) view(s usher.Session) {
	d := &deed{kind: "views", session: s.ID, got: s, held: s.Evidence[0].ID, by: usher.Actor{Kind: usher.ByStaff, ID: fmt.Sprintf("%s.%d", a.name, a.n+1)}}
	told, err := a.try("views", func(ctx context.Context, e *engine.Engine) error {
		_, r, err := e.OpenEvidence(ctx, s.TenantID, s.ID, d.held, 0, d.by)
		if err != nil {
			return err
		}
		return r.Close()
	})
	a.note(d, told, err)
}

func (a *actor) decide(s usher.Session) {
	kind := []usher.CommandKind{usher.CmdApprove, usher.CmdApprove, usher.CmdApprove, usher.CmdReject, usher.CmdAskAgain}[a.rng.IntN(5)]
	if a.rng.IntN(2) == 0 {
		a.judge(s, kind)
		return
	}
	d := &deed{kind: "holds", session: s.ID, command: a.judgement(s, kind)}
	told, err := a.try("holds "+string(kind), func(ctx context.Context, e *engine.Engine) error {
		held, err := e.HoldDecision(ctx, s.TenantID, s.ID, d.command, 10*time.Second)
		d.held = held.ID
		return err
	})
	a.note(d, told, err)
	if told != "ok" || a.rng.IntN(3) > 0 {
		return
	}
	u := &deed{kind: "undoes", session: s.ID, held: d.command.Internal}
	told, err = a.try("undoes", func(ctx context.Context, e *engine.Engine) error {
		return e.UndoDecision(ctx, s.TenantID, s.ID, d.held, d.command.By)
	})
	a.note(u, told, err)
}

func (a *actor) judge(s usher.Session, kind usher.CommandKind) {
	c := a.judgement(s, kind)
	if a.rng.IntN(2) == 0 {
		c.IfVersion = s.Version
	}
	a.do(string(kind)+"s", s, c)
}

// judgement is a decision whose internal note is like no other's.
func (a *actor) judgement(s usher.Session, kind usher.CommandKind) usher.Command {
	c := usher.Command{
		Kind: kind, By: usher.Actor{Kind: usher.ByStaff, ID: a.name, Role: usher.RoleSenior}, Internal: fmt.Sprintf("%s.%d", a.name, a.n+1),
	}
	if kind != usher.CmdApprove {
		c.Reasons = []usher.Reason{{Code: usher.ManualReview}}
	}
	if kind == usher.CmdAskAgain {
		c.Steps = []string{"document"}
		if s.FlowName == "hand" {
			c.Kind = usher.CmdApprove
		}
	}
	return c
}

// admin makes a new endpoint while others are at work: what happens from then on is told there, too.
func (a *actor) admin() {
	for range 30 {
		if _, ok := a.look(a.w.tenants[0].ID, cmp.Or(a.w.goals[0].session, "none")); ok {
			break
		}
	}
	_, _ = a.try("makes an endpoint", func(ctx context.Context, e *engine.Engine) error {
		_, err := e.CreateEndpoint(ctx, a.w.tenants[0].ID, usher.Endpoint{
			URL: "https://late.t1.example.test/hook", Dialect: dialect, Events: []usher.EventType{"*"},
		})
		return err
	})
}

// snoop asks for what belongs to the other tenant, by ids that it has guessed right.
func (a *actor) snoop() {
	for range 20 {
		a.rest(20)
		if a.w.over {
			return
		}
		g := a.w.goals[a.rng.IntN(len(a.w.goals))]
		if g.session == "" {
			_, _ = a.try("waits", func(context.Context, *engine.Engine) error { return nil })
			continue
		}
		other := a.w.tenants[0].ID
		if other == g.tenant.ID {
			other = a.w.tenants[1].ID
		}
		a.peek(other, g)
	}
}
