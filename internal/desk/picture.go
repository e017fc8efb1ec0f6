package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/usher-kyc/usher"
)

// The longest sides of the new pictures, in pixels: one fits a column of a screen with many pixels to the point, the other lets small print
// be read.
const (
	sideInCase = 1000
	sideLarge  = 2400
)

// mostOfPicture bounds what is read of a stored picture; what the fronts take in is smaller.
const mostOfPicture = 32 << 20

// picture serves a new picture made of a stored one. The engine puts the look on the audit trail before it gives a byte.
func (d *Desk) picture(w http.ResponseWriter, r *http.Request, v visit) error {
	side := sideInCase
	switch r.PathValue("size") {
	case "case":
	case "face":
		if d.config.Portrait == nil {
			return usher.NotFound("size of picture")
		}
		side = 0
	case "large":
		side = sideLarge
	default:
		return usher.NotFound("size of picture")
	}
	// A picture is for a page of ours; a browser says what it asks for it as, and other programs have no cookie (ASVS 3.5.8).
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" && dest != "image" {
		return &usher.Error{Code: usher.CodeForbidden, Detail: "desk_picture", Message: "a picture is shown in its case only"}
	}
	e, raw, err := d.config.Service.OpenEvidence(r.Context(), v.tenant.ID, r.PathValue("id"), r.PathValue("evidence"), 0, v.staff.Actor())
	if err != nil {
		return err
	}
	defer raw.Close() // it was read to its end or given up
	out, err := d.copyOf(r.Context(), io.LimitReader(raw, mostOfPicture), side)
	if err != nil {
		return &usher.Error{Code: usher.CodeConflict, Detail: "desk_unshowable", Message: "this file cannot be shown as a picture", Err: err}
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", `inline; filename="`+string(e.Kind)+`.jpg"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(out))
	return nil
}

// copyOf makes a new picture with a longest side, or, without one, of the face alone.
func (d *Desk) copyOf(ctx context.Context, raw io.Reader, side int) ([]byte, error) {
	if side > 0 {
		return d.config.Preview(ctx, raw, side)
	}
	data, err := io.ReadAll(raw)
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	return d.config.Portrait(ctx, data)
}

// file hands out what is not a picture, as it came in: to be saved, never to be opened on our own pages.
func (d *Desk) file(w http.ResponseWriter, r *http.Request, v visit) error {
	s, err := d.config.Service.Session(r.Context(), v.tenant.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	e, ok := evidenceOf(s, r.PathValue("evidence"))
	if !ok || v.say.evidence(e).IsPicture() {
		return usher.NotFound("file")
	}
	_, raw, err := d.config.Service.OpenEvidence(r.Context(), v.tenant.ID, s.ID, e.ID, 0, v.staff.Actor())
	if err != nil {
		return err
	}
	defer raw.Close() // it was read to its end or given up
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", `attachment; filename="`+string(e.Kind)+extension(e.ContentType)+`"`)
	h.Set("Content-Length", strconv.FormatInt(e.Size, 10))
	if _, err := io.Copy(w, raw); err != nil && !errors.Is(err, r.Context().Err()) {
		// The head is out, so the only honest end is a broken one.
		panic(http.ErrAbortHandler)
	}
	return nil
}

func extension(contentType string) string {
	switch contentType {
	case "application/pdf":
		return ".pdf"
	case "video/webm":
		return ".webm"
	case "video/mp4":
		return ".mp4"
	case "video/quicktime":
		return ".mov"
	}
	return ".bin"
}

// lookData is what the page of one picture shows.
type lookData struct {
	frame
	S        usher.Session
	Evidence evidence
	Name     string
}

// look shows one picture large.
func (d *Desk) look(w http.ResponseWriter, r *http.Request, v visit) error {
	s, err := d.config.Service.Session(r.Context(), v.tenant.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	e, ok := evidenceOf(s, r.PathValue("evidence"))
	if !ok || !v.say.evidence(e).IsPicture() {
		return usher.NotFound("picture")
	}
	if err := d.note(r.Context(), v, "case.viewed", s.ID, ""); err != nil {
		return err
	}
	a, err := d.config.Service.Applicant(r.Context(), v.tenant.ID, s.ApplicantID)
	if err != nil {
		return fmt.Errorf("read applicant: %w", err)
	}
	return d.Render(w, r, v.page("look", lookData{v.frame(), s, v.say.evidence(e), v.say.person(a)}))
}

func evidenceOf(s usher.Session, id string) (usher.Evidence, bool) {
	for _, e := range s.Evidence {
		if e.ID == id {
			return e, true
		}
	}
	return usher.Evidence{}, false
}
