package face_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func evidence(kind usher.EvidenceKind, data []byte) usher.EvidenceFile {
	return usher.EvidenceFile{
		Evidence: usher.Evidence{ID: "ev_" + string(kind), Kind: kind, Source: usher.FromUpload},
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(data)), nil
		},
	}
}

func pictureOf(t testing.TB, kind usher.EvidenceKind, img image.Image) usher.EvidenceFile {
	t.Helper()
	return evidence(kind, must[[]byte](t)(specimen.JPEG(img)))
}

func newChecker(t testing.TB, matcher face.Matcher) *face.Checker {
	t.Helper()
	return must[*face.Checker](t)(face.New(face.Config{Matcher: matcher}))
}

// selfie is of the holder of the specimens; drawing it takes longer than looking at it.
var selfie = sync.OnceValue(func() image.Image { return specimen.Selfie(specimen.Person{}) })

// beside puts two pictures of the same height next to each other.
func beside(a, b image.Image) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, a.Bounds().Dx()+b.Bounds().Dx(), a.Bounds().Dy()))
	for i, img := range []image.Image{a, b} {
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				out.Set(x+i*a.Bounds().Dx(), y, img.At(x, y))
			}
		}
	}
	return out
}

func TestFinderFindsEverySpecimen(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	finder := must[*face.Finder](t)(face.NewFinder())
	for _, p := range []specimen.Person{{}, {LastName: "Berg", FirstNames: "Johan", Sex: "M"}, {Face: 3, Sex: "X"}} {
		for name, img := range map[string]image.Image{
			"selfie": specimen.Selfie(p), "card": must[image.Image](t)(specimen.IDCardFront(p)),
			"photo of the passport": specimen.Photo(must[image.Image](t)(specimen.Passport(p)), p.Face),
		} {
			faces := finder.Find(img)
			if len(faces) != 1 {
				t.Errorf("%s %d, %s: %d faces: %v", p.LastName, p.Face, name, len(faces), faces)
				continue
			}
			if !faces[0].Box.In(img.Bounds()) || faces[0].Score < 30 {
				t.Errorf("%s %d, %s: box %v, score %.0f", p.LastName, p.Face, name, faces[0].Box, faces[0].Score)
			}
		}
	}
	back := must[image.Image](t)(specimen.IDCardBack(specimen.Person{}))
	for name, img := range map[string]image.Image{"card back": back, "table": specimen.Shoot(nil, specimen.Shot{Noise: 5}), "nothing": image.NewGray(image.Rectangle{})} {
		if faces := finder.Find(img); len(faces) != 0 {
			t.Errorf("%s: a face where there is none: %v", name, faces)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	passport := must[image.Image](t)(specimen.Passport(specimen.Person{}))
	back := must[image.Image](t)(specimen.IDCardBack(specimen.Person{}))
	document := pictureOf(t, usher.DocumentFront, specimen.Photo(passport, 4))
	anna := pictureOf(t, usher.Selfie, selfie())
	two := beside(selfie(), specimen.Selfie(specimen.Person{LastName: "Berg", Sex: "M"}))
	small := specimen.Shoot(selfie(), specimen.Shot{Width: 900, Height: 600, Fill: 0.30})

	tests := []struct {
		name    string
		files   []usher.EvidenceFile
		outcome usher.Outcome
		reasons []usher.ReasonCode
	}{
		{"both", []usher.EvidenceFile{document, anna}, usher.Consider, []usher.ReasonCode{usher.FaceNotCompared}},
		{"document on its side", []usher.EvidenceFile{pictureOf(t, usher.DocumentFront, picture.Upright(specimen.Photo(passport, 4), 6)), anna}, usher.Consider, []usher.ReasonCode{usher.FaceNotCompared}},
		{"nothing", nil, usher.NotRun, []usher.ReasonCode{usher.FaceMissing, usher.DocumentPhotoMissing}},
		{"no selfie", []usher.EvidenceFile{document}, usher.Consider, []usher.ReasonCode{usher.FaceMissing, usher.FaceNotCompared}},
		{"selfie of a table", []usher.EvidenceFile{document, pictureOf(t, usher.Selfie, specimen.Shoot(nil, specimen.Shot{}))}, usher.Consider, []usher.ReasonCode{usher.FaceMissing, usher.FaceNotCompared}},
		{"turned aside", []usher.EvidenceFile{document, pictureOf(t, usher.Selfie, specimen.Turned(specimen.Person{LastName: "Berg", FirstNames: "Johan", Sex: "M"}, 30, 1, 1))}, usher.Consider, []usher.ReasonCode{usher.FaceTurned, usher.FaceNotCompared}},
		{"too near", []usher.EvidenceFile{document, pictureOf(t, usher.Selfie, specimen.Turned(specimen.Person{}, 0, 1.75, 1))}, usher.Consider, []usher.ReasonCode{usher.FaceTooNear, usher.FaceNotCompared}},
		{"two people", []usher.EvidenceFile{document, pictureOf(t, usher.Selfie, two)}, usher.Consider, []usher.ReasonCode{usher.FaceSeveral, usher.FaceNotCompared}},
		{"far away", []usher.EvidenceFile{document, pictureOf(t, usher.Selfie, small)}, usher.Consider, []usher.ReasonCode{usher.FaceTooSmall, usher.FaceNotCompared}},
		{"back as front", []usher.EvidenceFile{pictureOf(t, usher.DocumentFront, back), anna}, usher.Consider, []usher.ReasonCode{usher.DocumentPhotoMissing, usher.FaceNotCompared}},
		{"rotten files", []usher.EvidenceFile{evidence(usher.DocumentFront, []byte("\xff\xd8\xff rotten")), evidence(usher.Selfie, nil)}, usher.Consider, []usher.ReasonCode{usher.FaceMissing, usher.DocumentPhotoMissing, usher.FaceNotCompared}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result := must[usher.CheckResult](t)(newChecker(t, nil).Check(t.Context(), usher.CheckInput{Evidence: tt.files}))
			if result.Outcome != tt.outcome {
				t.Errorf("outcome %s, want %s", result.Outcome, tt.outcome)
			}
			var codes []usher.ReasonCode
			for _, r := range result.Reasons {
				codes = append(codes, r.Code)
			}
			if !slices.Equal(codes, tt.reasons) {
				t.Errorf("reasons %v, want %v; findings %+v", codes, tt.reasons, result.Findings)
			}
			if !slices.Contains(result.NotExamined, "face_comparison") {
				t.Error("the result does not say that the faces were not compared")
			}
		})
	}
}

// engine is a face engine that answers as it is told.
type engine struct {
	similarity float64
	same       bool
	err        error
}

func (e engine) Match(context.Context, image.Image, image.Image) (float64, bool, error) {
	return e.similarity, e.same, e.err
}

func (e engine) Name() string { return "engine-1" }

func TestMatcherDecides(t *testing.T) {
	t.Parallel()
	card := must[image.Image](t)(specimen.IDCardFront(specimen.Person{}))
	in := usher.CheckInput{Evidence: []usher.EvidenceFile{pictureOf(t, usher.DocumentFront, card), pictureOf(t, usher.Selfie, selfie())}}
	declined := in
	declined.Session.Steps = []usher.StepStatus{{Consent: &usher.Consent{Face: false}}}
	away := errors.New("engine is away")
	tests := []struct {
		name    string
		in      usher.CheckInput
		engine  engine
		outcome usher.Outcome
		err     error
	}{
		{"same", in, engine{similarity: 0.91, same: true}, usher.Clear, nil},
		{"differs", in, engine{similarity: 0.2}, usher.Consider, nil},
		{"away", in, engine{err: away}, "", away},
		{"no face for the engine", in, engine{err: fmt.Errorf("match: %w", face.ErrNoFace)}, usher.Consider, nil},
		{"comparison declined", declined, engine{similarity: 0.99, same: true}, usher.Consider, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result, err := newChecker(t, tt.engine).Check(t.Context(), tt.in)
			if !errors.Is(err, tt.err) || result.Outcome != tt.outcome {
				t.Errorf("outcome %q, error %v; want %q, %v", result.Outcome, err, tt.outcome, tt.err)
			}
		})
	}
}

func TestStoreErrorIsNoVerdict(t *testing.T) {
	t.Parallel()
	lost := errors.New("store is away")
	file := evidence(usher.Selfie, nil)
	file.Open = func(context.Context) (io.ReadCloser, error) { return nil, lost }
	if _, err := newChecker(t, nil).Check(t.Context(), usher.CheckInput{Evidence: []usher.EvidenceFile{file}}); !errors.Is(err, lost) {
		t.Errorf("error %v, want the store's", err)
	}
}

func BenchmarkFind(b *testing.B) {
	finder := must[*face.Finder](b)(face.NewFinder())
	img := selfie()
	for b.Loop() {
		finder.Find(img)
	}
}

func BenchmarkCheck(b *testing.B) {
	checker := newChecker(b, nil)
	passport := must[image.Image](b)(specimen.Passport(specimen.Person{}))
	in := usher.CheckInput{Evidence: []usher.EvidenceFile{pictureOf(b, usher.DocumentFront, specimen.Photo(passport, 4)), pictureOf(b, usher.Selfie, selfie())}}
	for b.Loop() {
		if _, err := checker.Check(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}

func TestSelfieIsMeasured(t *testing.T) {
	t.Parallel()
	dark := image.NewGray(selfie().Bounds()) // a camera with its lid on
	for name, c := range map[string]struct {
		picture image.Image
		bright  bool
	}{"by day": {selfie(), true}, "by night": {dark, false}} {
		in := usher.CheckInput{Evidence: []usher.EvidenceFile{pictureOf(t, usher.Selfie, c.picture)}}
		result := must[usher.CheckResult](t)(newChecker(t, nil).Check(t.Context(), in))
		i := slices.IndexFunc(result.Findings, func(f usher.Finding) bool { return f.Name == "selfie_brightness" })
		if i < 0 || result.Findings[i].OK != c.bright {
			t.Errorf("%s: findings %v", name, result.Findings)
		}
	}
}
