package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

// TestFreeLanes leaves a delivery waiting behind nothing, which no caller can, and has it freed.
func TestFreeLanes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, postgres.Config{URL: url})
	now := time.UnixMilli(1000)
	if err := db.AddDelivery(ctx, store.DeliveryRow{Delivery: usher.Delivery{ID: "d", TenantID: "t", EndpointID: "e", SessionID: "s", DueAt: now, CreatedAt: now}}); err != nil {
		t.Fatal(err)
	}
	if err := postgrestest.Run(url, `UPDATE deliveries SET due_at = 9223372036854775807`); err != nil {
		t.Fatal(err)
	}
	claim := func() int {
		list, err := db.ClaimDeliveries(ctx, usher.DeliveryClaim{Now: now, Lease: time.Minute, Limit: 9})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if claim() != 0 {
		t.Fatal("it does not wait")
	}
	if n, err := db.FreeLanes(ctx, now); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if claim() != 1 {
		t.Error("it still waits")
	}
}
