package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/blob"
)

var upload = usher.Upload{Tenant: "t1", Applicant: "a1", Session: "s1", SHA256: strings.Repeat("0a", 32)}

// TestParts holds that pieces add up to the file in whatever process, that a piece which begins elsewhere changes nothing, that nothing of it
// can be read on the disk, and that it goes when it is discarded and when its applicant is erased.
func TestParts(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		ctx := t.Context()
		whole := bytes.Repeat([]byte("a secret face "), 1000)
		append1 := func(p blob.Parts, offset, end, want int) {
			t.Helper()
			if got, err := p.Append(ctx, upload, int64(offset), whole[offset:end]); err != nil || got != int64(want) {
				t.Fatalf("from %d: %d, %v; want %d", offset, got, err, want)
			}
		}
		append1(b.Parts(), 0, 5000, 5000)
		append1(b.Parts(), 0, 5000, 5000)    // the answer was lost
		append1(b.Parts(), 6000, 7000, 5000) // a hole
		again := b.open(t)
		append1(again.Parts(), 5000, len(whole), len(whole))
		if got, err := again.Parts().Received(ctx, upload); err != nil || got != int64(len(whole)) {
			t.Errorf("received %d, %v", got, err)
		}
		r, err := again.Parts().Open(ctx, upload)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, whole) {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
		if files := b.files(t); len(files) != 2 {
			t.Errorf("kept %v", files)
		}
		for _, name := range b.files(t) {
			if raw, err := os.ReadFile(filepath.Join(b.dir, name)); err != nil || bytes.Contains(raw, []byte("secret")) {
				t.Errorf("%s can be read, %v", name, err)
			}
		}
		if err := again.Parts().Discard(ctx, upload); err != nil {
			t.Fatal(err)
		}
		if got, err := again.Parts().Received(ctx, upload); got != 0 || err != nil {
			t.Errorf("after it was discarded: %d, %v", got, err)
		}
		append1(again.Parts(), 0, 10, 10)
		if err := again.DeleteApplicant(ctx, "t1", "a1"); err != nil || len(b.files(t)) != 0 {
			t.Errorf("after the erasure %d files are left, %v", len(b.files(t)), err)
		}
	})
}

// TestPartsAreBounded holds that a session has a few beginnings at most, that old ones are swept, and that names lead nowhere else.
func TestPartsAreBounded(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		ctx := t.Context()
		for i := range 20 {
			u := upload
			u.SHA256 = strings.Repeat(string(rune('a'+i%6))+string(rune('0'+i%10)), 32)
			if _, err := b.Parts().Append(ctx, u, 0, []byte("beginning")); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(b.files(t)); got != 6 {
			t.Errorf("%d beginnings are kept", got)
		}
		nobodys := func(context.Context, blob.Ref) (bool, error) { return true, nil }
		if _, err := b.Sweep(ctx, nobodys, time.Now().Add(-time.Hour), blob.Part{}); err != nil || len(b.files(t)) != 6 {
			t.Errorf("young beginnings are swept: %v", err)
		}
		if _, err := b.Sweep(ctx, nobodys, time.Now().Add(time.Hour), blob.Part{}); err != nil || len(b.files(t)) != 0 {
			t.Errorf("old beginnings stay: %v", err)
		}
		for _, u := range []usher.Upload{
			{Tenant: "..", Applicant: "a", Session: "s", SHA256: upload.SHA256},
			{Tenant: "t", Applicant: "a", Session: "../../x", SHA256: upload.SHA256},
			{Tenant: "t", Applicant: "a", Session: "s", SHA256: "../x"},
			{Tenant: "t", Applicant: "a", SHA256: upload.SHA256},
		} {
			if _, err := b.Parts().Append(ctx, u, 0, []byte("x")); !errors.Is(err, blob.ErrName) {
				t.Errorf("%+v is taken: %v", u, err)
			}
		}
	})
}
