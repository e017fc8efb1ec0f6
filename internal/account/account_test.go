package account_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/account"
)

var wanted = usher.AccountRequest{
	Key: "session-1", SessionID: "s1", Type: "current", Tenant: usher.Tenant{ID: "t1", Currency: "EUR"},
	Applicant: usher.Applicant{ID: "a1", Details: usher.Details{FirstName: "Anna", LastName: "Eriksson"}},
}

func TestInternal(t *testing.T) {
	t.Parallel()
	a, err := account.Internal{}.Open(context.Background(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	if !account.ValidIBAN(a.Number) || !strings.HasPrefix(a.Number, "ZZ") || !a.Test || a.Status != usher.AccountConfirmed {
		t.Errorf("account %+v", a)
	}
	again, _ := account.Internal{}.Open(context.Background(), wanted)
	if again.Number != a.Number {
		t.Error("a second try gave another number")
	}
	other := wanted
	other.Key = "session-2"
	if b, _ := (account.Internal{}).Open(context.Background(), other); b.Number == a.Number {
		t.Error("another key gave the same number")
	}
}

func TestValidIBAN(t *testing.T) {
	t.Parallel()
	// The two numbers are examples of the IBAN registry (SWIFT, ISO 13616).
	for number, want := range map[string]bool{
		"GB29 NWBK 6016 1331 9268 19": true, "SE4550000000058398257466": true, "SE4550000000058398257467": false, "": false,
		"GB29nwbk60161331926819": false, "GB29": false,
	} {
		if got := account.ValidIBAN(number); got != want {
			t.Errorf("%q: %t", number, got)
		}
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		answer string
		want   string // status of the account; "" means ask again
	}{
		"opened":           {200, `{"status":"CONFIRMED","number":"N1","reference":"r"}`, "CONFIRMED"},
		"refused in words": {200, `{"status":"ERROR","error":"closed on Sundays"}`, "ERROR"},
		"refused by code":  {422, ``, "ERROR"},
		"busy":             {503, ``, ""},
		"too many":         {429, ``, ""},
		"redirected":       {302, ``, ""},
		"not JSON":         {200, `<html>`, ""},
		"neither":          {200, `{"status":"MAYBE"}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got map[string]any
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				raw, _ := io.ReadAll(r.Body)
				_ = json.Unmarshal(raw, &got)
				if r.Header.Get("Idempotency-Key") != wanted.Key || r.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("headers %v", r.Header)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.answer)
			}))
			defer srv.Close()
			client := srv.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			a, err := account.NewHTTP(account.HTTPConfig{URL: srv.URL, Token: "secret", Client: client}).Open(context.Background(), wanted)
			if (err != nil) != (tt.want == "") || a.Status != tt.want {
				t.Errorf("account %+v, error %v", a, err)
			}
			if p, ok := got["applicant"].(map[string]any); !ok || p["last_name"] != "Eriksson" || got["key"] != wanted.Key {
				t.Errorf("asked with %v", got)
			}
		})
	}
}
