// Package rekognition asks Amazon Rekognition: CompareFaces for two pictures, and GetFaceLivenessSessionResults for liveness sessions that the client's
// app ran.
//
// Requests are POSTs of JSON 1.1 with the action in X-Amz-Target, signed by Signature Version 4 with the signer of the vendor's SDK, which is all of it
// that is used. Shapes and names of faults are those of the vendor's API reference; they were not tried against the live service.
package rekognition

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/usher-kyc/usher/internal/check/face"
)

// Config says where the service is and who asks.
type Config struct {
	URL       string       // such as https://rekognition.eu-west-1.amazonaws.com; the region is read from it
	KeyID     string       // of an access key that may do rekognition:CompareFaces and rekognition:GetFaceLivenessSessionResults
	Secret    string       // of that key
	Threshold float64      // similarity from which two faces count as one person, or confidence of a liveness, in percent
	Client    *http.Client // its timeout is that of a call
	Now       func() time.Time
}

// Validate names the member that cannot be right.
func (c Config) Validate() error {
	switch {
	case c.Client == nil || c.region() == "":
		return errors.New("rekognition: url: give an address such as https://rekognition.eu-west-1.amazonaws.com")
	case c.KeyID == "" || c.Secret == "":
		return errors.New("rekognition: key: give the id and the secret of an access key, with a colon between them")
	case !(c.Threshold > 0 && c.Threshold <= 100):
		return errors.New("rekognition: threshold: give percent, above 0 and at most 100")
	}
	return nil
}

// region is the second word of the host's name.
func (c Config) region() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	words := strings.Split(u.Hostname(), ".")
	if len(words) < 3 {
		return ""
	}
	return words[1]
}

// service speaks to Rekognition.
type service struct {
	config Config
	signer *v4.Signer
}

func newService(c Config) (service, error) {
	if err := c.Validate(); err != nil {
		return service{}, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.URL = strings.TrimSuffix(c.URL, "/") + "/"
	return service{c, v4.NewSigner()}, nil
}

// fault is a refusal by its name, such as InvalidParameterException; what else the service says of it is not read.
type fault struct{ name string }

func (f *fault) Error() string { return "engine refused: " + f.name }

// call carries out an action.
func (s service) call(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.config.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "RekognitionService."+action)
	sum := sha256.Sum256(body)
	who := aws.Credentials{AccessKeyID: s.config.KeyID, SecretAccessKey: s.config.Secret}
	if err := s.signer.SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "rekognition", s.config.region(), s.config.Now()); err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	status, answer, err := face.Ask(s.config.Client, r)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		var refused struct {
			Type string `json:"__type"`
		}
		if err := json.Unmarshal(answer, &refused); err != nil || refused.Type == "" {
			return fmt.Errorf("engine refused: status %d", status)
		}
		return &fault{refused.Type[strings.LastIndex(refused.Type, "#")+1:]} // some answers put a namespace before it
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return errors.New("read engine's answer: not the JSON that was expected")
	}
	return nil
}

func isFault(err error, name string) bool {
	var f *fault
	return errors.As(err, &f) && f.name == name
}

// Matcher is a face.Matcher.
type Matcher struct{ service }

var _ face.Matcher = (*Matcher)(nil)

// New returns the matcher.
func New(c Config) (*Matcher, error) {
	s, err := newService(c)
	if err != nil {
		return nil, err
	}
	return &Matcher{s}, nil
}

// Name names the engine.
func (m *Matcher) Name() string { return "rekognition" }

// Match sends both pictures and gives the similarity, 0..1. The error is face.ErrNoFace when the service finds no face on one of them.
func (m *Matcher) Match(ctx context.Context, document, selfie image.Image) (similarity float64, same bool, err error) {
	source, err := face.Encode(document)
	if err != nil {
		return 0, false, err
	}
	target, err := face.Encode(selfie)
	if err != nil {
		return 0, false, err
	}
	return m.compare(ctx, source, target)
}

type picture struct {
	Bytes []byte `json:"Bytes"`
}

// compare holds two JPEGs against each other. Without a threshold at the service the figure comes for faces that differ, too.
func (s service) compare(ctx context.Context, source, target []byte) (similarity float64, same bool, err error) {
	in := struct {
		SourceImage, TargetImage picture
		SimilarityThreshold      float64
		QualityFilter            string
	}{picture{source}, picture{target}, 0, "NONE"}
	var out struct {
		FaceMatches    []struct{ Similarity float64 }
		UnmatchedFaces []json.RawMessage
	}
	if err := s.call(ctx, "CompareFaces", in, &out); err != nil {
		if isFault(err, "InvalidParameterException") { // how the service says that there is no face on the first picture
			return 0, false, face.ErrNoFace
		}
		return 0, false, err
	}
	if len(out.FaceMatches)+len(out.UnmatchedFaces) == 0 {
		return 0, false, face.ErrNoFace
	}
	for _, one := range out.FaceMatches {
		similarity = max(similarity, one.Similarity)
	}
	return min(1, max(0, similarity/100)), similarity >= s.config.Threshold, nil
}
