//go:build race

package pdf417_test

// The race detector makes reading ten times slower, and there is no concurrency in it.
const (
	pictures    = 10
	photographs = 1
)
