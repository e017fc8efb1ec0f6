package engine

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

const (
	mostTraits    = 32 // of one session
	mostSightings = 20 // of one trait
	mostAlike     = 50 // looked at closer, of one trait
	bandLength    = 8  // bytes kept of a band's hash: it only says where to look closer
)

// recognise gives what a check of the session asks who else showed the same. What this session shows is written before the question is asked: of two
// sessions that are checked at the same time at least one sees the other.
func (e *Engine) recognise(s usher.Session) func(context.Context, []usher.Trait) ([]usher.Sighting, error) {
	return func(ctx context.Context, traits []usher.Trait) ([]usher.Sighting, error) {
		if len(traits) > mostTraits {
			return nil, fmt.Errorf("recognise: %d traits, at most %d", len(traits), mostTraits)
		}
		sealer, err := e.c.Vault.Sealer(ctx, s.TenantID, s.ApplicantID)
		if err != nil {
			return nil, fmt.Errorf("open keys: %w", err)
		}
		rows := make([]store.TraitRow, len(traits))
		for i, t := range traits {
			if rows[i], err = e.traitRow(sealer, s, t); err != nil {
				return nil, err
			}
		}
		if err := e.c.Store.KeepTraits(ctx, rows); err != nil {
			return nil, fmt.Errorf("keep traits: %w", err)
		}
		var seen []usher.Sighting
		for i, row := range rows {
			found, err := e.sightings(ctx, row)
			if err != nil {
				return nil, fmt.Errorf("look for traits: %w", err)
			}
			for _, other := range found {
				other.Trait = i
				seen = append(seen, other)
			}
		}
		return seen, nil
	}
}

// traitRow hashes and seals a trait.
func (e *Engine) traitRow(sealer *vault.Sealer, s usher.Session, t usher.Trait) (store.TraitRow, error) {
	row := store.TraitRow{TenantID: s.TenantID, ApplicantID: s.ApplicantID, SessionID: s.ID, Evidence: t.Evidence, At: e.now()}
	field, value := "trait."+string(t.Kind), t.Value
	if len(t.Bands) > 0 {
		value = string(t.Detail)
	}
	var err error
	if row.Hash, err = e.c.Vault.Index(s.TenantID, field, value); err != nil {
		return row, fmt.Errorf("hash trait: %w", err)
	}
	for i, band := range t.Bands {
		hash, err := e.c.Vault.Index(s.TenantID, field+"."+strconv.Itoa(i), string(band))
		if err != nil {
			return row, fmt.Errorf("hash trait: %w", err)
		}
		row.Bands = append(row.Bands, hash[:bandLength])
	}
	if len(t.Bands) > 0 {
		row.Doc, err = seal(sealer, placeTrait, traitPlace(row), t.Detail)
	}
	return row, err
}

// traitPlace binds a sealed trait to its row.
func traitPlace(r store.TraitRow) string {
	return r.SessionID + "/" + r.Evidence + "/" + hex.EncodeToString(r.Hash)
}

// sightings gives who else showed a trait.
func (e *Engine) sightings(ctx context.Context, row store.TraitRow) ([]usher.Sighting, error) {
	found, err := e.c.Store.SameTrait(ctx, row.TenantID, row.ApplicantID, row.Hash, mostSightings)
	if len(row.Bands) > 0 {
		found, err = e.c.Store.AlikeTraits(ctx, row.TenantID, row.ApplicantID, row.Bands, mostAlike)
	}
	if err != nil {
		return nil, err
	}
	var seen []usher.Sighting
	for _, r := range found {
		other := usher.Sighting{ApplicantID: r.ApplicantID, SessionID: r.SessionID, Evidence: r.Evidence, At: r.At}
		if len(row.Bands) > 0 {
			err := e.unseal(ctx, r.TenantID, r.ApplicantID, placeTrait, traitPlace(r), r.Doc, &other.Detail)
			if erased(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		seen = append(seen, other)
	}
	return seen, nil
}
