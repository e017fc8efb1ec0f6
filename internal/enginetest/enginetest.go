// Package enginetest gives tests a whole usher without its fronts: the real engine on a real database, with real keys and real files, in a folder
// that goes when the test ends. The database is SQLite, or PostgreSQL where USHER_TEST_STORE says postgres. Only what would reach beyond the process is left out: checks answer by table, webhooks are not sent but can be
// read, and time can be moved.
package enginetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/check/sandbox"
	"github.com/usher-kyc/usher/internal/engine"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/vault"
)

// Config adds what a test is about; the zero value will do.
type Config struct {
	Renderers []usher.Renderer
	Checkers  []usher.Checker // instead of the tabled ones, by kind
	Openers   []usher.AccountOpener
	Dir       string // "" is a new folder
	LinkBase  string // default https://verify.example.test/verify/s/
	RealTime  bool   // time passes by itself as well
	NeedsAuth func(dialect string) bool
}

// House is a running engine with tenants.
type House struct {
	*engine.Engine
	Service usher.Service
	Store   *store.Store
	Vault   *vault.Vault
	Blobs   blob.Evidence
	Stamps  usher.Stamps
	Tenant  usher.Tenant // sandbox
	Other   usher.Tenant // another sandbox
	Live    usher.Tenant
	Checks  *Table
	Codes   *Codes
	Dir     string

	t     testing.TB
	queue *gatedQueue
	mu    sync.Mutex
	shift time.Duration
	start time.Time
	real  bool
}

// Flows that every tenant has.
const (
	Onboarding = `name: onboarding
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, date_of_birth]}
  - document: {accept: [passport, id_card]}
  - selfie
  - run: [document, face]
  - decide: {automatic: approve}
  - account: {opener: internal}
`
	Phased = `name: phased
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, date_of_birth]}
  - run: {checks: [age], name: background, stop_on_reject: true}
  - document: {accept: [passport, id_card]}
  - run: [document]
  - decide: {automatic: approve, on_reject: reject}
`
	Identity = `name: identity
purpose: identity_verification
expires: 168h
steps:
  - consent: {text: identity-check}
  - document: {accept: [passport, id_card]}
  - selfie
  - run: [document, face]
  - decide: {automatic: approve}
`
	Address = `name: address
purpose: proof_of_address
expires: 168h
steps:
  - consent: {text: identity-check}
  - proof_of_address
  - decide: {}
`
)

// Open starts a house and its tenants. Jobs and timers run when the test says so: Settle.
func Open(t testing.TB, configs ...Config) *House {
	t.Helper()
	var c Config
	if len(configs) > 0 {
		c = configs[0]
	}
	again := c.Dir != "" // another house may follow in the same folder, in another test
	if !again {
		c.Dir = t.TempDir()
	}
	if c.LinkBase == "" {
		c.LinkBase = "https://verify.example.test/verify/s/"
	}
	ctx := context.Background()
	h := &House{t: t, Dir: c.Dir, Checks: &Table{}, Codes: &Codes{}, start: time.Now().Truncate(time.Minute), real: c.RealTime}
	db, err := openDatabase(ctx, t, c.Dir, again)
	must(t, err)
	t.Cleanup(func() { must(t, db.Store.Close()) })
	master, err := vault.OpenMaster(filepath.Join(c.Dir, "master.key"), "")
	must(t, err)
	h.Store = db.Store
	h.Vault, err = vault.New(vault.Config{Master: master, Keysets: db.Store, Now: h.Now})
	must(t, err)
	h.queue = &gatedQueue{db: db}
	files, err := blob.OpenFolder(blob.FolderConfig{
		Dir: filepath.Join(c.Dir, "evidence"), Now: h.Now,
		Keys: func(ctx context.Context, tenant, applicant string) (blob.Sealer, error) {
			return h.Vault.Sealer(ctx, tenant, applicant)
		},
	})
	must(t, err)
	h.Blobs = blob.Evidence{Store: files}
	if c.Openers == nil {
		c.Openers = []usher.AccountOpener{Opener{}}
	}
	if c.Checkers == nil {
		for _, k := range usher.CheckKinds() {
			c.Checkers = append(c.Checkers, tabled{kind: k, table: h.Checks})
		}
	}
	h.Stamps = api.Stamps{Key: bytes.Repeat([]byte{1}, 32), Now: h.Now}
	h.Engine = engine.New(engine.Config{
		Store: db.Store, Queue: h.queue, Vault: h.Vault, Blobs: h.Blobs, Renderers: c.Renderers, Checkers: c.Checkers,
		Simulated: sandbox.All(), Openers: c.Openers, Dev: true, Now: h.Now, Stamps: h.Stamps,
		Pages: []usher.StepKind{
			usher.StepConsent, usher.StepDetails, usher.StepContact, usher.StepDocument, usher.StepSelfie, usher.StepProofOfAddress,
		},
		Senders:    map[usher.Channel]usher.CodeSender{usher.ByEmail: h.Codes, usher.ByPhone: h.Codes},
		LinkURL:    func(token string) string { return c.LinkBase + token },
		HandoffURL: func(token string) string { return strings.TrimSuffix(c.LinkBase, "s/") + "h/" + token },
		NeedsAuth:  c.NeedsAuth,
	})
	h.Service = h.Engine
	must(t, h.Engine.Start(ctx))
	// Waited for to the end: what still wrote would do so into a folder that is being removed.
	t.Cleanup(func() { must(t, h.Engine.Stop(ctx)) })
	h.Tenant = h.tenant("Example Bank", usher.Sandbox)
	h.Other = h.tenant("Other Bank", usher.Sandbox)
	h.Live = h.tenant("Live Bank", usher.Live)
	return h
}

func (h *House) tenant(name string, mode usher.Mode) usher.Tenant {
	h.t.Helper()
	t, err := h.CreateTenant(context.Background(), name, mode, "EUR")
	must(h.t, err)
	for _, source := range []string{Onboarding, Phased, Identity, Address} {
		h.Publish(t.ID, source)
	}
	return t
}

// Publish makes a text the newest version of the flow it names.
func (h *House) Publish(tenant, source string) usher.Flow {
	h.t.Helper()
	name, _, _ := strings.Cut(strings.TrimPrefix(source, "name: "), "\n")
	f, err := h.PublishFlow(context.Background(), tenant, usher.Flow{Name: name}, source)
	must(h.t, err)
	return f
}

// Client gives an API client of a tenant for a dialect; it has every scope.
func (h *House) Client(t usher.Tenant, dialect string) usher.APIClient {
	return usher.APIClient{
		ID: "client-" + dialect, TenantID: t.ID, Dialect: dialect, Name: dialect, DefaultFlow: "onboarding",
		Scopes: []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide, usher.ScopeAdmin},
	}
}

// Now is the house's clock.
func (h *House) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.real {
		return time.Now().Add(h.shift)
	}
	// A clock that stands still would make all times of a test equal, and hide that order does not come from them.
	h.shift += time.Millisecond
	return h.start.Add(h.shift)
}

// Advance moves the clock and runs what has become due.
func (h *House) Advance(d time.Duration) {
	h.t.Helper()
	h.Pass(d)
	h.Settle()
}

// Pass moves the clock and runs nothing.
func (h *House) Pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shift += d
}

// Settle runs jobs and timers until nothing is left to do.
func (h *House) Settle() {
	h.t.Helper()
	h.queue.settle(h.t)
}

// Messages gives what a tenant's endpoints were sent, oldest first: every receiver takes what it is sent at once.
func (h *House) Messages(tenant string) []usher.Message {
	h.t.Helper()
	ctx := context.Background()
	var taken []usher.DeliveryReport
	for {
		now := h.Now()
		due, err := h.Exchange(ctx, taken, usher.DeliveryClaim{Now: now, Lease: time.Minute, Limit: 100})
		must(h.t, err)
		if len(due) == 0 {
			break
		}
		taken = nil
		for _, d := range due {
			taken = append(taken, usher.DeliveryReport{
				Delivery: d.Delivery, Status: usher.DeliveryDelivered, Attempt: usher.DeliveryAttempt{Number: d.Delivery.Attempts + 1, At: now, Status: 200},
			})
		}
	}
	page, err := h.ListDeliveries(ctx, tenant, usher.DeliveryFilter{Paging: usher.Paging{Limit: 200, Oldest: true}})
	must(h.t, err)
	var all []usher.Message
	for _, d := range page.Items {
		d, _, err := h.Delivery(ctx, tenant, d.ID)
		must(h.t, err)
		all = append(all, d.Message)
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Table says how the checks answer: clear and verified where it says nothing.
type Table struct {
	mu   sync.Mutex
	rows map[usher.CheckKind]usher.CheckResult
}

// Set makes a check answer with an outcome and reasons from now on.
func (t *Table) Set(kind usher.CheckKind, outcome usher.Outcome, reasons ...usher.ReasonCode) {
	r := usher.CheckResult{Kind: kind, Outcome: outcome, Assurance: usher.Verified, Provider: "table"}
	for _, code := range reasons {
		r.Reasons = append(r.Reasons, usher.Reason{Code: code, Check: kind})
	}
	t.SetResult(r)
}

// SetResult makes the check that a result names answer with all of it from now on.
func (t *Table) SetResult(r usher.CheckResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows == nil {
		t.rows = map[usher.CheckKind]usher.CheckResult{}
	}
	t.rows[r.Kind] = r
}

type tabled struct {
	kind  usher.CheckKind
	table *Table
}

func (c tabled) Kind() usher.CheckKind { return c.kind }

func (c tabled) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	c.table.mu.Lock()
	defer c.table.mu.Unlock()
	if r, ok := c.table.rows[c.kind]; ok {
		return r, nil
	}
	return usher.CheckResult{
		Kind: c.kind, Outcome: usher.Clear, Score: 1, Assurance: usher.Verified, Provider: "table",
		Fields: map[string]string{"last_name": "PLANTED-READ-NAME", "number": "PLANTED-NUMBER"},
	}, nil
}

// Opener opens accounts in a made-up bank.
type Opener struct{}

// Name is the name flows use.
func (Opener) Name() string { return "internal" }

// Open opens an account.
func (Opener) Open(_ context.Context, r usher.AccountRequest) (usher.Account, error) {
	return usher.Account{
		Status: usher.AccountConfirmed, Type: r.Type, Name: r.Tenant.Currency + " account", Currency: r.Tenant.Currency,
		Number: "XX00TEST0000000001", BankCode: "TEST", Beneficiary: "Test Person", Test: true, Reference: r.Key,
	}, nil
}

// gatedQueue is the real queue behind a gate: jobs wait until the test lets them go.
type gatedQueue struct {
	db      *store.Database
	handler store.Handler
	timers  []store.Timer
	over    chan struct{} // closed when the house ends: jobs behind the gate stay undone
	mu      sync.Mutex
	gate    chan struct{}
}

var errOver = errors.New("the house has ended")

func (q *gatedQueue) Start(ctx context.Context, h store.Handler, timers []store.Timer) error {
	q.handler, q.timers, q.gate, q.over = h, timers, make(chan struct{}), make(chan struct{})
	return q.db.Start(ctx, func(ctx context.Context, j store.Job) error {
		q.mu.Lock()
		gate := q.gate
		q.mu.Unlock()
		select {
		case <-gate:
			return h(ctx, j)
		case <-q.over:
			return errOver
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil)
}

func (q *gatedQueue) Stop(ctx context.Context) error {
	close(q.over)
	return q.db.Stop(ctx)
}

// settle opens the gate until no job is left; each timer runs once before.
func (q *gatedQueue) settle(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	for _, timer := range q.timers {
		must(t, q.handler(ctx, store.Job{Kind: timer.Kind, Period: true}))
	}
	q.mu.Lock()
	close(q.gate)
	q.mu.Unlock()
	for range 2000 {
		n, err := q.db.Waiting(ctx)
		must(t, err)
		if n == 0 {
			q.mu.Lock()
			q.gate = make(chan struct{})
			q.mu.Unlock()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("jobs never end")
}

// ReadAll reads a file's bytes to the end.
func ReadAll(r io.ReadCloser) ([]byte, error) {
	var b bytes.Buffer
	_, err := b.ReadFrom(r)
	return b.Bytes(), errors.Join(err, r.Close())
}
