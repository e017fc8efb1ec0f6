package rekognition_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face/liveness"
	"github.com/usher-kyc/usher/internal/check/face/rekognition"
	"github.com/usher-kyc/usher/internal/picture"
)

// says is an engine that gives one answer to everybody.
type says struct {
	status int
	body   []byte
}

func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(s.body)), Request: r}, nil
}

// FuzzAnswer holds that no answer makes a person the same below the threshold, or a figure outside of 0..1.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{`{"FaceMatches":[{"Similarity":99.5}],"UnmatchedFaces":[]}`, `{"__type":"a#InvalidParameterException"}`, "<html>", ""} {
		f.Add(uint16(http.StatusOK), []byte(body))
		f.Add(uint16(http.StatusBadRequest), []byte(body))
	}
	const threshold = 90.0
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		m, err := rekognition.New(rekognition.Config{URL: "https://rekognition.eu-west-1.amazonaws.com", KeyID: "AKID", Secret: "SECRET", Threshold: threshold, Client: &http.Client{Transport: says{int(status), body}}})
		if err != nil {
			t.Fatal(err)
		}
		document, selfie := pictures()
		similarity, same, err := m.Match(t.Context(), document, selfie)
		if !(similarity >= 0 && similarity <= 1) || same && (err != nil || similarity < threshold/100) {
			t.Errorf("%v %t %v", similarity, same, err)
		}
	})
}

// FuzzLiveness holds that no answer is clear unless its session succeeded with the confidence that is asked for.
func FuzzLiveness(f *testing.F) {
	for _, body := range []string{`{"Status":"SUCCEEDED","Confidence":98.7}`, `{"Status":"FAILED"}`, `{"__type":"SessionNotFoundException"}`, "<html>", ""} {
		f.Add(uint16(http.StatusOK), []byte(body))
		f.Add(uint16(http.StatusBadRequest), []byte(body))
	}
	in := usher.CheckInput{Session: usher.Session{ID: "s1", Metadata: map[string]string{liveness.SessionKey: "t"}}}
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		c := rekognition.Config{
			URL: "https://rekognition.eu-west-1.amazonaws.com", KeyID: "AKID", Secret: "SECRET", Threshold: 90,
			Client: &http.Client{Transport: says{int(status), body}},
		}
		l, err := rekognition.NewLiveness(c, picture.New(picture.Config{}))
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.Check(t.Context(), in)
		if got.Outcome == usher.Clear && (err != nil || status != http.StatusOK || got.Score < 0.9 || got.Assurance != usher.Assisted) ||
			got.Outcome == usher.NotRun && len(got.Examined) > 0 || got.Score < 0 || got.Score > 1 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
