package screening

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// DefaultStale is after how long without being found current a list is stale, where its feed says nothing else.
const DefaultStale = 8 * 24 * time.Hour

// Config is what [Lists] are made of. Dir is required.
type Config struct {
	Dir    string // of the editions and the snapshot
	Feeds  []Feed
	Client *http.Client  // for feeds with addresses
	Stale  time.Duration // 0: DefaultStale
	// Rescreen has the monitored applicants looked at; nil monitors nobody.
	Rescreen func(ctx context.Context, d usher.WatchlistDelta) (seen, news int, err error)
	// Nodes is where the nodes of a server hand one another the lists; nil where there is one node. Turn is then needed.
	Nodes *store.Store
	// Turn takes the turn at something that one of all nodes does at a time, unless another has it.
	Turn func(ctx context.Context, name string, lease time.Duration) (end func(), mine bool, err error)
	// Hold has those looked at whom no change of a list brings up; nil nobody.
	Hold func(ctx context.Context, s usher.Screener) (seen, news int, err error)
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger     // nil: no log
}

// Lists are the watchlists in use. All methods may be called at once by many.
type Lists struct {
	c       Config
	library *source.Library
	fetcher source.Fetcher
	index   atomic.Pointer[inUse]
	changes sync.Mutex // one change of what is in use at a time
	wake    chan struct{}
}

var _ usher.Screener = (*Lists)(nil)

// inUse is an index with what is told of the lists in it.
type inUse struct {
	*watchlist.Index
	versions []watchlist.Version
	told     atomic.Pointer[told]
}

// told is what is told of editions, and when that was found out.
type told struct {
	list []usher.ListVersion
	at   time.Time
}

// A list goes stale in days; whether it has is looked at this often.
const tellAgain = 5 * time.Second

const snapshotName = "index.snapshot"

// Open opens the lists of a folder: from the snapshot, or, when there is none that fits, from the editions.
func Open(ctx context.Context, c Config) (*Lists, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Stale == 0 {
		c.Stale = DefaultStale
	}
	library := &source.Library{Dir: filepath.Join(c.Dir, "lists"), Now: c.Now}
	l := &Lists{
		c: c, library: library, fetcher: source.Fetcher{Library: library, Client: c.Client}, wake: make(chan struct{}, 1),
	}
	l.index.Store(&inUse{})
	// A node that answers must not be without a list that the others have.
	if err := l.meet(ctx); err != nil {
		return nil, err
	}
	editions, err := l.editions()
	if err != nil || len(editions) == 0 {
		return l, err
	}
	return l, l.load(ctx, editions)
}

// load puts the index of editions into use: the snapshot, which this process or another may have made of them, or one built anew.
func (l *Lists) load(ctx context.Context, editions []source.Edition) error {
	index, err := watchlist.Open(filepath.Join(l.c.Dir, snapshotName))
	if err == nil && sameEditions(index.Versions(), editions) {
		l.index.Store(&inUse{Index: index, versions: index.Versions()})
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.c.Log.WarnContext(ctx, "the snapshot of the watchlists is of no use and is built again", "error", err)
	}
	return l.rebuild(ctx, editions)
}

// editions gives the edition in use of every list.
func (l *Lists) editions() ([]source.Edition, error) {
	ids, err := l.library.Lists()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list watchlists: %w", err)
	}
	editions := make([]source.Edition, len(ids))
	for i, id := range ids {
		if editions[i], err = l.library.Current(id); err != nil {
			return nil, fmt.Errorf("read the edition of %s: %w", id, err)
		}
	}
	return editions, nil
}

func sameEditions(versions []watchlist.Version, editions []source.Edition) bool {
	if len(versions) != len(editions) {
		return false
	}
	for i, v := range versions {
		if v.List != editions[i].Info.List || v.Hash != editions[i].Hash || !v.Loaded.Equal(editions[i].Loaded) {
			return false
		}
	}
	return true
}

// rebuild makes the index of editions and puts it into use.
func (l *Lists) rebuild(ctx context.Context, editions []source.Edition) error {
	if err := os.MkdirAll(l.c.Dir, 0o700); err != nil {
		return fmt.Errorf("make folder of watchlists: %w", err)
	}
	b, err := watchlist.NewFileBuilder(filepath.Join(l.c.Dir, snapshotName))
	if err != nil {
		return fmt.Errorf("build watchlist index: %w", err)
	}
	versions := make([]watchlist.Version, len(editions))
	for i, e := range editions {
		versions[i] = e.Version()
		if _, err := l.library.Read(ctx, e, b.Add); err != nil {
			return errors.Join(fmt.Errorf("read %s for the index: %w", e.Info.List, err), b.Discard())
		}
	}
	index, err := b.Index(versions)
	if err != nil {
		return fmt.Errorf("build watchlist index: %w", err)
	}
	l.index.Store(&inUse{Index: index, versions: versions})
	return nil
}

// Watchlists gives the editions in use.
func (l *Lists) Watchlists(context.Context) ([]usher.ListVersion, error) {
	return slices.Clone(l.versions(l.index.Load())), nil
}

// versions puts editions in the words of the domain, stale ones marked, and behind them the lists that never came.
// What it gives is shared and not to be written to.
func (l *Lists) versions(of *inUse) []usher.ListVersion {
	now := l.c.Now()
	if had := of.told.Load(); had != nil && now.Sub(had.at) < tellAgain && !now.Before(had.at) {
		return had.list
	}
	list := make([]usher.ListVersion, len(of.versions))
	for i, v := range of.versions {
		checked, err := l.library.Checked(v.List)
		list[i] = usher.ListVersion{
			List: v.List, Title: v.Title, Date: v.Date, Loaded: v.Loaded, Hash: v.Hash, Entities: v.Entities,
			Stale: err != nil || now.Sub(checked) > l.staleAfter(v.List),
		}
	}
	// A list that a feed names and that never came is missing, and nobody who might be on it was looked for there.
	for _, f := range l.c.Feeds {
		if !slices.ContainsFunc(list, func(v usher.ListVersion) bool { return v.List == f.List }) {
			list = append(list, usher.ListVersion{List: f.List, Title: cmp.Or(f.Title, f.List), Stale: true})
		}
	}
	of.told.Store(&told{list, now})
	return list
}

func (l *Lists) staleAfter(list string) time.Duration {
	for _, f := range l.c.Feeds {
		if f.List == list && f.Stale > 0 {
			return f.Stale
		}
	}
	return l.c.Stale
}

// Library gives the kept editions, for commands that show and compare them.
func (l *Lists) Library() *source.Library { return l.library }
