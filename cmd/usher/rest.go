package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/usher-kyc/usher/internal/ops"
)

const (
	restLook = 10 * time.Second
	// restQuiet is how much an idle server allocates between two looks at most: it asks for jobs fifty times a second.
	restQuiet = 16 << 20
	// restWorth is how much there must be to give back, beside half of what is in use, before all of the memory is gone through for it.
	restWorth = 8 << 20
)

// heap is how memory stands, in bytes: all that was ever allocated, what the last collection left, and what is held from the system.
type heap struct{ allocated, live, held uint64 }

// rest gives memory back that a busy time has left, once it is over: the runtime keeps what it took since it might soon be needed again, and collects
// garbage only when as much has come again as is in use, which on an idle server takes minutes. It returns when ctx ends.
func rest(ctx context.Context) {
	ticker := time.NewTicker(restLook)
	defer ticker.Stop()
	before := readHeap()
	given := before // what stays held after it was given back is in pieces: trying again at every look would gain nothing
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := readHeap()
		if now.idle(before) && now.allocated-given.allocated > restWorth {
			debug.FreeOSMemory()
			now = readHeap()
			given = now
		}
		before = now
	}
}

// idle tells whether little was done since, and there is something to give back.
func (h heap) idle(since heap) bool {
	own := h.live - min(h.live, ops.PaceBytes)
	return h.allocated-since.allocated < restQuiet && h.held > h.live+own/2+restWorth
}

func readHeap() heap {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
	}
	metrics.Read(s)
	return heap{s[0].Value.Uint64(), s[1].Value.Uint64(), s[2].Value.Uint64() + s[3].Value.Uint64() + s[4].Value.Uint64()}
}
