package api

import (
	"container/list"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/usher-kyc/usher"
)

// Limit is how often one key may do something: Rate times a second in the long run, Burst at once. A zero Rate does not limit.
type Limit struct {
	Rate  float64
	Burst int
	Keys  int              // how many keys are remembered, the least used are forgotten first; 0 means 10,000
	Now   func() time.Time // nil means time.Now
}

// Limiter holds many keys to a [Limit]. It forgets what it knows when the process ends, so it bounds load; guesses of secrets that must stay
// counted over a restart belong in the store. Limiters of several nodes hold together when they are made by [Sharing].
type Limiter struct {
	limit Limit

	name    string
	sharing *Sharing // nil where nothing is shared

	mu    sync.Mutex
	byKey map[string]*list.Element
	used  *list.List         // of *bucket, the most lately used first
	due   map[string]*bucket // of which the other nodes are to be told
}

type bucket struct {
	key     string
	limiter *rate.Limiter
	untold  int64 // let through since the other nodes were told
}

// fill makes the bucket as full as all nodes together have made it. One that runs over is empty again no later than twice the time that a full one takes.
func (b *bucket) fill(l Limit, now time.Time, level float64) {
	b.limiter = rate.NewLimiter(rate.Limit(l.Rate), l.Burst)
	for left := min(int(level), 2*l.Burst); left > 0; left -= l.Burst {
		b.limiter.ReserveN(now, min(left, l.Burst))
	}
}

const defaultKeys = 10_000

// NewLimiter makes a limiter.
func NewLimiter(l Limit) *Limiter {
	if l.Keys <= 0 {
		l.Keys = defaultKeys
	}
	if l.Now == nil {
		l.Now = time.Now
	}
	l.Burst = max(l.Burst, 1)
	return &Limiter{limit: l, byKey: map[string]*list.Element{}, used: list.New()}
}

// Allow tells whether the key may go on now, and if not, in how long it may.
func (l *Limiter) Allow(key string) (ok bool, retry time.Duration) {
	if l.limit.Rate <= 0 {
		return true, 0
	}
	now := l.limit.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key)
	if b.limiter.TokensAt(now) >= float64(l.limit.Burst) {
		b.untold = 0 // it has drained since
	}
	reserved := b.limiter.ReserveN(now, 1)
	wait := reserved.DelayFrom(now)
	if wait > 0 {
		reserved.CancelAt(now)
		return false, wait
	}
	b.untold++
	if l.sharing != nil && b.untold >= int64(max(l.limit.Burst/tellFrom, 1)) && l.due[key] == nil {
		l.due[key] = b
		l.sharing.ring()
	}
	return true, 0
}

// tellFrom is the share of a burst that a node lets through before it tells the others.
const tellFrom = 10

// bucket gives the bucket of a key, as full as it was left.
func (l *Limiter) bucket(key string) *bucket {
	if found, ok := l.byKey[key]; ok {
		l.used.MoveToFront(found)
		return found.Value.(*bucket)
	}
	if l.used.Len() >= l.limit.Keys {
		oldest := l.used.Back()
		delete(l.byKey, oldest.Value.(*bucket).key)
		l.used.Remove(oldest)
	}
	b := &bucket{key: key, limiter: rate.NewLimiter(rate.Limit(l.limit.Rate), l.limit.Burst)}
	l.byKey[key] = l.used.PushFront(b)
	return b
}

// limited holds requests to a limiter by a key; a request without a key passes, and so does everything when nothing is limited.
func limited(l *Limiter, key func(*http.Request) string, fail Fail, next http.Handler) http.Handler {
	if l == nil || l.limit.Rate <= 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k := key(r)
		if k == "" {
			next.ServeHTTP(w, r)
			return
		}
		ok, retry := l.Allow(k)
		if !ok {
			seconds := strconv.Itoa(int(math.Ceil(retry.Seconds())))
			w.Header().Set("Retry-After", seconds)
			fail(w, r, &usher.Error{Code: usher.CodeLimited, Message: "too many requests; try again in " + seconds + " s"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// clientKey is the API client behind a request.
func clientKey(r *http.Request) string {
	p, _ := PrincipalFrom(r.Context())
	return p.Client.ID
}

// RemoteAddr gives the address of the peer; the zero one where the connection has none. Headers are not believed; behind a proxy, give [Front] a
// Caller that knows which proxy may be.
func RemoteAddr(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// RemoteAddress gives the [Network] of the peer, or what the connection says of itself where it has no address.
func RemoteAddress(r *http.Request) string {
	if addr := RemoteAddr(r); addr.IsValid() {
		return Network(addr)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Network gives the network that one subscriber is given: all of an IPv4 address, the first 64 bits of an IPv6 one.
func Network(addr netip.Addr) string {
	const subscriber = 64
	if network, err := addr.Prefix(subscriber); err == nil {
		return network.String()
	}
	return addr.String()
}
