package specimen

import (
	"image"
	"math"
)

// The face is drawn in units of its own: the origin lies between the eyes and the nose, the chin at y = 1, the cheeks
// at about x = ±0.74, y grows downwards. Everything is a function of the point, so any size draws the same person.

// scene is how a face is seen: where, how large, how lit, and before what.
type scene struct {
	centreX, centreY float64 // of the face, as shares of width and height
	size             float64 // half height of the face, as a share of the picture's height
	tilt             float64 // of the head, radians
	light            float64 // where the light comes from: -1 left, 1 right
	strength         float64 // of the light, about 1
	background       func(u, v float64) rgb
}

// paintPortrait draws the person into a new picture of w × h pixels. One sample per pixel is enough, since every edge of
// the drawing is softer than a pixel at the sizes in use.
func paintPortrait(look look, s scene, w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	unit := s.size * float64(h)
	sin, cos := math.Sincos(-s.tilt)
	at := func(px, py float64) rgb {
		dx, dy := (px-s.centreX*float64(w))/unit, (py-s.centreY*float64(h))/unit
		behind := s.background(px/float64(w), py/float64(h))
		// The body does not tilt with the head.
		colour := look.body(behind, dx, dy, s)
		return look.head(colour, dx*cos-dy*sin, dx*sin+dy*cos, s)
	}
	for y := range h {
		for x := range w {
			setRGB(img, x, y, at(float64(x)+0.5, float64(y)+0.5))
		}
	}
	return img
}

// body paints clothes and the hair that falls behind the neck.
func (l look) body(c rgb, x, y float64, s scene) rgb {
	if l.long {
		shaded := s
		shaded.strength *= 0.55
		c = l.cover(c, x, y, shaded, step(l.fall(x, y), 0.03))
	}
	// Shoulders: a wide arc that drops outwards.
	top := 1.42 + 0.22*x*x - 0.10*math.Exp(-x*x*9)
	if math.Abs(x) > 1.5 {
		top += 0.9 * (math.Abs(x) - 1.5)
	}
	cloth := l.clothes.times(0.80 + 0.22*s.light*x/2 + 0.02*math.Sin(60*x)*math.Sin(60*y))
	c = c.mix(cloth, step(y-top, 0.025))
	// Neck, darkest under the chin, with an open collar.
	neck := 0.40 + 0.10*sq(max(0, y-1.05))
	throat := min(neck-math.Abs(x), 1.66-0.55*math.Abs(x)-y)
	shade := 0.50 + 0.34*smooth(0.95, 1.5, y) + 0.10*s.light*x
	return c.mix(l.skin.times(shade*s.strength), step(min(throat, y-0.2), 0.03))
}

// head paints, from back to front: ears, the face and what is in it, and the hair on top.
func (l look) head(c rgb, x, y float64, s scene) rgb {
	if x < -1.6 || x > 1.6 || y < -1.7 || y > 1.4 {
		return c
	}
	ear := 1 - math.Hypot((math.Abs(x)-0.745*l.width)/0.095, (y-0.04)/0.21)
	if !l.long {
		fold := 0.72 + 0.16*math.Cos(26*(math.Abs(x)-0.74)+9*y)
		c = c.mix(l.skin.times(fold*s.strength), step(ear, 0.12))
	}
	inside := l.outline(x, y)
	if inside > -0.1 {
		c = c.mix(l.face(x, y, s), step(inside, 0.022))
	}
	return l.hair(c, x, y, s)
}

// outline is positive within the face: an ellipse above the eyes, narrowing to the chin below.
func (l look) outline(x, y float64) float64 {
	if y < -1.3 || y > 1.05 {
		return -1
	}
	half := 0.755
	if y > 0 {
		t := y / 1.02
		half *= math.Sqrt(max(0, 1-math.Pow(t, 2.6))) * (1 - 0.12*t)
	} else {
		t := y / 1.22
		half *= math.Sqrt(max(0, 1-t*t*t*t))
	}
	if half == 0 {
		return -1
	}
	return half*l.width - math.Abs(x)
}

// face is the colour of the face's surface: shaded as a rounded form first, then feature by feature.
func (l look) face(x, y float64, s scene) rgb {
	u := x / l.width
	// The form: an egg lit from above and a little from one side.
	nx, ny := u/0.80, (y+0.05)/1.22
	nz := math.Sqrt(max(0.02, 1-nx*nx*0.92-ny*ny*0.80))
	lit := max(0, 0.42*s.light*nx-0.34*ny+0.84*nz)
	shade := 0.40 + 0.66*lit

	a := math.Abs(u)
	shade -= 0.20 * bump(a-0.33, y+0.13, 0.17, 0.10)         // eye sockets
	shade -= 0.13 * bump(a-0.14, y+0.15, 0.06, 0.13)         // beside the bridge of the nose
	shade += 0.10 * bump(u, y-0.02, 0.055, 0.24)             // the bridge
	shade += 0.10 * bump(u, y-0.245, 0.075, 0.060)           // the tip
	shade -= 0.09 * bump(u+0.14*s.light, y-0.20, 0.06, 0.14) // the side away from the light
	shade -= 0.17 * bump(u, y-0.385, 0.15, 0.035)            // under the nose
	shade += 0.08 * bump(a-0.42, y-0.22, 0.16, 0.13)         // cheek bones
	shade -= 0.10 * bump(a-0.60, y-0.48, 0.14, 0.26)         // hollow of the cheeks
	shade += 0.07 * bump(u, y+0.70, 0.34, 0.20)              // forehead
	shade -= 0.09 * bump(u, y-0.755, 0.22, 0.045)            // under the lower lip
	shade += 0.06 * bump(u, y-0.88, 0.16, 0.08)              // chin
	shade -= 0.05 * bump(u, y-0.455, 0.030, 0.045)           // groove above the lip
	skin := l.skin.times(shade * s.strength)
	// Blood shows in cheeks and nose.
	warm := 0.10*bump(a-0.44, y-0.27, 0.16, 0.13) + 0.07*bump(u, y-0.26, 0.10, 0.08)
	skin = skin.mix(rgb{0.80, 0.30, 0.25}, warm)

	skin = l.stubble(skin, u, y)
	skin = nostrils(skin, u, y)
	skin = l.mouth(skin, u, y, s)
	skin = l.eye(skin, u, y, s)
	return l.brow(skin, u, y, s)
}

// stubble darkens jaw and upper lip of a bearded face.
func (l look) stubble(c rgb, u, y float64) rgb {
	if l.beard == 0 {
		return c
	}
	a := math.Abs(u)
	jaw := smooth(0.22, 0.75, y+0.30*sq(a/0.6)) * (1 - 0.9*bump(u, y-0.58, 0.19, 0.085))
	grain := 0.94 + 0.06*math.Sin(210*u+40*y)*math.Sin(190*y)
	return c.mix(l.hairColour.times(0.8), l.beard*jaw*grain)
}

func nostrils(c rgb, u, y float64) rgb {
	a := math.Abs(u)
	dark := 0.62*bump(a-0.085, y-0.335, 0.042, 0.022) + 0.22*bump(a-0.155, y-0.285, 0.022, 0.065)
	return c.mix(rgb{0.22, 0.09, 0.07}, min(1, dark))
}

func (l look) mouth(c rgb, u, y float64, s scene) rgb {
	const half = 0.265
	if math.Abs(u) > half+0.05 || y < 0.40 || y > 0.80 {
		return c
	}
	t := u / half
	arch := max(0, 1-t*t)
	// The line between the lips rises a little to the corners, which reads as a calm, friendly mouth.
	line := 0.575 - 0.022*t*t
	bow := 0.018 * math.Exp(-sq(u/0.045)) // the dip of the upper lip
	upper := line - 0.070*math.Pow(arch, 0.8) + bow
	lower := line + 0.088*math.Pow(arch, 0.7)
	lip := l.skin.mix(rgb{0.66, 0.22, 0.22}, l.lips).times(s.strength)
	if y < line {
		c = c.mix(lip.times(0.68), step(y-upper, 0.018)*step(arch, 0.10))
	} else {
		gloss := 0.10 * bump(u+0.05*s.light, y-line-0.042, 0.11, 0.016)
		c = c.mix(lip.times(0.84+gloss), step(lower-y, 0.018)*step(arch, 0.10))
	}
	c = c.mix(rgb{0.20, 0.06, 0.06}, 0.85*math.Exp(-sq((y-line)/0.011))*step(1.04-math.Abs(t), 0.10))
	return c.mix(rgb{0.25, 0.10, 0.08}, 0.45*bump(math.Abs(u)-half-0.01, y-line, 0.022, 0.020))
}

// eye paints both eyes: white, iris, pupil, the light in it, lids and lashes.
func (l look) eye(c rgb, u, y float64, s scene) rgb {
	const cx, cy, half = 0.325, -0.115, 0.152
	a := math.Abs(u)
	t := (a - cx) / half
	if math.Abs(t) > 1.35 || math.Abs(y-cy) > 0.2 {
		return c
	}
	arch := max(0, 1-t*t)
	tilt := 0.012 * t // outer corners a little higher
	top := cy - tilt - 0.078*math.Pow(arch, 0.75)
	bottom := cy - tilt + 0.048*math.Pow(arch, 0.85)
	open := min(y-top, bottom-y)

	white := rgb{0.90, 0.88, 0.86}.times((0.86 - 0.28*math.Exp(-(y-top)/0.028)) * s.strength)
	white = white.mix(rgb{0.75, 0.45, 0.42}, 0.35*smooth(0.75, 1.05, math.Abs(t)))
	// Both eyes look the same way: the iris sits at the same side of each, not mirrored.
	ix := u - math.Copysign(cx, u) - 0.004*s.light
	r := math.Hypot(ix, y-cy+0.016)
	if r < 0.10 {
		ray := 0.85 + 0.22*math.Sin(math.Atan2(y-cy, ix)*17)*smooth(0.030, 0.055, r)
		iris := l.iris.times(ray * s.strength * (0.75 + 3.2*r))
		iris = iris.mix(rgb{0.05, 0.04, 0.04}, smooth(0.060, 0.074, r))
		white = white.mix(iris, step(0.072-r, 0.010))
		white = white.mix(rgb{0.03, 0.03, 0.03}, step(0.031-r, 0.008))
		white = white.mix(rgb{1, 1, 1}, 0.95*bump(ix-0.022*s.light, y-cy+0.040, 0.010, 0.010))
	}
	c = c.mix(white, step(open, 0.012)*step(arch, 0.06))
	// Upper lashes, the crease above them, and a soft line below.
	within := step(1.12-math.Abs(t), 0.16)
	c = c.mix(rgb{0.07, 0.05, 0.05}, l.lashes*math.Exp(-sq((y-top+0.004)/0.014))*within)
	c = c.mix(l.skin.times(0.34), 0.55*math.Exp(-sq((y-top+0.052)/0.014))*within)
	return c.mix(l.skin.times(0.35), 0.42*math.Exp(-sq((y-bottom-0.004)/0.010))*within)
}

func (l look) brow(c rgb, u, y float64, s scene) rgb {
	a := math.Abs(u)
	t := (a - 0.335) / 0.215
	if math.Abs(t) > 1.2 {
		return c
	}
	line := -0.335 - 0.035*(1-sq(t-0.35)) + 0.030*max(0, t)*t
	thick := l.brows * (0.036 - 0.016*max(0, t))
	hairs := 0.78 + 0.22*math.Sin(140*a+95*y)
	cover := math.Exp(-sq(sq((y-line)/thick))) * step(1.04-math.Abs(t), 0.16)
	return c.mix(l.hairColour.times(0.62*s.strength), 0.88*cover*hairs)
}

// hair paints what lies over the skull and frames the face.
func (l look) hair(c rgb, x, y float64, s scene) rgb {
	u := x / l.width
	if l.long {
		// Parted a little to one side; the sides frame the cheeks.
		part := u - 0.16
		crown := -0.93 + 1.45*math.Pow(math.Abs(part), 2.1) + 0.010*math.Sin(31*part) - y
		sides := math.Abs(u) - (0.665 + 0.04*math.Sin(2.4*y+0.6))
		return l.cover(c, x, y, s, step(l.fall(x, y), 0.03)*step(max(crown, sides), 0.04))
	}
	skull := 1 - math.Hypot(u/(0.785+l.volume*0.5), (y+0.22)/(1.02+l.volume))
	skull = min(skull, 3*(l.outline(x, y)+0.03)+0.6*smooth(-0.2, -0.9, y)+9*smooth(-0.9, -1.15, y)) // close to the temples
	line := -0.80 + 0.85*math.Pow(math.Abs(u), 2.6) + 0.016*math.Sin(27*u+2) + 0.010*math.Sin(61*u)
	if math.Abs(u) > 0.66 {
		line = min(line, -0.10) // sideburns end above the ears
	}
	return l.cover(c, x, y, s, step(skull, 0.035)*step(line-y, 0.05))
}

// cover lays hair over a colour, with the share t.
func (l look) cover(c rgb, x, y float64, s scene, t float64) rgb {
	if t <= 0 {
		return c // the strands are the dearest part of a drawing, and most of a picture has none
	}
	return c.mix(l.strands(x, y, s), t)
}

// fall is positive within long hair: round over the skull, then straight down to the shoulders in soft waves.
func (l look) fall(x, y float64) float64 {
	wide, high := 0.85+l.volume*0.6, 1.00+l.volume
	half := wide + 0.020*math.Sin(7*(y+0.2)) + 0.05*smooth(0, 1, y)
	if y < -0.2 {
		if y < -0.2-high {
			return -1
		}
		half = wide * math.Sqrt(1-sq((y+0.2)/high))
	}
	return min(half-math.Abs(x), 1.22+0.03*math.Cos(19*x)-0.25*sq(x)-y)
}

// strands is the colour of the hair at a point: fine lines that follow the skull and then hang down, and a band of shine.
func (l look) strands(x, y float64, s scene) rgb {
	angle := math.Atan2(min(0, y+0.2), x)
	radius := math.Hypot(x, y+0.2)
	crown := 0.10*math.Sin(95*angle+7*radius) + 0.07*math.Sin(211*angle+19*radius) + 0.05*math.Sin(43*angle)
	hanging := 0.09*math.Sin(88*x+2.5*math.Sin(3*y)) + 0.06*math.Sin(171*x+4*y) + 0.05*math.Sin(37*x+y)
	t := smooth(-0.75, 0.15, y)
	shine := 0.26 * math.Exp(-sq((radius-0.86)/0.13)) * max(0, 0.5+0.5*s.light*x-0.5*y)
	return l.hairColour.times((0.72 + crown*(1-t) + hanging*t + shine) * s.strength)
}
