package api

import (
	"context"
	"hash/fnv"
	"sync"
)

// Turns lets calls about one thing of a tenant, which look whether it is there and then make it, do so one after another. The zero value is ready to
// use where one process serves the store.
type Turns struct {
	// Among waits for the turn among all nodes that serve one store; nil where there is one.
	Among func(ctx context.Context, name string) (end func(), err error)

	locks [64]sync.Mutex // two things may share one: they wait for each other, and no more
}

// Take waits for the turn of a tenant's thing, and gives what ends it. Whoever has a turn takes no other one.
func (t *Turns) Take(ctx context.Context, tenant, thing string) (end func(), err error) {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(tenant + "/" + thing)) // a hash takes everything
	lock := &t.locks[sum.Sum32()%uint32(len(t.locks))]
	lock.Lock()
	if t.Among == nil {
		return lock.Unlock, nil
	}
	// The callers of this node have waited for one another here, so that no more than one of each node asks the store.
	over, err := t.Among(ctx, tenant+"/"+thing)
	if err != nil {
		lock.Unlock()
		return nil, err
	}
	return func() {
		over()
		lock.Unlock()
	}, nil
}
