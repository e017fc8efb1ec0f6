package native_test

import (
	"strings"
	"testing"
)

func TestUploads(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.session(t)
	big := "\xff\xd8\xff\xe0" + strings.Repeat("x", 10<<20)
	for _, c := range []struct {
		name, kind, file, body string
		status                 int
		says                   string
	}{
		{"picture", "document_front", "a.jpg", jpeg, 201, "image/jpeg"},
		{"PDF of an address", "proof_of_address", "a.pdf", "%PDF-1.7 …", 201, "application/pdf"},
		{"text named like a picture", "document_front", "a.jpg", "just words", 422, "JPEG, PNG or WebP"},
		{"PDF where a picture is asked", "document_front", "a.pdf", "%PDF-1.7 …", 422, "JPEG, PNG or WebP"},
		{"empty", "selfie", "a.jpg", "", 422, "is empty"},
		{"too large", "selfie", "a.jpg", big, 413, "larger than 10 MB"},
		{"unknown kind", "x-ray", "a.jpg", jpeg, 422, "document_front"},
		{"no kind", "", "a.jpg", jpeg, 422, "stands before file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := h.upload(t, id, h.token, c.kind, c.file, c.body).want(t, c.status)
			if !strings.Contains(g.Body.String(), c.says) {
				t.Errorf("got %s", g.Body)
			}
		})
	}
}

func TestUploadsThatAreNoForm(t *testing.T) {
	t.Parallel()
	h := open(t)
	path := "/v1/sessions/" + h.session(t) + "/evidence"
	h.do(t, "POST", path, `{"kind": "selfie"}`).want(t, 415)
	h.do(t, "POST", path, "kind=selfie", "Content-Type", "application/x-www-form-urlencoded").want(t, 415)
	h.do(t, "POST", path, "--x\r\nnothing", "Content-Type", "multipart/form-data; boundary=x").want(t, 400)
	h.do(t, "POST", path, "", "Content-Type", "multipart/form-data").want(t, 415)
	whole, contentType := form(t, "selfie", "a.jpg", jpeg)
	h.do(t, "POST", path, whole[:len(whole)/2], "Content-Type", contentType).want(t, 400)
	if n := len(h.do(t, "GET", path, nil).want(t, 200).list(t, "data")); n != 0 {
		t.Errorf("%d files were kept", n)
	}
	// The same form elsewhere is refused before it is read.
	h.do(t, "POST", "/v1/applicants", whole, "Content-Type", contentType).want(t, 415)
}

func TestContent(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.session(t)
	file := h.upload(t, id, h.token, "selfie", "a.jpg", jpeg).want(t, 201)
	path := file.Header().Get("Location")
	size := len(jpeg)
	for _, c := range []struct {
		header        string
		status        int
		body, content string
	}{
		{"", 200, jpeg, ""},
		{"bytes=0-2", 206, jpeg[:3], "bytes 0-2/8004"},
		{"bytes=8000-", 206, jpeg[8000:], "bytes 8000-8003/8004"},
		{"bytes=8000-9999999", 206, jpeg[8000:], "bytes 8000-8003/8004"},
		{"bytes=-4", 206, jpeg[size-4:], "bytes 8000-8003/8004"},
		{"bytes=-99999", 206, jpeg, "bytes 0-8003/8004"},
		{"bytes=8004-", 416, "", ""},
		{"bytes=-0", 416, "", ""},
		{"bytes=0-1,4-5", 200, jpeg, ""},
		{"bytes=5-2", 200, jpeg, ""},
		{"bytes=a-b", 200, jpeg, ""},
		{"lines=1-2", 200, jpeg, ""},
	} {
		g := h.do(t, "GET", path, nil, "Range", c.header).want(t, c.status)
		if c.status < 300 && g.Body.String() != c.body {
			t.Errorf("%s: got %d bytes, want %d", c.header, g.Body.Len(), len(c.body))
		}
		if g.Header().Get("Content-Range") != c.content {
			t.Errorf("%s: Content-Range is %q, want %q", c.header, g.Header().Get("Content-Range"), c.content)
		}
	}
	g := h.do(t, "GET", path, nil)
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "Cache-Control": "no-store", "Etag": `"` + file.word(t, "sha256") + `"`,
		"Content-Disposition": `attachment; filename="` + file.word(t, "id") + `"`, "Content-Security-Policy": "sandbox; default-src 'none'",
	} {
		if got := g.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	trail, err := h.Records(t.Context(), h.Tenant.ID, file.word(t, "id"), paging())
	if err != nil || len(trail.Items) < 2 || trail.Items[0].Action != "evidence.viewed" {
		t.Errorf("who looked is not on the trail: %v %v", trail.Items, err)
	}
}

func TestReportIsOnTheTrail(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.session(t)
	h.do(t, "GET", "/v1/sessions/"+id+"/report.json", nil).want(t, 200)
	trail, err := h.Records(t.Context(), h.Tenant.ID, id, paging())
	if err != nil || len(trail.Items) != 1 || trail.Items[0].Action != "report.viewed" {
		t.Errorf("who looked is not on the trail: %v %v", trail.Items, err)
	}
}
