package auth

import (
	"sync"
	"time"

	"github.com/usher-kyc/usher"
)

// How long what a token or key stands for is kept in memory, and of how many. A client that asks hundreds of times a second is then looked up
// once; another node learns of a revocation at most this much later, this one at once.
const (
	remembered     = 2 * time.Second
	mostRemembered = 10_000
)

// known is what a token or key stands for.
type known struct {
	dialect string
	client  usher.APIClient
	scopes  []usher.Scope
	ends    time.Time // of a token, and of a key that another has taken the place of; zero for a key otherwise
	read    time.Time
}

// memory keeps what was looked up a moment ago, by the digest of the token or key.
type memory struct {
	mu    sync.RWMutex
	kept  map[string]known
	noted notes
}

// find gives what was looked up, unless it is too long ago.
func (m *memory) find(digest []byte) (known, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	k, ok := m.kept[string(digest)]
	return k, ok && time.Since(k.read) < remembered
}

func (m *memory) keep(digest []byte, k known) {
	k.read = time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) >= mostRemembered {
		m.kept = map[string]known{} // what is asked again is soon back
	}
	m.kept[string(digest)] = k
}

// forget forgets everything: a secret was changed, or a sign-in ended.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = nil
}
