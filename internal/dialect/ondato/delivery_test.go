package ondato_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/ondato"
	"github.com/usher-kyc/usher/internal/webhook"
)

// got is one delivery as a receiver sees it.
type got struct {
	path   string
	header http.Header
	body   []byte
}

// TestDeliveries sends real messages over HTTP to endpoints with each of the vendor's ways of proving who sends.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	w := open(t)
	calls := make(chan got, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.URL.Path == "/token" {
			const form = "client_id=hooks&client_secret=s3cret&grant_type=client_credentials"
			if string(body) != form || r.Header.Get("Authorization") != "" {
				t.Errorf("the token was asked for by %q", body)
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"abc","token_type":"Bearer","expires_in":3600}`)
			return
		}
		calls <- got{r.URL.Path, r.Header, body}
		if r.URL.Path == "/refuses" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	const secret = "a-secret-of-more-than-24-bytes"
	for path, auth := range map[string]usher.EndpointAuth{
		"/basic": {Type: "basic", Username: "hook", Password: "s3cret"}, "/key": {Type: "header", Name: "X-Api-Key", Value: "k3y"},
		"/oauth": {Type: "oauth2", TokenURL: server.URL + "/token", ClientID: "hooks", ClientSecret: "s3cret"},
		"/hmac":  {Type: "hmac", Secret: secret}, "/refuses": {Type: "hmac", Secret: secret},
	} {
		_, err := w.CreateEndpoint(t.Context(), w.Tenant.ID, usher.Endpoint{
			URL: server.URL + path, Dialect: ondato.Name, Auth: auth, Names: []string{"Idv.StatusChanged"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	c := w.login(t, w.Tenant)
	id := c.create(object{"lastName": "Petrauskė"})
	w.do(t, id, usher.Command{Kind: usher.CmdOpen, By: usher.Actor{Kind: usher.ByApplicant}})

	sender, err := webhook.New(webhook.Config{
		Outbox: w.Engine, Client: webhook.NewClient(webhook.ClientConfig{Dev: true}), Now: w.Now,
		Policies: map[string]webhook.Policy{ondato.Name: webhook.Policy(w.Delivery)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sender.Run(ctx) }()
	seen := map[string]got{}
	for len(seen) < 5 {
		call := <-calls
		seen[call.path] = call
	}
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("the sender ended: %v", err)
	}

	if user, password, ok := (&http.Request{Header: seen["/basic"].header}).BasicAuth(); !ok || user != "hook" || password != "s3cret" {
		t.Errorf("basic: %v", seen["/basic"].header)
	}
	if key := seen["/key"].header.Get("X-Api-Key"); key != "k3y" {
		t.Errorf("the key was %q", key)
	}
	if bearer := seen["/oauth"].header.Get("Authorization"); bearer != "Bearer abc" {
		t.Errorf("the token was %q", bearer)
	}
	signed := seen["/hmac"]
	if !verified(signed.header, secret, signed.body, w.Now()) {
		t.Errorf("the signature %q does not verify", signed.header.Get("Ondato-Signature"))
	}
	if verified(signed.header, secret, append(slices.Clone(signed.body), ' '), w.Now()) || verified(signed.header, "another", signed.body, w.Now()) {
		t.Error("the signature verifies with another body or secret")
	}
	if kind := signed.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("the content type is %q", kind)
	}
	held(t, c, id, signed.body)
}

// held looks at what the history holds of one message that four endpoints took and two did not.
func held(t *testing.T, c caller, id string, body []byte) {
	t.Helper()
	var sent, history []map[string]any
	var one map[string]any
	if err := json.Unmarshal(body, &one); err != nil {
		t.Fatal(err)
	}
	c.call("GET", "/idvapi/v1/identity-verifications/"+id+"/webhooks", nil, http.StatusOK, &history)
	delivered := 0
	for _, h := range history {
		if h["isDelivered"] == true {
			delivered++
			moment(t, h["deliveredUtc"])
		} else if h["deliveredUtc"] != nil {
			t.Errorf("not delivered, and yet at %v", h["deliveredUtc"])
		}
		delete(h, "isDelivered")
		delete(h, "deliveredUtc")
		sent = append(sent, one)
	}
	if diff := cmp.Diff(sent, history); diff != "" || len(history) != 6 || delivered != 4 {
		t.Errorf("%d deliveries, %d taken; want 6 and 4. What was sent and what the history holds (-sent +held):\n%s", len(history), delivered, diff)
	}
}

// oneMessage is an outbox of one message.
type oneMessage struct {
	mu      sync.Mutex
	d       usher.Delivery
	leased  bool
	reports []usher.DeliveryReport
	done    chan struct{}
}

func (o *oneMessage) Exchange(_ context.Context, reports []usher.DeliveryReport, c usher.DeliveryClaim) ([]usher.ClaimedDelivery, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range reports {
		o.reports, o.leased = append(o.reports, r), false
		o.d.Attempts, o.d.Status, o.d.DueAt = r.Attempt.Number, r.Status, r.RetryAt
		if r.Status != usher.DeliveryPending {
			close(o.done)
		}
	}
	if o.leased || o.d.Status != usher.DeliveryPending || o.d.DueAt.After(c.Now) || c.Limit == 0 {
		return nil, nil
	}
	o.leased = true
	e := usher.Endpoint{ID: "e", URL: "https://client.example/hooks", Dialect: ondato.Name, Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
	return []usher.ClaimedDelivery{{Delivery: o.d, Endpoint: e}}, nil
}

func (o *oneMessage) Release(context.Context, []string) error { return nil }

func (o *oneMessage) NextDue(context.Context) (time.Time, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.leased || o.d.Status != usher.DeliveryPending {
		return time.Time{}, nil
	}
	return o.d.DueAt, nil
}

// answers stands in for the network.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// tries sends one message to a receiver until the sender is done with it.
func tries(t *testing.T, answer answers) []usher.DeliveryReport {
	d := openDialect(t)
	o := &oneMessage{done: make(chan struct{}), d: usher.Delivery{
		ID: "d", EndpointID: "e", SessionID: "s", Status: usher.DeliveryPending, DueAt: time.Now(), Message: usher.Message{Body: []byte("{}")},
	}}
	sender, err := webhook.New(webhook.Config{
		Outbox: o, Client: &http.Client{Transport: answer}, Policies: map[string]webhook.Policy{ondato.Name: webhook.Policy(d.Delivery)},
		Rand: func() float64 { return 0.5 },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sender.Run(ctx) }()
	<-o.done
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("the sender ended: %v", err)
	}
	return o.reports
}

func TestRefusedForEverIsDroppedAfterThirtyTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		reports := tries(t, func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
		})
		if len(reports) != 30 || reports[29].Status != usher.DeliveryDead {
			t.Fatalf("%d tries, the last %s", len(reports), reports[len(reports)-1].Status)
		}
		var waits []time.Duration
		for _, r := range reports[:12] {
			waits = append(waits, r.Attempt.At.Sub(begun).Round(time.Second))
			begun = r.Attempt.At
		}
		want := []time.Duration{
			0, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour,
			6 * time.Hour, 12 * time.Hour, 12 * time.Hour,
		}
		if diff := cmp.Diff(want, waits); diff != "" {
			t.Errorf("waits between tries (-want +got):\n%s", diff)
		}
	})
}

func TestSlowReceiverIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := true
		reports := tries(t, func(r *http.Request) (*http.Response, error) {
			if first {
				first = false
				select {
				case <-time.After(31 * time.Second):
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
			}
			return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
		})
		if len(reports) != 2 || reports[0].Status != usher.DeliveryPending || reports[1].Status != usher.DeliveryDelivered {
			t.Fatalf("reports: %d", len(reports))
		}
		if took := reports[0].Attempt.LatencyMS; took != 30_000 {
			t.Errorf("the receiver was waited for %d ms, want 30 s", took)
		}
		if again := reports[1].Attempt.At.Sub(reports[0].Attempt.At); again != 40*time.Second {
			t.Errorf("the second try began %s after the first, want 30 s and 10 s", again)
		}
	})
}
