package source_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// clock goes on a minute each time it is asked.
func clock() func() time.Time {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		at = at.Add(time.Minute)
		return at
	}
}

// ownList builds a firm's own list of names.
func ownList(names ...string) source.Input {
	var b bytes.Buffer
	b.WriteString("id,name,kind\n")
	for _, name := range names {
		id, full, _ := strings.Cut(name, "=")
		fmt.Fprintf(&b, "%s,%s,person\n", id, full)
	}
	return source.Input{Format: source.Own, FS: fstest.MapFS{"in/list.csv": {Data: b.Bytes()}}, Files: []string{"in/list.csv"}}
}

// many gives n names.
func many(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%d=Name %c%c", i, 'a'+i/26, 'a'+i%26))
	}
	return names
}

// mustImport imports a list that must be taken.
func mustImport(t *testing.T, l *source.Library, in source.Input, allow ...source.Reason) source.Edition {
	t.Helper()
	e, changed, err := l.Import(t.Context(), in, source.ImportOptions{Allow: allow})
	if err != nil {
		t.Fatal(err)
	}
	if !changed {
		t.Fatal("nothing changed")
	}
	return e
}

// wantRefused demands that an import is refused for a reason and that the edition in use stays.
func wantRefused(t *testing.T, l *source.Library, in source.Input, inUse source.Edition, want source.Reason) {
	t.Helper()
	_, _, err := l.Import(t.Context(), in, source.ImportOptions{})
	refused, ok := errors.AsType[*source.Error](err)
	if !ok || refused.Reason != want {
		t.Errorf("got %v, want an error of the reason %s", err, want)
	}
	now, err := l.Current(inUse.Info.List)
	if err != nil {
		t.Fatal(err)
	}
	if now.ID != inUse.ID {
		t.Errorf("edition %s is in use, want %s", now.ID, inUse.ID)
	}
	if left, err := filepath.Glob(filepath.Join(l.Dir, inUse.Info.List, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestLibrary(t *testing.T) {
	t.Parallel()
	l := &source.Library{Dir: filepath.Join(t.TempDir(), "lists"), Now: clock(), Keep: 2}
	if lists, err := l.Lists(); err != nil || len(lists) != 0 {
		t.Fatalf("an empty library has lists %v %v", lists, err)
	}
	if _, err := l.Current("own"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that there is none", err)
	}
	first := mustImport(t, l, ownList("1=Erika Muster", "2=Adam Muster", "3=Karla Muster"))
	if v := first.Version(); v.Entities != 3 || v.Names != 3 || v.List != "own" || v.Hash == "" || v.Loaded.IsZero() {
		t.Errorf("the version is %+v", v)
	}
	same, changed, err := l.Import(t.Context(), ownList("1=Erika Muster", "2=Adam Muster", "3=Karla Muster"), source.ImportOptions{})
	if err != nil || changed || same.ID != first.ID {
		t.Errorf("the same list again: changed %t, edition %s, %v", changed, same.ID, err)
	}
	checked, err := l.Checked("own")
	if err != nil || !checked.After(first.Loaded) {
		t.Errorf("checked %v %v, loaded %v", checked, err, first.Loaded)
	}
	second := mustImport(t, l, ownList("1=Erika Muster", "2=Adam Mustermann", "4=Otto Muster"))
	d, err := l.Diff(t.Context(), first, second)
	if err != nil {
		t.Fatal(err)
	}
	want := source.Diff{Added: []string{"own/4"}, Changed: []string{"own/2"}, Removed: []string{"own/3"}}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("the difference (-want +got):\n%s", diff)
	}
	back, err := l.Use("own", first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if now, err := l.Current("own"); err != nil || now.ID != back.ID {
		t.Errorf("in use is %s %v, want %s", now.ID, err, back.ID)
	}
	third := mustImport(t, l, ownList("1=Erika Muster", "2=Adam Muster", "5=Emil Muster"))
	editions, err := l.Editions("own")
	if err != nil {
		t.Fatal(err)
	}
	if len(editions) != 2 || editions[0].ID != third.ID || editions[1].ID != second.ID {
		t.Errorf("kept are %d editions, want the last two", len(editions))
	}
	var names []string
	if _, err := l.Read(t.Context(), third, func(e watchlist.Entity) error {
		names = append(names, e.Names[0].Full)
		return nil
	}); err != nil || len(names) != 3 {
		t.Errorf("read %v %v", names, err)
	}
	if lists, err := l.Lists(); err != nil || len(lists) != 1 || lists[0] != "own" {
		t.Errorf("lists are %v %v", lists, err)
	}
}

func TestLibraryRefuses(t *testing.T) {
	t.Parallel()
	l := &source.Library{Dir: t.TempDir(), Now: clock()}
	full := mustImport(t, l, ownList(many(100)...))
	wantRefused(t, l, ownList(many(79)...), full, source.Shrunk)
	wantRefused(t, l, ownList(), full, source.Empty)
	wantRefused(t, l, ownList(append(many(90), strings.Split(strings.Repeat("x=,", 9), ",")[:9]...)...), full, source.Nameless)
	repeated := many(100)
	for i := range 10 {
		repeated = append(repeated, fmt.Sprintf("%d=Other %c", i, 'a'+i))
	}
	wantRefused(t, l, ownList(repeated...), full, source.Duplicate)
	dated := ownList(append(many(100), "100=Newer")...)
	dated.Date = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	full = mustImport(t, l, dated)
	older := ownList(append(many(100), "100=Older")...)
	older.Date = dated.Date.AddDate(0, 0, -1)
	wantRefused(t, l, older, full, source.Older)
	broken := ownList(many(100)...)
	broken.FS = fstest.MapFS{"in/list.csv": {Data: []byte("id,name,kind\n1,Erika")}}
	wantRefused(t, l, broken, full, source.Truncated)
	gone := ownList("1=Erika")
	gone.Files = []string{"in/other.csv"}
	wantRefused(t, l, gone, full, source.Unreachable)

	e := mustImport(t, l, older, source.Older)
	if len(e.Allowed) != 1 || e.Allowed[0] != source.Older {
		t.Errorf("allowed is %v, which the edition must remember", e.Allowed)
	}
	shrunk := mustImport(t, l, ownList(many(10)...), source.Shrunk)
	if now, err := l.Current("own"); err != nil || now.ID != shrunk.ID {
		t.Errorf("in use is %s %v", now.ID, err)
	}
	for _, list := range []string{"", "..", "a/b", "-x", "Upper", strings.Repeat("a", 65)} {
		in := ownList("1=Erika")
		in.List = list
		if _, _, err := l.Import(t.Context(), in, source.ImportOptions{}); list != "" && err == nil {
			t.Errorf("list %q was taken", list)
		}
		if _, err := l.Current(list); err == nil && list != "" {
			t.Errorf("list %q is there", list)
		}
	}
}

// TestLibraryNoticesDamage refuses to read an edition whose files changed on the disk.
func TestLibraryNoticesDamage(t *testing.T) {
	t.Parallel()
	l := &source.Library{Dir: t.TempDir(), Now: clock()}
	e := mustImport(t, l, ownList("1=Erika Muster"))
	name := filepath.Join(l.Dir, "own", e.ID, "list.csv")
	if err := os.WriteFile(name, []byte("id,name,kind\n1,Nobody,person\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := l.Read(t.Context(), e, func(watchlist.Entity) error { return nil })
	if refused, ok := errors.AsType[*source.Error](err); !ok || refused.Reason != source.Checksum {
		t.Errorf("got %v, want that the file is not what it was", err)
	}
	if _, err := l.Use("own", e.ID); err == nil {
		t.Error("the damaged edition was taken into use")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(t.Context(), e, func(watchlist.Entity) error { return nil }); err == nil {
		t.Error("the file that is gone was read")
	}
}

// TestLibraryInterrupted leaves no half edition when its context ends.
func TestLibraryInterrupted(t *testing.T) {
	t.Parallel()
	l := &source.Library{Dir: t.TempDir(), Now: clock()}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := l.Import(ctx, ownList("1=Erika"), source.ImportOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	if lists, err := l.Lists(); err != nil || len(lists) > 0 {
		t.Errorf("lists are %v %v", lists, err)
	}
	if left, err := filepath.Glob(filepath.Join(l.Dir, "own", "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestLibraryUnreadable demands an error where it cannot be told which edition of a list is in use: a list that drops out unnoticed is not searched.
func TestLibraryUnreadable(t *testing.T) {
	t.Parallel()
	l := &source.Library{Dir: t.TempDir(), Now: clock()}
	mustImport(t, l, ownList("1=Erika Muster"))
	if err := os.WriteFile(filepath.Join(l.Dir, "notes.txt"), nil, 0o600); err != nil { // lies there, is no list
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(l.Dir, "empty"), 0o700); err != nil { // an import that never ended
		t.Fatal(err)
	}
	if lists, err := l.Lists(); err != nil || len(lists) != 1 {
		t.Fatalf("lists are %v %v", lists, err)
	}
	current := filepath.Join(l.Dir, "own", "current")
	if err := os.Remove(current); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(current, 0o700); err != nil { // there, and not to be read
		t.Fatal(err)
	}
	if lists, err := l.Lists(); err == nil {
		t.Errorf("lists are %v, and nobody is told of the one that cannot be read", lists)
	}
}

// TestManyNamesOfARecord refuses a list that no index could be built of: taken in, it would keep every list from being brought up to date.
func TestManyNamesOfARecord(t *testing.T) {
	t.Parallel()
	l := &source.Library{Dir: t.TempDir(), Now: clock()}
	full := mustImport(t, l, ownList("1=Erika Muster"))
	aliases := make([]string, watchlist.MaxRecordNames)
	for i := range aliases {
		aliases[i] = fmt.Sprint("Alias ", i)
	}
	in := ownList()
	in.FS = fstest.MapFS{"in/list.csv": {Data: []byte("id,name,aliases\n1,Erika," + strings.Join(aliases, ";") + "\n")}}
	wantRefused(t, l, in, full, source.TooLarge)
	in.FS = fstest.MapFS{"in/list.csv": {Data: []byte("id,name,aliases\n1,Erika," + strings.Join(aliases[1:], ";") + "\n")}}
	e := mustImport(t, l, in)
	b := watchlist.NewBuilder()
	if _, err := l.Read(t.Context(), e, b.Add); err != nil {
		t.Errorf("a list that was taken in cannot be searched: %v", err)
	}
}
