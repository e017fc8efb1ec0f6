package transit_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/vault"
	"github.com/usher-kyc/usher/internal/vault/transit"
)

// service answers like the transit engine: it turns the base64 text around and calls that sealed.
func service(w http.ResponseWriter, r *http.Request) {
	var q struct{ Plaintext, Ciphertext string }
	if r.Header.Get("X-Vault-Token") != "s.right" {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"errors":["permission denied"]}`))
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	data := map[string]string{}
	switch r.URL.Path {
	case "/v1/transit/encrypt/usher":
		data["ciphertext"] = "vault:v1:" + base64.StdEncoding.EncodeToString([]byte(q.Plaintext))
	case "/v1/transit/decrypt/usher":
		plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(q.Ciphertext, "vault:v1:"))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"errors":["invalid ciphertext: unable to decrypt"]}`))
			return
		}
		data["plaintext"] = string(plain)
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
}

func keeper(t *testing.T, handler http.HandlerFunc, token string) *transit.Keeper {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	k, err := transit.New(transit.Config{URL: s.URL + "/transit/keys/usher", Token: token, Client: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestRing seals a server's master key on its first start and opens it on the next.
func TestRing(t *testing.T) {
	t.Parallel()
	k, path := keeper(t, service, "s.right"), t.TempDir()+"/master.key"
	first, err := vault.OpenRing(t.Context(), path, "", k)
	if err != nil {
		t.Fatal(err)
	}
	second, err := vault.OpenRing(t.Context(), path, "", k)
	if err != nil {
		t.Fatal(err)
	}
	if first.Master().ID() != second.Master().ID() || !second.Keys()[0].Sealed {
		t.Errorf("opened %v, want %v, sealed", second.Keys(), first.Keys())
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		token   string
		want    string
	}{
		"wrong token":   {service, "s.wrong", "permission denied"},
		"no such key":   {http.NotFound, "s.right", "status 404"},
		"not JSON":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("c2VjcmV0")) }, "s.right", "not JSON"},
		"nothing in it": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }, "s.right", "no ciphertext"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := keeper(t, c.handler, c.token).Wrap(t.Context(), make([]byte, 32))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q in it", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), c.token) || strings.Contains(err.Error(), "c2VjcmV0")) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := keeper(t, service, "s.right").Unwrap(ctx, []byte("vault:v1:")); err == nil {
		t.Error("asked after the caller had gone")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []transit.Config{
		{},
		{URL: "vault.example/transit/keys/usher", Token: "t"},
		{URL: "https://vault.example:8200/", Token: "t"},
		{URL: "https://vault.example:8200/transit/keys/", Token: "t"},
		{URL: "https://u:p@vault.example/transit/keys/usher", Token: "t"},
		{URL: "https://vault.example/transit/keys/usher"},
	} {
		c.Client = http.DefaultClient
		if _, err := transit.New(c); err == nil {
			t.Errorf("took %q with token %q", c.URL, c.Token)
		}
	}
}
