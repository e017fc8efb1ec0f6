package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/usher-kyc/usher"
)

// Evidence is a [Store] for callers that keep references as text, as the engine does.
type Evidence struct{ Store Store }

// Put stores a file of an applicant and gives its reference, its SHA-256 in hex and its size in bytes.
func (e Evidence) Put(ctx context.Context, tenant, applicant string, r io.Reader) (ref, sha256 string, size int64, err error) {
	info, err := e.Store.Put(ctx, Object{Tenant: tenant, Applicant: applicant}, r)
	if err != nil {
		return "", "", 0, away(err)
	}
	return info.Ref.String(), info.Ref.SHA256, info.Size, nil
}

// Open gives a file's bytes from an offset on.
func (e Evidence) Open(ctx context.Context, ref string, offset int64) (io.ReadCloser, error) {
	parsed, err := ParseRef(ref)
	if err != nil {
		return nil, fmt.Errorf("read reference: %w", err)
	}
	out, err := e.Store.Open(ctx, parsed, Range{Offset: offset})
	return out, away(err)
}

// away says of a store that does not answer what a caller may be told: that it passes, and that nothing was half done.
func away(err error) error {
	if err == nil || !errors.Is(err, ErrUnavailable) {
		return err
	}
	return &usher.Error{
		Code: usher.CodeInternal, Detail: "unavailable", Err: err,
		Message: "files cannot be stored or read right now; nothing was changed, try again in a moment",
	}
}

// Sweep removes files older than a time that no session names: an upload may be stored and then refused. It looks at most at so many, from behind the
// given place on, and gives the place to go on from, "" at the end.
func (e Evidence) Sweep(ctx context.Context, known func(ctx context.Context, tenant, applicant, ref string) (bool, error), olderThan time.Time,
	after string, most int,
) (next string, err error) {
	done, err := e.Store.Sweep(ctx, func(ctx context.Context, r Ref) (bool, error) {
		return known(ctx, r.Tenant, r.Applicant, r.String())
	}, olderThan, Part{After: after, Most: most})
	return done.Next, err
}

// Name tells stores apart.
func (e Evidence) Name() string { return e.Store.Name() }

// DeleteApplicant removes every file of an applicant.
func (e Evidence) DeleteApplicant(ctx context.Context, tenant, applicant string) error {
	return e.Store.DeleteApplicant(ctx, tenant, applicant)
}
