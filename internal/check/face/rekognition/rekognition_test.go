package rekognition_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/check/face/liveness"
	"github.com/usher-kyc/usher/internal/check/face/rekognition"
	"github.com/usher-kyc/usher/internal/picture"
)

func pictures() (document, selfie image.Image) {
	return image.NewGray(image.Rect(0, 0, 40, 50)), image.NewGray(image.Rect(0, 0, 60, 70))
}

// answer is what the fake service says to one action.
type answer struct {
	status int
	body   string
}

// service is a fake that looks at signature and action, and a configuration that reaches it under the service's own name.
func service(t *testing.T, answers map[string]answer) rekognition.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action, _ := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "RekognitionService.")
		signed := r.Header.Get("Authorization")
		if r.Host != "rekognition.eu-west-1.amazonaws.com" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" || r.Header.Get("X-Amz-Date") != "20260302T090000Z" ||
			!strings.HasPrefix(signed, "AWS4-HMAC-SHA256 Credential=AKID/20260302/eu-west-1/rekognition/aws4_request, SignedHeaders=") || strings.Contains(signed, "SECRET") {
			t.Errorf("%s %v", r.Host, r.Header)
		}
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || action == "CompareFaces" && body["TargetImage"] == nil {
			t.Errorf("%s: %v %v", action, body, err)
		}
		said, ok := answers[action]
		if !ok {
			t.Errorf("asked for %s", action)
		}
		w.WriteHeader(said.status)
		_, _ = io.WriteString(w, said.body)
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return rekognition.Config{
		URL: "http://rekognition.eu-west-1.amazonaws.com", KeyID: "AKID", Secret: "SECRET", Threshold: 90,
		Client: &http.Client{Transport: &http.Transport{Proxy: nil, DialContext: dial(at.Host)}},
		Now:    func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) },
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer
		similarity float64
		same       bool
		err        error
		fails      bool
	}{
		"same":         {answer{200, `{"SourceImageFace":{},"FaceMatches":[{"Similarity":99.5,"Face":{}}],"UnmatchedFaces":[]}`}, 0.995, true, nil, false},
		"differs":      {answer{200, `{"FaceMatches":[{"Similarity":3}],"UnmatchedFaces":[]}`}, 0.03, false, nil, false},
		"unmatched":    {answer{200, `{"FaceMatches":[],"UnmatchedFaces":[{}]}`}, 0, false, nil, false},
		"no face":      {answer{200, `{"FaceMatches":[],"UnmatchedFaces":[]}`}, 0, false, face.ErrNoFace, true},
		"no source":    {answer{400, `{"__type":"InvalidParameterException","Message":"planted secret"}`}, 0, false, face.ErrNoFace, true},
		"throttled":    {answer{400, `{"__type":"com.amazonaws.rekognition#ThrottlingException","Message":"planted secret"}`}, 0, false, nil, true},
		"denied":       {answer{400, `{"__type":"AccessDeniedException","Message":"planted secret"}`}, 0, false, nil, true},
		"out of order": {answer{500, `planted secret`}, 0, false, nil, true},
		"no JSON":      {answer{200, `planted secret`}, 0, false, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := rekognition.New(service(t, map[string]answer{"CompareFaces": tt.answer}))
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
}

// TestLiveness holds that a session that succeeded is clear only where its face is that of the selfie.
func TestLiveness(t *testing.T) {
	t.Parallel()
	const reference = `"ReferenceImage":{"Bytes":"AAAA"},"AuditImages":[]`
	same, differs := answer{200, `{"FaceMatches":[{"Similarity":99}]}`}, answer{200, `{"FaceMatches":[],"UnmatchedFaces":[{}]}`}
	for name, tt := range map[string]struct {
		id       string
		result   answer
		compare  answer
		outcome  usher.Outcome
		reason   usher.ReasonCode
		compared bool
		fails    bool
	}{
		"live":          {"a", answer{200, `{"SessionId":"a","Status":"SUCCEEDED","Confidence":98.7,` + reference + `}`}, same, usher.Clear, "", true, false},
		"another face":  {"a", answer{200, `{"Status":"SUCCEEDED","Confidence":98.7,` + reference + `}`}, differs, usher.Consider, usher.FaceDiffers, true, false},
		"no reference":  {"a", answer{200, `{"Status":"SUCCEEDED","Confidence":98.7}`}, same, usher.Clear, "", false, false},
		"unsure":        {"a", answer{200, `{"Status":"SUCCEEDED","Confidence":12,` + reference + `}`}, same, usher.Consider, usher.LivenessFailed, false, false},
		"failed":        {"a", answer{200, `{"Status":"FAILED","Confidence":0}`}, same, usher.Consider, usher.LivenessFailed, false, false},
		"expired":       {"a", answer{200, `{"Status":"EXPIRED"}`}, same, usher.NotRun, usher.LivenessNotTested, false, false},
		"running":       {"a", answer{200, `{"Status":"IN_PROGRESS"}`}, same, "", "", false, true},
		"unknown":       {"a", answer{400, `{"__type":"SessionNotFoundException"}`}, same, usher.NotRun, usher.LivenessNotTested, false, false},
		"no session":    {"", answer{200, `{}`}, same, usher.NotRun, usher.LivenessNotTested, false, false},
		"out of order":  {"a", answer{500, ``}, same, "", "", false, true},
		"compare fails": {"a", answer{200, `{"Status":"SUCCEEDED","Confidence":98.7,` + reference + `}`}, answer{500, ``}, "", "", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := service(t, map[string]answer{"GetFaceLivenessSessionResults": tt.result, "CompareFaces": tt.compare})
			l, err := rekognition.NewLiveness(c, picture.New(picture.Config{}))
			if err != nil {
				t.Fatal(err)
			}
			var raw bytes.Buffer
			if err := jpeg.Encode(&raw, image.NewGray(image.Rect(0, 0, 60, 70)), nil); err != nil {
				t.Fatal(err)
			}
			in := usher.CheckInput{
				Session: usher.Session{Metadata: map[string]string{liveness.SessionKey: tt.id}},
				Evidence: []usher.EvidenceFile{{
					Evidence: usher.Evidence{ID: "e", Kind: usher.Selfie},
					Open:     func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw.Bytes())), nil },
				}},
			}
			got, err := l.Check(t.Context(), in)
			if (err != nil) != tt.fails || got.Outcome != tt.outcome || slices.Contains(got.Examined, "same_person_as_selfie") != tt.compared {
				t.Errorf("%s %v, %v", got.Outcome, got.Examined, err)
			}
			if tt.reason != "" && (len(got.Reasons) != 1 || got.Reasons[0].Code != tt.reason) {
				t.Errorf("reasons %v", got.Reasons)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := rekognition.Config{URL: "https://rekognition.eu-west-1.amazonaws.com", KeyID: "a", Secret: "b", Threshold: 90, Client: http.DefaultClient}
	for name, change := range map[string]func(*rekognition.Config){
		"url": func(c *rekognition.Config) { c.URL = "https://faces" }, "key": func(c *rekognition.Config) { c.Secret = "" },
		"threshold": func(c *rekognition.Config) { c.Threshold = 101 },
	} {
		c := good
		change(&c)
		if _, err := rekognition.New(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// dial reaches the fake whatever the address says.
func dial(host string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, host)
	}
}
