package store

import (
	"context"
	"fmt"
	"time"
)

// ListRow is a watchlist that the nodes of a server share: its edition in use, and the one that the monitored applicants were last held against.
type ListRow struct {
	List, Edition string
	Manifest      string // of the edition
	CheckedAt     time.Time
	Held          string
}

// Lists gives the watchlists that nodes share.
func (s *Store) Lists(ctx context.Context) ([]ListRow, error) {
	return all(ctx, s, func(row scanner) (ListRow, error) {
		var r ListRow
		var checked int64
		err := row.Scan(&r.List, &r.Edition, &r.Manifest, &checked, &r.Held)
		r.CheckedAt = at(checked)
		return r, err
	}, `SELECT list, edition, manifest, checked_at, held FROM lists ORDER BY list`)
}

// PutListPart keeps a part of a file of an edition.
func (s *Store) PutListPart(ctx context.Context, list, edition, file string, part int, body []byte) error {
	_, err := s.exec(ctx, `INSERT INTO list_parts (list, edition, file, part, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (list, edition, file, part) DO UPDATE SET body = excluded.body`, list, edition, file, part, body)
	return err
}

// ListPart gives a part of a file of an edition; ErrNotFound behind the last one.
func (s *Store) ListPart(ctx context.Context, list, edition, file string, part int) (body []byte, err error) {
	err = s.row(ctx, `SELECT body FROM list_parts WHERE list = $1 AND edition = $2 AND file = $3 AND part = $4`, []any{list, edition, file, part}, &body)
	return body, err
}

// UseList makes an edition, whose parts are all kept, the one in use in place of the one that was, "" for none. ErrConflict when another is in use.
// What no node needs any more is forgotten: all but this edition and the one before.
func (s *Store) UseList(ctx context.Context, r ListRow, was string) error {
	err := s.together(ctx, func(w *writer) {
		w.mustOne(w.exec(`INSERT INTO lists (list, edition, manifest, checked_at, held) VALUES ($1, $2, $3, $4, '') ON CONFLICT (list) DO UPDATE SET
			edition = excluded.edition, manifest = excluded.manifest, checked_at = excluded.checked_at WHERE lists.edition = $5`,
			r.List, r.Edition, r.Manifest, ms(r.CheckedAt), was))
		w.exec(`DELETE FROM list_parts WHERE list = $1 AND edition <> $2 AND edition <> $3`, r.List, r.Edition, was)
	})
	if err != nil {
		return fmt.Errorf("share an edition of a watchlist: %w", err)
	}
	return nil
}

// CheckList notes when a list was last found to be current.
func (s *Store) CheckList(ctx context.Context, list string, checked time.Time) error {
	_, err := s.exec(ctx, `UPDATE lists SET checked_at = $2 WHERE list = $1 AND checked_at < $2`, list, ms(checked))
	return err
}

// HoldList notes which edition of a list the monitored applicants were held against.
func (s *Store) HoldList(ctx context.Context, list, edition string) error {
	_, err := s.exec(ctx, `UPDATE lists SET held = $2 WHERE list = $1`, list, edition)
	return err
}
