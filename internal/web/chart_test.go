package web_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/usher-kyc/usher/internal/web"
)

func say(i, v int) string { return fmt.Sprint(i, " ", v) }

func TestColumns(t *testing.T) {
	t.Parallel()
	c := web.Columns([]string{"Mon", "Tue"}, web.Series{Class: "good", Values: []int{3, 0}, Say: say}, web.Series{Class: "bad", Values: []int{1, 2}, Say: say})
	if len(c.Bars) != 3 {
		t.Fatalf("%d bars of three figures that are not nothing", len(c.Bars))
	}
	first, second := c.Bars[0], c.Bars[1]
	if first.Y+first.H != c.Base || second.Y+second.H != first.Y || second.X != first.X {
		t.Errorf("the second bar does not stand on the first: %+v, %+v", first, second)
	}
	if first.H < 2*second.H || c.Bars[2].Say != "1 2" {
		t.Errorf("bars %+v", c.Bars)
	}
}

// Whatever is counted, a chart stays within its own box, and every figure that is not nothing can be seen.
func TestColumnsStayInside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 1_000_000), 0, 120).Draw(t, "values")
		c := web.Columns(make([]string, len(values)), web.Series{Values: values, Say: say})
		seen := 0
		for _, v := range values {
			if v > 0 {
				seen++
			}
		}
		if len(c.Bars) != seen {
			t.Fatalf("%d bars of %d figures", len(c.Bars), seen)
		}
		for _, b := range c.Bars {
			if b.X < 0 || b.Y < 0 || b.W < 1 || b.H < 1 || b.X+b.W > c.W || b.Y+b.H > c.Base {
				t.Fatalf("%+v leaves a box of %d by %d", b, c.W, c.Base)
			}
		}
	})
}
