package hosted

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"mime"
	"strings"

	"github.com/usher-kyc/usher"
)

// atChallenge is where the movements of a capture challenge are asked for, behind the photo of the face.
const atChallenge place = "challenge"

// mostChallenge is how many bytes the frames of one challenge may have.
const mostChallenge = 1 << 20

// wantsChallenge tells whether a selfie step still waits for the movements: its flow asks for them, and none belong to the photo in force.
func wantsChallenge(s usher.Session, st usher.StepStatus) bool {
	selfie, taken := newest(s, st, usher.Selfie, 0)
	frames, sent := newest(s, st, usher.LivenessFrames, 0)
	return asksChallenge(s, st) && taken && !(sent && frames.Challenge != nil && frames.Attempt == selfie.Attempt && !frames.At.Before(selfie.At))
}

// asksChallenge tells whether the flow asks for movements in a step.
func asksChallenge(s usher.Session, st usher.StepStatus) bool {
	def, _, _ := s.Flow.Step(st.ID)
	return def.Challenge
}

// showChallenge shows the page that asks for the movements, and the way on for who cannot make them.
func (t *turn) showChallenge() error {
	return t.render("challenge", photo{
		progress: t.progress(), Title: "challenge.title", Upload: t.url(atChallenge) + "#without", Instead: "challenge.without.button",
		Skip: t.url(atSelfie.check()), Facing: "user", Max: mostChallenge, Problems: t.problems(), Lost: t.lost(),
	}, nil)
}

// drawMoves draws two or three movements, none of them twice in a row: 18 sequences, so that at least one turn is among them.
func drawMoves() ([]usher.Move, error) {
	all := []usher.Move{usher.MoveLeft, usher.MoveRight, usher.MoveCloser}
	upTo := func(n int) (int, error) {
		drawn, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
		if err != nil {
			return 0, err
		}
		return int(drawn.Int64()), nil
	}
	// Of 18 sequences 6 have two movements: drawn like this each is as likely as every other.
	third, err := upTo(3)
	if err != nil {
		return nil, err
	}
	at, err := upTo(3)
	if err != nil {
		return nil, err
	}
	moves := []usher.Move{all[at]}
	for len(moves) < min(3, 2+third) {
		step, err := upTo(2)
		if err != nil {
			return nil, err
		}
		at = (at + 1 + step) % 3
		moves = append(moves, all[at])
	}
	return moves, nil
}

// challengeAnswer is what the page's script is told.
type challengeAnswer struct {
	Nonce string       `json:"nonce,omitempty"`
	Moves []usher.Move `json:"moves,omitempty"`
	Wrong string       `json:"wrong,omitempty"` // in words
	Left  int          `json:"left"`            // tries
	Page  string       `json:"page,omitempty"`  // where to go on
	Visit string       `json:"visit,omitempty"`
}

// challenge draws movements, or takes the frames that answer them.
func (t *turn) challenge() error {
	kind, _, _ := mime.ParseMediaType(t.r.Header.Get("Content-Type"))
	answer := challengeAnswer{}
	var err error
	if strings.HasPrefix(kind, "multipart/") {
		answer, err = t.takeChallenge()
	} else {
		answer, err = t.drawChallenge()
	}
	switch {
	case isCode(err, usher.CodeConflict, usher.CodeGone):
		answer = challengeAnswer{Page: t.h.kit.URL(t.home())} // the session moved on in the meantime; its address knows where
	case err != nil:
		return err
	}
	answer.Visit = layout{t}.Carry()
	return t.json(answer)
}

func (t *turn) drawChallenge() (challengeAnswer, error) {
	draw := t.h.config.Moves
	if draw == nil {
		draw = drawMoves
	}
	moves, err := draw()
	if err != nil {
		return challengeAnswer{}, err
	}
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return challengeAnswer{}, err
	}
	c := usher.Challenge{Nonce: base64.RawURLEncoding.EncodeToString(nonce), Moves: moves}
	err = t.do(usher.Command{Kind: usher.CmdChallenge, Challenge: &c})
	if isCode(err, usher.CodeLimited) {
		return challengeAnswer{Wrong: t.text("challenge.wrong.none")}, nil
	}
	if err != nil {
		return challengeAnswer{}, err
	}
	return challengeAnswer{Nonce: c.Nonce, Moves: moves, Left: t.s.TriesLeft()}, nil
}

// takeChallenge keeps the frames, looks at them, and lets the applicant try again while tries are left. When none are, the session goes on with
// what it has: the check says what was seen, and a person looks.
func (t *turn) takeChallenge() (challengeAnswer, error) {
	wrong := func(key string) (challengeAnswer, error) {
		return challengeAnswer{Wrong: t.text(key), Left: t.s.TriesLeft()}, nil
	}
	nonce, raw, key := t.readChallenge()
	if key != "" {
		return wrong(key)
	}
	if t.hasty("") {
		return wrong("photo.error.wait")
	}
	contentType, _, err := t.h.config.Intake(t.ctx(), usher.LivenessFrames, raw)
	if err != nil {
		if t.refusal(err) != "" {
			return wrong("challenge.wrong.frames")
		}
		return challengeAnswer{}, err
	}
	n := usher.NewEvidence{Kind: usher.LivenessFrames, Source: usher.FromCamera, ContentType: contentType, Nonce: nonce, By: t.by()}
	s, e, err := t.h.config.Service.AddEvidence(t.ctx(), t.s.TenantID, t.s.ID, n, bytes.NewReader(raw))
	switch {
	case isCode(err, usher.CodeInvalid):
		return wrong("challenge.wrong.late")
	case isCode(err, usher.CodeLimited):
		return wrong("photo.error.full")
	case err != nil:
		return challengeAnswer{}, err
	}
	t.s = s
	t.note.Sent = append(t.note.Sent, e.ID)
	t.remember()
	if t.h.config.Judge != nil {
		fault, err := t.h.config.Judge(t.ctx(), raw, s.Challenge.Moves)
		if err != nil {
			return challengeAnswer{}, err
		}
		if fault != "" && s.TriesLeft() > 0 {
			return wrong("challenge.wrong." + fault)
		}
	}
	st, _ := stepOf(t.s, usher.StepSelfie)
	if err := t.do(usher.Command{Kind: usher.CmdCompleteStep, Step: st.ID}); err != nil {
		return challengeAnswer{}, err
	}
	return challengeAnswer{Page: t.url(home(t.s, t.note))}, nil
}

// readChallenge reads the form of the script: the nonce, then the sheet of frames. It gives the key of what is wrong with it.
func (t *turn) readChallenge() (nonce string, raw []byte, wrong string) {
	if t.parts == nil {
		parts, err := t.r.MultipartReader()
		if err != nil {
			return "", nil, "challenge.wrong.lost"
		}
		t.parts = parts
	}
	for {
		part, err := t.nextPart()
		if errors.Is(err, io.EOF) {
			return nonce, raw, ""
		}
		if err != nil {
			return "", nil, "challenge.wrong.lost"
		}
		body, err := io.ReadAll(io.LimitReader(part, mostChallenge+1))
		switch {
		case err != nil:
			return "", nil, "challenge.wrong.lost"
		case len(body) > mostChallenge:
			return "", nil, "challenge.wrong.frames"
		case part.FormName() == "nonce":
			nonce = string(body)
		case part.FormName() == "file":
			raw = body
		}
	}
}
