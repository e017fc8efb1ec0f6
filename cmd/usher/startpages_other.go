//go:build !linux

package main

import "runtime/debug"

// giveBack hands memory to the system that starting took: password hashes took most of it.
func giveBack() error {
	debug.FreeOSMemory()
	return nil
}
