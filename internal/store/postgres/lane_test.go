package postgres_test

import (
	"context"
	"slices"
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

// TestLateReportLeavesALine has a node report what it sent of a line when another node has taken the line over: what was delivered counts, what failed
// does not, and nobody else is given the rest.
func TestLateReportLeavesALine(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := postgrestest.URL(t)
	late, other := postgrestest.Open(t, postgres.Config{URL: url, Node: "a"}), postgrestest.Open(t, postgres.Config{URL: url, Node: "b"})
	now := time.UnixMilli(1000)
	for _, id := range []string{"d1", "d2", "d3", "d4"} {
		if err := late.AddDelivery(ctx, store.DeliveryRow{Delivery: usher.Delivery{ID: id, TenantID: "t", EndpointID: "e", SessionID: "s", DueAt: now, CreatedAt: now}}); err != nil {
			t.Fatal(err)
		}
	}
	exchange := func(db *store.Database, reports ...usher.DeliveryReport) (line []string) {
		t.Helper()
		runs, err := db.ExchangeDeliveries(ctx, reports, usher.DeliveryClaim{Now: now, Lease: time.Minute, Limit: 9, Ahead: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range runs {
			for _, d := range run {
				line = append(line, d.ID)
			}
		}
		return line
	}
	report := func(id string, status usher.DeliveryStatus) usher.DeliveryReport {
		return usher.DeliveryReport{
			Delivery: usher.Delivery{ID: id, TenantID: "t", EndpointID: "e", SessionID: "s"}, Status: status, RetryAt: now,
			Attempt: usher.DeliveryAttempt{Number: 1, At: now},
		}
	}
	wants := func(got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("claimed %v, want %v", got, want)
		}
	}
	wants(exchange(late), "d1", "d2", "d3")
	now = now.Add(time.Minute)
	wants(exchange(other), "d1", "d2", "d3")
	now = now.Add(time.Second)
	wants(exchange(late, report("d1", usher.DeliveryDelivered), report("d2", usher.DeliveryPending)))
	now = now.Add(time.Second)
	wants(exchange(other, report("d1", usher.DeliveryDelivered), report("d2", usher.DeliveryDelivered)), "d3", "d4")
	now = now.Add(time.Minute)
	wants(exchange(late), "d3", "d4")
}
