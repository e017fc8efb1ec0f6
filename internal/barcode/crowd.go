package barcode

import (
	"cmp"
	"image"
	"slices"
)

// crowd counts edges along rows and along columns by tiles of a picture.
type crowd struct {
	tile   int // its side in pixels
	w, h   int // in tiles
	counts [2][]uint8
}

// newCrowd has tiles that about three scan lines pass through.
func newCrowd(w, h, step int) *crowd {
	tile := 8 * step / 3
	c := &crowd{tile: tile, w: (w + tile - 1) / tile, h: (h + tile - 1) / tile}
	for turn := range c.counts {
		c.counts[turn] = make([]uint8, c.w*c.h)
	}
	return c
}

// count counts an edge at a place along a row (turn 0) or a column (turn 1).
func (c *crowd) count(turn int, along float64, line int) {
	x, y := int(along)/c.tile, line/c.tile
	if turn == 1 {
		x, y = y, x
	}
	x, y = min(max(x, 0), c.w-1), min(max(y, 0), c.h-1)
	if n := &c.counts[turn][y*c.w+x]; *n < 255 {
		*n++
	}
}

// least is how many edges there must be both ways in a tile and the eight around it: one in each.
const least = 9

func (c *crowd) around(turn, x, y int) (n int) {
	for dy := -1; dy <= 1; dy++ {
		row := c.counts[turn][(y+dy)*c.w+x-1:]
		n += int(row[0]) + int(row[1]) + int(row[2])
	}
	return n
}

// squares returns regions, squares more or less, whose tiles have edges both ways: at most four, the fullest first, with
// a margin.
func (c *crowd) squares() []image.Rectangle {
	dense := make([]bool, c.w*c.h)
	for y := 1; y < c.h-1; y++ {
		for x := 1; x < c.w-1; x++ {
			dense[y*c.w+x] = c.around(0, x, y) >= least && c.around(1, x, y) >= least
		}
	}
	type region struct {
		box  image.Rectangle
		fill float64
	}
	var regions []region
	for i := range dense {
		if !dense[i] {
			continue
		}
		box, n := c.flood(dense, i)
		w, h := box.Dx(), box.Dy()
		fill := float64(n) / float64(w*h)
		if min(w, h) < 3 || max(w, h) > 60 || 3*w > 5*h || 3*h > 5*w || fill < 0.45 {
			continue
		}
		regions = append(regions, region{box, fill})
	}
	slices.SortStableFunc(regions, func(a, b region) int { return cmp.Compare(b.fill, a.fill) })
	var places []image.Rectangle
	for _, r := range regions[:min(len(regions), 4)] {
		places = append(places, image.Rect(
			(r.box.Min.X-1)*c.tile, (r.box.Min.Y-1)*c.tile, (r.box.Max.X+1)*c.tile, (r.box.Max.Y+1)*c.tile))
	}
	return places
}

// flood clears the dense tiles that hang together with one and returns their box and number.
func (c *crowd) flood(dense []bool, from int) (box image.Rectangle, n int) {
	todo := []int{from}
	dense[from] = false
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		x, y := i%c.w, i/c.w
		box, n = box.Union(image.Rect(x, y, x+1, y+1)), n+1
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				nx, ny := x+dx, y+dy
				if nx < 0 || ny < 0 || nx >= c.w || ny >= c.h || !dense[ny*c.w+nx] {
					continue
				}
				dense[ny*c.w+nx] = false
				todo = append(todo, ny*c.w+nx)
			}
		}
	}
	return box, n
}
