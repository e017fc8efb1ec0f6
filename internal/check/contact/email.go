package contact

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The longest an address and its parts may be, in octets (RFC 5321, section 4.5.3.1).
const (
	longestAddress = 254
	longestLocal   = 64
	longestLabel   = 63
)

// email says why an address cannot be one, or "". live refuses names that are kept for examples, too.
func email(address string, live bool) string {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address || strings.ContainsAny(address, `"<> `) {
		return "not the form of an address"
	}
	at := strings.LastIndexByte(address, '@')
	local, domain := address[:at], strings.TrimSuffix(norm.NFC.String(address[at+1:]), ".")
	switch {
	case len(address) > longestAddress || len(local) > longestLocal:
		return "longer than an address may be"
	case strings.HasPrefix(domain, "["):
		return "a number in place of a domain"
	}
	return host(strings.ToLower(domain), live)
}

// host says why a domain cannot be one that mail is sent to.
func host(domain string, live bool) string {
	labels := strings.Split(domain, ".")
	last := labels[len(labels)-1]
	if len(labels) < 2 {
		return "the domain has no ending"
	}
	for _, label := range labels {
		if why := part(label); why != "" {
			return why
		}
	}
	if utf8.RuneCountInString(last) < 2 || strings.ContainsAny(last, "0123456789") && !strings.HasPrefix(last, "xn--") {
		return "the domain's ending cannot be one"
	}
	switch last { // RFC 2606 and RFC 6762: endings that no mail ever reaches
	case "invalid", "localhost", "local", "internal":
		return "a domain that no mail reaches"
	case "test", "example":
		if live {
			return "a domain kept for examples"
		}
	}
	if live && (domain == "example.com" || domain == "example.org" || domain == "example.net") {
		return "a domain kept for examples"
	}
	return ""
}

// part says why a label cannot be one. Letters of every script may be (RFC 5890); those of two scripts in one label are how
// one name is made to look like another.
func part(label string) string {
	if label == "" || len(label) > longestLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return "the domain is not one"
	}
	scripts := map[string]bool{}
	for _, r := range label {
		switch {
		case r == '-', r >= '0' && r <= '9':
		case !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Nd):
			return "the domain is not one"
		case unicode.Is(unicode.Latin, r):
			scripts["latin"] = true
		case unicode.Is(unicode.Cyrillic, r):
			scripts["cyrillic"] = true
		case unicode.Is(unicode.Greek, r):
			scripts["greek"] = true
		}
	}
	if len(scripts) > 1 {
		return "letters of different alphabets in the domain"
	}
	return ""
}
