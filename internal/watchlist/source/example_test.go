package source_test

import (
	"context"
	"fmt"
	"os"

	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// A folder of lists is looked through, and each list in it is read.
func Example() {
	found, err := source.DetectPath("testdata/lists/un")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, in := range found.Latest() {
		info, err := source.Read(context.Background(), in, func(e watchlist.Entity) error {
			fmt.Println(e.Key(), e.Kind, e.Names[0].Full)
			return nil
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s of %s: %d records, %d names\n", info.Title, info.Date.Format("2006-01-02"), info.Parsed, info.Names)
	}
	// Output:
	// un/900001 person ADAM VAN DER MUSTER
	// un/900002 organization MUSTER INVENTION GROUP
	// UN Security Council of 2026-03-01: 2 records, 16 names
}

// A library keeps editions of lists; a fetcher brings them in, here from a folder into which someone drops them.
func ExampleFetcher() {
	dir, err := os.MkdirTemp("", "lists")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	library := &source.Library{Dir: dir}
	fetcher := &source.Fetcher{Library: library}
	feed := source.Feed{List: "house_blocklist", Title: "House blocklist", Path: "testdata/lists/own"}
	for range 2 {
		fetched, err := fetcher.Fetch(context.Background(), feed, source.ImportOptions{})
		if err != nil {
			fmt.Println(err) // the edition in use stays
			return
		}
		fmt.Println(fetched.Edition.Info.Title, fetched.Edition.Info.Parsed, "records, new:", fetched.Changed)
	}
	// Output:
	// House blocklist 2 records, new: true
	// House blocklist 2 records, new: false
}
