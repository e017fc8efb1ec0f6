// Package cloud seals master keys with the key management services of AWS and Google Cloud, through Tink's own clients. Their libraries are larger
// than the rest of this program, so that a build holds them only when it is asked to: go build -tags awskms,gcpkms.
//
// The services' own ways of finding credentials hold: instance roles, workload identity, the files and variables of their command lines.
package cloud

import (
	"context"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/usher-kyc/usher/internal/vault"
)

// Open returns the keeper of a key, whose address begins with aws-kms:// (arn:aws:kms:…) or gcp-kms:// (projects/…/cryptoKeys/…).
func Open(ctx context.Context, address string) (vault.Keeper, error) {
	for _, one := range []struct {
		prefix string
		open   func(ctx context.Context, address string) (tink.AEADWithContext, error)
	}{{"aws-kms://", openAWS}, {"gcp-kms://", openGCP}} {
		if len(address) <= len(one.prefix) || address[:len(one.prefix)] != one.prefix {
			continue
		}
		key, err := one.open(ctx, address)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", address, err)
		}
		return keeper{key}, nil
	}
	return nil, fmt.Errorf("%q is no key of a key management service: write aws-kms://arn:… or gcp-kms://projects/…", address)
}

// keeper binds what it seals to being a master key.
type keeper struct{ key tink.AEADWithContext }

const bound = "usher master key"

// Wrap has the service seal a key.
func (k keeper) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	sealed, err := k.key.EncryptWithContext(ctx, key, []byte(bound))
	if err != nil {
		return nil, fmt.Errorf("seal with the key management service: %w", err)
	}
	return sealed, nil
}

// Unwrap has the service open what Wrap gave.
func (k keeper) Unwrap(ctx context.Context, sealed []byte) ([]byte, error) {
	key, err := k.key.DecryptWithContext(ctx, sealed, []byte(bound))
	if err != nil {
		return nil, fmt.Errorf("open with the key management service: %w", err)
	}
	return key, nil
}
