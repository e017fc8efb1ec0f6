package mrz

// even is the level that suits an evened picture.
const even = 128

// evened is darkness as a part of how dark print is nearby, even for what the
// level would be there: faint print, or print under glare, then shows beside
// strong print elsewhere on the picture, where one level cannot serve both.
func evened(dark []byte, w, level int) []byte {
	h := len(dark) / w
	size := max(24, max(w, h)/30)
	levels, across := blockLevels(dark, w, h, size, level)
	out := make([]byte, len(dark))
	down := len(levels) / across
	inverse := make([]float32, across+1)
	for y := range h {
		// Between the middles of blocks levels change gradually.
		v := max((float32(y)+0.5)/float32(size)-0.5, 0)
		top := min(int(v), down-1)
		low := min(top+1, down-1)
		part := v - float32(top)
		for i := range across {
			inverse[i] = even / (levels[top*across+i]*(1-part) + levels[low*across+i]*part)
		}
		inverse[across] = inverse[across-1]
		row, to := dark[y*w:(y+1)*w], out[y*w:(y+1)*w]
		for x, d := range row {
			if d == 0 {
				continue
			}
			u := max((float32(x)+0.5)/float32(size)-0.5, 0)
			left := min(int(u), across-1)
			share := u - float32(left)
			to[x] = byte(min(float32(d)*(inverse[left]*(1-share)+inverse[left+1]*share), 255))
		}
	}
	return out
}

// blockLevels is, for each block of a picture, half of how dark its print is,
// not far below the level of the whole and not above it.
func blockLevels(dark []byte, w, h, size, level int) (levels []float32, across int) {
	across = (w + size - 1) / size
	for y := 0; y < h; y += size {
		for x := 0; x < w; x += size {
			var histogram [256]int
			count := 0
			for j := y; j < min(y+size, h); j++ {
				for _, d := range dark[j*w+x : j*w+min(x+size, w)] {
					histogram[d]++
				}
				count += min(x+size, w) - x
			}
			// Print covers about a tenth of its paper.
			left, at := count/40, 255
			for at > 0 && left >= histogram[at] {
				left -= histogram[at]
				at--
			}
			levels = append(levels, float32(min(max(at/2, level/4, 10), level)))
		}
	}
	return levels, across
}
