package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// securityPath is where people look for whom to tell of a weakness (RFC 9116, section 3).
const securityPath = "/.well-known/security.txt"

// securityText writes the file of RFC 9116: the contact, until when it is right, and where the file stands. It is "" where the settings name no
// contact.
func securityText(s settings) (string, error) {
	if s.SecurityContact == "" {
		return "", nil
	}
	if u, err := url.Parse(s.SecurityContact); err != nil || (u.Scheme != "https" && u.Scheme != "mailto" && u.Scheme != "tel") {
		return "", errors.New("security-contact: write an address such as mailto:security@example.com or https://example.com/security")
	}
	until, err := time.Parse(time.DateOnly, s.SecurityExpires)
	if err != nil {
		return "", errors.New("security-expires: say until when the contact is right, such as 2027-06-30")
	}
	return fmt.Sprintf("Contact: %s\nExpires: %s\nCanonical: %s%s\n", s.SecurityContact, until.UTC().Format(time.RFC3339), s.URL, securityPath), nil
}

// tellSecurity answers with a text.
func tellSecurity(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write([]byte(text)) // the caller hung up; there is nobody to tell
	}
}
