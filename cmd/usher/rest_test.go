package main

import (
	"bytes"
	"testing"
)

// TestIdle tells a busy server from one that rests, and one that holds too much from one that does not.
func TestIdle(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	before := heap{allocated: 1000 * mb}
	for name, c := range map[string]struct {
		now  heap
		want bool
	}{
		"has just worked, and holds what that took": {heap{1003 * mb, 10 * mb, 60 * mb}, true},
		"still works":                        {heap{1030 * mb, 10 * mb, 60 * mb}, false},
		"holds little beside what it uses":   {heap{1003 * mb, 10 * mb, 16 * mb}, false},
		"uses much, and holds in proportion": {heap{1003 * mb, 400 * mb, 580 * mb}, false},
		"uses much, and holds twice as much": {heap{1003 * mb, 400 * mb, 800 * mb}, true},
	} {
		if got := c.now.idle(before); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestReadHeap reads what the runtime knows by the names of this version.
func TestReadHeap(t *testing.T) {
	t.Parallel()
	before := readHeap()
	kept := bytes.Repeat([]byte{1}, 1<<20)
	after := readHeap()
	if before.live == 0 || before.held < before.live/2 || after.allocated < before.allocated+uint64(len(kept)) {
		t.Errorf("%+v, and with a megabyte more %+v", before, after)
	}
}
