package celcoin

import (
	"hash/maphash"
	"sync"
)

// turns lets calls about one thing of a tenant look whether it is free and take it one after another. The store keeps one clientCode from naming two
// proposals; that one person has one open proposal, and one event one subscription, is kept here, since one process serves a store.
type turns struct {
	seed  maphash.Seed
	locks [64]sync.Mutex // two things may share one: they wait for each other, and no more
}

// take waits for the turn of a tenant's thing, and gives what ends it.
func (t *turns) take(tenant, thing string) (end func()) {
	lock := &t.locks[maphash.String(t.seed, tenant+"/"+thing)%uint64(len(t.locks))]
	lock.Lock()
	return lock.Unlock
}
