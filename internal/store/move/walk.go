package move

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// table is one that both databases have.
type table struct {
	name    string
	columns []column // the key first
	keys    int
	linked  bool // rows of others refer to it, or its rows to others
}

// column is what PostgreSQL calls its type: text, bytea, boolean, or bigint for every whole number.
type column struct{ name, kind string }

func (t table) key() []column { return t.columns[:t.keys] }

// tables compares the schemas of both sides and gives the tables to move, those that others refer to first.
func (m *mover) tables(ctx context.Context) ([]table, error) {
	names, err := m.from.names(ctx)
	if err != nil {
		return nil, err
	}
	refers, referred := map[string][]string{}, map[string]bool{}
	var all []table
	for _, name := range names {
		if isLeft(name) {
			continue
		}
		t := table{name: name}
		if refers[name], err = m.from.texts(ctx, `SELECT DISTINCT "table" FROM pragma_foreign_key_list($1)`, name); err != nil {
			return nil, err
		}
		for _, to := range refers[name] {
			referred[to] = true
		}
		key, err := m.from.texts(ctx, `SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk`, name)
		if err != nil {
			return nil, err
		}
		others, err := m.from.texts(ctx, `SELECT name FROM pragma_table_info($1) WHERE pk = 0 ORDER BY name`, name)
		if err != nil {
			return nil, err
		}
		t.keys = len(key)
		if t.columns, err = m.kinds(ctx, name, append(key, others...)); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	for i := range all {
		all[i].linked = referred[all[i].name] || len(refers[all[i].name]) > 0
	}
	depth := func(t table) int { return deep(refers, t.name, len(all)) }
	slices.SortStableFunc(all, func(a, b table) int { return cmp.Compare(depth(a), depth(b)) })
	return all, nil
}

// deep is how many tables a table stands on.
func deep(refers map[string][]string, name string, most int) int {
	d := 0
	for _, to := range refers[name] {
		if to != name && most > 0 {
			d = max(d, 1+deep(refers, to, most-1))
		}
	}
	return d
}

// kinds gives the types that columns have on the new side, which must have the same ones.
func (m *mover) kinds(ctx context.Context, name string, columns []string) ([]column, error) {
	if m.to.empty {
		// Nothing is compared with what is not there.
		out := make([]column, len(columns))
		for i, c := range columns {
			out[i] = column{name: c}
		}
		return out, nil
	}
	rows, err := m.to.read.Query(ctx, `SELECT column_name, data_type FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1`, name)
	if err != nil {
		return nil, fmt.Errorf("read the new schema: %w", err)
	}
	there := map[string]string{}
	var column_, kind string
	if _, err := pgx.ForEachRow(rows, []any{&column_, &kind}, func() error {
		if kind == "integer" {
			kind = "bigint"
		}
		there[column_] = kind
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the new schema: %w", err)
	}
	out := make([]column, len(columns))
	for i, c := range columns {
		if !slices.Contains([]string{"text", "bytea", "boolean", "bigint"}, there[c]) {
			return nil, fmt.Errorf("table %s: column %s is %q in the new database: both sides must be of the same version; start the server once with this one", name, c, there[c])
		}
		out[i] = column{c, there[c]}
	}
	if len(there) != len(columns) {
		return nil, fmt.Errorf("table %s has %d columns here and %d in the new database: start the server once with this version", name, len(columns), len(there))
	}
	return out, nil
}

// read makes a row of either side comparable: text, bytes, whole numbers and truth values as Go has them.
func (t table) read(row []any, err error) ([]any, error) {
	if err != nil {
		return nil, err
	}
	for i, v := range row {
		switch v := v.(type) {
		case int32:
			row[i] = int64(v)
		case int64:
			if t.columns[i].kind == "boolean" {
				row[i] = v != 0
			}
		case string:
			if t.columns[i].kind == "bytea" {
				row[i] = []byte(v)
			}
		case []byte:
			if t.columns[i].kind == "text" {
				row[i] = string(v)
			}
		case nil, bool:
		default:
			return nil, fmt.Errorf("column %s holds a %T", t.columns[i].name, v)
		}
	}
	return row, nil
}

// compare orders rows by their keys; kinds are the same on both sides.
func (t table) compare(a, b []any) int {
	for i := range t.keys {
		var c int
		switch x := a[i].(type) {
		case int64:
			c = cmp.Compare(x, b[i].(int64))
		case string:
			c = strings.Compare(x, b[i].(string))
		case []byte:
			c = bytes.Compare(x, b[i].([]byte))
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// digest hashes rows.
type digest struct {
	hash.Hash
	raw []byte // the newest row, encoded
}

func newDigest() *digest { return &digest{Hash: sha256.New()} }

func (d *digest) add(row []any) {
	d.raw = appendRow(d.raw[:0], row)
	d.Write(d.raw)
}

// appendRow appends a row as bytes that no other row has.
func appendRow(out []byte, row []any) []byte {
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			out = append(out, 'n')
		case bool:
			out = append(out, 'b', map[bool]byte{true: 1}[v])
		case int64:
			out = binary.BigEndian.AppendUint64(append(out, 'i'), uint64(v))
		case string:
			out = append(binary.BigEndian.AppendUint32(append(out, 's'), uint32(len(v))), v...)
		case []byte:
			out = append(binary.BigEndian.AppendUint32(append(out, 'x'), uint32(len(v))), v...)
		}
	}
	return out
}

// What a walk does.
type doing int

const (
	everything doing = iota
	takeOutAndChange
	putIn
)

// walk goes through a table on both sides and brings the new one into line.
func (m *mover) walk(ctx context.Context, t table, do doing, told *Table) error {
	rows, err := m.from.rows(ctx, t)
	if err != nil {
		return err
	}
	defer rows.Close()
	used, err := m.to.used(ctx, t.name)
	if err != nil {
		return err
	}
	var there pgx.Rows
	if used {
		if there, err = m.to.rows(ctx, t); err != nil {
			return err
		}
		defer there.Close()
	}
	w := &walking{t: t, do: do, told: told, b: &batch{m: m, t: t}, here: rows, there: there, sum: newDigest()}
	if err := w.run(ctx, m); err != nil {
		return err
	}
	if err := errors.Join(rows.Err(), w.thereErr()); err != nil {
		return err
	}
	return w.b.flush(ctx)
}

// walking is one walk.
type walking struct {
	t     table
	do    doing
	told  *Table
	b     *batch
	here  *sql.Rows
	there pgx.Rows // nil where there is nothing
	sum   *digest  // of the rows here
	other []byte   // the newest row there, encoded
}

func (w *walking) thereErr() error {
	if w.there == nil {
		return nil
	}
	return w.there.Err()
}

func (w *walking) run(ctx context.Context, m *mover) error {
	a, err := w.nextHere()
	if err != nil {
		return err
	}
	b, err := w.nextThere()
	if err != nil {
		return err
	}
	for a != nil || b != nil {
		order := 0
		switch {
		case a == nil:
			order = 1
		case b == nil:
			order = -1
		default:
			order = w.t.compare(a, b)
		}
		if order <= 0 && w.do != putIn {
			w.sum.add(a)
			w.told.Rows++
			m.tick()
		}
		if err := w.settle(ctx, order, a, b); err != nil {
			return err
		}
		if order <= 0 {
			if a, err = w.nextHere(); err != nil {
				return err
			}
		}
		if order >= 0 {
			if b, err = w.nextThere(); err != nil {
				return err
			}
		}
	}
	if w.do != putIn {
		w.told.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	}
	return nil
}

// settle does what a pair of rows asks for, the one here being encoded already: the one here is missing there (order < 0), the one there is too much (order > 0), or they have one key.
func (w *walking) settle(ctx context.Context, order int, a, b []any) error {
	switch {
	case order < 0 && w.do != takeOutAndChange:
		w.told.Inserted++
		return w.b.put(ctx, a)
	case order > 0 && w.do != putIn:
		w.told.Deleted++
		return w.b.delete(ctx, b[:w.t.keys])
	case order == 0 && w.do != putIn:
		if w.other = appendRow(w.other[:0], b); !bytes.Equal(w.sum.raw, w.other) {
			w.told.Changed++
			return w.b.change(ctx, a)
		}
	}
	return nil
}

func (w *walking) nextHere() ([]any, error) {
	if !w.here.Next() {
		return nil, w.here.Err()
	}
	row, into := make([]any, len(w.t.columns)), make([]any, len(w.t.columns))
	for i := range row {
		into[i] = &row[i]
	}
	return w.t.read(row, w.here.Scan(into...))
}

func (w *walking) nextThere() ([]any, error) {
	if w.there == nil || !w.there.Next() {
		return nil, w.thereErr()
	}
	return w.t.read(w.there.Values())
}

// tick tells how far the run has come.
func (m *mover) tick() {
	m.done++
	if m.Progress != nil && m.done%1000 == 0 {
		m.Progress(m.done, m.total)
	}
}
