package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrSignature is given for a webhook that was not sent by usher, was changed on its way, or is too old. Its reason is for your log; answer
// with 401 and nothing more.
var ErrSignature = errors.New("the webhook's signature does not hold")

// tolerance is how far a webhook's time may be from ours: Standard Webhooks 1.0.0 asks for a limit against replays.
const tolerance = 5 * time.Minute

// Verify checks a webhook by the secrets of its endpoint (whsec_…; give the old one as well while a rotation lasts) and gives its event.
// Header and body are those of the request; read the body before you parse it, since every byte is signed. The same event may come more than
// once: drop what has an id you have seen.
func Verify(header http.Header, body []byte, now time.Time, secrets ...string) (Event, error) {
	var e Event
	id, sent := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sent, 10, 64)
	if id == "" || err != nil {
		return e, fmt.Errorf("%w: webhook-id or webhook-timestamp is missing", ErrSignature)
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return e, fmt.Errorf("%w: it was signed at another time than now", ErrSignature)
	}
	for _, secret := range secrets {
		if signed(secret, id+"."+sent+".", body, header.Values("webhook-signature")) {
			if err := json.Unmarshal(body, &e); err != nil {
				return e, fmt.Errorf("read the event: %w", err)
			}
			return e, nil
		}
	}
	return e, fmt.Errorf("%w: none of its signatures is by a secret given", ErrSignature)
}

// signed tells whether one of the signatures (a list of v1,<base64>) is the secret's.
func signed(secret, before string, body []byte, signatures []string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(before))
	mac.Write(body)
	want := mac.Sum(nil)
	for _, list := range signatures {
		for word := range strings.FieldsSeq(list) {
			encoded, ok := strings.CutPrefix(word, "v1,")
			if !ok {
				continue
			}
			if got, err := base64.StdEncoding.DecodeString(encoded); err == nil && hmac.Equal(got, want) {
				return true
			}
		}
	}
	return false
}
