package auth

import "time"

// Runs gives how many passwords were hashed or compared.
func (a *Auth) Runs() int64 { return a.runs.Load() }

// CodeAt gives the code that an authenticator program shows.
func CodeAt(secret []byte, now time.Time) string { return codeAt(secret, stepOf(now)) }

// IsCommon tells whether a password is made of what everybody tries.
func IsCommon(password, email, firm string) bool { return isCommon(password, email, firm) }
