package main

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"github.com/usher-kyc/usher/internal/browsertest"
)

// The bounds of a picture in docs/screens: what lies below is cut off.
const (
	tallestPhone   = 1100 // pixels
	tallestDesktop = 1000
	mostColours    = 4000 // above it the picture holds a photo, and is kept as a JPEG
	fewColours     = 20   // that are kept of any other
	sameColour     = 24   // how far apart two of them are at least, in the sum of the differences of red, green and blue
)

// album keeps the pictures of screens, and the list of them.
type album struct {
	t     *testing.T
	dir   string
	lines []string
}

// shoot takes an applicant's page on a computer, on a phone, and on a phone in the dark.
func (a *album) shoot(p *browsertest.Page, name, about string) {
	a.t.Helper()
	dark := onPhone
	dark.Dark = true
	a.take(p, name, about, dark)
}

// shootDesk takes a page of the desk on a computer, on a phone, and on a computer in the dark.
func (a *album) shootDesk(p *browsertest.Page, name, about string) {
	a.t.Helper()
	dark := onDesktop
	dark.Dark = true
	a.take(p, name, about, dark)
}

func (a *album) take(p *browsertest.Page, name, about string, dark browsertest.Window) {
	a.t.Helper()
	var links []string
	for _, view := range []struct {
		name   string
		window browsertest.Window
	}{{"desktop", onDesktop}, {"phone", onPhone}, {"dark", dark}} {
		p.As(view.window)
		if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
			a.t.Errorf("%s, %s: the page is %d pixels wider than the window", name, view.name, wide)
		}
		file := a.keep(p.Screenshot(filepath.Join(a.t.TempDir(), name)), name+"-"+view.name, view.window)
		links = append(links, fmt.Sprintf("[%s](%s)", view.name, file))
	}
	p.As(onDesktop)
	a.lines = append(a.lines, fmt.Sprintf("| `%s` | %s | %s |", name, about, strings.Join(links, " · ")))
}

// keep writes the picture of a screen as small as it may be, and gives the name of the file.
func (a *album) keep(shot, name string, w browsertest.Window) string {
	a.t.Helper()
	raw, err := os.ReadFile(shot)
	if err != nil {
		a.t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		a.t.Fatal(err)
	}
	tallest := tallestDesktop
	if w.Width < onDesktop.Width {
		tallest = tallestPhone
	}
	size := image.Rect(0, 0, img.Bounds().Dx(), min(img.Bounds().Dy(), tallest))
	flat := image.NewRGBA(size)
	draw.Draw(flat, size, img, img.Bounds().Min, draw.Src)
	var out bytes.Buffer
	ending := ".png"
	if palette, ok := colours(flat); ok {
		few := image.NewPaletted(size, palette)
		draw.Draw(few, size, flat, image.Point{}, draw.Src)
		err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few)
	} else {
		ending = ".jpg"
		err = jpeg.Encode(&out, flat, &jpeg.Options{Quality: 50})
	}
	if err == nil {
		err = os.MkdirAll(a.dir, 0o755)
	}
	for _, old := range []string{".png", ".jpg"} {
		err = cmp.Or(err, os.RemoveAll(filepath.Join(a.dir, name+old)))
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(a.dir, name+ending), out.Bytes(), 0o644)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return name + ending
}

// colours gives the most frequent colours of a picture that differ, and false for one that has too many for that.
func colours(img *image.RGBA) (color.Palette, bool) {
	counts := map[color.RGBA]int{}
	for i := 0; i < len(img.Pix); i += 4 {
		counts[color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3]}]++
	}
	if len(counts) > mostColours {
		return nil, false
	}
	var all []color.RGBA
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y color.RGBA) int {
		return cmp.Or(counts[y]-counts[x], int(x.R)-int(y.R), int(x.G)-int(y.G), int(x.B)-int(y.B))
	})
	var palette color.Palette
	for _, c := range all {
		if len(palette) < fewColours && !slices.ContainsFunc(palette, func(other color.Color) bool { return near(c, other) }) {
			palette = append(palette, c)
		}
	}
	return palette, true
}

// near tells whether two colours look the same in a small picture: without it the shades of letters would push out a colour that is rare.
func near(a, b color.Color) bool {
	x, y := a.(color.RGBA), b.(color.RGBA)
	apart := func(m, n uint8) int { return max(int(m)-int(n), int(n)-int(m)) }
	return apart(x.R, y.R)+apart(x.G, y.G)+apart(x.B, y.B) < sameColour
}

// index writes the list of the screens.
func (a *album) index() {
	a.t.Helper()
	text := "# Screens\n\nEach page as a person sees it: on a computer (1280 pixels), on a phone (390), and in the dark. Long pages are cut off.\n" +
		"The people, their papers and their faces are invented and drawn. `make screens` takes all of them anew, of a server of its own.\n\n" +
		"| name | what it shows | pictures |\n|---|---|---|\n" + strings.Join(a.lines, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(a.dir, "README.md"), []byte(text), 0o644); err != nil {
		a.t.Fatal(err)
	}
}
