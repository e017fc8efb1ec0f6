package incode_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/incode"
	"github.com/usher-kyc/usher/internal/dialecttest"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// world is a server of this dialect with a client and an executive in each tenant.
type world struct {
	*enginetest.House
	api.Dialect
	door    *auth.Auth
	backend api.Backend
	client  usher.APIClient
	told    map[string]map[string]string // by tenant id: what its developers are told
}

// set changes how a world is built.
type set func(*usher.Tenant, *auth.NewClient, *api.Backend)

func open(t *testing.T, sets ...set) world {
	t.Helper()
	return openOn(t, enginetest.Config{}, sets...)
}

func openOn(t *testing.T, c enginetest.Config, sets ...set) world {
	t.Helper()
	h := enginetest.Open(t, c)
	w := world{House: h, told: map[string]map[string]string{}}
	w.door = auth.New(auth.Config{Store: h.Store, Now: h.Now, Log: slog.New(slog.DiscardHandler)})
	w.backend = api.Backend{
		Service: h.Service, Front: api.Front{Credentials: w.door, Idempotency: h.Answers()}, Stamps: h.Stamps, BaseURL: "https://usher.example/compat/incode",
		Now: h.Now, Log: slog.New(slog.DiscardHandler), Dev: true,
	}
	for _, s := range sets {
		s(&h.Tenant, &auth.NewClient{}, &w.backend)
	}
	w.serve(t)
	for _, tenant := range []usher.Tenant{h.Other, h.Live, h.Tenant} {
		for _, text := range w.Flows {
			h.Publish(tenant.ID, text[strings.Index(text, "name: "):])
		}
		var logins []api.Login
		for _, part := range w.Offers[0].Parts {
			n := auth.NewClient{Dialect: incode.Name, DefaultFlow: w.Offers[0].Flow, Scopes: part.Scopes, FrameAncestors: []string{"https://bank.example", "http://localhost:*"}}
			for _, s := range sets {
				s(&tenant, &n, &w.backend)
			}
			client, secret, err := w.door.CreateClient(t.Context(), tenant.ID, n, usher.Actor{})
			if err != nil {
				t.Fatal(err)
			}
			logins = append(logins, api.Login{Part: part.Name, Client: client, Secret: secret})
		}
		w.client, w.told[tenant.ID] = logins[0].Client, w.Tell(logins)
	}
	if _, err := h.CreateEndpoint(t.Context(), h.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: incode.Name}); err != nil {
		t.Fatal(err)
	}
	return w
}

// serve builds the dialect anew, after its backend was changed.
func (w *world) serve(t *testing.T) {
	t.Helper()
	d, err := incode.OpenPaused(w.backend, func(context.Context, time.Duration) error {
		w.Settle()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Dialect = d
	w.Speak(d.Renderer)
}

// keyed lets transcripts name sessions by the vendor's ids.
type keyed struct{ usher.Service }

func (k keyed) id(ctx context.Context, tenant, id string) string {
	if s, err := k.SessionByKey(ctx, tenant, incode.Name, id); err == nil {
		return s.ID
	}
	return id
}

func (k keyed) Session(ctx context.Context, tenant, id string) (usher.Session, error) {
	return k.Service.Session(ctx, tenant, k.id(ctx, tenant, id))
}

func (k keyed) Do(ctx context.Context, tenant, id string, c usher.Command) (usher.Session, error) {
	return k.Service.Do(ctx, tenant, k.id(ctx, tenant, id), c)
}

func (k keyed) Simulate(ctx context.Context, c usher.APIClient, id, action string) (usher.Session, error) {
	return k.Service.Simulate(ctx, c, k.id(ctx, c.TenantID, id), action)
}

// moments are the times that stand as numbers in answers and webhooks; a transcript shows all of them as the same one.
var moments = regexp.MustCompile(`"(timestamp|_createdAt|_updatedAt|closedAt)":\d{13}`)

func still(body []byte) []byte { return moments.ReplaceAll(body, []byte(`"$1":1772614800123`)) }

func (w world) handlerOfTranscripts() http.Handler {
	return http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		w.Handler.ServeHTTP(rec, r)
		for name, values := range rec.Header() {
			to.Header()[name] = values
		}
		to.WriteHeader(rec.Code)
		_, _ = to.Write(still(rec.Body.Bytes()))
	})
}

func (w world) messages() []usher.Message {
	all := w.Messages(w.House.Tenant.ID)
	for i := range all {
		all[i].Body = still(all[i].Body)
	}
	return all
}

func TestTranscripts(t *testing.T) {
	t.Parallel()
	but := map[string]string{"account_error": "the vendor opens no accounts"}
	dialecttest.Run(t, "testdata", but, func(t *testing.T, scenario string) dialecttest.Stage {
		w := open(t)
		switch scenario {
		case "review_approve", "review_reject", "resubmission":
			w.Checks.Set(usher.CheckFace, usher.Consider, usher.FaceNotCompared)
		case "stop_fail":
			w.Checks.Set(usher.CheckDocument, usher.Refuse, usher.DocumentExpired)
		}
		own, other := w.told[w.House.Tenant.ID], w.told[w.Other.ID]
		return dialecttest.Stage{
			Handler: w.handlerOfTranscripts(), Service: keyed{w.Service}, Client: w.client,
			Messages: w.messages, Settle: w.Settle, Advance: w.Advance,
			Header: map[string]string{
				"Api-Version": "1.0", "X-Api-Key": "<api_key>", "X-Incode-Hardware-Id": "<token 1>", "Content-Type": "application/json",
			},
			Given: map[string]string{
				"api_key": own["api_key"], "other_api_key": other["api_key"], "live_api_key": w.told[w.Live.ID]["api_key"], "client_id": own["client_id"],
				"executive_email": own["executive_email"], "executive_password": own["executive_password"],
				"other_email": other["executive_email"], "other_password": other["executive_password"],
				"configuration_id": own["configuration_id"], "other_configuration_id": other["configuration_id"],
				"live_configuration_id": w.told[w.Live.ID]["configuration_id"],
				"face_login_id":         incode.ConfigurationID(w.House.Tenant.ID, "incode_face_login"),
				"mexico_id":             incode.ConfigurationID(w.House.Tenant.ID, "incode_mexico"),
				"picture":               picture,
			},
			Secrets: []string{"token", "interviewId", "interviewCode", "url", "interviewToken"},
			Show:    []string{"Allow", "Retry-After", "Access-Control-Allow-Origin", "Access-Control-Allow-Headers", "Cache-Control"},
		}
	})
}

// picture is the smallest there is, in base64.
const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="

// object is a JSON object.
type object map[string]any

// caller calls the API with headers of its own.
type caller struct {
	t      *testing.T
	w      world
	header map[string]string
}

// by gives a caller with the API key of a tenant.
func (w world) by(t *testing.T, tenant usher.Tenant) caller {
	t.Helper()
	return caller{t: t, w: w, header: map[string]string{"api-version": "1.0", "x-api-key": w.told[tenant.ID]["api_key"]}}
}

// with gives a caller with one header more, or, for an empty value, one less.
func (c caller) with(name, value string) caller {
	header := map[string]string{}
	for k, v := range c.header {
		header[k] = v
	}
	header[name] = value
	c.header = header
	return c
}

// call sends a request, fails the test unless it is answered with a status, and gives the answer.
func (c caller) call(method, path string, body any, status int) object {
	c.t.Helper()
	rec := c.send(method, path, body)
	if rec.Code != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, rec.Code, status, rec.Body)
	}
	var got object
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		var list []any
		if json.Unmarshal(rec.Body.Bytes(), &list) != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, rec.Body)
		}
	}
	return got
}

func (c caller) send(method, path string, body any) *httptest.ResponseRecorder {
	c.t.Helper()
	var text io.Reader = http.NoBody
	switch b := body.(type) {
	case nil:
	case string:
		text = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		text = strings.NewReader(string(raw))
	}
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, text)
	for name, value := range c.header {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	rec := httptest.NewRecorder()
	c.w.Handler.ServeHTTP(rec, r)
	return rec
}

// start begins an interview and gives a caller with its token, and its id.
func (c caller) start(more object) (caller, string) {
	c.t.Helper()
	body := object{"configurationId": c.w.told[c.w.House.Tenant.ID]["configuration_id"]}
	for k, v := range more {
		body[k] = v
	}
	got := c.call("POST", "/omni/start", body, http.StatusOK)
	return c.with("X-Incode-Hardware-Id", got["token"].(string)), got["interviewId"].(string)
}

// executive gives a caller with an executive's token.
func (c caller) executive(tenant usher.Tenant) caller {
	c.t.Helper()
	told := c.w.told[tenant.ID]
	got := c.with("x-api-key", told["api_key"]).call("POST", "/executive/log-in",
		object{"email": told["executive_email"], "password": told["executive_password"]}, http.StatusOK)
	return c.with("x-api-key", told["api_key"]).with("X-Incode-Hardware-Id", got["token"].(string))
}

// capture sends a document and a selfie, and processes them.
func (c caller) capture() {
	c.t.Helper()
	image := object{"base64Image": picture}
	c.call("POST", "/omni/add/front-id/v2?onlyFront=false", image, http.StatusOK)
	c.call("POST", "/omni/add/back-id/v2?retry=false", image, http.StatusOK)
	c.call("POST", "/omni/process/id", object{}, http.StatusOK)
	c.call("POST", "/omni/add/face/third-party?imageType=selfie", image, http.StatusOK)
	c.call("POST", "/omni/process/face?imageType=selfie", object{}, http.StatusOK)
}
