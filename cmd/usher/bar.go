package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// bar shows how far long work has come, when the output is a terminal.
type bar struct {
	out          io.Writer // nil shows nothing
	what         string
	total        int
	began, shown time.Time
}

const barEvery = 200 * time.Millisecond

// newBar begins to show work on a total number of things.
func newBar(c console, what string, total int) *bar {
	b := &bar{what: what, total: total, began: time.Now()}
	file, ok := c.err.(*os.File)
	if !ok {
		return b
	}
	if info, err := file.Stat(); err == nil && info.Mode()&fs.ModeCharDevice != 0 {
		b.out = c.err
	}
	return b
}

// set shows that n of them are done.
func (b *bar) set(n int) {
	now := time.Now()
	if b.out == nil || now.Sub(b.shown) < barEvery {
		return
	}
	b.shown = now
	part := 0.0
	if b.total > 0 {
		part = min(float64(n)/float64(b.total), 1)
	}
	const wide = 30
	full := int(part * wide)
	left := ""
	if part > 0 {
		left = time.Duration(float64(now.Sub(b.began)) * (1 - part) / part).Round(time.Second).String()
	}
	fmt.Fprintf(b.out, "\r%s [%s%s] %3.0f %%  %d of %d  %s left   ", b.what, strings.Repeat("#", full), strings.Repeat(".", wide-full), 100*part, n, b.total, left)
}

// done takes the bar away.
func (b *bar) done() {
	if b.out != nil && !b.shown.IsZero() {
		fmt.Fprintf(b.out, "\r%100s\r", "")
	}
}
