package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, and all that common authenticator programs know; HMAC does not need collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/store"
)

// One-time codes (RFC 6238): six digits of HMAC-SHA-1 over the number of the 30 seconds. A code of the step before and after is taken, for clocks
// that differ; each step serves once.
const (
	stepLength  = 30 * time.Second
	codeDigits  = 1_000_000
	secretBytes = 20
)

// Recovery codes: sixteen letters of base32 are 80 random bits, which a hash without salt or work keeps well.
const (
	recoveryCodes  = 10
	recoveryLength = 16
)

func stepOf(t time.Time) int64 { return t.Unix() / int64(stepLength/time.Second) }

// codeAt gives the code of a step (RFC 4226, section 5.3).
func codeAt(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step)) //nolint:gosec // steps are positive
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%codeDigits)
}

// matchStep gives the step that a code is of, among this one and its neighbours; the newest where two have the same. 0 is none.
func matchStep(secret []byte, code string, now time.Time) int64 {
	var found int64
	for step := stepOf(now) - 1; step <= stepOf(now)+1; step++ {
		if subtle.ConstantTimeCompare([]byte(codeAt(secret, step)), []byte(code)) == 1 {
			found = step
		}
	}
	return found
}

// totpURI gives the address that authenticator programs read (the Key URI format).
func totpURI(secret []byte, email string) string {
	const issuer = "usher desk"
	q := url.Values{"secret": {secretText(secret)}, "issuer": {issuer}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+email) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

func secretText(secret []byte) string { return base32.StdEncoding.EncodeToString(secret) }

// sealTOTP and openTOTP keep the secret of a member's codes: it stands in the database as no one who has the database alone can use it.
func (a *Auth) sealTOTP(row store.StaffRow, secret []byte) ([]byte, error) {
	if a.config.Seal == nil {
		return nil, errors.New("seal secret of codes: no sealer is set up")
	}
	sealed, err := a.config.Seal.SealTenant(row.TenantID, secret, []byte("staff.totp/"+row.ID))
	if err != nil {
		return nil, fmt.Errorf("seal secret of codes: %w", err)
	}
	return sealed, nil
}

func (a *Auth) openTOTP(row store.StaffRow, sealed []byte) ([]byte, error) {
	if a.config.Seal == nil {
		return nil, errors.New("open secret of codes: no sealer is set up")
	}
	secret, err := a.config.Seal.OpenTenant(row.TenantID, sealed, []byte("staff.totp/"+row.ID))
	if err != nil {
		return nil, fmt.Errorf("open secret of codes: %w", err)
	}
	return secret, nil
}

// useCode uses up a one-time or a recovery code and says which it was, or "" when it is none of this member's, or was used before: two nodes that
// are given the same at once ask one row of the database.
func (a *Auth) useCode(ctx context.Context, row store.StaffRow, code string) (string, error) {
	code = plainCode(code)
	if row.TOTP == nil {
		return "", nil
	}
	var err error
	method := byTOTP
	if len(code) == recoveryLength {
		method = byRecovery
		err = a.store.UseStaffCode(ctx, row.ID, recoveryHash(row.ID, code), a.now())
	} else {
		var secret []byte
		if secret, err = a.openTOTP(row, row.TOTP); err != nil {
			return "", err
		}
		step := matchStep(secret, code, a.now())
		if step == 0 {
			return "", nil
		}
		err = a.store.UseStaffStep(ctx, row.ID, step)
	}
	if errors.Is(err, store.ErrConflict) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("use code: %w", err)
	}
	return method, nil
}

// plainCode gives a code as it is compared: people type it with spaces and dashes.
func plainCode(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(code))
}

func recoveryHash(staff, code string) []byte { return digest("recovery/" + staff + "/" + code) }

// newRecoveryCodes gives codes to show once, and what is kept of them.
func newRecoveryCodes(staff string) (codes []string, hashes [][]byte) {
	for range recoveryCodes {
		code := rand.Text()[:recoveryLength]
		hashes = append(hashes, recoveryHash(staff, code))
		codes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
	}
	return codes, hashes
}
