package specimen

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"

	"github.com/usher-kyc/usher/internal/picture"
)

// Shot says how a document is photographed. The zero value is a straight, sharp, evenly lit picture of 1800 × 1200.
type Shot struct {
	// Width and Height of the photograph in pixels (default 1800 × 1200, about 2 megapixel).
	Width, Height int
	// Fill is the share of the picture's width that the document takes (default 0.82).
	Fill float64
	// Rotation is in degrees, anticlockwise.
	Rotation float64
	// Perspective moves the corners by up to this share of the document's size, 0..0.1.
	Perspective float64
	// Blur is the standard deviation of the blur in pixels.
	Blur float64
	// Noise is the standard deviation of the sensor noise in grey levels of 255.
	Noise float64
	// Shade darkens one side by up to this share, 0..1.
	Shade float64
	// Exposure multiplies the light (default 1).
	Exposure float64
	// Glare is the radius of a burnt-out spot as a share of the document's width, 0 for none.
	Glare float64
	// Seed picks table, corners, side of the shade and grain.
	Seed uint64
}

// Photo lays the picture on a table and photographs it as a careful person with a phone does: about 2 megapixel, turned
// a little, with some shade and noise.
func Photo(img image.Image, seed uint64) image.Image {
	r := source(seed)
	return Shoot(img, Shot{Rotation: 4 * (r.Float64() - 0.5), Perspective: 0.010, Blur: 0.6, Noise: 3, Shade: 0.18, Seed: seed})
}

// Shoot is [Photo] with everything said. A nil picture photographs the bare table.
func Shoot(img image.Image, shot Shot) image.Image {
	if shot.Width <= 0 || shot.Height <= 0 {
		shot.Width, shot.Height = 1800, 1200
	}
	if shot.Fill <= 0 {
		shot.Fill = 0.82
	}
	if shot.Exposure <= 0 {
		shot.Exposure = 1
	}
	r := source(shot.Seed)
	out := image.NewRGBA(image.Rect(0, 0, shot.Width, shot.Height))
	tableTop(out, r)
	if img != nil {
		place(out, img, shot, r)
	}
	light(out, shot, r)
	blur(out, shot.Blur)
	if shot.Noise > 0 {
		return grain(out, shot.Seed, shot.Noise)
	}
	return out
}

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x75736865)) }

// tableTop paints wood.
func tableTop(out *image.RGBA, r *rand.Rand) {
	woods := []rgb{{0.45, 0.31, 0.20}, {0.33, 0.24, 0.18}, {0.55, 0.42, 0.29}, {0.30, 0.31, 0.33}}
	wood := woods[r.IntN(len(woods))]
	phase := 10 * r.Float64()
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			u, v := float64(x)/1800, float64(y)/1800
			ring := math.Sin(70*(v+0.03*math.Sin(5*u+phase)) + 4*math.Sin(3*v+2*u+phase))
			fibre := math.Sin(400*v+13*math.Sin(9*u+phase)) * math.Sin(900*v+phase)
			setRGB(out, x, y, wood.times(1+0.07*ring+0.03*fibre))
		}
	}
}

// place projects the document onto the table, with a soft shadow around it.
func place(out *image.RGBA, img image.Image, shot Shot, r *rand.Rand) {
	src := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(src, src.Rect, img, img.Bounds().Min, draw.Src)
	w, h := float64(src.Rect.Dx()), float64(src.Rect.Dy())
	scale := shot.Fill * float64(shot.Width) / w
	if tall := 0.94 * float64(shot.Height) / h; scale > tall {
		scale = tall
	}
	sin, cos := math.Sincos(-shot.Rotation * math.Pi / 180)
	var corners [4][2]float64
	for i, c := range [4][2]float64{{-w / 2, -h / 2}, {w / 2, -h / 2}, {w / 2, h / 2}, {-w / 2, h / 2}} {
		x := (c[0] + w*shot.Perspective*(2*r.Float64()-1)) * scale
		y := (c[1] + h*shot.Perspective*(2*r.Float64()-1)) * scale
		corners[i] = [2]float64{float64(shot.Width)/2 + x*cos - y*sin, float64(shot.Height)/2 + x*sin + y*cos}
	}
	back := picture.SquareTo(corners).Inverse()
	for y := range shot.Height {
		for x := range shot.Width {
			u, v := back.At(float64(x)+0.5, float64(y)+0.5)
			outside := max(-u, u-1)*w/h + 0
			outside = max(outside, -v, v-1)
			if outside > 0.05 {
				continue
			}
			i := out.PixOffset(x, y)
			p := out.Pix[i : i+4 : i+4]
			under := rgb{float64(p[0]) / 255, float64(p[1]) / 255, float64(p[2]) / 255}
			under = under.times(0.55 + 0.45*smooth(0, 0.05, max(0, outside-0.004)))
			edge := step(-outside*h*scale, 0.8)
			if edge > 0 {
				under = under.mix(sample(src, u*w-0.5, v*h-0.5, 1/scale), edge)
			}
			setRGB(out, x, y, under)
		}
	}
}

// sample reads a colour between pixels; when the picture is reduced it averages over what one pixel covers.
func sample(src *image.RGBA, x, y, covers float64) rgb {
	if covers <= 1.2 {
		return bilinear(src, x, y)
	}
	n := int(math.Ceil(covers))
	sum := rgb{}
	for j := range n {
		for i := range n {
			sum = sum.plus(bilinear(src, x+covers*((float64(i)+0.5)/float64(n)-0.5), y+covers*((float64(j)+0.5)/float64(n)-0.5)))
		}
	}
	return sum.times(1 / float64(n*n))
}

func bilinear(src *image.RGBA, x, y float64) rgb {
	maxX, maxY := src.Rect.Dx()-1, src.Rect.Dy()-1
	x, y = min(float64(maxX), max(0, x)), min(float64(maxY), max(0, y))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, maxX), min(y0+1, maxY)
	fx, fy := x-float64(x0), y-float64(y0)
	at := func(x, y int) rgb {
		p := src.Pix[y*src.Stride+4*x : y*src.Stride+4*x+3 : y*src.Stride+4*x+3]
		return rgb{float64(p[0]) / 255, float64(p[1]) / 255, float64(p[2]) / 255}
	}
	return at(x0, y0).mix(at(x1, y0), fx).mix(at(x0, y1).mix(at(x1, y1), fx), fy)
}

// light shades one side, sets the exposure and burns out a spot where a lamp reflects.
func light(out *image.RGBA, shot Shot, r *rand.Rand) {
	sin, cos := math.Sincos(2 * math.Pi * r.Float64())
	spotX := float64(shot.Width) * (0.5 + 0.3*(r.Float64()-0.5))
	spotY := float64(shot.Height) * (0.62 + 0.2*(r.Float64()-0.5))
	radius := shot.Glare * shot.Fill * float64(shot.Width)
	for y := range shot.Height {
		for x := range shot.Width {
			u, v := float64(x)/float64(shot.Width)-0.5, float64(y)/float64(shot.Height)-0.5
			f := shot.Exposure * (1 - shot.Shade*(0.5+u*cos+v*sin))
			i := out.PixOffset(x, y)
			p := out.Pix[i : i+4 : i+4]
			c := rgb{float64(p[0]) / 255, float64(p[1]) / 255, float64(p[2]) / 255}.times(f)
			if radius > 0 {
				d := math.Hypot(float64(x)-spotX, float64(y)-spotY) / radius
				glow := 1.6 * math.Exp(-d*d*1.2)
				c = c.plus(rgb{glow, glow, glow})
			}
			setRGB(out, x, y, c)
		}
	}
}

// blur softens the picture by a bell kernel of the given standard deviation in pixels.
func blur(img *image.RGBA, sigma float64) {
	if sigma <= 0 {
		return
	}
	radius := int(math.Ceil(2.5 * sigma))
	kernel := make([]float64, 2*radius+1)
	total := 0.0
	for i := range kernel {
		kernel[i] = math.Exp(-sq(float64(i-radius)/sigma) / 2)
		total += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= total
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	along(img.Pix, w, h, 4, img.Stride, kernel)
	along(img.Pix, h, w, img.Stride, 4, kernel)
}

// along convolves every line of n pixels; step is the distance of neighbours in a line, stride that of lines, in bytes.
func along(pix []uint8, n, lines, step, stride int, kernel []float64) {
	radius := len(kernel) / 2
	line := make([]float64, n)
	for l := range lines {
		for channel := range 3 {
			at := l*stride + channel
			for i := range n {
				line[i] = float64(pix[at+i*step])
			}
			for i := range n {
				sum := 0.0
				for k, weight := range kernel {
					sum += weight * line[min(n-1, max(0, i+k-radius))]
				}
				pix[at+i*step] = uint8(sum + 0.5)
			}
		}
	}
}

// grain adds the noise of a sensor and returns the picture.
func grain(img *image.RGBA, seed uint64, sigma float64) *image.RGBA {
	r := source(seed ^ 0x6772)
	for i := 0; i < len(img.Pix); i += 4 {
		shared := r.NormFloat64() * sigma * 0.8
		for c := range 3 {
			v := float64(img.Pix[i+c]) + shared + 0.6*sigma*r.NormFloat64()
			img.Pix[i+c] = uint8(min(255, max(0, v+0.5)))
		}
	}
	return img
}

// JPEG encodes a picture as a phone would (quality 90).
func JPEG(img image.Image) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
		return nil, fmt.Errorf("encode specimen: %w", err)
	}
	return out.Bytes(), nil
}

// PNG encodes a picture without loss.
func PNG(img image.Image) ([]byte, error) {
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("encode specimen: %w", err)
	}
	return out.Bytes(), nil
}
