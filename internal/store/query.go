package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
)

// query builds a statement with optional conditions. Conditions are written here, never by a caller; values only travel as arguments.
type query struct {
	text string
	args []any
}

// when adds a condition whose "?" stand for the values.
func (q *query) when(wanted bool, condition string, values ...any) {
	if !wanted {
		return
	}
	for _, v := range values {
		q.args = append(q.args, v)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(q.args)), 1)
	}
	q.text += " AND " + condition
}

// in adds a condition that a column has one of some values; none means any.
func in[T ~string](q *query, column string, values []T) {
	if len(values) == 0 {
		return
	}
	marks := make([]string, len(values))
	for i, v := range values {
		q.args = append(q.args, string(v))
		marks[i] = "$" + strconv.Itoa(len(q.args))
	}
	q.text += " AND " + column + " IN (" + strings.Join(marks, ", ") + ")"
}

// beyond keeps what lies behind a place: above it when the order rises, below it when it falls.
func (q *query) beyond(column string, place any, rising bool) {
	if rising {
		q.when(true, column+" > ?", place)
	} else {
		q.when(true, column+" < ?", place)
	}
}

// page adds cursors that are values of the ordering column, the order and the limit.
func (q *query) page(p usher.Paging, column string) {
	if p.After != "" {
		q.beyond(column, p.After, p.Oldest)
	}
	if p.Before != "" {
		q.beyond(column, p.Before, !p.Oldest)
	}
	q.order(column, p)
}

// order adds the order and one row more than the limit, so that the caller sees whether there is a next page. A page before a cursor is read
// from the cursor backwards; the caller turns it around.
func (q *query) order(column string, p usher.Paging) {
	direction := " DESC"
	if p.Oldest != (p.Before != "" && p.After == "") {
		direction = " ASC"
	}
	q.args = append(q.args, p.Limit+1)
	q.text += " ORDER BY " + column + direction + " LIMIT $" + strconv.Itoa(len(q.args))
	if p.Skip > 0 {
		q.args = append(q.args, p.Skip)
		q.text += " OFFSET $" + strconv.Itoa(len(q.args))
	}
}

func one[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), text string, args ...any) (T, error) {
	list, err := all(ctx, s, scan, text, args...)
	if err != nil || len(list) == 0 {
		var none T
		if err == nil {
			err = ErrNotFound
		}
		return none, err
	}
	return list[0], nil
}

func all[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	var list []T
	err := s.rows(ctx, text, args, func(r scanner) error {
		v, err := scan(r)
		list = append(list, v)
		return err
	})
	return list, err
}
