package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// AnswerKept is how long the answer under an idempotency key is kept.
const AnswerKept = 24 * time.Hour

// Once names one wish of one client: the value of its Idempotency-Key header, which it sends again when it did not hear the answer.
type Once struct {
	Tenant string
	Client string
	Key    string
	// New says that nothing was made under the key so far: whoever makes something need not look for it.
	New bool
	// Whole is for requests whose effect is one change, and not nil for them: that change takes the key and keeps the answer as well.
	Whole *Whole
}

type onceKey struct{}

// WithOnce puts a wish into a context.
func WithOnce(ctx context.Context, o Once) context.Context {
	return context.WithValue(ctx, onceKey{}, o)
}

// OnceFrom gives the wish a context belongs to, and whether there is one. The writer of the effect stores it in the same transaction: when the
// process dies between that transaction and [Idempotency.Finish], the repeated request finds the effect instead of making a second one.
func OnceFrom(ctx context.Context) (Once, bool) {
	o, ok := ctx.Value(onceKey{}).(Once)
	return o, ok
}

// Standing is what is known of an idempotency key.
type Standing int

// The standings of a key.
const (
	Fresh      Standing = iota // nothing was made under it, and it is the caller's now
	Taken                      // it is the caller's now; an earlier holder died without an answer, but made something
	Replay                     // it was answered; the answer is given
	Mismatch                   // it belongs to another request
	InProgress                 // somebody is at it
)

// Answer is as much of an answer as is kept. Body may hold personal data: it is stored sealed.
type Answer struct {
	Status int
	Header http.Header // of keptHeaders
	Body   []byte
}

// Begun is what Begin found.
type Begun struct {
	Standing Standing
	Answer   Answer    // of Replay
	Since    time.Time // of Fresh and Taken: since when the caller holds the key
}

// Idempotency remembers keys. Begin is atomic: of two calls with one key only one is Fresh. A key whose holder neither finished nor let go is
// taken over after a while that is longer than any request takes.
type Idempotency interface {
	// Look tells what is known of a key without taking it: Fresh when nobody has had it, Taken when somebody has and gave no answer so far.
	Look(ctx context.Context, o Once, fingerprint [32]byte) (Begun, error)
	Begin(ctx context.Context, o Once, fingerprint [32]byte) (Begun, error)
	// Finish keeps the answer for [AnswerKept].
	Finish(ctx context.Context, o Once, a Answer) error
	// Release lets go of a key whose request had no effect, so that it can be tried again. One that another has taken over since stays theirs.
	Release(ctx context.Context, o Once, since time.Time) error
}

const (
	longestKey    = 255
	finishTimeout = 5 * time.Second
)

// idempotent holds POST requests with an Idempotency-Key to one effect (draft-ietf-httpapi-idempotency-key-header-07). Only what succeeded
// is kept: an error has changed nothing, so its key is free again, for a corrected request as well.
func idempotent(f Front, next http.Handler) http.Handler {
	if f.Idempotency == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, signedIn := PrincipalFrom(r.Context())
		if r.Method != http.MethodPost || !signedIn || len(r.Header.Values("Idempotency-Key")) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		key, err := readKey(r.Header)
		if err != nil {
			f.Fail(w, r, err)
			return
		}
		sum, err := fingerprint(w, r, f.bodyLimit())
		if err != nil {
			f.Fail(w, r, err)
			return
		}
		once := Once{Tenant: p.Client.TenantID, Client: p.Client.ID, Key: key}
		if f.Whole != nil && f.Whole(r) && f.whole(w, r, once, sum, next) {
			return
		}
		begun, err := f.Idempotency.Begin(r.Context(), once, sum)
		if err != nil || begun.Standing > Taken {
			f.again(w, r, begun, err)
			return
		}
		f.first(w, r, once, begun, next)
	})
}

// again answers a request whose key is not the caller's.
func (f Front) again(w http.ResponseWriter, r *http.Request, begun Begun, err error) {
	switch {
	case err != nil:
		f.Fail(w, r, err)
	case begun.Standing == Replay:
		begun.Answer.replay(w)
	case begun.Standing == Mismatch:
		f.Fail(w, r, f.Conflicts.otherRequest())
	default:
		w.Header().Set("Retry-After", "1")
		f.Fail(w, r, f.Conflicts.inProgress())
	}
}

// readKey gives the key, with or without the quotes that the draft asks for.
func readKey(h http.Header) (string, error) {
	values := h.Values("Idempotency-Key")
	key := strings.TrimSpace(values[0])
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	plain := strings.IndexFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) < 0
	if len(values) > 1 || key == "" || len(key) > longestKey || !plain {
		return "", Malformed("Idempotency-Key", "give one key of 1 to 255 plain characters, such as a UUID")
	}
	return key, nil
}

// first serves a request that holds its key, and keeps the answer before it is sent: an answer the client has seen can always be given again.
func (f Front) first(w http.ResponseWriter, r *http.Request, once Once, begun Begun, next http.Handler) {
	held := &heldAnswer{header: w.Header().Clone()}
	kept := false
	// The client may have hung up, or the handler may panic: the key must not stay taken for either.
	defer func() {
		if !kept {
			noted(r.Context(), func(ctx context.Context) error { return f.Idempotency.Release(ctx, once, begun.Since) })
		}
	}()
	wish := once
	wish.New = begun.Standing == Fresh
	next.ServeHTTP(held, r.WithContext(WithOnce(r.Context(), wish)))
	if held.code() < http.StatusBadRequest {
		// Where that fails the effect stands, so the client is told of it; should it ask again, the effect is found by Once.
		answer := held.answer()
		noted(r.Context(), func(ctx context.Context) error { return f.Idempotency.Finish(ctx, once, answer) })
		kept = true
	}
	held.send(w)
}

// noted has the end of a call noted, and waits for that, but no longer than finishTimeout: a database that is away holds back no answer. What is under
// way then may be written still; a key that stays taken is taken over later.
func noted(ctx context.Context, note func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- note(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = fmt.Errorf("note the end of a call: %w", ctx.Err())
	}
	if err != nil {
		_ = Public(ctx, err)
	}
}

// Conflicts says how the two conflicts of an idempotency key are answered. The zero value is the native API's: 422 for a key that belongs to
// another request, 409 for one in progress.
type Conflicts struct {
	OtherRequest usher.Code
}

func (c Conflicts) otherRequest() *usher.Error {
	code := c.OtherRequest
	if code == "" {
		code = usher.CodeInvalid
	}
	return &usher.Error{
		Code: code, Field: "Idempotency-Key", Detail: DetailKeyReused,
		Message: "this key was used for another request; take a new key for a new request",
	}
}

func (Conflicts) inProgress() *usher.Error {
	return &usher.Error{
		Code: usher.CodeConflict, Field: "Idempotency-Key", Detail: DetailInProgress,
		Message: "a request with this key is being served; ask again in a moment",
	}
}
