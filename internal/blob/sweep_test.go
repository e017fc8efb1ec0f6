package blob_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/usher-kyc/usher/internal/blob"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	b := newBench(t, blob.FolderConfig{})
	named, orphan, young := b.put(t, "t1", "a1", picture(10)), b.put(t, "t1", "a1", picture(20)), b.put(t, "t1", "a1", picture(30))
	lonely := b.put(t, "t2", "a9", picture(40))
	for _, ref := range []blob.Ref{named, orphan, lonely} {
		age(t, filepath.Join(b.dir, ref.String()), 2*time.Hour)
	}
	for name, old := range map[string]bool{".tmp/OLD": true, ".tmp/NEW": false, "t1/a1/notes.txt": true, "README": true} {
		full := filepath.Join(b.dir, name)
		if err := os.WriteFile(full, []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
		if old {
			age(t, full, 2*time.Hour)
		}
	}
	var asked []blob.Ref
	known := func(_ context.Context, ref blob.Ref) (bool, error) {
		asked = append(asked, ref)
		return ref == named, nil
	}
	size := fileSize(t, b, orphan) + fileSize(t, b, lonely) + 5
	got, err := b.Sweep(t.Context(), known, time.Now().Add(-time.Hour), blob.Part{})
	if err != nil {
		t.Fatal(err)
	}
	if want := (blob.Swept{Files: 2, Temps: 1, Bytes: size}); got != want {
		t.Errorf("Sweep = %+v, want %+v", got, want)
	}
	want := []string{".tmp/NEW", "README", "t1/a1/notes.txt", named.String(), young.String()}
	sortStrings := cmp.Transformer("set", func(names []string) map[string]bool {
		set := map[string]bool{}
		for _, n := range names {
			set[n] = true
		}
		return set
	})
	if diff := cmp.Diff(want, b.files(t), sortStrings); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if len(asked) != 3 {
		t.Errorf("asked about %v, want the three old files", asked)
	}
	if _, err := os.Stat(filepath.Join(b.dir, "t2", "a9")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the empty folder stayed: %v", err)
	}
}

func fileSize(t *testing.T, b bench, ref blob.Ref) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(b.dir, ref.String()))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestSweepWithoutDatabase holds that a database that does not answer is not one that does not know.
func TestSweepWithoutDatabase(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		ref := b.put(t, "t1", "a1", picture(10))
		age(t, filepath.Join(b.dir, ref.String()), 2*time.Hour)
		away := errors.New("database is away")
		got, err := b.Sweep(t.Context(), func(context.Context, blob.Ref) (bool, error) { return false, away }, time.Now(), blob.Part{})
		if !errors.Is(err, away) || got.Files != 0 {
			t.Errorf("Sweep = %+v, %v", got, err)
		}
		if _, err := b.read(t, ref, blob.Range{}); err != nil {
			t.Error(err)
		}
	})
}

// TestSweepMeetsPut puts the same picture again after Sweep learned that no row names it: the Put is acknowledged, so
// the file must stay.
func TestSweepMeetsPut(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		ref := b.put(t, "t1", "a1", picture(10))
		age(t, filepath.Join(b.dir, ref.String()), 2*time.Hour)
		_, err := b.Sweep(t.Context(), func(context.Context, blob.Ref) (bool, error) {
			b.put(t, "t1", "a1", picture(10))
			return false, nil
		}, time.Now().Add(-time.Hour), blob.Part{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.read(t, ref, blob.Range{}); err != nil || !bytes.Equal(got, picture(10)) {
			t.Errorf("an acknowledged file was swept: %v", err)
		}
	})
}

func TestOpenFolderCleans(t *testing.T) {
	t.Parallel()
	b := newBench(t, blob.FolderConfig{})
	for _, name := range []string{"OLD", "NEW"} {
		if err := os.WriteFile(filepath.Join(b.dir, ".tmp", name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	age(t, filepath.Join(b.dir, ".tmp", "OLD"), 61*time.Minute)
	again, err := blob.OpenFolder(blob.FolderConfig{Dir: b.dir, Keys: b.keys.sealer})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if diff := cmp.Diff([]string{".tmp/NEW"}, b.files(t)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if _, err := blob.OpenFolder(blob.FolderConfig{Dir: b.dir}); err == nil {
		t.Error("a store without keys was opened")
	}
}

// TestSweepGoesOnWhereItStopped sweeps in parts, each of which looks at few files: together they come to all there are, and a file about which the
// database answers nothing keeps no other from being swept.
func TestSweepGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, open func(testing.TB, blob.FolderConfig) bench) {
		b := open(t, blob.FolderConfig{})
		const most = 3
		named := b.put(t, "t1", "a1", picture(10))
		stuck := b.put(t, "t1", "a2", picture(20))
		for _, owner := range []string{"a0", "a1", "a2", "a3", "a4", "a5"} {
			b.put(t, "t1", owner, picture(30))
			b.put(t, "t2", owner, picture(30))
		}
		damaged := errors.New("the session is damaged")
		asked := 0
		known := func(_ context.Context, ref blob.Ref) (bool, error) {
			asked++
			if ref == stuck {
				return false, damaged
			}
			return ref == named, nil
		}
		after, parts, failed := "", 0, 0
		for round := 0; round < 2; { // the second deletes what the first has put aside
			asked = 0
			got, err := b.Sweep(t.Context(), known, time.Now().Add(time.Hour), blob.Part{After: after, Most: most})
			if err != nil {
				failed++
				if !errors.Is(err, damaged) {
					t.Fatal(err)
				}
			}
			if asked > most+1 {
				t.Errorf("a part asked about %d files", asked)
			}
			if after = got.Next; after == "" {
				round++
			}
			if parts++; parts > 40 {
				t.Fatalf("no end after %d parts, at %q", parts, after)
			}
		}
		if parts < 4 || failed != 2 {
			t.Errorf("%d parts, %d of them failed", parts, failed)
		}
		if left := b.files(t); len(left) > 3 { // the two, and at most what stands beside the one that is stuck
			t.Errorf("files left: %v", left)
		}
		for _, ref := range []blob.Ref{named, stuck} {
			if _, err := b.read(t, ref, blob.Range{}); err != nil {
				t.Errorf("%v: %v", ref, err)
			}
		}
	})
}
