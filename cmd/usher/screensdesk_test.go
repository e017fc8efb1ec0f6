package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
)

// desk shows the administrator's pages with one case in the queue.
func (s *sitting) desk() {
	if _, err := s.b.wait(context.Background(), func(got session) bool { return got.State == string(usher.InReview) }); err != nil {
		s.t.Fatal(err)
	}
	r := browsertest.Open(s.t, browsertest.Options{})
	s.staff = r
	r.Visit(s.b.dev.DeskURL + "/")
	s.shootDesk(r, "desk-sign-in", "The desk: signing in")
	for _, member := range s.b.dev.Staff {
		if member.Role == usher.RoleAdmin {
			r.Fill("E-mail address", member.Email)
			r.Fill("Password", member.Password)
		}
	}
	r.Click("Sign in")
	r.WaitText("Amira Al Mithali")
	s.shootDesk(r, "desk-queue", "The queue, what waits longest first")
	r.Click("Amira Al Mithali")
	r.WaitText("Your decision")
	browsertest.Eval[bool](r, `Promise.all([...document.querySelectorAll(".shot img")].map((i) => { i.loading = "eager"; return i.decode() })).then(() => true)`)
	s.shootDesk(r, "desk-case", "A case: the pictures, what was given beside what was read, hits, checks and history")
	at := browsertest.Eval[string](r, "location.href")
	if hit := browsertest.Eval[string](r, `document.querySelector("#hits ~ table a, section[aria-labelledby=hits] a")?.href ?? ""`); hit != "" {
		r.Visit(hit)
		s.shootDesk(r, "desk-hit", "A hit on a watchlist beside the person")
	}
	for _, page := range []struct{ path, name, about string }{
		{"/approve", "desk-approve", "A decision is confirmed with its reasons"},
		{"/reject", "desk-reject", "A rejection"},
		{"/ask-again", "desk-ask-again", "Asking again: for what, and why"},
		{"/correct", "desk-correct", "Correcting what was read"},
	} {
		r.Visit(at + page.path)
		s.shootDesk(r, page.name, page.about)
	}
	r.Visit(at)
	if look := browsertest.Eval[string](r, `document.querySelector("a[href*='/look/']")?.href ?? ""`); look != "" {
		r.Visit(look)
		s.shootDesk(r, "desk-look", "A picture looked at closely")
	}
	s.settings()
}

// settings shows the administrator's other pages.
func (s *sitting) settings() {
	r, desk := s.staff, s.b.dev.DeskURL
	for _, page := range []struct{ path, name, about string }{
		{"/figures", "desk-figures", "Figures: the funnel, decisions, age of the queue, hits"},
		{"/live", "desk-live", "What happens, as it happens"},
		{"/settings", "desk-settings", "Settings: clients, endpoints, flows"},
		{"/settings/clients/new", "desk-client", "A new API client"},
		{"/settings/flows/screens", "desk-flow", "The editor of a flow, with its check"},
		{"/settings/staff", "desk-staff", "Staff and their roles"},
		{"/settings/brand", "desk-brand", "How the applicant's pages look"},
		{"/settings/texts", "desk-texts", "The words for each reason"},
		{"/settings/retention", "desk-retention", "For how long data is kept, and whom other rules would erase"},
		{"/cases/" + s.b.session.ID + "/keeping", "desk-keeping", "Why one person is kept: hold, end of the relationship, erasure"},
		{"/settings/endpoints/" + s.endpoint, "desk-endpoint", "An endpoint and what was sent to it"},
		{"/keys", "desk-keys", "What the keyboard does"},
	} {
		r.Visit(desk + page.path)
		s.shootDesk(r, page.name, page.about)
	}
}

// subscribe has a client told of everything.
func (s *sitting) subscribe(ctx context.Context) {
	s.t.Helper()
	client := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	s.t.Cleanup(client.Close)
	var endpoint struct {
		ID string `json:"id"`
	}
	err := s.b.call(ctx, http.MethodPost, "/v1/webhook_endpoints",
		map[string]any{"url": client.URL + "/events", "dialect": "native", "events": []string{"*"}}, &endpoint)
	if err != nil {
		s.t.Fatal(err)
	}
	s.endpoint = endpoint.ID
}

// redo has the reviewer ask the applicant for the document again.
func (s *sitting) redo(ctx context.Context) {
	r := s.staff
	r.Visit(s.b.dev.DeskURL + "/cases/" + s.b.session.ID + "/ask-again")
	r.Click("[name=steps][value=document]")
	r.Click("[name=reasons][value=document_glare]")
	r.Fill("Note for the applicant", "Please use daylight.")
	r.Click("main button.act-ask-again")
	r.WaitText("decided by you")
	s.shootDesk(r, "desk-held", "A decision that can still be taken back")
	if _, err := s.b.wait(ctx, func(got session) bool { return got.State == string(usher.AwaitingApplicant) }); err != nil {
		s.t.Fatal(err)
	}
	s.me.Visit(s.here(""))
	s.me.WaitText("again")
	s.shoot(s.me, "redo", "What is asked again, and why")
	s.me.Click("Continue")
	s.shoot(s.me, "redo-photo", "The step that is done over, with the reason")
}

// closed shows the ends without a decision.
func (s *sitting) closed(ctx context.Context) {
	link := s.order(ctx, "screens")
	s.me.Visit(link)
	s.me.Click("Start now")
	if err := s.b.call(ctx, http.MethodPost, "/v1/sessions/"+s.b.session.ID+"/cancel", map[string]any{}, &struct{}{}); err != nil {
		s.t.Fatal(err)
	}
	s.me.Visit(s.here("/ended"))
	s.shoot(s.me, "cancelled", "The company that asked has ended it")
	s.me.Visit(s.order(ctx, "screens-video"))
	s.me.Click("Start now")
	s.me.SetFile("#file", s.selfie)
	s.me.Click("Upload")
	s.me.Click("Use this photo")
	s.me.WaitText("Continue without a video")
	s.shoot(s.me, "video", "A short video of the face, where the flow wants one")
}

// troubles shows what stands in the way, each with ways on.
func (s *sitting) troubles(ctx context.Context) {
	s.me.Visit(s.b.dev.HostedURL + "/help")
	s.shoot(s.me, "help", "The ways for who cannot go on")
	s.me.Visit(s.b.dev.HostedURL + "/s/" + strings.Repeat("x", 43))
	s.shoot(s.me, "no-link", "A link that is not known")
	s.me.Visit(s.b.dev.HostedURL + "/nowhere")
	s.shoot(s.me, "no-page", "A page that does not exist")
	link := s.order(ctx, "identity")
	blocked := browsertest.Open(s.t, browsertest.Options{DenyCamera: true})
	blocked.Visit(link)
	blocked.Click("Start now")
	blocked.Click("Agree and continue")
	blocked.Click("[value=passport]")
	blocked.Click("Continue")
	blocked.Visit(s.here("/front/camera"))
	blocked.WaitText("The camera is blocked")
	s.shoot(blocked, "camera-blocked", "The camera is blocked")
	other := browsertest.Open(s.t, browsertest.Options{})
	other.Visit(s.here(""))
	s.shoot(other, "no-cookie", "A browser that did not open the link")
	other.Visit(link)
	s.shoot(other, "resume", "The link is opened again, at another browser")
	other.Click("main .button")
	blocked.Visit(s.here(""))
	s.shoot(blocked, "elsewhere", "The session went on elsewhere")
}
