package outside

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Routes takes what providers call: POST /checks/{token} with a result, GET /evidence/{token} for a file. Mount it at the end of Config.Base,
// which is stripped before. The token is a stamp; a result is signed besides.
func (o *Outside) Routes(service usher.Service, auditor usher.Auditor) *api.Mux {
	d := &door{o: o, service: service, auditor: auditor}
	mux := api.NewMux()
	mux.On("POST /checks/{token}", d.handle(d.callback), usher.ActEnter)
	mux.On("GET /evidence/{token}", d.handle(d.evidence), usher.ActEnter)
	return mux
}

type door struct {
	o       *Outside
	service usher.Service
	auditor usher.Auditor
}

func (d *door) handle(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			api.WriteProblem(w, r, err)
		}
	}
}

// What a callback is answered with.
type taken struct {
	Status string `json:"status"`
}

// callback takes a result. One that comes too late, or again, changes nothing and is told so.
func (d *door) callback(w http.ResponseWriter, r *http.Request) error {
	subject, err := d.o.c.Stamps.Stamped(stampCallback, r.PathValue("token"))
	if err != nil {
		return err
	}
	asked, ok := parseAsk(subject)
	p, known := d.o.byKind[asked.kind]
	if !ok || !known {
		return usher.NotFound("check")
	}
	body, err := api.ReadAll(w, r, largestAnswer)
	if err != nil {
		return err
	}
	if err := d.o.c.Verify(r.Header, body, p.Secrets, d.o.c.Now()); err != nil {
		return &usher.Error{Code: usher.CodeUnauthenticated, Message: err.Error()}
	}
	result, err := readResult(asked.kind, body)
	if err != nil {
		return err
	}
	s, err := d.service.Session(r.Context(), asked.tenant, asked.session)
	if err != nil {
		return err
	}
	st, waits := waitsFor(s, asked)
	if !waits {
		api.WriteJSON(w, http.StatusOK, taken{"ignored"})
		return nil
	}
	for _, e := range s.InForce() {
		if slices.Contains(p.Evidence, e.Kind) {
			result.EvidenceIDs = append(result.EvidenceIDs, e.ID)
		}
	}
	result = p.own(result, nil)
	result.DurationMS = d.o.c.Now().Sub(st.AskedAt).Milliseconds()
	_, err = d.service.Do(r.Context(), asked.tenant, asked.session, usher.Command{
		Kind: usher.CmdReport, By: usher.Actor{Kind: usher.BySystem, ID: "checks"}, Step: asked.step, Round: asked.round,
		Results: []usher.CheckResult{result},
	})
	if err != nil {
		return fmt.Errorf("report the check %s: %w", asked.kind, err)
	}
	api.WriteJSON(w, http.StatusOK, taken{"recorded"})
	return nil
}

// waitsFor tells whether a session still waits for the result of one asking.
func waitsFor(s usher.Session, a ask) (usher.StepStatus, bool) {
	st, ok := s.Step(a.step)
	open := slices.ContainsFunc(st.Checks, func(c usher.CheckResult) bool { return c.Kind == a.kind && c.Outcome == "" })
	return st, ok && open && st.Round == a.round && st.State == usher.StepRunning && !s.State.Ended()
}

// evidence gives a file to the provider that was sent its link, and keeps who got it on the audit trail.
func (d *door) evidence(w http.ResponseWriter, r *http.Request) error {
	subject, err := d.o.c.Stamps.Stamped(stampEvidence, r.PathValue("token"))
	if err != nil {
		return err
	}
	parts, ok := split(subject, 4)
	if !ok {
		return usher.NotFound("evidence")
	}
	tenant, session, id, kind := parts[0], parts[1], parts[2], parts[3]
	by := usher.Actor{Kind: usher.BySystem, ID: "check " + kind}
	e, body, err := d.service.OpenEvidence(r.Context(), tenant, session, id, 0, by)
	if err != nil {
		return err
	}
	defer body.Close()
	err = d.auditor.Record(r.Context(), usher.AuditRecord{
		TenantID: tenant, Actor: by, Action: "evidence.sent", Object: id, Detail: "session " + session,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", e.ContentType)
	w.Header().Set("Content-Length", strconv.FormatInt(e.Size, 10))
	w.Header().Set("Content-Disposition", "attachment")
	if _, err := io.CopyN(w, body, e.Size); err != nil {
		// The length was promised; half of a file must not look whole.
		panic(http.ErrAbortHandler)
	}
	return nil
}
