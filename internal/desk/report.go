package desk

import (
	"context"
	"io"
	"net/http"
	"path"

	"github.com/usher-kyc/usher"
)

// report gives a handler that hands out a case for people or for keeping, in the language of who reads it. That they did is on the trail.
func (d *Desk) report(contentType string, write func(ctx context.Context, w io.Writer, tenant, session, locale string, by usher.Actor) error) handler {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		out := &download{ResponseWriter: w, contentType: contentType, name: path.Base(r.URL.Path)}
		err := write(r.Context(), out, v.tenant.ID, r.PathValue("id"), v.say.lang, v.staff.Actor())
		if err != nil && out.begun {
			// The head is out, so the only honest end is a broken one.
			panic(http.ErrAbortHandler)
		}
		return err
	}
}

// download is an answer that is to be saved. Its head goes out with the first bytes, so that what fails before them gets a page of its own.
type download struct {
	http.ResponseWriter
	contentType, name string
	begun             bool
}

// Write begins the answer where that was not done yet.
func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begun = true
		h := d.Header()
		h.Set("Content-Type", d.contentType)
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		h.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	}
	return d.ResponseWriter.Write(p)
}
