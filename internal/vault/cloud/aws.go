//go:build awskms

package cloud

import (
	"context"
	"strings"

	"github.com/tink-crypto/tink-go-awskms/v3/integration/awskms"
	"github.com/tink-crypto/tink-go/v2/tink"
)

func openAWS(ctx context.Context, address string) (tink.AEADWithContext, error) {
	return awskms.NewAEADWithContext(ctx, strings.TrimPrefix(address, "aws-kms://"))
}
