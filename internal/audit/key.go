package audit

import (
	"crypto/ed25519"
	"time"
)

// Key is a key that checkpoints are signed with, or were.
type Key struct {
	Private   ed25519.PrivateKey
	CreatedAt time.Time
}

// KeyRests is how long a new key waits until it signs. By then every node publishes it, and the key before it has signed an end of the trail behind the
// entry that names the new one.
const KeyRests = time.Hour

// Signing gives which of the keys, newest first, signs at a time; a key without a private part when there is none. The first of all rests for nobody.
func Signing(keys []Key, now time.Time) Key {
	for _, k := range keys {
		if now.Sub(k.CreatedAt) >= KeyRests {
			return k
		}
	}
	if len(keys) == 0 {
		return Key{}
	}
	return keys[len(keys)-1]
}

// Public gives what checkpoints are verified with.
func Public(keys []Key) []ed25519.PublicKey {
	list := make([]ed25519.PublicKey, len(keys))
	for i, k := range keys {
		list[i] = k.Private.Public().(ed25519.PublicKey)
	}
	return list
}
