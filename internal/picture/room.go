package picture

import (
	"runtime"
	"runtime/metrics"
)

// A picture from this many pixels on is worth making room for, where at least so many bytes of garbage lie about.
const (
	largePixels = 4_000_000
	mostGarbage = 48 << 20
)

// makeRoom collects garbage before a large picture is decoded, if there is much of it. The collector lets the heap double
// before it starts by itself; with pictures of 20 to 40 MB each, ten uploads at once would hold twice of what they need.
// A collection takes some milliseconds, since pixels hold no pointers, and decoding a large picture more than a hundred.
func makeRoom(info Info) {
	if info.Width*info.Height < largePixels {
		return
	}
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 || sample[1].Value.Kind() != metrics.KindUint64 {
		return
	}
	if now, live := sample[0].Value.Uint64(), sample[1].Value.Uint64(); now > live+mostGarbage {
		runtime.GC()
	}
}
