package face

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
)

// The name and version that results carry.
const (
	Provider = "face"
	Version  = "pigo-1.4.6"
)

// The smallest faces a reviewer can judge, side of the square in pixels. A selfie's eyes are then about 60 pixels apart.
const (
	minSelfieFace   = 160
	minDocumentFace = 80
	// severalFrom is how large a second face must be, compared with the first, to count: documents carry a small ghost
	// of the picture, and people hang photographs on the wall behind them.
	severalFrom = 0.5
)

// Matcher compares two faces. Implementations are adapters to outside engines; none is built in.
type Matcher interface {
	// Match returns how alike the faces are, 0..1, and whether the engine itself calls them the same person.
	Match(ctx context.Context, document, selfie image.Image) (similarity float64, same bool, err error)
	// Name names the engine and its version, for the result.
	Name() string
}

// Config is what the check needs.
type Config struct {
	// Intake decodes the pictures; share one per process, since it bounds memory.
	Intake *picture.Intake
	// Finder finds and measures the faces; nil loads one.
	Finder *Finder
	// Matcher compares the faces. Without one the comparison is left to a reviewer, and the result says so.
	Matcher Matcher
	// Reference gives a better picture of the holder than the photograph of the document's front, such as the signed one in its
	// chip, under the kind document_front; ok is false where there is none. nil never has one.
	Reference func(context.Context, usher.CheckInput) (picture usher.EvidenceFile, ok bool, err error)
	// Now is the clock that durations are measured by (default time.Now).
	Now func() time.Time
}

// Checker is the face check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the check, with the face finder loaded.
func New(config Config) (*Checker, error) {
	if config.Finder == nil {
		finder, err := NewFinder()
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

// Kind returns usher.CheckFace.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckFace }

// Check finds the faces on the selfie and on the front of the document. Without a Matcher it never answers clear. An
// error means that a picture could not be fetched or the matcher did not answer.
func (c *Checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	started := c.config.Now()
	r := &report{result: usher.CheckResult{
		Kind: usher.CheckFace, Outcome: usher.Consider, Assurance: usher.Assisted, Provider: Provider, Version: Version,
		Examined:    []string{"face_presence", "face_size", "face_pose", "face_light"},
		NotExamined: []string{"liveness", "presentation_attack", "picture_manipulation"},
	}}
	in, err := c.withReference(ctx, in, r)
	if err != nil {
		return usher.CheckResult{}, err
	}
	selfie, err := c.look(ctx, in, usher.Selfie, r)
	if err != nil {
		return usher.CheckResult{}, err
	}
	document, err := c.look(ctx, in, usher.DocumentFront, r)
	if err != nil {
		return usher.CheckResult{}, err
	}
	switch {
	case len(r.result.EvidenceIDs) == 0:
		r.result.Outcome, r.result.Assurance, r.result.Examined = usher.NotRun, "", nil
		r.result.NotExamined = append(r.result.NotExamined, "face_presence", "face_comparison")
	case selfie == nil || document == nil || c.config.Matcher == nil || !MayCompare(in.Session):
		r.reason(usher.FaceNotCompared, "")
		r.result.NotExamined = append(r.result.NotExamined, "face_comparison")
	default:
		if err := c.compare(ctx, document, selfie, r); err != nil {
			return usher.CheckResult{}, err
		}
	}
	r.result.DurationMS = c.config.Now().Sub(started).Milliseconds()
	return r.result, nil
}

// MayCompare reports whether nobody has declined the separate consent to a comparison of faces. Sessions without a
// consent step rest on a consent that the client holds.
func MayCompare(s usher.Session) bool {
	for _, step := range s.Steps {
		if step.Consent != nil && !step.Consent.Face {
			return false
		}
	}
	return true
}

func (c *Checker) compare(ctx context.Context, document, selfie image.Image, r *report) error {
	similarity, same, err := c.config.Matcher.Match(ctx, document, selfie)
	if errors.Is(err, ErrNoFace) {
		r.finding("face_similarity", "?", false)
		r.reason(usher.FaceNotCompared, "")
		r.result.NotExamined = append(r.result.NotExamined, "face_comparison")
		return nil
	}
	if err != nil {
		return fmt.Errorf("compare faces: %w", err)
	}
	similarity = min(1, max(0, similarity))
	r.result.Version += " " + c.config.Matcher.Name()
	r.result.Score = similarity
	r.result.Examined = append(r.result.Examined, "face_comparison")
	r.finding("face_similarity", fmt.Sprintf("%.3f", similarity), same)
	switch {
	case !same:
		// A face that differs goes to a person first: GDPR article 22.
		r.reason(usher.FaceDiffers, "")
	case len(r.result.Reasons) == 0:
		r.result.Outcome = usher.Clear
	}
	return nil
}

// look finds the face on one piece of evidence and notes what is wrong with it. It returns the picture when there is a
// face to compare on it, and nil when there is not.
func (c *Checker) look(ctx context.Context, in usher.CheckInput, kind usher.EvidenceKind, r *report) (image.Image, error) {
	missing, smallestFace := usher.FaceMissing, minSelfieFace
	if kind == usher.DocumentFront {
		missing, smallestFace = usher.DocumentPhotoMissing, minDocumentFace
	}
	file, ok := in.Find(kind)
	if !ok {
		r.reason(missing, kind)
		return nil, nil
	}
	r.result.EvidenceIDs = append(r.result.EvidenceIDs, file.ID)
	img, _, err := c.config.Intake.DecodeFrom(ctx, file.Open)
	if err != nil {
		if picture.CodeOf(err) == "" {
			return nil, fmt.Errorf("look at %s: %w", kind, err)
		}
		r.finding(string(kind), string(picture.CodeOf(err)), false)
		r.reason(missing, kind)
		return nil, nil
	}
	if kind == usher.Selfie { // the document check measures its own pictures
		r.measures(img)
	}
	img, faces := c.findTurned(img, kind == usher.DocumentFront)
	r.finding(string(kind)+"_faces", fmt.Sprint(count(faces)), count(faces) == 1)
	if len(faces) == 0 {
		r.reason(missing, kind)
		return nil, nil
	}
	side := faces[0].Box.Dx()
	r.finding(string(kind)+"_face_side", fmt.Sprintf("%d px", side), side >= smallestFace)
	if side < smallestFace {
		r.reason(usher.FaceTooSmall, kind)
	}
	if kind == usher.Selfie {
		c.stance(img, faces[0], r)
	}
	if kind == usher.Selfie && count(faces) > 1 {
		r.reason(usher.FaceSeveral, kind)
		return nil, nil
	}
	if kind == usher.DocumentFront {
		return portraitOf(img, faces[0]), nil // an engine is shown no more of the document than the face
	}
	return img, nil
}

// measures notes how good the selfie is. It is advice: a face that is found on a dark picture is found.
func (r *report) measures(img image.Image) {
	q := picture.Measure(img)
	advice := q.Advice()
	fine := func(what string) bool { return !slices.Contains(advice, what) }
	r.finding(string(usher.Selfie)+"_sharpness", fmt.Sprintf("%.0f", q.Sharpness), fine(picture.AdviceBlurred))
	r.finding(string(usher.Selfie)+"_brightness", fmt.Sprintf("%.0f %%", 100*q.Brightness), fine(picture.AdviceDark))
}

// count counts the faces that are large enough, compared with the largest, to be a person who takes part.
func count(faces []Face) int {
	n := 0
	for _, f := range faces {
		if float64(f.Box.Dx()) >= severalFrom*float64(faces[0].Box.Dx()) {
			n++
		}
	}
	return n
}

// findTurned looks for faces as the picture is, and for a document, which may lie any way round on the table, turned by
// quarters too. It returns the picture as it stood when a face was found.
func (c *Checker) findTurned(img image.Image, anyWay bool) (image.Image, []Face) {
	faces := c.config.Finder.Find(img)
	if len(faces) > 0 || !anyWay {
		return img, faces
	}
	small := picture.Gray(img, workingSide)
	for _, orientation := range []int{3, 6, 8} {
		if len(c.config.Finder.Find(picture.Upright(small, orientation))) > 0 {
			turned := picture.Upright(img, orientation)
			return turned, c.config.Finder.Find(turned)
		}
	}
	return img, nil
}

// report collects a result.
type report struct{ result usher.CheckResult }

func (r *report) reason(code usher.ReasonCode, kind usher.EvidenceKind) {
	r.result.Reasons = append(r.result.Reasons, usher.Reason{Code: code, Check: usher.CheckFace, Field: string(kind)})
}

func (r *report) finding(name, read string, ok bool) {
	r.result.Findings = append(r.result.Findings, usher.Finding{Name: name, Read: read, OK: ok})
}
