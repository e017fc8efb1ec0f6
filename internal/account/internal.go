package account

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
)

// Internal issues account records by itself. Their numbers have the form of an IBAN (ISO 13616) with valid check digits, in the country code ZZ
// and the bank code TEST: ISO 3166-1 leaves ZZ to users and will never give it to a country, so no payment system routes such a number.
type Internal struct{}

var _ usher.AccountOpener = Internal{}

// Name is the name flows use.
func (Internal) Name() string { return "internal" }

const (
	testCountry = "ZZ"
	testBank    = "TEST"
)

// Open issues the record. The number is made from the key, so that a second try gives the same one.
func (Internal) Open(_ context.Context, r usher.AccountRequest) (usher.Account, error) {
	sum := sha256.Sum256([]byte(r.Tenant.ID + "/" + r.Key))
	serial := binary.BigEndian.Uint64(sum[:8]) % 1_000_000_000_000
	d := r.Applicant.Details
	kind := r.Type
	if kind == "" {
		kind = "current"
	}
	return usher.Account{
		Status: usher.AccountConfirmed, Type: kind, Name: r.Tenant.Currency + " account", Currency: r.Tenant.Currency,
		Number: iban(testCountry, fmt.Sprintf("%s%012d", testBank, serial)), BankCode: testBank,
		Beneficiary: strings.TrimSpace(d.FirstName + " " + d.LastName), Test: true, Reference: r.Key,
	}, nil
}

// iban puts check digits before a basic account number (ISO 7064 MOD 97-10, as ISO 13616-1 annex A uses it).
func iban(country, basic string) string {
	return country + fmt.Sprintf("%02d", 98-mod97(basic+country+"00")) + basic
}

// ValidIBAN tells whether the check digits of a number hold.
func ValidIBAN(number string) bool {
	number = strings.ReplaceAll(number, " ", "")
	if len(number) < 5 || len(number) > 34 {
		return false
	}
	for _, c := range number {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return mod97(number[4:]+number[:4]) == 1
}

// mod97 gives the remainder of a number whose letters stand for 10 to 35.
func mod97(s string) int64 {
	var digits strings.Builder
	for _, c := range s {
		if c >= 'A' && c <= 'Z' {
			digits.WriteString(strconv.Itoa(int(c-'A') + 10))
		} else {
			digits.WriteRune(c)
		}
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	if !ok {
		return 0
	}
	return n.Mod(n, big.NewInt(97)).Int64()
}
