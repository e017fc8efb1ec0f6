package mrz

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"time"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// Options of Read. The zero value is ready to use.
type Options struct {
	// Now decides the century of dates; the time of the call when zero.
	Now time.Time
	// MaxPixels refuses larger pictures; 64 million when zero.
	MaxPixels int
}

// Reading is what Read made out.
type Reading struct {
	Format   Format
	Lines    []string
	Document Document
	// Confidence is, for each character of Lines, how sure the net is of it
	// among the characters its place may hold, 0..1.
	Confidence [][]float64
	// Fields is the confidence of the least sure character of each field.
	Fields map[Field]float64
	// Score is the geometric mean of all confidences, 0..1.
	Score float64
	// DigitsAgree repeats Document.Digits.Agree. It does not say that the
	// reading is right: see Format.Uncovered.
	DigitsAgree bool
	// Repaired is the characters that were changed so that digits agree or the
	// code of a state is one that exists.
	Repaired []Repair
	// Unsure is the fields a person should compare with the picture.
	Unsure []Field
	// Quad is the corners of the zone in pixels of the picture, as read: top
	// left, top right, bottom right, bottom left, each x then y.
	Quad [4][2]float64
	// Rotation is how many degrees clockwise (0, 90, 180, 270) turn the
	// picture upright.
	Rotation int

	spelt  int     // of Repaired, for the sake of a state's code
	likely float64 // that a zone of this format begins as this one does, 0..1
}

// Repair is a character that was not the net's first choice.
type Repair struct {
	Line, Column int // from 0
	From, To     string
}

// Errors of Read.
var (
	ErrNotFound = errors.New("mrz: no machine readable zone found")
	ErrTooLarge = errors.New("mrz: picture has too many pixels")
)

// Read finds the machine readable zone of a picture, whichever way up, and
// reads it. It fails with ErrNotFound, with ErrTooLarge, or with the error of
// ctx, which it asks between stages. It keeps nothing and may be called by
// many goroutines. While it runs it needs about two bytes for each pixel of a
// picture up to 2 megapixels and less for each of a larger one, and one more
// where the picture does not hold its brightness as JPEG does.
func Read(ctx context.Context, m image.Image, o Options) (Reading, error) {
	if m == nil || m.Bounds().Empty() {
		return Reading{}, ErrNotFound
	}
	limit := o.MaxPixels
	if limit <= 0 {
		limit = 64 << 20
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if w <= 0 || h <= 0 || w > limit/h {
		return Reading{}, ErrTooLarge
	}
	net, err := glyphnet.Default()
	if err != nil {
		return Reading{}, fmt.Errorf("load glyph net: %w", err)
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	best, err := look(ctx, net, m, o.Now)
	if err != nil {
		return Reading{}, err
	}
	if best == nil {
		return Reading{}, ErrNotFound
	}
	for i := range best.Quad {
		best.Quad[i][0] += float64(m.Bounds().Min.X)
		best.Quad[i][1] += float64(m.Bounds().Min.Y)
	}
	return *best, nil
}

// look searches the brightness of a picture and, where there seems to be a
// zone that is not read well, its colours; it returns nil where there is none.
func look(ctx context.Context, net *glyphnet.Net, m image.Image, now time.Time) (*Reading, error) {
	s := &search{net: net, now: now, whole: greyOf(m), planes: map[int]*glyphnet.Plane{}}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	if !s.seen || s.best != nil && s.best.DigitsAgree && s.best.mended() == 0 {
		return s.best, nil
	}
	plane, ok := brightest(m)
	if !ok {
		return s.best, nil
	}
	again := &search{net: net, now: now, whole: plane, planes: map[int]*glyphnet.Plane{}, best: s.best}
	err := again.run(ctx)
	return again.best, err
}

// search is the state of one Read.
type search struct {
	net    *glyphnet.Net
	now    time.Time
	whole  *glyphnet.Plane
	planes map[int]*glyphnet.Plane // whole, shrunk by the key
	best   *Reading
	looks  int  // cells classified
	seen   bool // something that may be a zone
}

// shrunk returns the picture shrunk by f, or enlarged twice when f is 0.
func (s *search) shrunk(f int) *glyphnet.Plane {
	if p, ok := s.planes[f]; ok {
		return p
	}
	var p *glyphnet.Plane
	if f == 0 {
		p = enlarge(s.whole)
	} else {
		p = shrink(s.whole, f)
	}
	s.planes[f] = p
	return p
}

// attempt is one way to cut a picture into black and white.
type attempt struct {
	size  int     // the picture is shrunk by, 0 for enlarged twice
	even  bool    // by a level that follows the print
	level float64 // times the usual level
}

// attempts lists them for a picture, the one that nearly always does first.
// One level for all misses faint print beside strong; a higher one parts what
// runs together; a coarser picture has less noise, and a finer one shows a
// small zone on a large page.
func attempts(long int) []attempt {
	first := 0
	if long > 900 {
		first = max(1, int(math.Round(float64(long)/1400)))
	}
	coarser := max(1, 2*first)
	all := []attempt{
		{first, false, 1},
		{first, true, 1},
		{coarser, true, 1},
		{first, false, 1.7},
		{first, false, 0.6},
		{coarser, true, 0.55},
		{first, true, 0.55},
	}
	if finer := (first + 1) / 2; finer >= 1 && finer < first {
		all = append(all, attempt{finer, false, 1}, attempt{finer, true, 1})
	}
	return all
}

// run makes the attempts, and stops at a sure reading.
func (s *search) run(ctx context.Context) error {
	darks := map[int][]byte{}
	for _, a := range attempts(max(s.whole.W, s.whole.H)) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read zone: %w", err)
		}
		if s.weary(ctx) {
			return nil
		}
		p := s.shrunk(a.size)
		if darks[a.size] == nil {
			darks[a.size] = darkness(p)
		}
		dark := darks[a.size]
		level := threshold(dark)
		if a.even {
			dark, level = evened(dark, p.W, level), even
		}
		boxes := patches(dark, p.W, int(float64(level)*a.level))
		if s.blobs(ctx, characters(boxes, p.W, p.H, max(float64(a.size), 0.5))) {
			return nil
		}
	}
	return nil
}

// blobs looks for lines along the rows and along the columns of the picture
// and reports whether a sure reading came of it.
func (s *search) blobs(ctx context.Context, blobs []blob) bool {
	for _, upended := range []bool{false, true} {
		along := blobs
		if upended {
			along = transposed(blobs)
		}
		var lines []*line
		for _, c := range chains(along) {
			if upended {
				c.blobs = transposed(c.blobs)
			}
			if l, ok := newLine(c.blobs, c.pitch); ok {
				lines = append(lines, l)
			}
		}
		if s.lines(ctx, lines, blobs) {
			return true
		}
	}
	return false
}

// lines tries the zones that lines can make, then, while nothing was found,
// the lines that have lost their partner.
func (s *search) lines(ctx context.Context, lines []*line, blobs []blob) bool {
	const most = 12
	for i, z := range zones(lines) {
		if i == most || s.weary(ctx) {
			break
		}
		if s.try(ctx, z, blobs) {
			return true
		}
	}
	for i, l := range lines {
		if i == most || s.weary(ctx) || s.best != nil {
			break
		}
		if z := s.lonely(l); z != nil && s.try(ctx, z, blobs) {
			return true
		}
	}
	return false
}

// weary reports whether the picture has been given the time that one may take.
// What has not been found by then hardly ever is.
func (s *search) weary(ctx context.Context) bool {
	const mostLooks = 4500
	return s.looks > mostLooks || ctx.Err() != nil
}

func transposed(blobs []blob) []blob {
	t := make([]blob, len(blobs))
	for i, b := range blobs {
		t[i] = blob{x: b.y, y: b.x, w: b.h, h: b.w}
	}
	return t
}
