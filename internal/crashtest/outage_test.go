package crashtest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/blobtest"
	"github.com/usher-kyc/usher/internal/servertest"
	"github.com/usher-kyc/usher/internal/specimen"
)

const bucketName = "evidence"

// TestEvidenceStoreDown kills the S3 server under load, at once or after it hung for a while, again and again, while people upload and others look at what
// they sent. An upload that cannot be kept is refused in words that say so and goes through when it is sent again; what is looked at is right or
// refused; checks wait. In the end every file that a session names is there, and a sweep takes away the others.
func TestEvidenceStoreDown(t *testing.T) {
	t.Parallel()
	store := blobtest.StartS3(t)
	bucket, err := store.Bucket(bucketName)
	if err != nil {
		t.Fatal(err)
	}
	s := servertest.With(t, servertest.Config{
		Args: []string{"--blob", "s3://" + bucketName + "?endpoint=http://" + store.Addr},
		Env:  []string{"USHER_BLOB_KEY=" + blobtest.AccessKey + ":" + blobtest.SecretKey},
	})
	s.Start(t)
	w := begin(t, s)
	looks := w.o.look(t, w)
	held, err := w.o.begin(t.Context(), "Lovelace")
	if err != nil {
		t.Fatal(err)
	}
	r := chance(t)
	n := rounds(t, 2)
	for range n {
		pause(r)
		if r.IntN(2) == 0 {
			if err := store.Hang(); err != nil {
				t.Fatal(err)
			}
			pause(r)
		}
		store.Stop()
		file := picture(r)
		w.o.refused(t, held, file)
		w.o.probe(t, s, "evidence", "failed")
		if err := store.Start(); err != nil {
			t.Fatal(err)
		}
		w.o.probe(t, s, "evidence", "ok")
		w.o.keep(t, held, file)
		if w.o.report(t) {
			t.FailNow()
		}
	}
	w.halt()
	checksWait(t, w, store)
	w.last = func(events []servertest.Event) { w.o.compareStore(t, s, store, bucket, events) }
	w.end(t, database{})
	t.Logf("the store was away %d times; %d looks right, %d refused", n, looks.right.Load(), looks.refused.Load())
	if looks.right.Load() == 0 {
		t.Error("nobody saw anything")
	}
}

// refused wants an upload to be refused in words that say that it can be sent again, since there is nowhere to put it.
func (o *oracle) refused(t *testing.T, s servertest.Session, file []byte) {
	t.Helper()
	status, answer, err := o.UploadOnce(t.Context(), s.ID, "selfie", file)
	if err != nil || status != http.StatusServiceUnavailable || !bytes.Contains(answer, []byte("try again")) {
		t.Errorf("an upload without a store: %d %s, %v; want 503 and a word on what to do", status, answer, err)
	}
}

// keep uploads what was refused, which now is kept, and notes it.
func (o *oracle) keep(t *testing.T, s servertest.Session, file []byte) {
	t.Helper()
	id, sum, err := o.Upload(t.Context(), s.ID, "selfie", file)
	if err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.files[s.ID] = append(o.files[s.ID], id+"/"+sum)
}

// probe waits until /readyz says of a thing what it is.
func (o *oracle) probe(t *testing.T, s *servertest.Server, name, want string) {
	t.Helper()
	var said string
	for limit := time.Now().Add(settleTime); time.Now().Before(limit); time.Sleep(lookEvery) {
		var status int
		status, _, said = ask(t, http.DefaultClient, http.MethodGet, "http://"+s.Address+"/readyz", nil, nil)
		var body struct {
			Probes map[string]string `json:"probes"`
		}
		if err := json.Unmarshal([]byte(said), &body); err != nil {
			t.Fatalf("/readyz: %d %s: %v", status, said, err)
		}
		if body.Probes[name] == want && (status == http.StatusOK) == (want == "ok") {
			return
		}
	}
	t.Errorf("/readyz never said that %s is %s; in the end: %s", name, want, said)
}

// looks counts what reviewers were shown.
type looks struct{ right, refused atomic.Int64 }

// look reads files that were acknowledged, one after the other, until the world ends: what comes whole must be right, and what does not come is refused.
func (o *oracle) look(t *testing.T, w *world) *looks {
	t.Helper()
	l := &looks{}
	w.working.Go(func() {
		r := mathrand.New(mathrand.NewPCG(1, 2))
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(callPause):
			}
			if session, file := o.anyFile(r); file != "" {
				o.lookAt(t.Context(), l, session, file)
			}
		}
	})
	return l
}

const callPause = 20 * time.Millisecond

// anyFile gives one of the files that were acknowledged.
func (o *oracle) anyFile(r *mathrand.Rand) (session, file string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.files) == 0 {
		return "", ""
	}
	skip := r.IntN(len(o.files))
	for session, list := range o.files {
		if skip--; skip < 0 {
			return session, list[r.IntN(len(list))]
		}
	}
	return "", ""
}

func (o *oracle) lookAt(ctx context.Context, l *looks, session, file string) {
	id, want, _ := strings.Cut(file, "/")
	req, err := o.Request(ctx, http.MethodGet, "/v1/sessions/"+session+"/evidence/"+id+"/content", "", nil)
	if err != nil {
		o.fault("look at %s: %v", id, err)
		return
	}
	res, err := o.Do(req)
	if err != nil {
		l.refused.Add(1)
		return
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	sum := sha256.Sum256(raw)
	switch {
	case err != nil, res.StatusCode == http.StatusServiceUnavailable:
		l.refused.Add(1) // it broke off, or did not begin
	case res.StatusCode != http.StatusOK:
		o.fault("evidence %s that was acknowledged is answered with %d %s", id, res.StatusCode, raw)
	case hex.EncodeToString(sum[:]) != want:
		o.fault("evidence %s was shown whole and is not what was sent", id)
	default:
		l.right.Add(1)
	}
}

// checksWait sends a person's pictures to a check while nothing can be read, and wants the check to be made when it can be.
func checksWait(t *testing.T, w *world, store *blobtest.S3) {
	t.Helper()
	ctx := t.Context()
	publish(t, w.o.Client)
	passport, err := specimen.Passport(specimen.Person{})
	if err != nil {
		t.Fatal(err)
	}
	var s servertest.Session
	if err := w.o.Post(ctx, "/v1/sessions", fields{"flow": "across", "applicant": fields{"last_name": "Lovelace"}}, &s); err != nil {
		t.Fatal(err)
	}
	for kind, img := range map[string]image.Image{"document_front": passport, "selfie": specimen.Selfie(specimen.Person{})} {
		var file bytes.Buffer
		if err := jpeg.Encode(&file, img, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.o.Upload(ctx, s.ID, kind, file.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	store.Stop()
	if err := w.o.do(ctx, "/v1/sessions/"+s.ID+"/submit", fields{}); err != nil {
		t.Fatal(err)
	}
	// Nothing outside tells that a check was tried in vain but the queue.
	for limit := time.Now().Add(settleTime); ; time.Sleep(lookEvery) {
		n, err := database{}.read(t, w.s, `SELECT count(*) FROM river_job WHERE kind = 'usher' AND state = 'retryable'`)
		if err == nil && n != "0" {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("no check was tried while nothing could be read: %s, %v", n, err)
		}
	}
	if got := w.o.outcome(t, s); got != "pending" {
		t.Errorf("the check of what cannot be read is %q, want it to wait", got)
	}
	if err := store.Start(); err != nil {
		t.Fatal(err)
	}
	got := "pending"
	for limit := time.Now().Add(settleTime); got == "pending" && time.Now().Before(limit); time.Sleep(lookEvery) {
		got = w.o.outcome(t, s)
	}
	if !slices.Contains([]string{"clear", "consider", "reject"}, got) {
		t.Errorf("when everything can be read again the check is %q", got)
	}
}

// outcome gives what the document check of a session found.
func (o *oracle) outcome(t *testing.T, s servertest.Session) string {
	t.Helper()
	var checks struct {
		Data []struct{ Kind, Outcome string }
	}
	if err := o.Get(t.Context(), "/v1/sessions/"+s.ID+"/checks", &checks); err != nil {
		t.Fatal(err)
	}
	for _, c := range checks.Data {
		if c.Kind == "document" {
			return c.Outcome
		}
	}
	t.Fatalf("session %s has no document check: %+v", s.ID, checks)
	return ""
}

// compareStore wants every file that a session names to be in the bucket and to be what it is said to be, and nothing else to be there after two sweeps.
func (o *oracle) compareStore(t *testing.T, s *servertest.Server, store *blobtest.S3, bucket blob.S3Config, events []servertest.Event) {
	t.Helper()
	named := o.named(t, s, events)
	for ref := range named {
		if _, err := os.Stat(filepath.Join(store.Dir, bucketName, ref)); err != nil {
			t.Errorf("a session names a file that is not there: %v", err)
		}
	}
	for session, files := range o.files {
		var list struct{ Data []struct{ ID string } }
		if err := o.Get(t.Context(), "/v1/sessions/"+session+"/evidence", &list); err != nil {
			t.Fatal(err)
		}
		own := 0 // what a simulation made up comes on top
		for _, e := range list.Data {
			if slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(f, e.ID+"/") }) {
				own++
			}
		}
		if own != len(files) {
			t.Errorf("session %s has %d of the %d files that were acknowledged", session, own, len(files))
		}
	}
	orphan := plant(t, store, named)
	bucket.Keys = func(context.Context, string, string) (blob.Sealer, error) {
		return nil, errors.New("a sweep needs no keys")
	}
	swept, err := blob.OpenS3(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	known := func(_ context.Context, r blob.Ref) (bool, error) { return named[r.String()], nil }
	for range 2 { // the first takes away, the second deletes
		if _, err := swept.Sweep(t.Context(), known, time.Now().Add(time.Hour), blob.Part{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := swept.Close(); err != nil {
		t.Error(err)
	}
	left := stored(t, store)
	if diff := cmp.Diff(named, left); diff != "" {
		t.Errorf("after the sweep of %s the bucket and the sessions do not agree (-named, +there):\n%s", orphan, diff)
	}
}

// named gives the references that the sessions name, after reading every file once.
func (o *oracle) named(t *testing.T, s *servertest.Server, events []servertest.Event) map[string]bool {
	t.Helper()
	var dev struct {
		TenantID string `json:"tenant_id"`
	}
	s.Dev(t, &dev)
	named, seen := map[string]bool{}, map[string]bool{}
	for _, e := range events {
		if e.SessionID == "" || seen[e.SessionID] {
			continue
		}
		seen[e.SessionID] = true
		var session servertest.Session
		var list struct {
			Data []struct {
				ID     string `json:"id"`
				SHA256 string `json:"sha256"`
			}
		}
		err := errors.Join(o.Get(t.Context(), "/v1/sessions/"+e.SessionID, &session), o.Get(t.Context(), "/v1/sessions/"+e.SessionID+"/evidence", &list))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list.Data {
			named[blob.Ref{Tenant: dev.TenantID, Applicant: session.ApplicantID, SHA256: f.SHA256}.String()] = true
			o.compareFile(t, e.SessionID, f.ID+"/"+f.SHA256)
		}
	}
	return named
}

// plant puts a file beside the others that no session names, as an upload leaves one that was stored and then refused.
func plant(t *testing.T, store *blobtest.S3, named map[string]bool) string {
	t.Helper()
	for ref := range named {
		sum := sha256.Sum256([]byte(rand.Text()))
		path := filepath.Join(store.Dir, bucketName, filepath.Dir(ref), hex.EncodeToString(sum[:]))
		raw, err := os.ReadFile(filepath.Join(store.Dir, bucketName, ref))
		if err == nil {
			err = os.WriteFile(path, raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Fatal("no session names a file")
	return ""
}

// stored gives the references of what lies in the bucket.
func stored(t *testing.T, store *blobtest.S3) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	root := filepath.Join(store.Dir, bucketName)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		found[filepath.ToSlash(name)] = true
		return err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("look into the bucket: %w", err))
	}
	return found
}
