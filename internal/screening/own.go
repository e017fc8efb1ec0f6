package screening

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// ImportOwn takes in a firm's own list, the newest that a folder holds, under an id, so that several own lists can stand beside each other. It refuses
// a folder that holds a publisher's list, and the id of such a list: neither may pass for the other.
func (l *Lists) ImportOwn(ctx context.Context, dir, list string, options source.ImportOptions) ([]source.Fetched, error) {
	if err := source.CheckOwnID(list); err != nil {
		return nil, err
	}
	found, err := source.Detect(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("look for watchlists: %w", err)
	}
	var own source.Input
	for _, in := range found.Latest() {
		if in.Format != source.Own {
			return nil, fmt.Errorf("%s is the list %q by its format; only an own list can be given an id", in.Files[0], in.List)
		}
		own = in
	}
	if own.Files == nil {
		return nil, errors.New("there is no own list here: a CSV file with the columns id and name, and aliases or kind")
	}
	if list != own.List {
		own.List, own.Title = list, own.Title+" "+list
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	edition, changed, err := l.library.Import(ctx, own, options)
	if err != nil {
		return nil, err
	}
	return []source.Fetched{{Edition: edition, Changed: changed}}, l.follow(ctx)
}
