package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// keptHeaders are the headers that belong to an answer; the rest is said anew each time.
func keptHeaders() []string { return []string{"Content-Type", "Location", "Etag"} }

// replay sends a kept answer again and says that it does.
func (a Answer) replay(w http.ResponseWriter) {
	for _, name := range keptHeaders() {
		if v := a.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	w.Header().Set("Idempotency-Replayed", "true")
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// heldAnswer holds an answer back until it is kept. Answers to POST are small.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *heldAnswer) Write(b []byte) (int, error) { return h.body.Write(b) }

func (h *heldAnswer) code() int {
	if h.status == 0 {
		return http.StatusOK
	}
	return h.status
}

func (h *heldAnswer) answer() Answer {
	a := Answer{Status: h.code(), Header: http.Header{}, Body: h.body.Bytes()}
	for _, name := range keptHeaders() {
		if v := h.header.Get(name); v != "" {
			a.Header.Set(name, v)
		}
	}
	return a
}

func (h *heldAnswer) send(w http.ResponseWriter) {
	to := w.Header()
	for name, values := range h.header {
		to[name] = values
	}
	w.WriteHeader(h.code())
	_, _ = w.Write(h.body.Bytes())
}

// nowhere is a writer for an answer that nobody is to see.
type nowhere struct {
	header http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(status int) {
	if n.status == 0 {
		n.status = status
	}
}

// fingerprint is the SHA-256 of what was asked: method, address and body, which is read whole and put back. Of a form with files it takes
// the parts and not the bytes between them: the line that parts them is drawn anew by each try of an honest client.
func fingerprint(w http.ResponseWriter, r *http.Request, limit int64) ([sha256.Size]byte, error) {
	body, err := ReadAll(w, r, limit)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	digest := sha256.New()
	fmt.Fprintf(digest, "%s\n%s\n", r.Method, r.URL.RequestURI())
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if strings.HasPrefix(kind, "multipart/") {
		if err := hashParts(digest, multipart.NewReader(bytes.NewReader(body), params["boundary"])); err != nil {
			return [sha256.Size]byte{}, err
		}
	} else {
		digest.Write(body)
	}
	return [sha256.Size]byte(digest.Sum(nil)), nil
}

func hashParts(to io.Writer, parts *multipart.Reader) error {
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return Malformed("", "the body is not readable as multipart/form-data")
		}
		digest := sha256.New()
		if _, err := io.Copy(digest, part); err != nil {
			return Malformed("", "the body ended before all of it was there")
		}
		fmt.Fprintf(to, "%q %s\n", part.FormName(), hex.EncodeToString(digest.Sum(nil)))
	}
}
