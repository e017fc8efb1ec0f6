package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// ringLock is held by who begins to use master keys and by who drops one: whichever comes second sees what the first has done.
const ringLock = "rings"

// UseRing notes which master keys this server has, the one that seals first. ErrConflict says that the one that seals was dropped: the server may not
// go on with it.
func (s *Store) UseRing(ctx context.Context, keys []string) error {
	return s.together(ctx, func(w *writer) {
		w.lock(ringLock)
		w.rows(`SELECT 1 FROM dropped_keys WHERE id = $1`, []any{keys[0]}, func(scanner) error { return ErrConflict })
		w.exec(`INSERT INTO rings (node, keys) VALUES ($1, $2) ON CONFLICT (node) DO UPDATE SET keys = excluded.keys`, s.c.Node, strings.Join(keys, " "))
	})
}

// Leave notes that this server has ended: it seals nothing, and a turn that could not be given back, since the database was away, is free.
func (s *Store) Leave(ctx context.Context) error {
	return s.together(ctx, func(w *writer) {
		w.exec(`UPDATE rings SET keys = '' WHERE node = $1`, s.c.Node)
		w.exec(`DELETE FROM turns WHERE node = $1`, s.c.Node)
	})
}

// Ring is what is known of the master keys of a server.
type Ring struct {
	Node string   // "" where there is one server
	Keys []string // the first seals; nil when the server does not say, since it is of an older version
}

const selectRings = `SELECT node, keys FROM rings WHERE keys <> '' UNION ALL
	SELECT id, '' FROM nodes WHERE NOT EXISTS (SELECT 1 FROM rings WHERE node = nodes.id) ORDER BY node`

func scanRing(row scanner) (r Ring, err error) {
	var keys string
	err = row.Scan(&r.Node, &keys)
	if keys != "" {
		r.Keys = strings.Fields(keys)
	}
	return r, err
}

// Rings gives the master keys of all servers that have not ended.
func (s *Store) Rings(ctx context.Context) ([]Ring, error) { return all(ctx, s, scanRing, selectRings) }

// KeyDropped tells whether a master key may seal nothing any more.
func (s *Store) KeyDropped(ctx context.Context, id string) (bool, error) {
	var n int
	err := s.row(ctx, `SELECT count(*) FROM dropped_keys WHERE id = $1`, []any{id}, &n)
	return n > 0, err
}

// DropKey says that a master key may seal nothing any more, unless servers seal with it, or may do: those are given, and nothing was changed. What it
// has sealed by then can be counted, and does not become more.
func (s *Store) DropKey(ctx context.Context, id string, now time.Time) (using []Ring, err error) {
	err = s.together(ctx, func(w *writer) {
		using = nil
		w.lock(ringLock)
		w.rows(selectRings, nil, func(row scanner) error {
			r, err := scanRing(row)
			using = append(using, r)
			return err
		})
		using = slices.DeleteFunc(using, func(r Ring) bool { return r.Keys != nil && r.Keys[0] != id })
		if len(using) == 0 {
			w.exec(`INSERT INTO dropped_keys (id, dropped_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id, ms(now))
		}
	})
	return using, err
}

// KeepKey takes DropKey back.
func (s *Store) KeepKey(ctx context.Context, id string) error {
	_, err := s.exec(ctx, `DELETE FROM dropped_keys WHERE id = $1`, id)
	return err
}
