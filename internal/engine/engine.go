// Package engine carries out commands. It is the only writer of sessions, and what stands behind [usher.Service].
//
// The way of data: Do loads a session, lets [usher.Decide] say what happens, renders each event for each endpoint that wants it, and hands
// the new row, the events, the deliveries and the jobs to the store as one change. After the commit the webhook sender is woken, and the
// job queue runs the checks and opens the accounts; what they find comes back through Do. A process that dies at any point leaves all of a
// change or none of it, and a job that was running runs again: every report is held against the round it was asked in.
//
// Documents are sealed here, with the keys of the applicant they are about, before the store sees them.
package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

// Blobs keeps evidence files, sealed.
type Blobs interface {
	// Put stores the original bytes and gives where they are, their SHA-256 in hex and their size in bytes. When it returns they are on disk.
	Put(ctx context.Context, tenant, applicant string, r io.Reader) (ref, sha256 string, size int64, err error)
	Open(ctx context.Context, ref string, offset int64) (io.ReadCloser, error)
	DeleteApplicant(ctx context.Context, tenant, applicant string) error
	// Sweep removes files older than a time that known does not know. It looks at most at so many, from behind the given place on, and gives the place
	// to go on from, also with an error; "" is the end.
	Sweep(ctx context.Context, known func(ctx context.Context, tenant, applicant, ref string) (bool, error), olderThan time.Time,
		after string, most int) (next string, err error)
	// Name tells stores apart.
	Name() string
}

// Queue runs jobs.
type Queue interface {
	Start(ctx context.Context, h store.Handler, timers []store.Timer) error
	Stop(ctx context.Context) error
}

// Config is what an engine is built from. Store, Queue, Vault, Blobs and LinkURL are required.
type Config struct {
	Store     *store.Store
	Queue     Queue
	Vault     *vault.Vault
	Blobs     Blobs
	Renderers []usher.Renderer                   // one per dialect
	Checkers  []usher.Checker                    // one per kind of check
	Simulated []usher.Checker                    // what answers for evidence that a sandbox made up
	Openers   []usher.AccountOpener              // one per name
	Pages     []usher.StepKind                   // the applicant's steps that the hosted page can show
	Senders   map[usher.Channel]usher.CodeSender // what brings one-time codes to people

	HandoffURL func(token string) string // of the page that a second browser opens
	LinkURL    func(token string) string // the address of the applicant's page
	Stamps     usher.Stamps              // signs the links that can be asked for again
	NeedsAuth  func(dialect string) bool // whether endpoints of a dialect need authentication in live tenants; nil asks for none
	CheckURL   func(url string) error    // whether an endpoint's address may be called; nil allows all
	Wake       func()                    // wakes the webhook sender after a commit
	Told       func([]usher.Event)       // is told of events once they are on disk; nil tells nobody
	// KeepDeliveries is how long deliveries are kept that wait for nobody any more; 0 keeps them all.
	KeepDeliveries time.Duration
	// TakeOver frees the jobs that a dead node was at; nil where there is one node.
	TakeOver func(ctx context.Context, node string) error
	Stand    func(k usher.EvidenceKind) []byte // a picture that stands in for evidence in simulations
	Dev      bool                              // allows any https or loopback return URL
	Now      func() time.Time
	Log      *slog.Logger
}

// Engine is an [usher.Service], an [usher.Outbox] and the memory of idempotency keys.
type Engine struct {
	c         Config
	renderers map[string]usher.Renderer
	checkers  map[usher.CheckKind]usher.Checker
	simulated map[usher.CheckKind]usher.Checker
	openers   map[string]usher.AccountOpener
	known     usher.Known
	cache     cache
	quit      chan struct{}  // closed when the engine stops
	stop      sync.Once      // closes it
	late      sync.WaitGroup // timers of held decisions
	beaten    atomic.Pointer[time.Time]
	barred    atomic.Bool // this node seals with a master key that was dropped
	skew      atomic.Int64
}

var (
	_ usher.Service = (*Engine)(nil)
	_ usher.Outbox  = (*Engine)(nil)
	_ usher.Auditor = (*Engine)(nil)
)

// New puts an engine together.
func New(c Config) *Engine {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Stand == nil {
		c.Stand = func(usher.EvidenceKind) []byte { return onePixel() }
	}
	c.Stand = remembered(c.Stand)
	if c.Wake == nil {
		c.Wake = func() {}
	}
	if c.Told == nil {
		c.Told = func([]usher.Event) {}
	}
	e := &Engine{
		c: c, renderers: map[string]usher.Renderer{}, checkers: map[usher.CheckKind]usher.Checker{},
		simulated: map[usher.CheckKind]usher.Checker{}, openers: map[string]usher.AccountOpener{},
		known: usher.Known{Steps: c.Pages, Channels: slices.Sorted(maps.Keys(c.Senders))}, quit: make(chan struct{}),
	}
	for _, r := range c.Renderers {
		e.Speak(r)
	}
	for _, k := range c.Checkers {
		e.checkers[k.Kind()] = k
		e.known.Checks = append(e.known.Checks, k.Kind())
	}
	for _, k := range c.Simulated {
		e.simulated[k.Kind()] = k
		// A flow of development may name what only outside providers can do; in production it is refused without one.
		if c.Dev && !slices.Contains(e.known.Checks, k.Kind()) {
			e.known.Checks = append(e.known.Checks, k.Kind())
		}
	}
	for _, o := range c.Openers {
		e.openers[o.Name()] = o
		e.known.Openers = append(e.known.Openers, o.Name())
	}
	return e
}

// Speak adds a dialect that events are told in: before Start, for dialects that need the engine to be there first.
func (e *Engine) Speak(r usher.Renderer) { e.renderers[r.Name()] = r }

// remembered draws a stand-in once for each kind: drawing took a sixth of what a simulated onboarding costs.
func remembered(draw func(usher.EvidenceKind) []byte) func(usher.EvidenceKind) []byte {
	drawn := map[usher.EvidenceKind]func() []byte{}
	for _, kind := range usher.EvidenceKinds() {
		drawn[kind] = sync.OnceValue(func() []byte { return draw(kind) })
	}
	return func(kind usher.EvidenceKind) []byte { return drawn[kind]() }
}

// onePixel is the smallest picture there is.
func onePixel() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))) // a buffer takes every write
	return b.Bytes()
}

// The kinds of job.
const (
	jobChecks  = "checks"
	jobAccount = "account"
	jobSweep   = "sweep"
	jobTidy    = "tidy"
	jobFiles   = "files"
	jobKeep    = "keep"
	jobKeepAll = "keep-all"
)

// Start begins to work jobs and timers.
func (e *Engine) Start(ctx context.Context) error {
	return e.c.Queue.Start(ctx, e.work, []store.Timer{
		{Kind: jobSweep, Every: 5 * time.Second},
		{Kind: jobTidy, Every: time.Hour},
		{Kind: jobFiles, Every: time.Minute},
		{Kind: jobKeep, Every: time.Hour},
	})
}

// Stop waits for the jobs in hand. Decisions that are still held wait for the next start.
func (e *Engine) Stop(ctx context.Context) error {
	e.stop.Do(func() { close(e.quit) })
	e.late.Wait()
	return e.c.Queue.Stop(ctx)
}

// Known tells what this engine can do, for reading flows.
func (e *Engine) Known() usher.Known { return e.known }

func (e *Engine) now() time.Time { return e.c.Now().UTC().Truncate(time.Millisecond) }

// newID gives a UUID of version 7: its order is that of time, which keeps indexes compact and makes ids usable as cursors.
func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		// The system's source of randomness failed; there is no safe way on, and rand.Text fails the same way.
		return rand.Text()
	}
	return id.String()
}

// found turns the store's "not found" into what a caller may be told.
func found(err error, kind string) error {
	if errors.Is(err, store.ErrNotFound) {
		return usher.NotFound(kind)
	}
	return err
}

// cache holds what every command needs and hardly anything changes: tenants, endpoints and flows. Entries age, so that a node learns of
// another node's changes; only a version of a flow never changes.
type cache struct {
	mu        sync.Mutex
	tenants   map[string]aged[usher.Tenant]
	endpoints map[string]aged[[]usher.Endpoint]
	flows     map[flowKey]usher.Flow
	newest    map[flowKey]aged[usher.Flow] // by version 0
}

// aged is something that was read a while ago.
type aged[T any] struct {
	what T
	read time.Time
}

type flowKey struct {
	tenant, name string
	version      int
}

// How old what is remembered may be.
const (
	tenantAge    = 2 * time.Second
	endpointsAge = 2 * time.Second // where nobody but this process, and now and then the command line, changes them
	// On many nodes whoever changes an endpoint is answered when no node remembers it as it was; that must not take long.
	sharedAge = 250 * time.Millisecond
)

// Tenant gives a tenant's own record.
func (e *Engine) Tenant(ctx context.Context, id string) (usher.Tenant, error) {
	now := time.Now()
	e.cache.mu.Lock()
	had, ok := e.cache.tenants[id]
	e.cache.mu.Unlock()
	if ok && now.Sub(had.read) < tenantAge {
		return had.what, nil
	}
	t, err := e.c.Store.Tenant(ctx, id)
	if err != nil {
		return t, found(err, "tenant")
	}
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	if e.cache.tenants == nil {
		e.cache.tenants = map[string]aged[usher.Tenant]{}
	}
	e.cache.tenants[id] = aged[usher.Tenant]{t, now}
	return t, nil
}

// CreateTenant makes a tenant.
func (e *Engine) CreateTenant(ctx context.Context, name string, mode usher.Mode, currency string) (usher.Tenant, error) {
	t := usher.Tenant{ID: newID(), Name: name, Mode: mode, Currency: currency, CreatedAt: e.now()}
	if err := e.c.Store.PutTenant(ctx, t, e.setting(ctx, t.ID, "tenant.created", t.ID, string(mode))); err != nil {
		return t, fmt.Errorf("create tenant: %w", err)
	}
	return t, nil
}
