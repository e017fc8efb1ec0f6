package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"regexp"
	"strings"

	"github.com/usher-kyc/usher"
)

// A secret is a prefix that says what it is, 30 random characters of base62 (178 bits) and 6 that are the CRC-32 of all before them. The
// prefix lets secret scanners find a leaked one, and the sum lets a typo be refused without asking the database. Underscores, since a
// double click selects across them.
const (
	secretPrefix  = "ush_sk_"
	accessPrefix  = "ush_at_"
	refreshPrefix = "ush_rt_"

	randomLength = 30
	sumLength    = 6
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

var uuidShape = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// newSecret makes one with a prefix.
func newSecret(prefix string) string {
	text := prefix + randomText(randomLength)
	return text + sum(text)
}

// newClientSecret makes the secret of an API client: the prefix tells whether real people are behind it.
func newClientSecret(mode usher.Mode) string {
	if mode == usher.Live {
		return newSecret(secretPrefix + "live_")
	}
	return newSecret(secretPrefix + "test_")
}

// wellFormed tells whether a secret could be one of ours with a prefix.
func wellFormed(secret, prefix string) bool {
	if !strings.HasPrefix(secret, prefix) || len(secret) < len(prefix)+randomLength+sumLength {
		return false
	}
	text := secret[:len(secret)-sumLength]
	return sum(text) == secret[len(text):]
}

// wellFormedKey tells whether a text could be a client's secret or key in a dialect.
func (a *Auth) wellFormedKey(dialect, key string) bool {
	if a.uuidKey(dialect) {
		return uuidShape.MatchString(key)
	}
	return wellFormed(key, secretPrefix)
}

// randomText draws characters of base62. A byte of 248 or more is drawn again: taking it modulo 62 would favour the first eight.
func randomText(n int) string {
	out := make([]byte, 0, n)
	var draw [64]byte
	for len(out) < n {
		_, _ = rand.Read(draw[:])
		for _, b := range draw {
			if b < 62*4 && len(out) < n {
				out = append(out, base62[b%62])
			}
		}
	}
	return string(out)
}

// sum gives the CRC-32 (IEEE) of a text as 6 characters of base62, of which 62^6 are more than enough.
func sum(text string) string {
	v := crc32.ChecksumIEEE([]byte(text))
	var out [sumLength]byte
	for i := sumLength - 1; i >= 0; i-- {
		out[i] = base62[v%62]
		v /= 62
	}
	return string(out[:])
}

// digest is what is stored of a secret. Secrets are random and long, so a plain hash cannot be searched.
func digest(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}
