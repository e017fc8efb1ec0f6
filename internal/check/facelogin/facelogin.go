// Package facelogin is the built-in provider of the face_login check, and an honest one: nothing in this build compares
// faces, so it never says that the person before the camera is the one who was onboarded.
//
// It notes which pictures there are to be compared, the new selfie and the one of the approved onboarding, and answers
// not_run with the reason face_not_compared, which sends the session to a reviewer. An outside engine takes its place
// (docs/api/checks.md); the sandbox has a stand-in of its own.
package facelogin

import (
	"context"

	"github.com/usher-kyc/usher"
)

// The name and version that results carry.
const (
	Provider = "facelogin"
	Version  = "1"
)

// Config has no settings yet; it is here so that all providers are made alike.
type Config struct{}

// Checker is the face_login check.
type Checker struct{}

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(Config) *Checker { return &Checker{} }

// Kind returns usher.CheckFaceLogin.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckFaceLogin }

// Check answers not_run, with where a reviewer finds the two pictures. It never fails.
func (c *Checker) Check(_ context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	result := usher.CheckResult{
		Kind: usher.CheckFaceLogin, Outcome: usher.NotRun, Provider: Provider, Version: Version,
		Reasons:     []usher.Reason{{Code: usher.FaceNotCompared, Check: usher.CheckFaceLogin}},
		NotExamined: []string{"face_comparison", "liveness", "presentation_attack"},
	}
	selfie, ok := in.Find(usher.Selfie)
	if ok {
		result.EvidenceIDs = []string{selfie.ID}
	}
	result.Findings = append(result.Findings, usher.Finding{Name: "selfie_source", Read: string(selfie.Source), OK: selfie.Source == usher.FromCamera})
	_, ok = usher.CheckInput{Evidence: in.Enrolled}.Find(usher.Selfie)
	result.Findings = append(result.Findings, usher.Finding{Name: "enrolled_session", Read: in.EnrolledIn, OK: ok})
	return result, nil
}
