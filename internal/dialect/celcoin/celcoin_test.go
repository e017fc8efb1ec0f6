package celcoin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/celcoin"
	"github.com/usher-kyc/usher/internal/dialecttest"
	"github.com/usher-kyc/usher/internal/enginetest"
)

const mount = "https://api.example.test/compat/celcoin"

// world is a server of this dialect with clients of every flow in each tenant.
type world struct {
	*enginetest.House
	dialect api.Dialect
	door    *auth.Auth
	client  usher.APIClient // of the house's own tenant
	logins  map[string][2]string
}

// open sets a world; flow is that of the client that speaks.
func open(t *testing.T, flow string) world {
	t.Helper()
	h := enginetest.Open(t)
	door := auth.New(auth.Config{Store: h.Store, Now: h.Now, Log: slog.New(slog.DiscardHandler)})
	w := world{House: h, door: door, logins: map[string][2]string{}}
	d := w.speak(t, h.Service)
	w.dialect = d
	h.Speak(d.Renderer)
	for name, tenant := range map[string]usher.Tenant{"other_": h.Other, "live_": h.Live, "": h.Tenant} {
		for _, text := range d.Flows {
			_, rest, _ := strings.Cut(text, "name: ")
			h.Publish(tenant.ID, "name: "+rest)
		}
		client, secret, err := door.CreateClient(t.Context(), tenant.ID, auth.NewClient{Dialect: celcoin.Name, DefaultFlow: flow}, usher.Actor{})
		if err != nil {
			t.Fatal(err)
		}
		w.logins[name] = [2]string{client.ID, secret}
		if name == "" {
			w.client = client
		}
	}
	return w
}

// speak opens the dialect on a service.
func (w world) speak(t *testing.T, service usher.Service) api.Dialect {
	t.Helper()
	d, err := celcoin.Open(api.Backend{
		Service: service, Front: api.Front{Credentials: w.door}, Stamps: w.Stamps, BaseURL: mount, Fetch: fileServer(), Dev: true, Now: w.Now,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fileServer stands where a client's files are.
func fileServer() *http.Client {
	return &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		switch r.URL.Path {
		case "/text":
			_, _ = io.WriteString(w, "<html>")
		case "/large":
			_, _ = w.Write(append([]byte("%PDF-"), make([]byte, 15<<20)...))
		case "/moved":
			w.WriteHeader(http.StatusFound)
		case "/pdf":
			_, _ = io.WriteString(w, "%PDF-1.7\n")
		default:
			_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 1, 1)))
		}
		return w.Result(), nil
	})}
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// sign gives an access token.
func (w world) sign(t *testing.T, name string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {w.logins[name][0]}, "client_secret": {w.logins[name][1]}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v5/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	w.dialect.Handler.ServeHTTP(answer, r)
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil || got.AccessToken == "" {
		t.Fatalf("no token: %d %s", answer.Code, answer.Body)
	}
	return got.AccessToken
}

// call sends a request and gives status and body.
func (w world) call(ctx context.Context, token, method, path, body string) (int, []byte) {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	answer := httptest.NewRecorder()
	w.dialect.Handler.ServeHTTP(answer, r)
	return answer.Code, bytes.TrimSpace(answer.Body.Bytes())
}

// today puts the day around now where a transcript asks for DAY.
func (w world) today() http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		now := w.Now()
		day := url.Values{"DateFrom": {now.Add(-12 * time.Hour).Format(time.RFC3339)}, "DateTo": {now.Add(12 * time.Hour).Format(time.RFC3339)}}
		r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "DAY", day.Encode())
		w.dialect.Handler.ServeHTTP(answer, r)
	})
}

// upload does what an applicant does on our page with a driving licence and a camera: nothing of it is simulated.
func (w world) upload(t *testing.T, session string) {
	t.Helper()
	by := usher.Actor{Kind: usher.ByApplicant}
	for _, kind := range []usher.EvidenceKind{usher.DocumentFront, usher.DocumentBack, usher.Selfie} {
		n := usher.NewEvidence{Kind: kind, Source: usher.FromCamera, ContentType: "image/png", By: by}
		if _, _, err := w.Service.AddEvidence(t.Context(), w.Tenant.ID, session, n, strings.NewReader("picture of "+string(kind))); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.Do(t.Context(), w.Tenant.ID, session, usher.Command{
		Kind: usher.CmdSubmit, By: by, Consent: &usher.Consent{Face: true}, Document: &usher.DocumentChoice{Type: usher.DrivingLicence},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// flowOf gives the flow of the client in a transcript, by the end of its name.
func flowOf(scenario string) string {
	for _, end := range []string{"phased_files", "continuous_files", "continuous"} {
		if strings.HasSuffix(scenario, end) {
			return "celcoin_" + end
		}
	}
	return "celcoin_phased"
}

func TestTranscripts(t *testing.T) {
	t.Parallel()
	dialecttest.Run(t, "testdata", nil, func(t *testing.T, scenario string) dialecttest.Stage {
		w := open(t, flowOf(scenario))
		if scenario != "webhooks" { // where the client subscribes itself
			if _, err := w.CreateEndpoint(t.Context(), w.Tenant.ID, usher.Endpoint{URL: "https://client.example/hook", Dialect: celcoin.Name}); err != nil {
				t.Fatal(err)
			}
		}
		given := map[string]string{}
		for name, login := range w.logins {
			given[name+"client_id"], given[name+"client_secret"] = login[0], login[1]
		}
		return dialecttest.Stage{
			Handler: w.today(), Service: w.Service, Client: w.client,
			Messages: func() []usher.Message { return w.Messages(w.Tenant.ID) }, Settle: w.Settle, Advance: w.Advance,
			Header:  map[string]string{"Authorization": "Bearer <access_token 1>", "Content-Type": "application/json"},
			Given:   given,
			Secrets: []string{"access_token", "documentscopyId", "subscriptionId", "url", "urlDocumentscopy", "link"},
			Show:    []string{"Allow", "Retry-After", "Content-Disposition"},
			Acts: map[string]dialecttest.Act{
				"check": func(t *testing.T, args []string) { // check KIND OUTCOME [REASON]
					var why []usher.ReasonCode
					for _, code := range args[2:] {
						why = append(why, usher.ReasonCode(code))
					}
					w.Checks.Set(usher.CheckKind(args[0]), usher.Outcome(args[1]), why...)
				},
				"upload": func(t *testing.T, args []string) { w.upload(t, args[0]) },
				"erase": func(t *testing.T, args []string) {
					s, err := w.Session(t.Context(), w.Tenant.ID, args[0])
					if err == nil {
						_, err = w.EraseApplicant(t.Context(), w.Tenant.ID, s.ApplicantID, usher.Actor{Kind: usher.BySystem, ID: "retention"})
					}
					if err != nil {
						t.Fatal(err)
					}
				},
			},
		}
	})
}
