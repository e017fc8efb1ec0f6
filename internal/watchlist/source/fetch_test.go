package source_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// publisher serves files as the publishers of lists do, with ETag and Last-Modified.
type publisher struct {
	mu       sync.Mutex
	files    map[string][]byte
	modified time.Time
	given    int // answers with a file
	asked    int
	status   int // instead of 200
	cut      int // bytes to leave out of each body
	agent    string
	key      string
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	p.agent, p.key = r.UserAgent(), r.Header.Get("X-Key")
	b, ok := p.files[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if p.status != 0 {
		w.WriteHeader(p.status)
		return
	}
	sum := sha256.Sum256(b)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	if p.cut > 0 {
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(b[:len(b)-p.cut])
		return
	}
	if r.Header.Get("If-None-Match") != w.Header().Get("ETag") {
		p.given++
	}
	http.ServeContent(w, r, r.URL.Path, p.modified, bytes.NewReader(b))
}

// publish starts a publisher of OFAC's four invented files and gives a feed of them.
func publish(t *testing.T) (*publisher, *source.Fetcher, source.Feed) {
	t.Helper()
	p := &publisher{files: map[string][]byte{}, modified: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)}
	for name, f := range copyOf(t, "ofac_sdn").files {
		p.files[name] = f.Data
	}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	feed := source.Feed{List: "ofac_sdn", Format: source.OFACLegacy}
	for _, name := range []string{"sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"} {
		feed.Files = append(feed.Files, source.FeedFile{URL: server.URL + "/" + name + "?key=geheim", Header: http.Header{"X-Key": {"geheim"}}})
	}
	return p, &source.Fetcher{Library: &source.Library{Dir: t.TempDir(), Now: clock()}, Client: server.Client()}, feed
}

func TestFetch(t *testing.T) {
	t.Parallel()
	p, f, feed := publish(t)
	first, err := f.Fetch(t.Context(), feed, source.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !first.Changed || first.Edition.Info.Parsed != 5 || !first.Edition.Info.Date.Equal(p.modified) {
		t.Errorf("fetched %+v", first.Edition.Info)
	}
	if p.agent != "usher" || p.key != "geheim" {
		t.Errorf("the publisher saw agent %q and key %q", p.agent, p.key)
	}
	manifest, err := os.ReadFile(filepath.Join(f.Library.Dir, "ofac_sdn", first.Edition.ID, "edition.json"))
	if err != nil || bytes.Contains(manifest, []byte("geheim")) {
		t.Errorf("the edition's file keeps the key, or cannot be read: %v", err)
	}
	given := p.given
	again, err := f.Fetch(t.Context(), feed, source.ImportOptions{})
	if err != nil || again.Changed || again.Edition.ID != first.Edition.ID || p.given != given {
		t.Errorf("unchanged: changed %t, %d files given again, %v", again.Changed, p.given-given, err)
	}
	checked, err := f.Library.Checked("ofac_sdn")
	if err != nil || !checked.After(first.Edition.Loaded) {
		t.Errorf("checked %v %v", checked, err)
	}
	p.files["alt.csv"] = bytes.Replace(p.files["alt.csv"], []byte("MUSTERMAN, Eric"), []byte("MUSTERMAN, Eryk"), 1)
	p.modified = p.modified.Add(time.Hour)
	third, err := f.Fetch(t.Context(), feed, source.ImportOptions{})
	if err != nil || !third.Changed {
		t.Fatalf("changed %t, %v", third.Changed, err)
	}
	d, err := f.Library.Diff(t.Context(), first.Edition, third.Edition)
	if err != nil || len(d.Changed) != 1 || d.Changed[0] != "ofac_sdn/101" || len(d.Added)+len(d.Removed) > 0 {
		t.Errorf("the difference is %+v %v", d, err)
	}
}

// TestFetchPart takes over the files that have not changed.
func TestFetchPart(t *testing.T) {
	t.Parallel()
	p, f, feed := publish(t)
	if _, err := f.Fetch(t.Context(), feed, source.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	p.given = 0
	p.files["add.csv"] = bytes.Replace(p.files["add.csv"], []byte("Talheim"), []byte("Talberg"), 1)
	got, err := f.Fetch(t.Context(), feed, source.ImportOptions{})
	if err != nil || !got.Changed || p.given != 1 || len(got.Edition.Files) != 4 {
		t.Errorf("changed %t, %d files given, %d kept, %v", got.Changed, p.given, len(got.Edition.Files), err)
	}
}

func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*publisher, *source.Fetcher, *source.Feed)
		want   source.Reason
	}{
		{"an error of the publisher", func(p *publisher, _ *source.Fetcher, _ *source.Feed) { p.status = http.StatusServiceUnavailable }, source.Unreachable},
		{"a file that is not there", func(p *publisher, _ *source.Fetcher, _ *source.Feed) { delete(p.files, "alt.csv") }, source.Unreachable},
		{"a body that is cut", func(p *publisher, _ *source.Fetcher, _ *source.Feed) { p.cut = 3 }, source.Truncated},
		{"a page of the web", func(p *publisher, _ *source.Fetcher, _ *source.Feed) {
			p.files["sdn.csv"] = []byte("<html><body>Sorry</body></html>\n")
		}, source.Shape},
		{"files of different days", func(p *publisher, _ *source.Fetcher, _ *source.Feed) {
			p.files["alt.csv"] = append(bytes.TrimSuffix(p.files["alt.csv"], []byte{0x1a}), "999,9,\"aka\",\"NEW\",-0- \r\n"...)
		}, source.Truncated},
		{"a file over the limit", func(_ *publisher, f *source.Fetcher, _ *source.Feed) { f.Library.Limits.File = 100 }, source.TooLarge},
		{"another checksum", func(_ *publisher, _ *source.Fetcher, feed *source.Feed) {
			feed.Files[0].SHA256 = strings.Repeat("0", 64)
		}, source.Checksum},
		{"a checksum that is none", func(_ *publisher, _ *source.Fetcher, feed *source.Feed) { feed.Files[0].SHA256 = "abc" }, source.Checksum},
		{"another checksum fetched", func(p *publisher, _ *source.Fetcher, feed *source.Feed) {
			p.files["sum"] = []byte(strings.Repeat("0", 64) + "  sdn.csv\n")
			feed.Files[0].SHA256URL = strings.Replace(feed.Files[0].URL, "sdn.csv", "sum", 1)
		}, source.Checksum},
		{"a checksum that is not there", func(_ *publisher, _ *source.Fetcher, feed *source.Feed) {
			feed.Files[0].SHA256URL = strings.Replace(feed.Files[0].URL, "sdn.csv", "sum", 1)
		}, source.Unreachable},
		{"an older list", func(p *publisher, _ *source.Fetcher, _ *source.Feed) {
			for name, b := range p.files {
				p.files[name] = bytes.Replace(b, []byte("101,"), []byte("108,"), -1)
			}
			p.modified = p.modified.Add(-48 * time.Hour)
		}, source.Older},
		{"no answer", func(_ *publisher, _ *source.Fetcher, feed *source.Feed) {
			feed.Files[0].URL = "http://127.0.0.1:1/sdn.csv"
		}, source.Unreachable},
		{"no address", func(_ *publisher, _ *source.Fetcher, feed *source.Feed) {
			feed.Files[0].URL = "ftp://example.test/sdn.csv"
		}, source.Unreachable},
		{"no name", func(_ *publisher, _ *source.Fetcher, feed *source.Feed) { feed.Files[0].Name = "../sdn.csv" }, source.Unknown},
		{"no client", func(_ *publisher, f *source.Fetcher, _ *source.Feed) { f.Client = nil }, source.Unknown},
		{"nothing", func(_ *publisher, _ *source.Fetcher, feed *source.Feed) { feed.Files = nil }, source.Unknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, f, feed := publish(t)
			first, err := f.Fetch(t.Context(), feed, source.ImportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			test.change(p, f, &feed)
			_, err = f.Fetch(t.Context(), feed, source.ImportOptions{})
			refused, ok := errors.AsType[*source.Error](err)
			if !ok || refused.Reason != test.want {
				t.Fatalf("got %v, want an error of the reason %s", err, test.want)
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("the error tells the key: %v", err)
			}
			if now, err := f.Library.Current("ofac_sdn"); err != nil || now.ID != first.Edition.ID {
				t.Errorf("in use is %s %v, want %s", now.ID, err, first.Edition.ID)
			}
			if left, err := filepath.Glob(filepath.Join(f.Library.Dir, "ofac_sdn", ".*")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// TestFetchChecksum takes the file that its checksum tells of.
func TestFetchChecksum(t *testing.T) {
	t.Parallel()
	p, f, feed := publish(t)
	sum := sha256.Sum256(p.files["sdn.csv"])
	p.files["sum"] = []byte(hex.EncodeToString(sum[:]) + "  sdn.csv\n")
	feed.Files[0].SHA256URL = strings.Replace(feed.Files[0].URL, "sdn.csv", "sum", 1)
	if _, err := f.Fetch(t.Context(), feed, source.ImportOptions{}); err != nil {
		t.Error(err)
	}
}

// TestFetchUnknownFormat takes the format that a file looks like.
func TestFetchUnknownFormat(t *testing.T) {
	t.Parallel()
	p, f, feed := publish(t)
	p.files["export/list"] = copyOf(t, "un").files["consolidated.xml"].Data
	base := strings.TrimSuffix(feed.Files[0].URL, "/sdn.csv?key=geheim")
	got, err := f.Fetch(t.Context(), source.Feed{List: "un", Files: []source.FeedFile{{URL: base + "/export/list"}}}, source.ImportOptions{})
	if err != nil || got.Edition.Format != source.UN || got.Edition.Info.Parsed != 2 || got.Edition.Info.Title == "" {
		t.Errorf("got %s with %d records, %v", got.Edition.Format, got.Edition.Info.Parsed, err)
	}
	p.files["page"] = []byte("<html>")
	_, err = f.Fetch(t.Context(), source.Feed{List: "page", Files: []source.FeedFile{{URL: base + "/page"}}}, source.ImportOptions{})
	if refused, ok := errors.AsType[*source.Error](err); !ok || refused.Reason != source.Unknown {
		t.Errorf("got %v, want that no format is known", err)
	}
}

// TestFetchDropped imports what lies in a folder, or a file by itself.
func TestFetchDropped(t *testing.T) {
	t.Parallel()
	_, f, _ := publish(t)
	got, err := f.Fetch(t.Context(), source.Feed{List: "ofac_sdn", Path: "testdata/lists"}, source.ImportOptions{})
	if err != nil || got.Edition.Info.Parsed != 5 {
		t.Errorf("got %d records, %v", got.Edition.Info.Parsed, err)
	}
	got, err = f.Fetch(t.Context(), source.Feed{List: "house_blocklist", Title: "House", Path: "testdata/lists/own/blocklist.csv"}, source.ImportOptions{})
	if err != nil || got.Edition.Info.List != "house_blocklist" || got.Edition.Info.Title != "House" || got.Edition.Info.Parsed != 2 {
		t.Errorf("got %+v, %v", got.Edition.Info, err)
	}
	for _, name := range []string{"testdata/none", "doc.go"} {
		if _, err := f.Fetch(t.Context(), source.Feed{List: "x", Path: name}, source.ImportOptions{}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
