package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The three headers of Standard Webhooks 1.0.0.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

const (
	secretPrefix = "whsec_"
	// The specification wants 24 to 64 bytes; HMAC-SHA256 gains nothing beyond 32.
	secretBytes    = 32
	minSecretBytes = 24
	maxSecretBytes = 64
	// A signature older or newer than this is refused, so that a recorded call cannot be played again later. The tolerance is the one the
	// reference libraries of Standard Webhooks use.
	tolerance = 5 * time.Minute
)

// Errors that Verify tells apart.
var (
	ErrHeaders   = errors.New("a webhook header is missing or malformed")
	ErrStale     = errors.New("the webhook timestamp is more than five minutes from now")
	ErrSignature = errors.New("no signature matches")
	ErrSecret    = errors.New("the secret must be whsec_ and the base64 of 24 to 64 bytes")
)

// NewSecret draws a signing secret of 32 bytes from a cryptographic source and gives it in its shown form, whsec_ and base64.
func NewSecret(rand io.Reader) (string, error) {
	key := make([]byte, secretBytes)
	if _, err := io.ReadFull(rand, key); err != nil {
		return "", fmt.Errorf("draw webhook secret: %w", err)
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(key), nil
}

// Sign sets the three headers for a message: its id, the time of this try (whole seconds) and one signature per secret, so that a receiver
// can change over to a new secret at any time during a rotation. It fails when there is no secret or one is malformed, because an unsigned
// message teaches receivers not to look.
func Sign(h http.Header, id string, at time.Time, body []byte, secrets []string) error {
	if len(secrets) == 0 {
		return fmt.Errorf("sign webhook: %w", ErrSecret)
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		key, err := decodeSecret(secret)
		if err != nil {
			return fmt.Errorf("sign webhook: %w", err)
		}
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac(key, id, stamp, body)))
	}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, stamp)
	h.Set(HeaderSignature, strings.Join(signatures, " "))
	return nil
}

// Verify tells whether a received message was signed with one of the secrets, at most five minutes from now. The body must be the bytes as
// they came, before any decoding. The error is ErrHeaders, ErrStale, ErrSignature or ErrSecret, wrapped.
func Verify(h http.Header, body []byte, secrets []string, now time.Time) error {
	id, stamp, list := h.Get(HeaderID), h.Get(HeaderTimestamp), h.Get(HeaderSignature)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" || list == "" {
		return fmt.Errorf("verify webhook: %w", ErrHeaders)
	}
	if at := time.Unix(seconds, 0); now.Sub(at) > tolerance || at.Sub(now) > tolerance {
		return fmt.Errorf("verify webhook: %w", ErrStale)
	}
	for _, secret := range secrets {
		key, err := decodeSecret(secret)
		if err != nil {
			return fmt.Errorf("verify webhook: %w", err)
		}
		want := mac(key, id, stamp, body)
		for signature := range strings.FieldsSeq(list) {
			encoded, ok := strings.CutPrefix(signature, "v1,")
			if !ok {
				continue
			}
			// Compare the bytes, in constant time; a signature that is no base64 cannot match.
			got, err := base64.StdEncoding.DecodeString(encoded)
			if err == nil && hmac.Equal(got, want) {
				return nil
			}
		}
	}
	return fmt.Errorf("verify webhook: %w", ErrSignature)
}

func decodeSecret(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, secretPrefix)
	if !ok {
		return nil, ErrSecret
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) < minSecretBytes || len(key) > maxSecretBytes {
		return nil, ErrSecret
	}
	return key, nil
}

func mac(key []byte, id, stamp string, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s.%s.", id, stamp)
	h.Write(body)
	return h.Sum(nil)
}
