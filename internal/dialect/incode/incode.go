package incode

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Name is the name of this dialect, of its API clients and of its endpoints.
const Name = "incode"

// flowUsual is the flow of the usual offer.
const flowUsual = "incode"

// partExecutive is the part of an offer that stands for the vendor's dashboard user.
const partExecutive = "executive"

//go:embed incode.yaml
var usualText string

//go:embed face_login.yaml
var faceLoginText string

//go:embed mexico.yaml
var mexicoText string

// dialect serves the API.
type dialect struct {
	api.Backend
	pause    func(context.Context, time.Duration) error // between looks at a session whose checks are out
	pictures *api.Limiter                               // of pictures per session
	logins   *api.Limiter                               // of executives, per e-mail address and caller
	people   api.Turns                                  // by their external ids
}

// Open gives the dialect to the composition root.
func Open(b api.Backend) (api.Dialect, error) { return open(b, sleep) }

func open(b api.Backend, pause func(context.Context, time.Duration) error) (api.Dialect, error) {
	d := &dialect{
		Backend: b, pause: pause,
		pictures: b.Sharing.Limiter("incode/pictures", api.Limit{Rate: 1, Burst: 5, Now: b.Now}),
		people:   api.Turns{Among: b.Turn},
		logins:   b.Sharing.Limiter("incode/logins", api.Limit{Rate: 1.0 / 12, Burst: 5, Now: b.Now}),
	}
	f := b.Front
	f.Dialect, f.Fail, f.Who = Name, d.fail, d.who
	f.Forms = func(*http.Request) bool { return true } // tokens are sent as headers, which no form of another site can do
	f.Idempotency = nil                                // the vendor has no such header
	routes := d.routes()
	return api.Dialect{
		Name: Name, Handler: d.door(f.Handler(routes)), Routes: routes.Routes(), Renderer: Renderer{stamps: b.Stamps}, Events: messageNames(),
		Delivery: api.Delivery{Schedule: retries(), Timeout: 10 * time.Second, Accepts: taken},
		Pages:    usher.PageRules{Exit: exit, Framed: true},
		Flows:    []string{usualText, faceLoginText, mexicoText},
		Offers: []api.Offer{{Name: Name, Flow: flowUsual, Parts: []api.Part{
			{Scopes: []usher.Scope{usher.ScopeRead, usher.ScopeWrite}},
			{Name: partExecutive, Scopes: []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide}},
		}}},
		Tell: func(logins []api.Login) map[string]string { return tell(b.BaseURL, logins) },
	}, nil
}

func tell(base string, logins []api.Login) map[string]string {
	told := map[string]string{"base_url": base}
	for _, l := range logins {
		if l.Part == partExecutive {
			told["executive_email"], told["executive_password"] = l.Client.ID+executiveHost, l.Secret
			continue
		}
		told["api_key"], told["client_id"] = l.Secret, l.Client.ID
		told["configuration_id"] = configurationID(l.Client.TenantID, l.Client.DefaultFlow)
	}
	return told
}

// exit sends the browser on when the applicant has finished, and only then: the vendor's page stays where it is otherwise.
func exit(s usher.Session, m usher.Moment) string {
	if m != usher.MomentFinished {
		return ""
	}
	return redirection(s)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// The calls that need no token: who signs in, or has none yet.
const (
	pathStart     = "/omni/start"
	pathLogIn     = "/executive/log-in"
	pathVerify    = "/omni/authentication/verify"
	pathVerifyOld = "/omni/auth-attempt/verify"
)

// routes lists the calls of an onboarding, and with them those of answers. Paths are as [dialect.door] leaves them: without /0 and without a slash at the end.
func (d *dialect) routes() *api.Mux {
	mux := api.NewMux()
	// The applicant's browser may call all that an onboarding is made of, for its own session, and an executive for any of the tenant's.
	going := func(pattern string, answer func(request) (any, error)) {
		mux.On(pattern, d.call(answer), usher.ActGoOn, usher.ActWritePeople)
	}
	mux.On("POST "+pathStart, d.call(d.start), usher.ActWritePeople)
	mux.On("POST "+pathLogIn, d.call(d.logIn), usher.ActEnter)
	mux.On("POST "+pathVerify, d.call(d.verify), usher.ActGoOn, usher.ActSeeCases)
	mux.On("POST "+pathVerifyOld, d.call(d.verify), usher.ActGoOn, usher.ActSeeCases)
	going("GET /omni/onboarding-url", d.onboardingURL)
	going("GET /omni/get/onboarding/status", d.status)
	going("GET /omni/get/postprocess/isfinished", d.isFinished)
	going("GET /omni/finish-status", d.finish)
	going("POST /omni/finish-status", d.finish)

	front, back, selfie := d.document(usher.DocumentFront), d.document(usher.DocumentBack), d.selfie
	for path, upload := range map[string]func(request) (any, error){
		"front-id/v2": front, "front-id": front, "back-id/v2": back, "back-id": back, "face/third-party": selfie, "face": selfie,
	} {
		going("POST /omni/add/"+path, upload)
	}
	going("POST /omni/process/id", d.process(usher.StepDocument))
	going("POST /omni/process/face", d.processFace)
	going("POST /omni/process/government-validation", d.trigger(usher.CheckRegistry, "government validation"))
	going("POST /omni/process/imss", d.trigger(usher.CheckWorkHistory, "work history search"))
	going("POST /omni/process/payment-proof", d.trigger(usher.CheckPaymentProof, "payment proof"))
	going("POST /omni/add/qr-code-text", d.addText)
	going("POST /omni/add/user-consent", d.addConsent)
	going("POST /omni/add/ml-consent", d.addLearning)
	going("POST /omni/add/phone", d.addPhone)
	going("POST /omni/add/email", d.addEmail)
	going("POST /omni/add/name", d.addName)
	going("POST /omni/add/custom-fields", d.addFields)
	for _, path := range []string{"add/event", "add/device-fingerprint", "add/geolocation", "attempt-finished"} {
		going("POST /omni/"+path, d.heard)
	}

	d.answers(mux)
	return mux
}

// answers lists the calls that read, review and delete.
func (d *dialect) answers(mux *api.Mux) {
	on := func(pattern string, answer func(request) (any, error)) {
		mux.On(pattern, d.call(answer), usher.ActGoOn, usher.ActSeeCases)
	}
	look := func(pattern string) { mux.On(pattern, d.call(d.images), usher.ActGoOn, usher.ActSeePictures) }
	decide := func(pattern string, answer func(request) (any, error)) {
		mux.On(pattern, d.call(answer), usher.ActDecide)
	}
	// The token of a session concludes it where the client that began it may decide, as [dialect.decidable] sees.
	conclude := func(pattern string, answer func(request) (any, error)) {
		mux.On(pattern, d.call(answer), usher.ActGoOn, usher.ActDecide)
	}
	on("GET /omni/get/score", d.score)
	on("GET /omni/get/ocr-data", d.ocr)
	on("GET /omni/get/ocr-data/v2", d.ocrWrapped)
	for _, path := range []string{"get/images", "get/images/v2"} {
		look("GET /omni/" + path)
		look("POST /omni/" + path)
	}
	on("GET /omni/get/custom-fields", d.reading(fieldsAnswer))
	on("GET /omni/get/user-consent", d.reading(consentAnswer))
	on("GET /omni/get/events", d.reading(func(usher.Session) any { return []any{} }))
	on("GET /omni/get/onboarding-modules", d.reading(func(usher.Session) any { return modulesAnswer{Modules: []any{}} }))
	on("GET /omni/get/data", d.reading(factsAnswer))
	on("GET /omni/start-info", d.reading(factsAnswer))
	on("GET /omni/get/phone", d.contact(func(a usher.Details) any { return phoneAnswer{Phone: plus(a.Phone)} }))
	on("GET /omni/get/email", d.contact(func(a usher.Details) any { return emailAnswer{Email: orNull(a.Email)} }))
	on("GET /omni/flow/{flow}", d.flow)

	conclude("POST /omni/process/approve", d.approve)
	conclude("POST /omni/process/reject", d.reject)
	conclude("POST /omni/session/status/set", d.closeSession)
	decide("DELETE /omni/interview", d.deleteInterview)
	decide("DELETE /omni/interviews", d.deleteInterviews)
	on("GET /omni/updated-watchlist-result", d.updatedWatchlist)
	on("POST /omni/process/global-watchlist", d.globalWatchlist)
	on("POST /omni/watchlist-result", d.watchlistResult)
}

// request is one call: who makes it, and how to read it.
type request struct {
	*http.Request
	w http.ResponseWriter
	p api.Principal
}

func (r request) tenant() string { return r.p.Tenant() }

// byApplicant tells whether the token is that of a session, which lives in the applicant's browser.
func (r request) byApplicant() bool { return slices.Contains(r.p.Scopes, scopeSession) }

// mostBody is the most that a request may hold, in bytes.
const mostBody = 10 << 20

// body reads a JSON object; an empty body, null, and members this server does not know are fine, and the content type is not looked at.
func (r request) body(into any) error {
	return api.JSON{Limit: mostBody, Tolerant: true, AnyType: true, Optional: true}.Read(r.w, r.Request, into)
}

// call makes a handler of what answers a call. Every success is 200.
func (d *dialect) call(answer func(request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, _ := api.PrincipalFrom(r.Context())
		said, err := answer(request{Request: r, w: w, p: p})
		if err != nil {
			d.fail(w, r, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		api.WriteJSON(w, http.StatusOK, said)
	}
}

// find gives the session a call is about. The token of a session is good for that session and no other; an executive names one of the tenant's.
// Some of the vendor's samples send the id under another name, or under none.
func (d *dialect) find(r request) (usher.Session, error) {
	q := r.URL.Query()
	id := cmp.Or(q.Get("id"), q.Get("interviewId"), q.Get(""))
	if r.byApplicant() {
		own := r.p.Client.ID
		if id != "" && id != own {
			return usher.Session{}, usher.NotFound("interview")
		}
		id = own
	}
	if id == "" {
		return usher.Session{}, api.Malformed("id", "name the interview")
	}
	return d.session(r.Context(), r.tenant(), id)
}

// session gives a tenant's session by the vendor's id. One that was started elsewhere has no such id and goes by its own.
func (d *dialect) session(ctx context.Context, tenant, id string) (usher.Session, error) {
	s, err := d.Service.SessionByKey(ctx, tenant, Name, id)
	if is(err, usher.CodeNotFound) && strings.Contains(id, "-") {
		s, err = d.Service.Session(ctx, tenant, id)
		if err == nil && s.Dialect != Name {
			err = usher.NotFound("interview")
		}
	}
	if is(err, usher.CodeNotFound) || is(err, usher.CodeGone) {
		return usher.Session{}, usher.NotFound("interview")
	}
	return s, err
}

// actor gives who a command about a session comes from: the client that started it, or the executive.
func (r request) actor(s usher.Session) usher.Actor {
	if r.byApplicant() {
		return usher.Actor{Kind: usher.ByClient, ID: s.ClientID}
	}
	return r.p.Actor()
}

// patience bounds how long a call waits for checks that are out. Most take a second or two; the vendor's own limit for a request is 30 s.
const patience = 20 * time.Second

// settled gives the session once the checks that are out have answered, or as it is when they take too long: the vendor's clients read results
// right after the call that asks for them.
func (d *dialect) settled(ctx context.Context, s usher.Session) (usher.Session, error) {
	const shortest, longest = 25 * time.Millisecond, 400 * time.Millisecond
	wait := shortest
	for waited := time.Duration(0); waited < patience && d.checking(s); waited += wait {
		wait = min(2*wait, longest)
		if err := d.pause(ctx, wait); err != nil {
			return s, err
		}
		var err error
		if s, err = d.session(ctx, s.TenantID, interviewID(s)); err != nil {
			return s, err
		}
	}
	return s, nil
}

// checking tells whether checks are out that were asked not long ago.
func (d *dialect) checking(s usher.Session) bool {
	st, _, ok := s.Current()
	return ok && !s.State.Ended() && st.State == usher.StepRunning && d.Now().Sub(st.AskedAt) < patience
}

// texts reads what must be an object of texts; numbers and truth values count as the text they are written as.
func texts(field string, given map[string]json.RawMessage) (map[string]string, error) {
	all := map[string]string{}
	for name, value := range given {
		text := string(value)
		switch {
		case text == "null":
			continue
		case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
			return nil, api.Malformed(field+"."+name, "must be a text")
		case strings.HasPrefix(text, `"`):
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, api.Malformed(field+"."+name, "must be a text")
			}
		}
		if len(name) > longestField || len(text) > longestValue {
			return nil, api.Malformed(field+"."+name, "is too long: names have at most 64 bytes, values 1,024")
		}
		all[name] = text
	}
	if len(all) > mostFields {
		return nil, api.Malformed(field, "may have at most 20 members")
	}
	return all, nil
}

// The bounds of what a client keeps beside a session.
const (
	mostFields   = 20
	longestField = 64   // bytes
	longestValue = 1024 // bytes
)
