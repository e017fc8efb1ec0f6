package pdf417

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/usher-kyc/usher/internal/barcode/scan"
)

// Symbol is a symbol that was read.
type Symbol struct {
	Message
	// Rows and Columns count data codewords down and across; Level is the error correction level, 0 to 8.
	Rows, Columns, Level int
	// Corrected is how many codewords were damaged.
	Corrected int
	// Corners are the symbol's corners in pixels of the picture, as read: top left, top right, bottom right, bottom
	// left, each x then y.
	Corners [4][2]float64
}

// Errors of Read.
var (
	// ErrNotFound says that nothing in the picture looks like a symbol.
	ErrNotFound = errors.New("pdf417: no symbol found")
	// ErrUnreadable says that a symbol is there whose rows cannot be made out.
	ErrUnreadable = errors.New("pdf417: a symbol that cannot be read")
)

// Read finds the plainest symbol of a picture, whichever way up, and reads it. It fails with ErrNotFound; with
// ErrUnreadable, ErrDamaged, ErrMacro or ErrContent when a symbol is there that cannot be read; or with the error of
// ctx, which it asks between stages. It keeps nothing, needs little memory besides the picture's and may be called by
// many goroutines.
func Read(ctx context.Context, m *image.Gray) (Symbol, error) {
	if m == nil || m.Rect.Dx() < 8 || m.Rect.Dy() < 8 {
		return Symbol{}, ErrNotFound
	}
	// A view whose bounds begin at 0, so that Pix is addressed plainly.
	origin := m.Rect.Min
	m = &image.Gray{Pix: m.Pix[m.PixOffset(origin.X, origin.Y):], Stride: m.Stride, Rect: m.Rect.Sub(origin)}
	failure := ErrNotFound
	// What stands out by 12 levels of grey only is looked for where nothing stands out by 24.
	for _, swing := range []int32{24, 12} {
		if err := ctx.Err(); err != nil {
			return Symbol{}, fmt.Errorf("read pdf417: %w", err)
		}
		if !errors.Is(failure, ErrNotFound) && !errors.Is(failure, ErrUnreadable) {
			break
		}
		guards := guardsOf(m, scan.Step(m), swing)
		for _, c := range append(pairUp(guards), single(guards)...) {
			if err := ctx.Err(); err != nil {
				return Symbol{}, fmt.Errorf("read pdf417: %w", err)
			}
			s, err := c.read(m)
			if err == nil {
				for i := range s.Corners {
					s.Corners[i][0] += float64(origin.X)
					s.Corners[i][1] += float64(origin.Y)
				}
				return s, nil
			}
			if errors.Is(failure, ErrNotFound) || errors.Is(failure, ErrUnreadable) {
				failure = err
			}
		}
	}
	return Symbol{}, failure
}

// slicesByHits sorts candidates by how many lines show them.
func slicesByHits(pairs []candidate) {
	slices.SortStableFunc(pairs, func(a, b candidate) int {
		return cmp.Compare(b.start.hits+b.stop.hits, a.start.hits+a.stop.hits)
	})
}

// read reads the symbol of a candidate: as a flat one, then following its bow.
func (c *candidate) read(m *image.Gray) (Symbol, error) {
	left := c.readIndicators(m, c.start, codewordModules)
	right := indicators{}
	if !c.alone {
		right = c.readIndicators(m, c.stop, -codewordModules)
	} else if len(left.rows) < leastRows {
		// A start pattern by itself is easily something else.
		return Symbol{}, ErrNotFound
	}
	failure := ErrUnreadable
	for _, bowed := range []bool{false, true} {
		for _, size := range c.dimensionsOf(left, right) {
			p, ok := c.planeOf(left, right, size)
			if !ok {
				continue
			}
			l := &lattice{way: c.way, plane: p, dimensions: size, compact: c.alone}
			if bowed {
				l.follow(m)
			}
			s, err := l.read(m)
			if err == nil {
				return s, nil
			}
			failure = err
		}
	}
	return Symbol{}, failure
}

// read reads a symbol whose place is known.
func (l *lattice) read(m *image.Gray) (Symbol, error) {
	message, corrected, err := l.decode(l.guesses(m))
	if err != nil {
		return Symbol{}, err
	}
	s := Symbol{Message: message, Rows: l.rows, Columns: l.columns, Level: l.level, Corrected: corrected}
	right, bottom := float64(l.width()), float64(l.rows)
	for i, corner := range [4]point{{0, 0}, {right, 0}, {right, bottom}, {0, bottom}} {
		at := l.at(corner.x, corner.y)
		s.Corners[i][0], s.Corners[i][1] = l.way.toPicture(m, at.x, at.y)
	}
	return s, nil
}

// planeOf fits the symbol's plane to the middles of the row indicators of both sides.
func (c *candidate) planeOf(left, right indicators, size dimensions) (plane, bool) {
	if c.alone {
		return c.planeBeside(left, size)
	}
	if len(left.rows) < 2 || len(right.rows) < 2 {
		return plane{}, false
	}
	var from, to []point
	for i, side := range []indicators{left, right} {
		u := codewordModules * (1.5 + float64(i*(size.columns+1)))
		for row := range size.rows {
			if at, ok := side.rows[row]; ok {
				from = append(from, point{u, float64(row) + 0.5})
				to = append(to, at)
			}
		}
	}
	return planeThrough(from, to)
}

// leastRows is how many row indicators must be read where there is a start pattern only.
const leastRows = 3

// planeBeside fits a plane without perspective to the row indicators beside a start pattern and the pattern's edge.
func (c *candidate) planeBeside(left indicators, size dimensions) (plane, bool) {
	var from, to []point
	for row := range size.rows {
		at, ok := left.rows[row]
		if !ok {
			continue
		}
		// Back along the rows to the edge: offset + slope·v = u.
		back := (at.x - c.start.offsetAt(at.y)) / (c.along.x - c.start.slope*c.along.y)
		from = append(from, point{center(0), float64(row) + 0.5}, point{0, float64(row) + 0.5})
		to = append(to, at, point{at.x - back*c.along.x, at.y - back*c.along.y})
	}
	return flatThrough(from, to)
}

// decode turns guesses into content. Codewords that look like nothing, or like two things, are tried as erasures, more
// of them each time.
func (l *lattice) decode(guesses []guess) (Message, int, error) {
	count := 2 << l.level
	if len(guesses) <= count || len(guesses) > maxCodewords {
		return Message{}, 0, ErrUnreadable
	}
	order := make([]int, len(guesses))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(guesses[a].lead, guesses[b].lead) })
	failure := ErrDamaged
	tried := -1
	for _, share := range []int{0, 25, 50, 75, 90} {
		erased := order[:(count-2)*share/100]
		if len(erased) == tried {
			continue
		}
		tried = len(erased)
		codewords := make([]int, len(guesses))
		for i, g := range guesses {
			codewords[i] = g.value
		}
		if _, err := Correct(codewords, count, erased); err != nil {
			continue
		}
		corrected := 0
		for i, g := range guesses {
			if codewords[i] != g.value {
				corrected++
			}
		}
		data := codewords[:len(codewords)-count]
		if data[0] != len(data) {
			failure = fmt.Errorf("%w: the count is wrong", ErrShape)
			continue
		}
		message, err := Content(data)
		if err == nil {
			return message, corrected, nil
		}
		return Message{}, 0, err
	}
	return Message{}, 0, failure
}
