package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/store"
)

const longestName = 60 // characters of a passkey's name

// relyingParty gives what speaks WebAuthn for the desk at an address, or nil where browsers have no passkeys: an address that is an IP number, or
// http that is not this machine's.
func relyingParty(deskURL string) *webauthn.WebAuthn {
	u, err := url.Parse(deskURL)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil || (u.Scheme != "https" && u.Hostname() != "localhost") {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "usher desk", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil
	}
	return w
}

// holder is a member of staff as WebAuthn knows them: the handle is their id, which says nothing of the person.
type holder struct {
	row  store.StaffRow
	keys []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return []byte(h.row.ID) }
func (h holder) WebAuthnName() string                       { return h.row.Email }
func (h holder) WebAuthnDisplayName() string                { return h.row.Email }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func (a *Auth) holder(ctx context.Context, row store.StaffRow) (holder, error) {
	rows, err := a.store.Passkeys(ctx, row.ID)
	if err != nil {
		return holder{}, fmt.Errorf("read passkeys: %w", err)
	}
	h := holder{row: row}
	for _, r := range rows {
		var c webauthn.Credential
		if err := json.Unmarshal(r.Doc, &c); err != nil {
			return h, fmt.Errorf("read passkey: %w", err)
		}
		h.keys = append(h.keys, c)
	}
	return h, nil
}

func passkeyOf(r store.PasskeyRow) door.Passkey {
	var c webauthn.Credential
	_ = json.Unmarshal(r.Doc, &c) // one that cannot be read shows as not synced, and is refused where it is used
	return door.Passkey{ID: encodeID(r.ID), Name: r.Name, Synced: c.Flags.BackupEligible, CreatedAt: r.CreatedAt, UsedAt: r.UsedAt}
}

var errNoPasskeys = &usher.Error{Code: usher.CodeInvalid, Detail: "desk_no_passkeys", Message: "passkeys need a desk with a host name and https"}

// BeginPasskey gives the options for a new passkey; see [door.Door].
func (a *Auth) BeginPasskey(ctx context.Context, s door.Session) (json.RawMessage, string, error) {
	row, err := a.own(ctx, s)
	if err != nil {
		return nil, "", err
	}
	if a.passkeys == nil {
		return nil, "", errNoPasskeys
	}
	h, err := a.holder(ctx, row)
	if err != nil {
		return nil, "", err
	}
	if len(h.keys) >= mostPasskeys {
		return nil, "", usher.Invalid("name", "there are %d passkeys already; remove one first", mostPasskeys)
	}
	options, session, err := a.passkeys.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return nil, "", fmt.Errorf("begin passkey: %w", err)
	}
	return a.challenge(ctx, tryRegister, row, options.Response, session)
}

// challenge keeps what a browser's answer is held against and gives the options as JSON.
func (a *Auth) challenge(ctx context.Context, kind string, row store.StaffRow, options any, session *webauthn.SessionData) (json.RawMessage, string, error) {
	kept, err := json.Marshal(session)
	if err != nil {
		return nil, "", fmt.Errorf("write challenge: %w", err)
	}
	told, err := json.Marshal(options)
	if err != nil {
		return nil, "", fmt.Errorf("write challenge: %w", err)
	}
	ticket, err := a.begin(ctx, kind, row, kept, tryTime, false)
	return told, ticket, err
}

// CommitPasskey takes a new passkey; see [door.Door].
func (a *Auth) CommitPasskey(ctx context.Context, s door.Session, ticket, name string, answer []byte) (door.Session, error) {
	row, err := a.own(ctx, s)
	if err != nil {
		return s, err
	}
	if a.passkeys == nil {
		return s, errNoPasskeys
	}
	t, err := a.take(ctx, tryRegister, ticket)
	if err != nil {
		return s, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(t.Doc, &session); err != nil {
		return s, fmt.Errorf("read challenge: %w", err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return s, notTaken(err)
	}
	made, err := a.passkeys.CreateCredential(holder{row: row}, session, parsed)
	if err != nil {
		return s, notTaken(err)
	}
	doc, err := json.Marshal(made)
	if err != nil {
		return s, fmt.Errorf("write passkey: %w", err)
	}
	if name = strings.TrimSpace(name); name == "" || !utf8.ValidString(name) {
		name = "Passkey"
	}
	if letters := []rune(name); len(letters) > longestName {
		name = string(letters[:longestName])
	}
	err = a.store.AddPasskey(ctx, store.PasskeyRow{
		ID: made.ID, StaffID: row.ID, Name: name, Doc: doc, SignCount: int64(made.Authenticator.SignCount), CreatedAt: a.now(),
	}, a.changed(row, "staff.passkey_added", encodeID(made.ID)))
	if errors.Is(err, store.ErrConflict) {
		return s, notTaken(err)
	}
	if err != nil {
		return s, fmt.Errorf("write passkey: %w", err)
	}
	return a.turned(ctx, s)
}

// notTaken says that an answer of a browser is not what it should be. What exactly was wrong with it helps only who forged it.
func notTaken(err error) error {
	return &usher.Error{Code: usher.CodeInvalid, Detail: "desk_passkey", Message: "the passkey was not taken", Err: err}
}

// RemovePasskey takes a passkey away; see [door.Door].
func (a *Auth) RemovePasskey(ctx context.Context, s door.Session, id string) (door.Session, error) {
	row, err := a.own(ctx, s)
	if err != nil {
		return s, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return s, usher.NotFound("passkey")
	}
	take := func(acc *door.Account) {
		var rest []door.Passkey
		for _, k := range acc.Passkeys {
			if k.ID != id {
				rest = append(rest, k)
			}
		}
		acc.Passkeys = rest
	}
	if err := a.without(ctx, row, take); err != nil {
		return s, err
	}
	err = a.store.DeletePasskey(ctx, row.ID, raw, a.changed(row, "staff.passkey_removed", id))
	if errors.Is(err, store.ErrConflict) {
		return s, usher.NotFound("passkey")
	}
	if err != nil {
		return s, fmt.Errorf("remove passkey: %w", err)
	}
	return a.othersOut(ctx, s, row)
}

// AskPasskey gives a challenge; see [door.Door]. Without a session it names no credentials: the browser offers those it has for this host, and
// the answer says whose it is.
func (a *Auth) AskPasskey(ctx context.Context, s *door.Session, v door.Visitor) (json.RawMessage, string, error) {
	if a.passkeys == nil {
		return nil, "", errNoPasskeys
	}
	if err := a.mayAsk(ctx, v); err != nil {
		return nil, "", err
	}
	if s == nil {
		options, session, err := a.passkeys.BeginDiscoverableLogin()
		if err != nil {
			return nil, "", fmt.Errorf("begin sign-in by passkey: %w", err)
		}
		return a.challenge(ctx, tryPasskey, store.StaffRow{}, options.Response, session)
	}
	row, err := a.store.Staff(ctx, s.Staff.ID)
	if err != nil {
		return nil, "", fmt.Errorf("read staff: %w", err)
	}
	h, err := a.holder(ctx, row)
	if err != nil {
		return nil, "", err
	}
	options, session, err := a.passkeys.BeginLogin(h)
	if err != nil {
		return nil, "", notTaken(err)
	}
	return a.challenge(ctx, tryPasskey, row, options.Response, session)
}

// TakePasskey takes the answer to a challenge; see [door.Door].
func (a *Auth) TakePasskey(ctx context.Context, s *door.Session, ticket string, answer []byte, v door.Visitor) (door.Session, error) {
	if a.passkeys == nil {
		return door.Session{}, errNoPasskeys
	}
	t, err := a.take(ctx, tryPasskey, ticket)
	if err != nil {
		return door.Session{}, err
	}
	if s != nil && s.Stage == door.Setup {
		return door.Session{}, unauthenticated(DetailWrong) // sets up, and finishes by Finish
	}
	if (s == nil) != (t.StaffID == "") || (s != nil && s.Staff.ID != t.StaffID) {
		return door.Session{}, unauthenticated(DetailWrong) // the challenge was somebody else's, or for something else
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(t.Doc, &session); err != nil {
		return door.Session{}, fmt.Errorf("read challenge: %w", err)
	}
	who := try{what: byPasskey, visitor: v}
	row, err := a.checkPasskey(ctx, &who, session, answer)
	if err != nil {
		return door.Session{}, err
	}
	rules, err := a.Rules(ctx, row.TenantID)
	if err != nil {
		return door.Session{}, err
	}
	if !rules.Passkeys || row.Disabled {
		return door.Session{}, a.wrong(ctx, who, DetailWrong)
	}
	if s != nil {
		return a.promote(ctx, *s, row, door.In, byPasskey)
	}
	return a.letIn(ctx, row, door.In, byPasskey, v)
}

// checkPasskey holds an answer against its challenge and gives the member whose passkey it is.
func (a *Auth) checkPasskey(ctx context.Context, who *try, session webauthn.SessionData, answer []byte) (store.StaffRow, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return store.StaffRow{}, a.wrong(ctx, *who, DetailWrong)
	}
	key, err := a.store.Passkey(ctx, parsed.RawID)
	if errors.Is(err, store.ErrNotFound) {
		return store.StaffRow{}, a.wrong(ctx, *who, DetailWrong)
	}
	if err != nil {
		return store.StaffRow{}, fmt.Errorf("read passkey: %w", err)
	}
	if who.row, err = a.store.Staff(ctx, key.StaffID); err != nil {
		return store.StaffRow{}, fmt.Errorf("read staff: %w", err)
	}
	who.email = who.row.Email
	h, err := a.holder(ctx, who.row)
	if err != nil {
		return store.StaffRow{}, err
	}
	var used *webauthn.Credential
	if len(session.UserID) == 0 {
		used, err = a.passkeys.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
			if string(handle) != who.row.ID {
				return nil, errors.New("the handle is another member's")
			}
			return h, nil
		}, session, parsed)
	} else {
		used, err = a.passkeys.ValidateLogin(h, session, parsed)
	}
	if err != nil {
		return store.StaffRow{}, a.wrong(ctx, *who, DetailWrong)
	}
	return who.row, a.usePasskey(ctx, *who, key, used)
}

// usePasskey notes the use. A counter that has not risen tells of a copy of the authenticator: the copy is refused, and so is the original from
// then on if the copy was first.
func (a *Auth) usePasskey(ctx context.Context, who try, key store.PasskeyRow, used *webauthn.Credential) error {
	copied := used.Authenticator.CloneWarning
	if !copied {
		doc, err := json.Marshal(used)
		if err != nil {
			return fmt.Errorf("write passkey: %w", err)
		}
		key.Doc, key.SignCount, key.UsedAt = doc, int64(used.Authenticator.SignCount), a.now()
		err = a.store.UsePasskey(ctx, key)
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return fmt.Errorf("write passkey: %w", err)
		}
		copied = err != nil
	}
	if copied {
		who.what = "passkey counter"
		return a.wrong(ctx, who, DetailWrong)
	}
	return nil
}
