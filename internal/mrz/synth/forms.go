package synth

import (
	"fmt"
	"image/color"
	"image/draw"
	"strings"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

// slip is a payment slip: its foot is printed in OCR-B, the typeface of zones, on the pitch of zones.
func slip(g *page) {
	for y := 10.0; y < g.h-40; y += 9 {
		g.write(goregular.TTF, 1.6, 8, y, g.words(12, small), g.ink)
		g.write(goregular.TTF, 2.6, 8, y+4, g.words(20, great), g.ink)
		g.box(8, y+5, g.w-16, 0.2, color.Gray{Y: 130})
	}
	k := g.press.newInk(g.r, Mild)
	pitch := 2.54 * g.scale
	for i := range 1 + g.r.IntN(3) {
		line := fmt.Sprintf("#%12s%s#%7d %02d   %d >%14s#%s#", "", g.some(6+g.r.IntN(8), ten), g.r.IntN(99999), g.r.IntN(100), g.r.IntN(10), g.some(8, ten), g.some(2, ten))
		if g.r.IntN(2) == 0 {
			line = g.some(13, ten) + ">" + g.some(27, ten) + "+ " + g.some(9, ten) + ">"
		}
		line = line[:min(len(line), int((g.w-10)/2.54))]
		k.line(g.image, g.r, line, 5*g.scale, (g.h-24+7*float64(i))*g.scale, pitch)
	}
}

// contents is a table of contents with its rows of dots, or of other signs.
func contents(g *page) {
	lead := []string{".", "-", "_", "·", "<", "*"}[g.r.IntN(6)]
	for y := 12.0; y < g.h-6; y += 5.5 {
		title := g.words(6+g.r.IntN(14), great+small)
		n := max(0, int((g.w-20)/1.75)-len(title))
		g.write(gomono.TTF, 2.1, 8, y, title+strings.Repeat(lead, n)+fmt.Sprint(g.r.IntN(400)), g.ink)
	}
}

// ticket is a boarding pass: short capitals in a fixed pitch, names with a slash.
func ticket(g *page) {
	g.box(0, 0, g.w, 12, color.RGBA{30, 60, 120, 255})
	g.write(gobold.TTF, 4, 8, 9, "BOARDING PASS", color.White)
	for y := 20.0; y < g.h-20; y += 10 {
		for x := 8.0; x < g.w-30; x += 34 {
			g.write(goregular.TTF, 1.6, x, y, g.words(8, small), g.ink)
			g.write(gomono.TTF, 3, x, y+4.5, g.words(5+g.r.IntN(5), great+ten), g.ink)
		}
	}
	g.write(gomono.TTF, 2.6, 8, g.h-10, fmt.Sprintf("M1%s/%s %s %s%s %04d %d %s", g.some(8, great), g.some(6, great), g.some(7, great+ten), g.some(6, great), g.some(2, great), g.r.IntN(9999), g.r.IntN(366), g.some(8, great+ten)), g.ink)
}

// bareCard is the front of a card whose zone is on its back.
func bareCard(g *page) {
	formats := Formats()
	d := person(g.r, formats[g.r.IntN(len(formats))])
	size := sizeOf(d.Format)
	c, err := g.press.drawCard(g.r, d, nil, Wild, min(g.w/size.w, g.h/size.h)*g.scale)
	if err != nil {
		g.err = err
		return
	}
	draw.Draw(g.image, c.Rect, c.RGBA, c.Rect.Min, draw.Src)
}
