package move

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// waiting are the jobs that must still be done. What is done is history that River drops after minutes; what was given up stays given up.
const waiting = `FROM river_job WHERE state IN ('available', 'scheduled', 'retryable', 'running', 'pending')`

func (s *source) countJobs(ctx context.Context) (n int, err error) {
	if err := s.conn.QueryRowContext(ctx, `SELECT count(*) `+waiting).Scan(&n); err != nil {
		return 0, fmt.Errorf("count jobs: %w", err)
	}
	return n, nil
}

// moveJobs replaces the jobs that wait on the new side by those of the old. One that was running when its server ended is free again, and one on its
// last try gets one more: it was not the job that failed.
func (m *mover) moveJobs(ctx context.Context, tx pgx.Tx, n int) error {
	if _, err := tx.Exec(ctx, `DELETE FROM river_job`); err != nil {
		return fmt.Errorf("move jobs: %w", err)
	}
	rows, err := m.from.conn.QueryContext(ctx, `SELECT json(args), CASE state WHEN 'running' THEN min(attempt, max_attempts - 1) ELSE attempt END, kind,
			max_attempts, json(metadata), priority, queue, CASE state WHEN 'running' THEN 'available' ELSE state END,
			strftime('%Y-%m-%dT%H:%M:%fZ', scheduled_at), strftime('%Y-%m-%dT%H:%M:%fZ', created_at), json(COALESCE(errors, '[]'))
		`+waiting+` ORDER BY id`)
	if err != nil {
		return fmt.Errorf("move jobs: %w", err)
	}
	defer rows.Close()
	var say pgx.Batch
	for rows.Next() {
		var args, kind, metadata, queue, state, scheduled, created, errs string
		var attempt, most, priority int
		if err := rows.Scan(&args, &attempt, &kind, &most, &metadata, &priority, &queue, &state, &scheduled, &created, &errs); err != nil {
			return fmt.Errorf("move jobs: %w", err)
		}
		say.Queue(`INSERT INTO river_job (args, attempt, kind, max_attempts, metadata, priority, queue, state, scheduled_at, created_at, errors)
			VALUES ($1::TEXT::JSONB, $2, $3, $4, $5::TEXT::JSONB, $6, $7, $8::TEXT::river_job_state, $9::TEXT::TIMESTAMPTZ, $10::TEXT::TIMESTAMPTZ,
				ARRAY(SELECT jsonb_array_elements($11::TEXT::JSONB)))`,
			args, attempt, kind, most, metadata, priority, queue, state, scheduled, created, errs)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("move jobs: %w", err)
	}
	if err := tx.SendBatch(ctx, &say).Close(); err != nil {
		return fmt.Errorf("move jobs: %w", err)
	}
	var there int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM river_job`).Scan(&there); err != nil {
		return fmt.Errorf("verify jobs: %w", err)
	}
	if there != n {
		return fmt.Errorf("verify jobs: %d there, %d here", there, n)
	}
	return nil
}
