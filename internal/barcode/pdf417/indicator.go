package pdf417

import (
	"image"
	"math"

	"github.com/usher-kyc/usher/internal/barcode/scan"
)

// candidate is a start and a stop column that may belong to one symbol.
type candidate struct {
	way         way
	start, stop guard
	along       point   // direction of the rows in u and v, of length 1
	columns     float64 // data columns that would fit between the two, roughly
	alone       bool    // there is no stop column: a compact symbol, or one whose end is hidden
}

// pairUp returns start and stop columns that fit each other, the plainest first.
func pairUp(all *found) []candidate {
	const most = 6 // of each kind, and of pairs
	var pairs []candidate
	for k := range all {
		starts, stops := all[k][0], all[k][1]
		for _, start := range starts[:min(len(starts), most)] {
			for _, stop := range stops[:min(len(stops), most)] {
				pairs = append(pairs, pairsOf(way(k), start, stop)...)
			}
		}
	}
	slicesByHits(pairs)
	return pairs[:min(len(pairs), most)]
}

// pairsOf returns the symbols that a start and a stop column can be the two ends of, if any: with rows that run from the
// middle of one to the middle of the other, as they do when both are seen whole, and with rows square to the columns, as
// they are when there is little perspective.
func pairsOf(k way, start, stop guard) (pairs []candidate) {
	left, right := start.unitAt(start.middle()), stop.unitAt(stop.middle())
	if math.Abs(start.slope-stop.slope) > 0.6 || left <= 0 || right <= 0 || max(left, right) > 2.5*min(left, right) {
		return nil
	}
	slope := (start.slope + stop.slope) / 2
	square := point{1 / math.Hypot(1, slope), -slope / math.Hypot(1, slope)}
	from := point{start.offsetAt(start.middle()), start.middle()}
	across := point{stop.offsetAt(stop.middle()) - from.x, stop.middle() - from.y}
	length := math.Hypot(across.x, across.y)
	middle := point{across.x / length, across.y / length}
	turn := math.Abs(math.Asin(min(1, max(-1, middle.x*square.y-middle.y*square.x))))
	if turn < 0.35 && across.x > 0 {
		pairs = append(pairs, candidate{way: k, start: start, stop: stop, along: middle})
	}
	const alike = 0.02 // radians
	// Along the square direction both must show at the same rows.
	if reach := across.x / square.x; turn > alike && reach > 0 {
		drop := reach * square.y
		overlap := min(start.to+drop, stop.to) - max(start.from+drop, stop.from)
		if overlap > 0.3*min(start.to-start.from, stop.to-stop.from) {
			pairs = append(pairs, candidate{way: k, start: start, stop: stop, along: square})
		}
	}
	fitting := pairs[:0]
	for _, c := range pairs {
		// Units are measured along u, the rows are slanted against it.
		module := (left + right) / 2 * c.stretch(slope)
		c.columns = across.x/c.along.x/module/codewordModules - 3
		if c.columns > 0.5 && c.columns < 31 {
			fitting = append(fitting, c)
		}
	}
	return fitting
}

// single returns the start columns that show best, for symbols without a stop column.
func single(all *found) []candidate {
	const most, hits = 3, 8
	var singles []candidate
	for k := range all {
		for _, start := range all[k][0] {
			if start.hits < hits {
				break
			}
			length := math.Hypot(1, start.slope)
			singles = append(singles, candidate{way: way(k), start: start, along: point{1 / length, -start.slope / length}, alone: true})
		}
	}
	slicesByHits(singles)
	return singles[:min(len(singles), most)]
}

// stretch is how many pixels along the rows a pixel along u is, from one bar to the next, where bars have this slope.
func (c *candidate) stretch(slope float64) float64 {
	return 1 / (c.along.x - slope*c.along.y)
}

// indicators is what the row indicators of one side say.
type indicators struct {
	rows  map[int]point // the middle of each row's indicator, in pixels of the way
	votes [3]map[int]int
}

// readIndicators reads the row indicators beside one guard: 17 modules wide, from is where they begin in modules from
// the guard's beginning. Many lines are read, and those kept whose row numbers rise or fall evenly.
func (c *candidate) readIndicators(m *image.Gray, g guard, from float64) indicators {
	type reading struct {
		v   float64
		row int
		guess
	}
	var readings []reading
	tables := &templates()[2]
	margin := 4 * g.unit
	step := max(1.25, (g.to-g.from+2*margin)/220)
	for v := g.from - margin; v <= g.to+margin; v += step {
		got, ok := c.indicatorAt(m, tables, g, v, from)
		if ok {
			readings = append(readings, reading{v, 3*(got.value/30) + got.cluster, got})
		}
	}
	in := indicators{rows: map[int]point{}}
	for k := range in.votes {
		in.votes[k] = map[int]int{}
	}
	vs, rows := make([]float64, len(readings)), make([]int, len(readings))
	for i, r := range readings {
		vs[i], rows[i] = r.v, r.row
	}
	sums := map[int][2]float64{}
	for _, i := range evenly(vs, rows) {
		r := readings[i]
		s := sums[r.row]
		sums[r.row] = [2]float64{s[0] + r.v, s[1] + 1}
		in.votes[r.cluster][r.value%30]++
	}
	for row, s := range sums {
		v := s[0] / s[1]
		reach := (from + codewordModules/2.) * g.unitAt(v) * c.stretch(g.slope)
		in.rows[row] = point{g.offsetAt(v) + reach*c.along.x, v + reach*c.along.y}
	}
	return in
}

// indicatorAt reads one indicator codeword at a line.
func (c *candidate) indicatorAt(m *image.Gray, tables *[3][modulus]template, g guard, v, from float64) (guess, bool) {
	module := g.unitAt(v) * c.stretch(g.slope)
	origin := point{g.offsetAt(v), v}
	var best guess
	for _, shift := range []float64{0, -0.25, 0.25} {
		var modules [codewordModules]float32
		for i := range modules {
			for _, sub := range []float64{0.35, 0.65} {
				reach := (from + float64(i) + sub + shift) * module
				x, y := c.way.toPicture(m, origin.x+reach*c.along.x, origin.y+reach*c.along.y)
				modules[i] += scan.Brightness(m, x, y) / 2
			}
		}
		t, ok := looksOf(&modules)
		if !ok {
			continue
		}
		if got := anywhere(tables, &t); got.alike > best.alike {
			best = got
		}
		if best.lead > 0.08 {
			break
		}
	}
	return best, best.alike > 0.8 && best.lead > 0.015
}

// evenly returns the readings whose row numbers lie on the straight line that most of them agree to, to three quarters
// of a row.
func evenly(vs []float64, rows []int) []int {
	var best []int
	const tries = 600
	n := len(vs)
	for try := range tries {
		if n < 4 {
			break
		}
		// Pairs from near to far, spread over the readings without chance.
		i := try * 7919 % n
		j := (i + 1 + try*104729%(n-1)) % n
		if rows[i] == rows[j] || vs[i] == vs[j] {
			continue
		}
		slope := float64(rows[j]-rows[i]) / (vs[j] - vs[i])
		if math.Abs(slope) > 0.8 || math.Abs(slope) < 0.005 {
			continue
		}
		var near []int
		for k := range vs {
			if math.Abs(float64(rows[k]-rows[i])-slope*(vs[k]-vs[i])) < 0.75 {
				near = append(near, k)
			}
		}
		if len(near) > len(best) {
			best = near
		}
	}
	if len(best) < 4 {
		return nil
	}
	return best
}

// most returns the value with the most votes and their number.
func most(votes ...map[int]int) (value, count int) {
	sum := map[int]int{}
	for _, v := range votes {
		for key, n := range v {
			sum[key] += n
		}
	}
	for key, n := range sum {
		if n > count || (n == count && key < value) {
			value, count = key, n
		}
	}
	return value, count
}

// dimensions is what a symbol's row indicators say of its size.
type dimensions struct{ rows, columns, level int }

// dimensionsOf lists the sizes that the indicators of both sides allow, the likeliest first. The two sides should say
// the same; where they do not (one encoder in wide use counts the left one wrong), both are listed.
func (c *candidate) dimensionsOf(left, right indicators) []dimensions {
	columns, votes := most(left.votes[2], right.votes[0])
	columns++
	if rough := c.columns; c.alone && votes == 0 {
		return nil
	} else if !c.alone && (votes == 0 || math.Abs(float64(columns)-rough) > 2+0.15*rough) {
		columns = int(math.Round(rough))
	}
	columns = min(max(columns, 1), 30)
	rest, votes := most(left.votes[1], right.votes[2])
	if votes == 0 {
		return nil
	}
	level, over := rest/3, rest%3
	last := 0
	for _, side := range []indicators{left, right} {
		for row := range side.rows {
			last = max(last, row)
		}
	}
	var sizes []dimensions
	add := func(rows int) {
		rows = min(max(rows, 3), 90)
		d := dimensions{rows, columns, min(level, 8)}
		for _, s := range sizes {
			if s == d {
				return
			}
		}
		sizes = append(sizes, d)
	}
	if thirds, n := most(right.votes[1]); n > 0 {
		add(3*thirds + over + 1)
	}
	if thirds, n := most(left.votes[0]); n > 0 {
		add(3*thirds + over + 1)
	}
	add(last + 1)
	add(last + 2)
	return sizes
}
