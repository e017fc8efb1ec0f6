package ops_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/ops"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/sqlite"
	"github.com/usher-kyc/usher/internal/vault"
)

const (
	oldKey = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
	newKey = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
)

func openVault(t testing.TB, s *store.Store, keys string) *vault.Vault {
	t.Helper()
	m, err := vault.ParseMaster(keys)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(vault.Config{Master: m, Keysets: s})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// populate makes applicants' keysets and gives a way to tell whether one opens and is the one that was made.
func populate(t testing.TB, s *store.Store, v *vault.Vault, people int) {
	t.Helper()
	for i := range people {
		id := fmt.Sprintf("a%06d", i)
		wrapped, err := v.NewKeyset("t1", id)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(t.Context(), store.Change{Keyset: &store.Keyset{TenantID: "t1", ApplicantID: id, Wrapped: wrapped}}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRewrap stops in the middle, goes on, and then reads everything with the new key alone.
func TestRewrap(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Store.Close() })
	before := openVault(t, db.Store, oldKey)
	const people = 40
	populate(t, db.Store, before, people)
	column, err := before.Sealer(t.Context(), "t1", "a000003")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := column.Seal([]byte("Ada"), []byte("name"))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := before.Index("t1", "email", "ada@example.test")
	if err != nil {
		t.Fatal(err)
	}

	both := openVault(t, db.Store, oldKey+"\n"+newKey)
	ctx, stop := context.WithCancel(t.Context())
	half := ops.Rewrapper{Store: db.Store, Vault: both, AtOnce: 10, Told: func(seen int) {
		if seen == 20 {
			stop()
		}
	}}
	if _, err := half.Run(ctx, []string{"t1", "t2"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped with %v", err)
	}
	counts, err := ops.WrappedBy(t.Context(), db.Store)
	if err != nil || counts[before.ID()] != people-20 || counts[both.ID()] != 20+2 {
		t.Fatalf("after the stop %v, %v", counts, err)
	}
	done, err := ops.Rewrapper{Store: db.Store, Vault: both, AtOnce: 10}.Run(t.Context(), []string{"t1", "t2"})
	if want := (ops.Rewrapped{Seen: people, Changed: people - 20}); err != nil || done != want {
		t.Errorf("went on with %+v, %v, want %+v", done, err, want)
	}
	counts, err = ops.WrappedBy(t.Context(), db.Store)
	if err != nil || len(counts) != 1 || counts[both.ID()] != people+2 {
		t.Errorf("wrapped by %v, %v", counts, err)
	}

	after := openVault(t, db.Store, newKey)
	for i := range people {
		if _, err := after.Sealer(t.Context(), "t1", fmt.Sprintf("a%06d", i)); err != nil {
			t.Fatalf("with the new key alone: %v", err)
		}
	}
	if column, err = after.Sealer(t.Context(), "t1", "a000003"); err != nil {
		t.Fatal(err)
	}
	if got, err := column.Open(sealed, []byte("name")); err != nil || string(got) != "Ada" {
		t.Errorf("sealed before: %q, %v", got, err)
	}
	if again, err := after.Index("t1", "email", "ada@example.test"); err != nil || string(again) != string(hash) {
		t.Errorf("what was searched by is another hash now: %v", err)
	}
}

// TestRewrapWithoutTheOldKey names the keyset and the key it needs, and changes nothing.
func TestRewrapWithoutTheOldKey(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Store.Close() })
	before := openVault(t, db.Store, oldKey)
	populate(t, db.Store, before, 1)
	_, err = ops.Rewrapper{Store: db.Store, Vault: openVault(t, db.Store, newKey)}.Run(t.Context(), nil)
	if !errors.Is(err, vault.ErrMasterKey) || !strings.Contains(err.Error(), "a000000") || !strings.Contains(err.Error(), before.ID()) {
		t.Errorf("%v, want the applicant and key %s named", err, before.ID())
	}
}

// BenchmarkRewrap rewraps stored keysets; the bar is 20,000 a second for each processor.
func BenchmarkRewrap(b *testing.B) {
	db, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Store.Close() })
	people := 200_000
	if testing.Short() {
		people = 2_000
	}
	keys := []string{oldKey, newKey}
	v := openVault(b, db.Store, keys[0])
	made := make([]store.Change, 0, people)
	for i := range people {
		id := fmt.Sprintf("a%06d", i)
		wrapped, err := v.NewKeyset("t1", id)
		if err != nil {
			b.Fatal(err)
		}
		made = append(made, store.Change{Keyset: &store.Keyset{TenantID: "t1", ApplicantID: id, Wrapped: wrapped}})
	}
	write(b, db.Store, made)
	for b.Loop() {
		keys[0], keys[1] = keys[1], keys[0]
		v := openVault(b, db.Store, keys[1]+"\n"+keys[0])
		done, err := ops.Rewrapper{Store: db.Store, Vault: v}.Run(b.Context(), nil)
		if err != nil || done.Changed != people {
			b.Fatalf("%+v, %v", done, err)
		}
	}
	b.ReportMetric(float64(people)*float64(b.N)/b.Elapsed().Seconds(), "keysets/s")
}

// write commits changes by many callers, which share their transactions.
func write(b *testing.B, s *store.Store, changes []store.Change) {
	b.Helper()
	const callers = 128
	errs := make(chan error, callers)
	for c := range callers {
		go func() {
			var err error
			for i := c; i < len(changes) && err == nil; i += callers {
				err = s.Commit(context.WithoutCancel(b.Context()), changes[i])
			}
			errs <- err
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
}
