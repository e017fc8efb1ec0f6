package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// CreateApplicant makes an applicant and its keys.
func (e *Engine) CreateApplicant(ctx context.Context, c usher.APIClient, n usher.NewApplicant) (usher.Applicant, error) {
	const operation = "applicant"
	if id, err := e.done(ctx, operation); err != nil || id != "" {
		if err != nil {
			return usher.Applicant{}, err
		}
		return e.Applicant(ctx, c.TenantID, id)
	}
	h, err := e.begin(ctx, c, n)
	if err != nil {
		return usher.Applicant{}, err
	}
	if err := h.commit(ctx, operation, h.applicant.ID); err != nil {
		return usher.Applicant{}, fmt.Errorf("create applicant: %w", err)
	}
	return h.applicant, nil
}

// begin takes a new applicant in hand.
func (e *Engine) begin(ctx context.Context, c usher.APIClient, n usher.NewApplicant) (*hand, error) {
	tenant, err := e.Tenant(ctx, c.TenantID)
	if err != nil {
		return nil, err
	}
	a := usher.Applicant{
		ID: newID(), TenantID: c.TenantID, Kind: n.Kind, ClientID: c.ID, Dialect: c.Dialect, Reference: n.Reference, Details: n.Details,
	}
	if a.Kind == "" {
		a.Kind = usher.Person
	}
	wrapped, err := e.c.Vault.NewKeyset(a.TenantID, a.ID)
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	sealer, err := e.c.Vault.Unwrap(a.TenantID, a.ID, wrapped)
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	a, events := a.Created(clientActor(c), e.now())
	h := &hand{e: e, tenant: tenant, sealer: sealer, applicant: a, newA: true}
	h.change.Keyset = &store.Keyset{TenantID: a.TenantID, ApplicantID: a.ID, Wrapped: wrapped}
	return h, h.tell(ctx, events, make([]*usher.Session, len(events)))
}

func clientActor(c usher.APIClient) usher.Actor { return usher.Actor{Kind: usher.ByClient, ID: c.ID} }

// Applicant gives a tenant's applicant.
func (e *Engine) Applicant(ctx context.Context, tenant, id string) (usher.Applicant, error) {
	row, err := e.c.Store.Applicant(ctx, tenant, id)
	if err != nil {
		return usher.Applicant{}, found(err, "applicant")
	}
	return e.openApplicant(ctx, row)
}

// ListApplicants gives a page of a tenant's applicants.
func (e *Engine) ListApplicants(ctx context.Context, tenant string, f usher.ApplicantFilter) (usher.Page[usher.Applicant], error) {
	f.Limit = limited(f.Limit)
	var by store.ApplicantIndexes
	for _, x := range []struct {
		into         *[]byte
		field, value string
	}{{&by.Reference, "reference", f.Reference}, {&by.Email, "email", strings.ToLower(f.Email)}, {&by.National, "national_id", f.NationalID}} {
		var err error
		if *x.into, err = e.index(tenant, x.field, x.value); err != nil {
			return usher.Page[usher.Applicant]{}, err
		}
	}
	rows, total, err := e.c.Store.ListApplicants(ctx, tenant, f, by)
	if err != nil {
		return usher.Page[usher.Applicant]{}, err
	}
	if by.Email != nil || by.National != nil {
		var who []string
		for _, r := range rows {
			who = append(who, r.ID)
		}
		field := "email"
		if by.Email == nil {
			field = "national_id"
		}
		if err := e.searched(ctx, tenant, field, who); err != nil {
			return usher.Page[usher.Applicant]{}, err
		}
	}
	return paged(rows, total, f.Paging, func(r store.ApplicantRow) (usher.Applicant, error) { return e.openApplicant(ctx, r) },
		func(a usher.Applicant) string { return a.ID })
}

const (
	usualLimit = 20
	mostLimit  = 200
)

func limited(n int) int {
	if n <= 0 {
		return usualLimit
	}
	return min(n, mostLimit)
}

// paged opens the rows of a list that was read with one row more than asked, to learn whether there is a next page.
func paged[R, T any](rows []R, total int, p usher.Paging, open func(R) (T, error), id func(T) string) (usher.Page[T], error) {
	more := len(rows) > p.Limit
	if more {
		rows = rows[:p.Limit]
	}
	backwards := p.Before != "" && p.After == ""
	if backwards {
		slices.Reverse(rows)
	}
	page := usher.Page[T]{Items: make([]T, 0, len(rows)), Total: total}
	for _, r := range rows {
		v, err := open(r)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, v)
	}
	if more && len(page.Items) > 0 {
		page.Next = id(page.Items[len(page.Items)-1])
		if backwards {
			page.Next = id(page.Items[0])
		}
	}
	return page, nil
}

// UpdateApplicant changes contact data.
func (e *Engine) UpdateApplicant(ctx context.Context, tenant, id string, p usher.ApplicantPatch, by usher.Actor) (usher.Applicant, error) {
	return e.changeApplicant(ctx, tenant, id, func(h *hand) error {
		if err := restricted(h.applicant); err != nil {
			return err
		}
		a, events, err := h.applicant.Update(p, by, e.now())
		if err != nil {
			return err
		}
		h.applicant = a
		return h.tell(ctx, events, make([]*usher.Session, len(events)))
	})
}

// EraseApplicant ends what is open for the applicant and erases them; where the law or a hold demands that they are kept, the applicant it gives is
// restricted instead, and erased when that has passed.
func (e *Engine) EraseApplicant(ctx context.Context, tenant, id string, by usher.Actor) (usher.Applicant, error) {
	a, err := e.Applicant(ctx, tenant, id)
	if err != nil {
		return a, err
	}
	if a.Erased {
		return a, &usher.Error{Code: usher.CodeGone, Message: "this applicant was erased"}
	}
	if err := e.endSessions(ctx, tenant, id, by); err != nil {
		return a, err
	}
	rules, err := e.KeepRules(ctx, tenant)
	if err != nil {
		return a, err
	}
	k, err := e.kept(ctx, rules, a)
	if err != nil {
		return a, err
	}
	if k.Duty && !k.Due(e.now()) {
		return e.restrict(ctx, a, k, by)
	}
	erased, err := e.erase(ctx, tenant, id, by, "asked", func(a usher.Applicant) (bool, error) {
		k, err = e.kept(ctx, rules, a)
		return !k.Duty || k.Due(e.now()), err
	})
	if errors.Is(err, errKept) { // since a moment ago
		return e.restrict(ctx, erased, k, by)
	}
	return erased, err
}

// errKept says that somebody may not be erased after all.
var errKept = errors.New("the applicant is kept")

// endSessions cancels what is open for an applicant.
func (e *Engine) endSessions(ctx context.Context, tenant, id string, by usher.Actor) error {
	open, err := e.ListSessions(ctx, tenant, usher.SessionFilter{Paging: usher.Paging{Limit: mostLimit}, ApplicantID: id})
	if err != nil {
		return err
	}
	for _, s := range open.Items {
		if !s.State.Ended() {
			if _, err := e.Do(ctx, tenant, s.ID, usher.Command{Kind: usher.CmdCancel, By: by}); err != nil {
				return err
			}
		}
	}
	return nil
}

// erase destroys the keys of an applicant and forgets the files, if they may be erased as they are at that moment; else the error is errKept. reason
// is for the trail.
func (e *Engine) erase(ctx context.Context, tenant, id string, by usher.Actor, reason string, may func(usher.Applicant) (bool, error)) (usher.Applicant, error) {
	a, err := e.changeApplicant(ctx, tenant, id, func(h *hand) error {
		if h.applicant.Erased {
			return &usher.Error{Code: usher.CodeGone, Message: "this applicant was erased"}
		}
		if yes, err := may(h.applicant); err != nil || !yes {
			return cmp.Or(err, errKept)
		}
		erased, events, err := h.applicant.Erase(by, e.now())
		if err != nil {
			return err
		}
		h.applicant = erased
		h.change.Erase = id
		err = h.tell(ctx, events, make([]*usher.Session, len(events)))
		for i := range h.change.Audit {
			h.change.Audit[i].Reason = reason
		}
		return err
	})
	if err != nil {
		return a, err
	}
	e.c.Vault.Forget(tenant, id)
	if err := e.c.Blobs.DeleteApplicant(ctx, tenant, id); err != nil {
		// Their keys are gone, so the files are noise by now; a sweep takes them later.
		e.c.Log.WarnContext(ctx, "files of an erased applicant are still there", "applicant", id, "error", err)
	}
	return a, nil
}

// changeApplicant loads an applicant, lets fn change it in hand, and commits; another writer's change makes it start over.
func (e *Engine) changeApplicant(ctx context.Context, tenant, id string, fn func(*hand) error) (usher.Applicant, error) {
	for range retries {
		a, err := e.Applicant(ctx, tenant, id)
		if err != nil {
			return a, err
		}
		h := &hand{e: e, applicant: a, wasA: a.Version, wasCalled: called(a)}
		if h.tenant, err = e.Tenant(ctx, tenant); err != nil {
			return a, err
		}
		if !a.Erased {
			if h.sealer, err = e.c.Vault.Sealer(ctx, tenant, id); err != nil {
				return a, fmt.Errorf("open keys: %w", err)
			}
		}
		if err := fn(h); err != nil {
			return a, err
		}
		err = h.commit(ctx, "", "")
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		return h.applicant, err
	}
	return usher.Applicant{}, usher.Conflict("the applicant is being changed by others; try again")
}
