package store

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// pending is what one caller wants written, waiting for its transaction.
type pending struct {
	keys   []string      // rows that no second caller of the same batch may touch: their order would be lost
	write  func(*writer) // may run more than once: again by itself when the batch failed
	jobs   []Job         // put into the queue when write ended without error
	change *Change       // what write writes, where it can be written as one of a set
	done   chan error
}

// submit hands something to the writers and returns once it is on disk.
func (s *Store) submit(ctx context.Context, p *pending) error {
	if s.c.Sets != nil && p.change == nil {
		return s.alone(ctx, p)
	}
	if err := ctx.Err(); err != nil {
		return err // or it would be a matter of chance whether it is written
	}
	p.done = make(chan error, 1)
	select {
	case s.changes <- p:
	case <-s.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	// From here it may be written whatever becomes of the caller, so the caller waits to learn it.
	return <-p.done
}

// alone writes something in a transaction of its own, beside others. Where a database takes many transactions at once, what has no part in a set
// gains nothing by waiting for others, and would hold their rows.
func (s *Store) alone(ctx context.Context, p *pending) error {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.open.RLock()
	defer s.open.RUnlock()
	select {
	case <-s.quit:
		return ErrClosed
	default:
	}
	return s.write([]*pending{p}, func() {})[0]
}

// mostInBatch bounds one transaction; more gains nothing (docs/BENCHMARKS.md) and delays the first caller.
const mostInBatch = 256

// writer takes whatever waits, writes it together, and starts over. While it syncs, the next batch gathers by itself.
func (s *Store) writer() {
	defer s.writing.Done()
	var held []*pending
	for {
		batch, rest, ok := s.gather(held)
		if !ok {
			return
		}
		held = rest
		// While one writer waits for the disk, another writes; were both to write, each would find fewer callers waiting.
		over := sync.OnceFunc(func() { <-s.busy })
		for i, err := range s.write(batch, over) {
			batch[i].done <- err
		}
		over()
	}
}

// write writes a batch; over is called when nothing is left to do but to wait for the disk.
func (s *Store) write(batch []*pending, over func()) []error {
	begun := time.Now()
	results := s.writeBatch(batch, over)
	for i, err := range results {
		results[i] = s.told(err)
	}
	if s.c.Wrote != nil {
		s.c.Wrote(len(batch), time.Since(begun))
	}
	return results
}

// gather waits for one caller and takes what else is there. What touches a row that the batch holds already is held back for the next one.
func (s *Store) gather(held []*pending) (batch, rest []*pending, ok bool) {
	taken := map[string]bool{}
	take := func(p *pending) {
		for _, k := range p.keys {
			if taken[k] {
				rest = append(rest, p)
				return
			}
		}
		for _, k := range p.keys {
			taken[k] = true
		}
		batch = append(batch, p)
	}
	for _, p := range held {
		take(p)
	}
	if len(batch) == 0 {
		select {
		case p := <-s.changes:
			take(p)
		case <-s.quit:
			return nil, nil, false
		}
	}
	s.busy <- struct{}{}
	if s.c.Gather != nil {
		s.c.Gather()
	}
	for yielded := false; len(batch) < mostInBatch && len(rest) < mostInBatch; {
		select {
		case p := <-s.changes:
			take(p)
			yielded = false
			continue
		default:
		}
		if yielded {
			break
		}
		// Those whom the last batch has just answered are on their way.
		runtime.Gosched()
		yielded = true
	}
	return batch, rest, true
}
