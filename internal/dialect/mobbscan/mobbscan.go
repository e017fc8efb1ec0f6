package mobbscan

import (
	_ "embed"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Name is the name of this dialect, of its API clients and of its endpoints.
const Name = "mobbscan"

// The flows that clients are set up with: one that leaves every decision to the integrator or an agent, and one that decides by rule what is clear.
// A third, which cannot be finished without a video of the face, is there to be named.
const (
	manualFlow    = "mobbscan"
	automaticFlow = "mobbscan_automatic"
)

const (
	accessLife   = 15 * time.Minute
	deliveryTime = 10 * time.Second
	stampAccess  = "mobbscan access token"
)

//go:embed mobbscan.yaml
var manualText string

//go:embed mobbscan_automatic.yaml
var automaticText string

//go:embed mobbscan_video.yaml
var videoText string

// server serves the API.
type server struct{ api.Backend }

// Open gives the dialect to the composition root.
func Open(b api.Backend) (api.Dialect, error) {
	if b.Intake == nil {
		b.Intake = sniff
	}
	s := &server{b}
	f := b.Front
	f.Dialect, f.Fail, f.Who = Name, fail, s.who
	f.Open = func(r *http.Request) bool { return r.URL.Path == "/auth/token" }
	f.Forms = mayCarryForm
	f.Idempotency = nil // the vendor has no such header: a scanId is used once, and a decision made twice changes nothing
	routes := s.routes()
	return api.Dialect{
		Name: Name, Handler: f.Handler(routes), Routes: routes.Routes(), Renderer: Renderer{},
		Events:   []string{pending, verified, notVerified},
		Delivery: api.Delivery{Timeout: deliveryTime},
		Pages:    usher.PageRules{Exit: exit, Messages: posted, Framed: true},
		Flows:    []string{manualText, automaticText, videoText},
		Offers:   []api.Offer{{Name: manualFlow, Flow: manualFlow}, {Name: automaticFlow, Flow: automaticFlow}},
		Tell: func(logins []api.Login) map[string]string {
			return map[string]string{"base_url": b.BaseURL, "api_key": logins[0].Client.ID, "api_secret": logins[0].Secret}
		},
	}, nil
}

// routes lists the calls by the rows of the contract.
func (s *server) routes() *api.Mux {
	mux := api.NewMux()
	mux.On("POST /auth/token", s.call(s.token), usher.ActEnter)
	mux.On("POST /onboarding/token", s.call(s.create), usher.ActWritePeople)
	mux.On("GET /mobbscan-agent/getVerificationProcessData/{id}", s.call(s.data), usher.ActSeeCases)
	mux.On("GET /mobbscan-agent/checkVerificationProcessResult/{id}", s.call(s.status), usher.ActSeeCases)
	mux.On("POST /mobbscan-agent/accept", s.call(s.decide(usher.CmdApprove)), usher.ActDecide)
	mux.On("POST /mobbscan-agent/reject", s.call(s.decide(usher.CmdReject)), usher.ActDecide)
	mux.On("POST /mobbscan-agent/pending", s.call(s.decide(usher.CmdReview)), usher.ActDecide)
	mux.On("GET /mobbscan-agent/{id}/image/{type}", s.call(s.evidence(images)), usher.ActSeePictures)
	mux.On("GET /mobbscan-agent/{id}/recording/{type}", s.call(s.evidence(recordings)), usher.ActSeePictures)
	mux.On("GET /api/zip/{id}", s.call(s.zip), usher.ActExportCase)
	mux.On("DELETE /mobbscan-agent/api/verification/{id}", s.call(s.erase), usher.ActWritePeople)
	mux.On("POST /onboarding/{id}/document", s.call(s.uploadDocument), usher.ActWritePeople)
	mux.On("POST /onboarding/{id}/face", s.call(s.uploadFace), usher.ActWritePeople)
	mux.On("POST /onboarding/{id}/finish", s.call(s.finish), usher.ActWritePeople)
	return mux
}

// mayCarryForm lets forms through to the uploads. The content type of a request without a body means nothing.
func mayCarryForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	upload := strings.HasSuffix(r.URL.Path, "/document") || strings.HasSuffix(r.URL.Path, "/face")
	return r.ContentLength == 0 || (upload && kind == "multipart/form-data")
}

// request is one call: who makes it, and the way to answer.
type request struct {
	*http.Request
	w http.ResponseWriter
	p api.Principal
}

func (r request) tenant() string { return r.p.Tenant() }

// read reads the request's JSON object. Members this server does not know are skipped.
func (r request) read(into any) error { return api.JSON{Tolerant: true}.Read(r.w, r.Request, into) }

// answer answers with 200 and a JSON object.
func (r request) answer(body any) error {
	api.WriteJSON(r.w, http.StatusOK, body)
	return nil
}

// call makes a handler of what answers a call.
func (s *server) call(answer func(request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, _ := api.PrincipalFrom(r.Context())
		if err := answer(request{Request: r, w: w, p: p}); err != nil {
			fail(w, r, err)
		}
	}
}

// token gives an access token for key and secret: a JSON Web Token, as the vendor's is, around the one that is kept and can be revoked.
func (s *server) token(r request) error {
	var in tokenRequest
	if err := r.read(&in); err != nil {
		return err
	}
	if in.Key == "" || in.Secret == "" {
		return usher.Invalid("api_key, api_secret", "both are required")
	}
	client, err := s.Front.Credentials.ClientSecret(r.Context(), Name, in.Key, in.Secret)
	if err != nil {
		return err
	}
	t, err := s.Front.Credentials.Issue(r.Context(), client, client.Scopes, accessLife, 0)
	if err != nil {
		return err
	}
	return r.answer(tokenAnswer{
		AccessToken: s.Stamps.Stamp(stampAccess, t.Access, t.ExpiresAt), ExpiresIn: int(accessLife / time.Second),
	})
}

// who finds the client behind a token.
func (s *server) who(r *http.Request) (api.Principal, error) {
	token, err := s.Stamps.Stamped(stampAccess, api.BearerToken(r))
	if err != nil {
		return api.Principal{}, &usher.Error{Code: usher.CodeUnauthenticated, Message: notAuthorized, Err: err}
	}
	client, scopes, err := s.Front.Credentials.Bearer(r.Context(), Name, token)
	return api.Principal{Client: client, Scopes: scopes}, err
}
