package blob_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/blobtest"
)

// wire passes requests on to the S3 server, counts what comes back, and lets a test put a fault in the way.
type wire struct {
	mu    sync.Mutex
	read  int64
	asked []string
	fault func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.asked = append(w.asked, r.Method+" "+r.Header.Get("Range"))
	fault := w.fault
	w.mu.Unlock()
	send := func() (*http.Response, error) { return http.DefaultTransport.RoundTrip(r) }
	if fault != nil {
		return fault(r, send)
	}
	resp, err := send()
	if err == nil {
		resp.Body = counted{resp.Body, w}
	}
	return resp, err
}

func (w *wire) set(fault func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read, w.asked, w.fault = 0, nil, fault
}

func (w *wire) seen() (int64, []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.read, w.asked
}

type counted struct {
	io.ReadCloser
	w *wire
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.w.mu.Lock()
	c.w.read += int64(n)
	c.w.mu.Unlock()
	return n, err
}

// newWired gives a store in a fresh bucket of a server, and what lies between the two.
func newWired(t testing.TB, server *blobtest.S3) (bench, *wire) {
	t.Helper()
	if server == nil {
		t.Fatal(s3Err)
	}
	name := "w" + strings.ToLower(rand.Text())
	cfg, err := server.Bucket(name)
	if err != nil {
		t.Fatal(err)
	}
	w, keys := &wire{}, newKeyring(t)
	cfg.Keys, cfg.Transport, cfg.Pause, cfg.PartSize = keys.sealer, w, time.Millisecond, 5<<20
	s, err := blob.OpenS3(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.set(nil)
	return bench{keeper: s, dir: filepath.Join(server.Dir, name), keys: keys}, w
}

// noise is a file that no two parts of are alike.
func noise(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.Read(out)
	return out
}

// TestS3Parts holds that a file of several parts comes back whole, that of a range only the segments are fetched that hold it, and that nothing
// with a passing name is left.
func TestS3Parts(t *testing.T) {
	t.Parallel()
	b, w := newWired(t, s3)
	content := noise(17<<20 + 333)
	ref := b.put(t, "t1", "a1", content)
	if got, err := b.read(t, ref, blob.Range{}); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("read %d bytes, %v", len(got), err)
	}
	if files := b.files(t); len(files) != 1 || files[0] != ref.String() {
		t.Errorf("objects: %v", files)
	}
	for _, tt := range []struct {
		part   blob.Range
		most   int64
		header string
	}{
		{blob.Range{Offset: 9 << 20, Length: 1000}, 1 << 20, "GET bytes=9437184-10485759"},
		{blob.Range{Length: 1}, 1 << 20, "GET bytes=40-1048575"},
		{blob.Range{Offset: 5<<20 - 200, Length: 400}, 2 << 20, "GET bytes=4194304-6291455"},
		{blob.Range{Offset: int64(len(content)) - 5}, 1 << 20, "GET bytes=17825792-"},
	} {
		w.set(nil)
		end := int64(len(content))
		if tt.part.Length > 0 {
			end = tt.part.Offset + tt.part.Length
		}
		got, err := b.read(t, ref, tt.part)
		if err != nil || !bytes.Equal(got, content[tt.part.Offset:end]) {
			t.Errorf("%+v: %d bytes, %v", tt.part, len(got), err)
		}
		if read, asked := w.seen(); read > tt.most || len(asked) != 1 || asked[0] != tt.header {
			t.Errorf("%+v: fetched %d bytes with %v, want one %q", tt.part, read, asked, tt.header)
		}
	}
}

// TestS3WithoutProof holds that an object whose metadata was lost on a way through other tools is still read, in part too.
func TestS3WithoutProof(t *testing.T) {
	t.Parallel()
	b, _ := newWired(t, s3)
	content := noise(3 << 20)
	ref := b.put(t, "t1", "a1", content)
	name := filepath.Join(b.dir, ref.String())
	stored, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(name), os.WriteFile(name, stored, 0o600)); err != nil { // a new file has none of its attributes
		t.Fatal(err)
	}
	for _, part := range []blob.Range{{}, {Offset: 2 << 20, Length: 77}, {Offset: 3<<20 - 1}, {Offset: 3 << 20}} {
		end := int64(len(content))
		if part.Length > 0 {
			end = part.Offset + part.Length
		}
		if got, err := b.read(t, ref, part); err != nil || !bytes.Equal(got, content[part.Offset:end]) {
			t.Errorf("%+v: %d bytes, %v", part, len(got), err)
		}
	}
	if _, err := b.read(t, ref, blob.Range{Offset: 4 << 20}); !errors.Is(err, blob.ErrRange) {
		t.Errorf("behind the end: %v", err)
	}
}

// TestS3Faults puts what can go wrong between us and the store: what fails leaves nothing behind, what breaks once is tried again.
func TestS3Faults(t *testing.T) {
	t.Parallel()
	content := noise(12 << 20)
	answer := func(status int, body string) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/xml"}}, ContentLength: int64(len(body)),
			Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
	isPart := func(r *http.Request) bool {
		return r.Method == http.MethodPut && r.URL.Query().Has("partNumber")
	}
	for _, tt := range []struct {
		name  string
		fault func(n int, r *http.Request, send func() (*http.Response, error)) (*http.Response, error)
		fails bool
	}{
		{"busy for ever", func(_ int, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			if isPart(r) {
				return answer(503, "<Error><Code>SlowDown</Code></Error>")
			}
			return send()
		}, true},
		{"busy once", func(n int, _ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			if n == 2 {
				return answer(503, "<Error><Code>SlowDown</Code></Error>")
			}
			return send()
		}, false},
		{"connection cut once in a part", func(n int, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			if n == 2 && isPart(r) {
				_, _ = io.CopyN(io.Discard, r.Body, 1<<20)
				return nil, io.ErrUnexpectedEOF
			}
			return send()
		}, false},
		{"wrong ETag of a part", func(_ int, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			resp, err := send()
			if err == nil && isPart(r) {
				resp.Header.Set("ETag", `"00000000000000000000000000000000"`)
			}
			return resp, err
		}, true},
		{"bytes changed on the way", func(_ int, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			if isPart(r) {
				raw, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				raw[len(raw)/2] ^= 1
				r.Body = io.NopCloser(bytes.NewReader(raw))
			}
			return send()
		}, true},
		{"completion refused", func(_ int, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
				return answer(200, "<Error><Code>InternalError</Code></Error>") // S3 says so with status 200
			}
			return send()
		}, true},
		{"copy refused", func(_ int, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			if r.Header.Get("X-Amz-Copy-Source") != "" {
				return answer(403, "<Error><Code>AccessDenied</Code></Error>")
			}
			return send()
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, w := newWired(t, s3)
			n := 0
			w.set(func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
				n++
				return tt.fault(n, r, send)
			})
			info, err := b.Put(t.Context(), blob.Object{Tenant: "t1", Applicant: "a1"}, bytes.NewReader(content))
			if tt.fails != errors.Is(err, blob.ErrUnavailable) {
				t.Fatalf("Put: %v", err)
			}
			w.set(nil)
			if files := b.files(t); tt.fails && len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
			if tt.fails {
				return
			}
			if got, err := b.read(t, info.Ref, blob.Range{}); err != nil || !bytes.Equal(got, content) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
		})
	}
}

// cutting ends a body after some bytes, as a lost connection does.
type cutting struct {
	io.ReadCloser
	left int64
}

func (c *cutting) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.ReadCloser.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// TestS3BrokenReads holds that a read goes on where its connection broke, that it gives up after a few times without passing for damage, and
// that an object which was renewed in between is not taken for the old one.
func TestS3BrokenReads(t *testing.T) {
	t.Parallel()
	b, w := newWired(t, s3)
	content := noise(3 << 20)
	ref := b.put(t, "t1", "a1", content)
	cut := func(times int) {
		w.set(func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			resp, err := send()
			if times--; err == nil && times >= 0 && r.Method == http.MethodGet {
				resp.Body = &cutting{resp.Body, 300_000}
			}
			return resp, err
		})
	}
	for _, part := range []blob.Range{{}, {Offset: 1 << 20}} {
		cut(2)
		if got, err := b.read(t, ref, part); err != nil || !bytes.Equal(got, content[part.Offset:]) {
			t.Errorf("%+v, cut twice: %d bytes, %v", part, len(got), err)
		}
		cut(100)
		got, err := b.read(t, ref, part)
		if !errors.Is(err, blob.ErrUnavailable) || errors.Is(err, blob.ErrDamaged) || !bytes.HasPrefix(content[part.Offset:], got) {
			t.Errorf("%+v, cut again and again: %d bytes, %v", part, len(got), err)
		}
	}
	n := 0
	w.set(func(_ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		resp, err := send()
		if n++; err == nil && n == 1 {
			resp.Body = &cutting{resp.Body, 300_000}
			w.set(nil)
			b.put(t, "t1", "a1", content)
		}
		return resp, err
	})
	if got, err := b.read(t, ref, blob.Range{}); err == nil && !bytes.Equal(got, content) || errors.Is(err, blob.ErrDamaged) {
		t.Errorf("renewed in between: %d bytes, %v", len(got), err)
	}
}

// TestS3Down stops the server in the middle of an upload: the upload fails, nothing of it has a name, the readiness says so, and after the
// server is back all is as before.
func TestS3Down(t *testing.T) {
	t.Parallel()
	server := blobtest.StartS3(t)
	b, _ := newWired(t, server)
	kept := b.put(t, "t1", "a1", picture(1000))
	stopping := io.MultiReader(bytes.NewReader(noise(6<<20)), readerFunc(func([]byte) (int, error) {
		server.Stop()
		return 0, io.EOF
	}), bytes.NewReader(noise(6<<20)))
	if _, err := b.Put(t.Context(), blob.Object{Tenant: "t1", Applicant: "a1"}, stopping); !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("Put: %v, want ErrUnavailable", err)
	}
	if err := b.Ping(t.Context()); !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("Ping: %v", err)
	}
	if _, err := b.read(t, kept, blob.Range{}); !errors.Is(err, blob.ErrUnavailable) || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("read: %v", err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := b.Ping(t.Context()); err != nil {
		t.Errorf("Ping after it is back: %v", err)
	}
	if got, err := b.read(t, kept, blob.Range{}); err != nil || len(got) != 1000 {
		t.Errorf("read after it is back: %d bytes, %v", len(got), err)
	}
	b.put(t, "t1", "a1", noise(6<<20))
	swept, err := b.Sweep(t.Context(), func(context.Context, blob.Ref) (bool, error) { return true, nil }, time.Now().Add(time.Hour), blob.Part{})
	if err != nil || swept.Temps == 0 {
		t.Errorf("the broken upload is not swept: %+v, %v", swept, err)
	}
	if files := b.files(t); len(files) != 2 {
		t.Errorf("objects: %v", files)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestS3Sweep holds that what no row names goes in two steps: after the first it can still be read and come back, after the second it is gone.
func TestS3Sweep(t *testing.T) {
	t.Parallel()
	b, _ := newWired(t, s3)
	named, orphan, late := b.put(t, "t1", "a1", picture(10)), b.put(t, "t1", "a1", picture(20)), b.put(t, "t2", "a9", picture(30))
	if err := os.WriteFile(filepath.Join(b.dir, "notes.txt"), []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	names := map[blob.Ref]bool{named: true}
	known := func(_ context.Context, ref blob.Ref) (bool, error) { return names[ref], nil }
	soon := time.Now().Add(time.Hour)
	if got, err := b.Sweep(t.Context(), known, time.Now().Add(-time.Hour), blob.Part{}); err != nil || got != (blob.Swept{}) {
		t.Fatalf("young ones: %+v, %v", got, err)
	}
	if got, err := b.Sweep(t.Context(), known, soon, blob.Part{}); err != nil || got.Files != 2 {
		t.Fatalf("first sweep: %+v, %v", got, err)
	}
	if got, err := b.read(t, late, blob.Range{Offset: 3}); err != nil || len(got) != 27 {
		t.Errorf("read after the first sweep: %d bytes, %v", len(got), err)
	}
	names[late] = true // its row came late
	if got, err := b.Sweep(t.Context(), known, soon, blob.Part{}); err != nil || got.Files != 0 {
		t.Errorf("second sweep: %+v, %v", got, err)
	}
	for ref, want := range map[blob.Ref]error{named: nil, late: nil, orphan: blob.ErrNotFound} {
		if _, err := b.read(t, ref, blob.Range{}); !errors.Is(err, want) {
			t.Errorf("%v: %v, want %v", ref, err, want)
		}
	}
	if files := b.files(t); len(files) != 3 {
		t.Errorf("objects: %v", files)
	}
	// What was swept goes with its applicant, too.
	names[late] = false
	if _, err := b.Sweep(t.Context(), known, soon, blob.Part{}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.DeleteApplicant(t.Context(), "t2", "a9"), b.DeleteApplicant(t.Context(), "t1", "a1")); err != nil {
		t.Fatal(err)
	}
	if files := b.files(t); len(files) != 1 || files[0] != "notes.txt" {
		t.Errorf("objects after erasure: %v", files)
	}
}

// TestOpenS3Refuses holds that a bucket that cannot be used is refused at the start, with the way out.
func TestOpenS3Refuses(t *testing.T) {
	t.Parallel()
	if s3 == nil {
		t.Fatal(s3Err)
	}
	good, err := s3.Bucket("refusing")
	if err != nil {
		t.Fatal(err)
	}
	good.Keys = newKeyring(t).sealer
	for _, tt := range []struct {
		name   string
		change func(*blob.S3Config)
		want   string
	}{
		{"no bucket", func(c *blob.S3Config) { c.Bucket = "nowhere" }, "the bucket is not there; create it"},
		{"unknown key", func(c *blob.S3Config) { c.AccessKey = "somebody" }, "correct the settings blob-key"},
		{"wrong secret", func(c *blob.S3Config) { c.SecretKey = "wrong" }, "correct the settings blob-key"},
		{"nobody there", func(c *blob.S3Config) { c.Endpoint = "127.0.0.1:1" }, "cannot be reached; correct endpoint="},
		{"https to http", func(c *blob.S3Config) { c.Plain = false }, "cannot be reached; correct endpoint="},
		{"anybody may read", func(c *blob.S3Config) {
			c.Transport = &wire{fault: func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
				if r.Header.Get("Authorization") == "" {
					return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
				}
				return send()
			}}
		}, "anybody can read this bucket"},
		{"gives back something else", func(c *blob.S3Config) {
			c.Transport = &wire{fault: func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
				resp, err := send()
				if err == nil && r.Method == http.MethodGet {
					resp.Body = io.NopCloser(strings.NewReader("an index page"))
				}
				return resp, err
			}}
		}, "is this an S3 store?"},
	} {
		cfg := good
		tt.change(&cfg)
		if _, err := blob.OpenS3(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	s, err := blob.OpenS3(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestPlainHTTP holds where plain http may go: here, and to private networks that are named.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		endpoint, allow string
		refused         bool
	}{
		{"10.255.255.1:1", "", true},
		{"10.255.255.1:1", "192.168.0.0/16", true},
		{"192.0.2.1:1", "192.0.2.0/24", true}, // named, but not private
		{"127.0.0.1:1", "", false},
		{"[::1]:1", "", false},
	} {
		cfg := blob.S3Config{Bucket: "bucket", Endpoint: tt.endpoint, Plain: true, AccessKey: "a", SecretKey: "b", Keys: newKeyring(t).sealer}
		if tt.allow != "" {
			cfg.Allow = []netip.Prefix{netip.MustParsePrefix(tt.allow)}
		}
		_, err := blob.OpenS3(t.Context(), cfg)
		if err == nil || strings.Contains(err.Error(), "is refused: use https") != tt.refused {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func TestParseS3(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address, want, wrong string
	}{
		{"s3://bucket", "{bucket    false false}", ""},
		{"s3://bucket/pre/fix/?region=eu-north-1", "{bucket pre/fix  eu-north-1 false false}", ""},
		{"s3://bucket?endpoint=https://s3.example.com&style=virtual", "{bucket  s3.example.com  false true}", ""},
		{"s3://bucket?endpoint=http://127.0.0.1:9000", "{bucket  127.0.0.1:9000  true false}", ""},
		{"s3://bucket?endpoint=http://minio:9000", "{bucket  minio:9000  true false}", ""},
		{"s3://bucket?endpoint=http://198.51.100.7:9000", "", "use https"},
		{"s3://key:secret@bucket", "", "USHER_BLOB_KEY"},
		{"s3://bucket?endpoint=s3.example.com", "", "is not like"},
		{"s3://bucket?endpoint=https://s3.example.com/path", "", "is not like"},
		{"s3://bucket?regoin=x", "", "not known"},
		{"s3://bucket?region=a&region=b", "", "twice"},
		{"https://bucket", "", "write it like"},
		{"s3://", "", "write it like"},
	} {
		cfg, err := blob.ParseS3(tt.address)
		got := fmt.Sprint(struct {
			a, b, c, d string
			e, f       bool
		}{cfg.Bucket, cfg.Prefix, cfg.Endpoint, cfg.Region, cfg.Plain, cfg.Virtual})
		if tt.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%s: %v, want %q", tt.address, err, tt.wrong)
			}
		} else if err != nil || got != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.address, got, err, tt.want)
		}
	}
}

func FuzzParseS3(f *testing.F) {
	for _, seed := range []string{"s3://bucket/x?endpoint=https://a.example&region=r&style=path", "s3://u:p@b?endpoint=http://[::1]:1", "s3://%zz", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if cfg, err := blob.ParseS3(address); err == nil && (cfg.Bucket == "" || strings.HasPrefix(cfg.Prefix, "/")) {
			t.Errorf("%q: %+v", address, cfg)
		}
	})
}
