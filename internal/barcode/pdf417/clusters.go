package pdf417

import (
	_ "embed"
	"math"
	"strings"
	"sync"
)

// codewordModules is the width of every pattern but the stop pattern, in modules.
const codewordModules = 17

// The widths of the start and stop patterns in modules, bars and spaces in turn, beginning with a bar.
var (
	startWidths = []int{8, 1, 1, 1, 1, 1, 1, 3}
	stopWidths  = []int{7, 1, 1, 3, 1, 1, 1, 2, 1}
)

//go:embed clusters.txt
var clusterText string

// clusters holds, for clusters 0, 3 and 6, the widths of each codeword's four bars and four spaces.
var clusters = sync.OnceValue(func() *[3][modulus][8]uint8 {
	var table [3][modulus][8]uint8
	value := 0
	for line := range strings.Lines(clusterText) {
		columns := strings.Fields(line)
		if len(columns) != len(table) {
			continue // the heading
		}
		for k, widths := range columns {
			for i, digit := range []byte(widths) {
				table[k][value][i] = digit - '0'
			}
		}
		value++
	}
	return &table
})

// patterns says which codeword a pattern is, its modules as bits, a bar's set: cluster × 929 + value, or −1.
var patterns = sync.OnceValue(func() *[1 << codewordModules]int16 {
	index := new([1 << codewordModules]int16)
	for i := range index {
		index[i] = -1
	}
	for k := range 3 {
		for value := range modulus {
			bits := 0
			for i, width := range clusters()[k][value] {
				bits <<= width
				if i%2 == 0 {
					bits |= 1<<width - 1
				}
			}
			index[bits] = int16(k*modulus + value)
		}
	}
	return index
})

// template is what the modules of a pattern look like, brightness less its mean, scaled to length 1. The last places
// are for a length that is a multiple of four.
type template [20]float32

// spreads are the shares of light that a module gives to each of its neighbours for which templates are made: from a
// sharp picture to one where a single module hardly shows.
var spreads = [...]float64{0, 0.08, 0.16, 0.24, 0.30}

// templates holds the templates of all codewords for each of spreads, by cluster.
var templates = sync.OnceValue(func() *[len(spreads)][3][modulus]template {
	table := new([len(spreads)][3][modulus]template)
	for s, spread := range spreads {
		for k := range 3 {
			for value := range modulus {
				// A space precedes every codeword and a bar follows it.
				table[s][k][value] = templateOf(clusters()[k][value][:], spread)
			}
		}
	}
	return table
})

// templateOf draws one pattern with white before it and black after it.
func templateOf(widths []uint8, spread float64) template {
	light := make([]float64, 0, codewordModules+2)
	light = append(light, 1)
	for i, w := range widths {
		for range w {
			light = append(light, float64(i%2))
		}
	}
	light = append(light, 0)
	var t template
	mean := 0.0
	blurred := make([]float64, codewordModules)
	for i := range blurred {
		blurred[i] = (1-2*spread)*light[i+1] + spread*(light[i]+light[i+2])
		mean += blurred[i] / codewordModules
	}
	length := 0.0
	for _, v := range blurred {
		length += (v - mean) * (v - mean)
	}
	for i, v := range blurred {
		t[i] = float32((v - mean) / math.Sqrt(length))
	}
	return t
}
