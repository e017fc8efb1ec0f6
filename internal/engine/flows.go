package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/flow"
	"github.com/usher-kyc/usher/internal/store"
)

// Flow gives the newest version of a flow, from memory for a moment.
func (e *Engine) Flow(ctx context.Context, tenant, name string) (usher.Flow, error) {
	now, key := time.Now(), flowKey{tenant, name, 0}
	e.cache.mu.Lock()
	had, ok := e.cache.newest[key]
	e.cache.mu.Unlock()
	if ok && now.Sub(had.read) < e.age() {
		return had.what, nil
	}
	row, err := e.c.Store.Flow(ctx, tenant, name, 0)
	if err != nil {
		return usher.Flow{}, found(err, "flow")
	}
	f, err := e.flowOf(row)
	if err != nil {
		return f, err
	}
	e.newest(key, f, now)
	return f, nil
}

// newest remembers the newest version of a flow as it was read at a time. Of two that read at once, the one that read the older version is not the last.
func (e *Engine) newest(key flowKey, f usher.Flow, read time.Time) {
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	if e.cache.newest == nil {
		e.cache.newest = map[flowKey]aged[usher.Flow]{}
	}
	if had := e.cache.newest[key]; had.what.Version <= f.Version {
		e.cache.newest[key] = aged[usher.Flow]{f, read}
	}
}

// age is how old what is remembered of endpoints and flows may be.
func (e *Engine) age() time.Duration {
	if e.alone() {
		return endpointsAge
	}
	return sharedAge
}

// flowVersion gives the version a session began with.
func (e *Engine) flowVersion(ctx context.Context, tenant, name string, version int) (usher.Flow, error) {
	e.cache.mu.Lock()
	f, ok := e.cache.flows[flowKey{tenant, name, version}]
	e.cache.mu.Unlock()
	if ok {
		return f, nil
	}
	row, err := e.c.Store.Flow(ctx, tenant, name, version)
	if err != nil {
		return f, found(err, "flow")
	}
	return e.flowOf(row)
}

// flowOf reads a stored flow. It was checked when it was published; what this build cannot do any more shows when a session comes to it, so
// sessions on an old version still load.
func (e *Engine) flowOf(row store.FlowRow) (usher.Flow, error) {
	key := flowKey{row.TenantID, row.Name, row.Version}
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	if f, ok := e.cache.flows[key]; ok {
		return f, nil
	}
	f, problems := flow.Parse(row.Source, e.known)
	if len(f.Steps) == 0 {
		return f, fmt.Errorf("read stored flow: %w", flow.Err(problems))
	}
	f.Version, f.At = row.Version, row.CreatedAt
	if e.cache.flows == nil {
		e.cache.flows = map[flowKey]usher.Flow{}
	}
	e.cache.flows[key] = f
	return f, nil
}

// Flows gives the newest version of each flow, by name.
func (e *Engine) Flows(ctx context.Context, tenant string) ([]usher.Flow, error) {
	rows, err := e.c.Store.Flows(ctx, tenant)
	if err != nil {
		return nil, err
	}
	flows := make([]usher.Flow, 0, len(rows))
	for _, r := range rows {
		f, err := e.flowOf(r)
		if err != nil {
			return nil, err
		}
		flows = append(flows, f)
	}
	return flows, nil
}

// FlowSource gives the text of a flow's newest version.
func (e *Engine) FlowSource(ctx context.Context, tenant, name string) (string, error) {
	row, err := e.c.Store.Flow(ctx, tenant, name, 0)
	return row.Source, found(err, "flow")
}

// CheckFlow lists what is wrong with a flow.
func (e *Engine) CheckFlow(f usher.Flow) []usher.Problem { return f.Check(e.known) }

// PublishFlow makes a text the newest version of a flow. The same text as before makes no new version.
func (e *Engine) PublishFlow(ctx context.Context, tenant string, f usher.Flow, source string) (usher.Flow, error) {
	read, problems := flow.Parse(source, e.known)
	if err := flow.Err(problems); err != nil {
		return read, err
	}
	if read.Name != f.Name {
		return read, usher.Invalid("source", "the text is of the flow %q, not of %q", read.Name, f.Name)
	}
	for range retries {
		old, err := e.c.Store.Flow(ctx, tenant, read.Name, 0)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return read, err
		}
		if err == nil && old.Source == source {
			return e.flowOf(old)
		}
		row := store.FlowRow{TenantID: tenant, Name: read.Name, Version: old.Version + 1, Source: source, CreatedAt: e.now()}
		entry := e.setting(ctx, tenant, "flow.published", row.Name, fmt.Sprintf("version %d", row.Version))
		entry.Before, entry.After = hashedText(old.Source), hashedText(source)
		if err := e.c.Store.AddFlow(ctx, row, entry); errors.Is(err, store.ErrConflict) {
			continue
		} else if err != nil {
			return read, fmt.Errorf("publish flow: %w", err)
		}
		published, err := e.flowOf(row)
		if err != nil {
			return published, err
		}
		e.newest(flowKey{tenant, row.Name, 0}, published, time.Now())
		e.spread(ctx)
		return published, nil
	}
	return read, usher.Conflict("the flow is being published by others; try again")
}
