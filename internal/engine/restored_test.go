package engine_test

import (
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/engine"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/store"
)

// A back-up is older than its keys: who was erased in between is there without a key, and stands as erased among those who are not.
func TestRestoredWithoutAKeyIsErased(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	lost, there := decided(t, h, usher.CmdReject), decided(t, h, usher.CmdReject)
	if err := h.Store.Commit(t.Context(), store.Change{Erase: lost.ApplicantID}); err != nil {
		t.Fatal(err)
	}
	h.Vault.Forget(lost.TenantID, lost.ApplicantID)
	page, err := h.ListApplicants(t.Context(), h.Live.ID, usher.ApplicantFilter{})
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("%d applicants, %v", len(page.Items), err)
	}
	for _, a := range page.Items {
		if a.Erased != (a.ID == lost.ApplicantID) {
			t.Errorf("applicant %s: erased %v", a.ID, a.Erased)
		}
	}
	if !applicant(t, h, lost).Erased {
		t.Error("by its id it is not erased")
	}
	rules := usher.KeepRules{Rejected: usher.KeepRule{Days: 10}}
	plan, ids, err := h.KeepPlan(t.Context(), h.Live.ID, rules, h.Now().AddDate(1, 0, 0), 10)
	if err != nil || len(ids) != 1 || ids[0] != there.ApplicantID {
		t.Errorf("planned %v of %v, %v", plan, ids, err)
	}
	if err := h.SetKeepRules(t.Context(), h.Live.ID, rules, lawyer); err != nil {
		t.Fatal(err)
	}
	_, do := handled(t, h, engine.Config{})
	h.Pass(20 * 24 * time.Hour)
	if err := do("keep"); err != nil || !applicant(t, h, there).Erased {
		t.Errorf("who comes behind is erased: %v, %v", applicant(t, h, there).Erased, err)
	}
	row, err := h.Store.Applicant(t.Context(), lost.TenantID, lost.ApplicantID)
	if err != nil || !row.Erased || row.Doc != nil {
		t.Errorf("its row says erased %v, with %d bytes, %v", row.Erased, len(row.Doc), err)
	}
}
