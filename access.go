package usher

import (
	"net/netip"
	"slices"
	"time"
)

// Scope is a right of an API client.
type Scope string

// The scopes of the native API: read anything of the tenant; create and change; decide on sessions; administer endpoints and flows.
const (
	ScopeRead   Scope = "read"
	ScopeWrite  Scope = "write"
	ScopeDecide Scope = "decide"
	ScopeAdmin  Scope = "admin"
)

// APIClient is a credential of a tenant for one dialect.
type APIClient struct {
	ID             string    `json:"id"`
	TenantID       string    `json:"tenant_id"`
	Dialect        string    `json:"dialect"`
	Name           string    `json:"name"`
	Scopes         []Scope   `json:"scopes"`
	DefaultFlow    string    `json:"default_flow"`
	ReturnURLs     []string  `json:"return_urls"`     // allowed prefixes of return_url; empty allows none but, in dev, any https or loopback one
	FrameAncestors []string  `json:"frame_ancestors"` // origins that may frame the hosted page, where the dialect knows framing
	CreatedAt      time.Time `json:"created_at"`

	ExpiresAt time.Time      `json:"-"` // when it is refused, with what it signed in for; zero is never
	AllowFrom []netip.Prefix `json:"-"` // the networks it may call from; none is everywhere
	SecretNo  int64          `json:"-"` // which of its secrets it signed in with, where it did; from 1
}

// Has tells whether the client was given a scope.
func (c APIClient) Has(s Scope) bool { return slices.Contains(c.Scopes, s) }

// Role is what a member of staff is at the desk. What each may do is said by [Grants].
type Role string

// The roles.
const (
	RoleViewer    Role = "viewer"    // sees cases
	RoleReviewer  Role = "reviewer"  // and decides
	RoleSenior    Role = "senior"    // and overturns decisions
	RoleAuditor   Role = "auditor"   // reads the audit trail, and no case
	RoleDeveloper Role = "developer" // has to do with keys and endpoints, and with no case
	RoleAdmin     Role = "admin"     // all of it
)

// Roles lists every role.
func Roles() []Role {
	return []Role{RoleViewer, RoleReviewer, RoleSenior, RoleAuditor, RoleDeveloper, RoleAdmin}
}

// Staff is a member of a tenant's staff, who signs in at the desk.
type Staff struct {
	ID       string `json:"id"`
	TenantID string `json:"tenant_id"`
	Email    string `json:"email"`
	Role     Role   `json:"role"`
	KeysOff  bool   `json:"keys_off,omitempty"` // single-letter keys of the desk (WCAG 2.2, 2.1.4)
}

// Actor gives the member as the author of a command.
func (s Staff) Actor() Actor { return Actor{Kind: ByStaff, ID: s.ID, Role: s.Role} }

// Caller gives the member as one who asks.
func (s Staff) Caller() Caller { return Caller{Actor: s.Actor(), TenantID: s.TenantID} }
