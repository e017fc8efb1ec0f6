package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// Bounds of what reviewers keep about a case.
const (
	mostTags    = 12
	longestTag  = 30   // characters
	longestText = 4000 // of a note, in characters
	mostLog     = 200  // entries shown
)

// caseDoc is what is sealed of a case, entryDoc of an entry of its log.
type caseDoc struct {
	Tags []string `json:"tags,omitempty"`
}

type entryDoc struct {
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	Text string `json:"text,omitempty"`
}

// followCase says in the change what has become of the session's case. Outside of review only the state matters; a session that was never a
// case stays none.
func (h *hand) followCase() error {
	s := h.session
	c := store.CaseState{SessionID: s.ID, TenantID: s.TenantID, ApplicantID: s.ApplicantID, State: s.State, Flow: s.FlowName}
	if s.State != usher.InReview {
		if h.wasS > 0 && s.State != h.wasState {
			h.change.Case = &c
		}
		return nil
	}
	for _, m := range marksOf(s) {
		hash, err := h.e.mark(s.TenantID, m)
		if err != nil {
			return err
		}
		c.Marks = append(c.Marks, hash)
	}
	for _, a := range s.Votes {
		c.Voters = append(c.Voters, a.ID)
	}
	c.Now, c.DueAt, c.Entry = s.UpdatedAt, s.UpdatedAt.Add(s.Flow.Review.Within), newID()
	if s.Flow.Review.RoundRobin {
		c.Most = s.Flow.Review.Most
	}
	h.change.Case = &c
	return nil
}

// marksOf lists what a case can be found by in a queue.
func marksOf(s usher.Session) []string {
	var list []string
	for _, r := range s.Reasons {
		list = append(list, reasonMark(r.Code))
	}
	for _, r := range s.Checks() {
		if r.Outcome != "" {
			list = append(list, checkMark(r.Kind, r.Outcome))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func reasonMark(c usher.ReasonCode) string { return "reason:" + string(c) }
func tagMark(tag string) string            { return "tag:" + tag }
func checkMark(k usher.CheckKind, o usher.Outcome) string {
	return "check:" + string(k) + "=" + string(o)
}

func (e *Engine) mark(tenant, mark string) ([]byte, error) { return e.index(tenant, "case_mark", mark) }

// Case gives what is kept about a session.
func (e *Engine) Case(ctx context.Context, tenant, session string) (usher.Case, error) {
	row, err := e.caseRow(ctx, tenant, session)
	if err != nil {
		return usher.Case{}, err
	}
	return e.openCase(ctx, row)
}

// caseRow gives the row of a case, or one that could be written for a session that has none.
func (e *Engine) caseRow(ctx context.Context, tenant, session string) (store.CaseRow, error) {
	row, err := e.c.Store.Case(ctx, tenant, session)
	if !errors.Is(err, store.ErrNotFound) {
		return row, err
	}
	s, err := e.c.Store.Session(ctx, tenant, session)
	if err != nil {
		return row, found(err, "session")
	}
	row = store.CaseRow{SessionID: s.ID, TenantID: s.TenantID, ApplicantID: s.ApplicantID, State: s.State, Flow: s.Flow}
	held, err := e.c.Store.Held(ctx, tenant, session)
	if err == nil {
		row.Held = &held
	} else if !errors.Is(err, store.ErrNotFound) {
		return row, err
	}
	return row, nil
}

// openCase opens what is sealed of a case; of an erased applicant nothing is left.
func (e *Engine) openCase(ctx context.Context, r store.CaseRow) (usher.Case, error) {
	c := usher.Case{
		SessionID: r.SessionID, TenantID: r.TenantID, ApplicantID: r.ApplicantID, State: r.State, Flow: r.Flow, Assignee: r.Assignee,
		OpenedAt: r.OpenedAt, DueAt: r.DueAt, Place: r.Cursor(false),
	}
	if r.Doc != nil {
		var doc caseDoc
		if err := e.unseal(ctx, r.TenantID, r.ApplicantID, placeCase, r.SessionID, r.Doc, &doc); err != nil && !erased(err) {
			return c, err
		}
		c.Tags = doc.Tags
	}
	if r.Held != nil {
		held, err := e.openHeld(ctx, *r.Held)
		if err != nil && !erased(err) {
			return c, err
		}
		c.Held = &held
	}
	return c, nil
}

// ListCases gives a page of a tenant's cases.
func (e *Engine) ListCases(ctx context.Context, tenant string, f usher.CaseFilter) (usher.Page[usher.CaseItem], error) {
	f.Limit = limited(f.Limit)
	var names []string
	if f.Tag != "" {
		names = append(names, tagMark(f.Tag))
	}
	if f.Reason != "" {
		names = append(names, reasonMark(f.Reason))
	}
	if f.Check != "" {
		names = append(names, checkMark(f.Check, f.Outcome))
	}
	marks := make([][]byte, len(names))
	for i, name := range names {
		var err error
		if marks[i], err = e.mark(tenant, name); err != nil {
			return usher.Page[usher.CaseItem]{}, err
		}
	}
	rows, err := e.c.Store.ListCases(ctx, tenant, f, marks)
	if err != nil {
		return usher.Page[usher.CaseItem]{}, cursorErr(err)
	}
	var page usher.Page[usher.CaseItem]
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		page.Next = rows[f.Limit-1].Case.Cursor(store.ByAge(f, marks))
	}
	page.Items, err = e.openItems(ctx, rows)
	return page, err
}

func (e *Engine) openItems(ctx context.Context, rows []store.CaseItemRow) ([]usher.CaseItem, error) {
	items := make([]usher.CaseItem, len(rows))
	for i, r := range rows {
		var err error
		it := &items[i]
		if it.Case, err = e.openCase(ctx, r.Case); err != nil {
			return nil, err
		}
		if it.Session, err = e.openHead(ctx, r.Session); err != nil && !erased(err) {
			return nil, err
		}
		if it.Applicant, err = e.openApplicant(ctx, r.Applicant); err != nil && !erased(err) {
			return nil, err
		}
	}
	return items, nil
}

// openHead opens as much of a session as a list shows: reading all of twenty-five sessions was half of what a page of the queue cost.
func (e *Engine) openHead(ctx context.Context, r store.SessionRow) (usher.Session, error) {
	head := headOf(r)
	var doc struct {
		Reference string         `json:"reference"`
		Reasons   []usher.Reason `json:"reasons"`
		DecidedAt time.Time      `json:"decided_at"`
	}
	err := e.unseal(ctx, r.TenantID, r.ApplicantID, placeSession, r.ID, r.Doc, &doc)
	head.Reference, head.Reasons, head.DecidedAt = doc.Reference, doc.Reasons, doc.DecidedAt
	return head, err
}

// CountCases counts up to most of each queue.
func (e *Engine) CountCases(ctx context.Context, tenant, staff string, now time.Time, most int) (usher.CaseCounts, error) {
	return e.c.Store.CountCases(ctx, tenant, staff, now, most)
}

// CaseTags gives the tags that a tenant has used, by name.
func (e *Engine) CaseTags(ctx context.Context, tenant string) ([]string, error) {
	sealed, err := e.c.Store.CaseTags(ctx, tenant)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(sealed))
	for i, s := range sealed {
		name, err := e.c.Vault.OpenTenant(tenant, s, []byte(placeTag))
		if err != nil {
			return nil, fmt.Errorf("open tag: %w", err)
		}
		names[i] = string(name)
	}
	slices.Sort(names)
	return names, nil
}

// CaseLog gives what was done with a case, newest first.
func (e *Engine) CaseLog(ctx context.Context, tenant, session string) ([]usher.CaseEntry, error) {
	rows, err := e.c.Store.CaseLog(ctx, tenant, session, mostLog)
	if err != nil {
		return nil, err
	}
	list := make([]usher.CaseEntry, len(rows))
	for i, r := range rows {
		var doc entryDoc
		if r.Doc != nil {
			if err := e.unseal(ctx, r.TenantID, r.ApplicantID, placeEntry, r.ID, r.Doc, &doc); err != nil && !erased(err) {
				return nil, err
			}
		}
		list[i] = usher.CaseEntry{ID: r.ID, At: r.At, By: r.By, Kind: r.Kind, Old: doc.Old, New: doc.New, Text: doc.Text}
		if r.Kind == usher.CaseDealt {
			list[i].New = r.Member
		}
	}
	return list, nil
}

// logCase makes an entry of the log of a case and of the audit trail, which says that something was done and never what was written.
func (e *Engine) logCase(ctx context.Context, c *store.Change, r store.CaseRow, kind usher.CaseEntryKind, doc entryDoc, by usher.Actor) error {
	sealer, err := e.c.Vault.Sealer(ctx, r.TenantID, r.ApplicantID)
	if erased(err) {
		return &usher.Error{Code: usher.CodeGone, Message: "the applicant of this session was erased"}
	}
	if err != nil {
		return fmt.Errorf("open keys: %w", err)
	}
	entry := store.CaseLogRow{
		ID: newID(), TenantID: r.TenantID, ApplicantID: r.ApplicantID, SessionID: r.SessionID, Kind: kind, By: by, At: e.now(),
	}
	if entry.Doc, err = seal(sealer, placeEntry, entry.ID, doc); err != nil {
		return err
	}
	c.CaseLog = append(c.CaseLog, entry)
	detail := ""
	if kind == usher.CaseAssigned {
		detail = doc.New
	}
	c.Audit = append(c.Audit, e.record(r.TenantID, by, "case."+string(kind), r.SessionID, detail))
	return nil
}

// editCase lets fn change a case and commits it with what it says of it; when another was faster, fn looks again.
func (e *Engine) editCase(ctx context.Context, tenant, session string, fn func(r *store.CaseRow, c *store.Change) (bool, error)) (usher.Case, error) {
	for range retries {
		row, err := e.caseRow(ctx, tenant, session)
		if err != nil {
			return usher.Case{}, err
		}
		change := store.Change{CaseEdit: &store.CaseEdit{}}
		changed, err := fn(&row, &change)
		if err != nil {
			return usher.Case{}, err
		}
		if !changed {
			return e.openCase(ctx, row)
		}
		row.Was = row.Version
		row.Version++
		change.CaseEdit.Case = row
		err = e.c.Store.Commit(ctx, change)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return usher.Case{}, fmt.Errorf("change case: %w", err)
		}
		return e.openCase(ctx, row)
	}
	return usher.Case{}, usher.Conflict("the case is being changed by others; try again")
}

// mayReview refuses who may only look.
func mayReview(by usher.Actor) error {
	if by.Kind != usher.ByStaff || !by.Role.May(usher.ActWorkOnCase) {
		return &usher.Error{Code: usher.CodeForbidden, Message: "your role may look at cases but not change them"}
	}
	return nil
}

// AssignCase gives a case to a member of staff, or to nobody.
func (e *Engine) AssignCase(ctx context.Context, tenant, session, to, was string, by usher.Actor) (usher.Case, error) {
	if err := mayReview(by); err != nil {
		return usher.Case{}, err
	}
	s, err := e.Session(ctx, tenant, session)
	if err != nil {
		return usher.Case{}, err
	}
	if err := e.mayHave(ctx, s, to); err != nil {
		return usher.Case{}, err
	}
	return e.editCase(ctx, tenant, session, func(r *store.CaseRow, c *store.Change) (bool, error) {
		own := (r.Assignee == "" && to == by.ID) || (r.Assignee == by.ID && (to == "" || to == by.ID))
		switch {
		case r.Assignee != was:
			return false, usher.Conflict("somebody else was faster: the case is with another reviewer now")
		case r.Assignee == to:
			return false, nil
		case !own && !by.Role.May(usher.ActGiveCase):
			return false, &usher.Error{Code: usher.CodeForbidden, Message: "only a senior reviewer assigns cases to others or takes theirs"}
		}
		r.Assignee, c.CaseEdit.Free = to, to == ""
		return true, e.logCase(ctx, c, *r, usher.CaseAssigned, entryDoc{Old: was, New: to}, by)
	})
}

// mayHave refuses to give a case to who could not decide it.
func (e *Engine) mayHave(ctx context.Context, s usher.Session, member string) error {
	if member == "" {
		return nil
	}
	m, err := e.c.Store.Staff(ctx, member)
	if errors.Is(err, store.ErrNotFound) || (err == nil && (m.TenantID != s.TenantID || m.Disabled || !m.Role.May(usher.ActTakeCase))) {
		return usher.Invalid("to", "choose a reviewer")
	}
	if err == nil && slices.ContainsFunc(s.Votes, func(a usher.Actor) bool { return a.ID == member }) {
		return usher.Conflict("this reviewer has approved already; a second one must agree")
	}
	return err
}

// NextCase gives the free case that is due first to the one who asks.
func (e *Engine) NextCase(ctx context.Context, tenant string, by usher.Actor) (usher.Case, error) {
	const several = 10 // of many who ask at once, most find the first one taken
	f := usher.CaseFilter{State: usher.InReview, Free: true, Limit: several}
	for {
		page, err := e.ListCases(ctx, tenant, f)
		if err != nil {
			return usher.Case{}, err
		}
		for _, it := range page.Items {
			c, err := e.AssignCase(ctx, tenant, it.SessionID, by.ID, "", by)
			if isCode(err, usher.CodeConflict) || isCode(err, usher.CodeGone) {
				continue
			}
			return c, err
		}
		if f.After = page.Next; page.Next == "" {
			return usher.Case{}, usher.NotFound("free case")
		}
	}
}

// TagCase sets all tags of a case: short words in small letters.
func (e *Engine) TagCase(ctx context.Context, tenant, session string, tags []string, by usher.Actor) (usher.Case, error) {
	if err := mayReview(by); err != nil {
		return usher.Case{}, err
	}
	tags, err := tidyTags(tags)
	if err != nil {
		return usher.Case{}, err
	}
	return e.editCase(ctx, tenant, session, func(r *store.CaseRow, c *store.Change) (bool, error) {
		had, err := e.openCase(ctx, *r)
		if err != nil {
			return false, err
		}
		if slices.Equal(had.Tags, tags) {
			return false, nil
		}
		if err := e.logCase(ctx, c, *r, usher.CaseTagged, entryDoc{Old: strings.Join(had.Tags, ", "), New: strings.Join(tags, ", ")}, by); err != nil {
			return false, err
		}
		sealer, err := e.c.Vault.Sealer(ctx, tenant, r.ApplicantID)
		if err != nil {
			return false, fmt.Errorf("open keys: %w", err)
		}
		c.CaseEdit.Tags = [][]byte{}
		for _, tag := range tags {
			hash, err := e.mark(tenant, tagMark(tag))
			if err != nil {
				return false, err
			}
			name, err := e.c.Vault.SealTenant(tenant, []byte(tag), []byte(placeTag))
			if err != nil {
				return false, fmt.Errorf("seal tag: %w", err)
			}
			c.CaseEdit.Tags, c.CaseEdit.Names = append(c.CaseEdit.Tags, hash), append(c.CaseEdit.Names, name)
		}
		r.Doc, err = seal(sealer, placeCase, session, caseDoc{Tags: tags})
		return true, err
	})
}

// tidyTags gives tags in the one form they are kept in, or says what is wrong with them.
func tidyTags(tags []string) ([]string, error) {
	var list []string
	for _, tag := range tags {
		tag = strings.ToLower(strings.Join(strings.Fields(tag), " "))
		if tag == "" {
			continue
		}
		odd := strings.ContainsFunc(tag, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != ' ' && r != '-' && r != '_'
		})
		if odd || utf8.RuneCountInString(tag) > longestTag {
			return nil, usher.Invalid("tags", "write tags of letters, digits, spaces and hyphens, of at most %d characters", longestTag)
		}
		list = append(list, tag)
	}
	slices.Sort(list)
	if list = slices.Compact(list); len(list) > mostTags {
		return nil, usher.Invalid("tags", "give at most %d tags", mostTags)
	}
	return list, nil
}

// NoteCase adds a note for colleagues.
func (e *Engine) NoteCase(ctx context.Context, tenant, session, text string, by usher.Actor) error {
	if err := mayReview(by); err != nil {
		return err
	}
	if text = strings.TrimSpace(text); text == "" || utf8.RuneCountInString(text) > longestText {
		return usher.Invalid("note", "write a note of at most %d characters", longestText)
	}
	row, err := e.caseRow(ctx, tenant, session)
	if err != nil {
		return err
	}
	var change store.Change
	if err := e.logCase(ctx, &change, row, usher.CaseNoted, entryDoc{Text: text}, by); err != nil {
		return err
	}
	if err := e.c.Store.Commit(ctx, change); err != nil {
		return fmt.Errorf("keep note: %w", err)
	}
	return nil
}
