package engine

import (
	"context"
	"errors"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// Event gives a tenant's event.
func (e *Engine) Event(ctx context.Context, tenant, id string) (usher.Event, error) {
	row, err := e.c.Store.Event(ctx, tenant, id)
	if err != nil {
		return usher.Event{}, found(err, "event")
	}
	return e.openEvent(ctx, row)
}

// ListEvents gives a page of a tenant's events.
func (e *Engine) ListEvents(ctx context.Context, tenant string, f usher.EventFilter) (usher.Page[usher.Event], error) {
	f.Limit = limited(f.Limit)
	rows, err := e.c.Store.ListEvents(ctx, tenant, f)
	if err != nil {
		return usher.Page[usher.Event]{}, cursorErr(err)
	}
	return paged(rows, 0, f.Paging, func(r store.EventRow) (usher.Event, error) { return e.openEvent(ctx, r) },
		func(ev usher.Event) string { return ev.ID })
}

// cursorErr names the cursor when the row it stands for is not there.
func cursorErr(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return usher.Invalid("after", "is no cursor of this list; begin without one")
	}
	return err
}
