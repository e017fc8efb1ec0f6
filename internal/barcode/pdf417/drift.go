package pdf417

import (
	"image"

	"github.com/usher-kyc/usher/internal/barcode/scan"
)

// drift is by how much a column of codewords lies beside where the plane has it, in modules and rows: paper bows, and a
// plane known from one side only is not exact far from it.
type drift struct{ u, v float64 }

// center is the middle of a column of codewords in modules; the left row indicators are column 0.
func center(column int) float64 { return codewordModules * (1.5 + float64(column)) }

// driftAt returns the drift at a place, between the columns in proportion.
func (l *lattice) driftAt(u float64) drift {
	if len(l.drifts) == 0 {
		return drift{}
	}
	at := min(max(u/codewordModules-1.5, 0), float64(len(l.drifts)-1))
	i := min(int(at), len(l.drifts)-2)
	share := at - float64(i)
	a, b := l.drifts[i], l.drifts[i+1]
	return drift{a.u + share*(b.u-a.u), a.v + share*(b.v-a.v)}
}

// at returns where a place of the symbol is, in coordinates of the way.
func (l *lattice) at(u, v float64) point {
	d := l.driftAt(u)
	return l.plane.at(u+d.u, v+d.v)
}

// follow goes from column to column and finds out how far each has drifted: where its codewords look most like
// patterns that its rows may hold. A row's neighbours hold other patterns, so a wrong row does not fit.
func (l *lattice) follow(m *image.Gray) {
	l.drifts = nil
	drifts := make([]drift, 1, l.columns+2)
	step := drift{}
	for column := 1; column <= l.columns+1; column++ {
		if column == l.columns+1 && l.compact {
			drifts = append(drifts, drifts[column-1])
			break
		}
		before := drifts[column-1]
		best, most := before, float32(-1)
		for _, dv := range []float64{0, -0.25, 0.25, -0.5, 0.5, -0.75, 0.75} {
			for _, du := range []float64{0, -0.3, 0.3} {
				try := drift{before.u + step.u + du, before.v + step.v + dv}
				if score := l.fitAt(m, column, try); score > most {
					best, most = try, score
				}
			}
		}
		drifts = append(drifts, best)
		// Half of the last step: a bow changes its slope slowly, and a wrong column must not lead astray.
		step = drift{(best.u - before.u) / 2, (best.v - before.v) / 2}
	}
	l.drifts = drifts
}

// fitAt says how much a column's codewords look like patterns of their rows with a drift, by a dozen rows.
func (l *lattice) fitAt(m *image.Gray, column int, d drift) float32 {
	const rows, spread = 12, 2
	var sum float32
	n := min(rows, l.rows)
	for i := range n {
		row := (2*i + 1) * l.rows / (2 * n)
		var modules [codewordModules]float32
		for k := range modules {
			u := center(column) - codewordModules/2. + float64(k)
			for _, sub := range [...]float64{0.35, 0.65} {
				p := l.plane.at(u+sub+d.u, float64(row)+0.5+d.v)
				x, y := l.way.toPicture(m, p.x, p.y)
				modules[k] += scan.Brightness(m, x, y) / 2
			}
		}
		if t, ok := looksOf(&modules); ok {
			sum += among(&templates()[spread], row%3, &t).alike
		}
	}
	return sum / float32(n)
}
