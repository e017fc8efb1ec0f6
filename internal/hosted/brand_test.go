package hosted_test

import (
	"bytes"
	"image"
	"image/color"
	paint "image/draw"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
)

// TestBrand holds that a tenant's name, colours and logo are on its pages, come from our own origin under the same strict policy, and are kept by
// browsers until they change.
func TestBrand(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, link := h.session("everything")
	picture := image.NewRGBA(image.Rect(0, 0, 240, 60))
	paint.Draw(picture, picture.Bounds(), image.NewUniform(color.RGBA{0x7a, 0x1f, 0x5c, 0xff}), image.Point{}, paint.Src)
	var logo bytes.Buffer
	h.must(png.Encode(&logo, picture))
	v := h.visitor()
	if got := v.get("/s/" + link.Token); strings.Contains(got.body, "/brand/") {
		t.Error("a tenant without a brand has one")
	}
	b := usher.Brand{Name: "Norra Banken", Accent: "#7a1f5c", Logo: logo.Bytes()}
	by := usher.Actor{Kind: usher.ByStaff, ID: "admin"}
	h.must(h.PutBrand(t.Context(), h.Tenant.ID, b, by))
	got := v.get("/s/" + link.Token)
	address := func(part string) string {
		found := regexp.MustCompile(`"/verify(/brand/[^"]*` + part + `)"`).FindStringSubmatch(got.body)
		if found == nil {
			t.Fatalf("no %s on %s", part, got.body)
		}
		return found[1]
	}
	if !strings.Contains(got.body, "Verify your identity for Norra Banken") || !strings.Contains(got.body, `alt="Norra Banken"`) {
		t.Errorf("the name is not on the page")
	}
	style, mark := address("style.css"), address("logo")
	for path, want := range map[string]string{style: "text/css; charset=utf-8", mark: "image/png"} {
		got := v.get(path)
		if got.status != 200 || got.header.Get("Content-Type") != want || !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, got.status, got.header)
		}
		older := regexp.MustCompile(`/[0-9a-f]{16}/`).ReplaceAllString(path, "/0000000000000000/")
		if got := v.get(older); got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("an older address is kept: %s", got.header.Get("Cache-Control"))
		}
	}
	if got := v.get(style).body; !strings.Contains(got, "--accent:#7a1f5c") {
		t.Errorf("the style is %s", got)
	}
	if got := v.get(strings.Replace(style, h.Tenant.ID, h.Other.ID, 1)); got.status != 404 {
		t.Errorf("a tenant without colours: %d", got.status)
	}
	for _, bad := range []usher.Brand{{Accent: "#ffd500"}, {Logo: []byte("<svg onload='x()'/>")}} {
		if err := h.PutBrand(t.Context(), h.Tenant.ID, bad, by); err == nil {
			t.Errorf("%+v is kept", bad)
		}
	}

	p := sit(t, "brand", browsertest.Options{})
	p.Visit(link.URL)
	p.lookAround("Verify your identity for Norra Banken")
	if got := browsertest.Eval[string](p.Page, "getComputedStyle(document.querySelector('main .button')).backgroundColor"); got != "rgb(122, 31, 92)" {
		t.Errorf("the button is %s", got)
	}
}
