package enginetest

import (
	"context"
	"errors"
	"sync"

	"github.com/usher-kyc/usher"
)

// Codes takes the one-time codes that a house sends.
type Codes struct {
	mu   sync.Mutex
	sent []usher.CodeMessage
	down bool
}

// Send keeps the message, unless nothing can be sent.
func (c *Codes) Send(_ context.Context, m usher.CodeMessage) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return errors.New("nobody answers")
	}
	c.sent = append(c.sent, m)
	return nil
}

// Down says whether sending fails from now on.
func (c *Codes) Down(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
}

// Sent gives what was sent so far.
func (c *Codes) Sent() []usher.CodeMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]usher.CodeMessage(nil), c.sent...)
}
