package storetest

import (
	"errors"
	"sync"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

func staffDoor() map[string]func(*house) {
	return map[string]func(*house){
		"staff":          staff,
		"staff sessions": staffSessions,
		"a sign-in does not outlive what ends it":         staffGenerations,
		"a step, a code and an invitation serve once":     staffOnce,
		"passkeys count, and are their member's":          passkeys,
		"identities are one member's":                     identities,
		"methods are cleared together":                    clearMethods,
		"a cookie is exchanged once":                      exchangeCookie,
		"a sign-in is confirmed once, as it was seen":     confirmOnce,
		"failures are counted with or without an account": countEach,
	}
}

func (h *house) ann() store.StaffRow {
	h.Helper()
	h.must(h.AddStaff(ctx(), store.StaffRow{ID: "ann", TenantID: ours, Email: "ann@example.test", CreatedAt: h.now}))
	r, err := h.Staff(ctx(), "ann")
	h.must(err)
	return r
}

func staff(h *house) {
	r := store.StaffRow{ID: h.id(), TenantID: ours, Email: "ann@example.test", PasswordHash: "hash", Role: usher.RoleReviewer, CreatedAt: h.now}
	h.must(h.AddStaff(ctx(), r))
	h.must(h.AddStaff(ctx(), store.StaffRow{ID: h.id(), TenantID: theirs, Email: "bo@example.test", CreatedAt: h.now}))
	h.must(h.ChangeStaff(ctx(), r.ID, store.StaffChange{}))
	r.Disabled, r.Role, r.PasswordHash, r.Email, r.Generation = true, usher.RoleSenior, "new", "anna@example.test", 5
	h.must(h.ChangeStaff(ctx(), r.ID, store.StaffChange{Disabled: &r.Disabled}))
	h.must(h.ChangeStaff(ctx(), r.ID, store.StaffChange{Role: &r.Role}))
	h.must(h.ChangeStaff(ctx(), r.ID, store.StaffChange{PasswordHash: &r.PasswordHash}))
	h.must(h.ChangeStaff(ctx(), r.ID, store.StaffChange{Email: &r.Email}))
	got, err := h.StaffByEmail(ctx(), r.Email)
	h.must(err)
	same(h, "by e-mail", got, r)
	got, err = h.Staff(ctx(), r.ID)
	h.must(err)
	same(h, "by id", got, r)
	list, err := h.ListStaff(ctx(), ours)
	h.must(err)
	same(h, "of the tenant", list, []store.StaffRow{r})
	r.ID = h.id()
	if err := h.AddStaff(ctx(), r); err == nil {
		h.Fatal("two members of staff have one address")
	}
}

func (h *house) staffSession(cookie string, generation int64) store.StaffSessionRow {
	return store.StaffSessionRow{
		Hash: []byte(cookie), ID: cookie, StaffID: "ann", Generation: generation, Method: "password", Address: "192.0.2.1", Agent: "Firefox on Linux", Failed: 2,
		CreatedAt: h.now, SeenAt: h.now, ProvedAt: h.now,
	}
}

func staffSessions(h *house) {
	h.ann()
	r := h.staffSession("cookie", 0)
	h.must(h.AddStaffSession(ctx(), r, nil))
	r.SeenAt = h.now.Add(time.Minute)
	h.must(h.SeeStaffSession(ctx(), r.Hash, r.SeenAt))
	h.must(h.SeeStaffSession(ctx(), r.Hash, h.now)) // a clock that goes back takes nothing back
	got, err := h.StaffSession(ctx(), r.Hash)
	h.must(err)
	same(h, "session", got, r)
	list, err := h.StaffSessions(ctx(), "ann", h.now)
	h.must(err)
	same(h, "list", list, []store.StaffSessionRow{r})
	h.wants(h.EndStaffSession(ctx(), "bo", "cookie"), store.ErrConflict)
	h.must(h.EndStaffSession(ctx(), "ann", "cookie"))
	_, err = h.StaffSession(ctx(), r.Hash)
	h.wants(err, store.ErrNotFound)
	h.wants(h.SeeStaffSession(ctx(), r.Hash, h.now), store.ErrNotFound)
	h.must(h.AddStaffSession(ctx(), r, nil))
	h.must(h.DeleteStaffSession(ctx(), r.Hash))
	_, err = h.StaffSession(ctx(), r.Hash)
	h.wants(err, store.ErrNotFound)
}

func staffGenerations(h *house) {
	seen := h.ann()
	kept := h.staffSession("kept", seen.Generation)
	h.must(h.AddStaffSession(ctx(), kept, nil))
	h.must(h.AddStaffSession(ctx(), h.staffSession("other", seen.Generation), nil))
	h.must(h.AddStaffTry(ctx(), store.StaffTryRow{Hash: []byte("try"), Kind: "invite", StaffID: "ann", Doc: []byte("{}"), EndsAt: h.now.Add(time.Hour)}, false))
	hash := "new"
	h.must(h.ChangeStaff(ctx(), "ann", store.StaffChange{PasswordHash: &hash, Keep: kept.Hash}))
	// A sign-in that was looked at before the change is refused after it.
	h.wants(h.AddStaffSession(ctx(), h.staffSession("late", seen.Generation), nil), store.ErrConflict)
	_, err := h.StaffTry(ctx(), []byte("try"), "invite", h.now)
	h.wants(err, store.ErrNotFound)
	_, err = h.StaffSession(ctx(), []byte("other"))
	h.wants(err, store.ErrNotFound)
	got, err := h.StaffSession(ctx(), kept.Hash)
	h.must(err)
	if got.Generation != seen.Generation+1 {
		h.Errorf("what stays is of generation %d", got.Generation)
	}
	h.must(h.EndStaffSessions(ctx(), "ann", nil))
	_, err = h.StaffSession(ctx(), kept.Hash)
	h.wants(err, store.ErrNotFound)
	out := true
	h.must(h.ChangeStaff(ctx(), "ann", store.StaffChange{Disabled: &out}))
	h.wants(h.AddStaffSession(ctx(), h.staffSession("out", seen.Generation+3), nil), store.ErrConflict)
}

// once has many do the same at once, and holds that it served one of them.
func (h *house) once(what string, refused error, do func() error) {
	h.Helper()
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = do() })
	}
	wg.Wait()
	served := 0
	for _, err := range errs {
		switch {
		case err == nil:
			served++
		case !errors.Is(err, refused):
			h.Errorf("%s: %v", what, err)
		}
	}
	if served != 1 {
		h.Errorf("%s served %d times", what, served)
	}
}

func staffOnce(h *house) {
	h.ann()
	h.must(h.SetStaffTOTP(ctx(), "ann", []byte("sealed"), 10, [][]byte{[]byte("one"), []byte("two")}))
	got, err := h.Staff(ctx(), "ann")
	h.must(err)
	same(h, "secret", got.TOTP, []byte("sealed"))
	h.wants(h.UseStaffStep(ctx(), "ann", 10), store.ErrConflict)
	h.once("a step", store.ErrConflict, func() error { return h.UseStaffStep(ctx(), "ann", 12) })
	h.wants(h.UseStaffStep(ctx(), "ann", 11), store.ErrConflict)
	h.wants(h.UseStaffCode(ctx(), "bo", []byte("one"), h.now), store.ErrConflict)
	h.once("a code", store.ErrConflict, func() error { return h.UseStaffCode(ctx(), "ann", []byte("one"), h.now) })
	n, err := h.StaffCodesLeft(ctx(), "ann")
	h.must(err)
	if n != 1 {
		h.Errorf("%d codes are left", n)
	}
	h.must(h.SetStaffCodes(ctx(), "ann", [][]byte{[]byte("three")}))
	h.wants(h.UseStaffCode(ctx(), "ann", []byte("two"), h.now), store.ErrConflict)
	h.must(h.SetStaffTOTP(ctx(), "ann", nil, 0, nil))
	if got, err = h.Staff(ctx(), "ann"); err != nil || got.TOTP != nil {
		h.Errorf("the secret stays: %v", err)
	}
	h.wants(h.UseStaffStep(ctx(), "ann", 20), store.ErrConflict)
	r := store.StaffTryRow{Hash: []byte("a"), Kind: "invite", StaffID: "ann", Generation: 3, Doc: []byte("{}"), EndsAt: h.now.Add(time.Hour)}
	h.must(h.AddStaffTry(ctx(), r, true))
	r.Hash = []byte("b")
	h.must(h.AddStaffTry(ctx(), r, true))
	_, err = h.TakeStaffTry(ctx(), []byte("a"), "invite", h.now)
	h.wants(err, store.ErrNotFound)
	_, err = h.TakeStaffTry(ctx(), []byte("b"), "passkey", h.now)
	h.wants(err, store.ErrNotFound)
	_, err = h.TakeStaffTry(ctx(), []byte("b"), "invite", r.EndsAt)
	h.wants(err, store.ErrNotFound)
	h.once("an invitation", store.ErrNotFound, func() error {
		got, err := h.TakeStaffTry(ctx(), []byte("b"), "invite", h.now)
		if err == nil {
			same(h, "invitation", got, r)
		}
		return err
	})
	h.must(h.AddStaffTry(ctx(), r, true))
	h.must(h.Tidy(ctx(), r.EndsAt.Add(time.Millisecond), h.now))
	_, err = h.StaffTry(ctx(), r.Hash, "invite", h.now)
	h.wants(err, store.ErrNotFound)
}

func passkeys(h *house) {
	h.ann()
	r := store.PasskeyRow{ID: []byte("key"), StaffID: "ann", Name: "Phone", Doc: []byte("{}"), SignCount: 3, CreatedAt: h.now}
	h.must(h.AddPasskey(ctx(), r))
	h.wants(h.AddPasskey(ctx(), r), store.ErrConflict)
	r.UsedAt, r.Doc = h.now.Add(time.Minute), []byte(`{"a":1}`)
	h.wants(h.UsePasskey(ctx(), r), store.ErrConflict) // the counter stands still: a copy
	r.SignCount = 4
	h.once("a count", store.ErrConflict, func() error { return h.UsePasskey(ctx(), r) })
	got, err := h.Passkey(ctx(), r.ID)
	h.must(err)
	same(h, "passkey", got, r)
	list, err := h.Passkeys(ctx(), "ann")
	h.must(err)
	same(h, "of the member", list, []store.PasskeyRow{r})
	none := r
	none.ID, none.SignCount = []byte("synced"), 0
	h.must(h.AddPasskey(ctx(), none))
	h.must(h.UsePasskey(ctx(), none)) // counts nothing, ever
	h.must(h.UsePasskey(ctx(), none))
	h.wants(h.DeletePasskey(ctx(), "bo", r.ID), store.ErrConflict)
	h.must(h.DeletePasskey(ctx(), "ann", r.ID))
	_, err = h.Passkey(ctx(), r.ID)
	h.wants(err, store.ErrNotFound)
}

func identities(h *house) {
	h.ann()
	h.must(h.AddStaff(ctx(), store.StaffRow{ID: "bo", TenantID: ours, Email: "bo@example.test", CreatedAt: h.now}))
	r := store.IdentityRow{Issuer: "https://id.example", Subject: "7", StaffID: "ann", CreatedAt: h.now, UsedAt: h.now}
	h.must(h.PutIdentity(ctx(), r))
	r.UsedAt = h.now.Add(time.Hour)
	h.must(h.PutIdentity(ctx(), r))
	other := r
	other.StaffID = "bo"
	h.wants(h.PutIdentity(ctx(), other), store.ErrConflict)
	got, err := h.Identity(ctx(), r.Issuer, r.Subject)
	h.must(err)
	same(h, "identity", got, r)
	_, err = h.Identity(ctx(), "https://other.example", r.Subject)
	h.wants(err, store.ErrNotFound)
	list, err := h.Identities(ctx(), "ann")
	h.must(err)
	same(h, "of the member", list, []store.IdentityRow{r})
}

func clearMethods(h *house) {
	seen := h.ann()
	h.must(h.SetStaffTOTP(ctx(), "ann", []byte("sealed"), 10, [][]byte{[]byte("one")}))
	h.must(h.AddPasskey(ctx(), store.PasskeyRow{ID: []byte("key"), StaffID: "ann", Name: "Phone", Doc: []byte("{}"), CreatedAt: h.now}))
	h.must(h.PutIdentity(ctx(), store.IdentityRow{Issuer: "https://id.example", Subject: "7", StaffID: "ann", CreatedAt: h.now}))
	h.must(h.AddStaffSession(ctx(), h.staffSession("cookie", seen.Generation), nil))
	h.must(h.ClearStaffMethods(ctx(), "ann", "boss"))
	got, err := h.Staff(ctx(), "ann")
	h.must(err)
	if got.TOTP != nil || got.PasswordHash != "" || got.Generation != seen.Generation+1 || got.SetUpBy != "boss" {
		h.Errorf("left is %+v", got)
	}
	for what, err := range map[string]error{
		"code": h.UseStaffCode(ctx(), "ann", []byte("one"), h.now), "session": errOf(h.StaffSession(ctx(), []byte("cookie"))),
		"passkey": errOf(h.Passkey(ctx(), []byte("key"))), "identity": errOf(h.Identity(ctx(), "https://id.example", "7")),
	} {
		if err == nil {
			h.Errorf("the %s stays", what)
		}
	}
}

// confirmOnce holds that a confirmation is of the sign-in that was looked at, and counts once.
func confirmOnce(h *house) {
	h.ann()
	h.must(h.ClearStaffMethods(ctx(), "ann", "boss"))
	seen, err := h.Staff(ctx(), "ann")
	h.must(err)
	h.must(h.ClearStaffMethods(ctx(), "ann", "boss"))
	h.wants(h.ConfirmStaff(ctx(), seen), store.ErrConflict)
	seen, err = h.Staff(ctx(), "ann")
	h.must(err)
	h.once("a confirmation", store.ErrConflict, func() error { return h.ConfirmStaff(ctx(), seen) })
	seen, err = h.Staff(ctx(), "ann")
	h.must(err)
	same(h, "set up by", seen.SetUpBy, "")
	h.wants(h.ConfirmStaff(ctx(), seen), store.ErrConflict)
}

func errOf[T any](_ T, err error) error { return err }

func exchangeCookie(h *house) {
	seen := h.ann()
	r := h.staffSession("first", seen.Generation)
	h.must(h.AddStaffSession(ctx(), r, nil))
	r.Hash, r.Method, r.ProvedAt, r.SeenAt = []byte("next"), "passkey", h.now.Add(time.Minute), h.now.Add(time.Minute)
	h.once("a cookie", store.ErrConflict, func() error { return h.AddStaffSession(ctx(), r, []byte("first")) })
	got, err := h.StaffSession(ctx(), r.Hash)
	h.must(err)
	same(h, "session", got, r)
	h.must(h.EndStaffSessions(ctx(), "ann", nil))
	h.wants(h.AddStaffSession(ctx(), r, []byte("next")), store.ErrConflict)
}

func countEach(h *house) {
	h.must(h.CountEach(ctx(), map[string]time.Duration{"a": time.Minute, "b": time.Hour}, h.now, nil))
	h.must(h.CountEach(ctx(), map[string]time.Duration{"a": time.Minute}, h.now, &usher.AuditRecord{
		ID: h.id(), TenantID: ours, At: h.now, Actor: usher.Actor{Kind: usher.BySystem}, Action: "staff.sign_in_failed",
	}))
	for name, want := range map[string]int64{"a": 2, "b": 1} {
		n, err := h.Take(ctx(), name, h.now)
		h.must(err)
		if n != want {
			h.Errorf("%s stands at %d", name, n)
		}
		if n, _ = h.Take(ctx(), name, h.now); n != 0 {
			h.Errorf("%s is not forgotten", name)
		}
	}
}
