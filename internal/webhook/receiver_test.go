package webhook_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// call is one request as a receiver saw it.
type call struct {
	at     time.Time
	path   string
	header http.Header
	body   string
}

// receiver is an HTTP transport and records what is sent through it; answer says what comes back. It stands in for the network, so that hours
// pass at once under synctest.
type receiver struct {
	answer func(r *http.Request, n int) (*http.Response, error) // n counts from 1

	mu    sync.Mutex
	calls []call
}

func (f *receiver) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	f.calls = append(f.calls, call{time.Now(), r.URL.Path, r.Header.Clone(), string(body)})
	n := len(f.calls)
	f.mu.Unlock()
	return f.answer(r, n)
}

func (f *receiver) seen() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func status(code int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("noted"))}
}

func always(code int, header ...string) func(*http.Request, int) (*http.Response, error) {
	return func(*http.Request, int) (*http.Response, error) { return status(code, header...), nil }
}

// hang answers nothing until the sender gives up.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func endpoint(id, url string) usher.Endpoint {
	return usher.Endpoint{ID: id, TenantID: "t1", URL: url, Dialect: "native", Secrets: []string{testSecret}}
}

// start runs a sender and gives what ends it and waits for its error.
func start(t testing.TB, cfg webhook.Config) (s *webhook.Sender, stop func() error) {
	t.Helper()
	s, err := webhook.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return s, sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
}

func mustStop(t testing.TB, stop func() error) {
	t.Helper()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// sendOne runs one delivery against a receiver until it is done and gives what is known of it. It must be called in a synctest bubble.
func sendOne(t *testing.T, e usher.Endpoint, f *receiver, cfg webhook.Config) *outbox {
	t.Helper()
	o := newOutbox()
	o.add("d1", e, "s1", []byte(`{"id":"evt_1"}`), time.Now())
	cfg.Outbox, cfg.Client = o, &http.Client{Transport: f}
	_, stop := start(t, cfg)
	o.waitDone()
	mustStop(t, stop)
	return o
}
