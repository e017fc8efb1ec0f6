package document

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
)

// mostEarlier is how many pictures of earlier goes are looked at.
const mostEarlier = 4

// provenance tells how each picture came in, what its file says it went through, and whether one picture stands for two.
func (v *verdict) provenance(in usher.CheckInput, sides []side) {
	for _, s := range sides {
		name := string(s.kind)
		if s.file.Source != "" {
			v.finding(usher.Finding{Name: name + "_source", Read: string(s.file.Source), OK: true})
		}
		if s.after != "" {
			// Phones append films and second pictures there: worth telling, and no ground.
			v.finding(usher.Finding{Name: name + "_after_end", Read: s.after, OK: true})
		}
		if len(s.editors) > 0 {
			v.finding(usher.Finding{Name: name + "_editors", Read: strings.Join(s.editors, ", ")})
			v.consider(usher.DocumentEdited, name)
		}
		if s.seams > 0 {
			v.finding(usher.Finding{Name: name + "_saved_before", Read: fmt.Sprintf("%.2f", s.seams)})
			v.consider(usher.DocumentEdited, name)
		}
	}
	if len(sides) == 2 && samePicture(sides[0], sides[1]) {
		v.finding(usher.Finding{Name: "sides_picture", Given: string(sides[0].kind), Read: string(sides[1].kind)})
		v.consider(usher.DocumentSamePicture, string(usher.DocumentBack))
	}
	for _, s := range sides {
		if i := slices.IndexFunc(in.Session.Evidence, func(e usher.Evidence) bool {
			return e.SHA256 != "" && e.SHA256 == s.file.SHA256 && e.Attempt < s.file.Attempt && e.ID != s.file.ID
		}); i >= 0 {
			v.sentBefore(s, in.Session.Evidence[i])
		}
	}
}

func (v *verdict) sentBefore(s side, earlier usher.Evidence) {
	v.finding(usher.Finding{Name: string(s.kind) + "_sent_before", Read: fmt.Sprintf("%s, %d", earlier.Kind, earlier.Attempt)})
	v.consider(usher.DocumentSamePicture, string(s.kind))
}

// samePicture tells whether two files are one picture: to the byte, or saved twice.
func samePicture(a, b side) bool {
	if a.file.SHA256 != "" && a.file.SHA256 == b.file.SHA256 {
		return true
	}
	return a.hasLook && b.hasLook && a.look.Same(b.look)
}

// compareEarlier holds the pictures against those of earlier goes, of which they took the place: somebody who was asked for a better picture may send
// the old one once more, saved again. A file that is not there any more says nothing.
func (c *Checker) compareEarlier(ctx context.Context, v *verdict, in usher.CheckInput, sides []side) error {
	var earlier []usher.EvidenceFile
	for _, file := range slices.Backward(in.Replaced) {
		if (file.Kind == usher.DocumentFront || file.Kind == usher.DocumentBack) && len(earlier) < mostEarlier {
			earlier = append(earlier, file)
		}
	}
	if len(earlier) > 0 {
		v.examined("picture_reuse")
	}
	for _, file := range earlier {
		if slices.ContainsFunc(sides, func(s side) bool { return s.file.SHA256 == file.SHA256 }) {
			continue // told by the bytes alone
		}
		img, _, err := c.config.Intake.DecodeFrom(ctx, file.Open)
		if picture.CodeOf(err) != "" {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at an earlier %s: %w", file.Kind, err)
		}
		look, ok := picture.LikenessOf(img)
		for _, s := range sides {
			if ok && s.hasLook && file.Attempt < s.file.Attempt && s.look.Same(look) {
				v.sentBefore(s, file.Evidence)
			}
		}
	}
	return nil
}
