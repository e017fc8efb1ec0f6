package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/audit"
)

// book is a trail in memory.
type book map[string][]usher.AuditRecord

func (b book) Ends(context.Context) (ends []audit.Checkpoint, err error) {
	for _, list := range b {
		ends = append(ends, head(list))
	}
	return ends, nil
}

func (b book) Link(_ context.Context, tenant string, seq int64) (hash usher.AuditHash, ok bool, err error) {
	if seq > int64(len(b[tenant])) {
		return hash, false, nil
	}
	return b[tenant][seq-1].Hash, true, nil
}

func public() []ed25519.PublicKey { return []ed25519.PublicKey{key().Public().(ed25519.PublicKey)} }

func notary(t *testing.T, c audit.NotaryConfig) *audit.Notary {
	t.Helper()
	if c.Keys == nil {
		c.Keys = func(context.Context) ([]audit.Key, error) { return []audit.Key{{Private: key()}}, nil }
	}
	if c.Now == nil {
		c.Now = func() time.Time { return began }
	}
	n, err := audit.NewNotary(c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func read(t *testing.T, path string, keys []ed25519.PublicKey) ([]audit.Checkpoint, []audit.Fault) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, faults, err := audit.ReadCheckpoints(f, keys)
	if err != nil {
		t.Fatal(err)
	}
	return list, faults
}

// TestNotaryTakesANewKey has a key made beside the one that signs: it rests, and what the old one signed goes on to be believed.
func TestNotaryTakesANewKey(t *testing.T) {
	t.Parallel()
	path, now := filepath.Join(t.TempDir(), "checkpoints.jsonl"), began
	next := ed25519.NewKeyFromSeed([]byte(strings.Repeat("n", 32)))
	keys := []audit.Key{{Private: key(), CreatedAt: began}}
	b := book{}
	n := notary(t, audit.NotaryConfig{Book: b, Path: path, Now: func() time.Time { return now }, Keys: func(context.Context) ([]audit.Key, error) { return keys, nil }})
	signs := func(entries int, want ed25519.PrivateKey) {
		t.Helper()
		b["a"] = trail("a", entries)
		made, err := n.Write(t.Context())
		if err != nil || len(made) != 1 || made[0].Verify(audit.Public([]audit.Key{{Private: want}})) != nil {
			t.Fatalf("the end behind %d entries: %v, %v", entries, made, err)
		}
	}
	signs(1, key())
	keys = []audit.Key{{Private: next, CreatedAt: began}, {Private: key(), CreatedAt: began.Add(-24 * time.Hour)}}
	signs(2, key())
	now = began.Add(audit.KeyRests - time.Millisecond)
	signs(3, key())
	now = began.Add(audit.KeyRests)
	signs(4, next)
	if list, faults := read(t, path, audit.Public(keys)); len(list) != 4 || len(faults) != 0 {
		t.Errorf("with both keys: %v, %v", list, faults)
	}
	if list, faults := read(t, path, public()); len(list) != 3 || len(faults) != 1 || faults[0].Kind != audit.BadCheckpoint {
		t.Errorf("with the old one: %v, %v", list, faults)
	}
	keys = nil
	b["a"] = trail("a", 5)
	if _, err := n.Write(t.Context()); err == nil {
		t.Error("signed without a key")
	}
}

func TestNotary(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	b := book{"a": trail("a", 5)}
	var said bytes.Buffer
	n := notary(t, audit.NotaryConfig{Book: b, Path: path, Line: &said})
	write := func(want int) {
		t.Helper()
		made, err := n.Write(t.Context())
		if err != nil || len(made) != want {
			t.Fatalf("wrote %d checkpoints, want %d; %v", len(made), want, err)
		}
	}
	write(1)
	write(0) // nothing has grown
	b["a"], b[""] = trail("a", 9), trail("", 1)
	write(2)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	list, faults := read(t, path, public())
	if len(list) != 3 || len(faults) != 0 {
		t.Fatal(list, faults)
	}
	report, err := audit.Verify(t.Context(), rows(b["a"], b[""]), list)
	if err != nil || !report.OK() || report.Checkpoints != 3 {
		t.Error(report, err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != said.String() {
		t.Errorf("the file has %q, the line %q", raw, said.String())
	}
	if err := n.Check(t.Context()); err != nil {
		t.Error(err)
	}
	// A later start goes on where the file ends.
	n = notary(t, audit.NotaryConfig{Book: b, Path: path})
	write(0)
	for tenant := range b {
		b[tenant] = nil
	}
	if err := n.Check(t.Context()); !errors.Is(err, audit.ErrNotInChain) {
		t.Errorf("a trail that is gone is in the chain: %v", err)
	}
}

func TestNotaryGoesOnBehindABrokenLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	if err := os.WriteFile(path, []byte(`{"tenant":"a","se`), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, faults := read(t, path, public()); len(list)+len(faults) != 0 {
		t.Error("a line that was broken off counts", list, faults)
	}
	if _, err := notary(t, audit.NotaryConfig{Book: book{"a": trail("a", 5)}, Path: path}).Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, faults := read(t, path, public()); len(list) != 1 || len(faults) != 1 {
		t.Error(list, faults)
	}
}

func TestCheckpointsMustBeSigned(t *testing.T) {
	t.Parallel()
	list := trail("a", 5)
	other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("o", 32)))
	changed := checkpoint(list[2])
	changed.Seq++
	lines := []any{checkpoint(list[1]), changed, checkpoint(list[3]).Sign(other), head(list), map[string]string{"tenant": "a"}}
	var file bytes.Buffer
	for _, l := range lines {
		if err := json.NewEncoder(&file).Encode(l); err != nil {
			t.Fatal(err)
		}
	}
	good, faults, err := audit.ReadCheckpoints(&file, public())
	if err != nil || len(good) != 1 || len(faults) != 4 {
		t.Fatal(good, faults, err)
	}
	if diff := cmp.Diff(checkpoint(list[1]), good[0]); diff != "" {
		t.Error(diff)
	}
	for _, f := range faults {
		if f.Kind != audit.BadCheckpoint {
			t.Error(f)
		}
	}
}

func TestNotaryTellsTheAuditor(t *testing.T) {
	t.Parallel()
	var told []string
	answer := http.StatusServiceUnavailable
	auditor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what could not be read shows below
		told = append(told, r.Header.Get("Content-Type")+" "+string(body))
		w.WriteHeader(answer)
	}))
	defer auditor.Close()
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	b := book{"a": trail("a", 5)}
	n := notary(t, audit.NotaryConfig{Book: b, Path: path, Webhook: auditor.URL, Client: auditor.Client()})
	if _, err := n.Write(t.Context()); !errors.Is(err, audit.ErrUnsent) {
		t.Error("it was not taken, and nobody is told")
	}
	answer = http.StatusNoContent
	b["a"] = trail("a", 6)
	if _, err := n.Write(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := n.Write(t.Context()); err != nil {
		t.Error(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 || told[1] != "application/jsonl "+string(raw) {
		t.Errorf("told %q, want all of %q at the second time", told, raw)
	}
}

func TestNotaryRuns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	synctest.Test(t, func(t *testing.T) {
		b := book{"a": trail("a", 1)}
		n := notary(t, audit.NotaryConfig{Book: b, Path: path, Now: time.Now})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { n.Run(ctx); close(done) }()
		time.Sleep(61 * time.Minute)
		synctest.Wait()
		b["a"] = trail("a", 2)
		stop()
		<-done
	})
	list, _ := read(t, path, public())
	if len(list) != 2 || list[0].Seq != 1 || list[1].Seq != 2 {
		t.Errorf("want one after an hour and one at the end, got %v", list)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	a, b := trail("a", 30), trail("", 4)
	marks := []audit.Checkpoint{checkpoint(a[9]), checkpoint(a[24]), checkpoint(b[3])}
	export := func(p audit.Part, want int) []byte {
		t.Helper()
		var file bytes.Buffer
		n, err := audit.Export(&file, rows(b, a), marks, p)
		if err != nil || n != want {
			t.Fatalf("exported %d entries, want %d; %v", n, want, err)
		}
		return file.Bytes()
	}
	verify := func(file []byte) audit.Report {
		t.Helper()
		r, err := audit.VerifyExport(t.Context(), bytes.NewReader(file), public(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	whole := export(audit.Part{}, 34)
	if r := verify(whole); !r.OK() || r.Records != 34 || r.Checkpoints != 3 || r.Chains != 2 {
		t.Errorf("whole: %+v", r)
	}
	part := export(audit.Part{From: began.Add(20 * time.Second), Before: began.Add(28 * time.Second)}, 8)
	if r := verify(part); !r.OK() || r.Records != 8 || r.Checkpoints != 1 || r.Unsigned != 3 {
		t.Errorf("part: %+v", r)
	}
	for name, change := range map[string][2]string{
		"entry":      {`"object":"object"`, `"object":"something else"`},
		"start":      {`{"start":{"tenant":"a","seq":20`, `{"start":{"tenant":"a","seq":19`},
		"signature":  {`"signature":"`, `"signature":"AAAA`},
		"checkpoint": {`{"checkpoint":{"tenant":"a","seq":25`, `{"checkpoint":{"tenant":"a","seq":24`},
	} {
		if !bytes.Contains(part, []byte(change[0])) {
			t.Fatalf("%s: the part has no %s: %s", name, change[0], part)
		}
		if r := verify(bytes.Replace(part, []byte(change[0]), []byte(change[1]), 1)); r.OK() {
			t.Errorf("%s was changed, and nothing found", name)
		}
	}
}

func FuzzVerifyExport(f *testing.F) {
	a := trail("a", 3)
	var file bytes.Buffer
	if _, err := audit.Export(&file, rows(a), []audit.Checkpoint{checkpoint(a[2])}, audit.Part{From: began.Add(time.Second)}); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := audit.VerifyExport(t.Context(), bytes.NewReader(raw), public(), nil)
		if err == nil && r.OK() && r.Records > r.Unsigned+3 {
			t.Error("more entries stand under a signature than were signed")
		}
	})
}
