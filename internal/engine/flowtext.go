package engine

import (
	"context"

	"github.com/usher-kyc/usher"
)

var _ usher.FlowTexts = (*Engine)(nil)

// FlowVersions lists the versions of a flow, newest first.
func (e *Engine) FlowVersions(ctx context.Context, tenant, name string) ([]usher.FlowVersion, error) {
	rows, err := e.c.Store.FlowVersions(ctx, tenant, name)
	list := make([]usher.FlowVersion, len(rows))
	for i, r := range rows {
		list[i] = usher.FlowVersion{Version: r.Version, At: r.CreatedAt}
	}
	return list, err
}

// FlowText gives the text of a version of a flow.
func (e *Engine) FlowText(ctx context.Context, tenant, name string, version int) (string, error) {
	row, err := e.c.Store.Flow(ctx, tenant, name, version)
	return row.Source, found(err, "version of this flow")
}
