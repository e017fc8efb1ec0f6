package source_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

var update = flag.Bool("update", false, "write what is read to the golden files")

// TestGolden reads each invented list under testdata/lists and compares what becomes of every record, and what is told of the list.
func TestGolden(t *testing.T) {
	t.Parallel()
	cases, err := os.ReadDir("testdata/lists")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name(), func(t *testing.T) {
			t.Parallel()
			in := detectOne(t, os.DirFS(filepath.Join("testdata", "lists", c.Name())))
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			entities, info := readAll(t, in)
			for _, e := range entities {
				if e.Raw == "" {
					t.Errorf("record %s has no raw text", e.ID)
				}
				e.Raw = ""
				if err := enc.Encode(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := enc.Encode(info); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, filepath.Join("testdata", "golden", c.Name()+".json"), got.Bytes())
		})
	}
}

// detectOne finds the only list of a folder.
func detectOne(t testing.TB, fsys fs.FS) source.Input {
	t.Helper()
	found, err := source.Detect(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Lists) != 1 {
		t.Fatalf("found %d lists, want 1 (ignored: %v)", len(found.Lists), found.Ignored)
	}
	return found.Lists[0]
}

// readAll reads a list that must be readable.
func readAll(t testing.TB, in source.Input) ([]watchlist.Entity, source.Info) {
	t.Helper()
	var entities []watchlist.Entity
	info, err := source.Read(t.Context(), in, func(e watchlist.Entity) error {
		entities = append(entities, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return entities, info
}

// compareGolden compares with a golden file, or writes it with -update.
func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
