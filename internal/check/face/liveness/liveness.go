package liveness

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/picture"
)

// The name and version that results carry.
const (
	Provider = "liveness"
	Version  = "capture-challenge-1 " + face.Version
)

// Method is how results name what was done, with what it was not tested to.
const Method = "capture challenge, not tested to ISO/IEC 30107-3"

// Config is what the check needs.
type Config struct {
	// Intake decodes the sheets; share one per process, since it bounds memory.
	Intake *picture.Intake
	// Finder finds and measures the faces; nil loads one.
	Finder *face.Finder
	// Matcher compares the face of the frames with that of the selfie. Without one that is left to a reviewer, and the result says so.
	Matcher face.Matcher
	// Now is the clock that durations are measured by (default time.Now).
	Now func() time.Time
}

// Checker is the liveness check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(config Config) (*Checker, error) {
	if config.Finder == nil {
		finder, err := face.NewFinder()
		if err != nil {
			return nil, err
		}
		config.Finder = finder
	}
	if config.Intake == nil {
		config.Intake = picture.New(picture.Config{})
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Checker{config: config}, nil
}

// Kind returns usher.CheckLiveness.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckLiveness }

// Judge tells what is wrong with a sheet of frames for the movements asked: one of the Wrong words or a movement that was not seen, or "" when
// all was seen. It is for telling the applicant at once; what counts is Check, which looks again. A sheet that is no picture is WrongFrames.
func (c *Checker) Judge(ctx context.Context, raw []byte, moves []usher.Move) (wrong string, err error) {
	sheet, _, err := c.config.Intake.Decode(ctx, raw)
	if picture.CodeOf(err) != "" {
		return WrongFrames, nil
	}
	if err != nil {
		return "", fmt.Errorf("judge challenge: %w", err)
	}
	return measure(c.config.Finder, sheet, moves).wrong, nil
}

// Check judges the frames of the newest challenge. The error says that a picture could not be fetched, or that the matcher did not answer.
func (c *Checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	started := c.config.Now()
	r := &report{usher.CheckResult{
		Kind: usher.CheckLiveness, Outcome: usher.NotRun, Provider: Provider, Version: Version,
		Reasons:     []usher.Reason{{Code: usher.LivenessNotTested, Check: usher.CheckLiveness}},
		NotExamined: []string{"presentation_attack", "injected_video"},
	}}
	for _, kind := range []usher.EvidenceKind{usher.Selfie, usher.SelfieVideo, usher.LivenessFrames} {
		if file, ok := in.Find(kind); ok {
			r.EvidenceIDs = append(r.EvidenceIDs, file.ID)
			r.finding(fmt.Sprintf("%s_source", kind), "", string(file.Source), file.Source == usher.FromCamera)
		}
	}
	sheet, why := taken(in)
	if why != "" {
		r.finding("challenge", "", why, false)
		r.NotExamined = append(r.NotExamined, "face_movement")
		return r.CheckResult, nil
	}
	if err := c.judge(ctx, in, sheet, r); err != nil {
		return usher.CheckResult{}, err
	}
	r.DurationMS = c.config.Now().Sub(started).Milliseconds()
	return r.CheckResult, nil
}

// taken gives the frames that answer a challenge of this server, or says why there are none.
func taken(in usher.CheckInput) (sheet usher.EvidenceFile, why string) {
	sheet, ok := in.Find(usher.LivenessFrames)
	selfie, _ := in.Find(usher.Selfie)
	switch {
	case !ok:
		return sheet, "not taken"
	case sheet.Challenge == nil:
		return sheet, "not asked for by this server"
	case sheet.Attempt < selfie.Attempt || sheet.At.Before(selfie.At):
		// The selfie was taken anew behind the challenge, by whoever that was.
		return sheet, "older than the selfie"
	}
	return sheet, ""
}

// judge fills the result in from the frames.
func (c *Checker) judge(ctx context.Context, in usher.CheckInput, sheet usher.EvidenceFile, r *report) error {
	asked := sheet.Challenge
	r.Outcome, r.Assurance, r.Reasons, r.Examined = usher.Consider, usher.Assisted, nil, []string{usher.CaptureChallenge, "face_movement"}
	r.finding("method", "", Method, true)
	r.finding("challenge_try", "", fmt.Sprint(asked.Try), true)
	took := sheet.At.Sub(asked.At)
	inTime := !sheet.At.After(asked.Deadline)
	r.finding("challenge_time", fmt.Sprintf("%.0f s", asked.Deadline.Sub(asked.At).Seconds()), fmt.Sprintf("%.0f s", took.Seconds()), inTime)
	img, _, err := c.config.Intake.DecodeFrom(ctx, sheet.Open)
	if err != nil && picture.CodeOf(err) == "" {
		return fmt.Errorf("look at frames: %w", err)
	}
	seen := judged{wrong: WrongFrames}
	if err == nil {
		seen = measure(c.config.Finder, img, asked.Moves)
	}
	for _, row := range seen.rows {
		r.finding("challenge_"+row.asked, "", row.read, row.ok && !row.still)
	}
	r.Score = seen.share()
	passed := seen.wrong == "" && inTime
	r.finding("challenge", words(asked.Moves), map[bool]string{true: "passed", false: "failed: " + seen.wrong}[passed], passed)
	if passed {
		r.Outcome = usher.Clear
	} else {
		r.reason(usher.LivenessFailed)
	}
	return c.compare(ctx, in, img, len(asked.Moves), r)
}

// compare holds the face of the frames against that of the selfie: else one person could move and another be on the selfie.
func (c *Checker) compare(ctx context.Context, in usher.CheckInput, sheet image.Image, moves int, r *report) error {
	file, ok := in.Find(usher.Selfie)
	if c.config.Matcher == nil || !ok || r.Outcome != usher.Clear || !face.MayCompare(in.Session) {
		r.NotExamined = append(r.NotExamined, "same_person_as_selfie")
		return nil
	}
	selfie, _, err := c.config.Intake.DecodeFrom(ctx, file.Open)
	if picture.CodeOf(err) != "" {
		r.NotExamined = append(r.NotExamined, "same_person_as_selfie")
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at selfie: %w", err)
	}
	part, ok := sheet.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if !ok {
		return errors.New("compare frames with selfie: the sheet cannot be cut")
	}
	b := sheet.Bounds()
	cell := image.Rect(0, 0, b.Dx()/Columns, b.Dy()/(moves+1)).Add(b.Min)
	similarity, same, err := c.config.Matcher.Match(ctx, selfie, part.SubImage(cell))
	if errors.Is(err, face.ErrNoFace) {
		r.NotExamined = append(r.NotExamined, "same_person_as_selfie")
		return nil
	}
	if err != nil {
		return fmt.Errorf("compare frames with selfie: %w", err)
	}
	r.Examined = append(r.Examined, "same_person_as_selfie")
	r.Version += " " + c.config.Matcher.Name()
	r.finding("frames_similarity", "", fmt.Sprintf("%.3f", similarity), same)
	if !same {
		r.Outcome = usher.Consider
		r.reason(usher.FaceDiffers)
	}
	return nil
}

func words(moves []usher.Move) string {
	out := make([]string, len(moves))
	for i, m := range moves {
		out[i] = string(m)
	}
	return strings.Join(out, ", ")
}

// report collects a result.
type report struct{ usher.CheckResult }

func (r *report) reason(code usher.ReasonCode) {
	r.Reasons = append(r.Reasons, usher.Reason{Code: code, Check: usher.CheckLiveness})
}

func (r *report) finding(name, given, read string, ok bool) {
	r.Findings = append(r.Findings, usher.Finding{Name: name, Given: given, Read: read, OK: ok})
}
