package native_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/usher-kyc/usher"
)

// reporter stands in for the reports, which are tested where they are made.
type reporter struct{ service usher.Service }

func (r reporter) PDF(ctx context.Context, w io.Writer, tenant, session, locale string, by usher.Actor) error {
	if _, err := r.service.Session(ctx, tenant, session); err != nil {
		return err
	}
	if by.Kind != usher.ByClient || by.ID == "" {
		return errors.New("a report for nobody")
	}
	_, err := io.WriteString(w, "%PDF- "+session+" in "+locale)
	return err
}

func (r reporter) Zip(context.Context, io.Writer, string, string, string, usher.Actor) error {
	return errors.New("not asked for")
}

func TestReportPDF(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.session(t)
	got := h.do(t, http.MethodGet, "/v1/sessions/"+id+"/report.pdf?locale=sv", nil).want(t, http.StatusOK)
	if got.Body.String() != "%PDF- "+id+" in sv" || got.Header().Get("Content-Type") != "application/pdf" {
		t.Errorf("%q as %q", got.Body, got.Header().Get("Content-Type"))
	}
	h.do(t, http.MethodGet, "/v1/sessions/nothing/report.pdf", nil).want(t, http.StatusNotFound)
}
