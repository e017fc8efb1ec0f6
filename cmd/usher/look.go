package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
)

// lookAt gives what the checks have to say of one picture that is not evidence yet, for vendors whose calls answer at once how good a picture
// is. The picture is put before the check alone, in a session that is about nobody.
func lookAt(checks []usher.Checker) func(context.Context, usher.EvidenceKind, []byte) (usher.CheckResult, error) {
	byKind := map[usher.EvidenceKind]usher.CheckKind{
		usher.DocumentFront: usher.CheckDocument, usher.DocumentBack: usher.CheckDocument, usher.Selfie: usher.CheckFace,
	}
	return func(ctx context.Context, kind usher.EvidenceKind, picture []byte) (usher.CheckResult, error) {
		i := slices.IndexFunc(checks, func(c usher.Checker) bool { return c.Kind() == byKind[kind] })
		if i < 0 {
			return usher.CheckResult{Outcome: usher.NotRun}, nil
		}
		return checks[i].Check(ctx, usher.CheckInput{
			Mode: usher.Sandbox, Now: time.Now(),
			Evidence: []usher.EvidenceFile{{
				// An id of its own: checks share what they read by the ids of the evidence.
				Evidence: usher.Evidence{ID: rand.Text(), Kind: kind, Source: usher.FromClient, Size: int64(len(picture))},
				Open:     func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(picture)), nil },
			}},
		})
	}
}

// portraits gives what cuts the face out of the picture of a document: the built-in face check, also where an outside one compares the faces.
func portraits(checks []usher.Checker) func(context.Context, []byte) ([]byte, error) {
	for _, c := range checks {
		if p, ok := c.(interface {
			Portrait(context.Context, []byte) ([]byte, error)
		}); ok {
			return p.Portrait
		}
	}
	return nil
}
