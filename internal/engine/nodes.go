package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/store"
)

// Nodes that serve one database know one another by a row each, whose beat they raise. A node whose beat stands still while another looks
// eight times is dead, and its work is taken over: about ten seconds after it died. Looks are counted and not time, so that clocks may differ, and a
// database that was away makes nobody look dead.
const (
	beatEvery = time.Second
	deadAfter = 8 // looks
	// aliveFor is how long after a beat a node may begin what others would take over: less than they wait.
	aliveFor = 6 * time.Second
	// mostSkew is how far a node's clock may be off the database's. Leases, turns and what is due go by the clocks of nodes, which differ by twice that
	// at most, and are longer.
	mostSkew = 2 * time.Second
)

// alone tells whether this is the only node.
func (e *Engine) alone() bool { return e.c.Store.Node() == "" }

// Join makes this node known to the others, before it takes work, and its master keys to who may drop one. before is the node that this one takes the
// place of and that is known to be dead, or "".
func (e *Engine) Join(ctx context.Context, before string) error {
	if err := e.useRing(ctx); err != nil || e.alone() {
		return err
	}
	if before != "" {
		if err := e.bury(ctx, before); err != nil {
			return err
		}
	}
	began := time.Now()
	if _, err := e.c.Store.Beat(ctx, e.now()); err != nil {
		return fmt.Errorf("join the other nodes: %w", err)
	}
	e.beaten.Store(&began)
	return e.lookAtClock(ctx)
}

// lookAtClock holds this node's clock against the database's. What the question took is not held against the node.
func (e *Engine) lookAtClock(ctx context.Context) error {
	before := e.now()
	theirs, err := e.c.Store.Clock(ctx)
	if err != nil {
		return fmt.Errorf("ask the database for the time: %w", err)
	}
	var skew time.Duration
	switch after := e.now(); {
	case theirs.IsZero():
	case theirs.Before(before):
		skew = before.Sub(theirs)
	case theirs.After(after):
		skew = after.Sub(theirs)
	}
	if was := time.Duration(e.skew.Swap(int64(skew))); skew.Abs() > mostSkew && was.Abs() <= mostSkew {
		e.c.Log.ErrorContext(ctx, "the clock of this node is off the database's; it takes no work until it is set", "by", skew)
	}
	return nil
}

// Fit says why this node may not take up what others might do as well, or nil: its clock is off, it seals with a master key that was dropped, or the
// others may take it for dead.
func (e *Engine) Fit() error {
	if e.alone() {
		return nil
	}
	if skew := time.Duration(e.skew.Load()); skew.Abs() > mostSkew {
		return fmt.Errorf("the clock of this node is %s off the database's", skew)
	}
	if e.barred.Load() {
		return errors.New("the master key that this node seals with was dropped")
	}
	if last := e.beaten.Load(); last == nil || time.Since(*last) >= aliveFor {
		return errors.New("the other nodes have not heard of this one for a while")
	}
	return nil
}

// Leave says that this node has ended: it seals nothing any more, and has no turn.
func (e *Engine) Leave(ctx context.Context) error { return e.c.Store.Leave(ctx) }

// useRing says which master keys this node has. It may not go on with one that was dropped: what it seals could be opened by nobody.
func (e *Engine) useRing(ctx context.Context) error {
	ids := e.c.Vault.IDs()
	err := e.c.Store.UseRing(ctx, ids)
	e.barred.Store(errors.Is(err, store.ErrConflict))
	if e.barred.Load() {
		return fmt.Errorf("master key %s was dropped: give this server the keys that the others have, and start it anew", ids[0])
	}
	if err != nil {
		return fmt.Errorf("tell the others which master keys are in use: %w", err)
	}
	return nil
}

// Live keeps this node known and takes over what dead ones had in hand, until ctx ends: call it after Join, and end it after everything else. What this
// node then still holds is taken over like a dead one's.
func (e *Engine) Live(ctx context.Context) {
	if e.alone() {
		return
	}
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	seen := map[string]sight{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := e.beat(ctx, seen); err != nil && ctx.Err() == nil {
			e.c.Log.WarnContext(ctx, "this node could not tell the others that it lives", "error", err)
		}
	}
}

// Alive tells whether the others still take this node for alive, so that it may begin what they would take over.
func (e *Engine) Alive() bool { return e.Fit() == nil }

// sight is what was seen of another node: its beat, and how often since.
type sight struct {
	beat  int64
	looks int
}

// beat raises this node's beat and looks at those of the others.
func (e *Engine) beat(ctx context.Context, seen map[string]sight) error {
	began := time.Now()
	known, err := e.c.Store.Beat(ctx, e.now())
	if err != nil {
		return fmt.Errorf("raise beat: %w", err)
	}
	e.beaten.Store(&began)
	if !known {
		e.c.Log.WarnContext(ctx, "this node was taken for dead: it was not heard for seconds, and what it had in hand is done by others")
	}
	if !known || e.barred.Load() { // a key may have been dropped meanwhile
		if err := e.useRing(ctx); err != nil {
			return err
		}
	}
	if err := e.lookAtClock(ctx); err != nil {
		return err
	}
	nodes, err := e.c.Store.Nodes(ctx)
	if err != nil {
		return fmt.Errorf("look at the other nodes: %w", err)
	}
	there := map[string]bool{}
	for _, n := range nodes {
		there[n.ID] = true
		s := seen[n.ID]
		if s.beat != n.Beat {
			s = sight{beat: n.Beat}
		}
		s.looks++
		seen[n.ID] = s
		if n.ID == e.c.Store.Node() || s.looks <= deadAfter {
			continue
		}
		if err := e.bury(ctx, n.ID); err != nil {
			return err
		}
	}
	for id := range seen {
		if !there[id] {
			delete(seen, id)
		}
	}
	return nil
}

// bury takes over what a dead node had in hand. Its row goes last, so that whoever buries it half leaves the rest to be done again.
func (e *Engine) bury(ctx context.Context, node string) error {
	if e.c.TakeOver != nil {
		if err := e.c.TakeOver(ctx, node); err != nil {
			return fmt.Errorf("take over the jobs of a dead node: %w", err)
		}
	}
	if err := e.c.Store.Bury(ctx, node, e.now()); err != nil {
		return fmt.Errorf("take over what a dead node held: %w", err)
	}
	e.c.Log.InfoContext(ctx, "a node is gone; what it had in hand is done by others", "node", node)
	e.c.Wake()
	return nil
}

const (
	// turnLease bounds a turn whose holder hangs; who dies is buried sooner.
	turnLease = 30 * time.Second
	turnPoll  = 10 * time.Millisecond
)

// Turn waits for the turn at something that all nodes together do one at a time, and gives what ends it. The name may be of a person: no row holds it.
func (e *Engine) Turn(ctx context.Context, name string) (end func(), err error) {
	hidden, err := e.c.Vault.Index("server", "turn", name)
	if err != nil {
		return nil, fmt.Errorf("name a turn: %w", err)
	}
	name = "thing/" + hex.EncodeToString(hidden[:min(16, len(hidden))])
	for {
		end, mine, err := e.TryTurn(ctx, name, turnLease)
		if err != nil || mine {
			return end, err
		}
		wait := time.NewTimer(turnPoll)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, fmt.Errorf("wait for a turn: %w", ctx.Err())
		}
	}
}

// TryTurn takes a turn unless another has it. It lasts until end is called, at most for the lease. A node whose clock is off gets an error: it would
// take turns that have not ended, or give others those that it has.
func (e *Engine) TryTurn(ctx context.Context, name string, lease time.Duration) (end func(), mine bool, err error) {
	if skew := time.Duration(e.skew.Load()); skew.Abs() > mostSkew {
		return nil, false, fmt.Errorf("take a turn: the clock of this node is %s off the database's", skew)
	}
	if !e.alone() {
		lease += 2 * mostSkew // for the others, whose clocks may be ahead
	}
	holder, now := rand.Text(), e.now()
	if mine, err = e.c.Store.TakeTurn(ctx, name, holder, now, now.Add(lease)); err != nil {
		return nil, false, fmt.Errorf("take a turn: %w", err)
	}
	if !mine {
		return nil, false, nil
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := e.c.Store.EndTurn(ctx, name, holder); err != nil {
			e.c.Log.WarnContext(ctx, "a turn was not given back; others wait for its end", "error", err)
		}
	}, true, nil
}

// ShareLimits is where the limits of requests of several nodes meet; see [api.Sharing].
func (e *Engine) ShareLimits(ctx context.Context, drips []api.Drip) ([]float64, error) {
	rows := make([]store.Drip, len(drips))
	for i, d := range drips {
		rows[i] = store.Drip(d)
	}
	return e.c.Store.AddDrips(ctx, rows, e.now())
}
