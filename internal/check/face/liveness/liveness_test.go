package liveness_test

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
	"time"

	"golang.org/x/image/draw"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/check/face/liveness"
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

var finder = sync.OnceValues(face.NewFinder)

func checker(t testing.TB, matcher face.Matcher) *liveness.Checker {
	t.Helper()
	return must[*liveness.Checker](t)(liveness.New(liveness.Config{Finder: must[*face.Finder](t)(finder()), Matcher: matcher}))
}

// drawnOnce keeps frames: drawing one takes longer than looking at it.
var drawnOnce sync.Map

// shot draws the person in a pose; every seed is a frame of its own.
func shot(degrees, near float64, seed uint64) image.Image {
	key := fmt.Sprint(degrees, near, seed)
	draw, _ := drawnOnce.LoadOrStore(key, sync.OnceValue(func() image.Image { return specimen.Turned(specimen.Person{}, degrees, near, seed) }))
	return draw.(func() image.Image)()
}

// act gives three frames of a movement, as it is asked.
func act(move string) []image.Image {
	var out []image.Image
	for i := range uint64(3) {
		switch move {
		case "left":
			out = append(out, shot(24, 1, i))
		case "right":
			out = append(out, shot(-24, 1, i))
		case "closer":
			out = append(out, shot(0, 1.35, i))
		case "nobody":
			out = append(out, image.NewRGBA(image.Rect(0, 0, 360, 480)))
		case "frozen":
			out = append(out, shot(0, 1, 0))
		case "left photo":
			out = append(out, shot(24, 1, 0))
		case "two":
			both := image.NewRGBA(image.Rect(0, 0, 360, 480))
			for x := range 2 {
				draw.BiLinear.Scale(both, image.Rect(180*x, 0, 180*x+180, 240), shot(0, 1, i), image.Rect(0, 0, 360, 480), draw.Src, nil)
			}
			out = append(out, both)
		default:
			out = append(out, shot(0, 1, i))
		}
	}
	return out
}

// sheet lays rows of frames out as the hosted page does.
func sheet(t testing.TB, rows ...string) []byte {
	t.Helper()
	out := image.NewRGBA(image.Rect(0, 0, 3*360, len(rows)*480))
	for y, move := range rows {
		for x, frame := range act(move) {
			draw.Draw(out, image.Rect(360*x, 480*y, 360*x+360, 480*y+480), frame, image.Point{}, draw.Src)
		}
	}
	return must[[]byte](t)(specimen.JPEG(out))
}

func evidence(kind usher.EvidenceKind, data []byte, at time.Time, c *usher.Challenge) usher.EvidenceFile {
	return usher.EvidenceFile{
		Evidence: usher.Evidence{ID: "ev_" + string(kind), Kind: kind, Source: usher.FromCamera, Attempt: 1, At: at, Challenge: c},
		Open:     func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func challenge(moves ...usher.Move) *usher.Challenge {
	return &usher.Challenge{Nonce: "n", Moves: moves, Attempt: 1, Try: 1, At: noon, Deadline: noon.Add(usher.ChallengeTime)}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	asked := []usher.Move{usher.MoveLeft, usher.MoveCloser, usher.MoveRight}
	tests := []struct {
		name  string
		rows  []string
		moves []usher.Move
		wrong string
	}{
		{"as asked", []string{"straight", "left", "closer", "right"}, asked, ""},
		{"another sequence", []string{"straight", "right", "closer", "left"}, asked, "left"},
		{"the last one left out", []string{"straight", "left", "closer", "straight"}, asked, "right"},
		{"one still", []string{"straight", "straight", "straight"}, asked[:2], "left"},
		{"one picture again and again", []string{"frozen", "frozen", "frozen"}, asked[:2], liveness.WrongStill},
		{"a picture for each movement", []string{"straight", "left photo", "closer"}, asked[:2], liveness.WrongStill},
		{"a still held nearer", []string{"straight", "closer", "closer"}, asked[:2], "left"},
		{"nobody", []string{"nobody", "left", "closer"}, asked[:2], liveness.WrongFace},
		{"gone in between", []string{"straight", "left", "nobody"}, asked[:2], liveness.WrongFace},
		{"two people", []string{"straight", "two", "closer"}, asked[:2], liveness.WrongSeveral},
		{"never straight", []string{"left", "left", "closer"}, asked[:2], liveness.WrongStraight},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			raw := sheet(t, tt.rows...)
			c := checker(t, nil)
			if wrong := must[string](t)(c.Judge(t.Context(), raw, tt.moves)); wrong != tt.wrong {
				t.Errorf("judged %q, want %q", wrong, tt.wrong)
			}
			in := usher.CheckInput{Evidence: []usher.EvidenceFile{
				evidence(usher.Selfie, nil, noon.Add(-time.Minute), nil), evidence(usher.LivenessFrames, raw, noon.Add(20*time.Second), challenge(tt.moves...)),
			}}
			got := must[usher.CheckResult](t)(c.Check(t.Context(), in))
			want := usher.Consider
			if tt.wrong == "" {
				want = usher.Clear
			}
			if got.Outcome != want || got.Assurance != usher.Assisted || (got.Outcome == usher.Clear) && got.Score < 0.6 {
				t.Errorf("%s %s %.2f: %+v", got.Outcome, got.Assurance, got.Score, got.Findings)
			}
			if !slices.Contains(got.NotExamined, "presentation_attack") || !slices.Contains(got.NotExamined, "same_person_as_selfie") {
				t.Errorf("claims to have examined too much: %v", got.NotExamined)
			}
			if i := slices.IndexFunc(got.Findings, func(f usher.Finding) bool { return f.Name == "method" }); i < 0 || got.Findings[i].Read != liveness.Method {
				t.Errorf("does not say what was done: %v", got.Findings)
			}
			if got.Outcome != usher.Clear && (len(got.Reasons) != 1 || got.Reasons[0].Code != usher.LivenessFailed) {
				t.Errorf("reasons %v", got.Reasons)
			}
		})
	}
}

func TestShapeOfTheSheet(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{480, 481}, {481, 480}, {477, 477}, {1923, 1920}, {1920, 1923}, {1, 1}} {
		raw := must[[]byte](t)(specimen.JPEG(image.NewGray(image.Rectangle{Max: size})))
		if wrong := must[string](t)(checker(t, nil).Judge(t.Context(), raw, []usher.Move{usher.MoveLeft, usher.MoveRight})); wrong != liveness.WrongFrames {
			t.Errorf("%v: %q", size, wrong)
		}
	}
	if wrong := must[string](t)(checker(t, nil).Judge(t.Context(), []byte("no picture"), nil)); wrong != liveness.WrongFrames {
		t.Errorf("no picture: %q", wrong)
	}
}

// What is no answer to a challenge of this server was not examined, whatever it shows.
func TestNotRun(t *testing.T) {
	t.Parallel()
	raw := []byte("never opened")
	selfie := func(at time.Time, attempt int) usher.EvidenceFile {
		f := evidence(usher.Selfie, nil, at, nil)
		f.Attempt = attempt
		return f
	}
	frames := evidence(usher.LivenessFrames, raw, noon, challenge(usher.MoveLeft, usher.MoveCloser))
	for name, files := range map[string][]usher.EvidenceFile{
		"nothing":                  nil,
		"a selfie and a video":     {selfie(noon, 1), evidence(usher.SelfieVideo, nil, noon, nil)},
		"frames nobody asked for":  {selfie(noon, 1), evidence(usher.LivenessFrames, raw, noon, nil)},
		"a selfie taken afterward": {selfie(noon.Add(time.Second), 1), frames},
		"a selfie of the next go":  {selfie(noon.Add(-time.Second), 2), frames},
	} {
		got := must[usher.CheckResult](t)(checker(t, nil).Check(t.Context(), usher.CheckInput{Evidence: files}))
		if got.Outcome != usher.NotRun || got.Assurance != "" || len(got.Examined) > 0 || len(got.EvidenceIDs) != len(files) ||
			len(got.Reasons) != 1 || got.Reasons[0].Code != usher.LivenessNotTested {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestLateFramesFail(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	late := evidence(usher.LivenessFrames, sheet(t, "straight", "left", "closer"), noon.Add(usher.ChallengeTime+1), challenge(usher.MoveLeft, usher.MoveCloser))
	got := must[usher.CheckResult](t)(checker(t, nil).Check(t.Context(), usher.CheckInput{Evidence: []usher.EvidenceFile{late}}))
	if got.Outcome != usher.Consider {
		t.Errorf("%s: %+v", got.Outcome, got.Findings)
	}
}

// engine is a face engine that answers as it is told.
type engine struct {
	same bool
	err  error
}

func (e engine) Match(_ context.Context, selfie, frame image.Image) (float64, bool, error) {
	if frame.Bounds().Size() != image.Pt(360, 480) {
		return 0, false, fmt.Errorf("the frame is %v", frame.Bounds())
	}
	return 0.5, e.same, e.err
}

func (e engine) Name() string { return "engine-1" }

// Who moves must be who is on the selfie, where an engine can tell.
func TestFramesAreHeldAgainstTheSelfie(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	picture := must[[]byte](t)(specimen.JPEG(shot(0, 1, 0)))
	in := usher.CheckInput{Evidence: []usher.EvidenceFile{
		evidence(usher.Selfie, picture, noon, nil),
		evidence(usher.LivenessFrames, sheet(t, "straight", "left", "closer"), noon, challenge(usher.MoveLeft, usher.MoveCloser)),
	}}
	declined := in
	declined.Session.Steps = []usher.StepStatus{{Consent: &usher.Consent{Face: false}}}
	away := errors.New("engine is away")
	for name, tt := range map[string]struct {
		in       usher.CheckInput
		engine   engine
		outcome  usher.Outcome
		examined bool
		err      error
	}{
		"same":     {in, engine{same: true}, usher.Clear, true, nil},
		"another":  {in, engine{}, usher.Consider, true, nil},
		"away":     {in, engine{err: away}, "", false, away},
		"declined": {declined, engine{}, usher.Clear, false, nil},
	} {
		got, err := checker(t, tt.engine).Check(t.Context(), tt.in)
		if !errors.Is(err, tt.err) || got.Outcome != tt.outcome || slices.Contains(got.Examined, "same_person_as_selfie") != tt.examined {
			t.Errorf("%s: %s, %v, %v", name, got.Outcome, got.Examined, err)
		}
	}
}

func TestStoreErrorIsNoVerdict(t *testing.T) {
	t.Parallel()
	lost := errors.New("store is away")
	file := evidence(usher.LivenessFrames, nil, noon, challenge(usher.MoveLeft, usher.MoveCloser))
	file.Open = func(context.Context) (io.ReadCloser, error) { return nil, lost }
	if _, err := checker(t, nil).Check(t.Context(), usher.CheckInput{Evidence: []usher.EvidenceFile{file}}); !errors.Is(err, lost) {
		t.Errorf("error %v, want the store's", err)
	}
}

// FuzzJudge holds that no sheet makes the judge fail or pass but frames that move.
func FuzzJudge(f *testing.F) {
	small := must[[]byte](f)(specimen.JPEG(image.NewGray(image.Rect(0, 0, 480, 480))))
	f.Add(small, uint8(2))
	f.Add([]byte("\xff\xd8\xff"), uint8(3))
	c := checker(f, nil)
	f.Fuzz(func(t *testing.T, raw []byte, n uint8) {
		moves := []usher.Move{usher.MoveLeft, usher.MoveRight, usher.MoveCloser, usher.MoveLeft}[:n%5]
		if wrong, err := c.Judge(t.Context(), raw, moves); err != nil || wrong == "" {
			t.Errorf("%q, %v", wrong, err)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	raw := sheet(b, "straight", "left", "closer", "right")
	c := checker(b, nil)
	b.ReportMetric(float64(len(raw)), "bytes")
	for b.Loop() {
		if wrong, err := c.Judge(b.Context(), raw, []usher.Move{usher.MoveLeft, usher.MoveCloser, usher.MoveRight}); wrong != "" || err != nil {
			b.Fatal(wrong, err)
		}
	}
}
