package web

import (
	"math"
	"strconv"
)

// Chart is a drawing of figures as rectangles and words, in the units of its own view box. Templates draw it as SVG with classes and no styles, as the
// content policy asks, and put the table behind it beside it: the drawing is never the only way to a figure.
type Chart struct {
	W, H  int
	Left  int // where the columns begin
	Bars  []Bar
	Words []Word
	Base  int // y of the line that bars stand on
}

// Bar is one rectangle. Class names its series, Say is what it stands for, in words.
type Bar struct {
	X, Y, W, H int
	Class, Say string
}

// Word is a short text at a point; Anchor is start, middle or end.
type Word struct {
	X, Y   int
	Anchor string
	Text   string
}

// Series is one kind of figure, a value for each column.
type Series struct {
	Class  string
	Values []int
	Say    func(i, value int) string // the words for one bar
}

// The size of a chart of columns.
const (
	chartWidth  = 720
	chartHeight = 180
	chartFoot   = 24 // for the labels below
	chartSide   = 36 // for the scale at the left
)

// Columns stacks series in columns, one for each label. Of many labels only as many are written as fit.
func Columns(labels []string, series ...Series) Chart {
	c := Chart{W: chartWidth, H: chartHeight, Left: chartSide, Base: chartHeight - chartFoot}
	most := 1
	for i := range labels {
		sum := 0
		for _, s := range series {
			sum += s.Values[i]
		}
		most = max(most, sum)
	}
	top := niceTop(most)
	scale := float64(c.Base-8) / float64(top)
	for _, mark := range []int{0, top / 2, top} {
		c.Words = append(c.Words, Word{X: chartSide - 6, Y: c.Base - int(float64(mark)*scale) + 4, Anchor: "end", Text: strconv.Itoa(mark)})
	}
	pitch := float64(c.W-chartSide) / float64(max(1, len(labels)))
	every := max(1, int(math.Ceil(64/pitch)))
	for i, label := range labels {
		x := chartSide + int(float64(i)*pitch)
		y := c.Base
		for _, s := range series {
			h := int(math.Round(float64(s.Values[i]) * scale))
			if s.Values[i] > 0 {
				h = max(h, 1)
				y -= h
				c.Bars = append(c.Bars, Bar{X: x + 1, Y: y, W: max(1, int(pitch)-2), H: h, Class: s.Class, Say: s.Say(i, s.Values[i])})
			}
		}
		if i%every == 0 {
			c.Words = append(c.Words, Word{X: x + int(pitch/2), Y: c.H - 6, Anchor: "middle", Text: label})
		}
	}
	return c
}

// niceTop gives the even number, with one or two leading digits, that a scale ends at.
func niceTop(most int) int {
	for unit := 1; ; unit *= 10 {
		for _, n := range []int{2, 4, 6, 8, 10} {
			if n*unit >= most {
				return n * unit
			}
		}
	}
}
