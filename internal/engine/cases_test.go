package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/store"
)

// reviewers puts members of staff into the store and gives them as actors.
func reviewers(t *testing.T, h *enginetest.House, roles ...usher.Role) []usher.Actor {
	t.Helper()
	list := make([]usher.Actor, len(roles))
	for i, role := range roles {
		id := fmt.Sprintf("member-%d", i)
		list[i] = usher.Actor{Kind: usher.ByStaff, ID: id, Role: role}
		row := store.StaffRow{ID: id, TenantID: h.Tenant.ID, Email: id + "@example.test", Role: role, CreatedAt: h.Now()}
		if err := h.Store.AddStaff(context.Background(), row); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// review starts a session of a flow and brings it to the reviewers.
func review(t *testing.T, h *enginetest.House, flow string) usher.Session {
	t.Helper()
	s, _ := start(t, h, flow, person)
	if _, err := h.Simulate(context.Background(), h.Client(h.Tenant, "native"), s.ID, "submit_review"); err != nil {
		t.Fatal(err)
	}
	h.Settle()
	s = session(t, h, s.ID)
	if s.State != usher.InReview {
		t.Fatalf("the session is %s", s.State)
	}
	return s
}

func caseOf(t *testing.T, h *enginetest.House, id string) usher.Case {
	t.Helper()
	c, err := h.Case(context.Background(), h.Tenant.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// logged gives what the log of a case says, oldest first.
func logged(t *testing.T, h *enginetest.House, id string) (list []string) {
	t.Helper()
	entries, err := h.CaseLog(context.Background(), h.Tenant.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(entries) {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s>%s %s", e.Kind, e.Old, e.New, e.Text)))
	}
	return list
}

func wantCode(t *testing.T, what string, err error, code usher.Code) {
	t.Helper()
	var told *usher.Error
	if !errors.As(err, &told) || told.Code != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

const quick = `name: quick
review: {within: 4h, assign: round_robin, most: 2}
steps:
  - consent: {text: identity-check}
  - document: {accept: [passport]}
  - run: [document]
  - decide: {reviewers: 2}
`

func TestCaseIsDue(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	h.Publish(h.Tenant.ID, strings.Replace(quick, "{within: 4h, assign: round_robin, most: 2}", "4h", 1))
	s := review(t, h, "quick")
	c := caseOf(t, h, s.ID)
	if got := c.DueAt.Sub(c.OpenedAt); got != 4*time.Hour || c.Overdue(h.Now()) || !c.Overdue(h.Now().Add(5*time.Hour)) {
		t.Errorf("it is due after %s", got)
	}
	usual := caseOf(t, h, review(t, h, "").ID)
	if got := usual.DueAt.Sub(usual.OpenedAt); got != 24*time.Hour {
		t.Errorf("without a word in the flow it is due after %s", got)
	}
	by := reviewers(t, h, usher.RoleReviewer)[0]
	do(t, h, s.ID, usher.Command{Kind: usher.CmdAskAgain, By: by, Steps: []string{"document"}, Reasons: []usher.Reason{{Code: usher.DocumentBlurred}}})
	if c = caseOf(t, h, s.ID); c.State != usher.AwaitingApplicant || c.Overdue(h.Now().Add(100*time.Hour)) {
		t.Errorf("asked again, the case is %s", c.State)
	}
	again := c.OpenedAt
	upload(t, h, s.ID, usher.DocumentFront)
	h.Checks.Set(usher.CheckDocument, usher.Consider)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit})
	h.Settle()
	if c = caseOf(t, h, s.ID); c.State != usher.InReview || !c.OpenedAt.After(again) {
		t.Errorf("back with the reviewers, the case is %s and counts from %s, before from %s", c.State, c.OpenedAt, again)
	}
}

func TestAssigning(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx, tenant := context.Background(), h.Tenant.ID
	all := reviewers(t, h, usher.RoleReviewer, usher.RoleReviewer, usher.RoleSenior, usher.RoleViewer)
	one, two, senior, viewer := all[0], all[1], all[2], all[3]
	id := review(t, h, "").ID
	assign := func(to, was string, by usher.Actor) error {
		_, err := h.AssignCase(ctx, tenant, id, to, was, by)
		return err
	}
	wantCode(t, "a viewer takes", assign(viewer.ID, "", viewer), usher.CodeForbidden)
	wantCode(t, "given to a viewer", assign(viewer.ID, "", senior), usher.CodeInvalid)
	wantCode(t, "given to nobody known", assign("nobody", "", senior), usher.CodeInvalid)
	wantCode(t, "given by a reviewer to another", assign(two.ID, "", one), usher.CodeForbidden)
	if err := assign(one.ID, "", one); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "taken by a second who saw it free", assign(two.ID, "", two), usher.CodeConflict)
	wantCode(t, "taken from another", assign(two.ID, one.ID, two), usher.CodeForbidden)
	wantCode(t, "given back by another", assign("", one.ID, two), usher.CodeForbidden)
	for _, step := range []struct {
		to, was string
		by      usher.Actor
	}{{two.ID, one.ID, senior}, {"", two.ID, two}} {
		if err := assign(step.to, step.was, step.by); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"assigned >member-0", "assigned member-0>member-1", "assigned member-1>"}
	if diff := cmp.Diff(want, logged(t, h, id)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if _, err := h.Case(ctx, h.Other.ID, id); err == nil {
		t.Error("another tenant reads the case")
	}
	records, err := h.SearchTrail(ctx, tenant, usher.AuditFilter{Object: id, Action: "case.assigned"})
	if err != nil || len(records.Items) != 3 || records.Items[0].Action != "case.assigned" {
		t.Errorf("the audit trail has %+v, %v", records.Items, err)
	}
}

func TestManyTakeAtOnce(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	all := reviewers(t, h, slices.Repeat([]usher.Role{usher.RoleReviewer}, 6)...)
	for range 4 {
		review(t, h, "")
	}
	got := make([]usher.Case, len(all))
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, by := range all {
		wg.Go(func() { got[i], errs[i] = h.NextCase(context.Background(), h.Tenant.ID, by) })
	}
	wg.Wait()
	taken, none := map[string]bool{}, 0
	for i := range all {
		if errs[i] != nil {
			wantCode(t, "no case left", errs[i], usher.CodeNotFound)
			none++
			continue
		}
		if taken[got[i].SessionID] || got[i].Assignee != all[i].ID {
			t.Errorf("case %s is with %s", got[i].SessionID, got[i].Assignee)
		}
		taken[got[i].SessionID] = true
	}
	if len(taken) != 4 || none != 2 {
		t.Errorf("%d were given and %d went without", len(taken), none)
	}
}

func TestRoundRobin(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	h.Publish(h.Tenant.ID, quick)
	all := reviewers(t, h, usher.RoleReviewer, usher.RoleSenior, usher.RoleViewer)
	var ids, with []string
	for range 5 {
		ids = append(ids, review(t, h, "quick").ID)
		with = append(with, caseOf(t, h, ids[len(ids)-1]).Assignee)
	}
	if diff := cmp.Diff([]string{"member-0", "member-1", "member-0", "member-1", ""}, with); diff != "" {
		t.Fatalf("dealt (-want +got):\n%s", diff)
	}
	// One vote: the case goes to the other reviewer, who has as many as they may, so it waits; with room again, the timer deals it.
	do(t, h, ids[0], usher.Command{Kind: usher.CmdApprove, By: all[0]})
	if c := caseOf(t, h, ids[0]); c.Assignee != "" {
		t.Errorf("the case is still with %q, who has approved", c.Assignee)
	}
	do(t, h, ids[1], usher.Command{Kind: usher.CmdReject, By: all[1], Reasons: []usher.Reason{{Code: usher.Policy}}})
	h.Settle()
	if c := caseOf(t, h, ids[0]); c.Assignee != "member-1" {
		t.Errorf("with room again, the case is with %q", c.Assignee)
	}
	if c := caseOf(t, h, ids[4]); c.Assignee != "member-0" {
		t.Errorf("the fifth case is with %q", c.Assignee)
	}
	_, err := h.AssignCase(context.Background(), h.Tenant.ID, ids[0], all[0].ID, "member-1", all[1])
	wantCode(t, "given to who has approved", err, usher.CodeConflict)
	// What was given back is not dealt again.
	if _, err := h.AssignCase(context.Background(), h.Tenant.ID, ids[4], "", "member-0", all[0]); err != nil {
		t.Fatal(err)
	}
	h.Settle()
	if c := caseOf(t, h, ids[4]); c.Assignee != "" {
		t.Errorf("given back, it was dealt to %q", c.Assignee)
	}
	if diff := cmp.Diff([]string{"dealt >member-0", "dealt >member-1"}, logged(t, h, ids[0])); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestTagsAndNotes(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx, tenant := context.Background(), h.Tenant.ID
	by := reviewers(t, h, usher.RoleReviewer)[0]
	s, other := review(t, h, ""), review(t, h, "")
	tag := func(id string, tags ...string) error {
		_, err := h.TagCase(ctx, tenant, id, tags, by)
		return err
	}
	wantCode(t, "a tag with a mark", tag(s.ID, "vip!"), usher.CodeInvalid)
	wantCode(t, "a tag too long", tag(s.ID, strings.Repeat("å", 31)), usher.CodeInvalid)
	for _, tags := range [][]string{{" VIP ", "call  back", "vip"}, {"vip"}} {
		if err := tag(s.ID, tags...); err != nil {
			t.Fatal(err)
		}
	}
	if err := tag(other.ID, "call back"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "an empty note", h.NoteCase(ctx, tenant, s.ID, "  ", by), usher.CodeInvalid)
	if err := h.NoteCase(ctx, tenant, s.ID, "Asked the branch in Kaunas.", by); err != nil {
		t.Fatal(err)
	}
	want := []string{"tagged >call back, vip", "tagged call back, vip>vip", "noted > Asked the branch in Kaunas."}
	if diff := cmp.Diff(want, logged(t, h, s.ID)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	names, err := h.CaseTags(ctx, tenant)
	if diff := cmp.Diff([]string{"call back", "vip"}, names); diff != "" || err != nil {
		t.Errorf("tags in use (-want +got):\n%s%v", diff, err)
	}
	for want, f := range map[string]usher.CaseFilter{
		s.ID: {Tag: "vip"}, other.ID: {Tag: "call back"}, s.ID + " ": {Tag: "vip", Free: true, Reason: usher.ManualReview},
	} {
		page, err := h.ListCases(ctx, tenant, f)
		if err != nil || len(page.Items) != 1 || page.Items[0].SessionID != strings.TrimSpace(want) {
			t.Errorf("%+v finds %d cases, %v", f, len(page.Items), err)
		}
	}
	if _, err := h.EraseApplicant(ctx, tenant, s.ApplicantID, by); err != nil {
		t.Fatal(err)
	}
	if list, err := h.CaseLog(ctx, tenant, s.ID); len(list) != 0 || err != nil {
		t.Errorf("after erasure the log has %d entries, %v", len(list), err)
	}
	if page, err := h.ListCases(ctx, tenant, usher.CaseFilter{Tag: "vip"}); len(page.Items) != 0 || err != nil {
		t.Errorf("after erasure the tag finds %d cases, %v", len(page.Items), err)
	}
	if page, err := h.ListCases(ctx, tenant, usher.CaseFilter{State: usher.Cancelled}); len(page.Items) != 1 || err != nil {
		t.Errorf("after erasure %d cases are cancelled, %v", len(page.Items), err)
	}
}

func TestFindSessions(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ctx := context.Background()
	details := usher.Details{FirstName: "Örjan", LastName: "Åström-Berg", DateOfBirth: "1974-08-12", Email: "Orjan@example.test", NationalID: "19740812-1234"}
	s, _, err := h.StartSession(ctx, h.Client(h.Tenant, "native"), usher.NewSession{
		Reference: "order 7", Applicant: &usher.NewApplicant{Reference: "customer-1", Details: details},
	})
	if err != nil {
		t.Fatal(err)
	}
	start(t, h, "", person)
	upload(t, h, s.ID, usher.DocumentFront, usher.Selfie)
	do(t, h, s.ID, usher.Command{Kind: usher.CmdSubmit, Consent: &usher.Consent{}, Details: &details})
	h.Settle()
	found := func(tenant, word string) int {
		list, err := h.FindSessions(ctx, tenant, word, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range list {
			if it.SessionID != s.ID || it.Applicant.Details.LastName != "Åström-Berg" {
				t.Errorf("%q finds %s", word, it.SessionID)
			}
		}
		return len(list)
	}
	for _, word := range []string{
		s.ID, s.ApplicantID, "order 7", "customer-1", "orjan@EXAMPLE.test", "19740812-1234", "örjan", "ASTROM", "Åström Örjan", "planted number", "PLANTED-NUMBER",
	} {
		if found(h.Tenant.ID, word) != 1 {
			t.Errorf("%q is not found", word)
		}
		if found(h.Other.ID, word) != 0 {
			t.Errorf("another tenant finds %q", word)
		}
	}
	for _, word := range []string{"", " ", "%", "astro", "orjan eriksson", "'; DROP TABLE cases"} {
		if found(h.Tenant.ID, word) != 0 {
			t.Errorf("%q finds somebody", word)
		}
	}
	if _, err := h.EraseApplicant(ctx, h.Tenant.ID, s.ApplicantID, usher.Actor{}); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"order 7", "örjan", "planted number"} {
		if found(h.Tenant.ID, word) != 0 {
			t.Errorf("%q finds an erased applicant", word)
		}
	}
}
