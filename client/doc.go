// Package client is a Go client of usher's native API, and verifies the webhooks it sends. It needs nothing but the standard library.
//
// A [Client] signs in by itself and again when its token ends. Calls that create or change something carry an Idempotency-Key, so they are
// sent again when an answer does not arrive; the key is drawn for each call, or taken from the context ([WithKey]) where the caller keeps one
// of their own over restarts. Errors of the server are [*Error].
package client
