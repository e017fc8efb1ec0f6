package move

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// How much is written at once.
const (
	batchRows  = 2000
	batchBytes = 4 << 20
)

// batch gathers what is to be written to one table. What is too much goes first, so that what is unique is free.
type batch struct {
	m       *mover
	t       table
	deletes [][]any
	changes [][]any
	puts    [][]any
	size    int
}

func (b *batch) put(ctx context.Context, row []any) error {
	b.puts = append(b.puts, row)
	return b.grown(ctx, row)
}

func (b *batch) change(ctx context.Context, row []any) error {
	b.changes = append(b.changes, row)
	return b.grown(ctx, row)
}

func (b *batch) delete(ctx context.Context, key []any) error {
	b.deletes = append(b.deletes, key)
	return b.grown(ctx, key)
}

func (b *batch) grown(ctx context.Context, row []any) error {
	for _, v := range row {
		switch v := v.(type) {
		case string:
			b.size += len(v)
		case []byte:
			b.size += len(v)
		}
	}
	if b.size < batchBytes && len(b.deletes)+len(b.changes)+len(b.puts) < batchRows {
		return nil
	}
	return b.flush(ctx)
}

// flush writes the batch in one transaction.
func (b *batch) flush(ctx context.Context) error {
	defer func() { b.deletes, b.changes, b.puts, b.size = nil, nil, nil, 0 }()
	if b.m.Dry || len(b.deletes)+len(b.changes)+len(b.puts) == 0 {
		return nil
	}
	tx, err := b.m.to.write.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit there is nothing to roll back
	var say pgx.Batch
	for _, key := range b.deletes {
		say.Queue(b.deletion(), key...)
	}
	for _, row := range b.changes {
		say.Queue(b.update(), row...)
	}
	if err := tx.SendBatch(ctx, &say).Close(); err != nil {
		return fmt.Errorf("change rows: %w", err)
	}
	if len(b.puts) > 0 {
		names := make([]string, len(b.t.columns))
		for i, c := range b.t.columns {
			names[i] = c.name
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{b.t.name}, names, pgx.CopyFromRows(b.puts)); err != nil {
			return fmt.Errorf("put rows in: %w", err)
		}
	}
	return tx.Commit(ctx)
}

func (b *batch) deletion() string {
	return `DELETE FROM ` + quoted(b.t.name) + ` WHERE ` + equal(b.t.key(), 0, " AND ")
}

func (b *batch) update() string {
	return `UPDATE ` + quoted(b.t.name) + ` SET ` + equal(b.t.columns[b.t.keys:], b.t.keys, ", ") + ` WHERE ` + equal(b.t.key(), 0, " AND ")
}

// equal gives "a" = $1 and so on, for columns whose parameters follow after some others.
func equal(columns []column, after int, between string) string {
	words := make([]string, len(columns))
	for i, c := range columns {
		words[i] = fmt.Sprintf("%s = $%d", quoted(c.name), after+i+1)
	}
	return strings.Join(words, between)
}
