package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/usher-kyc/usher"
)

// Parameters of argon2id: OWASP's password storage advice, first choice for little memory (19 MiB, two passes, one lane).
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	saltLength  = 16
	hashLength  = 32
)

// Bounds of a password. There are no rules about its characters: length is what counts (NIST SP 800-63B-4, section 3.1.1.2).
const (
	shortestPassword = 15 // characters
	longestPassword  = 512
	fewestLetters    = 5 // different characters, which refuses "aaaaaaaaaaaaaaa" and "121212121212121"
)

// hashPassword gives a password's hash with a new salt, made with memory KiB, in the PHC string format, so that parameters can rise without losing old ones.
func hashPassword(password string, memory uint32) string {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonTime, memory, argonLanes, hashLength)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, argonTime, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// passwordMatches tells whether a password belongs to a hash.
func passwordMatches(hash, password string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("read password hash: not argon2id")
	}
	var version int
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, fmt.Errorf("read password hash: unknown version")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil || passes == 0 || lanes == 0 {
		return false, fmt.Errorf("read password hash: unknown parameters")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read salt of password hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) != hashLength {
		return false, fmt.Errorf("read password hash: wrong length")
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, hashLength)
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// goodPassword refuses a password that is easy to guess for somebody who knows the account.
func goodPassword(email, firm, password string) error {
	letters := map[rune]bool{}
	for _, r := range password {
		letters[r] = true
	}
	switch {
	case !utf8.ValidString(password):
		return usher.Invalid("password", "use readable characters")
	case utf8.RuneCountInString(password) < shortestPassword:
		return usher.Invalid("password", "use at least %d characters; a few words in a row do well", shortestPassword)
	case len(password) > longestPassword:
		return usher.Invalid("password", "use at most %d bytes", longestPassword)
	case len(letters) < fewestLetters:
		return usher.Invalid("password", "use more different characters")
	case strings.Contains(strings.ToLower(password), email):
		return usher.Invalid("password", "leave the e-mail address out of it")
	case isCommon(password, email, firm):
		return usher.Invalid("password", "this is easy to guess: use a few words that do not belong together")
	}
	return nil
}
