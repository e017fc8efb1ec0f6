package mobbscan

import (
	"encoding/json"
	"net/url"
	"slices"

	"github.com/usher-kyc/usher"
)

// errorType names why a user could not finish, or "" for a moment that is no error.
func errorType(m usher.Moment) string {
	switch m {
	case usher.MomentPermission:
		return "PermissionError"
	case usher.MomentHardware:
		return "HardwareError"
	case usher.MomentConnection:
		return "ConnectionError"
	case usher.MomentExpired:
		return "TimeoutError"
	case usher.MomentDeclined, usher.MomentFailed:
		return "OnboardingError"
	case usher.MomentUnexpected:
		return "SupportError"
	case usher.MomentStarted, usher.MomentFinished:
	}
	return ""
}

// exit sends the browser back: with nothing added when all was done, with the type of an error when one ended the process.
func exit(s usher.Session, m usher.Moment) string {
	if s.ReturnURL == "" || m == usher.MomentStarted {
		return ""
	}
	kind := errorType(m)
	back, err := url.Parse(s.ReturnURL)
	if kind == "" || err != nil {
		return s.ReturnURL
	}
	// Appended, not encoded anew: what the integrator wrote must come back as it was written.
	if back.RawQuery != "" {
		back.RawQuery += "&"
	}
	back.RawQuery += "error=" + kind
	return back.String()
}

// posted is what the page that frames ours is told: that the user began, why a browser could not go on, and that all was done or ended by an error.
func posted(s usher.Session, m usher.Moment) [][]byte {
	info := func(name string) message { return message{Type: "Info", Value: messageValue{Name: name}} }
	said := []message{info("OnboardingFinished")}
	switch kind := errorType(m); {
	case m == usher.MomentStarted:
		said = []message{info("OnboardingStarted")}
	case kind != "":
		failed := message{Type: "Error", Value: messageValue{Message: kind}}
		if !slices.Contains([]usher.Moment{usher.MomentDeclined, usher.MomentFailed, usher.MomentExpired}, m) {
			said = nil // the user may try again
		}
		said = append([]message{failed}, said...)
	}
	var texts [][]byte
	for _, one := range said {
		one.Onboarding = messageSubject{Token: s.Metadata[keptToken], ReturnURL: orNull(s.ReturnURL), ScanID: s.Key}
		if text, err := json.Marshal(one); err == nil { // strings can always be encoded
			texts = append(texts, text)
		}
	}
	return texts
}
