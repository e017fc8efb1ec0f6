package sim_test

import (
	"context"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

type (
	enqueueFunc func(q *queue, ctx context.Context, tx store.Tx, jobs []store.Job) error
	claimedFunc func(list []usher.ClaimedDelivery)
)
