package rekognition_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/usher-kyc/usher/internal/check/face/rekognition"
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
