// Package usher is the domain of an onboarding server: who is being onboarded, by which steps, what was checked, what was decided and what
// the client is told. It holds types, rules and one pure function, [Decide], through which every change of a session passes.
//
// The way of data: a front (a dialect, the hosted page, the desk) turns a request into a [Command]; the engine loads the [Session], calls
// [Decide], and writes the new session, its events and the deliveries rendered from them in one transaction. Nothing here does I/O, reads a
// clock, starts a goroutine or draws a random number: time comes in as an argument and identifiers are set by the engine. That is what lets
// the engine commit many callers' changes together, and lets tests run hundreds of thousands of histories in a second.
//
// Leaves (dialects, checks, pages, stores) depend on this package and never on one another; what two of them share is an interface here.
package usher

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Code says what kind of answer an [Error] is. Every front maps the eight codes to its own statuses and shapes.
type Code string

const (
	CodeInvalid         Code = "invalid"         // the request is wrong: a field is missing, malformed or out of range
	CodeUnauthenticated Code = "unauthenticated" // no or unknown credentials
	CodeForbidden       Code = "forbidden"       // known caller, not allowed
	CodeNotFound        Code = "not_found"       // no such thing for this tenant
	CodeConflict        Code = "conflict"        // the thing is in a state that does not allow this
	CodeGone            Code = "gone"            // it was there and is not any more: expired link, erased applicant
	CodeLimited         Code = "limited"         // too many, too fast, too large
	CodeInternal        Code = "internal"        // our fault; the message must not tell more than that
)

// Error is what a caller may be told: a code, and a message that names the way out.
type Error struct {
	Code    Code
	Field   string // dotted path of the request field at fault, or ""
	Detail  string // finer machine-readable word below the code, such as "not_a_picture", or ""
	Message string
	Err     error // the cause, for logs only
}

// Error gives code, field and message; not the cause, which may hold personal data.
func (e *Error) Error() string {
	if e.Field != "" {
		return fmt.Sprintf("%s: %s: %s", e.Code, e.Field, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Passes tells whether what is needed was away: the same may be asked again in a moment.
func (e *Error) Passes() bool { return e.Code == CodeInternal && e.Detail == "unavailable" }

// Passes tells whether an error, of whatever kind, says of itself that it passes.
func Passes(err error) bool {
	p, ok := errors.AsType[interface {
		error
		Passes() bool
	}](err)
	return ok && p.Passes()
}

// Invalid makes an error of code invalid for one field.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Conflict makes an error of code conflict.
func Conflict(format string, args ...any) *Error {
	return &Error{Code: CodeConflict, Message: fmt.Sprintf(format, args...)}
}

// NotFound makes an error of code not_found for a kind of thing. Without its id: another tenant's and an unknown one must look the same.
func NotFound(kind string) *Error { return &Error{Code: CodeNotFound, Message: "no such " + kind} }

// Mode says whether a tenant's people are real.
type Mode string

const (
	Live    Mode = "live"    // they are
	Sandbox Mode = "sandbox" // they are made up, and simulations are allowed
)

// Tenant is a firm that uses this server. It owns everything below it, and its id is part of every key.
type Tenant struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"` // shown to applicants
	Mode      Mode      `json:"mode"`
	Currency  string    `json:"currency"` // ISO 4217, for accounts opened here; default EUR
	CreatedAt time.Time `json:"created_at"`

	WebhookHosts []string `json:"webhook_hosts,omitempty"` // see [Tenant.MaySend]
}

// ActorKind says what sort of actor issued a command.
type ActorKind string

const (
	ByClient    ActorKind = "client"    // a tenant's back end, through an API
	ByApplicant ActorKind = "applicant" // the person on the hosted page
	ByStaff     ActorKind = "staff"     // a reviewer at the desk
	BySystem    ActorKind = "system"    // a timer, a check, an account opener
)

// Actor is who issued a command: for clients the API client's id, for staff the member's id.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
	Role Role      `json:"role,omitempty"` // of staff
}

// Page is one page of a list. Next is the cursor of the following page, "" on the last one.
type Page[T any] struct {
	Items []T
	Next  string
	Total int // of the whole list, where it was asked for
}

// find gives the first member of a list that is what is looked for, and its place.
func find[T any](list []T, is func(T) bool) (T, int, bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], i, true
	}
	var none T
	return none, -1, false
}
