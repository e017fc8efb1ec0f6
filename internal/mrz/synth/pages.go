package synth

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"strings"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
)

// page is a sheet without a zone while it is being drawn, in millimetres.
type page struct {
	*scribe

	r     *rand.Rand
	w, h  float64
	ink   color.Color
	press *Press
	image *image.RGBA
}

// pages are the kinds of sheets without a zone: what people send by mistake, and what looks most like a zone.
func pages() []func(*page) {
	return []func(*page){
		prose, receipt, form, table, crossword, barcodes, columns, listing, slip, contents, ticket, capitals, bareCard, nothing,
	}
}

// Page draws a photographed sheet that has no zone. The kind goes by the seed: each of a row of seeds has another.
func (p *Press) Page(seed uint64, level Level) (Picture, error) {
	r := rand.New(rand.NewPCG(seed, 4711))
	w := []float64{148, 125, 100, 85}[r.IntN(4)]
	h := w / math.Sqrt2
	if r.IntN(2) == 0 {
		w, h = h, w
	}
	width, height := level.Width, level.Width*3/4
	if h > w {
		width, height = height, width
	}
	scale := min(float64(width)*0.92/w, float64(height)*0.92/h)
	sheet := image.NewRGBA(image.Rect(0, 0, int(w*scale), int(h*scale)))
	white := uint8(225 + r.IntN(31))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.Gray{Y: white}), image.Point{}, draw.Src)
	g := &page{
		scribe: newScribe(sheet, scale), r: r, w: w, h: h, press: p, image: sheet, ink: color.Gray{Y: uint8(r.IntN(90))},
	}
	kinds := pages()
	kinds[seed%uint64(len(kinds))](g)
	if g.err != nil {
		return Picture{}, fmt.Errorf("draw page: %w", g.err)
	}
	if r.IntN(2) == 0 {
		sheet = quarter(sheet)
		width, height = height, width
	}
	m, _ := photograph(r, card{RGBA: sheet}, width, height, level)
	return Picture{RGBA: m, quality: level.quality(r)}, nil
}

// Page draws a photographed sheet that has no zone.
func Page(seed uint64, level Level) (Picture, error) {
	p, err := sharedPress()
	if err != nil {
		return Picture{}, err
	}
	return p.Page(seed, level)
}

const (
	small = "abcdefghijklmnopqrstuvwxyz"
	great = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	ten   = "0123456789"
)

// some is n characters of a set.
func (g *page) some(n int, of string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = of[g.r.IntN(len(of))]
	}
	return string(b)
}

// words fills a line of n characters with words from a set.
func (g *page) words(n int, of string) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(g.some(1+g.r.IntN(9), of))
		b.WriteByte(' ')
	}
	return b.String()[:n]
}

// amount is a price in a column.
func (g *page) amount() string {
	return fmt.Sprintf("%7d.%02d", g.r.IntN(1+g.r.IntN(20000)), g.r.IntN(100))
}

func prose(g *page) {
	size := 1.8 + 1.6*g.r.Float64()
	g.write(gobold.TTF, 2*size, 8, 12, g.words(18, small), g.ink)
	for y := 20.0; y < g.h-6; y += size * 2 {
		if g.r.IntN(9) == 0 {
			continue
		}
		g.write(goregular.TTF, size, 8, y, strings.ToUpper(g.some(1, small))+g.words(int((g.w-16)/size*1.05), small)+".", g.ink)
	}
}

func receipt(g *page) {
	left, wide := g.w*0.2, g.w*0.6
	g.write(gomonobold.TTF, 3.4, left, 10, g.words(12, great), g.ink)
	for y := 18.0; y < g.h-14; y += 4.6 {
		g.write(gomono.TTF, 2.4, left, y, fmt.Sprintf("%2d x %-12s", 1+g.r.IntN(9), g.words(12, great)), g.ink)
		g.write(gomono.TTF, 2.4, left+wide-18, y, g.amount(), g.ink)
	}
	g.write(gomono.TTF, 2.4, left, g.h-9, strings.Repeat("-", 30), g.ink)
	g.write(gomonobold.TTF, 3, left, g.h-4, "TOTAL "+g.amount(), g.ink)
}

// form has rows of boxes with a capital or a digit in each, as forms are filled in by hand.
func form(g *page) {
	line := color.Gray{Y: 120}
	for y := 10.0; y < g.h-10; y += 11 {
		g.write(goregular.TTF, 1.8, 8, y, g.words(14, small), g.ink)
		n := int((g.w - 16) / 4)
		for i := range n {
			x := 8 + 4*float64(i)
			g.box(x, y+1.5, 4, 0.2, line)
			g.box(x, y+6.5, 4, 0.2, line)
			g.box(x, y+1.5, 0.2, 5, line)
			if g.r.IntN(8) > 0 {
				g.write(gomono.TTF, 3, x+0.8, y+5.6, g.some(1, great+ten), g.ink)
			}
		}
	}
}

func table(g *page) {
	line := color.Gray{Y: 90}
	rows, columns := 8+g.r.IntN(12), 3+g.r.IntN(4)
	dx, dy := (g.w-16)/float64(columns), (g.h-16)/float64(rows)
	for i := range rows + 1 {
		g.box(8, 8+dy*float64(i), g.w-16, 0.25, line)
	}
	for j := range columns + 1 {
		g.box(8+dx*float64(j), 8, 0.25, g.h-16, line)
	}
	for i := range rows {
		for j := range columns {
			text := g.amount()
			if j == 0 {
				text = g.words(9, small)
			}
			g.write(goregular.TTF, min(2.6, dy*0.55), 9+dx*float64(j), 8+dy*(float64(i)+0.7), text, g.ink)
		}
	}
}

func crossword(g *page) {
	n := 11 + g.r.IntN(9)
	side := (min(g.w, g.h) - 16) / float64(n)
	for i := range n {
		for j := range n {
			x, y := 8+side*float64(j), 8+side*float64(i)
			g.box(x, y, side, side, color.Gray{Y: 40})
			if g.r.IntN(5) == 0 {
				continue
			}
			g.box(x+0.2, y+0.2, side-0.4, side-0.4, color.Gray{Y: 245})
			g.write(gomono.TTF, side*0.62, x+side*0.25, y+side*0.8, g.some(1, great), g.ink)
		}
	}
}

// barcodes are stripes with their digits below.
func barcodes(g *page) {
	for y := 8.0; y < g.h-26; y += 26 {
		for x := 12.0; x < g.w-12; {
			bar := 0.33 * float64(1+g.r.IntN(4))
			g.box(x, y, bar, 14, color.Gray{Y: 15})
			x += bar + 0.33*float64(1+g.r.IntN(4))
		}
		g.write(gomono.TTF, 3, 14, y+18.5, g.some(26, ten), g.ink)
	}
}

// columns are numbers in a fixed pitch, the whole width.
func columns(g *page) {
	size := 2 + 1.4*g.r.Float64()
	for y := 8.0; y < g.h-5; y += size * (1.7 + 0.6*g.r.Float64()) {
		var b strings.Builder
		for b.Len() < int((g.w-14)/size*1.16) {
			b.WriteString(g.some(4+g.r.IntN(3), ten) + " ")
		}
		g.write(gomono.TTF, size, 7, y, b.String(), g.ink)
	}
}

// listing is program text, with the angle brackets that it is full of.
func listing(g *page) {
	size := 2 + g.r.Float64()
	forms := []string{
		"std::cout << %s << %s << std::endl;", "for (int %s = 0; %s < 100; ++i) {", "if (%s << 3 <<< %s) {", "<%s><td>%s</td></tr>",
		"template <class %s, class %s>", "    return %s + %s;", "}", "<<<<<<< %s", "cat <<EOF > %s_%s.txt", "SELECT %s FROM %s WHERE ID < 42;",
	}
	for y := 8.0; y < g.h-5; y += size * 2 {
		text := forms[g.r.IntN(len(forms))]
		words := []any{g.some(3+g.r.IntN(6), great), g.some(3+g.r.IntN(6), small)}
		g.write(gomono.TTF, size, 7, y, fmt.Sprintf(text, words[:strings.Count(text, "%s")]...), g.ink)
	}
}

// capitals are two or three long lines of capitals and digits in a fixed pitch at the foot of prose, as a zone stands.
func capitals(g *page) {
	for y := 10.0; y < g.h*0.6; y += 5 {
		g.write(goregular.TTF, 2.3, 8, y, g.words(44, small), g.ink)
	}
	n := []int{30, 36, 44}[g.r.IntN(3)]
	for i := range 2 + g.r.IntN(2) {
		g.write(gomono.TTF, (g.w-16)/float64(n)*1.15, 8, g.h-20+6*float64(i), g.some(n, great+ten), g.ink)
	}
}

func nothing(*page) {}
