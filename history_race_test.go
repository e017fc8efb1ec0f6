//go:build race

package usher_test

// histories is fewer here: the race detector looks for races, which do not take many.
const histories = 500
