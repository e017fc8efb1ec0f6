package insightface_test

import (
	"encoding/json"
	"errors"
	"image"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/check/face/insightface"
)

func pictures() (document, selfie image.Image) {
	return image.NewGray(image.Rect(0, 0, 40, 50)), image.NewGray(image.Rect(0, 0, 60, 70))
}

// TestMatch holds the shape of requests and answers against a server that speaks the project's source.
func TestMatch(t *testing.T) {
	t.Parallel()
	const small, large = `"bbox":[0,0,10,10]`, `"bbox":[0,0,100,100]`
	for name, tt := range map[string]struct {
		status     int
		body       string
		similarity float64
		same       bool
		err        error
		fails      bool
	}{
		"same":         {200, `{"data":[{"status":"ok","took_ms":3,"faces":[{"prob":0.9,` + large + `,"size":100,"vec":[1,0]}]},{"status":"ok","faces":[{` + large + `,"vec":[0.8,0.6]}]}]}`, 0.8, true, nil, false},
		"differs":      {200, `{"data":[{"faces":[{"vec":[1,0]}]},{"faces":[{"vec":[-1,0.1]}]}]}`, 0, false, nil, false},
		"largest":      {200, `{"data":[{"faces":[{` + small + `,"vec":[0,1]},{` + large + `,"vec":[2,0]}]},{"faces":[{` + large + `,"vec":[3,0]},{` + small + `,"vec":[0,1]}]}]}`, 1, true, nil, false},
		"no face":      {200, `{"data":[{"status":"ok","faces":[]},{"status":"ok","faces":[{"vec":[1]}]}]}`, 0, false, face.ErrNoFace, true},
		"not readable": {200, `{"data":[{"status":"failed","faces":[]},{"status":"ok","faces":[{"vec":[1]}]}]}`, 0, false, nil, true},
		"one picture":  {200, `{"data":[{"status":"ok","faces":[{"vec":[1]}]}]}`, 0, false, nil, true},
		"lengths":      {200, `{"data":[{"faces":[{"vec":[1]}]},{"faces":[{"vec":[1,0]}]}]}`, 0, false, nil, true},
		"nothing":      {200, `{"data":[{"faces":[{"vec":[0,0]}]},{"faces":[{"vec":[1,0]}]}]}`, 0, false, nil, true},
		"refused":      {422, `planted secret`, 0, false, nil, true},
		"busy":         {503, `planted secret`, 0, false, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var got struct {
					Images struct {
						Data [][]byte `json:"data"`
					} `json:"images"`
					Extract bool `json:"extract_embedding"`
				}
				if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.URL.Path != "/extract" || len(got.Images.Data) != 2 || !got.Extract {
					t.Errorf("%s: %v", r.URL, err)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			t.Cleanup(server.Close)
			m, err := insightface.New(insightface.Config{URL: server.URL, Threshold: 0.5, Client: server.Client()})
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
	if _, err := insightface.New(insightface.Config{URL: "http://a", Client: http.DefaultClient}); err == nil {
		t.Error("taken without a threshold")
	}
}
