package desk

import (
	"slices"

	"github.com/usher-kyc/usher"
)

// faces are the two that a reviewer compares: cut from the document and from the selfie, in one size.
type faces struct {
	Document, Selfie evidence
	Compared         bool // an engine compared them, too; what it said is with the check
}

// facesOf gives the two faces of a session whose face check found one on each picture in force, and nil else.
func facesOf(s usher.Session, say words) *faces {
	var found faces
	for _, r := range s.Checks() {
		if r.Kind != usher.CheckFace {
			continue
		}
		found.Compared = slices.Contains(r.Examined, "face_comparison")
		for _, e := range s.InForce() {
			seen := slices.ContainsFunc(r.Findings, func(f usher.Finding) bool { return f.Name == string(e.Kind)+"_faces" && f.Read != "0" })
			if !seen {
				continue
			}
			switch e.Kind {
			case usher.DocumentFront:
				found.Document = say.evidence(e)
			case usher.Selfie:
				found.Selfie = say.evidence(e)
			default:
			}
		}
	}
	if found.Document.ID == "" || found.Selfie.ID == "" {
		return nil
	}
	return &found
}
