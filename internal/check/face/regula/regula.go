// Package regula asks a Regula Face SDK server (run by the operator): to compare faces, and for the results of liveness sessions that the client's app
// ran against it.
//
// POST {URL}/api/match takes both pictures as base64 with a type each and answers {"code":0,"results":[{"similarity"}]}; GET
// {URL}/api/v2/liveness?transactionId= answers {"code","status","type"}, status 0 being a confirmed liveness. The shapes are those of the vendor's
// published specification; they were not tried against a live server. The specification calls the similarity a percentage, examples show shares: the
// unit is said in the configuration, and a figure that does not fit it is an error.
package regula

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"net/http"
	"strings"

	"github.com/usher-kyc/usher/internal/check/face"
)

// Config says where the server is.
type Config struct {
	URL       string       // of the server, without a path
	Threshold float64      // similarity from which two faces count as one person: 0..1, or 0..100 with Percent
	Percent   bool         // the server tells similarities in percent
	Client    *http.Client // its timeout is that of a comparison
}

// Validate names the member that cannot be right.
func (c Config) Validate() error {
	most := 1.0
	if c.Percent {
		most = 100
	}
	switch {
	case c.URL == "" || c.Client == nil:
		return errors.New("regula: url: give the address of the server")
	case !(c.Threshold > 0 && c.Threshold < most):
		return fmt.Errorf("regula: threshold: give a similarity between 0 and %.0f", most)
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
func (m *Matcher) Name() string { return "regula-face" }

// The vendor's words for what a picture shows.
const (
	printed = 1
	live    = 3
)

type sent struct {
	Index int    `json:"index"`
	Type  int    `json:"type"`
	Data  []byte `json:"data"`
}

type answer struct {
	Code    int `json:"code"`
	Results []struct {
		Similarity float64 `json:"similarity"`
	} `json:"results"`
}

// done is the vendor's code for an answer that holds what was asked for.
const done = 0

// Match sends both pictures and gives the similarity, 0..1. The error is face.ErrNoFace when the server compared nothing.
func (m *Matcher) Match(ctx context.Context, document, selfie image.Image) (similarity float64, same bool, err error) {
	var images []sent
	for i, img := range []image.Image{document, selfie} {
		jpeg, err := face.Encode(img)
		if err != nil {
			return 0, false, err
		}
		images = append(images, sent{Index: i, Type: []int{printed, live}[i], Data: jpeg})
	}
	body, err := json.Marshal(map[string]any{"images": images})
	if err != nil {
		return 0, false, fmt.Errorf("write request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.config.URL+"/api/match", bytes.NewReader(body))
	if err != nil {
		return 0, false, fmt.Errorf("write request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	status, body, err := face.Ask(m.config.Client, r)
	if err != nil {
		return 0, false, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil || status != http.StatusOK {
		return 0, false, fmt.Errorf("engine refused, or did not answer in JSON: status %d", status)
	}
	switch {
	case a.Code != done:
		return 0, false, fmt.Errorf("engine refused: code %d", a.Code)
	case len(a.Results) == 0:
		return 0, false, face.ErrNoFace
	}
	for _, one := range a.Results {
		similarity = max(similarity, one.Similarity)
	}
	if !m.config.Percent && similarity > 1 {
		return 0, false, errors.New("read engine's answer: the similarity is above 1: say in the configuration that it is in percent")
	}
	same = similarity >= m.config.Threshold
	if m.config.Percent {
		similarity /= 100
	}
	return min(1, max(0, similarity)), same, nil
}
