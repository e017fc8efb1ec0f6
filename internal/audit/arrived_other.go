//go:build !linux

package audit

import "net"

// arrived cannot be asked here: a receiver that ends its side in the middle of what is under way counts as one that has read it.
func arrived(net.Conn) error { return nil }
