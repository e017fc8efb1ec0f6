package main

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSecurityText(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		contact, expires, say string
		ok                    bool
	}{
		"none":         {"", "", "", true},
		"e-mail":       {"mailto:security@example.com", "2027-06-30", "Contact: mailto:security@example.com\nExpires: 2027-06-30T00:00:00Z\nCanonical: https://api.example.com/.well-known/security.txt\n", true},
		"no scheme":    {"security@example.com", "2027-06-30", "", false},
		"plain http":   {"http://example.com/", "2027-06-30", "", false},
		"no end":       {"mailto:security@example.com", "", "", false},
		"rubbish":      {"mailto:security@example.com", "soon", "", false},
		"line smuggle": {"mailto:a@example.com\nContact: mailto:b@example.com", "2027-06-30", "", false},
	} {
		text, err := securityText(settings{SecurityContact: tt.contact, SecurityExpires: tt.expires, URL: "https://api.example.com"})
		if (err == nil) != tt.ok || text != tt.say {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	w := httptest.NewRecorder()
	tellSecurity("Contact: x\n")(w, httptest.NewRequestWithContext(t.Context(), "GET", securityPath, nil))
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || w.Body.String() != "Contact: x\n" {
		t.Errorf("%v %q", w.Header(), w.Body)
	}
}
