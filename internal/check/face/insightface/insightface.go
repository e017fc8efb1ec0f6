// Package insightface compares faces by an InsightFace-REST server (code Apache-2.0; the licence of its models is the operator's to look at).
//
// POST {URL}/extract with both pictures as base64; the answer's data[] hold, for each picture, its status and its faces with a probability, a box and
// an embedding. The comparison is ours: the cosine of the two embeddings, of the largest face on each picture. The shape is that of the project's
// source; it was not tried against a live server.
package insightface

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
	"net/http"
	"strings"

	"github.com/usher-kyc/usher/internal/check/face"
)

// Config says where the server is.
type Config struct {
	URL       string       // of the server, without a path
	Threshold float64      // cosine from which two faces count as one person, above 0 and below 1; it belongs to the model that the server runs
	Client    *http.Client // its timeout is that of a comparison
}

// Validate names the member that cannot be right.
func (c Config) Validate() error {
	switch {
	case c.URL == "" || c.Client == nil:
		return errors.New("insightface: url: give the address of the server")
	case !(c.Threshold > 0 && c.Threshold < 1):
		return errors.New("insightface: threshold: give a cosine between 0 and 1")
	}
	return nil
}

// Matcher is a face.Matcher.
type Matcher struct{ config Config }

var _ face.Matcher = (*Matcher)(nil)

// New returns the matcher.
func New(c Config) (*Matcher, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	return &Matcher{c}, nil
}

// Name names the engine.
func (m *Matcher) Name() string { return "insightface-rest" }

type request struct {
	Images struct {
		Data [][]byte `json:"data"`
	} `json:"images"`
	Threshold float64 `json:"threshold"`
	Extract   bool    `json:"extract_embedding"`
	Limit     int     `json:"limit_faces"`
}

type found struct {
	Vec  []float64 `json:"vec"`
	BBox []float64 `json:"bbox"` // left, top, right, bottom
}

func (f found) area() float64 {
	if len(f.BBox) != 4 {
		return 0
	}
	return (f.BBox[2] - f.BBox[0]) * (f.BBox[3] - f.BBox[1])
}

type answer struct {
	Data []struct {
		Status string  `json:"status"`
		Faces  []found `json:"faces"`
	} `json:"data"`
}

// detection is the probability from which the server calls something a face, as its own examples ask for.
const detection = 0.6

// Match sends both pictures and gives the cosine of their faces, cut to 0..1. The error is face.ErrNoFace when the server finds none.
func (m *Matcher) Match(ctx context.Context, document, selfie image.Image) (similarity float64, same bool, err error) {
	ask := request{Threshold: detection, Extract: true}
	for _, img := range []image.Image{document, selfie} {
		jpeg, err := face.Encode(img)
		if err != nil {
			return 0, false, err
		}
		ask.Images.Data = append(ask.Images.Data, jpeg)
	}
	body, err := json.Marshal(ask)
	if err != nil {
		return 0, false, fmt.Errorf("write request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.config.URL+"/extract", bytes.NewReader(body))
	if err != nil {
		return 0, false, fmt.Errorf("write request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	status, body, err := face.Ask(m.config.Client, r)
	if err != nil {
		return 0, false, err
	}
	var a answer
	if status != http.StatusOK {
		return 0, false, fmt.Errorf("engine refused: status %d", status)
	}
	if err := json.Unmarshal(body, &a); err != nil || len(a.Data) != 2 {
		return 0, false, errors.New("read engine's answer: not the data of two pictures")
	}
	var vectors [2][]float64
	for i, one := range a.Data {
		if one.Status != "" && one.Status != "ok" {
			return 0, false, errors.New("the engine could not read a picture")
		}
		largest := -1.0
		for _, f := range one.Faces {
			if area := f.area(); area > largest {
				largest, vectors[i] = area, f.Vec
			}
		}
		if largest < 0 {
			return 0, false, face.ErrNoFace
		}
	}
	similarity, err = cosine(vectors[0], vectors[1])
	return similarity, err == nil && similarity >= m.config.Threshold, err
}

// cosine gives the cosine of two vectors, cut to 0..1.
func cosine(a, b []float64) (float64, error) {
	if len(a) == 0 || len(a) != len(b) {
		return 0, errors.New("read engine's answer: embeddings of different lengths")
	}
	var dot, aa, bb float64
	for i := range a {
		dot, aa, bb = dot+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	c := dot / math.Sqrt(aa*bb)
	if math.IsNaN(c) || math.IsInf(c, 0) {
		return 0, errors.New("read engine's answer: embeddings without a direction")
	}
	return min(1, max(0, c)), nil
}
