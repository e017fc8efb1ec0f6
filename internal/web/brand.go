package web

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	_ "image/jpeg" // logos
	_ "image/png"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
)

// The bounds of a brand.
const (
	longestBrand = 80        // characters of a name
	mostLogo     = 200 << 10 // bytes
	widestLogo   = 2000      // pixels of a side
	// enough is the contrast that text needs (WCAG 2.2, 1.4.3).
	enough = 4.5
)

// CheckBrand refuses what would make pages hard to read or to load, naming the field, and gives the brand with the type of its logo.
func CheckBrand(b usher.Brand) (usher.Brand, error) {
	if utf8.RuneCountInString(b.Name) > longestBrand || strings.ContainsFunc(b.Name, unicode.IsControl) {
		return b, usher.Invalid("name", "may have at most %d characters, on one line", longestBrand)
	}
	if _, err := Palette(b); err != nil {
		return b, err
	}
	b.LogoType = ""
	if len(b.Logo) == 0 {
		return b, nil
	}
	if len(b.Logo) > mostLogo {
		return b, usher.Invalid("logo", "may have at most %d KB", mostLogo>>10)
	}
	kind, width, height := logoOf(b.Logo)
	switch {
	case kind == "":
		return b, usher.Invalid("logo", "is no PNG, JPEG or WebP picture")
	case width < 1 || height < 1 || width > widestLogo || height > widestLogo:
		return b, usher.Invalid("logo", "is %d by %d pixels; at most %d a side are taken", width, height, widestLogo)
	}
	b.LogoType = kind
	return b, nil
}

// logoOf gives the content type and size of a picture that browsers show as a picture and nothing else: no SVG, which may hold scripts.
func logoOf(raw []byte) (kind string, width, height int) {
	if c, format, err := image.DecodeConfig(bytes.NewReader(raw)); err == nil {
		return "image/" + format, c.Width, c.Height
	}
	// WebP container (RFC 9649): RIFF, size, WEBP, and a first chunk that tells the size in one of three ways.
	if len(raw) < 30 || string(raw[:4]) != "RIFF" || string(raw[8:12]) != "WEBP" {
		return "", 0, 0
	}
	le := binary.LittleEndian
	switch string(raw[12:16]) {
	case "VP8 ":
		return "image/webp", int(le.Uint16(raw[26:]) & 0x3fff), int(le.Uint16(raw[28:]) & 0x3fff)
	case "VP8L":
		bits := le.Uint32(raw[21:])
		return "image/webp", int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1
	case "VP8X":
		return "image/webp", int(le.Uint32(raw[24:])&0xffffff) + 1, int(le.Uint32(raw[26:])>>8&0xffffff) + 1
	}
	return "", 0, 0
}

// colour is one of sRGB, each part 0 to 1.
type colour [3]float64

// The grounds that base.css puts text and buttons on, in light and in dark; a test holds them against that file.
var (
	lightPaper, lightGround = colour{1, 1, 1}, rgb("#f3f6f5")
	darkPaper, darkGround   = rgb("#162120"), rgb("#0e1514")
	darkInk                 = rgb("#06231f")
	white, black            = colour{1, 1, 1}, colour{}
)

// Palette gives the style sheet that puts a brand's colours in place of ours, "" where it has none. A colour that cannot be read well enough on
// the pages is refused: the error names accent or accent_dark.
func Palette(b usher.Brand) (css string, err error) {
	if b.Accent == "" {
		if b.AccentDark != "" {
			return "", usher.Invalid("accent", "is needed where accent_dark is given")
		}
		return "", nil
	}
	light, ok := parse(b.Accent)
	if !ok {
		return "", usher.Invalid("accent", "is no colour such as #0b5d57")
	}
	if worst := lightest(light); worst < enough {
		return "", usher.Invalid("accent", "has a contrast of %.1f on light pages; text needs %.1f: choose a darker colour", worst, enough)
	}
	dark, given := parse(b.AccentDark)
	if b.AccentDark != "" && !given {
		return "", usher.Invalid("accent_dark", "is no colour such as #7fd3c7")
	}
	if !given {
		dark = brighter(light)
	}
	if worst := darkest(dark); worst < enough {
		return "", usher.Invalid("accent_dark", "has a contrast of %.1f on dark pages; text needs %.1f: choose a lighter colour", worst, enough)
	}
	var out strings.Builder
	fmt.Fprintf(&out, ":root{%s}", tokens(light, mix(light, black, 0.3), white, mix(lightPaper, light, 0.1)))
	fmt.Fprintf(&out, "@media (prefers-color-scheme: dark){:root{%s}}", tokens(dark, mix(dark, white, 0.35), darkInk, mix(darkPaper, dark, 0.16)))
	return out.String(), nil
}

func tokens(accent, deep, on, tint colour) string {
	return fmt.Sprintf("--accent:%s;--accent-deep:%s;--on-accent:%s;--tint:%s", accent, deep, on, tint)
}

// Contrasts gives the least contrast that a brand's colours have on light and on dark pages, 1 to 21 (WCAG 2.2); 0 where there is no such colour.
func Contrasts(b usher.Brand) (light, dark float64) {
	c, ok := parse(b.Accent)
	if !ok {
		return 0, 0
	}
	d, given := parse(b.AccentDark)
	if !given {
		d = brighter(c)
	}
	return lightest(c), darkest(d)
}

func lightest(light colour) float64 {
	return worstOf(light, lightPaper, lightGround, mix(lightPaper, light, 0.1), white)
}

func darkest(dark colour) float64 {
	return worstOf(dark, darkPaper, darkGround, darkInk, mix(darkPaper, dark, 0.16))
}

// brighter gives the colour for dark pages: as little of white in it as is needed.
func brighter(c colour) colour {
	for part := 0.0; part < 1; part += 0.05 {
		if b := mix(c, white, part); darkest(b) >= enough+0.5 {
			return b
		}
	}
	return white
}

// worstOf gives the least contrast of a colour with several others.
func worstOf(c colour, others ...colour) float64 {
	worst := math.Inf(1)
	for _, o := range others {
		worst = min(worst, contrast(c, o))
	}
	return worst
}

// contrast is that of WCAG 2.2: 1 to 21.
func contrast(a, b colour) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func (c colour) luminance() float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// mix gives a with a part of b in it, 0 to 1.
func mix(a, b colour, part float64) colour {
	for i := range a {
		a[i] += (b[i] - a[i]) * part
	}
	return a.rounded()
}

// rounded gives the colour as eight bits a part hold it, which is what a page shows.
func (c colour) rounded() colour {
	for i := range c {
		c[i] = math.Round(c[i]*255) / 255
	}
	return c
}

// String writes "#rrggbb".
func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0]*255)), int(math.Round(c[1]*255)), int(math.Round(c[2]*255)))
}

// parse reads "#rrggbb".
func parse(s string) (c colour, ok bool) {
	if len(s) != 7 || s[0] != '#' {
		return c, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return c, false
	}
	return colour{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, true
}

// rgb reads a colour of our own.
func rgb(s string) colour {
	c, _ := parse(s)
	return c
}
