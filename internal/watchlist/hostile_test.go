package watchlist_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// A list with more topics than there are bits for them is searched all the same: a publisher that adds a topic must not keep the index from being built.
func TestManyTopics(t *testing.T) {
	t.Parallel()
	var all []watchlist.Entity
	for i := range 70 {
		all = append(all, watchlist.Entity{
			List: "gotham", ID: fmt.Sprint(i), Kind: watchlist.Person, Topics: []string{fmt.Sprintf("topic.%d", i)},
			Names: []watchlist.Name{{Full: "Arkadi Zorvanov", Kind: watchlist.PrimaryName}},
		})
	}
	ix := index(t, all)
	find := func(topic string) (found []string) {
		a, err := ix.Search(watchlist.Query{Name: "Arkadi Zorvanov"}, watchlist.Options{Topics: []string{topic}, Limit: -1})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range a.Hits {
			found = append(found, h.ID)
		}
		return found
	}
	if got := find("topic.7"); !slices.Equal(got, []string{"7"}) {
		t.Errorf("by one of the first topics %v is found", got)
	}
	if got := find("topic.69"); !slices.Contains(got, "69") || slices.Contains(got, "7") {
		t.Errorf("by one of the last topics %v is found", got)
	}
	if got := find("topic.70"); got != nil {
		t.Errorf("by a topic that nobody has %v is found", got)
	}
}
