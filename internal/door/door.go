// Package door has the words in which the desk's pages and package auth speak of how members of staff come in: who asks, what is still asked of
// them, their ways to sign in, their sessions. It holds types and no I/O.
//
// The way of data: a page hands what a browser sent to a [Door]; what comes back is a [Session] and the secret of the browser's cookie. A session
// begins in a [Stage]: of somebody who gave the right password and owes a second factor, or who came by an invitation and has yet to set up a
// way to sign in. Only a session whose stage is [In] opens anything else. With every proof the cookie changes, so that an older copy is worth nothing.
package door

import (
	"context"
	"encoding/json"
	"time"

	"github.com/usher-kyc/usher"
)

// FreshFor is how long a proof of who somebody is stays recent enough for what the table of actions wants proved anew.
const FreshFor = 5 * time.Minute

// Stage is how far a sign-in is.
type Stage string

// The stages.
const (
	In     Stage = ""       // signed in
	Second Stage = "second" // a second factor is asked for
	Setup  Stage = "setup"  // a way to sign in is to be set up first
)

// Visitor is who asks: the network they come from and what their browser calls itself.
type Visitor struct{ Address, Agent string }

// Session is a browser in which somebody signs in or is signed in.
type Session struct {
	Staff    usher.Staff
	Stage    Stage
	ID       string // for lists
	Method   string // how it was last proved who it is
	Address  string
	Browser  string // in words, such as "Firefox on Linux"
	Failed   int    // tries that failed since the sign-in before
	Since    time.Time
	SeenAt   time.Time
	ProvedAt time.Time
	SetUpBy  string // the administrator on whose word alone the member signs in, or "" once another has confirmed it

	Cookie string // of this session, as it is now; empty in lists
}

// Fresh tells whether it was proved a moment ago who it is. A proof from the future, which a clock that was set back leaves, is none.
func (s Session) Fresh(now time.Time) bool {
	age := now.Sub(s.ProvedAt)
	return age > -time.Minute && age <= FreshFor
}

// Rules say which ways of signing in a tenant allows its staff.
type Rules struct {
	Passkeys  bool `json:"passkeys"`
	Passwords bool `json:"passwords"`
	Provider  bool `json:"provider"` // OpenID Connect, where the server has one
	Second    bool `json:"second"`   // a password needs a second factor beside it
}

// Passkey is one of somebody's passkeys.
type Passkey struct {
	ID                string // base64url of the credential's id
	Name              string
	Synced            bool // it can be copied to other devices by its maker
	CreatedAt, UsedAt time.Time
}

// Identity is who somebody is at an identity provider.
type Identity struct {
	Issuer, Subject string
	UsedAt          time.Time
}

// Account is everything about how one member signs in.
type Account struct {
	Email      string
	Unnamed    bool // the address is a stand-in: the first administrator has yet to say their own
	Password   bool
	TOTP       bool
	Codes      int // recovery codes that are left
	Passkeys   []Passkey
	Identities []Identity
	Sessions   []Session
	Rules      Rules
}

// Enough tells whether somebody can sign in by what they have, as the rules ask.
func (a Account) Enough() bool {
	r := a.Rules
	return (r.Passkeys && len(a.Passkeys) > 0) || (r.Provider && len(a.Identities) > 0) || (r.Passwords && a.Password && (a.TOTP || !r.Second))
}

// Ways are what the server offers: passkeys need a host name, a provider has to be set up.
type Ways struct {
	Passkeys bool
	Provider string // its name for the button, or ""
}

// Pending is a secret of one-time codes that is not confirmed yet.
type Pending struct {
	URI    string // otpauth:// address, for a QR code
	Secret string // the same in letters, to type
}

// Invited is whom an invitation is for.
type Invited struct {
	Email string
	Firm  string
}

// Door signs members of staff in and out. What a caller may be told are errors of the kind *usher.Error: CodeUnauthenticated for whatever was wrong,
// CodeLimited after too many tries.
type Door interface {
	// Ways says what the server offers.
	Ways() Ways
	// SignIn takes a password. An unknown address, a wrong password and a member who is kept out get the same answer after the same work.
	SignIn(ctx context.Context, email, password string, v Visitor) (Session, error)
	// Second takes a one-time or recovery code from somebody whose password was right, and gives the session with its new cookie.
	Second(ctx context.Context, s Session, code string, v Visitor) (Session, error)
	// Enter gives the session of a cookie, whatever its stage. Every call counts as something done.
	Enter(ctx context.Context, cookie string, v Visitor) (Session, error)
	// Leave ends a session; an unknown cookie has left already.
	Leave(ctx context.Context, cookie string) error
	// SetKeys switches the single-letter keys of the desk off, or on again, for a member of staff.
	SetKeys(ctx context.Context, staff string, off bool) error

	// Prove takes password and code, where there is one, once more from somebody who is signed in.
	Prove(ctx context.Context, s Session, password, code string, v Visitor) (Session, error)
	// AskPasskey gives the options for navigator.credentials.get and the ticket of the challenge. With a session it is for proving once more who it is.
	AskPasskey(ctx context.Context, s *Session, v Visitor) (options json.RawMessage, ticket string, err error)
	// TakePasskey takes the browser's answer.
	TakePasskey(ctx context.Context, s *Session, ticket string, answer []byte, v Visitor) (Session, error)
	// AskProvider gives the address at the identity provider to go to, and the ticket that state and nonce are bound to. next is where to go after.
	AskProvider(ctx context.Context, s *Session, next string, v Visitor) (address, ticket string, err error)
	// TakeProvider takes what the provider sent the browser back with.
	TakeProvider(ctx context.Context, s *Session, ticket, state, code string, v Visitor) (in Session, next string, err error)
	// KeepForm keeps what somebody has sent, sealed and for some minutes, while they prove elsewhere who they are; KeptForm gives it back to them alone,
	// CodeNotFound when there is none. The ticket is "" where the server can seal nothing.
	KeepForm(ctx context.Context, s Session, form []byte, v Visitor) (ticket string, err error)
	KeptForm(ctx context.Context, s Session, ticket string) ([]byte, error)

	// Invitation tells whom an invitation is for, and uses nothing up.
	Invitation(ctx context.Context, token string) (Invited, error)
	// Accept uses an invitation up and gives a session in which ways to sign in are set up.
	Accept(ctx context.Context, token string, v Visitor) (Session, error)
	// Finish turns a session that sets up into one that is in, once there is a way to sign in.
	Finish(ctx context.Context, s Session, v Visitor) (Session, error)

	// Account shows how the member of a session signs in.
	Account(ctx context.Context, s Session) (Account, error)
	// Name takes the e-mail address of somebody whose own is a stand-in.
	Name(ctx context.Context, s Session, email string) error
	// SetOwnPassword gives the member of a session another password; their other sessions end.
	SetOwnPassword(ctx context.Context, s Session, password string) (Session, error)
	// BeginTOTP makes a secret that CommitTOTP confirms by a code from it; Pending shows it meanwhile.
	BeginTOTP(ctx context.Context, s Session) (ticket string, err error)
	PendingTOTP(ctx context.Context, s Session, ticket string) (Pending, error)
	CommitTOTP(ctx context.Context, s Session, ticket, code string) (codes []string, in Session, err error)
	RemoveTOTP(ctx context.Context, s Session) (Session, error)
	// NewCodes gives new recovery codes in place of all old ones.
	NewCodes(ctx context.Context, s Session) ([]string, error)
	// BeginPasskey gives the options for navigator.credentials.create and the ticket of the challenge; CommitPasskey takes the answer.
	BeginPasskey(ctx context.Context, s Session) (options json.RawMessage, ticket string, err error)
	CommitPasskey(ctx context.Context, s Session, ticket, name string, answer []byte) (Session, error)
	RemovePasskey(ctx context.Context, s Session, id string) (Session, error)
	// EndSession ends one of the member's sessions, EndOthers all but this one.
	EndSession(ctx context.Context, s Session, id string) error
	EndOthers(ctx context.Context, s Session) error
}

// Team makes and changes members of a tenant's staff; by is the administrator.
type Team interface {
	// Members lists them, by e-mail address.
	Members(ctx context.Context, tenant string) ([]Member, error)
	// Invite makes a member and gives the secret of the link by which they set up how they sign in.
	Invite(ctx context.Context, tenant, email string, role usher.Role, by usher.Actor) (token string, err error)
	// Reinvite takes every way to sign in from a member and gives the secret of another such link.
	Reinvite(ctx context.Context, tenant, id string, by usher.Actor) (token string, err error)
	// Confirm takes the word of a second administrator that a member signs in for themselves; generation is the member's as the administrator saw it.
	// CodeForbidden for the member, for who set them up and for who is not confirmed; CodeConflict when it is not set up, or changed since.
	Confirm(ctx context.Context, tenant, id string, generation int64, by usher.Actor) error
	SetRole(ctx context.Context, tenant, id string, role usher.Role, by usher.Actor) error
	Disable(ctx context.Context, tenant, id string, disabled bool, by usher.Actor) error
	// Sessions lists where a member is signed in; SignOut ends one by id, or with "" all.
	Sessions(ctx context.Context, tenant, id string) ([]Session, error)
	SignOut(ctx context.Context, tenant, id, session string, by usher.Actor) error
	// Release lets a member try again who was locked out by wrong tries.
	Release(ctx context.Context, tenant, id string, by usher.Actor) error
	// Rules and SetRules are how the tenant's staff may sign in.
	Rules(ctx context.Context, tenant string) (Rules, error)
	SetRules(ctx context.Context, tenant string, r Rules, by usher.Actor) error
}

// Member is a member of staff as a list shows them.
type Member struct {
	usher.Staff
	Disabled  bool
	Invited   bool // has no way to sign in yet
	Locked    bool // must wait after wrong tries
	Ways      []string
	CreatedAt time.Time

	SetUpBy    string // the administrator on whose word alone they sign in, or ""
	Generation int64  // changes with whatever ends their sign-ins
}
