package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/eval"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// screeningFigures are what `usher bench screening` prints.
type screeningFigures struct {
	Lists           string  `json:"lists"`
	Entities        int     `json:"entities"`
	RPSClean        float64 `json:"rps_clean"`         // requests per second over HTTP, 8 connections, one name each
	RPSMisspelt     float64 `json:"rps_misspelt"`      // the same with misspelt listed names
	RPSEmpty        float64 `json:"rps_empty_handler"` // the same server and client, a handler that does nothing
	P99MS           float64 `json:"p99_ms"`            // of one connection, clean names
	BatchNames      float64 `json:"batch_names_per_cpu_s"`
	MillionRPS      float64 `json:"million_rps"`
	MillionP99MS    float64 `json:"million_p99_ms"`
	MillionRSSMB    float64 `json:"million_rss_mb"`        // of the server, after it built the index itself and answered; its mapped snapshot counts
	MillionOwnMB    float64 `json:"million_own_mb"`        // of that, what is not mapped from the snapshot and could not be given back at once
	MillionPeakMB   float64 `json:"million_peak_mb"`       // the most it held, while it built the index
	MillionClientMB float64 `json:"million_client_rss_mb"` // of the client, which holds the lists as well
	LoadS           float64 `json:"load_s"`                // reading the files of all lists and building the index
	SnapshotS       float64 `json:"snapshot_s"`            // opening the index of a restart
	RecallMisspelt  float64 `json:"recall_misspelt"`
	RecallEveryWord float64 `json:"recall_every_word"`
	RecallAlias     float64 `json:"recall_alias"`
	CleanHitRate    float64 `json:"clean_hit_rate"`
	DeltaS          float64 `json:"delta_s"` // 1,000,000 applicants against 50 changed records
	DeltaMissed     int     `json:"delta_missed"`
	DeltaExtra      int     `json:"delta_extra"`
}

// The sizes of the measurement, by the bars it is held against.
const (
	benchCases   = 2000
	benchClean   = 4000
	benchChanged = 50
	benchCallers = 8
)

// benchSizes are those that a trial may want smaller.
type benchSizes struct {
	entities, applicants int
	time                 time.Duration
}

func benchCommand(ctx context.Context, c console, args []string) error {
	if len(args) == 2 && args[0] == benchServing {
		return benchServe(ctx, c, args[1])
	}
	if len(args) > 0 && args[0] == "mrz" {
		return benchMRZ(ctx, c, args[1:])
	}
	if len(args) > 0 && args[0] == "document" {
		return benchDocument(ctx, c, args[1:])
	}
	if len(args) == 0 || args[0] != "screening" {
		return usageError{errors.New("knows three measurements: screening --lists DIR, mrz --dir FOLDER, document")}
	}
	fs := flag.NewFlagSet("usher bench screening", flag.ContinueOnError)
	fs.SetOutput(c.err)
	dir := fs.String("lists", "", "folder of watchlists, one folder for each edition")
	seed := fs.Uint64("seed", 1, "what everything that is drawn is drawn from")
	asJSON := fs.Bool("json", false, "answer as JSON")
	var sizes benchSizes
	fs.IntVar(&sizes.entities, "entities", 1_000_000, "records of the made-up list")
	fs.IntVar(&sizes.applicants, "applicants", 1_000_000, "how many applicants a change of 50 records is held against")
	fs.DurationVar(&sizes.time, "time", 5*time.Second, "how long each rate is measured")
	skip := fs.String("skip", "", "parts to leave out: http, accuracy, million, delta")
	if err := fs.Parse(args[1:]); err != nil {
		return usageError{err}
	}
	if *dir == "" {
		return usageError{errors.New("needs --lists DIR")}
	}
	temp, err := os.MkdirTemp("", "usher-bench")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(temp) // a temporary folder; what is left of it the system removes
	b := bench{dir: *dir, temp: temp, seed: *seed, sizes: sizes, skip: strings.Split(*skip, ","), say: func(what string) {
		if !*asJSON {
			fmt.Fprintln(c.err, what)
		}
	}}
	if err := b.run(ctx); err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(c.out).Encode(b.got)
	}
	return b.got.print(c.out)
}

// bench is one run.
type bench struct {
	dir, temp string
	seed      uint64
	sizes     benchSizes
	skip      []string
	say       func(string)
	lists     []source.Input
	entities  []watchlist.Entity
	got       screeningFigures
}

func (b *bench) run(ctx context.Context) error {
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{{"", b.load}, {"http", b.overHTTP}, {"accuracy", b.accuracy}, {"million", b.million}, {"delta", b.delta}} {
		if part.name != "" && slices.Contains(b.skip, part.name) {
			continue
		}
		b.say(part.name)
		if err := part.do(ctx); err != nil {
			return fmt.Errorf("measure %s: %w", part.name, err)
		}
	}
	return nil
}

// corpus is the newest edition of every list; of the US consolidated list all but what OFAC's own list holds as well.
func corpus(found source.Found) []source.Input {
	lists := found.Latest()
	for i := range lists {
		if lists[i].Format == source.USCSL {
			lists[i].Without = []string{"SDN"}
		}
	}
	return lists
}

// load times reading every list and building the index, and opening it again.
func (b *bench) load(ctx context.Context) error {
	found, err := source.Detect(os.DirFS(b.dir))
	if err != nil {
		return err
	}
	b.lists = corpus(found)
	if len(b.lists) == 0 {
		return errors.New("there is no list in this folder")
	}
	began := time.Now()
	builder := watchlist.NewBuilder()
	var names []string
	for _, in := range b.lists {
		info, err := source.Read(ctx, in, func(e watchlist.Entity) error {
			b.entities = append(b.entities, e)
			return builder.Add(e)
		})
		if err != nil {
			return errors.Join(err, builder.Discard())
		}
		names = append(names, fmt.Sprintf("%s %d", info.List, info.Parsed))
	}
	index, err := builder.Index(nil)
	if err != nil {
		return err
	}
	b.got.LoadS, b.got.Entities, b.got.Lists = time.Since(began).Seconds(), index.Len(), strings.Join(names, ", ")
	path := filepath.Join(b.temp, "snapshot")
	if err := index.Save(path); err != nil {
		return err
	}
	began = time.Now()
	if _, err := watchlist.Open(path); err != nil {
		return err
	}
	b.got.SnapshotS = time.Since(began).Seconds()
	b.got.BatchNames, err = eval.Batch(index, eval.Clean(benchClean, b.seed))
	return err
}

func (b *bench) accuracy(context.Context) error {
	a, err := eval.Measure(b.entities, "ofac_sdn", benchCases, benchClean, b.seed)
	b.got.RecallMisspelt, b.got.RecallEveryWord, b.got.RecallAlias, b.got.CleanHitRate = a.RecallMisspelt, a.RecallEveryWord, a.RecallAlias, a.CleanHitRate
	return err
}

func (b *bench) delta(ctx context.Context) error {
	changed := b.entities[:min(benchChanged, len(b.entities))]
	applicants, err := eval.Applicants(changed, b.sizes.applicants, b.seed)
	if err != nil {
		return err
	}
	d, err := eval.MeasureDelta(b.entities, changed, applicants)
	b.got.DeltaS, b.got.DeltaMissed, b.got.DeltaExtra = d.Seconds, d.Missed, d.Extra
	return errors.Join(err, ctx.Err())
}

// overHTTP serves the native API with the lists, as `usher serve` does, and asks it one name at a time.
func (b *bench) overHTTP(ctx context.Context) error {
	s, err := b.serve(ctx, "lists", b.lists)
	if err != nil {
		return err
	}
	defer s.close()
	// In turns, so that whatever else the machine does falls on all of them alike; each with names of its own, see askedNames.
	const turns = 10
	clean := turnsOf(bodies(eval.Clean(2*b.askedNames(), b.seed)), 2*turns)
	misspelt := turnsOf(bodies(eval.ManyMisspelt(b.entities, b.askedNames(), b.seed)), turns)
	s.took = b.sizes.time / turns
	for turn := range turns {
		for _, of := range []struct {
			path   string
			bodies [][]byte
			into   *float64
		}{{"/v1/screenings", clean[turn], &b.got.RPSClean}, {"/v1/screenings", misspelt[turn], &b.got.RPSMisspelt}, {"/empty", clean[turn], &b.got.RPSEmpty}} {
			rate, _, err := s.ask(ctx, of.path, of.bodies, benchCallers)
			if err != nil {
				return err
			}
			*of.into += rate / turns
		}
	}
	s.took = b.sizes.time
	_, b.got.P99MS, err = s.ask(ctx, "/v1/screenings", slices.Concat(clean[turns:]...), 1)
	return err
}

// askedNames is how many names are drawn for a rate. A searcher keeps the words that it has met, so names that come again are cheaper than those of
// strangers: a faster machine than this many a second asks some a second time.
func (b *bench) askedNames() int { return max(1000, int(b.sizes.time.Seconds()*25_000)) }

// turnsOf deals requests out to turns; if there are fewer, each turn has all of them.
func turnsOf(all [][]byte, turns int) [][][]byte {
	dealt := make([][][]byte, turns)
	for i := range dealt {
		if dealt[i] = all[i*len(all)/turns : (i+1)*len(all)/turns]; len(all) < turns {
			dealt[i] = all
		}
	}
	return dealt
}

// million serves a million made-up persons, as a list of a firm's own.
func (b *bench) million(ctx context.Context) error {
	dir, err := b.makeUp()
	if err != nil {
		return err
	}
	found, err := source.Detect(os.DirFS(dir))
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, "million", found.Latest())
	if err != nil {
		return err
	}
	defer s.close()
	b.got.MillionRPS, b.got.MillionP99MS, err = s.ask(ctx, "/v1/screenings", bodies(eval.Clean(b.askedNames(), b.seed)), benchCallers)
	b.got.MillionRSSMB, b.got.MillionPeakMB = memoryMB(s.process.Process.Pid, "VmRSS"), memoryMB(s.process.Process.Pid, "VmHWM")
	b.got.MillionOwnMB = memoryMB(s.process.Process.Pid, "RssAnon")
	b.got.MillionClientMB = memoryMB(os.Getpid(), "VmRSS")
	return err
}

// makeUp writes the made-up persons as a file and gives its folder.
func (b *bench) makeUp() (string, error) {
	dir := filepath.Join(b.temp, "made-up")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.Create(filepath.Join(dir, "made-up.csv"))
	if err != nil {
		return "", err
	}
	var rows bytes.Buffer
	rows.WriteString("id,name,aliases,kind,birth_date\n")
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	for e := range eval.Million(b.entities, b.sizes.entities, b.seed) {
		var aliases []string
		for _, n := range e.Names[1:] {
			aliases = append(aliases, strings.ReplaceAll(n.Full, ";", " "))
		}
		born := ""
		if len(e.Births) > 0 {
			born = e.Births[0].From
		}
		fmt.Fprintf(&rows, "%s,%s,%s,person,%s\n", e.ID, quote(e.Names[0].Full), quote(strings.Join(aliases, ";")), born)
		if rows.Len() > 1<<20 {
			if _, err := rows.WriteTo(f); err != nil {
				return "", errors.Join(err, f.Close())
			}
		}
	}
	_, err = rows.WriteTo(f)
	return dir, errors.Join(err, f.Close())
}

func (f screeningFigures) print(w io.Writer) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = d.Token() // the object begins
	for d.More() {
		key, _ := d.Token()
		value, _ := d.Token()
		fmt.Fprintf(t, "%v\t%v\n", key, value)
	}
	if f.RPSEmpty > 0 {
		fmt.Fprintf(t, "clean / empty handler\t%.2f\nmisspelt / empty handler\t%.2f\n", f.RPSClean/f.RPSEmpty, f.RPSMisspelt/f.RPSEmpty)
	}
	return t.Flush()
}
