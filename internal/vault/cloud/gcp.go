//go:build gcpkms

package cloud

import (
	"context"

	"github.com/tink-crypto/tink-go-gcpkms/v2/integration/gcpkms"
	"github.com/tink-crypto/tink-go/v2/tink"
)

func openGCP(ctx context.Context, address string) (tink.AEADWithContext, error) {
	return gcpkms.GetAEADWithContext(ctx, address)
}
