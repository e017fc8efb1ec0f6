package picture

import (
	"image"
	"math"
	"slices"
)

// Quality are measures of a picture. They serve advice ("please take it again"), never a verdict: sharpness depends on
// what is in the picture, and a clipped white can be glare or white paper.
type Quality struct {
	// Width and Height are the upright size in pixels.
	Width, Height int
	// Sharpness is the variance of the Laplacian where the picture has most detail, with the share that sensor noise
	// explains taken off, at a working width of 1000 px. 0 is featureless; see [Quality.Advice] for the limits used.
	Sharpness float64
	// Noise is the estimated standard deviation of the sensor noise at the working width, in grey levels of 255.
	Noise float64
	// Glare is the share of the picture in which whole patches are burnt out, 0..1.
	Glare float64
	// Brightness is the mean grey level, 0..1, and Highlight the level that 5 % of the picture exceeds, 0..1.
	Brightness, Highlight float64
}

// The advice that [Quality.Advice] gives.
const (
	AdviceTooSmall = "too_small"
	AdviceBlurred  = "blurred"
	AdviceGlare    = "glare"
	AdviceDark     = "dark"
)

// The working width and the limits of advice. They were set on drawn documents photographed by the specimen package at
// several strengths of blur, noise and shade (see the package's tests), so they are a start and not a finding.
const (
	workingSide = 1000
	patch       = 20

	minSharpness  = 60
	minShortSide  = 480
	clipped       = 250
	maxGlare      = 0.02
	scannedGlare  = 0.50
	darkMean      = 0.22
	darkHighlight = 0.45
)

// Measure returns the measures of an upright picture. It costs about one pass over the pixels.
func Measure(img image.Image) Quality {
	size := img.Bounds().Size()
	quality := Quality{Width: size.X, Height: size.Y}
	gray := Gray(img, workingSide)
	w, h := gray.Rect.Dx(), gray.Rect.Dy()
	if w < 3 || h < 3 {
		return quality
	}
	quality.Sharpness, quality.Noise = sharpness(gray)
	quality.Glare = glare(gray)
	var histogram [256]int
	sum := 0
	for y := range h {
		for _, v := range gray.Pix[y*gray.Stride : y*gray.Stride+w] {
			histogram[v]++
			sum += int(v)
		}
	}
	quality.Brightness = float64(sum) / float64(w*h) / 255
	above := 0
	for level := 255; level >= 0; level-- {
		above += histogram[level]
		if above*20 >= w*h {
			quality.Highlight = float64(level) / 255
			break
		}
	}
	return quality
}

// sharpness looks at the Laplacian patch by patch. The quieter patches tell the noise: for independent noise of variance
// v the Laplacian (four neighbours minus four times the middle) has variance 20·v. The busiest tenth tells the detail;
// the busiest tenth of pure noise lies up to a half above the floor, so that much is taken off.
func sharpness(gray *image.Gray) (detail, noise float64) {
	w, h := gray.Rect.Dx(), gray.Rect.Dy()
	var variances []float64
	for top := 1; top < h-1; top += patch {
		for left := 1; left < w-1; left += patch {
			variances = append(variances, laplacianVariance(gray, left, top, min(left+patch, w-1), min(top+patch, h-1)))
		}
	}
	slices.Sort(variances)
	floor := variances[len(variances)*3/10]
	busiest := variances[len(variances)*9/10:]
	sum := 0.0
	for _, v := range busiest {
		sum += v
	}
	return max(0, sum/float64(len(busiest))-1.5*floor), math.Sqrt(floor / 20)
}

func laplacianVariance(gray *image.Gray, left, top, right, bottom int) float64 {
	sum, squares, n := 0, 0, 0
	for y := top; y < bottom; y++ {
		above, row, below := gray.Pix[(y-1)*gray.Stride:], gray.Pix[y*gray.Stride:], gray.Pix[(y+1)*gray.Stride:]
		for x := left; x < right; x++ {
			v := int(above[x]) + int(below[x]) + int(row[x-1]) + int(row[x+1]) - 4*int(row[x])
			sum += v
			squares += v * v
			n++
		}
	}
	mean := float64(sum) / float64(n)
	return float64(squares)/float64(n) - mean*mean
}

// glare returns the share of patches that are burnt out as a whole; single white pixels are print or noise.
func glare(gray *image.Gray) float64 {
	w, h := gray.Rect.Dx(), gray.Rect.Dy()
	const side = patch / 2
	burnt, total := 0, 0
	for top := 0; top+side <= h; top += side {
		for left := 0; left+side <= w; left += side {
			total++
			if allClipped(gray, left, top, side) {
				burnt++
			}
		}
	}
	if total == 0 {
		return 0
	}
	return float64(burnt) / float64(total)
}

func allClipped(gray *image.Gray, left, top, side int) bool {
	for y := top; y < top+side; y++ {
		for _, v := range gray.Pix[y*gray.Stride+left : y*gray.Stride+left+side] {
			if v < clipped {
				return false
			}
		}
	}
	return true
}

// Advice names what a person who photographs a printed document could do better, or nothing. It does not fit faces: skin
// has too little fine detail to tell a sharp picture by. Most of a picture burnt out is taken for the white of a scanner
// and not for glare.
func (q Quality) Advice() []string {
	var advice []string
	if min(q.Width, q.Height) < minShortSide {
		advice = append(advice, AdviceTooSmall)
	}
	if q.Brightness < darkMean && q.Highlight < darkHighlight {
		advice = append(advice, AdviceDark)
	}
	if q.Sharpness < minSharpness {
		advice = append(advice, AdviceBlurred)
	}
	if q.Glare > maxGlare && q.Glare < scannedGlare {
		advice = append(advice, AdviceGlare)
	}
	return advice
}
