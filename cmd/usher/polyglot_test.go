package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image/jpeg"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/specimen"
)

const script = `<html><script data-planted>1</script></html>`

// manyThings is a picture that other programs take for a page, a document or an archive: markup in a comment near its beginning, and behind its end
// a PDF and a ZIP, which are read from there.
func manyThings(t *testing.T) []byte {
	t.Helper()
	whole, err := specimen.JPEG(specimen.Selfie(demoPerson()))
	if err != nil {
		t.Fatal(err)
	}
	raw := append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, byte(len(script) + 2)}, script...) // a comment, ITU-T T.81 B.2.4.5
	raw = append(append(raw, whole[2:]...), "%PDF-1.7\n"+script...)
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	f, err := z.Create("../../../../planted.html")
	if err == nil {
		_, err = f.Write([]byte(script))
	}
	if err = errorsOf(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return append(raw, packed.Bytes()...)
}

// badNames are names of files that lead elsewhere, or mean something to whoever writes them down unasked.
var badNames = []string{
	"../../../../../../tmp/planted.html", `..\..\planted.html`, "/etc/cron.d/planted", "planted.jpg\r\nX-Planted: 1", `planted".html`, "%2e%2e%2fplanted", "CON", ".",
}

// TestFilesAreNeverPages sends files that are several things at once, under names that lead elsewhere, and looks at what comes out and at what lies in
// the data folder.
func TestFilesAreNeverPages(t *testing.T) {
	t.Parallel()
	w := walkable(t)
	token, err := w.h.auth.Issue(t.Context(), w.own.client, everyScope, 3600e9, 0)
	w.must(err)
	b := backend{dev: devFile{BaseURL: w.server.URL}, token: token.Access}
	s, link, err := w.h.StartSession(t.Context(), w.own.client, usher.NewSession{Flow: flowOnboarding, Applicant: &usher.NewApplicant{Kind: usher.Person}})
	w.must(err)
	at, raw := "/v1/sessions/"+s.ID+"/evidence", manyThings(t)
	send := func(kind, name string, raw []byte) string {
		t.Helper()
		status, answer := b.file(t, at, kind, name, raw)
		var made struct {
			ID          string `json:"id"`
			ContentType string `json:"content_type"`
		}
		if status != http.StatusCreated || json.Unmarshal([]byte(answer), &made) != nil || strings.Contains(answer, "planted") {
			t.Fatalf("%s as %q: %d %s", kind, name, status, answer)
		}
		return made.ID
	}
	var picture string
	for _, name := range badNames {
		picture = send("selfie", name, raw)
	}
	paper := send("proof_of_address", "planted.html", []byte("%PDF-1.7\n"+script))
	senior, _ := w.staff(w.own, usher.RoleSenior)
	look := func(c *http.Client, path string, bearer bool) (http.Header, string) {
		t.Helper()
		header := http.Header{}
		if bearer {
			header.Set("Authorization", "Bearer "+b.token)
		}
		status, h, body := w.ask(c, http.MethodGet, path, "", nil, header)
		policy := h.Get("Content-Security-Policy")
		if status != http.StatusOK || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s answers %d with %v", path, status, h)
		}
		return h, body
	}
	t.Run("as they came, to be saved", func(t *testing.T) {
		for _, c := range []struct {
			client       *http.Client
			bearer       bool
			path, kind   string
			name, starts string
		}{
			{plainly, true, at + "/" + picture + "/content", "image/jpeg", picture, "\xff\xd8\xff"},
			{plainly, true, at + "/" + paper + "/content", "application/pdf", paper, "%PDF-"},
			{senior, false, deskBase + "/cases/" + s.ID + "/file/" + paper, "application/octet-stream", "proof_of_address.pdf", "%PDF-"},
		} {
			h, body := look(c.client, c.path, c.bearer)
			if h.Get("Content-Type") != c.kind || h.Get("Content-Disposition") != `attachment; filename="`+c.name+`"` || !strings.HasPrefix(body, c.starts) {
				t.Errorf("%s: %v", c.path, h)
			}
		}
	})
	jar, err := cookiejar.New(nil)
	w.must(err)
	applicant := &http.Client{Jar: jar, CheckRedirect: plainly.CheckRedirect}
	w.ask(applicant, http.MethodPost, verifyBase+"/s/"+link.Token, formKind, []byte(url.Values{}.Encode()), nil)
	for _, path := range []string{"case", "large"} {
		h, body := look(senior, deskBase+"/cases/"+s.ID+"/picture/"+picture+"/"+path, false)
		_, err := jpeg.Decode(strings.NewReader(body))
		if err != nil || h.Get("Content-Type") != "image/jpeg" || regexp.MustCompile(`planted|%PDF|PK\x03\x04|<html`).MatchString(body) {
			t.Errorf("the picture at the desk, %s, is %v, or holds what was hidden in it: %v", path, h, err)
		}
	}
	if status, h, body := w.ask(applicant, http.MethodGet, verifyBase+"/f/"+s.ID+"/evidence/"+paper, "", nil, nil); status == http.StatusOK {
		t.Errorf("the applicant's page shows a PDF: %v %.100s", h, body)
	}
	err = filepath.WalkDir(w.h.settings.Data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.Contains(d.Name(), "planted") {
			t.Errorf("there is a file %s", path)
		}
		return err
	})
	w.must(err)
}

// TestOtherSitesChangeNothing sends every form there is at the desk and on the applicant's pages as a page of another site would have a browser send
// it, with all the cookies of who is signed in.
func TestOtherSitesChangeNothing(t *testing.T) {
	t.Parallel()
	w := walkable(t)
	admin, _ := w.staff(w.own, usher.RoleAdmin)
	s, link, err := w.h.StartSession(t.Context(), w.own.client, usher.NewSession{Flow: flowOnboarding, Applicant: &usher.NewApplicant{Kind: usher.Person}})
	w.must(err)
	if status, h, _ := w.ask(admin, http.MethodPost, verifyBase+"/s/"+link.Token, formKind, nil, nil); status != http.StatusSeeOther {
		t.Fatalf("the link answers %d %v", status, h)
	}
	things := map[string]string{"token": "x", "kind": "front", "step": "consent", "session": s.ID}
	for word, id := range w.own.things {
		things[word] = id
	}
	things["f"], things["s"] = s.ID, link.Token
	s, err = w.h.Session(t.Context(), w.own.tenant.ID, s.ID)
	w.must(err)
	before, sent := w.everything(w.own), 0
	for _, m := range w.mounts.list {
		if m.surface != "desk" && m.surface != "hosted" {
			continue
		}
		for _, r := range m.routes {
			if strings.HasPrefix(r.Pattern, http.MethodGet+" ") || !strings.Contains(r.Pattern, " ") {
				continue
			}
			method, path, _ := w.at(m, r.Pattern, things)
			for name, value := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
				status, _, _ := w.ask(admin, method, path, formKind, deskForm(w.own), http.Header{name: {value}})
				if status != http.StatusForbidden {
					t.Errorf("%s %s with %s: %s answers %d", m.surface, r.Pattern, name, value, status)
				}
				sent++
			}
		}
	}
	if sent < 60 {
		t.Errorf("only %d forms were sent: the test does not find them", sent)
	}
	if now, err := w.h.Session(t.Context(), w.own.tenant.ID, s.ID); err != nil || now.Version != s.Version {
		t.Errorf("the applicant's session went from version %d to %d, %v", s.Version, now.Version, err)
	}
	if after := w.everything(w.own); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}
