package picture

import (
	"encoding/binary"
	"image"
	"math"
	"math/bits"
)

// The parts of a [Likeness].
const (
	likenessWords = 4                 // of 64 bits each
	likenessThumb = 32                // side of the thumbnail in pixels
	likenessBand  = 4                 // bytes of a band
	likenessSide  = 64                // side of what is transformed, in pixels
	likenessWaves = 24                // of each direction
	likenessBytes = 8 * likenessWords // of the waves
	likenessSize  = likenessBytes + likenessThumb*likenessThumb
)

// The limits within which two pictures count as one picture saved twice. Measured on drawn documents and faces (see docs/documents.md): saved again,
// reduced to a third or made brighter, they lie within; other people's documents of the same kind in the same place do not.
const (
	mostWavesApart = 12
	mostLevelApart = 4 // grey levels of 255, in the part of the picture that differs most
	leastContrast  = 6 // standard deviation in grey levels; below it there is nothing to compare
)

// Likeness is how a picture looks, coarsely: the signs of the 256 longest waves that it is made of (a perceptual hash by the discrete cosine
// transform), and a thumbnail. Saving a picture again, making it smaller, brighter or duller changes little of either. It knows nothing of pictures
// that were turned, mirrored or cut, nor of a second photograph of the same thing.
type Likeness struct {
	waves [likenessWords]uint64
	thumb [likenessThumb * likenessThumb]uint8
}

// LikenessOf gives the likeness of an upright picture; ok is false when the picture has too little in it to be told from others. It costs about
// two passes over the pixels.
func LikenessOf(img image.Image) (l Likeness, ok bool) {
	full := grayOf(img)
	if size := full.Rect.Size(); size.X < likenessSide || size.Y < likenessSide {
		return l, false
	}
	thumb := average(full, image.Pt(likenessThumb, likenessThumb))
	copy(l.thumb[:], thumb.Pix)
	if _, spread := spread(l.thumb[:]); spread < leastContrast {
		return l, false
	}
	l.transform(average(full, image.Pt(likenessSide, likenessSide)))
	return l, true
}

// transform fills in the signs of the waves: first along the rows, then down the columns.
func (l *Likeness) transform(small *image.Gray) {
	cosines := cosines()
	var rows [likenessSide][likenessWaves]float64
	for y := range likenessSide {
		for u := range likenessWaves {
			for x, v := range small.Pix[y*small.Stride : y*small.Stride+likenessSide] {
				rows[y][u] += float64(v) * cosines[u][x]
			}
		}
	}
	at := 0
	// The longest first; the mean and what lies beside it tell of light alone.
	for sum := 3; at < 64*likenessWords; sum++ {
		for u := max(0, sum-likenessWaves+1); u <= min(sum, likenessWaves-1) && at < 64*likenessWords; u++ {
			total := 0.0
			for y := range likenessSide {
				total += rows[y][u] * cosines[sum-u][y]
			}
			if total > 0 {
				l.waves[at/64] |= 1 << (at % 64)
			}
			at++
		}
	}
}

func cosines() (waves [likenessWaves][likenessSide]float64) {
	for k := range waves {
		for i := range waves[k] {
			waves[k][i] = math.Cos(math.Pi * float64(k) * (float64(i) + 0.5) / likenessSide)
		}
	}
	return waves
}

// Bands gives eight pieces of the likeness, by which it can be found among many: of two likenesses that differ in up to seven waves at least one
// piece in the same place is equal.
func (l Likeness) Bands() [][]byte {
	all := l.Bytes()[:likenessBytes]
	var bands [][]byte
	for i := 0; i < len(all); i += likenessBand {
		bands = append(bands, all[i:i+likenessBand])
	}
	return bands
}

// Bytes gives the likeness as bytes, to be kept; [ParseLikeness] reads them.
func (l Likeness) Bytes() []byte {
	b := make([]byte, 0, likenessSize)
	for _, word := range l.waves {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	return append(b, l.thumb[:]...)
}

// ParseLikeness reads what Bytes gave; false when it is something else.
func ParseLikeness(b []byte) (l Likeness, ok bool) {
	if len(b) != likenessSize {
		return l, false
	}
	for i := range l.waves {
		l.waves[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	copy(l.thumb[:], b[likenessBytes:])
	return l, true
}

// Distance tells in how many of the 256 waves two likenesses differ.
func (l Likeness) Distance(o Likeness) int {
	n := 0
	for i := range l.waves {
		n += bits.OnesCount64(l.waves[i] ^ o.waves[i])
	}
	return n
}

// Same tells whether two likenesses are of one picture that was saved twice.
func (l Likeness) Same(o Likeness) bool {
	return l.Distance(o) <= mostWavesApart && l.levelsApart(o) <= mostLevelApart
}

// levelsApart gives how far the thumbnails differ in the part where they differ most, in grey levels, once brightness and contrast are made equal:
// two documents of one kind differ in the portrait alone.
func (l Likeness) levelsApart(o Likeness) float64 {
	const part = 4
	mean, dev := spread(l.thumb[:])
	otherMean, otherDev := spread(o.thumb[:])
	if dev == 0 || otherDev == 0 {
		return math.Inf(1)
	}
	worst := 0.0
	for top := 0; top < likenessThumb; top += part {
		for left := 0; left < likenessThumb; left += part {
			sum := 0.0
			for y := top; y < top+part; y++ {
				for x := left; x < left+part; x++ {
					i := y*likenessThumb + x
					sum += math.Abs((float64(l.thumb[i]) - mean) - (float64(o.thumb[i])-otherMean)*dev/otherDev)
				}
			}
			worst = max(worst, sum/(part*part))
		}
	}
	return worst
}

// spread gives mean and standard deviation.
func spread(levels []uint8) (mean, deviation float64) {
	sum, squares := 0.0, 0.0
	for _, v := range levels {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(levels))
	mean = sum / n
	return mean, math.Sqrt(max(0, squares/n-mean*mean))
}
