// Package compreface compares faces by a CompreFace server (Apache-2.0, run by the operator), through its verification service.
//
// POST {URL}/api/v1/verification/verify with the header x-api-key and the two pictures as base64 in JSON; the answer's result[].face_matches[] hold
// similarities, 0..1. The shape is that of the project's REST documentation. A server that finds no face answers 400 with the code 28.
package compreface

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
	Key       string       // of a verification service
	Threshold float64      // similarity from which two faces count as one person, 0..1; the project's documentation speaks of 0.5 and more
	Client    *http.Client // its timeout is that of a comparison
}

// Validate names the member that cannot be right.
func (c Config) Validate() error {
	switch {
	case c.URL == "" || c.Client == nil:
		return errors.New("compreface: url: give the address of the server")
	case c.Key == "":
		return errors.New("compreface: key: give the key of a verification service")
	case !(c.Threshold > 0 && c.Threshold < 1):
		return errors.New("compreface: threshold: give a similarity between 0 and 1")
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
func (m *Matcher) Name() string { return "compreface" }

// answer is what the server says; of a refusal only the code is read.
type answer struct {
	Code   int `json:"code"`
	Result []struct {
		FaceMatches []struct {
			Similarity float64 `json:"similarity"`
		} `json:"face_matches"`
	} `json:"result"`
}

const noFace = 28

// Match sends both pictures and gives the highest similarity, 0..1. The error is face.ErrNoFace when the server finds none.
func (m *Matcher) Match(ctx context.Context, document, selfie image.Image) (similarity float64, same bool, err error) {
	source, err := face.Encode(document)
	if err != nil {
		return 0, false, err
	}
	target, err := face.Encode(selfie)
	if err != nil {
		return 0, false, err
	}
	body, err := json.Marshal(map[string][]byte{"source_image": source, "target_image": target})
	if err != nil {
		return 0, false, fmt.Errorf("write request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.config.URL+"/api/v1/verification/verify?limit=1", bytes.NewReader(body))
	if err != nil {
		return 0, false, fmt.Errorf("write request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("x-api-key", m.config.Key)
	status, body, err := face.Ask(m.config.Client, r)
	if err != nil {
		return 0, false, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return 0, false, fmt.Errorf("read engine's answer: status %d, not JSON", status)
	}
	if status == http.StatusBadRequest && a.Code == noFace {
		return 0, false, face.ErrNoFace
	}
	if status != http.StatusOK {
		return 0, false, fmt.Errorf("engine refused: status %d, code %d", status, a.Code)
	}
	found := false
	for _, one := range a.Result {
		for _, match := range one.FaceMatches {
			found, similarity = true, max(similarity, match.Similarity)
		}
	}
	if !found {
		return 0, false, face.ErrNoFace
	}
	if similarity > 1 {
		return 0, false, errors.New("read engine's answer: a similarity above 1")
	}
	return similarity, similarity >= m.config.Threshold, nil
}
