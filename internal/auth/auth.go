package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/store"
)

// How long a member of staff stays signed in (house rule after OWASP's session management advice).
const (
	DefaultIdle     = 15 * time.Minute
	DefaultAbsolute = 10 * time.Hour
)

// Config is what an Auth needs. Only Store must be set.
type Config struct {
	Store    *store.Store
	Now      func() time.Time // nil means time.Now
	UUIDKeys []string         // dialects whose keys look like UUIDs, as their vendor's do; nil means intergiro (its contract, section 2)
	Idle     time.Duration    // of a staff session without a request; 0 means DefaultIdle
	Absolute time.Duration    // of a staff session in all; 0 means DefaultAbsolute
	Log      *slog.Logger     // nil means slog.Default

	Seal     Sealer    // keeps the secrets of one-time codes; without one nobody has such codes
	DeskURL  string    // how staff reach the desk, such as https://desk.example.com: where passkeys are bound to; empty does without them
	Provider *Provider // who else says who members of staff are; nil does without

	Signed func(outcome string) // told of each sign-in: "ok", "wrong" or "locked"; nil tells nobody

	HashMemory uint32 // KiB that argon2id takes for a new password; 0 means 19 MiB, and only a test takes less
}

// Ways says what the server offers; see [door.Door].
func (a *Auth) Ways() door.Ways {
	w := door.Ways{Passkeys: a.passkeys != nil}
	if a.config.Provider != nil {
		w.Provider = cmp.Or(a.config.Provider.Name, "OpenID Connect")
	}
	return w
}

// Auth knows API clients, tokens and staff. All its methods may be called at once by many.
type Auth struct {
	config Config
	store  *store.Store
	hashes chan struct{} // bounds how many passwords are hashed at once, each of which takes 19 MiB
	memory memory
	decoy  string // what the password of an unknown account is compared with
	runs   atomic.Int64

	passkeys  *webauthn.WebAuthn // nil where there are none
	discovery discovery          // what the provider says of itself
}

// Sealer keeps secrets of a tenant; a vault is one.
type Sealer interface {
	SealTenant(tenant string, plaintext, ad []byte) ([]byte, error)
	OpenTenant(tenant string, sealed, ad []byte) ([]byte, error)
}

var (
	_ usher.Credentials = (*Auth)(nil)
	_ door.Door         = (*Auth)(nil)
	_ door.Team         = (*Auth)(nil)
)

// New gives an Auth on a store.
func New(c Config) *Auth {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.UUIDKeys == nil {
		c.UUIDKeys = []string{"intergiro"}
	}
	if c.Idle == 0 {
		c.Idle = DefaultIdle
	}
	if c.Absolute == 0 {
		c.Absolute = DefaultAbsolute
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Signed == nil {
		c.Signed = func(string) {}
	}
	if c.HashMemory == 0 {
		c.HashMemory = argonMemory
	}
	return &Auth{
		config: c, store: c.Store, hashes: make(chan struct{}, runtime.NumCPU()), decoy: hashPassword(rand.Text(), c.HashMemory),
		passkeys: relyingParty(c.DeskURL),
	}
}

func (a *Auth) now() time.Time { return a.config.Now().UTC() }

// uuidKey tells whether keys of a dialect look like UUIDs.
func (a *Auth) uuidKey(dialect string) bool { return slices.Contains(a.config.UUIDKeys, dialect) }

// unauthenticated is the one answer to everything that is not a valid credential.
func unauthenticated(detail string) error {
	return &usher.Error{Code: usher.CodeUnauthenticated, Detail: detail, Message: "these credentials are not valid, or not any more"}
}

// entry makes an entry of the trail. Detail holds no personal data.
func (a *Auth) entry(tenant string, by usher.Actor, action, object, detail string) usher.AuditRecord {
	now := a.now()
	return usher.AuditRecord{ID: newID(now), TenantID: tenant, At: now, Actor: by, Action: action, Object: object, Detail: detail}
}

// audit writes an entry of the trail by itself.
func (a *Auth) audit(ctx context.Context, tenant string, by usher.Actor, action, object, detail string) error {
	if err := a.store.AddAudit(ctx, a.entry(tenant, by, action, object, detail)); err != nil {
		return fmt.Errorf("write audit entry: %w", err)
	}
	return nil
}

// newID gives a UUID of version 7 (RFC 9562, section 5.7): ids sort by the time they were made.
func newID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16) // no clock stands before 1970
	_, _ = rand.Read(b[6:])                                        // crypto/rand never fails; it ends the program first
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	return formatUUID(b)
}

// newUUID gives a random UUID (version 4): 122 bits.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return formatUUID(b)
}

func formatUUID(b [16]byte) string {
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
