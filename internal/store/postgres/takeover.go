package postgres

import (
	"context"
	"fmt"
)

// takeOver frees a job, which its last worker in River's list was at. One on its last try gets one more: it was not the job that failed.
const takeOver = `UPDATE river_job SET state = 'available', attempt = LEAST(attempt, max_attempts - 1), scheduled_at = now()
	WHERE state = 'running' AND kind = 'usher' AND attempted_by[array_upper(attempted_by, 1)] = $1`

// TakeOver has the jobs that a dead node was at done by the others.
func (j *Jobs) TakeOver(ctx context.Context, node string) error {
	if _, err := j.pool.Exec(ctx, takeOver, node); err != nil {
		return fmt.Errorf("free the jobs of %s: %w", node, err)
	}
	return nil
}
