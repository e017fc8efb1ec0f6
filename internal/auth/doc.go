// Package auth knows who is calling: API clients by their secrets and tokens, members of staff by password and cookie. It implements
// [usher.Credentials] and [usher.StaffDoor] on the store.
//
// The way of data: a secret, token or cookie is checked for its shape (a typo costs no database read), hashed with SHA-256 and looked up;
// what is stored never suffices to sign in. Nothing is cached: every answer is read from the database, so that a token revoked, a secret
// rotated or a member of staff disabled is refused from the next request on, by every process on the same database.
//
// Passwords are hashed with argon2id. Wrong ones are counted in the database, by account and by address, and what cannot sign in takes as
// long and says the same whether or not there is such an account.
package auth
