package rekognition

import (
	"context"
	"errors"
	"fmt"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/check/face/liveness"
	intake "github.com/usher-kyc/usher/internal/picture"
)

// The name and version that results carry.
const (
	Provider = "rekognition"
	Version  = "face-liveness"
)

// Liveness is the liveness check by this service: the client's back end creates a liveness session in the same account, its app runs it with the vendor's
// kit, and the client notes its id in the session's metadata ([liveness.SessionKey]).
type Liveness struct {
	service
	intake *intake.Intake
}

var _ usher.Checker = (*Liveness)(nil)

// NewLiveness returns the check. Pictures are decoded by the intake; a process has one, since it bounds memory.
func NewLiveness(c Config, in *intake.Intake) (*Liveness, error) {
	s, err := newService(c)
	if err != nil {
		return nil, err
	}
	return &Liveness{s, in}, nil
}

// Kind returns usher.CheckLiveness.
func (l *Liveness) Kind() usher.CheckKind { return usher.CheckLiveness }

// errRunning is why the check is asked again: the applicant is still before the camera.
var errRunning = errors.New("the liveness session has not ended")

type results struct {
	Status         string // CREATED, IN_PROGRESS, SUCCEEDED, FAILED, EXPIRED
	Confidence     float64
	ReferenceImage *picture
}

// Check asks for the session's result and holds the face of its reference picture against the selfie, since a session's id says nothing of whose it
// was. The outcome is clear, with the assurance assisted, where the confidence reaches the threshold and the faces are alike.
func (l *Liveness) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	id := in.Session.Metadata[liveness.SessionKey]
	if id == "" {
		return liveness.NotTaken(Provider, Version, "no session"), nil
	}
	var got results
	err := l.call(ctx, "GetFaceLivenessSessionResults", map[string]string{"SessionId": id}, &got)
	switch {
	case isFault(err, "SessionNotFoundException"), isFault(err, "InvalidParameterException"):
		return liveness.NotTaken(Provider, Version, "unknown session"), nil
	case err != nil:
		return usher.CheckResult{}, err
	case got.Status == "CREATED" || got.Status == "IN_PROGRESS":
		return usher.CheckResult{}, errRunning
	case got.Status != "SUCCEEDED" && got.Status != "FAILED":
		return liveness.NotTaken(Provider, Version, "expired"), nil
	}
	enough := got.Status == "SUCCEEDED" && got.Confidence >= l.config.Threshold
	out := usher.CheckResult{
		Kind: usher.CheckLiveness, Outcome: usher.Consider, Assurance: usher.Assisted, Provider: Provider, Version: Version,
		Score: min(1, max(0, got.Confidence/100)), Examined: []string{"liveness", "active_liveness"}, NotExamined: []string{"injected_video"},
		Findings: []usher.Finding{
			{Name: "vendor_status", Read: map[bool]string{true: "succeeded", false: "failed"}[got.Status == "SUCCEEDED"], OK: got.Status == "SUCCEEDED"},
			{Name: "vendor_confidence", Read: fmt.Sprintf("%.1f %% (≥ %.1f %%)", got.Confidence, l.config.Threshold), OK: enough},
		},
	}
	if !enough {
		out.Reasons = []usher.Reason{{Code: usher.LivenessFailed, Check: usher.CheckLiveness}}
		out.NotExamined = append(out.NotExamined, "same_person_as_selfie")
		return out, nil
	}
	return l.whose(ctx, in, got.ReferenceImage, out)
}

// whose compares the reference picture of a session that succeeded with the selfie.
func (l *Liveness) whose(ctx context.Context, in usher.CheckInput, reference *picture, out usher.CheckResult) (usher.CheckResult, error) {
	undecided := func() (usher.CheckResult, error) {
		out.Outcome, out.NotExamined = usher.Clear, append(out.NotExamined, "same_person_as_selfie")
		return out, nil
	}
	file, ok := in.Find(usher.Selfie)
	if !ok || reference == nil || len(reference.Bytes) == 0 || !face.MayCompare(in.Session) {
		return undecided()
	}
	out.EvidenceIDs = []string{file.ID}
	img, _, err := l.intake.DecodeFrom(ctx, file.Open)
	if intake.CodeOf(err) != "" {
		return undecided()
	}
	if err != nil {
		return usher.CheckResult{}, fmt.Errorf("look at selfie: %w", err)
	}
	selfie, err := face.Encode(img)
	if err != nil {
		return usher.CheckResult{}, err
	}
	similarity, same, err := l.compare(ctx, reference.Bytes, selfie)
	if errors.Is(err, face.ErrNoFace) {
		return undecided()
	}
	if err != nil {
		return usher.CheckResult{}, fmt.Errorf("compare reference with selfie: %w", err)
	}
	out.Examined = append(out.Examined, "same_person_as_selfie")
	out.Findings = append(out.Findings, usher.Finding{Name: "frames_similarity", Read: fmt.Sprintf("%.3f", similarity), OK: same})
	out.Outcome = usher.Clear
	if !same {
		out.Outcome, out.Reasons = usher.Consider, []usher.Reason{{Code: usher.FaceDiffers, Check: usher.CheckLiveness}}
	}
	return out, nil
}
