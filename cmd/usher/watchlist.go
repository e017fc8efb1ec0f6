package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/screening"
	"github.com/usher-kyc/usher/internal/watchlist/source"
	"github.com/usher-kyc/usher/internal/webhook"
)

// The bounds of bringing in one file of a list: the largest there is has some hundred megabytes.
const (
	listTime  = 30 * time.Minute
	listBytes = 2 << 30
)

// openLists opens the watchlists of a data folder.
func openLists(ctx context.Context, h *house, allow []netip.Prefix) (*screening.Lists, error) {
	feeds, err := readFeeds(h.settings.Watchlists)
	if err != nil {
		return nil, err
	}
	return screening.Open(ctx, screening.Config{
		Dir: filepath.Join(h.settings.Data, "watchlists"), Feeds: feeds, Log: h.log, Nodes: h.nodes(),
		Turn: func(ctx context.Context, name string, lease time.Duration) (func(), bool, error) {
			return h.TryTurn(ctx, name, lease)
		},
		Client:   webhook.NewClient(webhook.ClientConfig{Dev: h.settings.Dev, Allow: allow, Timeout: listTime, MaxAnswer: listBytes}),
		Rescreen: func(ctx context.Context, d usher.WatchlistDelta) (int, int, error) { return h.Rescreen(ctx, d) },
		Hold:     func(ctx context.Context, s usher.Screener) (int, int, error) { return h.Hold(ctx, s) },
	})
}

//go:embed lists/sandbox.csv
var sandboxList []byte

// sandboxLists gives a server of development a list of invented people, so that the check finds somebody.
func (h *house) sandboxLists(ctx context.Context) error {
	if had, err := h.lists.Watchlists(ctx); err != nil || len(had) > 0 {
		return err
	}
	dir, err := os.MkdirTemp("", "usher-watchlist")
	if err != nil {
		return fmt.Errorf("make folder for the list: %w", err)
	}
	defer os.RemoveAll(dir) // a temporary folder; what is left of it the system removes
	if err := os.WriteFile(filepath.Join(dir, "sandbox.csv"), sandboxList, 0o600); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	_, err = h.lists.Import(ctx, dir, source.ImportOptions{})
	return err
}

// feedLine is one entry of the file of feeds.
type feedLine struct {
	List     string        `yaml:"list"`
	Title    string        `yaml:"title"`
	Format   string        `yaml:"format"`
	Files    []string      `yaml:"files"` // addresses
	Path     string        `yaml:"path"`  // or a file or folder that somebody drops it into
	Every    time.Duration `yaml:"every"`
	Stale    time.Duration `yaml:"stale_after"`
	Declared int           `yaml:"records"`
}

// readFeeds reads where lists come from: a YAML list. Nothing is asked that it does not name.
func readFeeds(path string) ([]screening.Feed, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, usageError{fmt.Errorf("read file of watchlists: %w", err)}
	}
	var lines []feedLine
	d := yaml.NewDecoder(strings.NewReader(string(raw)))
	d.KnownFields(true)
	if err := d.Decode(&lines); err != nil {
		return nil, usageError{fmt.Errorf("file of watchlists %s: %w", path, err)}
	}
	feeds := make([]screening.Feed, len(lines))
	for i, l := range lines {
		if (l.Path == "") == (len(l.Files) == 0) || l.List == "" {
			return nil, usageError{fmt.Errorf("file of watchlists %s: entry %d needs list, and either files (addresses) or path", path, i+1)}
		}
		f := source.Feed{List: l.List, Title: l.Title, Format: source.Format(l.Format), Path: l.Path, Declared: l.Declared}
		for _, address := range l.Files {
			f.Files = append(f.Files, source.FeedFile{URL: address})
		}
		feeds[i] = screening.Feed{Feed: f, Every: l.Every, Stale: l.Stale}
	}
	return feeds, nil
}

// watchlistCommand imports, shows, searches and compares watchlists.
func watchlistCommand(ctx context.Context, c console, args []string) error {
	var asJSON bool
	var force, born, country, kind, list string
	flags := func(fs *flag.FlagSet) {
		fs.BoolVar(&asJSON, "json", false, "answer as JSON, for programs")
		fs.StringVar(&force, "accept", "", "import: refusals to override after a look at the file, such as shrunk,older")
		fs.StringVar(&born, "born", "", "search: birth date as YYYY, YYYY-MM or YYYY-MM-DD")
		fs.StringVar(&country, "country", "", "search: ISO 3166-1 alpha-2 codes, separated by commas")
		fs.StringVar(&kind, "kind", "", "search: person, organization, vessel or aircraft")
		fs.StringVar(&list, "list", "", "diff: id of the list; import: id for your own list, own unless said otherwise")
	}
	return manage(ctx, c, "watchlist", args, flags, map[string]func(*house, []string) error{
		"import": func(h *house, rest []string) error {
			if len(rest) != 1 {
				return usageError{errors.New("name the folder (or file) to import")}
			}
			var options source.ImportOptions
			for _, r := range words(force) {
				options.Allow = append(options.Allow, source.Reason(r))
			}
			return importLists(ctx, c, h.lists, rest[0], list, options, asJSON)
		},
		"status": func(h *house, _ []string) error { return listStatus(ctx, c, h.lists, asJSON) },
		"search": func(h *house, rest []string) error {
			s := usher.Subject{Name: strings.Join(rest, " "), BirthDate: born, Kind: kind, Countries: words(country)}
			return searchLists(ctx, c, h.lists, s, asJSON)
		},
		"diff": func(h *house, _ []string) error { return diffList(ctx, c, h.lists.Library(), list, asJSON) },
	})
}

func importLists(ctx context.Context, c console, lists *screening.Lists, path, list string, options source.ImportOptions, asJSON bool) error {
	info, err := os.Stat(path)
	if err != nil {
		return usageError{err}
	}
	dir := path
	if !info.IsDir() {
		// A file stands for the folder it is in, but its neighbours are not what was asked for.
		if dir, err = alone(path); err != nil {
			return err
		}
		defer os.RemoveAll(dir) // a temporary folder; what is left of it the system removes
	}
	again := "usher watchlist import " + path
	taking := lists.Import
	if list != "" {
		if err := source.CheckOwnID(list); err != nil {
			return usageError{fmt.Errorf("--list: %w", err)}
		}
		again += " --list " + list
		taking = func(ctx context.Context, dir string, options source.ImportOptions) ([]source.Fetched, error) {
			return lists.ImportOwn(ctx, dir, list, options)
		}
	}
	stop := progress(c, "reading")
	taken, err := taking(ctx, dir, options)
	stop()
	if asJSON {
		return errors.Join(json.NewEncoder(c.out).Encode(taken), err)
	}
	if refused := (*source.Error)(nil); errors.As(err, &refused) && refused.Overridable() {
		err = fmt.Errorf("%w\nTo take it in nevertheless: %s --accept %s", err, again, refused.Reason)
	}
	for _, t := range taken {
		word := "unchanged"
		if t.Changed {
			word = "in use"
		}
		fmt.Fprintf(c.out, "%s: %d records, %d names, %s\n", t.Edition.Info.List, t.Edition.Info.Parsed, t.Edition.Info.Names, word)
		for _, n := range t.Edition.Info.Notes {
			fmt.Fprintf(c.out, "  %s: %d times, first at %s\n", n.What, n.Count, n.First)
		}
	}
	return err
}

// alone gives a folder that holds nothing but a file.
func alone(path string) (string, error) {
	dir, err := os.MkdirTemp("", "usher-watchlist")
	if err != nil {
		return "", fmt.Errorf("make folder for the file: %w", err)
	}
	whole, err := filepath.Abs(path)
	if err == nil {
		err = os.Symlink(whole, filepath.Join(dir, filepath.Base(path)))
	}
	return dir, err
}

// progress shows that something goes on, when the output is a terminal, until its end.
func progress(c console, what string) (stop func()) {
	file, ok := c.err.(*os.File)
	if !ok {
		return func() {}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	began := time.Now()
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			fmt.Fprintf(c.err, "\r%s %s %.1f s ", what, strings.Repeat("·", n%20+1)+strings.Repeat(" ", 19-n%20), time.Since(began).Seconds())
			select {
			case <-tick.C:
			case <-done:
				fmt.Fprintf(c.err, "\r%60s\r", "")
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

func listStatus(ctx context.Context, c console, lists *screening.Lists, asJSON bool) error {
	all, err := lists.Watchlists(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(all)
	}
	t := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, v := range all {
		word := "current"
		if v.Stale {
			word = "STALE: what it does not find is not a clear answer"
		}
		since := "never brought in"
		if !v.Loaded.IsZero() {
			since = "in use since " + v.Loaded.UTC().Format(time.DateTime)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d records\t%s\t%s\n", v.List, v.Title, day(v.Date), v.Entities, since, word)
	}
	if len(all) == 0 {
		fmt.Fprintln(t, "no list is in use; import one: usher watchlist import FOLDER")
	}
	return t.Flush()
}

func day(t time.Time) string {
	if t.IsZero() {
		return "no date of its own"
	}
	return "of " + t.UTC().Format(time.DateOnly)
}

func searchLists(ctx context.Context, c console, lists *screening.Lists, s usher.Subject, asJSON bool) error {
	if s.Name == "" {
		return usageError{errors.New("say whom to search")}
	}
	found, err := lists.Screen(ctx, "", []usher.Subject{s}, usher.ScreenOptions{Limit: 10})
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(found.Hits[0])
	}
	if len(found.Hits[0]) == 0 {
		fmt.Fprintf(c.out, "nobody, on %d lists\n", len(found.Lists))
	}
	for _, h := range found.Hits[0] {
		verdict := "possible"
		if h.Match {
			verdict = "match"
		}
		fmt.Fprintf(c.out, "%.3f  %-8s  %s  %s\n", h.Score, verdict, h.Key, h.Name)
		for _, t := range h.Tokens {
			fmt.Fprintf(c.out, "       %-10s %q – %q  −%.3f\n", t.How, t.Query, t.Listed, t.Cost)
		}
		for _, m := range h.Modifiers {
			fmt.Fprintf(c.out, "       %-10s %+.2f  given %q, listed %q\n", m.Name, m.Value, m.Given, m.Listed)
		}
	}
	return nil
}

// diffList shows what the edition in use of a list says that the one before did not.
func diffList(ctx context.Context, c console, library *source.Library, list string, asJSON bool) error {
	if list == "" {
		return usageError{errors.New("needs --list; usher watchlist status names the lists")}
	}
	editions, err := library.Editions(list)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(editions) < 2) {
		return fmt.Errorf("of the list %q there are not two editions to compare", list)
	}
	if err != nil {
		return err
	}
	d, err := library.Diff(ctx, editions[1], editions[0])
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(c.out).Encode(d)
	}
	fmt.Fprintf(c.out, "from %s to %s: %d added, %d changed, %d removed\n", editions[1].ID, editions[0].ID, len(d.Added), len(d.Changed), len(d.Removed))
	for _, part := range []struct {
		sign string
		keys []string
	}{{"+", d.Added}, {"~", d.Changed}, {"-", d.Removed}} {
		for _, k := range part.keys {
			fmt.Fprintln(c.out, part.sign, k)
		}
	}
	return nil
}
