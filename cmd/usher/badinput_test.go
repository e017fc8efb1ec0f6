package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/specimen"
)

// try makes one call of the API and gives whatever is answered.
func (b *backend) try(t *testing.T, method, at, contentType string, body io.Reader) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, b.dev.BaseURL+at, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(answer)
}

func (b *backend) json(t *testing.T, method, at, body string) (int, string) {
	t.Helper()
	status, _, answer := b.try(t, method, at, "application/json", strings.NewReader(body))
	return status, answer
}

func (b *backend) file(t *testing.T, at, kind, name string, raw []byte) (int, string) {
	t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	if err := m.WriteField("kind", kind); err != nil {
		t.Fatal(err)
	}
	f, err := m.CreateFormFile("file", name)
	if err == nil {
		_, err = f.Write(raw)
	}
	if err = errorsOf(err, m.Close()); err != nil {
		t.Fatal(err)
	}
	status, _, answer := b.try(t, http.MethodPost, at, m.FormDataContentType(), &body)
	return status, answer
}

// hugePNG is the header of a picture of 50,000 × 50,000 pixels.
func hugePNG() []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, 50_000)
	chunk = binary.BigEndian.AppendUint32(chunk, 50_000)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	raw := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	raw = append(raw, chunk...)
	return binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(chunk))
}

// TestBadInput sends what must not be taken to a real server, and looks that each answer is a problem in the API's shape that names the field,
// and that nothing was written by it.
func TestBadInput(t *testing.T) {
	t.Parallel()
	b := backend{dev: startDev(t, t.TempDir()).dev}
	ctx := context.Background()
	if err := errorsOf(b.signIn(ctx), b.createSession(ctx, demoPerson())); err != nil {
		t.Fatal(err)
	}
	jpeg, err := specimen.JPEG(specimen.Selfie(demoPerson()))
	if err != nil {
		t.Fatal(err)
	}
	at := "/v1/sessions/" + b.session.ID
	files := map[string]struct {
		kind string
		raw  []byte
		want string
	}{
		"text named .jpg":   {"document_front", []byte("not a picture at all"), "not_a_picture"},
		"huge png header":   {"document_front", hugePNG(), "too_many_pixels"},
		"truncated jpeg":    {"selfie", jpeg[:len(jpeg)/2], "damaged"},
		"pdf for a picture": {"document_front", []byte("%PDF-1.7\n%%EOF"), "unsupported_type"},
		"empty":             {"selfie", nil, "file"},
		"more than 10 MB":   {"selfie", append(jpeg, make([]byte, 11<<20)...), "file"},
		"unknown kind":      {"shoe", jpeg, "kind"},
	}
	for name, tt := range files {
		status, answer := b.file(t, at+"/evidence", tt.kind, "a.jpg", tt.raw)
		b.isProblem(t, name, status, answer, tt.want)
	}
	calls := map[string]struct{ method, at, body, want string }{
		"malformed":               {"POST", "/v1/sessions", `{"applicant": {`, ""},
		"huge":                    {"POST", "/v1/sessions", `{"reference": "` + strings.Repeat("x", 2<<20) + `"}`, ""},
		"deep":                    {"POST", "/v1/sessions", strings.Repeat(`{"applicant":`, 5000) + "1" + strings.Repeat("}", 5000), ""},
		"wrong type":              {"POST", "/v1/sessions", `{"applicant": {"first_name": 7}}`, "first_name"},
		"unknown member":          {"POST", "/v1/sessions", `{"applicant": {}, "colour": "red"}`, "colour"},
		"day that does not exist": {"POST", "/v1/sessions", `{"applicant": {"date_of_birth": "1990-02-30"}}`, "date_of_birth"},
		"phone with letters":      {"POST", "/v1/sessions", `{"applicant": {"phone": "46CALLME"}}`, "phone"},
		"unknown flow":            {"POST", "/v1/sessions", `{"applicant": {}, "flow": "none"}`, "flow"},
		"unknown applicant":       {"POST", "/v1/sessions", `{"applicant_id": "0198c1f2-0000-7000-8000-000000000000"}`, "applicant_id"},
		"return url":              {"POST", "/v1/sessions", `{"applicant": {}, "return_url": "javascript:alert(1)"}`, "return_url"},
		"plain http return":       {"POST", "/v1/sessions", `{"applicant": {}, "return_url": "http://evil.example/"}`, "return_url"},
		"unknown session":         {"GET", "/v1/sessions/0198c1f2-0000-7000-8000-000000000000", ``, ""},
		"no id at all":            {"GET", "/v1/sessions/..%2f..%2fetc", ``, ""},
		"submit too early":        {"POST", at + "/submit", `{}`, ""},
		"decide too early":        {"POST", at + "/approve", `{}`, ""},
		"reject without reason":   {"POST", at + "/reject", `{}`, "reasons"},
		"private webhook":         {"POST", "/v1/webhook_endpoints", `{"url": "https://10.0.0.1/hook", "dialect": "native"}`, "url"},
		"metadata webhook":        {"POST", "/v1/webhook_endpoints", `{"url": "http://169.254.169.254/latest", "dialect": "native"}`, "url"},
		"webhook with password":   {"POST", "/v1/webhook_endpoints", `{"url": "https://a:b@hook.example/", "dialect": "native"}`, "url"},
		"name without letters":    {"POST", "/v1/screenings", `{"subjects": [{"name": "---"}]}`, `"#/subjects/0/name"`},
		"second without letters":  {"POST", "/v1/screenings", `{"subjects": [{"name": "Ann Lee"}, {"name": "---"}]}`, `"#/subjects/1/name"`},
		"threshold for several":   {"POST", "/v1/screenings", `{"subjects": [{"name": "Ann Lee"}, {"name": "Bo Lee"}], "possible": 0.1}`, `"#/possible"`},
		"unknown cursor":          {"GET", "/v1/events?after=nothing", ``, "after"},
		"limit":                   {"GET", "/v1/events?limit=100000", ``, "limit"},
		"flow text":               {"PUT", "/v1/flows/onboarding", `{"source": "name: onboarding\nsteps:\n  - run: [horoscope]\n"}`, "source"},
	}
	for name, tt := range calls {
		status, answer := b.json(t, tt.method, tt.at, tt.body)
		b.isProblem(t, name, status, answer, tt.want)
	}
	s, err := b.wait(ctx, func(session) bool { return true })
	if err != nil || s.State != "created" {
		t.Errorf("the session is %s after all that, %v", s.State, err)
	}
	var list struct {
		Data []any `json:"data"`
	}
	for at, want := range map[string]int{"/v1/applicants": 1, "/v1/sessions": 1, at + "/evidence": 0, "/v1/webhook_endpoints": 0} {
		list.Data = nil
		if err := b.call(ctx, http.MethodGet, at, nil, &list); err != nil || len(list.Data) != want {
			t.Errorf("%s holds %d things, want %d (%v)", at, len(list.Data), want, err)
		}
	}
}

// isProblem looks that an answer is a problem of the caller's (RFC 9457), and that it speaks of want.
func (b *backend) isProblem(t *testing.T, name string, status int, answer, want string) {
	t.Helper()
	var p struct {
		Type, Title, Instance string
		Status                int
	}
	if status < 400 || status > 499 || json.Unmarshal([]byte(answer), &p) != nil || p.Title == "" || p.Status != status || !strings.Contains(answer, want) {
		t.Errorf("%s: %d, want a problem with %q: %s", name, status, want, answer)
	}
}

// TestWebhookTargetsThatHangOrRedirect: a target that misbehaves keeps its deliveries waiting and holds nobody else up; a redirect is not followed.
func TestWebhookTargetsThatHangOrRedirect(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer hanging.Close()
	defer close(release)
	followed := make(chan struct{}, 100)
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed <- struct{}{} }))
	defer trap.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(trap.URL, http.StatusTemporaryRedirect))
	defer redirecting.Close()
	got := make(chan string, 100)
	good := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		got <- eventType(raw)
	}))
	defer good.Close()

	b := backend{dev: startDev(t, t.TempDir()).dev}
	ctx := context.Background()
	if err := b.signIn(ctx); err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for name, url := range map[string]string{"hanging": hanging.URL, "redirecting": redirecting.URL, "good": good.URL} {
		var endpoint struct {
			ID string `json:"id"`
		}
		if err := b.call(ctx, http.MethodPost, "/v1/webhook_endpoints", map[string]any{"url": url, "dialect": "native"}, &endpoint); err != nil {
			t.Fatal(err)
		}
		ids[name] = endpoint.ID
	}
	if err := b.createSession(ctx, demoPerson()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"applicant.created", "session.created"} {
		select {
		case is := <-got:
			if is != "applicant.created" && is != "session.created" {
				t.Errorf("got %s, want %s", is, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("the good endpoint was not told %s while another one hangs", want)
		}
	}
	log := func(name string) (d struct {
		Data []struct {
			Status   string `json:"status"`
			Attempts int    `json:"attempts"`
		} `json:"data"`
	},
	) {
		if err := b.call(ctx, http.MethodGet, "/v1/deliveries?endpoint_id="+ids[name], nil, &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	_, err := poll(ctx, func() (bool, bool, error) {
		d := log("redirecting")
		return true, len(d.Data) == 2 && d.Data[0].Status == "pending" && d.Data[0].Attempts > 0 && d.Data[1].Attempts > 0, nil
	})
	if err != nil || len(followed) > 0 {
		t.Errorf("a redirect: followed %d times, log %+v", len(followed), log("redirecting"))
	}
	if d := log("hanging"); len(d.Data) != 2 || d.Data[0].Status != "pending" {
		t.Errorf("a hanging target's log: %+v", d)
	}
}
