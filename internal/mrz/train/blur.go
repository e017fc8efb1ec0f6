package main

import "math"

// blurGauss blurs in place by three box blurs, near enough to a Gaussian.
func blurGauss(v []float32, w, h int, sigma float64) {
	if sigma < 0.2 {
		return
	}
	// Three boxes of width b have variance 3·(b²-1)/12 for the whole widths.
	width := math.Sqrt(4*sigma*sigma + 1)
	for range 3 {
		blurBox(v, w, h, width)
	}
}

// blurBox averages in place over a square of the given width.
func blurBox(v []float32, w, h int, width float64) {
	blurRows(v, w, h, width)
	turned := make([]float32, len(v))
	for y := range h {
		for x := range w {
			turned[x*h+y] = v[y*w+x]
		}
	}
	blurRows(turned, h, w, width)
	for y := range h {
		for x := range w {
			v[y*w+x] = turned[x*h+y]
		}
	}
}

// blurRows averages each row over the given width, whose fraction counts as
// part of the outermost two pixels.
func blurRows(v []float32, w, h int, width float64) {
	if width <= 1 {
		return
	}
	radius := int((width - 1) / 2)
	edge := float32((width - 1) / 2)
	edge -= float32(radius)
	row := make([]float32, w)
	at := func(x int) float32 { return row[min(max(x, 0), w-1)] }
	for y := range h {
		line := v[y*w : (y+1)*w]
		copy(row, line)
		var sum float32
		for x := -radius; x <= radius; x++ {
			sum += at(x)
		}
		for x := range line {
			line[x] = (sum + edge*(at(x-radius-1)+at(x+radius+1))) / float32(width)
			sum += at(x+radius+1) - at(x-radius)
		}
	}
}
