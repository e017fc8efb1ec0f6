package api

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/usher-kyc/usher"
)

// Whole is an idempotency key on its way to the one change that its request makes. Nothing holds the key before: of two requests that come at once both
// are served, one change is written, and both are given its answer.
type Whole struct {
	Fingerprint [32]byte
	// Render gives the answer ahead of the change, so that it is kept with it. Where it is nil, or says something else than the answer that is sent in
	// the end, that answer is kept afterwards.
	Render func(Made) (Answer, error)

	Written bool    // by who makes the change: it was written, and the key with it
	Kept    *Answer // and this answer
	Lost    bool    // or it was not: perhaps another change had the key
}

// Made is what a request made.
type Made struct {
	Applicant usher.Applicant
	Session   usher.Session
	Link      usher.Link
}

// Rendered says how the answer to the request of a context looks, where the answer is kept with what the request makes.
func Rendered(ctx context.Context, render func(Made) (Answer, error)) {
	if o, ok := OnceFrom(ctx); ok && o.Whole != nil {
		o.Whole.Render = render
	}
}

// whole serves a request whose effect takes its key, unless somebody has begun with that key otherwise.
func (f Front) whole(w http.ResponseWriter, r *http.Request, once Once, sum [32]byte, next http.Handler) (served bool) {
	known, err := f.Idempotency.Look(r.Context(), once, sum)
	if known.Standing == Taken && err == nil {
		return false
	}
	if known.Standing != Fresh || err != nil {
		f.again(w, r, known, err)
		return true
	}
	wish := once
	wish.New, wish.Whole = true, &Whole{Fingerprint: sum}
	held := &heldAnswer{header: w.Header().Clone()}
	next.ServeHTTP(held, r.WithContext(WithOnce(r.Context(), wish)))
	if wish.Whole.Lost {
		known, err := f.Idempotency.Look(r.Context(), once, sum)
		if known.Standing != Fresh || err != nil {
			f.again(w, r, known, err)
			return true
		}
	}
	if a := held.answer(); wish.Whole.Written && a.Status < http.StatusBadRequest && !a.is(wish.Whole.Kept) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), finishTimeout)
		defer cancel()
		if err := f.Idempotency.Finish(ctx, once, a); err != nil {
			_ = Public(ctx, err) // the effect stands, so the client is told of it
		}
	}
	held.send(w)
	return true
}

// is tells whether two answers say the same.
func (a Answer) is(b *Answer) bool {
	return b != nil && a.Status == b.Status && bytes.Equal(a.Body, b.Body) && maps.EqualFunc(a.Header, b.Header, slices.Equal)
}
