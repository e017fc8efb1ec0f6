package sender_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/sender"
)

func TestHTTP(t *testing.T) {
	t.Parallel()
	var got, auth string
	status := http.StatusAccepted
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, auth = string(body), r.Header.Get("Authorization")+" "+r.Header.Get("Idempotency-Key")
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	h := sender.HTTP{URL: server.URL, Token: "secret", Client: server.Client()}
	m := usher.CodeMessage{ID: "7", TenantID: "t", Channel: usher.ByPhone, To: "46701234567", Text: "123456 is your code"}
	if err := h.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if want := `{"id":"7","tenant":"t","channel":"phone","to":"+46701234567","text":"123456 is your code"}`; got != want || auth != "Bearer secret 7" {
		t.Errorf("posted %s as %s", got, auth)
	}
	status = http.StatusBadGateway
	if err := h.Send(t.Context(), m); err == nil || strings.Contains(err.Error(), "467") {
		t.Errorf("a gateway that fails: %v", err)
	}
	server.Close()
	h.URL += "/send?key=secret"
	if err := h.Send(t.Context(), m); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a gateway that is away: %v", err)
	}
}

func TestLogTellsNobodysAddress(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := sender.Log{Log: slog.New(slog.NewTextHandler(&b, nil))}
	for _, to := range []string{"anna@example.test", "46701234567"} {
		if err := l.Send(t.Context(), usher.CodeMessage{To: to, Text: "123456 is your code"}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), to) || !strings.Contains(b.String(), "123456") {
			t.Errorf("logged %s", b.String())
		}
	}
}

func TestAddressesOfMailServers(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"smtp://u:p@mail.example.test":     "",
		"smtps://mail.example.test:1465":   "",
		"smtp+plain://localhost:1025":      "",
		"smtp+plain://mail.example.test":   "same machine",
		"http://mail.example.test":         "scheme",
		"smtp://":                          "host",
		"smtp://u:pa%zzss@mail.example.te": "not an address",
	} {
		_, err := sender.NewSMTP(address, "Bank <bank@example.test>")
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pa%zz")) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := sender.NewSMTP("smtp://mail.example.test", "nobody"); err == nil {
		t.Error("a sender without an address is taken")
	}
}
