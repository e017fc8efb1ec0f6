package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/store"
)

// KeepForm keeps a form while its sender is away; see [door.Door].
func (a *Auth) KeepForm(ctx context.Context, s door.Session, form []byte, v door.Visitor) (string, error) {
	if a.config.Seal == nil {
		return "", nil
	}
	if err := a.mayAsk(ctx, v); err != nil {
		return "", err
	}
	row, err := a.store.Staff(ctx, s.Staff.ID)
	if err != nil {
		return "", fmt.Errorf("read staff: %w", err)
	}
	sealed, err := a.config.Seal.SealTenant(row.TenantID, form, formOf(row.ID))
	if err != nil {
		return "", fmt.Errorf("seal form: %w", err)
	}
	return a.begin(ctx, tryForm, row, sealed, tryTime, true)
}

// KeptForm gives a form back; see [door.Door].
func (a *Auth) KeptForm(ctx context.Context, s door.Session, ticket string) ([]byte, error) {
	t, err := a.store.StaffTry(ctx, digest(ticket), tryForm, a.now())
	if errors.Is(err, store.ErrNotFound) || (err == nil && (t.StaffID != s.Staff.ID || a.config.Seal == nil)) {
		return nil, usher.NotFound("form")
	}
	if err != nil {
		return nil, fmt.Errorf("read what is under way: %w", err)
	}
	form, err := a.config.Seal.OpenTenant(s.Staff.TenantID, t.Doc, formOf(t.StaffID))
	if err != nil {
		return nil, fmt.Errorf("open form: %w", err)
	}
	return form, nil
}

// formOf binds a kept form to its sender.
func formOf(staff string) []byte { return []byte("staff form " + staff) }
