package web_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/web"
	assets "github.com/usher-kyc/usher/web"
)

// TestAssetsAreSmall holds that static files come compressed to browsers that take that, and are the same bytes in the end.
func TestAssetsAreSmall(t *testing.T) {
	t.Parallel()
	k, err := web.New(web.Config{Files: assets.Files, Area: "hosted"})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := assets.Files.ReadFile("static/base.css")
	if err != nil {
		t.Fatal(err)
	}
	for accept, small := range map[string]bool{
		"gzip, deflate, br": true, "br;q=1.0, gzip;q=0.5": true, "": false, "br": false, "gzip;q=0": false, "gzip;q=x": false, "x-gzip": false,
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", k.Asset("base.css"), nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		k.ServeHTTP(w, r)
		body := io.Reader(w.Body)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != small {
			t.Errorf("%q: compressed: %v", accept, got)
		}
		if small {
			if w.Body.Len() > len(plain)/2 {
				t.Errorf("%d bytes of %d", w.Body.Len(), len(plain))
			}
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		got, err := io.ReadAll(body)
		if err != nil || string(got) != string(plain) || !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("%q: %d bytes, %v, %v", accept, len(got), err, w.Header())
		}
	}
}

// TestFirstPageBringsItsStyles holds that the page of a reader who was never here brings its styles along under a policy that names them, and that
// no other page may have any of its own.
func TestFirstPageBringsItsStyles(t *testing.T) {
	t.Parallel()
	k, err := web.New(web.Config{Files: assets.Files, Area: "hosted", Styles: []string{"base.css", "hosted.css"}})
	if err != nil {
		t.Fatal(err)
	}
	show := func(w http.ResponseWriter, r *http.Request) error { return k.Render(w, r, web.Page{Name: "help"}) }
	k.Handle("GET /first", web.Route{FirstPage: true}, show)
	k.Handle("GET /other", web.Route{}, show)
	for path, first := range map[string]bool{"/first": true, "/other": false} {
		w := httptest.NewRecorder()
		k.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		_, style, _ := strings.Cut(w.Body.String(), "<style>")
		style, _, inline := strings.Cut(style, "</style>")
		sum := sha256.Sum256([]byte(style))
		named := strings.Contains(w.Header().Get("Content-Security-Policy"), "style-src 'self' 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';")
		if inline != first || named != first || strings.Contains(w.Body.String(), `rel="stylesheet"`) == first {
			t.Errorf("%s: brings styles: %v, named: %v", path, inline, named)
		}
	}
	if _, err := web.New(web.Config{Files: assets.Files, Area: "hosted", Styles: []string{"none.css"}}); err == nil {
		t.Error("a style sheet that is not there is no fault")
	}
}
