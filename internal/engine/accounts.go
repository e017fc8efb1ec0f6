package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// An opener that does not answer is asked again by the queue within a minute; then the client is told account.failed, and it is asked
// again at this interval, this often.
const (
	accountPause  = 10 * time.Minute
	accountRounds = 12
)

// openAccount asks the flow's opener for the account of an approved session.
func (e *Engine) openAccount(ctx context.Context, j store.Job) error {
	s, err := e.Session(ctx, j.Tenant, j.Object)
	if err != nil {
		return err
	}
	def, ok := s.Flow.First(usher.StepAccount)
	if !ok || s.State != usher.Approved || (s.Account != nil && s.Account.Opened) {
		return nil
	}
	a, err := e.Applicant(ctx, j.Tenant, s.ApplicantID)
	if err != nil {
		return err
	}
	account, err := e.callOpener(ctx, def.Opener, a, usher.AccountRequest{Key: "session-" + s.ID, SessionID: s.ID, Type: "current"}, s.Steer)
	if err != nil && !j.Last {
		return err
	}
	status := usher.AccountStatus{ID: account.ID, Opened: err == nil && account.Status == usher.AccountConfirmed}
	var again []store.Job
	switch {
	case err != nil:
		status = usher.AccountStatus{Reasons: []usher.Reason{{Code: usher.AccountOpenerNoAnswer}}}
		if j.Round < accountRounds {
			again = []store.Job{{Kind: jobAccount, Tenant: j.Tenant, Object: j.Object, Round: j.Round + 1, After: accountPause}}
		}
	case !status.Opened:
		status.Reasons = []usher.Reason{{Code: usher.AccountOpenerRefused}}
	}
	_, err = e.script(ctx, j.Tenant, j.Object, "", false, func(h *hand) error {
		if had := h.session.Account; h.session.State != usher.Approved || had != nil && had.Opened {
			return nil // overturned meanwhile, or the job ran twice and the other was faster: nothing is kept that no event tells of
		}
		h.change.Jobs = append(h.change.Jobs, again...)
		if status.Opened {
			if err := h.keepAccount(account); err != nil {
				return err
			}
		}
		return h.decide(ctx, usher.Command{Kind: usher.CmdAccount, By: usher.Actor{Kind: usher.BySystem, ID: def.Opener}, Account: &status})
	})
	return err
}

// callOpener asks an opener. An account has one id for all tries: that of its key.
func (e *Engine) callOpener(ctx context.Context, name string, a usher.Applicant, r usher.AccountRequest, steer string) (usher.Account, error) {
	opener, ok := e.openers[name]
	if !ok {
		return usher.Account{}, fmt.Errorf("no account opener is called %q", name)
	}
	var err error
	if r.Tenant, err = e.Tenant(ctx, a.TenantID); err != nil {
		return usher.Account{}, err
	}
	r.Applicant = a
	if steered(r.Tenant.Mode, steer, a.Details) == usher.SteerAccountError {
		return usher.Account{Status: usher.AccountError, Error: "simulated refusal"}, nil
	}
	account, err := opener.Open(ctx, r)
	if err != nil {
		return account, fmt.Errorf("open account: %w", err)
	}
	account.ID, account.TenantID, account.ApplicantID, account.SessionID = newID(), a.TenantID, a.ID, r.SessionID
	account.Opener, account.CreatedAt = name, e.now()
	return account, nil
}

// keepAccount puts an account beside the session in hand.
func (h *hand) keepAccount(account usher.Account) error {
	doc, err := seal(h.sealer, placeAccount, account.ID, account)
	if err != nil {
		return err
	}
	number, err := h.e.index(account.TenantID, "account_number", account.Number)
	if err != nil {
		return err
	}
	h.account = &account
	h.change.Accounts = append(h.change.Accounts, store.AccountRow{
		ID: account.ID, TenantID: account.TenantID, ApplicantID: account.ApplicantID, SessionID: account.SessionID, Doc: doc,
		NumberIndex: number,
		CreatedAt:   account.CreatedAt,
	})
	return nil
}

// OpenAccount opens one more account for an approved applicant, by the opener of the flow that approved them, or by the first there is.
func (e *Engine) OpenAccount(ctx context.Context, c usher.APIClient, applicant, kind string) (usher.Account, error) {
	const operation = "account"
	if id, err := e.done(ctx, operation); err != nil || id != "" {
		if err != nil {
			return usher.Account{}, err
		}
		return e.Account(ctx, c.TenantID, id)
	}
	if len(e.known.Openers) == 0 {
		return usher.Account{}, &usher.Error{Code: usher.CodeNotFound, Message: "no account opener is configured"}
	}
	a, err := e.Applicant(ctx, c.TenantID, applicant)
	if err != nil {
		return usher.Account{}, err
	}
	if a.Latest == nil || a.Latest.State != usher.Approved {
		return usher.Account{}, usher.Conflict("only an approved applicant can have an account")
	}
	s, err := e.Session(ctx, c.TenantID, a.Latest.ID)
	if err != nil {
		return usher.Account{}, err
	}
	opener := e.known.Openers[0]
	if def, ok := s.Flow.First(usher.StepAccount); ok {
		opener = def.Opener
	}
	key := operation + "-" + newID()
	if once, ok := onceOf(ctx); ok {
		key = operation + "-" + c.ID + "-" + once
	}
	account, err := e.callOpener(ctx, opener, a, usher.AccountRequest{Key: key, Type: kind}, s.Steer)
	if err != nil {
		return account, err
	}
	if account.Status != usher.AccountConfirmed {
		return account, usher.Conflict("the account opener refused")
	}
	h, err := e.applicantInHand(ctx, c, usher.NewSession{ApplicantID: applicant})
	if err != nil {
		return account, err
	}
	if err := h.keepAccount(account); err != nil {
		return account, err
	}
	h.change.Audit = append(h.change.Audit, e.record(c.TenantID, clientActor(c), "account.opened", account.ID, "applicant "+applicant))
	return account, h.commit(ctx, operation, account.ID)
}

// Account gives a tenant's account.
func (e *Engine) Account(ctx context.Context, tenant, id string) (usher.Account, error) {
	row, err := e.c.Store.Account(ctx, tenant, id)
	if err != nil {
		return usher.Account{}, found(err, "account")
	}
	return e.readAccount(ctx, row)
}

// AccountByNumber gives the newest account of a tenant with a number.
func (e *Engine) AccountByNumber(ctx context.Context, tenant, number string) (usher.Account, error) {
	hash, err := e.index(tenant, "account_number", number)
	if err != nil {
		return usher.Account{}, err
	}
	if hash == nil {
		return usher.Account{}, usher.NotFound("account")
	}
	row, err := e.c.Store.AccountByNumber(ctx, tenant, hash)
	if err != nil {
		return usher.Account{}, found(err, "account")
	}
	return e.readAccount(ctx, row)
}

func (e *Engine) readAccount(ctx context.Context, row store.AccountRow) (usher.Account, error) {
	var a usher.Account
	err := e.unseal(ctx, row.TenantID, row.ApplicantID, placeAccount, row.ID, row.Doc, &a)
	return a, err
}

// AccountsOf gives an applicant's accounts, oldest first.
func (e *Engine) AccountsOf(ctx context.Context, tenant, applicant string) ([]usher.Account, error) {
	if _, err := e.Applicant(ctx, tenant, applicant); err != nil {
		return nil, err
	}
	rows, err := e.c.Store.AccountsOf(ctx, tenant, applicant)
	if err != nil {
		return nil, err
	}
	accounts := make([]usher.Account, 0, len(rows))
	for _, r := range rows {
		a, err := e.readAccount(ctx, r)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}
