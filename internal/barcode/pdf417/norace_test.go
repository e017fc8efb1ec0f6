//go:build !race

package pdf417_test

// How many pictures of random content, and photographs of each set, the tests read.
const (
	pictures    = 100
	photographs = 4
)
