package usher

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// LongestReasonText bounds what a tenant says of a reason, in characters.
const LongestReasonText = 300

// ReasonText is what a tenant says to applicants of a reason in one language, in place of our own words.
type ReasonText struct {
	Reason    ReasonCode `json:"reason"`
	Language  string     `json:"language"` // tag, such as "sv"
	Text      string     `json:"text"`     // plain, on one line
	UpdatedAt time.Time  `json:"updated_at,omitzero"`
}

// Texts keeps the words of tenants for reasons.
type Texts interface {
	// ReasonTexts lists a tenant's, by reason and language.
	ReasonTexts(ctx context.Context, tenant string) ([]ReasonText, error)
	// PutReasonText replaces one; without a text ours are back. The error is CodeInvalid, with the field, for a reason that is not known and for
	// a text that is too long or holds more than one line.
	PutReasonText(ctx context.Context, tenant string, t ReasonText, by Actor) error
}

// CheckReasonText gives a text without the spaces around it, or refuses it.
func CheckReasonText(t ReasonText) (ReasonText, error) {
	if _, ok := t.Reason.Class(); !ok {
		return t, Invalid("reason", "unknown reason code; see the list of reasons in the API description")
	}
	if t.Language == "" {
		return t, Invalid("language", "name the language")
	}
	t.Text = strings.TrimSpace(t.Text)
	if !utf8.ValidString(t.Text) || utf8.RuneCountInString(t.Text) > LongestReasonText || strings.ContainsFunc(t.Text, unicode.IsControl) {
		return t, Invalid("text", "may have at most %d characters, on one line", LongestReasonText)
	}
	return t, nil
}
