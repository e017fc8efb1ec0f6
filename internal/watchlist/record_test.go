package watchlist_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/usher-kyc/usher/internal/watchlist"
	"pgregory.net/rapid"
)

// full is a generator of records that say anything at all; the name makes sure that a search finds them.
func full() *rapid.Generator[watchlist.Entity] {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\xff", "\u2028<&>", "Зорван"}))
	// A list that is empty is given back as nil, so none is drawn.
	texts := rapid.Map(rapid.SliceOfN(text, 0, 3), func(s []string) []string { return append([]string(nil), s...) })
	return rapid.Custom(func(t *rapid.T) watchlist.Entity {
		e := watchlist.Entity{
			List: text.Draw(t, "list"), ID: text.Draw(t, "id"), Kind: watchlist.Kind(text.Draw(t, "kind")),
			Names:      []watchlist.Name{{Full: "Arkadi Zorvanov", Kind: watchlist.PrimaryName}},
			BirthPlace: texts.Draw(t, "birth place"), Gender: text.Draw(t, "gender"), Countries: texts.Draw(t, "countries"), Residence: texts.Draw(t, "residence"),
			Addresses: texts.Draw(t, "addresses"), Programs: texts.Draw(t, "programs"), Titles: texts.Draw(t, "titles"), Topics: texts.Draw(t, "topics"),
			Datasets: texts.Draw(t, "datasets"), SameAs: texts.Draw(t, "same as"), Remarks: text.Draw(t, "remarks"), Listed: text.Draw(t, "listed"),
			Raw: text.Draw(t, "raw"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "names") {
			e.Names = append(e.Names, watchlist.Name{
				Full: text.Draw(t, "full"), First: text.Draw(t, "first"), Last: text.Draw(t, "last"), Kind: watchlist.NameKind(text.Draw(t, "name kind")),
				Weak: rapid.Bool().Draw(t, "weak"), Script: text.Draw(t, "script"),
			})
		}
		for range rapid.IntRange(0, 3).Draw(t, "births") {
			e.Births = append(e.Births, watchlist.DateRange{From: text.Draw(t, "from"), To: text.Draw(t, "to"), Circa: rapid.Bool().Draw(t, "circa")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "ids") {
			e.IDs = append(e.IDs, watchlist.ID{Kind: text.Draw(t, "id kind"), Country: text.Draw(t, "country"), Value: text.Draw(t, "value")})
		}
		return e
	})
}

// What an index gives of a record is what went in, and the hash kept with it is the one that an edition's records are compared by: otherwise a cleared
// hit would come back, or a changed record would pass for the old one.
func TestRecordsAreKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(full(), 1, 4).Draw(t, "records")
		ix := build(t, all)
		for i, want := range all {
			got, err := ix.Entity(i)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("record (-given +kept):\n%s", diff)
			}
		}
		hits := search(t, ix, watchlist.Query{Name: "Arkadi Zorvanov"})
		if len(hits) != len(all) {
			t.Fatalf("%d hits on %d records", len(hits), len(all))
		}
		for _, h := range hits {
			whole, err := h.Entity()
			if err != nil {
				t.Fatal(err)
			}
			want, err := whole.Hash()
			if err != nil {
				t.Fatal(err)
			}
			got, hash, err := h.Record()
			if err != nil || hash != want {
				t.Fatalf("hash %s is kept, the record's is %s, error %v", hash, want, err)
			}
			whole.Raw = ""
			if diff := cmp.Diff(whole, got); diff != "" {
				t.Fatalf("record without its raw text (-want +got):\n%s", diff)
			}
		}
	})
}
