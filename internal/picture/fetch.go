package picture

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Fetch reads a file that must be opened first, for callers who need its bytes beside the picture that [Intake.Decode] makes of them. It reads no
// more than one byte above the limit, so that Decode can refuse it.
func (in *Intake) Fetch(ctx context.Context, open func(context.Context) (io.ReadCloser, error)) ([]byte, error) {
	body, err := open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open picture: %w", err)
	}
	data, err := Gather(io.LimitReader(body, int64(in.config.MaxBytes)+1))
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	return data, nil
}
