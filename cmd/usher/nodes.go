package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

// What a node that shares its database does sooner than one that is alone.
const (
	// otherNodes is how often deliveries of other nodes are looked for, each time by a read of an index.
	otherNodes = 40 * time.Millisecond
	// sharedKeys is how long the keys of an applicant are remembered whom another node may erase.
	sharedKeys = 2 * time.Second
	// sharedDrain is how long a node says that it is not ready before it stops: those who balance the load look every few seconds.
	sharedDrain = 5 * time.Second
	// leaveTime is how long a server that ends tries to say so.
	leaveTime = 5 * time.Second
)

// newNode names this process among those that serve a database: the machine, for people who read it, and what no other process has.
func newNode() string {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return cmp.Or(host[:min(len(host), 60)], "node") + "-" + strings.ToLower(rand.Text()[:10])
}

// shared tells whether other nodes may serve the same database.
func (h *house) shared() bool { return h.db.Node() != "" }

// shareLimits has the limits of requests hold for all nodes together; it is nil where there is one.
func (h *house) shareLimits() *api.Sharing {
	if !h.shared() {
		return nil
	}
	return &api.Sharing{
		Add: func(ctx context.Context, drips []api.Drip) ([]float64, error) { return h.ShareLimits(ctx, drips) },
		Key: h.derivedKey("limits"), Log: h.log,
	}
}

// turn waits for a turn among all nodes; it is nil where there is one.
func (h *house) turn() func(ctx context.Context, name string) (func(), error) {
	if !h.shared() {
		return nil
	}
	return h.Turn
}

// takeOver frees the jobs of a dead node; it is nil where there is one node.
func (h *house) takeOver() func(ctx context.Context, node string) error {
	if jobs, ok := h.db.Jobs.(*postgres.Jobs); ok {
		return jobs.TakeOver
	}
	return nil
}

// poll is how often the webhook sender looks for deliveries that it was not told of; 0 is its own measure.
func (h *house) poll() time.Duration {
	if h.shared() {
		return otherNodes
	}
	return 0
}

// keyAge is how long keys of applicants are remembered; 0 is the vault's own measure.
func (h *house) keyAge() time.Duration {
	if h.shared() {
		return sharedKeys
	}
	return 0
}

// joinNodes makes this node known to the others and keeps it so until leave is called, which comes after everything else: what is in hand then is
// others'.
func (h *house) joinNodes(ctx context.Context) (leave func(), err error) {
	left := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
		defer cancel()
		if err := h.Leave(ctx); err != nil {
			h.log.Warn("the end of this server was not noted: until it is started again its master key cannot be dropped", "error", err)
		}
	}
	if !h.shared() {
		return left, h.Join(ctx, "")
	}
	// Who was here before is dead when its lock is free: what it had in hand need not wait until the others see that.
	lock, err := holdAlone(filepath.Join(h.settings.Data, "node"))
	if err != nil {
		return nil, err
	}
	before := ""
	if lock != nil {
		if before, err = swap(lock, h.db.Node()); err != nil {
			return nil, errors.Join(err, lock.Close())
		}
	}
	if err := h.Join(ctx, before); err != nil {
		return nil, err // the end of the process gives the lock back
	}
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	var living sync.WaitGroup
	living.Go(func() { h.Live(ctx) })
	return func() {
		end()
		living.Wait()
		left()
		_ = lock.Close() // nil, or a file that nothing is written to any more; the end of the process gives the lock back as well
	}, nil
}

// nodes is where nodes hand one another what is not in rows of its own; nil where there is one node.
func (h *house) nodes() *store.Store {
	if !h.shared() {
		return nil
	}
	return h.db.Store
}
