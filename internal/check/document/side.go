package document

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/picture"
)

// side is what one picture of the document shows.
type side struct {
	kind    usher.EvidenceKind
	refused picture.Code // why it is not a picture to work with, or ""
	quality picture.Quality
	found   bool // a zone was found
	reading mrz.Reading
}

// look decodes, measures and reads one picture.
func (c *Checker) look(ctx context.Context, file usher.EvidenceFile, now time.Time) (side, error) {
	s := side{kind: file.Kind}
	img, _, err := c.config.Intake.DecodeFrom(ctx, file.Open)
	if code := picture.CodeOf(err); code != "" {
		s.refused = code
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("look at %s: %w", file.Kind, err)
	}
	s.quality = picture.Measure(img)
	s.reading, err = mrz.Read(ctx, img, mrz.Options{Now: now})
	switch {
	case err == nil:
		s.found = true
	case errors.Is(err, mrz.ErrNotFound), errors.Is(err, mrz.ErrTooLarge):
		// No zone on this side: for a card's front that is as it should be.
	default:
		return s, fmt.Errorf("read %s: %w", file.Kind, err)
	}
	return s, nil
}
