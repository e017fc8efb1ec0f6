package face

import (
	"context"
	"fmt"
	"slices"

	"github.com/usher-kyc/usher"
)

// withReference puts the reference, if there is one, in the place of the document's front.
func (c *Checker) withReference(ctx context.Context, in usher.CheckInput, r *report) (usher.CheckInput, error) {
	if c.config.Reference == nil {
		return in, nil
	}
	picture, ok, err := c.config.Reference(ctx, in)
	if err != nil {
		return in, fmt.Errorf("look for a reference: %w", err)
	}
	if !ok {
		return in, nil
	}
	r.finding("face_reference", "the signed portrait in the chip", true)
	in.Evidence = slices.DeleteFunc(slices.Clone(in.Evidence), func(e usher.EvidenceFile) bool { return e.Kind == usher.DocumentFront })
	in.Evidence = append(in.Evidence, picture)
	return in, nil
}
