package move

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// target is the PostgreSQL database: one connection reads, the other writes.
type target struct {
	read, write *pgx.Conn
	empty       bool // it has no schema, which a dry run leaves so
}

const moving = 0x75736865720002 // the lock of those who move

// openTarget brings the new database's schema up to date and sees that it is empty, or an earlier run's work for the same installation.
func openTarget(ctx context.Context, c Config, id string) (*target, error) {
	if !c.Dry {
		if err := Upgrade(ctx, "", c.URL); err != nil {
			return nil, err
		}
	}
	t := &target{}
	for _, conn := range []**pgx.Conn{&t.read, &t.write} {
		var err error
		if *conn, err = pgx.Connect(ctx, c.URL); err != nil {
			t.close()
			return nil, fmt.Errorf("reach the new database: %w", err)
		}
	}
	if err := t.claim(ctx, c, id); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *target) close() {
	for _, conn := range []*pgx.Conn{t.read, t.write} {
		if conn != nil {
			_ = conn.Close(context.Background()) // what matters was committed
		}
	}
}

func (t *target) claim(ctx context.Context, c Config, id string) error {
	var free, begun, schema bool
	err := t.write.QueryRow(ctx, `SELECT pg_try_advisory_lock($1), to_regclass('moving') IS NOT NULL, to_regclass('tenants') IS NOT NULL`, int64(moving)).
		Scan(&free, &begun, &schema)
	if err != nil {
		return fmt.Errorf("look at the new database: %w", err)
	}
	if !free {
		return errors.New("another run moves to this database right now: wait for it, or end it")
	}
	if t.empty = !schema; t.empty {
		return nil
	}
	if begun {
		var source string
		var done bool
		if err := t.write.QueryRow(ctx, `SELECT source, done FROM moving`).Scan(&source, &done); err != nil {
			return fmt.Errorf("look at an earlier run: %w", err)
		}
		switch {
		case source != id:
			return errOther
		case done:
			return errDone
		}
		return t.hasten(ctx)
	}
	names, err := t.names(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if used, err := t.used(ctx, name); err != nil || (used && !isLeft(name)) {
			return errors.Join(err, fmt.Errorf("%w (table %s has rows)", errOther, name))
		}
	}
	if c.Dry {
		return nil
	}
	_, err = t.write.Exec(ctx, `CREATE TABLE moving (source TEXT COLLATE "C" PRIMARY KEY, done BOOLEAN NOT NULL)`)
	if err == nil {
		_, err = t.write.Exec(ctx, `INSERT INTO moving (source, done) VALUES ($1, FALSE)`, id)
	}
	if err != nil {
		return fmt.Errorf("begin to move: %w", err)
	}
	return t.hasten(ctx)
}

// hasten leaves waiting for the disk to the last transaction, whose commit brings all before it there.
func (t *target) hasten(ctx context.Context) error {
	if _, err := t.write.Exec(ctx, `SET synchronous_commit = off`); err != nil {
		return fmt.Errorf("begin to move: %w", err)
	}
	return nil
}

func (t *target) names(ctx context.Context) ([]string, error) {
	rows, err := t.read.Query(ctx, `SELECT table_name FROM information_schema.tables
		WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> 'moving' ORDER BY table_name`)
	if err != nil {
		return nil, fmt.Errorf("read the new schema: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (t *target) used(ctx context.Context, table string) (used bool, err error) {
	if t.empty {
		return false, nil
	}
	if err := t.read.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+quoted(table)+`)`).Scan(&used); err != nil {
		return false, fmt.Errorf("look into the new database: %w", err)
	}
	return used, nil
}

// rows gives the rows of a table in the order of its key, compared by bytes as SQLite does.
func (t *target) rows(ctx context.Context, of table) (pgx.Rows, error) {
	return t.read.Query(ctx, `SELECT `+list(of.columns, "")+` FROM `+quoted(of.name)+` ORDER BY `+list(of.key(), ` COLLATE "C"`))
}

// digest counts the rows of a table and gives the SHA-256 over them.
func (t *target) digest(ctx context.Context, of table) (n int, sum string, err error) {
	rows, err := t.rows(ctx, of)
	if err != nil {
		return 0, "", err
	}
	defer rows.Close()
	d := newDigest()
	for ; rows.Next(); n++ {
		row, err := of.read(rows.Values())
		if err != nil {
			return n, "", err
		}
		d.add(row)
	}
	return n, hex.EncodeToString(d.Sum(nil)), rows.Err()
}
