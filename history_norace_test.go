//go:build !race

package usher_test

const histories = 11_000
