package liveness

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"slices"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/picture"
)

// The shape of a sheet: Columns frames of one moment beside each other, one row for looking straight ahead and one for each movement. Every
// frame is as large as every other; its longer side has at most MaxCell pixels.
const (
	Columns = 3
	MaxCell = 640
	minCell = 160
)

// What a frame must show. The turn is in distances between the eyes ([face.Pose]): of eleven frontal pictures none was above 0.07, and the
// spread under noise was 0.005 to 0.046. That a person who turns their head by some 20 degrees reaches 0.08 is inferred from geometry and from
// drawn faces that were bent, not measured on people: no such pictures were at hand.
const (
	straightTurn = 0.12 // at most, in the first row
	movedTurn    = 0.08 // from the first row
	closerBy     = 1.20 // distance between the eyes, against the first row
	minEyes      = 35.0 // pixels between the eyes in the first row: below it noise moves the measures
	severalFrom  = 0.5  // size of a second face, against the first
)

// What can be wrong with a sheet, each with words of its own for the applicant. The word for a movement that was not seen is the movement.
const (
	WrongFrames   = "frames"   // not a sheet of this challenge
	WrongFace     = "face"     // no face in most of the frames of a row
	WrongSeveral  = "several"  // more than one
	WrongFar      = "far"      // too small to measure
	WrongStraight = "straight" // the first row does not look ahead
	WrongStill    = "still"    // the frames of a row are one and the same
)

// frame is what was measured of one frame.
type frame struct {
	faces int
	turn  float64
	eyes  float64 // pixels
}

// row is what was asked of three frames, and what they show.
type row struct {
	asked  string // a movement, or "straight"
	frames []frame
	shown  int // frames that show it
	still  bool
	read   string // in words, with measures
	ok     bool
}

func (r row) seen() int {
	n := 0
	for _, f := range r.frames {
		if f.faces == 1 {
			n++
		}
	}
	return n
}

// middle gives the median of a measure over the frames with a face.
func (r row) middle(of func(frame) float64) float64 {
	var all []float64
	for _, f := range r.frames {
		if f.faces == 1 {
			all = append(all, of(f))
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// judged is a sheet as it was measured.
type judged struct {
	rows  []row
	wrong string // "" when everything that was asked was seen
}

// share tells how many of the frames show what was asked, 0..1.
func (j judged) share() float64 {
	shown, all := 0, 0
	for _, r := range j.rows {
		shown, all = shown+r.shown, all+len(r.frames)
	}
	if all == 0 {
		return 0
	}
	return float64(shown) / float64(all)
}

// measure judges a decoded sheet against the movements that were asked.
func measure(finder *face.Finder, sheet image.Image, moves []usher.Move) judged {
	size := sheet.Bounds().Size()
	high := len(moves) + 1
	wide, tall := size.X/Columns, size.Y/high
	if len(moves) == 0 || size.X%Columns != 0 || size.Y%high != 0 || min(wide, tall) < minCell || max(wide, tall) > MaxCell {
		return judged{wrong: WrongFrames}
	}
	gray := picture.Gray(sheet, max(size.X, size.Y))
	var out judged
	for y := range high {
		r := row{asked: "straight"}
		if y > 0 {
			r.asked = string(moves[y-1])
		}
		var cells []*image.Gray
		for x := range Columns {
			cell := cut(gray, image.Rect(x*wide, y*tall, (x+1)*wide, (y+1)*tall))
			cells = append(cells, cell)
			r.frames = append(r.frames, look(finder, cell))
		}
		r.still = bytes.Equal(cells[0].Pix, cells[1].Pix) && bytes.Equal(cells[1].Pix, cells[2].Pix)
		out.rows = append(out.rows, r)
	}
	out.judge()
	return out
}

// cut copies a part of a picture, so that it begins at its own corner.
func cut(img *image.Gray, part image.Rectangle) *image.Gray {
	out := image.NewGray(image.Rectangle{Max: part.Size()})
	for y := range part.Dy() {
		from := img.PixOffset(part.Min.X, part.Min.Y+y)
		copy(out.Pix[y*out.Stride:], img.Pix[from:from+part.Dx()])
	}
	return out
}

// look measures one frame.
func look(finder *face.Finder, cell *image.Gray) frame {
	found := finder.Find(cell)
	var f frame
	for _, one := range found {
		if float64(one.Box.Dx()) >= severalFrom*float64(found[0].Box.Dx()) {
			f.faces++
		}
	}
	if f.faces != 1 {
		return f
	}
	pose, err := finder.Pose(cell, found[0])
	if err != nil {
		return frame{}
	}
	f.turn, f.eyes = pose.Turn, pose.EyeDistance
	return f
}

// judge compares every row with the first. What is wrong first is what the applicant hears of: one cure at a time.
func (j *judged) judge() {
	first := &j.rows[0]
	turn, eyes := first.middle(func(f frame) float64 { return f.turn }), first.middle(func(f frame) float64 { return f.eyes })
	for i := range j.rows {
		r := &j.rows[i]
		for _, f := range r.frames {
			if f.faces == 1 && shows(r.asked, f.turn, f.turn-turn, f.eyes/max(eyes, 1)) {
				r.shown++
			}
		}
		// Who turns far is no longer found: the frames that are, decide.
		r.ok = 2*r.shown > r.seen()
		r.read = r.words(turn, eyes)
		j.wrong = cmp.Or(j.wrong, r.fault(i == 0, eyes))
	}
}

// shows tells whether one frame shows what was asked of its row: turn by itself, and against the first row turn and size.
func shows(asked string, turn, turned, grown float64) bool {
	switch usher.Move(asked) {
	case usher.MoveLeft:
		return turned >= movedTurn
	case usher.MoveRight:
		return turned <= -movedTurn
	case usher.MoveCloser:
		return grown >= closerBy
	}
	return turn <= straightTurn && turn >= -straightTurn
}

// fault gives what is wrong with a row, or "".
func (r row) fault(first bool, eyes float64) string {
	several := slices.ContainsFunc(r.frames, func(f frame) bool { return f.faces > 1 })
	switch {
	case several:
		return WrongSeveral
	case r.seen() == 0 || first && r.seen() < 2:
		return WrongFace
	case first && eyes < minEyes:
		return WrongFar
	case !r.ok:
		return r.asked
	case r.still:
		return WrongStill
	}
	return ""
}

// words says what the frames of a row show, for a reviewer.
func (r row) words(turn, eyes float64) string {
	out := fmt.Sprintf("%d/%d", r.shown, len(r.frames))
	switch {
	case r.seen() == 0:
		return out
	case r.asked == "straight":
		return fmt.Sprintf("%s, turn %+.2f (≤ ±%.2f), eyes %.0f px", out, turn, straightTurn, eyes)
	case r.asked == string(usher.MoveCloser):
		return fmt.Sprintf("%s, eyes × %.2f (≥ %.2f)", out, r.middle(func(f frame) float64 { return f.eyes })/max(eyes, 1), closerBy)
	}
	asked := movedTurn
	if r.asked == string(usher.MoveRight) {
		asked = -movedTurn
	}
	return fmt.Sprintf("%s, turn %+.2f (%+.2f)", out, r.middle(func(f frame) float64 { return f.turn })-turn, asked)
}
