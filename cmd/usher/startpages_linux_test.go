package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProgramPages takes only what is the program's file as it is: a page that was written, or may be, would be lost.
func TestProgramPages(t *testing.T) {
	t.Parallel()
	const smaps = `00400000-01a2e000 r-xp 00000000 fe:00 1230 /bin/usher
Rss:               18836 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
01a2e000-031c4000 r--p 0162e000 fe:00 1230 /bin/usher
Anonymous:             0 kB
031c4000-0376a000 rw-p 02dc4000 fe:00 1230 /bin/usher
Anonymous:             0 kB
04000000-05000000 r--p 02dc4000 fe:00 1230 /bin/usher
Anonymous:             8 kB
11ee0b800000-11ee0f000000 rw-p 00000000 00:00 0
Anonymous:         12416 kB
7f9139875000-7f91399cb000 r-xp 00026000 fe:00 3262 /lib/libc.so.6
Anonymous:             0 kB
`
	got, err := programPages(strings.NewReader(smaps), "/bin/usher")
	if err != nil {
		t.Fatal(err)
	}
	want := []pageRange{{0x400000, 0x1a2e000}, {0x1a2e000, 0x31c4000}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(pageRange{})); diff != "" {
		t.Error(diff)
	}
	if _, err := programPages(strings.NewReader("x-y r-xp 0 fe:00 1 /bin/usher\n"), "/bin/usher"); err == nil {
		t.Error("what is no address was read")
	}
}
