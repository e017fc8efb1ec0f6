package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/usher-kyc/usher/internal/store"
)

// A commit whose answer is lost with its connection may have been done or not. PostgreSQL's number of the transaction does not tell: after a crash the
// same number is given again. So each transaction writes a mark of its own into a row that no other transaction uses at the same time, and the row tells.

// mark is what a transaction writes into a row.
type mark struct {
	slot   string
	number int64
}

// marks are the rows that this process has for its transactions: as many as there were at once.
type marks struct {
	mu   sync.Mutex
	idle []mark
}

func (m *marks) take() mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.idle)
	if n == 0 {
		return mark{slot: rand.Text(), number: 1}
	}
	taken := m.idle[n-1]
	m.idle = m.idle[:n-1]
	taken.number++
	return taken
}

// free gives back a row whose transaction has ended. That of a transaction of which nobody knows is never used again.
func (m *marks) free(one mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.idle = append(m.idle, one)
}

const (
	putMark = `INSERT INTO commits (slot, mark, at) VALUES ($1, $2, $3) ON CONFLICT (slot) DO UPDATE SET mark = excluded.mark, at = excluded.at`
	// getMark waits for the transaction that holds the row, should it still be under way.
	getMark = `INSERT INTO commits (slot, mark, at) VALUES ($1, 0, $2) ON CONFLICT (slot) DO UPDATE SET mark = commits.mark RETURNING mark`
	// askFor is how long it is asked what became of a commit.
	askFor = 20 * time.Second
	// Rows of processes that are gone are kept for longer than anybody asks.
	keepMarks = 24 * time.Hour
)

// askAfter asks what became of a transaction whose commit was not answered.
func (p pool) askAfter(m mark, lost error) error {
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		var written int64
		err := p.QueryRow(ctx, getMark, m.slot, time.Now().UnixMilli()).Scan(&written)
		switch {
		case err == nil && written == m.number:
			return nil
		case err == nil:
			return fmt.Errorf("not written: %w", lost)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", store.ErrUnknown, lost)
		}
	}
}

// tidyMarks forgets the marks of processes that are gone.
func (p pool) tidyMarks(ctx context.Context) error {
	if _, err := p.Exec(ctx, `DELETE FROM commits WHERE at < $1`, time.Now().Add(-keepMarks).UnixMilli()); err != nil {
		return fmt.Errorf("forget old marks: %w", err)
	}
	return nil
}
