package watchlist_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/usher-kyc/usher/internal/watchlist"
)

// answers gives what an index answers to a handful of queries.
func answers(t testing.TB, ix *watchlist.Index) (all []watchlist.Answer) {
	t.Helper()
	for _, name := range []string{"Arkadi Zorvanov", "Yousef Kelimari", "Quentis Shipping", "Bob Quellmann", "Nobody"} {
		a, err := ix.Search(watchlist.Query{Name: name, BirthDates: []string{"1961"}}, watchlist.Options{Possible: .5})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

func sameAnswers(t *testing.T, want, got []watchlist.Answer) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(watchlist.Hit{})); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestSnapshotAnswersTheSame(t *testing.T) {
	t.Parallel()
	ix := index(t, people())
	path := filepath.Join(t.TempDir(), "lists.snapshot")
	for range 2 { // the second replaces the first, which is still open
		if err := ix.Save(path); err != nil {
			t.Fatal(err)
		}
		opened, err := watchlist.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		sameAnswers(t, answers(t, ix), answers(t, opened))
		if diff := cmp.Diff(ix.Versions(), opened.Versions()); diff != "" {
			t.Errorf("versions (-want +got):\n%s", diff)
		}
		ix = opened
	}
}

func TestFileBuilder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "lists.snapshot")
	b, err := watchlist.NewFileBuilder(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range people() {
		if err := b.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	ix, err := b.Index([]watchlist.Version{{List: "gotham", Title: "Gotham", Hash: "00"}})
	if err != nil {
		t.Fatal(err)
	}
	var inFile, inMemory bytes.Buffer
	if _, err := ix.WriteTo(&inFile); err != nil {
		t.Fatal(err)
	}
	if _, err := index(t, people()).WriteTo(&inMemory); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(inFile.Bytes(), inMemory.Bytes()) {
		t.Error("the snapshot built in a file differs from the one built in memory")
	}

	b, err = watchlist.NewFileBuilder(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Discard(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v left after discarding, error %v", left, err)
	}
}

// snapshot gives the bytes of a small index.
func snapshot(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := index(t, people()).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openBytes(t testing.TB, data []byte) (*watchlist.Index, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return watchlist.Open(path)
}

func TestDamagedSnapshots(t *testing.T) {
	t.Parallel()
	whole := snapshot(t)
	for name, c := range map[string]struct {
		damage func([]byte) []byte
		want   error
	}{
		"empty":           {func([]byte) []byte { return nil }, watchlist.ErrDamaged},
		"another file":    {func([]byte) []byte { return bytes.Repeat([]byte("<xml/>"), 1000) }, watchlist.ErrDamaged},
		"cut in header":   {func(b []byte) []byte { return b[:100] }, watchlist.ErrDamaged},
		"cut":             {func(b []byte) []byte { return b[:len(b)-1] }, watchlist.ErrDamaged},
		"longer":          {func(b []byte) []byte { return append(b, 0) }, watchlist.ErrDamaged},
		"newer format":    {func(b []byte) []byte { b[8]++; return b }, watchlist.ErrFormat},
		"bit in header":   {func(b []byte) []byte { b[70] ^= 1; return b }, watchlist.ErrDamaged},
		"other algorithm": {func(b []byte) []byte { b[20] ^= 1; return b }, watchlist.ErrDamaged}, // its checksum is wrong before it is read
		"bit in content":  {func(b []byte) []byte { b[len(b)/2] ^= 4; return b }, watchlist.ErrDamaged},
		"last bit":        {func(b []byte) []byte { b[len(b)-1] ^= 0x80; return b }, watchlist.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := openBytes(t, c.damage(bytes.Clone(whole))); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
	if _, err := watchlist.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
}

func TestSaveLeavesTheOldOne(t *testing.T) {
	t.Parallel()
	if err := index(t, people()).Save(filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("saved into a folder that is not there")
	}
}

func FuzzOpen(f *testing.F) {
	whole := snapshot(f)
	f.Add(whole)
	f.Add(whole[:700])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		ix, err := openBytes(t, data)
		if err != nil {
			if !errors.Is(err, watchlist.ErrDamaged) && !errors.Is(err, watchlist.ErrFormat) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		answers(t, ix)
	})
}
