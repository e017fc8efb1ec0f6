package eval

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"time"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/picture"
)

// Runner reads the pictures of a folder one after the other. Its zero value is ready to use.
type Runner struct {
	// Intake decodes (default: that of the server, but for files and pictures of any size that can be read).
	Intake *picture.Intake
	// Read reads a decoded picture (default [mrz.Read]).
	Read func(context.Context, image.Image, mrz.Options) (mrz.Reading, error)
	// Now is the clock (default time.Now): for durations, and for the century of dates.
	Now func() time.Time
	// Processor gives the processor time used so far (default none).
	Processor func() time.Duration
}

// Run gives the outcome of each case to each, in order. It fails where a file cannot be read, where reading fails for another
// reason than that there is nothing to read, and when ctx ends; a picture that is refused is an outcome.
func (u Runner) Run(ctx context.Context, folder fs.FS, cases []Case, each func(Outcome)) error {
	if u.Intake == nil {
		u.Intake = picture.New(picture.Config{MaxBytes: 64 << 20, MaxPixels: 64_000_000})
	}
	if u.Read == nil {
		u.Read = mrz.Read
	}
	if u.Now == nil {
		u.Now = time.Now
	}
	if u.Processor == nil {
		u.Processor = func() time.Duration { return 0 }
	}
	for _, c := range cases {
		raw, err := fs.ReadFile(folder, c.File)
		if err != nil {
			return fmt.Errorf("read picture: %w", err)
		}
		o, err := u.one(ctx, c, raw)
		if err != nil {
			return fmt.Errorf("read %s: %w", c.File, err)
		}
		each(o)
	}
	return nil
}

func (u Runner) one(ctx context.Context, c Case, raw []byte) (Outcome, error) {
	o := Outcome{Case: c}
	used, began := u.Processor(), u.Now()
	img, _, err := u.Intake.Decode(ctx, raw)
	decoded, usedDecoding := u.Now(), u.Processor()
	o.Decode, o.DecodeProcessor = decoded.Sub(began), usedDecoding-used
	if code := picture.CodeOf(err); code != "" {
		o.Refused = string(code)
		o.judge(nil, decoded)
		return o, nil
	}
	if err != nil {
		return o, err
	}
	r, err := u.Read(ctx, img, mrz.Options{})
	o.Reading, o.ReadingProcessor = u.Now().Sub(decoded), u.Processor()-usedDecoding
	switch {
	case errors.Is(err, mrz.ErrNotFound):
		o.judge(nil, decoded)
	case err != nil:
		return o, err
	default:
		o.judge(&r, decoded)
	}
	return o, nil
}
