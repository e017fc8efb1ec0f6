package usher

import (
	"context"
	"time"
)

// FlowVersion is one published version of a flow.
type FlowVersion struct {
	Version int
	At      time.Time
}

// FlowTexts are the texts that flows were read from.
type FlowTexts interface {
	// FlowVersions lists the versions of a flow, newest first; none for a flow that there is not.
	FlowVersions(ctx context.Context, tenant, name string) ([]FlowVersion, error)
	// FlowText gives the text of a version; version 0 is the newest.
	FlowText(ctx context.Context, tenant, name string, version int) (string, error)
}
