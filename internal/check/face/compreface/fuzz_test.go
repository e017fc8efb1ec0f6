package compreface_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/usher-kyc/usher/internal/check/face/compreface"
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
	for _, body := range []string{`{"result":[{"face_matches":[{"similarity":0.97}]}]}`, `{"code":28}`, "<html>", ""} {
		f.Add(uint16(http.StatusOK), []byte(body))
		f.Add(uint16(http.StatusBadRequest), []byte(body))
	}
	const threshold = 0.9
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		m, err := compreface.New(compreface.Config{URL: "http://faces.example", Key: "key", Threshold: threshold, Client: &http.Client{Transport: says{int(status), body}}})
		if err != nil {
			t.Fatal(err)
		}
		document, selfie := pictures()
		similarity, same, err := m.Match(t.Context(), document, selfie)
		if !(similarity >= 0 && similarity <= 1) || same && (err != nil || similarity < threshold) {
			t.Errorf("%v %t %v", similarity, same, err)
		}
	})
}
