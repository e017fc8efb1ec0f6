package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// Stamps signs statements as compact JSON Web Tokens (RFC 7519, HS256), since the clients of some vendors look into what they are given. It is
// an [usher.Stamps].
type Stamps struct {
	Key []byte           // at least 32 bytes, the same on all nodes
	Now func() time.Time // default time.Now
}

var _ usher.Stamps = Stamps{}

// stampHeader is the header of every stamp; another one, such as "none", is not looked into.
var stampHeader = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))

type stampClaims struct {
	Purpose string `json:"aud"`
	Subject string `json:"sub"`
	Until   int64  `json:"exp"` // seconds since 1970 UTC
}

// Stamp gives a signed text that says subject until a time, to the second.
func (s Stamps) Stamp(purpose, subject string, until time.Time) string {
	claims, err := json.Marshal(stampClaims{Purpose: purpose, Subject: subject, Until: until.Unix()})
	if err != nil {
		return "" // strings and a number can always be encoded; an empty stamp opens nothing
	}
	text := stampHeader + "." + base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.sign(text))
}

// Stamped gives the subject of a text that Stamp made for the same purpose.
func (s Stamps) Stamped(purpose, text string) (string, error) {
	unknown := &usher.Error{Code: usher.CodeUnauthenticated, Message: "this token is not known here"}
	signed, signature, ok := cutLast(text, ".")
	if !ok || !strings.HasPrefix(signed, stampHeader+".") {
		return "", unknown
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil || !hmac.Equal(given, s.sign(signed)) {
		return "", unknown
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(signed, stampHeader+"."))
	var c stampClaims
	if err != nil || json.Unmarshal(raw, &c) != nil || c.Purpose != purpose {
		return "", unknown
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	if now().Unix() >= c.Until {
		return "", &usher.Error{Code: usher.CodeGone, Message: "this token has expired"}
	}
	return c.Subject, nil
}

func (s Stamps) sign(text string) []byte {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
