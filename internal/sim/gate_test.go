package sim_test

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
)

// errDead is what everything answers that a dead process tries.
var errDead = errors.New("this process is dead")

// dice draws by the seed and the name of what is drawn for, so that it does not matter who asks first.
type dice uint64

func (d dice) of(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(uint64(d), h.Sum64()))
}

// who is at work in a context: one at a time, so that its steps can be counted.
type who struct {
	name string
	n    int
}

type whoKey struct{}

func as(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, whoKey{}, &who{name: name})
}

// halt is somebody who waits to be let go. Halts of a process that died are let go at once, and find that it died.
type halt struct {
	name  string
	inc   *incarnation // nil: of nobody who could die
	lock  bool         // needs the one write lock of the database
	let   chan struct{}
	taken bool // the lock is theirs
}

// gate is where everybody halts.
type gate struct {
	mu     sync.Mutex
	halts  []*halt
	closed bool // nobody halts any more
}

// stop halts. It gives errDead when the process died before or meanwhile.
func (g *gate) stop(inc *incarnation, name string) error {
	_, err := g.halt(&halt{name: name, inc: inc, let: make(chan struct{})})
	return err
}

// lock halts until the database can be written, too; locked tells whether the lock was taken.
func (g *gate) lock(inc *incarnation, name string) (locked bool, err error) {
	return g.halt(&halt{name: name, inc: inc, lock: true, let: make(chan struct{})})
}

func (g *gate) halt(h *halt) (locked bool, err error) {
	if h.inc != nil && h.inc.dead.Load() {
		return false, errDead
	}
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return false, errDead
	}
	g.halts = append(g.halts, h)
	g.mu.Unlock()
	<-h.let
	if h.inc != nil && h.inc.dead.Load() {
		return h.taken, errDead
	}
	return h.taken, nil
}

// waiting gives those who can be let go, by name: the order in which they came may differ from run to run.
func (g *gate) waiting(locked bool) []*halt {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(g.halts), func(h *halt) bool { return h.lock && locked })
	slices.SortStableFunc(list, func(a, b *halt) int { return cmp.Compare(a.name, b.name) })
	return list
}

func (g *gate) release(h *halt) {
	g.mu.Lock()
	g.halts = slices.DeleteFunc(g.halts, func(o *halt) bool { return o == h })
	g.mu.Unlock()
	close(h.let)
}

// abandon lets go everybody of a process that died.
func (g *gate) abandon(inc *incarnation) {
	g.mu.Lock()
	var left []*halt
	for _, h := range g.halts {
		if h.inc == inc {
			close(h.let)
		} else {
			left = append(left, h)
		}
	}
	g.halts = left
	g.mu.Unlock()
}

// close lets go everybody, and whoever comes: the world has ended.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	for _, h := range g.halts {
		close(h.let)
	}
	g.halts = nil
	g.mu.Unlock()
}
