package webhook_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

// Over a real connection: the headers, the bytes, and nothing of the person or the answer in the log.
func TestWhatIsSentAndLogged(t *testing.T) {
	t.Parallel()
	body := []byte("{\"name\": \"Åsa\",\t\"order\" :1}\n")
	taken := make(chan call, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		taken <- call{header: r.Header.Clone(), body: string(b), path: r.URL.RequestURI()}
		w.WriteHeader(http.StatusAccepted)
		w.Write(bytes.Repeat([]byte("å"), 40_000))
	}))
	defer server.Close()
	o := newOutbox()
	o.add("d1", endpoint("e1", server.URL+"/hook?key=hidden"), "s1", body, time.Now())
	var log bytes.Buffer
	_, stop := start(t, webhook.Config{
		Outbox: o, Client: webhook.NewClient(webhook.ClientConfig{Dev: true}), Version: "1.2.3",
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	o.waitDone()
	mustStop(t, stop)
	got := <-taken
	if got.body != string(body) || got.path != "/hook?key=hidden" {
		t.Errorf("sent %q to %s", got.body, got.path)
	}
	for name, want := range map[string]string{"User-Agent": "usher/1.2.3", "Content-Type": "application/json", "Webhook-Id": "d1"} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
		}
	}
	if _, ok := got.header["Idempotency-Key"]; ok {
		t.Error("the empty Idempotency-Key went over the wire")
	}
	if err := webhook.Verify(got.header, body, []string{testSecret}, time.Now()); err != nil {
		t.Error(err)
	}
	if a := o.tries("d1")[0]; a.Answer != strings.Repeat("å", 512) || a.Status != 202 || a.Error != "" {
		t.Errorf("written: %d, %d bytes of answer, error %q", a.Status, len(a.Answer), a.Error)
	}
	for _, secret := range []string{"Åsa", "hidden", "å", "127.0.0.1", testSecret} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, log.String())
		}
	}
	if !strings.Contains(log.String(), "delivery=d1") || !strings.Contains(log.String(), "status=202") {
		t.Errorf("the log lacks the try: %s", log.String())
	}
}

// Over a real connection: what a tenant reads about a try that failed names no address.
func TestWordsForFailures(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	breaks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(breaks.Close)
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	moved := httptest.NewServer(http.RedirectHandler("https://elsewhere.example/", http.StatusFound))
	t.Cleanup(moved.Close)
	for _, c := range []struct {
		name, url, want string
		secrets         []string
	}{
		{name: "refused", url: closed.URL, want: "the connection was refused"},
		{name: "broken off", url: breaks.URL, want: "the connection was closed without an answer"},
		{name: "certificate", url: tls.URL, want: "the certificate was not accepted"},
		{name: "redirect", url: moved.URL, want: "the endpoint answered with a redirect, which is not followed; register the address it leads to"},
		{name: "private", url: "https://10.0.0.7/", want: "the address may not be called: it is not a public https address on an allowed port"},
		{name: "other scheme", url: "ftp://client.example/", want: "the address may not be called: it is not a public https address on an allowed port"},
		{name: "unreadable", url: "http://[", want: "the address is not readable"},
		{name: "no secret", url: moved.URL, secrets: []string{}, want: "the endpoint has no usable signing secret; rotate it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := endpoint("e1", c.url)
			if c.secrets != nil {
				e.Secrets = c.secrets
			}
			o := newOutbox()
			o.add("d1", e, "s1", []byte("x"), time.Now())
			_, stop := start(t, webhook.Config{
				Outbox: o, Client: webhook.NewClient(webhook.ClientConfig{Dev: true}),
				Policies: map[string]webhook.Policy{"native": {Schedule: []time.Duration{0}}},
			})
			o.waitDone()
			mustStop(t, stop)
			if got := o.tries("d1")[0].Error; got != c.want || o.status("d1") != usher.DeliveryDead {
				t.Errorf("%s, %q, want %q", o.status("d1"), got, c.want)
			}
		})
	}
}
