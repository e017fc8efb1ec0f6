package screening

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// Import takes in the lists that a folder holds, the newest edition of each, and puts them into use. Each list stands for itself: one that is refused
// leaves the others. It gives what was taken in, and the refusals joined.
func (l *Lists) Import(ctx context.Context, dir string, options source.ImportOptions) ([]source.Fetched, error) {
	found, err := source.Detect(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("look for watchlists: %w", err)
	}
	if len(found.Lists) == 0 {
		return nil, &source.Error{Reason: source.Unknown, What: "there is no list in this folder that is known"}
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	var taken []source.Fetched
	var refused error
	for _, in := range found.Latest() {
		edition, changed, err := l.library.Import(ctx, in, options)
		if err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		taken = append(taken, source.Fetched{Edition: edition, Changed: changed})
	}
	return taken, errors.Join(refused, l.follow(ctx))
}

// fetch brings in what a feed has, if that is anything new. Other lists do not wait while its publisher takes its time. Of many nodes one asks.
func (l *Lists) fetch(ctx context.Context, f Feed, every time.Duration) error {
	end, mine, err := l.turn(ctx, "feed/"+f.String())
	if err != nil || !mine {
		return err
	}
	defer end()
	if l.askedElsewhere(ctx, f, every) {
		return nil
	}
	fetched, err := l.fetcher.Fetch(ctx, f.Feed, source.ImportOptions{})
	if err != nil || (!fetched.Changed && l.c.Nodes == nil) {
		return err
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	return l.follow(ctx)
}

// follow puts the editions that there are now into use; another process or node may have brought them in.
func (l *Lists) follow(ctx context.Context) error {
	if err := l.meet(ctx); err != nil {
		return err
	}
	editions, err := l.editions()
	if err != nil || sameEditions(l.index.Load().versions, editions) {
		return err
	}
	if err := l.load(ctx, editions); err != nil {
		return err
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// heldName is the file that says which edition of each list the monitored applicants were last held against.
const heldName = "monitored.json"

func (l *Lists) held(ctx context.Context) (map[string]string, error) {
	if l.c.Nodes != nil {
		return l.heldByAll(ctx)
	}
	raw, err := os.ReadFile(filepath.Join(l.c.Dir, heldName))
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was monitored: %w", err)
	}
	held := map[string]string{}
	if err := json.Unmarshal(raw, &held); err != nil {
		return nil, fmt.Errorf("read what was monitored: %s is damaged; remove it, and every applicant is held against every list: %w", heldName, err)
	}
	return held, nil
}

func (l *Lists) hold(ctx context.Context, held map[string]string, list string) error {
	if l.c.Nodes != nil {
		return l.c.Nodes.HoldList(ctx, list, held[list])
	}
	raw, err := json.Marshal(held)
	if err != nil {
		return fmt.Errorf("encode what was monitored: %w", err)
	}
	return source.WriteFile(l.c.Dir, heldName, raw)
}

// CatchUp holds the monitored applicants against whatever changed since they were last held against the lists. It may be broken off and called again.
func (l *Lists) CatchUp(ctx context.Context) error {
	if l.c.Rescreen == nil {
		return nil
	}
	end, mine, err := l.turn(ctx, "monitors")
	if err != nil || !mine {
		return err
	}
	defer end()
	held, err := l.held(ctx)
	if err != nil {
		return err
	}
	editions, err := l.editions()
	if err != nil {
		return err
	}
	for _, e := range editions {
		list := e.Info.List
		if held[list] == e.ID {
			continue
		}
		d, err := l.delta(ctx, held[list], e)
		if err != nil {
			return err
		}
		seen, news, err := l.c.Rescreen(ctx, d)
		if err != nil {
			return fmt.Errorf("hold monitored applicants against %s: %w", list, err)
		}
		l.c.Log.InfoContext(ctx, "monitored applicants were held against a new edition of a list", "list", list, "edition", e.ID,
			"records", len(d.keys), "applicants", seen, "news", news)
		held = maps.Clone(held)
		held[list] = e.ID
		if err := l.hold(ctx, held, list); err != nil {
			return err
		}
	}
	return l.holdThem(ctx)
}

// holdNew holds applicants against the lists whom no change of a list brought up: their monitor is new, or they are.
func (l *Lists) holdNew(ctx context.Context) error {
	if l.c.Nodes != nil {
		return l.CatchUp(ctx) // the node that was at it may have died half-way
	}
	return l.holdThem(ctx)
}

func (l *Lists) holdThem(ctx context.Context) error {
	if l.c.Hold == nil {
		return nil
	}
	seen, news, err := l.c.Hold(ctx, l)
	if err != nil {
		return fmt.Errorf("hold new monitors against the lists: %w", err)
	}
	if news > 0 {
		l.c.Log.InfoContext(ctx, "newly monitored applicants were held against the lists", "applicants", seen, "news", news)
	}
	return nil
}

// delta is what an edition says anew, as an index of its own: scores do not depend on what else is in an index.
type delta struct {
	list  string
	index *watchlist.Index
	keys  map[string]bool // of records that are new or changed
	gone  map[string]bool
	all   []usher.ListVersion
}

// delta gives the difference from the edition with an id, "" or one no longer kept meaning that nothing was held against before.
func (l *Lists) delta(ctx context.Context, before string, after source.Edition) (*delta, error) {
	d := &delta{list: after.Info.List, keys: map[string]bool{}, gone: map[string]bool{}, all: l.versions(l.index.Load())}
	whole := true
	if before != "" {
		old, err := l.library.Edition(d.list, before)
		if err == nil {
			diff, err := l.library.Diff(ctx, old, after)
			if err != nil {
				return nil, fmt.Errorf("compare editions of %s: %w", d.list, err)
			}
			whole = false
			for _, k := range slices.Concat(diff.Added, diff.Changed) {
				d.keys[k] = true
			}
			for _, k := range diff.Removed {
				d.gone[k] = true
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("open edition of %s: %w", d.list, err)
		}
	}
	b := watchlist.NewBuilder()
	_, err := l.library.Read(ctx, after, func(e watchlist.Entity) error {
		if whole {
			d.keys[e.Key()] = true
		}
		if !d.keys[e.Key()] {
			return nil
		}
		return b.Add(e)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", d.list, err), b.Discard())
	}
	if d.index, err = b.Index([]watchlist.Version{after.Version()}); err != nil {
		return nil, fmt.Errorf("build index of what changed: %w", err)
	}
	return d, nil
}

// Screen searches the records that are new or changed.
func (d *delta) Screen(subjects []usher.Subject, o usher.ScreenOptions) ([]usher.Hit, error) {
	if len(o.Lists) > 0 && !slices.Contains(o.Lists, d.list) {
		return nil, nil
	}
	o.Lists = nil
	var all []usher.Hit
	for _, s := range subjects {
		hits, err := search(d.index.Search, s, o)
		if err != nil {
			var e *usher.Error
			if errors.As(err, &e) {
				continue // it could not be searched when it was checked either, and a reviewer was told
			}
			return nil, err
		}
		all = append(all, hits...)
	}
	return usher.BestHits(all), nil
}

// Gone tells whether a record is not in the new edition.
func (d *delta) Gone(key string) bool { return d.gone[key] }

// Changed tells whether the new edition says something of a record that the old one did not.
func (d *delta) Changed(key string) bool { return d.keys[key] }

// Algorithm gives the rules that scores are made by.
func (d *delta) Algorithm() string { return watchlist.Algorithm }

// Lists gives the editions in use.
func (d *delta) Lists() []usher.ListVersion { return d.all }
