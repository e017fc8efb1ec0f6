package watchlist_test

import (
	"slices"
	"testing"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// TestHash is the same whatever the order and the raw text, and another when anything else is.
func TestHash(t *testing.T) {
	t.Parallel()
	record := func() watchlist.Entity {
		return watchlist.Entity{
			List: "l", ID: "1", Kind: watchlist.Person,
			Names:     []watchlist.Name{{Full: "Erika Muster", Kind: watchlist.PrimaryName}, {Full: "E. Muster", Kind: watchlist.Alias}},
			Births:    []watchlist.DateRange{{From: "1960-01-01", To: "1960-12-31"}, {From: "1961-01-01", To: "1961-01-01"}},
			IDs:       []watchlist.ID{{Kind: "passport", Value: "1"}, {Kind: "passport", Value: "2"}},
			Countries: []string{"DE", "FR"}, Addresses: []string{"b", "a"}, Raw: "text",
		}
	}
	hash := func(e watchlist.Entity) string {
		h, err := e.Hash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	want := hash(record())
	turned := record()
	slices.Reverse(turned.Names)
	slices.Reverse(turned.Births)
	slices.Reverse(turned.IDs)
	slices.Reverse(turned.Countries)
	slices.Reverse(turned.Addresses)
	turned.Raw = "other text"
	if hash(turned) != want {
		t.Error("another order gives another hash")
	}
	if turned.Names[0].Full != "E. Muster" {
		t.Error("hashing changed the record")
	}
	for name, change := range map[string]func(*watchlist.Entity){
		"name": func(e *watchlist.Entity) { e.Names[1].Full = "E Muster" }, "weak": func(e *watchlist.Entity) { e.Names[1].Weak = true },
		"birth": func(e *watchlist.Entity) { e.Births[0].Circa = true }, "number": func(e *watchlist.Entity) { e.IDs[0].Country = "DE" },
		"country": func(e *watchlist.Entity) { e.Countries = e.Countries[:1] }, "remarks": func(e *watchlist.Entity) { e.Remarks = "x" },
		"kind": func(e *watchlist.Entity) { e.Kind = "" }, "dataset": func(e *watchlist.Entity) { e.Datasets = []string{"SDN"} },
	} {
		changed := record()
		change(&changed)
		if hash(changed) == want {
			t.Errorf("another %s gives the same hash", name)
		}
	}
}
