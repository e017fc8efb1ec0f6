package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// Diff is what an edition says anew: keys of records (Entity.Key), each sorted. Records that differ in nothing but their raw text are the same.
type Diff struct {
	Added   []string
	Changed []string
	Removed []string
}

// Diff compares two kept editions of a list by the hashes of their records. It holds keys and hashes in memory, not records.
func (l *Library) Diff(ctx context.Context, before, after Edition) (Diff, error) {
	old := map[string][sha256.Size]byte{}
	_, err := l.Read(ctx, before, func(e watchlist.Entity) error {
		sum, err := sumOf(e)
		old[e.Key()] = sum
		return err
	})
	if err != nil {
		return Diff{}, err
	}
	var d Diff
	_, err = l.Read(ctx, after, func(e watchlist.Entity) error {
		key := e.Key()
		had, ok := old[key]
		delete(old, key)
		if !ok {
			d.Added = append(d.Added, key)
			return nil
		}
		sum, err := sumOf(e)
		if err == nil && sum != had {
			d.Changed = append(d.Changed, key)
		}
		return err
	})
	if err != nil {
		return Diff{}, err
	}
	for key := range old {
		d.Removed = append(d.Removed, key)
	}
	slices.Sort(d.Added)
	slices.Sort(d.Changed)
	slices.Sort(d.Removed)
	return d, nil
}

// sumOf gives a record's hash as bytes.
func sumOf(e watchlist.Entity) (sum [sha256.Size]byte, err error) {
	text, err := e.Hash()
	if err != nil {
		return sum, fmt.Errorf("compare editions: %w", err)
	}
	if _, err := hex.Decode(sum[:], []byte(text)); err != nil {
		return sum, fmt.Errorf("compare editions: %w", err)
	}
	return sum, nil
}
