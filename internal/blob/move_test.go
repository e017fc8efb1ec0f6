package blob_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/vault"
)

// TestMove holds that a folder's files are in the bucket afterwards as they were, in part too, that a second run copies nothing, that an erased
// applicant's are left out, and that a damaged one stops it.
func TestMove(t *testing.T) {
	t.Parallel()
	from, to := newBench(t, blob.FolderConfig{}), newBucket(t, blob.FolderConfig{})
	bucket, keys := to.keeper.(*blob.S3), from.keys
	*to.keys = keyring{master: keys.master, held: keys.held, erased: keys.erased}
	contents := map[blob.Ref][]byte{}
	for i, size := range []int{0, 10, 100_000, 1<<20 + 5, 11 << 20} {
		content := noise(size)
		contents[from.put(t, "t1", []string{"a1", "a2"}[i%2], content)] = content
	}
	from.put(t, "t1", "a3", picture(50))
	keys.erased["t1/a3"] = true
	gone := func(err error) bool { return errors.Is(err, vault.ErrErased) }
	told := 0
	got, err := blob.Move(t.Context(), from.keeper.(*blob.Folder), bucket, gone, func() { told++ })
	if err != nil || got.Files != 5 || got.There != 0 || got.Keyless != 1 || told != 6 || got.Bytes < 12<<20 {
		t.Fatalf("Move = %+v, %v, told %d", got, err, told)
	}
	for ref, content := range contents {
		if got, err := to.read(t, ref, blob.Range{}); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%v: %d bytes, %v", ref, len(got), err)
		}
		if len(content) > 1<<20 {
			if got, err := to.read(t, ref, blob.Range{Offset: 1 << 20, Length: 4}); err != nil || !bytes.Equal(got, content[1<<20:1<<20+4]) {
				t.Errorf("%v in part: %v", ref, err)
			}
		}
	}
	if got, err := blob.Move(t.Context(), from.keeper.(*blob.Folder), bucket, gone, nil); err != nil || got.Files != 0 || got.There != 5 {
		t.Errorf("once more: %+v, %v", got, err)
	}
	bad := from.put(t, "t1", "a1", picture(5000))
	if err := os.Truncate(filepath.Join(from.dir, bad.String()), 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Move(t.Context(), from.keeper.(*blob.Folder), bucket, gone, nil); !errors.Is(err, blob.ErrDamaged) {
		t.Errorf("a damaged file: %v", err)
	}
	if _, err := to.read(t, bad, blob.Range{}); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("the damaged file in the bucket: %v", err)
	}
}
