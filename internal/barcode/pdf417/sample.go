package pdf417

import (
	"image"
	"slices"

	"github.com/usher-kyc/usher/internal/barcode/scan"
)

// perModule is how many samples of a row's profile a module has.
const perModule = 4

// lattice is a symbol whose place in the picture is known.
type lattice struct {
	way   way
	plane plane // to coordinates of the way
	dimensions
	compact bool    // without right row indicators and stop pattern
	drifts  []drift // by column, from the left row indicators to the right ones; none for a flat symbol
}

// width of the symbol in modules.
func (l *lattice) width() int {
	if l.compact {
		return codewordModules*(l.columns+2) + 1
	}
	return codewordModules*(l.columns+4) + 1
}

// profile samples one row from a module before the first data codeword to a module behind the last one.
func (l *lattice) profile(m *image.Gray, row int, out []float32) []float32 {
	first := float64(2*codewordModules - 1)
	n := perModule * (codewordModules*l.columns + 2)
	out = slices.Grow(out[:0], n)[:n]
	across := [...]float64{0.3, 0.5, 0.7}
	for i := range out {
		u := first + (float64(i)+0.5)/perModule
		var sum float32
		for _, v := range across {
			p := l.at(u, float64(row)+v)
			x, y := l.way.toPicture(m, p.x, p.y)
			sum += scan.Brightness(m, x, y)
		}
		out[i] = sum / float32(len(across))
	}
	return out
}

// shifts are the sideways displacements that are tried for each codeword, in samples.
var shifts = [...]int{0, -1, 1, -2, 2}

// codewordAt guesses the codeword of a data column from its row's profile.
func codewordAt(profile []float32, column int, tables *[3][modulus]template, cluster int) guess {
	var best guess
	for _, shift := range shifts {
		var modules [codewordModules]float32
		at := perModule*(1+codewordModules*column) + shift
		for i := range modules {
			modules[i] = (profile[at+1] + profile[at+2]) / 2
			at += perModule
		}
		t, ok := looksOf(&modules)
		if !ok {
			continue
		}
		if got := among(tables, cluster, &t); got.alike > best.alike {
			best = got
		}
		const plainly, lead = 0.97, 0.1
		if best.alike > plainly && best.lead > lead {
			break
		}
	}
	return best
}

// guesses reads all data codewords, row by row.
func (l *lattice) guesses(m *image.Gray) []guess {
	profiles := make([][]float32, l.rows)
	for row := range profiles {
		profiles[row] = l.profile(m, row, nil)
	}
	spread := l.spread(profiles)
	all := make([]guess, 0, l.rows*l.columns)
	for row, profile := range profiles {
		for column := range l.columns {
			all = append(all, codewordAt(profile, column, &templates()[spread], row%3))
		}
	}
	return all
}

// spread returns how blurred the picture is, by what codewords all over the symbol look most like.
func (l *lattice) spread(profiles [][]float32) int {
	const some = 24
	n := l.rows * l.columns
	best, most := 0, float32(-1)
	for s := range spreads {
		var sum float32
		for i := range some {
			at := i * n / some
			row := at / l.columns
			sum += codewordAt(profiles[row], at%l.columns, &templates()[s], row%3).alike
		}
		if sum > most {
			best, most = s, sum
		}
	}
	return best
}
