package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
)

// vendorThings gives what the addresses of a vendor's API can name of a firm, and the query that names the same where addresses do not.
func (w *walked) vendorThings(f firmOfTwo, m mount) (map[string]string, string) {
	w.t.Helper()
	ctx := w.t.Context()
	i := slices.IndexFunc(w.h.dialects, func(d api.Dialect) bool { return d.Name == m.surface })
	d := w.h.dialects[i]
	if len(d.Flows) == 0 {
		return map[string]string{"match": "default"}, "" // nothing but names are looked up
	}
	c, _, err := w.h.auth.CreateClient(ctx, f.tenant.ID, auth.NewClient{Dialect: d.Name, DefaultFlow: d.Offers[0].Flow}, usher.Actor{Kind: usher.BySystem})
	w.must(err)
	key := "3b241101-e2bb-4255-8caf-" + f.tenant.ID[len(f.tenant.ID)-12:]
	s, _, err := w.h.StartSession(ctx, c, usher.NewSession{
		Key: key, Applicant: &usher.NewApplicant{Kind: usher.Person, Details: usher.Details{FirstName: "Ada", LastName: "Berg", Nationality: "SE"}},
	})
	w.must(err)
	events, err := w.h.ListEvents(ctx, f.tenant.ID, usher.EventFilter{SessionID: s.ID, Paging: usher.Paging{Limit: 1}})
	w.must(err)
	const version = 14 // place of a UUID's version: Ondato's ids of identifications are the session's, made to look like version 4
	things := map[string]string{
		"individuals": s.ApplicantID, "events": events.Items[0].ID, "pending_actions": s.ID, "consents": s.ApplicantID, "accounts": f.things["accounts"],
		"identity-verifications": key, "identifications": s.ID[:version] + "4" + s.ID[version+1:], "files": f.things["evidence"], "flow": flowOnboarding,
		"mobbscan-agent": key, "getVerificationProcessData": key, "checkVerificationProcessResult": key, "zip": key, "verification": key,
		"onboarding": key, "image": "front", "recording": "face", "entity": "x", "account": f.things["accounts"],
	}
	query := map[string]string{
		"incode": "?id=" + key, "celcoin": "?clientCode=" + key,
	}[m.surface]
	return things, query
}

// TestVendorRoutes walks every call of every vendor's API in the same way.
func TestVendorRoutes(t *testing.T) {
	t.Parallel()
	w := walkable(t)
	firm := w.own
	for _, m := range w.mounts.list {
		switch m.surface {
		case "native", "desk", "hosted", "callbacks", "receipts", "process":
			continue
		}
		w.own.things, w.query = w.vendorThings(firm, m)
		state := func() string {
			page, err := w.h.ListSessions(t.Context(), w.own.tenant.ID, usher.SessionFilter{Dialect: m.surface})
			w.must(err)
			var all []any // of what checks that run by themselves leave alone
			for _, s := range page.Items {
				all = append(all, s.ID, s.State.Decided(), s.State.Ended(), len(s.Evidence), s.Note, s.Reference, s.Metadata)
			}
			raw, err := json.Marshal(all)
			w.must(err)
			return string(raw)
		}
		before := state()
		w.strangers(m, w.token(w.other, m.surface, everyScope...))
		if diff := cmp.Diff(before, state()); diff != "" {
			t.Errorf("%s: strangers changed something:\n%s", m.surface, diff)
		}
		callers := []asks{w.token(w.own, m.surface, everyScope[:3]...)}
		for _, s := range everyScope[:3] {
			if m.surface != "incode" || s == usher.ScopeDecide { // only who may decide signs in as an executive
				callers = append(callers, w.token(w.own, m.surface, s))
			}
		}
		w.walk(m, callers, http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest)
	}
}
