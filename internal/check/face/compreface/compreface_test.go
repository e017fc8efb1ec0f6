package compreface_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/check/face/compreface"
)

func pictures() (document, selfie image.Image) {
	return image.NewGray(image.Rect(0, 0, 40, 50)), image.NewGray(image.Rect(0, 0, 60, 70))
}

// TestMatch holds the shape of requests and answers against a server that speaks the project's documentation.
func TestMatch(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status     int
		body       string
		similarity float64
		same       bool
		err        error
		fails      bool
	}{
		"same":         {200, `{"result":[{"source_image_face":{"box":{"probability":1}},"face_matches":[{"box":{},"similarity":0.97858}],"plugins_versions":{}}]}`, 0.97858, true, nil, false},
		"differs":      {200, `{"result":[{"face_matches":[{"similarity":0.2}]}]}`, 0.2, false, nil, false},
		"several":      {200, `{"result":[{"face_matches":[{"similarity":0.2},{"similarity":0.95}]}]}`, 0.95, true, nil, false},
		"no face":      {400, `{"message":"No face is found in the given image","code":28}`, 0, false, face.ErrNoFace, true},
		"no match":     {200, `{"result":[]}`, 0, false, face.ErrNoFace, true},
		"in percent":   {200, `{"result":[{"face_matches":[{"similarity":97.8}]}]}`, 0, false, nil, true},
		"wrong key":    {401, `{"message":"planted secret","code":1}`, 0, false, nil, true},
		"out of order": {500, `planted secret`, 0, false, nil, true},
		"no JSON":      {200, `<html>planted secret`, 0, false, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var got map[string][]byte
				body, err := io.ReadAll(r.Body)
				if err == nil {
					err = json.Unmarshal(body, &got)
				}
				if err != nil || r.Method != "POST" || r.URL.Path != "/api/v1/verification/verify" || r.Header.Get("x-api-key") != "key" {
					t.Errorf("%s %s %v: %v", r.Method, r.URL, r.Header, err)
				}
				for name, size := range map[string]image.Point{"source_image": {40, 50}, "target_image": {60, 70}} {
					if img, err := jpeg.Decode(bytes.NewReader(got[name])); err != nil || img.Bounds().Size() != size {
						t.Errorf("%s is %v", name, err)
					}
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			t.Cleanup(server.Close)
			m, err := compreface.New(compreface.Config{URL: server.URL + "/", Key: "key", Threshold: 0.9, Client: server.Client()})
			if err != nil {
				t.Fatal(err)
			}
			document, selfie := pictures()
			similarity, same, err := m.Match(t.Context(), document, selfie)
			if similarity != tt.similarity || same != tt.same || (err != nil) != tt.fails || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("%v %t %v", similarity, same, err)
			}
			if err != nil && (strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), server.URL)) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func TestServerAway(t *testing.T) {
	t.Parallel()
	m, err := compreface.New(compreface.Config{URL: "http://127.0.0.1:1", Key: "key", Threshold: 0.9, Client: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	document, selfie := pictures()
	if _, _, err := m.Match(t.Context(), document, selfie); err == nil || strings.Contains(err.Error(), "/api/") {
		t.Errorf("error %v", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := compreface.Config{URL: "http://a", Key: "k", Threshold: 0.5, Client: http.DefaultClient}
	for name, change := range map[string]func(*compreface.Config){
		"url": func(c *compreface.Config) { c.URL = "" }, "key": func(c *compreface.Config) { c.Key = "" },
		"threshold": func(c *compreface.Config) { c.Threshold = 90 },
	} {
		c := good
		change(&c)
		if _, err := compreface.New(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
