package face

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"image"
	"slices"
	"sync"

	pigo "github.com/esimov/pigo/core"

	"github.com/usher-kyc/usher/internal/picture"
)

//go:embed cascade/facefinder
var cascade []byte

// The settings of the search. Faces of documents and selfies are a tenth of the picture or more, so a small working
// size finds them and keeps the search to some ten milliseconds.
const (
	workingSide = 800
	smallest    = 44 // pixels at the working size
	shiftBy     = 0.1
	scaleBy     = 1.1
	overlap     = 0.2

	// minScore is the cascade's score above which a window counts as a face. On the drawn specimens faces score 34 to
	// 190 and everything else below 10; checks.md of the design has 76 and 87 for photographs.
	minScore = 20
)

// Face is one face in a picture.
type Face struct {
	// Box is the square around it, in pixels of the picture.
	Box image.Rectangle
	// Score is the cascade's score, without a unit; higher is surer.
	Score float64
}

// Finder finds faces. It is safe for concurrent use.
type Finder struct {
	cascade *pigo.Pigo
	points  func() (*landmarks, error) // loaded for the first who asks: megabytes, which a server without faces does not need
}

// NewFinder loads the embedded table of faces.
func NewFinder() (*Finder, error) {
	classifier, err := pigo.NewPigo().Unpack(cascade)
	if err != nil {
		return nil, fmt.Errorf("load face cascade: %w", err)
	}
	if classifier == nil {
		return nil, errors.New("load face cascade: nothing in it")
	}
	return &Finder{cascade: classifier, points: sync.OnceValues(newLandmarks)}, nil
}

// Find returns the faces of an upright picture, the largest first. It finds frontal faces only.
func (f *Finder) Find(img image.Image) []Face {
	gray := picture.Gray(img, workingSide)
	w, h := gray.Rect.Dx(), gray.Rect.Dy()
	if min(w, h) < smallest {
		return nil
	}
	windows := f.cascade.RunCascade(pigo.CascadeParams{
		MinSize: smallest, MaxSize: min(w, h), ShiftFactor: shiftBy, ScaleFactor: scaleBy,
		ImageParams: pigo.ImageParams{Pixels: gray.Pix, Rows: h, Cols: w, Dim: gray.Stride},
	}, 0)
	scale := float64(img.Bounds().Dx()) / float64(w)
	var faces []Face
	for _, d := range f.cascade.ClusterDetections(windows, overlap) {
		if d.Q < minScore {
			continue
		}
		half := float64(d.Scale) / 2
		left, top := (float64(d.Col)-half)*scale, (float64(d.Row)-half)*scale
		side := float64(d.Scale) * scale
		faces = append(faces, Face{Box: image.Rect(int(left), int(top), int(left+side), int(top+side)), Score: float64(d.Q)})
	}
	return distinct(faces)
}

// distinct drops windows that are another view of a surer face: the cascade often answers for half a face, or for a face
// and its hair, as well.
func distinct(faces []Face) []Face {
	slices.SortFunc(faces, func(a, b Face) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Face
	for _, face := range faces {
		again := slices.ContainsFunc(kept, func(k Face) bool {
			return middle(face.Box).In(k.Box) || middle(k.Box).In(face.Box)
		})
		if !again {
			kept = append(kept, face)
		}
	}
	slices.SortStableFunc(kept, func(a, b Face) int { return cmp.Compare(b.Box.Dx(), a.Box.Dx()) })
	return kept
}

func middle(r image.Rectangle) image.Point { return r.Min.Add(r.Max).Div(2) }
