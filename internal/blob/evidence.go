package blob

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Evidence is a [Store] for callers that keep references as text, as the engine does.
type Evidence struct{ Store Store }

// Put stores a file of an applicant and gives its reference, its SHA-256 in hex and its size in bytes.
func (e Evidence) Put(ctx context.Context, tenant, applicant string, r io.Reader) (ref, sha256 string, size int64, err error) {
	info, err := e.Store.Put(ctx, Object{Tenant: tenant, Applicant: applicant}, r)
	if err != nil {
		return "", "", 0, err
	}
	return info.Ref.String(), info.Ref.SHA256, info.Size, nil
}

// Open gives a file's bytes from an offset on.
func (e Evidence) Open(ctx context.Context, ref string, offset int64) (io.ReadCloser, error) {
	parsed, err := ParseRef(ref)
	if err != nil {
		return nil, fmt.Errorf("read reference: %w", err)
	}
	return e.Store.Open(ctx, parsed, Range{Offset: offset})
}

// Sweep removes files older than a time that no session names: an upload may be stored and then refused.
func (e Evidence) Sweep(ctx context.Context, known func(ctx context.Context, tenant, applicant, ref string) (bool, error), olderThan time.Time) error {
	_, err := e.Store.Sweep(ctx, func(ctx context.Context, r Ref) (bool, error) {
		return known(ctx, r.Tenant, r.Applicant, r.String())
	}, olderThan)
	return err
}

// DeleteApplicant removes every file of an applicant.
func (e Evidence) DeleteApplicant(ctx context.Context, tenant, applicant string) error {
	return e.Store.DeleteApplicant(ctx, tenant, applicant)
}
