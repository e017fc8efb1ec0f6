package api

import (
	"hash/fnv"
	"sync"
)

// Turns lets calls about one thing of a tenant, which look whether it is there and then make it, do so one after another. It holds within one
// process, as which a store is served. The zero value is ready to use.
type Turns struct {
	locks [64]sync.Mutex // two things may share one: they wait for each other, and no more
}

// Take waits for the turn of a tenant's thing, and gives what ends it. Whoever has a turn takes no other one.
func (t *Turns) Take(tenant, thing string) (end func()) {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(tenant + "/" + thing)) // a hash takes everything
	lock := &t.locks[sum.Sum32()%uint32(len(t.locks))]
	lock.Lock()
	return lock.Unlock
}
