package main

import (
	"net/http/httptest"
	"testing"
)

func TestCallerAddress(t *testing.T) {
	t.Parallel()
	trusted, err := prefixes("127.0.0.0/8, ::1/128, 10.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	address := callerAddress(trusted)
	for name, tt := range map[string]struct {
		peer, forwarded, want string
	}{
		"no proxy":                      {"203.0.113.9:4711", "", "203.0.113.9"},
		"no proxy, header is a lie":     {"203.0.113.9:4711", "198.51.100.1", "203.0.113.9"},
		"proxy":                         {"127.0.0.1:4711", "203.0.113.9", "203.0.113.9"},
		"two proxies":                   {"127.0.0.1:4711", "203.0.113.9, 10.1.2.3", "203.0.113.9"},
		"the caller wrote a line first": {"127.0.0.1:4711", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		"rubbish":                       {"127.0.0.1:4711", "unknown", "127.0.0.1"},
		"rubbish before a proxy":        {"127.0.0.1:4711", "x, 10.1.2.3", "127.0.0.1"},
		"proxy without the header":      {"[::1]:4711", "", "::/64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
			r.RemoteAddr = tt.peer
			if tt.forwarded != "" {
				r.Header.Set("X-Forwarded-For", tt.forwarded)
			}
			if got := address(r); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
