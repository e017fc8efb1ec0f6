package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Tables whose rows are ordered by commit.
var ordered = []string{"events", "deliveries", "audit", "page_views", "screenings", "hit_judgements", "case_log", "traits"}

// raiseStart sees to it that what is written from now on comes behind what is there. It does unless the rows were brought from a server that has
// counted more transactions than this one: then the start from which places are counted is raised, for every node at once, before any of them writes.
func raiseStart(ctx context.Context, p *pgxpool.Pool) error {
	tx, err := p.Begin(ctx)
	if err != nil {
		return fmt.Errorf("look at the order of rows: %w", err)
	}
	defer tx.Rollback(ctx) // after a commit it does nothing
	if _, err := tx.Exec(ctx, takeMigrating); err != nil {
		return fmt.Errorf("look at the order of rows: %w", err)
	}
	newest := make([]string, len(ordered))
	for i, table := range ordered {
		newest[i] = `COALESCE((SELECT max(pos) FROM ` + table + `), 0)`
	}
	var last, start, next int64
	err = tx.QueryRow(ctx, `SELECT GREATEST(`+strings.Join(newest, ", ")+`), pos_start(), pg_snapshot_xmax(pg_current_snapshot())::text::bigint << 20`).
		Scan(&last, &start, &next)
	if err != nil {
		return fmt.Errorf("look at the order of rows: %w", err)
	}
	if last < start+next {
		return nil
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`CREATE OR REPLACE FUNCTION pos_start() RETURNS BIGINT LANGUAGE sql STABLE AS 'SELECT %d::BIGINT'`,
		last-next+1)); err != nil {
		return fmt.Errorf("raise the order of rows: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("raise the order of rows: %w", err)
	}
	return nil
}
