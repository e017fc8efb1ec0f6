//go:build !unix

package main

import "time"

var started = time.Now()

// processorTime gives the time since the start, where the processor's own is not to be had: figures are then too low, never too high.
func processorTime() time.Duration { return time.Since(started) }
