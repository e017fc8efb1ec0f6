package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

// KeepRules gives for how long a tenant's applicants are kept.
func (e *Engine) KeepRules(ctx context.Context, tenant string) (usher.KeepRules, error) {
	t, err := e.Tenant(ctx, tenant)
	if err != nil {
		return usher.KeepRules{}, err
	}
	rules, err := e.c.Store.KeepRules(ctx, tenant)
	if errors.Is(err, store.ErrNotFound) {
		return usher.UsualKeepRules(t.Mode), nil
	}
	return rules, err
}

// SetKeepRules changes them. Those who are kept by now are looked at again in the following hour.
func (e *Engine) SetKeepRules(ctx context.Context, tenant string, rules usher.KeepRules, by usher.Actor) error {
	if err := rules.Check(); err != nil {
		return err
	}
	if _, err := e.Tenant(ctx, tenant); err != nil {
		return err
	}
	detail := fmt.Sprintf("abandoned %s, rejected %s, approved %s, bodies %d", rule(rules.Abandoned), rule(rules.Rejected), rule(rules.Approved), rules.Bodies)
	set := e.record(tenant, by, "retention.set", "", detail)
	if err := e.c.Store.PutKeepRules(ctx, tenant, rules, e.now(), set, store.Job{Kind: jobKeepAll, Tenant: tenant}); err != nil {
		return fmt.Errorf("write rules of keeping: %w", err)
	}
	return nil
}

func rule(r usher.KeepRule) string {
	if r.Duty {
		return fmt.Sprintf("%d by law", r.Days)
	}
	return fmt.Sprint(r.Days)
}

// Kept says why and until when an applicant is kept.
func (e *Engine) Kept(ctx context.Context, tenant, id string) (usher.Kept, error) {
	a, err := e.Applicant(ctx, tenant, id)
	if err != nil {
		return usher.Kept{}, err
	}
	rules, err := e.KeepRules(ctx, tenant)
	if err != nil {
		return usher.Kept{}, err
	}
	return e.kept(ctx, rules, a)
}

func (e *Engine) kept(ctx context.Context, rules usher.KeepRules, a usher.Applicant) (usher.Kept, error) {
	filter := usher.SessionFilter{Paging: usher.Paging{Limit: mostLimit}, ApplicantID: a.ID}
	var heads []usher.SessionHead
	for {
		rows, _, err := e.c.Store.ListSessions(ctx, a.TenantID, filter, nil)
		if err != nil {
			return usher.Kept{}, fmt.Errorf("read sessions: %w", err)
		}
		for _, r := range rows[:min(len(rows), mostLimit)] {
			heads = append(heads, usher.SessionHead{ID: r.ID, State: r.State, UpdatedAt: r.UpdatedAt})
		}
		if len(rows) <= mostLimit {
			return rules.Keep(a, heads), nil
		}
		filter.After = rows[mostLimit-1].ID
	}
}

// EndRelationship writes down when the client's relationship with an approved applicant ended, from when the time runs that they are kept by law; a
// zero time says that it goes on after all.
func (e *Engine) EndRelationship(ctx context.Context, tenant, id string, at time.Time, by usher.Actor) (usher.Applicant, error) {
	if at.After(e.now()) {
		return usher.Applicant{}, usher.Invalid("relationship_ended_at", "give a time that has come")
	}
	return e.keep(ctx, tenant, id, by, func(k *usher.Keeping) { k.EndedAt = at.UTC().Truncate(time.Millisecond) })
}

// HoldApplicant says that nothing of an applicant may be removed, whatever the rules say, and why; an empty reason lifts that.
func (e *Engine) HoldApplicant(ctx context.Context, tenant, id, reason string, by usher.Actor) (usher.Applicant, error) {
	if reason = strings.TrimSpace(reason); len(reason) > usher.LongestHoldReason {
		return usher.Applicant{}, usher.Invalid("reason", "use 500 characters at most")
	}
	return e.keep(ctx, tenant, id, by, func(k *usher.Keeping) {
		k.Hold = nil
		if reason != "" {
			k.Hold = &usher.Hold{Reason: reason, By: by, At: e.now()}
		}
	})
}

// keep changes what bears on how long an applicant is kept, and has that looked at.
func (e *Engine) keep(ctx context.Context, tenant, id string, by usher.Actor, change func(*usher.Keeping)) (usher.Applicant, error) {
	return e.changeApplicant(ctx, tenant, id, func(h *hand) error {
		k := h.applicant.Keeping
		change(&k)
		changed, events, err := h.applicant.Keep(k, by, e.now())
		if err != nil {
			return err
		}
		h.applicant, h.change.KeepAt = changed, e.now()
		return h.tell(ctx, events, make([]*usher.Session, len(events)))
	})
}

// restrict answers an erasure that the law or a hold forbids for now: the wish is kept, and done when it may be.
func (e *Engine) restrict(ctx context.Context, a usher.Applicant, k usher.Kept, by usher.Actor) (usher.Applicant, error) {
	if a.Restricted() {
		return a, nil
	}
	return e.keep(ctx, a.TenantID, a.ID, by, func(kept *usher.Keeping) {
		kept.Asked = &usher.Hold{Reason: string(k.Basis), By: by, At: e.now()}
	})
}

// restricted refuses to go on with somebody whose erasure was asked for.
func restricted(a usher.Applicant) error {
	if !a.Restricted() {
		return nil
	}
	return usher.Conflict("this applicant asked to be erased and is kept only because the law demands it; nothing more can be done with their data")
}

const (
	keepAtOnce = 200              // applicants of one read
	keepTime   = 20 * time.Second // of one job, below the queue's bound
	// Who is undecided is looked at daily, since what happens to them may bring the end nearer; everybody else at the end, and now and then.
	keepSoon, keepLate = 24 * time.Hour, 30 * 24 * time.Hour
)

// remover is who the trail names for what time has removed.
var remover = usher.Actor{Kind: usher.BySystem, ID: "retention"}

// keepDue erases applicants whose time has come, and forgets old bodies of webhooks.
func (e *Engine) keepDue(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, keepTime)
	defer cancel()
	tenants, err := e.c.Store.Tenants(ctx)
	if err != nil {
		return fmt.Errorf("read tenants: %w", err)
	}
	var failed error
	for _, t := range tenants {
		err := e.keepTenant(ctx, t.ID)
		if ctx.Err() != nil {
			return &store.Later{At: e.now()} // there is more than fits into one job
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

func (e *Engine) keepTenant(ctx context.Context, tenant string) error {
	rules, err := e.KeepRules(ctx, tenant)
	if err != nil {
		return err
	}
	gone := map[usher.KeepBasis]int{}
	err = e.keepApplicants(ctx, tenant, rules, gone)
	bodies, errBodies := e.forgetBodies(ctx, tenant, rules)
	if len(gone) == 0 && bodies == 0 {
		return errors.Join(err, errBodies)
	}
	// What was removed is on the trail even when the time for the rest was not enough.
	record := e.record(tenant, remover, "retention.done", "", removedWords(gone, bodies))
	return errors.Join(err, errBodies, e.c.Store.AddAudit(context.WithoutCancel(ctx), record))
}

func removedWords(gone map[usher.KeepBasis]int, bodies int) string {
	var parts []string
	for basis, n := range gone {
		parts = append(parts, fmt.Sprintf("%s %d", basis, n))
	}
	slices.Sort(parts)
	return fmt.Sprintf("erased: %s; webhooks looked at: %d", strings.Join(parts, ", "), bodies)
}

// keepApplicants looks at those of a tenant whose time it is. One that cannot be read does not hold up those behind it.
func (e *Engine) keepApplicants(ctx context.Context, tenant string, rules usher.KeepRules, count map[usher.KeepBasis]int) (failed error) {
	var after store.KeptRow
	for {
		rows, err := e.c.Store.KeepDue(ctx, tenant, e.now(), after, keepAtOnce)
		if err != nil || len(rows) == 0 {
			return errors.Join(failed, err)
		}
		for _, r := range rows {
			k, erased, err := e.keepOne(ctx, rules, r)
			switch {
			case err != nil && ctx.Err() != nil:
				return errors.Join(failed, err)
			case isCode(err, usher.CodeGone), errors.Is(err, vault.ErrErased): // another was faster
			case err != nil:
				failed = cmp.Or(failed, fmt.Errorf("look at applicant %s: %w", r.ApplicantID, err)) // the first of many will do
			case erased:
				count[k.Basis]++
			}
		}
		after = rows[len(rows)-1]
	}
}

// keepOne erases an applicant whose time has come, or who asked for it and is not kept by law any more, and says of others when to look again.
func (e *Engine) keepOne(ctx context.Context, rules usher.KeepRules, r store.KeptRow) (k usher.Kept, erased bool, err error) {
	a, err := e.Applicant(ctx, r.TenantID, r.ApplicantID)
	if err != nil {
		return k, false, err
	}
	if a.Erased {
		return k, false, e.forget(ctx, a)
	}
	if k, err = e.kept(ctx, rules, a); err != nil {
		return k, false, err
	}
	now := e.now()
	if ended(a, k, now) {
		_, err := e.erase(ctx, a.TenantID, a.ID, remover, string(k.Basis), func(a usher.Applicant) (bool, error) {
			k, err := e.kept(ctx, rules, a)
			return ended(a, k, now), err
		})
		if errors.Is(err, errKept) {
			return k, false, nil // whoever changed that has them looked at again
		}
		return k, err == nil, err
	}
	next := now.Add(keepLate)
	if k.Basis == usher.KeptOpen || k.Basis == usher.KeptAbandoned {
		next = now.Add(keepSoon)
	}
	if !k.Until.IsZero() && k.Until.Before(next) {
		next = k.Until
	}
	return k, false, e.c.Store.KeepUntil(ctx, r, next)
}

// forget removes what is left of somebody who was erased, but for whom a back-up brought back rows without a key.
func (e *Engine) forget(ctx context.Context, a usher.Applicant) error {
	err := e.c.Store.Commit(ctx, store.Change{
		Applicant: &store.ApplicantRow{
			ID: a.ID, TenantID: a.TenantID, ClientID: a.ClientID, Dialect: a.Dialect, Version: a.Version + 1, Was: a.Version, Erased: true,
			CreatedAt: a.CreatedAt, UpdatedAt: e.now(),
		},
		Erase: a.ID,
		Audit: []usher.AuditRecord{e.record(a.TenantID, remover, string(usher.ApplicantErased), a.ID, "there was no key")},
	})
	if errors.Is(err, store.ErrConflict) {
		return nil // another was faster
	}
	return err
}

// ended tells whether an applicant is kept for nothing any more.
func ended(a usher.Applicant, k usher.Kept, now time.Time) bool {
	return k.Due(now) || (a.Restricted() && !k.Duty && k.Basis != usher.KeptOpen)
}

func (e *Engine) forgetBodies(ctx context.Context, tenant string, rules usher.KeepRules) (seen int, err error) {
	if rules.Bodies == 0 {
		return 0, nil
	}
	var at store.Forgetting
	for !at.Done && err == nil {
		at, err = e.c.Store.ForgetBodies(ctx, tenant, at, e.now().AddDate(0, 0, -rules.Bodies), 10*keepAtOnce)
	}
	return at.Seen, err
}

// keepAll has all applicants of a tenant looked at again, after its rules changed.
func (e *Engine) keepAll(ctx context.Context, tenant string) error {
	ctx, cancel := context.WithTimeout(ctx, keepTime)
	defer cancel()
	for {
		n, err := e.c.Store.KeepAllAgain(ctx, tenant, e.now(), 10*keepAtOnce)
		if ctx.Err() != nil {
			return &store.Later{At: e.now()}
		}
		if err != nil || n == 0 {
			return err
		}
	}
}

// KeepPlan tells whom the rules would erase by a time, without erasing anybody: how many for each reason, and the ids of the first of them.
func (e *Engine) KeepPlan(ctx context.Context, tenant string, rules usher.KeepRules, by time.Time, first int) (map[usher.KeepBasis]int, []string, error) {
	plan := map[usher.KeepBasis]int{}
	var ids []string
	var after store.KeptRow
	for {
		// Whoever is looked at later than that is due later under the rules in force; under others they may not be, so all are gone through.
		rows, err := e.c.Store.KeepDue(ctx, tenant, e.now().AddDate(1000, 0, 0), after, keepAtOnce)
		if err != nil || len(rows) == 0 {
			return plan, ids, err
		}
		for _, r := range rows {
			a, err := e.Applicant(ctx, tenant, r.ApplicantID)
			if isCode(err, usher.CodeNotFound) || a.Erased {
				continue
			}
			if err != nil {
				return plan, ids, err
			}
			k, err := e.kept(ctx, rules, a)
			if err != nil {
				return plan, ids, err
			}
			if !k.Due(by) {
				continue
			}
			plan[k.Basis]++
			if len(ids) < first {
				ids = append(ids, r.ApplicantID)
			}
		}
		after = rows[len(rows)-1]
	}
}
