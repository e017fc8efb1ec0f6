// Package liveness is the built-in provider of the liveness check, and an honest one: nothing in this build is tested
// against presentation attacks after ISO/IEC 30107-3, so it never claims that a live person stood before the camera.
//
// It notes how the selfie came in (taken on the hosted page, or chosen as a file) and whether more frames or a video
// are there for a reviewer to watch, and answers not_run with the reason liveness_not_tested. A provider of its own, such as
// the http check, takes its place where a tested engine is at hand.
package liveness

import (
	"context"
	"fmt"

	"github.com/usher-kyc/usher"
)

// The name and version that results carry.
const (
	Provider = "liveness"
	Version  = "1"
)

// Config has no settings yet; it is here so that all providers are made alike.
type Config struct{}

// Checker is the liveness check.
type Checker struct{}

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(Config) *Checker { return &Checker{} }

// Kind returns usher.CheckLiveness.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckLiveness }

// Check answers not_run, with what a reviewer should know of how the pictures were taken. It never fails.
func (c *Checker) Check(_ context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	result := usher.CheckResult{
		Kind: usher.CheckLiveness, Outcome: usher.NotRun, Provider: Provider, Version: Version,
		Reasons:     []usher.Reason{{Code: usher.LivenessNotTested, Check: usher.CheckLiveness}},
		NotExamined: []string{"presentation_attack", "injected_video", "face_movement"},
	}
	for _, kind := range []usher.EvidenceKind{usher.Selfie, usher.SelfieVideo, usher.LivenessFrames} {
		file, ok := in.Find(kind)
		if !ok {
			continue
		}
		result.EvidenceIDs = append(result.EvidenceIDs, file.ID)
		result.Findings = append(result.Findings, usher.Finding{
			Name: fmt.Sprintf("%s_source", kind), Read: string(file.Source), OK: file.Source == usher.FromCamera,
		})
	}
	return result, nil
}
