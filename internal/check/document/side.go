package document

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/barcode"
	"github.com/usher-kyc/usher/internal/barcode/aamva"
	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/picture"
)

// DefaultPictureTime bounds what is done with one picture, from decoding to reading.
const DefaultPictureTime = 10 * time.Second

// side is what one picture of the document shows.
type side struct {
	file    usher.Evidence
	kind    usher.EvidenceKind
	refused picture.Code // why it is not a picture to work with, or ""
	slow    bool         // the time for one picture was not enough
	quality picture.Quality

	after   string   // what stands behind the end of the picture, or ""
	editors []string // programs that the file says it went through
	seams   float64  // of an earlier saving beside the grid of the last; 0 when there are none to speak of
	look    picture.Likeness
	hasLook bool

	found   bool // a zone was found
	reading mrz.Reading
	torn    bool // a barcode is there and could not be read
	other   bool // a barcode was read that is no licence's
	licence *aamva.Licence
}

// look takes in one picture, within the time for one.
func (c *Checker) look(ctx context.Context, file usher.EvidenceFile, now time.Time) (side, error) {
	s := side{kind: file.Kind, file: file.Evidence}
	mine, cancel := context.WithTimeout(ctx, c.config.PictureTime)
	defer cancel()
	err := c.take(mine, &s, file, now)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		s.slow = true
		return s, nil
	}
	return s, err
}

// take decodes, measures and reads.
func (c *Checker) take(ctx context.Context, s *side, file usher.EvidenceFile, now time.Time) error {
	data, err := c.config.Intake.Fetch(ctx, file.Open)
	if err != nil {
		return fmt.Errorf("look at %s: %w", file.Kind, err)
	}
	img, info, err := c.config.Intake.Decode(ctx, data)
	if code := picture.CodeOf(err); code != "" {
		s.refused = code
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", file.Kind, err)
	}
	if info.After > 0 {
		s.after = fmt.Sprintf("%d bytes (%s)", info.After, info.AfterKind)
	}
	s.editors = picture.Editors(data)
	s.quality = picture.Measure(img)
	s.look, s.hasLook = picture.LikenessOf(img)
	// Cameras of computers send frames that are JPEG already, and the page cuts the document out of them: seams say nothing there.
	if file.Source != usher.FromCamera {
		if strength, ok := picture.SavedBefore(img, info.Orientation != 1); ok {
			s.seams = strength
		}
	}
	s.reading, err = mrz.Read(ctx, img, mrz.Options{Now: now})
	switch {
	case err == nil:
		s.found = true
	case errors.Is(err, mrz.ErrNotFound), errors.Is(err, mrz.ErrTooLarge):
		// No zone on this side: for a card's front that is as it should be.
	default:
		return fmt.Errorf("read %s: %w", file.Kind, err)
	}
	if s.found && s.reading.DigitsAgree {
		// Licences that are border documents too (of a few American states and Canadian provinces) have both on one side: there the zone alone is
		// read, and no claim is made of the code.
		return nil
	}
	codes, err := barcode.Read(ctx, img, barcode.Options{Kinds: []barcode.Kind{barcode.PDF417}})
	if err != nil && !errors.Is(err, barcode.ErrTooLarge) {
		return fmt.Errorf("read %s: %w", file.Kind, err)
	}
	for _, code := range codes {
		if code.Err != nil {
			s.torn = true
			continue
		}
		licence, err := aamva.Parse(code.Bytes)
		if s.other = err != nil; !s.other {
			s.licence = &licence
		}
	}
	return nil
}
