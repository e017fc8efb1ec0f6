package watchlist

import (
	"crypto/sha256"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wordNear draws a word and one that is a few edits away.
func wordNear(t *rapid.T) (string, string) {
	letter := rapid.SampledFrom([]byte("aeiouhklmnrst"))
	word := string(rapid.SliceOfN(letter, 1, 12).Draw(t, "word"))
	other := []byte(word)
	for range rapid.IntRange(0, 2).Draw(t, "edits") {
		at := rapid.IntRange(0, len(other)).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "edit") {
		case 0:
			other = slices.Insert(other, at, letter.Draw(t, "letter"))
		case 1:
			if at < len(other) && len(other) > 1 {
				other = slices.Delete(other, at, at+1)
			}
		case 2:
			if at < len(other) {
				other[at] = letter.Draw(t, "letter")
			}
		case 3:
			if at+1 < len(other) {
				other[at], other[at+1] = other[at+1], other[at]
			}
		}
	}
	return word, string(other)
}

// What compare calls alike must share a key, or an index would find it or not by accident and a run against changed records would not equal a full one.
func TestAlikeWordsShareAKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := wordNear(t)
		bareA, bareB := rapid.Bool().Draw(t, "bareA"), rapid.Bool().Draw(t, "bareB")
		for _, edits := range []int{wordEdits, joinedEdits} {
			query, listed := newLexeme([]byte(a), bareA), newLexeme([]byte(b), bareB)
			var c comparer
			c.prepare(query, edits)
			sim, how := c.compare(&listed)
			if sim == 0 || how == howInitial {
				continue
			}
			keys := map[uint64]bool{}
			listed.keys(func(k uint64) { keys[k] = true })
			shared := false
			query.searchKeys(edits, func(k uint64) { shared = shared || keys[k] })
			if !shared {
				t.Fatalf("%q and %q are alike (%s, %d) and share no key", a, b, how.how(), sim)
			}
		}
	})
}

// plainDistance is the optimal string alignment distance by its definition.
func plainDistance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0:
				d[i][j] = j
			case j == 0:
				d[i][j] = i
			default:
				change := 1
				if a[i-1] == b[j-1] {
					change = 0
				}
				d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d[i][j] = min(d[i][j], d[i-2][j-2]+1)
				}
			}
		}
	}
	return d[len(a)][len(b)]
}

func TestDistance(t *testing.T) {
	t.Parallel()
	var c comparer // reused, as searchers do
	rapid.Check(t, func(t *rapid.T) {
		a, b := wordNear(t)
		c.prepare(newLexeme([]byte(a), false), wordEdits)
		if got, want := c.distance([]byte(b)), plainDistance(a, b); got != want {
			t.Fatalf("%q to %q: %d, by definition %d", a, b, got, want)
		}
	})
}

// inventedNames draws names of words that are often alike, joined, shortened and repeated.
func inventedNames(t *rapid.T, label string, n int) []string {
	pool := strings.Fields(`muhammad mohamed ali al hassan hasan hassanov zorvan zorvann zorwan kelimar kelimarov quentis abd abdul rahman abdurrahman
		abdrahman rahim zor van m k j dr ltd li wei weili xu 12 123 بكر زورفان Зорван`)
	var all []string
	for range n {
		words := rapid.SliceOfN(rapid.SampledFrom(pool), 1, 6).Draw(t, label)
		for i := range words {
			if rapid.IntRange(0, 5).Draw(t, "slip") == 0 && len(words[i]) > 3 {
				words[i] = words[i][:len(words[i])-1] + "u"
			}
		}
		all = append(all, strings.ToValidUTF8(strings.Join(words, rapid.SampledFrom([]string{" ", " ", "-", ""}).Draw(t, "between")), "u"))
	}
	return all
}

// The search scores only what its bounds let through. Scoring every name shows that they never shut out a hit.
func TestBoundsLoseNoHit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := NewBuilder()
		for i, n := range inventedNames(t, "listed", rapid.IntRange(1, 30).Draw(t, "n")) {
			if err := b.Add(Entity{List: "l", ID: string(rune('a' + i)), Names: []Name{{Full: n, Weak: i%7 == 6}}}); err != nil {
				t.Fatal(err)
			}
		}
		ix, err := b.Index(nil)
		if err != nil {
			t.Fatal(err)
		}
		s := ix.NewSearcher()
		possible := rapid.SampledFrom([]float64{0.4, 0.6, 0.72, 0.9, 1}).Draw(t, "possible")
		for _, q := range inventedNames(t, "query", 3) {
			var p Prepared
			if err := p.Set(Query{Name: q}); err != nil {
				continue
			}
			a, err := s.SearchPrepared(&p, Options{Possible: possible, Match: 1, Limit: -1})
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]float64{}
			for _, h := range a.Hits {
				found[h.ID] = h.Score
			}
			for id, score := range scoreAll(s, &p) {
				if score >= possible && found[id] != score {
					t.Fatalf("%q: record %s has %v, the search says %v", q, id, score, found[id])
				}
			}
		}
	})
}

// scoreAll scores every name of the index, without any bounds.
func scoreAll(s *Searcher, p *Prepared) map[string]float64 {
	best := map[string]float64{}
	for _, r := range p.names.readings {
		s.begin(&p.names, r)
		for name := range s.ix.nameEntity {
			score := s.score(uint32(name))
			if nameFacts(s.ix.nameFacts[name]).weak() {
				score = min(score, weakCap)
			}
			_, id := s.ix.listID(s.ix.nameEntity[name])
			best[id] = max(best[id], decimal(score))
		}
		s.end()
	}
	return best
}

func TestFrozenTables(t *testing.T) {
	t.Parallel()
	weights := map[string]bool{}
	for line := range tableLines(weightsText) {
		if w := line[0]; len(w) > 3 || !numeric([]byte(w)) || w == "0" || len(w) == 3 && w != "100" {
			t.Errorf("a line of weights begins with %q", w)
		}
		for _, w := range line[1:] {
			if weights[w] {
				t.Errorf("%q has two weights", w)
			}
			if weights[w] = true; !plainWord([]byte(w)) {
				t.Errorf("%q is no word that a name can be split into", w)
			}
		}
	}
	forms := map[string]string{}
	for line := range tableLines(equivalentsText) {
		for _, w := range line {
			if forms[w] != "" {
				t.Errorf("%q is a form of %q and of %q", w, forms[w], line[0])
			}
			if forms[w] = line[0]; !plainWord([]byte(w)) {
				t.Errorf("%q is no word that a name can be split into", w)
			}
		}
	}
}

// FuzzFields holds the reader of records to bounds that a snapshot's checksums keep from it.
func FuzzFields(f *testing.F) {
	whole, err := appendRecord(nil, Entity{
		List: "l", ID: "1", Kind: Person, Names: []Name{{Full: "Arkadi Zorvanov", Weak: true}}, Births: []DateRange{{From: "1961-01-01", To: "1961-12-31"}},
		IDs: []ID{{Kind: "passport", Value: "1"}}, Topics: []string{"sanction"},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(whole[sha256.Size:]))
	f.Add(string(whole[sha256.Size : len(whole)-3]))
	f.Add("\xff\xff\xff\xff\x0f")
	f.Add("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
	f.Fuzz(func(t *testing.T, text string) {
		e, ok := readFields(text)
		if !ok {
			return
		}
		again, err := appendRecord(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := readFields(string(again[sha256.Size:])); !ok || !reflect.DeepEqual(e, got) {
			t.Errorf("read %+v, then %+v", e, got)
		}
	})
}

// A record that cannot be read must not pass for one that does not bear the number.
func TestUnreadableRecords(t *testing.T) {
	t.Parallel()
	ix, err := Build(slices.Values([]Entity{{List: "l", ID: "1", Names: []Name{{Full: "Arkadi Zorvanov"}}, IDs: []ID{{Kind: "passport", Value: "75 1234567"}}}}), nil)
	if err != nil {
		t.Fatal(err)
	}
	found, err := ix.Search(Query{Name: "Arkadi Zorvanov"}, Options{})
	if err != nil || len(found.Hits) != 1 {
		t.Fatalf("%d hits, error %v", len(found.Hits), err)
	}
	broken := errors.New("the disk is broken")
	ix.records = io.NewSectionReader(readerAt(func([]byte, int64) (int, error) { return 0, broken }), 0, ix.records.Size())
	if _, _, err := found.Hits[0].Record(); !errors.Is(err, broken) {
		t.Errorf("reading the record: error %v", err)
	}
	byNumber := Query{Name: "Somebody Else", IDs: []ID{{Value: "751234567"}}}
	if _, err := ix.Search(byNumber, Options{}); !errors.Is(err, broken) {
		t.Errorf("searching by its number: error %v", err)
	}
	p, err := Prepare(byNumber)
	if err != nil {
		t.Fatal(err)
	}
	if any, err := ix.NewSearcher().Any(&p, Options{}); any || !errors.Is(err, broken) {
		t.Errorf("asking for any: %v, error %v", any, err)
	}
}

type readerAt func(b []byte, at int64) (int, error)

func (r readerAt) ReadAt(b []byte, at int64) (int, error) { return r(b, at) }

// TestKeptWordsAreBounded looks up words that are like very many listed ones, as a caller could who wants a searcher to run out of memory.
func TestKeptWordsAreBounded(t *testing.T) {
	t.Parallel()
	const letters = "abcdefghijklmnopqrstuvwxyz"
	var all []Entity
	for i := range len(letters) * len(letters) {
		name := "zorvan" + string(letters[i%len(letters)]) + string(letters[i/len(letters)])
		all = append(all, Entity{List: "gotham", ID: name, Names: []Name{{Full: name}}})
	}
	ix, err := Build(slices.Values(all), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := ix.NewSearcher()
	looked, held, most := 0, 0, 0
	for _, stem := range []string{"zorvan", "zorban", "zorvam", "sorvan", "zervan", "zorfan", "zolvan", "zorvon", "zoryan", "zorwan", "zorvaan"} {
		for i := range len(letters) * len(letters) {
			w := s.lookUp([]byte(stem+string(letters[i%len(letters)])+string(letters[i/len(letters)])), false)
			looked += cap(w.variants)
			if i%100 == 0 {
				held = 0
				for _, w := range s.kept {
					held += cap(w.variants)
				}
				most = max(most, held)
			}
		}
	}
	if looked <= keptVariants {
		t.Fatalf("%d variants were found, too few to come to the bound", looked)
	}
	if most > keptVariants {
		t.Errorf("%d variants are kept, want at most %d", most, keptVariants)
	}
}
