//go:build !gcpkms

package cloud

import (
	"context"
	"errors"

	"github.com/tink-crypto/tink-go/v2/tink"
)

func openGCP(context.Context, string) (tink.AEADWithContext, error) {
	return nil, errors.New("this build has no client of Google Cloud; build one with: go build -tags gcpkms ./cmd/usher")
}
