package webhook

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	usher "github.com/usher-kyc/usher"
)

const (
	// A host counts as supplied when it has this many deliveries waiting for every try it may have at once: enough to bridge a claim.
	supply = 4
	// A lane that nobody used for this long is forgotten, with what was learnt about its host.
	laneMemory = 10 * time.Minute
	// How long a host that says "too much" without saying for how long is left alone.
	defaultPause = time.Second
	maxPause     = 30 * time.Second
)

// held is a claimed delivery that waits for its turn, with those that are sent behind it.
type held struct {
	usher.ClaimedDelivery
	host   string
	policy Policy
	until  time.Time // to be begun before, or the lease might end during the try
}

// size is how many deliveries it is.
func (h held) size() int { return 1 + len(h.Behind) }

// lane is the queue of one host. Its limit is halved by every try that finds the host overloaded or silent and grows by one with every answer.
type lane struct {
	queue       []held
	endpoints   map[string]bool // ids seen at this host
	running     int
	limit       int
	pausedUntil time.Time
	used        time.Time
}

// lanes holds what was claimed, by host, and says what may be sent next. It is safe for concurrent use.
type lanes struct {
	parallel, perHost int

	mu      sync.Mutex
	byHost  map[string]*lane
	order   []*lane // those with a queue
	turn    int     // place in order that is asked next
	running int
	begun   int // deliveries that came with those that are running
	closed  bool
}

// verdict is what a try says about its host.
type verdict int

const (
	hostUnasked verdict = iota // the try failed before it came to the host
	hostAnswered
	hostOverloaded
	hostSilent
)

// push queues claimed deliveries.
func (l *lanes) push(claimed []held, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range claimed {
		n := l.byHost[h.host]
		if n == nil {
			n = &lane{limit: l.perHost, endpoints: map[string]bool{}}
			l.byHost[h.host] = n
		}
		n.used = now
		n.endpoints[h.Endpoint.ID] = true
		if len(n.queue) == 0 {
			l.order = append(l.order, n)
		}
		n.queue = append(n.queue, h)
	}
}

// take gives the next delivery to send, going round the hosts, and counts it as running, with those behind it.
func (l *lanes) take(now time.Time) (held, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return held{}, false
	}
	for asked := 0; asked < len(l.order) && l.running < l.parallel; {
		l.turn %= len(l.order)
		n := l.order[l.turn]
		n.dropLate(now)
		if len(n.queue) == 0 {
			l.order = slices.Delete(l.order, l.turn, l.turn+1)
			continue
		}
		if n.running >= n.limit || now.Before(n.pausedUntil) {
			l.turn++
			asked++
			continue
		}
		h := n.queue[0]
		n.queue[0] = held{}
		n.queue = n.queue[1:]
		n.running++
		n.used = now
		l.running++
		l.begun += h.size()
		if len(n.queue) == 0 {
			l.order = slices.Delete(l.order, l.turn, l.turn+1)
		} else {
			l.turn++
		}
		return h, true
	}
	return held{}, false
}

// dropLate forgets the deliveries at the head whose lease is about to end; another claim will bring them.
func (n *lane) dropLate(now time.Time) {
	for len(n.queue) > 0 && now.After(n.queue[0].until) {
		n.queue[0] = held{}
		n.queue = n.queue[1:]
	}
}

// note takes in what a try says about its host.
func (l *lanes) note(host string, v verdict, pause time.Duration, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.byHost[host]
	n.used = now
	switch v {
	case hostAnswered:
		n.limit = min(n.limit+1, l.perHost)
	case hostOverloaded:
		n.limit = max(n.limit/2, 1)
		if pause == 0 {
			pause = defaultPause
		}
		n.pausedUntil = now.Add(min(pause, maxPause))
	case hostSilent:
		n.limit = max(n.limit/2, 1)
	}
}

// goesOn tells whether the place of a try may be kept for the next delivery in line: the sender was not stopped, nor did others find the host
// overloaded or silent meanwhile.
func (l *lanes) goesOn(host string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.byHost[host]
	return !l.closed && n.running <= n.limit && !now.Before(n.pausedUntil)
}

// done gives back the place of what take gave.
func (l *lanes) done(h held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byHost[h.host].running--
	l.running--
	l.begun -= h.size()
}

// demand gives how many more deliveries are of use, and the endpoints that want none: their hosts are supplied or left alone. Without that
// the thousand waiting deliveries of a host that hangs, being the oldest, would be all that a claim brings. ahead is how many may come behind
// them, so that what is held stays small.
func (l *lanes) demand(batch, most int, now time.Time) (room, ahead int, except []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ahead = most - l.begun
	for _, n := range l.byHost {
		for _, h := range n.queue {
			ahead -= h.size()
		}
		enough := supply * n.limit
		batch -= min(len(n.queue), enough)
		if len(n.queue) >= enough || now.Before(n.pausedUntil) {
			except = slices.AppendSeq(except, maps.Keys(n.endpoints))
		}
	}
	return max(batch, 0), max(ahead, 0), except
}

// tidy forgets hosts that have not been used for a while.
func (l *lanes) tidy(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for host, n := range l.byHost {
		if n.running == 0 && len(n.queue) == 0 && now.Sub(n.used) > laneMemory {
			delete(l.byHost, host)
		}
	}
}

// stop gives no more deliveries to send and returns the ids of those that were waiting. A lease that may have ended by now is not among
// them: it may be another node's already.
func (l *lanes) stop(now time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	var ids []string
	for _, n := range l.order {
		for _, h := range n.queue {
			if !now.After(h.until) {
				ids = append(ids, h.Delivery.ID)
			}
		}
		n.queue = nil
	}
	l.order = nil
	return ids
}

// drop forgets what waits: others send it.
func (l *lanes) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.order {
		n.queue = nil
	}
	l.order = nil
}

// hostOf gives the host and port that an endpoint's deliveries are queued by. An address that cannot be read has a lane like any other; its
// tries fail with a word on why.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
