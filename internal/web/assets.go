package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// assets are the static files. The address of each holds one hash over all of them: it changes when any does, which costs a browser a
// few kilobytes after an update and lets modules import one another by their plain names.
type assets struct {
	hash  string
	files map[string]asset
}

// asset is one file, and what it is when it is compressed, which is worked out for the first browser that asks. Nothing in these files is secret,
// so that their length tells nothing.
type asset struct {
	body    []byte
	smaller func() []byte // gzip, nil where it would not be smaller
}

func newAsset(body []byte) asset {
	return asset{body, sync.OnceValue(func() []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, err := w.Write(body)
		if err != nil || w.Close() != nil || out.Len() >= len(body) {
			return nil
		}
		return out.Bytes()
	})}
}

func loadAssets(files fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		a.files[name[len("static/"):]] = newAsset(body)
		// Name and length keep two neighbours from passing bytes to each other unseen.
		fmt.Fprintf(sum, "%s %d\n", name, len(body))
		sum.Write(body)
		return nil
	})
	a.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return a, err
}

// sheet is several style sheets as one, for a page that brings them along, and what a policy calls it (CSP level 3, section 2.3.1).
type sheet struct {
	css  template.CSS
	hash string
}

func (a *assets) sheet(names []string) (sheet, error) {
	var css strings.Builder
	for _, name := range names {
		file, ok := a.files[name]
		if !ok {
			return sheet{}, fmt.Errorf("no style sheet %s", name)
		}
		css.Write(file.body)
	}
	if css.Len() == 0 {
		return sheet{}, nil
	}
	sum := sha256.Sum256([]byte(css.String()))
	return sheet{template.CSS(css.String()), "sha256-" + base64.StdEncoding.EncodeToString(sum[:])}, nil
}

func (a *assets) path(name string) string { return "/static/" + a.hash + "/" + name }

// ServeHTTP gives a file to be kept for a year. An older hash is answered with the file of today, for pages that were open during an
// update, but not to be kept.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	file, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.PathValue("hash") == a.hash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Content-Type", contentType(name))
	w.Header().Set("Vary", "Accept-Encoding")
	if smaller := file.smaller(); smaller != nil && r.Header.Get("Range") == "" && takesGzip(r.Header.Get("Accept-Encoding")) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(len(smaller)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(smaller) // a reader who has gone is no fault
		}
		return
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.body))
}

// takesGzip tells whether a browser takes gzip: it is named, and not with a weight of nothing (RFC 9110, section 12.5.3).
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return strings.TrimSpace(weight) == "" || err == nil && q > 0
		}
	}
	return false
}

// contentType does not ask the machine's own tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
