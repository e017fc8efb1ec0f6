package web_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
	assets "github.com/usher-kyc/usher/web"
)

// TestCheckBrand holds that what cannot be read, shown or loaded well is refused with its field.
func TestCheckBrand(t *testing.T) {
	t.Parallel()
	var logo, wide bytes.Buffer
	if err := errors.Join(png.Encode(&logo, image.NewGray(image.Rect(0, 0, 40, 20))), png.Encode(&wide, image.NewGray(image.Rect(0, 0, 3000, 2)))); err != nil {
		t.Fatal(err)
	}
	webp := []byte("RIFF\x24\x00\x00\x00WEBPVP8L\x18\x00\x00\x00\x2f\x27\xc0\x04\x00" + strings.Repeat("\x00", 20))
	for name, c := range map[string]struct {
		b           usher.Brand
		field, kind string
	}{
		"nothing":               {usher.Brand{}, "", ""},
		"a dark blue":           {usher.Brand{Accent: "#1d3f8f"}, "", ""},
		"black":                 {usher.Brand{Accent: "#000000"}, "", ""},
		"both":                  {usher.Brand{Accent: "#1d3f8f", AccentDark: "#9fc0ff"}, "", ""},
		"yellow":                {usher.Brand{Accent: "#ffd500"}, "accent", ""},
		"a grey in the middle":  {usher.Brand{Accent: "#808080"}, "accent", ""},
		"too dark for the dark": {usher.Brand{Accent: "#1d3f8f", AccentDark: "#1d3f8f"}, "accent_dark", ""},
		"dark alone":            {usher.Brand{AccentDark: "#9fc0ff"}, "accent", ""},
		"a word":                {usher.Brand{Accent: "red"}, "accent", ""},
		"more than a colour":    {usher.Brand{Accent: "#000;}*{"}, "accent", ""},
		"no dark colour":        {usher.Brand{Accent: "#000000", AccentDark: "#zzzzzz"}, "accent_dark", ""},
		"a long name":           {usher.Brand{Name: strings.Repeat("å", 81)}, "name", ""},
		"two lines":             {usher.Brand{Name: "a\nb"}, "name", ""},
		"a PNG":                 {usher.Brand{Logo: logo.Bytes(), LogoType: "text/html"}, "", "image/png"},
		"a WebP":                {usher.Brand{Logo: webp}, "", "image/webp"},
		"an SVG":                {usher.Brand{Logo: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")}, "logo", ""},
		"a wide one":            {usher.Brand{Logo: wide.Bytes()}, "logo", ""},
		"a large one":           {usher.Brand{Logo: make([]byte, 201<<10)}, "logo", ""},
	} {
		got, err := web.CheckBrand(c.b)
		var e *usher.Error
		field := ""
		if errors.As(err, &e) {
			field = e.Field
		}
		if field != c.field || c.kind != "" && got.LogoType != c.kind || (err != nil) != (c.field != "") {
			t.Errorf("%s: %q %v", name, got.LogoType, err)
		}
	}
}

// TestPaletteFits holds that the grounds colours are held against are those of the style sheet.
func TestPaletteFits(t *testing.T) {
	t.Parallel()
	raw, err := assets.Files.ReadFile("static/base.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--ground: #f3f6f5; --paper: #fff;", "--ground: #0e1514; --paper: #162120;", "--on-accent: #06231f"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("base.css has no %q", want)
		}
	}
	css, err := web.Palette(usher.Brand{Accent: "#1d3f8f"})
	if err != nil || !strings.HasPrefix(css, ":root{--accent:#1d3f8f;") || !strings.Contains(css, "prefers-color-scheme: dark") {
		t.Errorf("%s %v", css, err)
	}
}

// FuzzPalette holds that a style sheet is made of colours alone, whatever was given for one.
func FuzzPalette(f *testing.F) {
	f.Add("#1d3f8f", "")
	f.Add("#1d3f8f", "#9fc0ff")
	f.Add("#00000}", "#")
	f.Fuzz(func(t *testing.T, accent, dark string) {
		css, err := web.Palette(usher.Brand{Accent: accent, AccentDark: dark})
		if err != nil || css == "" {
			return
		}
		if rest := strings.Trim(css, "abcdefghijklmnopqrstuvwxyz0123456789#-:;{}()@ "); rest != "" || strings.Count(css, "{") != 3 {
			t.Errorf("%q %q makes %s", accent, dark, css)
		}
	})
}
