package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	usher "github.com/usher-kyc/usher"
)

const (
	defaultParallel = 64
	defaultPerHost  = 8

	lease      = time.Minute
	claimBatch = 256 // lines
	// Of one call to the outbox: while it is written, other lines are sent.
	aheadOnce  = 1024
	settleOnce = 512
	holdMost   = 4096 // deliveries, those in hand included, behind the first of their line
	// A line is not sent for longer than this before it is told what was delivered: should this process die, that much is sent once more.
	runTime = 250 * time.Millisecond
	// A try must end, and be settled, before its lease does.
	leaseMargin = 5 * time.Second
	// maxTryTime is the longest timeout a policy may have: it leaves a claimed delivery 10 s to wait for its turn.
	maxTryTime = 45 * time.Second

	sweep      = time.Second      // the longest sleep
	storePause = time.Second      // after the outbox failed
	grace      = 15 * time.Second // for tries under way when the sender stops
	lastWrites = 5 * time.Second  // for the outbox calls that must not be cut off
)

// Config is what a Sender is made of. Outbox and Client are needed.
type Config struct {
	Outbox   usher.Outbox
	Client   *http.Client      // from NewClient; its timeout gives way to those of the policies
	Policies map[string]Policy // by dialect, for those that differ from the native one
	Version  string            // of usher, for the User-Agent
	Parallel int               // tries at once; 0: 64
	PerHost  int               // tries at once to one host; 0: 8
	// Poll is how often deliveries are looked for that nobody told of: those of other nodes, which do not wake this one. 0: a second.
	Poll time.Duration
	// Alive tells whether what this sender claimed is still its own to send: a node that was not heard of for a while begins nothing more, since
	// others may have taken over. nil: always.
	Alive func() bool

	Log  *slog.Logger     // nil: no log
	Now  func() time.Time // nil: time.Now
	Rand func() float64   // from 0 to below 1, for the jitter of retries; nil: math/rand

	// Allowed tells whether an endpoint may be sent to today, before each try; nil: all may.
	Allowed func(ctx context.Context, e usher.Endpoint) error

	// Tried is told of each try, with the dialect of the endpoint; nil: nobody is.
	Tried func(dialect string, r usher.DeliveryReport)
}

// Sender drains an outbox.
type Sender struct {
	outbox   usher.Outbox
	policies map[string]Policy
	poster   poster
	lanes    lanes
	log      *slog.Logger
	now      func() time.Time
	rand     func() float64
	poll     time.Duration
	alive    func() bool
	tried    func(dialect string, r usher.DeliveryReport)
	wake     chan struct{}
	running  sync.WaitGroup

	// What was due when a claim gave nothing: it is leased elsewhere, or its host is left alone. It is not asked for again before a while has passed.
	stuck      time.Time
	stuckUntil time.Time

	mu     sync.Mutex
	ended  [][]usher.DeliveryReport // tries that ended and are not settled, by line
	undone []string                 // tries cut off by the stop
}

// New makes a sender. It fails when a policy's timeout is too long for a lease.
func New(cfg Config) (*Sender, error) {
	if cfg.Outbox == nil || cfg.Client == nil {
		return nil, errors.New("make webhook sender: Outbox and Client are needed")
	}
	policies := maps.Clone(cfg.Policies)
	for dialect, p := range policies {
		if p.Timeout > maxTryTime {
			return nil, fmt.Errorf("make webhook sender: the timeout of %s is %s, at most %s is possible", dialect, p.Timeout, maxTryTime)
		}
		policies[dialect] = p.withDefaults()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Float64
	}
	if cfg.Alive == nil {
		cfg.Alive = func() bool { return true }
	}
	if cfg.Tried == nil {
		cfg.Tried = func(string, usher.DeliveryReport) {}
	}
	if cfg.Allowed == nil {
		cfg.Allowed = func(context.Context, usher.Endpoint) error { return nil }
	}
	client := *cfg.Client
	client.Timeout, client.CheckRedirect = 0, notFollowed
	return &Sender{
		outbox:   cfg.Outbox,
		policies: policies,
		poster: poster{
			client: &client,
			tokens: &tokens{client: &client, now: cfg.Now, byID: map[string]*token{}},
			agent:  "usher/" + cmp.Or(cfg.Version, "dev"),
			now:    cfg.Now,

			allowed: cfg.Allowed,
		},
		lanes: lanes{
			parallel: cmp.Or(cfg.Parallel, defaultParallel),
			perHost:  cmp.Or(cfg.PerHost, defaultPerHost),
			byHost:   map[string]*lane{},
		},
		log:  cfg.Log,
		now:  cfg.Now,
		rand: cfg.Rand, tried: cfg.Tried,
		poll: min(cmp.Or(cfg.Poll, sweep), sweep), alive: cfg.Alive,
		wake: make(chan struct{}, 1),
	}, nil
}

// Wake tells the sender that there may be new deliveries. It never blocks.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // one is already waiting, and it will see everything
	}
}

// Run sends what is due until the context ends. Then it gives back what it had not begun, leaves tries under way 15 s, gives back those that
// did not end by then, and returns. The error tells that the outbox could not be told; the leases end by themselves then, and what was
// delivered is delivered once more. Run may be called once.
func (s *Sender) Run(ctx context.Context) error {
	tries, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		woken := false
		select {
		case <-ctx.Done():
		case <-s.wake:
			woken = true
		case <-timer.C:
		}
		// Several may have been there at once: the stop comes first, and a call is not left for the next turn.
		if ctx.Err() != nil {
			break
		}
		select {
		case <-s.wake:
			woken = true
		default:
		}
		wait, err := s.turn(ctx, tries, woken)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "webhook outbox", "err", err)
			wait = storePause
		}
		timer.Reset(wait)
	}
	return s.finish(ctx, cut)
}

// turn settles what ended and claims what is due, begins to send it, and tells how long to sleep when nobody calls Wake.
func (s *Sender) turn(ctx, tries context.Context, woken bool) (time.Duration, error) {
	now := s.now()
	if !s.alive() {
		s.lanes.drop()
		_, err := s.exchange(ctx, usher.DeliveryClaim{})
		return s.poll, err
	}
	s.lanes.tidy(now)
	// Nobody hands on the places of a host whose pause has ended.
	s.begin(tries)
	if !woken && !s.unsettled() {
		// Looking costs a read of an index; claiming costs a transaction.
		if wait, err := s.look(ctx, now); wait > 0 || err != nil {
			return wait, err
		}
	}
	room, ahead, except := s.lanes.demand(claimBatch, holdMost, now)
	claimed, err := s.exchange(ctx, usher.DeliveryClaim{Now: now, Lease: lease, Limit: room, Ahead: min(ahead, aheadOnce), Except: except})
	if err != nil {
		return 0, err
	}
	if room == 0 {
		return sweep, nil
	}
	s.lanes.push(s.hold(claimed, now), now)
	s.begin(tries)
	switch {
	case len(claimed) == room, s.unsettled():
		return 0, nil
	case len(claimed) > 0:
		return s.poll, nil
	}
	s.stuck, s.stuckUntil = time.Time{}, time.Time{}
	due, err := s.outbox.NextDue(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask for the next delivery: %w", err)
	}
	if !due.IsZero() && !due.After(s.now()) {
		s.stuck, s.stuckUntil = due, now.Add(sweep)
	}
	return s.sleep(due), nil
}

// look tells how long to sleep when nothing is due, and 0 when something is.
func (s *Sender) look(ctx context.Context, now time.Time) (time.Duration, error) {
	due, err := s.outbox.NextDue(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask for the next delivery: %w", err)
	}
	if due.IsZero() || due.After(now) || (due.Equal(s.stuck) && now.Before(s.stuckUntil)) {
		return s.sleep(due), nil
	}
	return 0, nil
}

// sleep gives the time until the next delivery is due, or until it is time to look for those of other nodes.
func (s *Sender) sleep(due time.Time) time.Duration {
	if wait := due.Sub(s.now()); !due.IsZero() && wait > 0 {
		return min(wait, s.poll)
	}
	return s.poll
}

// unsettled tells whether tries have ended that are not settled.
func (s *Sender) unsettled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ended) > 0
}

// hold gives claimed deliveries their policy, their lane and the time they must be begun by.
func (s *Sender) hold(claimed []usher.ClaimedDelivery, now time.Time) []held {
	list := make([]held, 0, len(claimed))
	for _, c := range claimed {
		p, ok := s.policies[c.Endpoint.Dialect]
		if !ok {
			p = Policy{}.withDefaults()
		}
		until := now.Add(lease - p.Timeout - leaseMargin)
		list = append(list, held{ClaimedDelivery: c, host: hostOf(c.Endpoint.URL), policy: p, until: until})
	}
	return list
}

// begin starts every try that there is a place for.
func (s *Sender) begin(tries context.Context) {
	for s.alive() {
		h, ok := s.lanes.take(s.now())
		if !ok {
			return
		}
		s.running.Go(func() { s.deliver(tries, h) })
	}
}

// exchange writes how tries ended and claims what is due: not all at once, so that other lines are sent while some are written. A report that could
// not be written is kept for the next turn.
func (s *Sender) exchange(ctx context.Context, c usher.DeliveryClaim) ([]usher.ClaimedDelivery, error) {
	var reports []usher.DeliveryReport
	s.mu.Lock()
	taken := 0
	for ; taken < len(s.ended) && len(reports) < settleOnce; taken++ {
		reports = append(reports, s.ended[taken]...)
	}
	s.ended = slices.Delete(s.ended, 0, taken)
	s.mu.Unlock()
	if len(reports) == 0 && c.Limit == 0 {
		return nil, nil
	}
	if len(reports) > 0 {
		// A stop must not cut this off half-way: nobody would know whether it was written.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
		defer cancel()
	}
	claimed, err := s.outbox.Exchange(ctx, reports, c)
	if err != nil {
		s.mu.Lock()
		s.ended = slices.Insert(s.ended, 0, reports) // of several lines, which is as good
		s.mu.Unlock()
		return nil, fmt.Errorf("settle %d deliveries, claim %d: %w", len(reports), c.Limit, err)
	}
	return claimed, nil
}

// finish ends the sender's work after its context ended.
func (s *Sender) finish(ctx context.Context, cut context.CancelFunc) error {
	errRelease := s.release(ctx, s.lanes.stop(s.now()))
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(grace):
		cut()
		<-ended
	}
	var errSettle error
	for errSettle == nil && s.unsettled() {
		_, errSettle = s.exchange(ctx, usher.DeliveryClaim{})
	}
	return errors.Join(errRelease, errSettle, s.release(ctx, s.undone))
}

// release gives leases back without counting a try.
func (s *Sender) release(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
	defer cancel()
	if err := s.outbox.Release(ctx, ids); err != nil {
		return fmt.Errorf("release %d deliveries: %w", len(ids), err)
	}
	return nil
}
