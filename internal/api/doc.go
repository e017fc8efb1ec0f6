// Package api is the HTTP kit for machines: what every dialect needs in front of its routes and nothing of what one dialect says.
//
// The way of a request: [Front] gives it an id, catches panics, writes one line to the access log, sets the headers of an answer nobody may
// cache, limits the caller's address, refuses forms, finds the client behind the bearer token, limits that client, and holds a repeated
// Idempotency-Key to one effect; then the dialect's own routes see it. The dialect reads its body with [JSON], its page with [ReadPaging]
// and answers a failure with [WriteProblem] or, in a shape of its own, with [Public] and [Status].
//
// Statuses: 400 is what cannot be read (no JSON, an unusable query parameter, an unknown cursor), 422 is what was read and is wrong.
package api
