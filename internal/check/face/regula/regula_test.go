package regula_test

import (
	"encoding/json"
	"errors"
	"image"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/check/face/liveness"
	"github.com/usher-kyc/usher/internal/check/face/regula"
)

func pictures() (document, selfie image.Image) {
	return image.NewGray(image.Rect(0, 0, 40, 50)), image.NewGray(image.Rect(0, 0, 60, 70))
}

// TestMatch holds the shape of requests and answers against a server that speaks the vendor's specification.
func TestMatch(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		percent    bool
		status     int
		body       string
		similarity float64
		same       bool
		err        error
		fails      bool
	}{
		"same":             {false, 200, `{"code":0,"detections":[],"results":[{"firstIndex":0,"secondIndex":1,"score":0.1,"similarity":0.93}]}`, 0.93, true, nil, false},
		"differs":          {false, 200, `{"code":0,"results":[{"similarity":0.1}]}`, 0.1, false, nil, false},
		"percent":          {true, 200, `{"code":0,"results":[{"similarity":93}]}`, 0.93, true, nil, false},
		"a share for one":  {true, 200, `{"code":0,"results":[{"similarity":0.93}]}`, 0.0093, false, nil, false},
		"percent for one":  {false, 200, `{"code":0,"results":[{"similarity":93}]}`, 0, false, nil, true},
		"nothing compared": {false, 200, `{"code":0,"results":[]}`, 0, false, face.ErrNoFace, true},
		"refused":          {false, 200, `{"code":200,"results":[]}`, 0, false, nil, true},
		"out of order":     {false, 500, `planted secret`, 0, false, nil, true},
		"no JSON":          {false, 200, `planted secret`, 0, false, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var got struct {
					Images []struct {
						Index, Type int
						Data        []byte
					}
				}
				if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.URL.Path != "/api/match" || len(got.Images) != 2 ||
					got.Images[0].Type != 1 || got.Images[1].Type != 3 || got.Images[1].Index != 1 || len(got.Images[1].Data) == 0 {
					t.Errorf("%s: %v", r.URL, err)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			t.Cleanup(server.Close)
			c := regula.Config{URL: server.URL, Threshold: 0.75, Client: server.Client()}
			if tt.percent {
				c.Threshold, c.Percent = 75, true
			}
			m, err := regula.New(c)
			if err != nil {
				t.Fatal(err)
			}
			document, selfie := pictures()
			similarity, same, err := m.Match(t.Context(), document, selfie)
			if math.Abs(similarity-tt.similarity) > 1e-9 || same != tt.same || (err != nil) != tt.fails || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("%v %t %v", similarity, same, err)
			}
			if err != nil && strings.Contains(err.Error(), "planted") {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
	if _, err := regula.New(regula.Config{URL: "http://a", Threshold: 75, Client: http.DefaultClient}); err == nil {
		t.Error("75 was taken for a share")
	}
}

// TestLiveness holds that only a confirmed liveness that is not another session's is clear.
func TestLiveness(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		id      string
		status  int
		body    string
		outcome usher.Outcome
		looked  string
		fails   bool
	}{
		"active":         {"tx 1", 200, `{"code":0,"status":0,"tag":"s1","transactionId":"tx 1","type":0}`, usher.Clear, "active_liveness", false},
		"passive":        {"tx 1", 200, `{"code":0,"status":0,"type":1}`, usher.Clear, "passive_liveness", false},
		"not confirmed":  {"tx 1", 200, `{"code":0,"status":1,"tag":"s1","type":0}`, usher.Consider, "active_liveness", false},
		"kind not told":  {"tx 1", 200, `{"code":0,"status":0,"tag":"s1"}`, usher.Clear, "liveness", false},
		"another's":      {"tx 1", 200, `{"code":0,"status":0,"tag":"s2","type":0}`, usher.Consider, "active_liveness", false},
		"without status": {"tx 1", 200, `{"code":0}`, usher.NotRun, "", false},
		"code":           {"tx 1", 200, `{"code":251,"status":0}`, usher.NotRun, "", false},
		"unknown":        {"tx 1", 404, ``, usher.NotRun, "", false},
		"no session":     {"", 200, `{"code":0,"status":0}`, usher.NotRun, "", false},
		"out of order":   {"tx 1", 502, ``, "", "", true},
		"no JSON":        {"tx 1", 200, `<html>`, "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/api/v2/liveness" || r.URL.Query().Get("transactionId") != "tx 1" {
					t.Errorf("asked for %s", r.URL)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			t.Cleanup(server.Close)
			l, err := regula.NewLiveness(regula.Config{URL: server.URL, Client: server.Client()})
			if err != nil {
				t.Fatal(err)
			}
			in := usher.CheckInput{Session: usher.Session{ID: "s1", Metadata: map[string]string{liveness.SessionKey: tt.id}}}
			got, err := l.Check(t.Context(), in)
			if (err != nil) != tt.fails || got.Outcome != tt.outcome || tt.looked != "" && !slices.Contains(got.Examined, tt.looked) {
				t.Errorf("%s %v, %v", got.Outcome, got.Examined, err)
			}
			if name == "kind not told" && len(got.Examined) != 1 {
				t.Errorf("told as %v", got.Examined)
			}
			if got.Outcome == usher.Clear && got.Assurance != usher.Assisted || got.Outcome == usher.NotRun && len(got.Examined) > 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}
