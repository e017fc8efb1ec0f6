package sqlite_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// BenchmarkTraits asks who else showed the same among 50,000 applicants with four equal traits and two pictures each, as the duplicate check does.
func BenchmarkTraits(b *testing.B) {
	const people, equal, pictures, bands = 50_000, 4, 2, 8
	ctx := context.Background()
	db, err := sqlite.Open(ctx, sqlite.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Store.Close() }() // a benchmark's own folder
	if err := db.Store.PutTenant(ctx, usher.Tenant{ID: "t", Mode: usher.Live}); err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	hash := func(length int) []byte {
		out := binary.BigEndian.AppendUint64(nil, r.Uint64())
		for len(out) < length {
			out = binary.BigEndian.AppendUint64(out, r.Uint64())
		}
		return out[:length]
	}
	traits := func(id string) []store.TraitRow {
		var rows []store.TraitRow
		for i := range equal + pictures {
			row := store.TraitRow{TenantID: "t", ApplicantID: id, SessionID: "s" + id, Evidence: fmt.Sprint(i), Hash: hash(32), At: time.UnixMilli(1)}
			for range bands {
				if i >= equal {
					row.Bands = append(row.Bands, hash(8))
				}
			}
			if i >= equal {
				row.Doc = make([]byte, 1500)
			}
			rows = append(rows, row)
		}
		return rows
	}
	keep := func(id string) {
		a := store.ApplicantRow{ID: id, TenantID: "t", Version: 1}
		err := db.Store.Commit(ctx, store.Change{Keyset: &store.Keyset{TenantID: "t", ApplicantID: id, Wrapped: []byte{1}}, Applicant: &a})
		if err == nil {
			err = db.Store.KeepTraits(ctx, traits(id))
		}
		if err != nil {
			b.Error(err)
		}
	}
	workers := make(chan string)
	done := make(chan struct{})
	for range 64 {
		go func() {
			for id := range workers {
				keep(id)
			}
			done <- struct{}{}
		}()
	}
	for i := range people {
		workers <- fmt.Sprint(i)
	}
	close(workers)
	for range 64 {
		<-done
	}
	asked := traits("asked")
	for b.Loop() {
		for _, row := range asked {
			if _, err := db.Store.SameTrait(ctx, "t", "asked", row.Hash, 20); err != nil {
				b.Fatal(err)
			}
			if len(row.Bands) == 0 {
				continue
			}
			if _, err := db.Store.AlikeTraits(ctx, "t", "asked", row.Bands, 50); err != nil {
				b.Fatal(err)
			}
		}
	}
}
