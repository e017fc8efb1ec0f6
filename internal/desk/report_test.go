package desk_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/desk"
)

// teller writes what it was asked for, and fails for cases that do not exist.
type teller struct{}

func (teller) PDF(_ context.Context, w io.Writer, tenant, session, locale string, by usher.Actor) error {
	if session == "none" {
		return usher.NotFound("session")
	}
	_, err := io.WriteString(w, tenant+" "+session+" "+locale+" "+by.ID)
	return err
}

func (teller) Zip(context.Context, io.Writer, string, string, string, usher.Actor) error {
	return errors.New("the disk is full")
}

// The report of a case is in the language of who takes it, and for those who decide.
func TestReport(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *desk.Config) { c.Report = teller{} })
	vera := f.member("vera", usher.RoleReviewer)
	f.member("vidar", usher.RoleViewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	at := "/cases/" + s.ID + "/report.pdf"
	b := f.plain("vera")
	f.says("the case", b.get("/cases/"+s.ID), http.StatusOK, "/desk"+at, "/evidence.zip")
	for _, lang := range []string{"en", "sv"} {
		b.get("/?lang=" + lang)
		got := b.get(at)
		if got.status != http.StatusOK || got.body != f.Tenant.ID+" "+s.ID+" "+lang+" "+vera.ID || got.header.Get("Content-Type") != "application/pdf" ||
			got.header.Get("Content-Disposition") != `attachment; filename="report.pdf"` {
			t.Errorf("%s: %d %v %s", lang, got.status, got.header, got.body)
		}
	}
	if got := b.get("/cases/none/report.pdf"); got.status != http.StatusNotFound {
		t.Errorf("a case that does not exist answers %d", got.status)
	}
	if got := b.get("/cases/" + s.ID + "/evidence.zip"); got.status != http.StatusInternalServerError {
		t.Errorf("what fails at once answers %d", got.status)
	}
	if got := f.plain("vidar").get(at); got.status != http.StatusForbidden {
		t.Errorf("a viewer gets %d", got.status)
	}
}
