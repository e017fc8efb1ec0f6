package barcode

import (
	"cmp"
	"image"
	"math"
	"slices"

	"github.com/usher-kyc/usher/internal/barcode/scan"
)

// marks says where square codes may be.
type marks struct {
	qr, aztec, square []image.Rectangle
	qrSure            bool // the first of qr is a code without doubt
}

// ring is the middle of a pattern that looks the same along a row and along a column.
type ring struct {
	x, y, unit float64
	seen       int
}

// The patterns of rings, widths of bars and spaces in modules: the finder of QR (ISO/IEC 18004) begins with a bar, the
// inner part of Aztec's bull's eye (ISO/IEC 24778) with a space.
var (
	finder   = []float64{1, 1, 3, 1, 1}
	bullseye = []float64{1, 1, 1, 1, 1, 1, 1}
)

// marksOf scans a picture's rows and columns for the rings of QR and Aztec and for squares that are dense
// with edges both ways, as Data Matrix is. It looks past what lies in the part that is taken.
func marksOf(m *image.Gray, taken image.Rectangle) marks {
	const swing = 3 * 24 // of three lines together
	step := scan.Step(m)
	w, h := m.Rect.Dx(), m.Rect.Dy()
	var rows, columns [2][]ring
	crowd := newCrowd(w, h, step)
	var edges []scan.Edge
	for turn := range 2 {
		length, lines := w, h
		into := &rows
		if turn == 1 {
			length, lines, into = h, w, &columns
		}
		line := make([]int32, length)
		for at := 1; at < lines-1; at += step {
			scan.Line(m, turn == 1, at, line)
			edges = scan.Edges(line, swing, edges[:0])
			for _, e := range edges {
				crowd.count(turn, e.At, at)
			}
			for i, widths := range [2][]float64{finder, bullseye} {
				for _, r := range ringsIn(edges, widths, i == 0) {
					r.y = float64(at) + 0.5
					if turn == 1 {
						r.x, r.y = r.y, r.x
					}
					into[i] = append(into[i], r)
				}
			}
		}
	}
	whole := func(rings []ring, changes int) []ring {
		return slices.DeleteFunc(rings, func(r ring) bool {
			return image.Pt(int(r.x), int(r.y)).In(taken) || !r.encloses(m, changes)
		})
	}
	seen := marks{
		// From the middle outwards: a bull's eye is dark, bright, dark and bright; a finder changes once less.
		aztec: bullseyePlaces(whole(crossings(rows[1], columns[1]), 3)),
		square: slices.DeleteFunc(crowd.squares(), func(place image.Rectangle) bool {
			return place.Min.Add(place.Size().Div(2)).In(taken)
		}),
	}
	seen.qr, seen.qrSure = finderPlaces(whole(crossings(rows[0], columns[0]), 2), step)
	return seen
}

// ringsIn returns the middles of patterns along a line, as x.
func ringsIn(edges []scan.Edge, widths []float64, dark bool) (rings []ring) {
	total := 0.0
	for _, w := range widths {
		total += w
	}
next:
	for i := 0; i+len(widths) < len(edges); i++ {
		if edges[i].Dark != dark {
			continue
		}
		e := edges[i : i+len(widths)+1]
		unit := (e[len(widths)].At - e[0].At) / total
		for j, w := range widths {
			if math.Abs((e[j+1].At-e[j].At)/unit-w) > 0.55*math.Sqrt(w) {
				continue next
			}
		}
		rings = append(rings, ring{x: (e[0].At + e[len(widths)].At) / 2, unit: unit, seen: 1})
	}
	return rings
}

// crossings returns the places where a row and a column show the same pattern, those that are close as one.
func crossings(rows, columns []ring) (rings []ring) {
	const most = 5000 // of either; a picture of text has some hundreds
	rows, columns = rows[:min(len(rows), most)], columns[:min(len(columns), most)]
	slices.SortStableFunc(columns, func(a, b ring) int { return cmp.Compare(a.x, b.x) })
	for _, r := range rows {
		from, _ := slices.BinarySearchFunc(columns, r.x-2*r.unit, func(c ring, x float64) int { return cmp.Compare(c.x, x) })
		for _, c := range columns[from:] {
			if c.x > r.x+2*r.unit {
				break
			}
			if math.Abs(c.y-r.y) < 2*r.unit && c.unit < 1.6*r.unit && r.unit < 1.6*c.unit {
				// The row knows exactly where the middle is along it, and so does the column.
				rings = joined(rings, ring{r.x, c.y, (r.unit + c.unit) / 2, 1})
				break
			}
		}
	}
	return rings
}

// joined adds a ring to the one that it lies on, or as a new one.
func joined(rings []ring, r ring) []ring {
	for i := range rings {
		old := &rings[i]
		if math.Hypot(old.x-r.x, old.y-r.y) < old.unit {
			n := float64(old.seen)
			old.x, old.y, old.unit = (n*old.x+r.x)/(n+1), (n*old.y+r.y)/(n+1), (n*old.unit+r.unit)/(n+1)
			old.seen++
			return rings
		}
	}
	if len(rings) >= 200 {
		return rings
	}
	return append(rings, r)
}

// encloses reports whether in every direction from the middle the picture changes between dark and bright at least so many
// times within the pattern, as it does across rings and as strokes of letters do not.
func (r ring) encloses(m *image.Gray, changes int) bool {
	const directions, perUnit = 16, 4
	const reach = 5 * perUnit // as far as the corner of a square of 3½ modules
	for i := range directions {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / directions)
		var light [reach]float32
		low, high := float32(255), float32(0)
		for k := range light {
			d := float64(k) * r.unit / perUnit
			light[k] = scan.Brightness(m, r.x+d*cos, r.y+d*sin)
			low, high = min(low, light[k]), max(high, light[k])
		}
		// A change counts when it goes back by a quarter of the contrast: blur leaves no more of single modules.
		quarter, seen, dark, turn := (high-low)/4, 0, true, light[0]
		for _, v := range light {
			switch {
			case dark && v-turn > quarter, !dark && turn-v > quarter:
				dark, turn = !dark, v
				seen++
			case dark:
				turn = min(turn, v)
			default:
				turn = max(turn, v)
			}
		}
		if seen < changes || high-low < 24 {
			return false
		}
	}
	return true
}

// finderPlaces returns where QR may be: around three finders of one size at the corners of a square; and whether one must
// be there, since all three showed on as many lines as finders do.
func finderPlaces(rings []ring, step int) (places []image.Rectangle, sure bool) {
	const most, tries = 30, 4 // of rings, and of places
	slices.SortStableFunc(rings, func(a, b ring) int { return b.seen - a.seen })
	rings = rings[:min(len(rings), most)]
	type square struct {
		place image.Rectangle
		seen  int
		plain float64
	}
	var squares []square
	for _, corner := range rings {
		for j, a := range rings {
			for _, b := range rings[j+1:] {
				if a != corner && b != corner && isSquare(corner, a, b) {
					// The finder is 7 modules wide, and 4 must stay free around the code. A square has four corners,
					// so the box of three holds it all but for perspective.
					place := around(corner, 11).Union(around(a, 11)).Union(around(b, 11))
					squares = append(squares, square{place, min(corner.seen, a.seen, b.seen), min(corner.lines(step), a.lines(step), b.lines(step))})
				}
			}
		}
	}
	slices.SortStableFunc(squares, func(a, b square) int { return cmp.Or(b.seen-a.seen, cmp.Compare(b.plain, a.plain)) })
	for _, s := range squares[:min(len(squares), tries)] {
		places = append(places, s.place)
	}
	return places, len(squares) > 0 && squares[0].seen >= 3 && squares[0].plain >= 0.5
}

// lines is on how many of the lines that pass through a finder's middle of three modules it was seen, as a share.
func (r ring) lines(step int) float64 {
	return float64(r.seen) * float64(step) / (3 * r.unit)
}

// isSquare reports whether rings of like size lie at a corner of a square and at the two next to it.
func isSquare(corner, a, b ring) bool {
	units := []float64{corner.unit, a.unit, b.unit}
	if slices.Max(units) > 1.4*slices.Min(units) {
		return false
	}
	ax, ay, bx, by := a.x-corner.x, a.y-corner.y, b.x-corner.x, b.y-corner.y
	p, q := math.Hypot(ax, ay), math.Hypot(bx, by)
	// The smallest symbol has 14 modules between finders; perspective makes sides differ.
	if min(p, q) < 9*corner.unit || max(p, q) > 1.35*min(p, q) {
		return false
	}
	return math.Abs(ax*bx+ay*by) < 0.25*p*q
}

// bullseyePlaces returns where the library shall look for Aztec: it wants the bull's eye in the middle. Sizes are for
// compact symbols, middling and the largest ones.
func bullseyePlaces(rings []ring) (places []image.Rectangle) {
	slices.SortStableFunc(rings, func(a, b ring) int { return b.seen - a.seen })
	for _, r := range rings[:min(len(rings), 2)] {
		for _, modules := range []float64{18, 36, 80} {
			places = append(places, around(r, modules))
		}
	}
	return places
}

func around(r ring, modules float64) image.Rectangle {
	x, y, d := int(r.x), int(r.y), int(modules*r.unit)+1
	return image.Rect(x-d, y-d, x+d, y+d)
}
