package picture

// reduce fills dst, which has dw × dh pixels of n bytes, with the mean of the pixels of src that each of its pixels covers,
// parts of pixels counted in part. It goes through src once and needs room for two lines, where a kernel that widens would
// need hundreds of megabytes for a photograph.
func reduce(dst []byte, dstStride, dw, dh int, src []byte, srcStride, w, h, n int) {
	columns := shares(w, dw)
	rows := shares(h, dh)
	line, sum, next := make([]float32, dw*n+n), make([]float32, dw*n), make([]float32, dw*n)
	done := 0
	for y, row := range rows {
		if row.at > done {
			writeLine(dst[done*dstStride:], sum)
			sum, next, done = next, sum, row.at
			clear(next)
		}
		clear(line)
		reduceLine(line, src[y*srcStride:y*srcStride+w*n], columns, n)
		for i, v := range line[:dw*n] {
			sum[i] += v * row.first
			next[i] += v * row.second
		}
	}
	writeLine(dst[done*dstStride:], sum)
}

// share is how a pixel is dealt out to two neighbours: at and the one behind it.
type share struct {
	at            int
	first, second float32
}

// shares deals n pixels out to fewer.
func shares(n, fewer int) []share {
	list := make([]share, n)
	for i := range list {
		// In units of 1/n of a target pixel, so that nothing is lost to rounding.
		from, to := i*fewer, (i+1)*fewer
		at := from / n
		inside := min(to, (at+1)*n) - from
		list[i] = share{at, float32(inside) / float32(n), float32(to-from-inside) / float32(n)}
	}
	return list
}

func reduceLine(line []float32, row []byte, columns []share, n int) {
	if n == 1 {
		for x, c := range columns {
			v := float32(row[x])
			line[c.at] += v * c.first
			line[c.at+1] += v * c.second
		}
		return
	}
	for x, c := range columns {
		for k := range n {
			v := float32(row[x*n+k])
			line[c.at*n+k] += v * c.first
			line[c.at*n+n+k] += v * c.second
		}
	}
}

func writeLine(dst []byte, sum []float32) {
	for i, v := range sum {
		dst[i] = uint8(min(v+0.5, 255))
	}
}
