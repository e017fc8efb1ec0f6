package regula_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face/liveness"
	"github.com/usher-kyc/usher/internal/check/face/regula"
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
	for _, body := range []string{`{"code":0,"results":[{"similarity":0.93}]}`, `{"code":0,"results":[]}`, "<html>", ""} {
		f.Add(uint16(http.StatusOK), []byte(body))
		f.Add(uint16(http.StatusBadRequest), []byte(body))
	}
	const threshold = 0.75
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		m, err := regula.New(regula.Config{URL: "http://faces.example", Threshold: threshold, Client: &http.Client{Transport: says{int(status), body}}})
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

// FuzzLiveness holds that no answer is clear unless it says that the liveness is confirmed, and that none is more than assisted.
func FuzzLiveness(f *testing.F) {
	for _, body := range []string{`{"code":0,"status":0,"tag":"s1","type":1}`, `{"code":0,"status":1}`, `{"code":251}`, "<html>", ""} {
		f.Add(uint16(http.StatusOK), []byte(body))
		f.Add(uint16(http.StatusNotFound), []byte(body))
	}
	in := usher.CheckInput{Session: usher.Session{ID: "s1", Metadata: map[string]string{liveness.SessionKey: "t"}}}
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		l, err := regula.NewLiveness(regula.Config{URL: "http://faces.example", Client: &http.Client{Transport: says{int(status), body}}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.Check(t.Context(), in)
		confirmed := status == http.StatusOK && bytes.Contains(body, []byte("0"))
		if got.Outcome == usher.Clear && (err != nil || !confirmed || got.Assurance != usher.Assisted) || got.Outcome == usher.NotRun && len(got.Examined) > 0 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
