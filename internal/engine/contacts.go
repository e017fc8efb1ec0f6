package engine

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// The bounds of one-time codes. A million codes and 25 entries an hour make guessing one a matter of forty thousand hours; ASVS 6.6 asks for ten
// minutes at most.
const (
	codeDigits  = 6
	codeLife    = 10 * time.Minute
	codeTries   = 5
	codePause   = 30 * time.Second
	codesHourly = 5  // to one channel of a session
	codesDaily  = 20 // to one address, whatever the session
)

// codeName names a counter of codes.
func codeName(what, session string, c usher.Channel) string {
	return "code." + what + ":" + session + ":" + string(c)
}

// contactStep gives the session, its open contact step, and what the applicant is reached at, when it is the turn of that channel.
func (e *Engine) contactStep(ctx context.Context, tenant, session string, c usher.Channel) (usher.Session, usher.StepStatus, string, error) {
	s, err := e.Session(ctx, tenant, session)
	if err != nil {
		return s, usher.StepStatus{}, "", err
	}
	a, err := e.Applicant(ctx, tenant, s.ApplicantID)
	if err != nil {
		return s, usher.StepStatus{}, "", err
	}
	for _, st := range s.Asked() {
		def, _, _ := s.Flow.Step(st.ID)
		for _, asked := range def.Verify {
			if _, proved := st.Proof(asked); st.Kind == usher.StepContact && !proved && asked == c {
				to := a.Details.Reach(c)
				if to == "" {
					return s, st, "", &usher.Error{Code: usher.CodeConflict, Field: string(c), Detail: "no_address", Message: "the applicant has given none"}
				}
				return s, st, to, nil
			}
		}
	}
	return s, usher.StepStatus{}, "", usher.Conflict("no code is asked for over that channel now")
}

// proving gives what an entered code says, when the session would take it now: no code is sent, and no try of one is used up, in vain.
func (e *Engine) proving(s usher.Session, st usher.StepStatus, c usher.Channel, to string) (usher.Command, error) {
	cmd := usher.Command{
		Kind: usher.CmdProveContact, By: usher.Actor{Kind: usher.ByApplicant, ID: s.ApplicantID}, Step: st.ID,
		Contact: &usher.ContactProof{Channel: c, Address: to},
	}
	_, _, err := usher.Decide(s, cmd, e.now())
	return cmd, err
}

// CodeStanding tells where the proof of a channel stands.
func (e *Engine) CodeStanding(ctx context.Context, tenant, session string, c usher.Channel) (usher.CodeStanding, error) {
	s, _, to, err := e.contactStep(ctx, tenant, session, c)
	if err != nil {
		return usher.CodeStanding{}, err
	}
	now := e.now()
	standing := usher.CodeStanding{Channel: c, Address: to}
	row, err := e.c.Store.Code(ctx, tenant, s.ID, c)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return standing, err
	}
	if err == nil && now.Before(row.EndsAt) {
		standing.SentAt, standing.EndsAt, standing.Tries = row.SentAt, row.EndsAt, row.Tries
	}
	limits, err := e.codeLimits(tenant, s.ID, c, to)
	if err != nil {
		return standing, err
	}
	for _, limit := range limits {
		n, end, err := e.c.Store.Counter(ctx, limit.name, now)
		if err != nil {
			return standing, err
		}
		if n >= limit.most && end.After(standing.NextAt) {
			standing.NextAt = end
		}
	}
	return standing, nil
}

// codeLimit is how many codes may be sent within a time.
type codeLimit struct {
	name   string
	most   int64
	window time.Duration
}

// codeLimits gives what holds for a channel of a session, and for the address, which is counted by its keyed hash.
func (e *Engine) codeLimits(tenant, session string, c usher.Channel, to string) ([]codeLimit, error) {
	address, err := e.index(tenant, "code_address", strings.ToLower(to))
	return []codeLimit{
		{codeName("pause", session, c), 1, codePause},
		{codeName("hour", session, c), codesHourly, time.Hour},
		{fmt.Sprintf("code.day:%x", address), codesDaily, 24 * time.Hour},
	}, err
}

// SendCode draws a code and sends it. It is counted before it is sent, so that two browsers at once send one.
func (e *Engine) SendCode(ctx context.Context, tenant, session string, c usher.Channel, words func(code string) (subject, text string)) error {
	s, st, to, err := e.contactStep(ctx, tenant, session, c)
	if err != nil {
		return err
	}
	if _, err := e.proving(s, st, c, to); err != nil {
		return err
	}
	sender, ok := e.c.Senders[c]
	if !ok {
		return usher.Conflict("this server has nothing that sends codes by %s", c)
	}
	now := e.now()
	limits, err := e.codeLimits(tenant, s.ID, c, to)
	if err != nil {
		return err
	}
	for _, limit := range limits {
		n, _, err := e.c.Store.Count(ctx, limit.name, now, limit.window)
		if err != nil {
			return err
		}
		if n > limit.most {
			return &usher.Error{Code: usher.CodeLimited, Detail: "code_wait", Message: "another code may be sent later"}
		}
	}
	code, err := drawCode()
	if err != nil {
		return err
	}
	row := store.CodeRow{TenantID: tenant, SessionID: s.ID, Channel: c, Tries: codeTries, SentAt: now, EndsAt: now.Add(codeLife)}
	if row.Hash, err = e.codeHash(tenant, s.ID, to, code); err != nil {
		return err
	}
	if err := e.c.Store.PutCode(ctx, row); err != nil {
		return fmt.Errorf("keep code: %w", err)
	}
	m := usher.CodeMessage{ID: newID(), TenantID: tenant, Channel: c, To: to}
	m.Subject, m.Text = words(code)
	if err := sender.Send(ctx, m); err != nil {
		// The next try needs not wait for a code that nobody has.
		return errors.Join(&usher.Error{Code: usher.CodeInternal, Detail: "not_sent", Message: "the code could not be sent; try again", Err: err},
			e.c.Store.DropCode(ctx, row), e.c.Store.ResetCounter(ctx, codeName("pause", s.ID, c)))
	}
	return nil
}

// drawCode gives six random digits.
func drawCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("draw code: %w", err)
	}
	return fmt.Sprintf("%0*d", codeDigits, n), nil
}

// codeHash is keyed and over the address as well: a code proves the address that it was sent to.
func (e *Engine) codeHash(tenant, session, to, code string) ([]byte, error) {
	return e.index(tenant, "code", session+"\x00"+to+"\x00"+code)
}

// EnterCode compares what was typed with the code that was sent.
func (e *Engine) EnterCode(ctx context.Context, tenant, session string, c usher.Channel, typed string) (usher.Session, error) {
	s, st, to, err := e.contactStep(ctx, tenant, session, c)
	if err != nil {
		return s, err
	}
	proved, err := e.proving(s, st, c, to)
	if err != nil {
		return s, err
	}
	typed = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, typed)
	wrong := func(detail, message string) error {
		return &usher.Error{Code: usher.CodeInvalid, Field: "code", Detail: detail, Message: message}
	}
	if len(typed) != codeDigits || strings.Trim(typed, "0123456789") != "" {
		return s, wrong("code_wrong", "must be the six digits that were sent")
	}
	row, err := e.c.Store.TryCode(ctx, tenant, s.ID, c, e.now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		if had, err := e.c.Store.Code(ctx, tenant, s.ID, c); err == nil && had.Tries == 0 && e.now().Before(had.EndsAt) {
			return s, wrong("code_locked", "too many wrong entries; ask for a new code")
		}
		return s, wrong("code_ended", "this code has ended; ask for a new one")
	case err != nil:
		return s, err
	}
	hash, err := e.codeHash(tenant, s.ID, to, typed)
	if err != nil {
		return s, err
	}
	if subtle.ConstantTimeCompare(hash, row.Hash) != 1 {
		if row.Tries == 0 {
			return s, wrong("code_locked", "too many wrong entries; ask for a new code")
		}
		return s, wrong("code_wrong", "is not the code that was sent")
	}
	s, err = e.Do(ctx, tenant, s.ID, proved)
	if err != nil {
		return s, err
	}
	return s, e.c.Store.DropCode(ctx, row)
}
