package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/screening"
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
	MillionRSSMB    float64 `json:"million_rss_mb"`
	LoadS           float64 `json:"load_s"`     // reading the files of all lists and building the index
	SnapshotS       float64 `json:"snapshot_s"` // opening the index of a restart
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
	benchCases      = 2000
	benchClean      = 4000
	benchMillion    = 1_000_000
	benchChanged    = 50
	benchApplicants = 1_000_000
	benchTime       = 5 * time.Second
	benchCallers    = 8
)

func benchCommand(ctx context.Context, c console, args []string) error {
	if len(args) == 0 || args[0] != "screening" {
		return usageError{errors.New("knows one measurement: screening --lists DIR")}
	}
	fs := flag.NewFlagSet("usher bench screening", flag.ContinueOnError)
	fs.SetOutput(c.err)
	dir := fs.String("lists", "", "folder of watchlists, one folder for each edition")
	seed := fs.Uint64("seed", 1, "what everything that is drawn is drawn from")
	asJSON := fs.Bool("json", false, "answer as JSON")
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
	b := bench{dir: *dir, temp: temp, seed: *seed, skip: strings.Split(*skip, ","), say: func(what string) {
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
	skip      []string
	say       func(string)
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

// corpus leaves out what another list of the corpus holds as well: the US consolidated list repeats OFAC's own.
func corpus(lists []source.Input) []source.Input {
	return slices.DeleteFunc(lists, func(in source.Input) bool { return in.Format == source.USCSL || in.Format == source.EUOld })
}

// load times reading every list and building the index, and opening it again.
func (b *bench) load(ctx context.Context) error {
	found, err := source.Detect(os.DirFS(b.dir))
	if err != nil {
		return err
	}
	lists := corpus(found.Latest())
	began := time.Now()
	builder := watchlist.NewBuilder()
	var names []string
	for _, in := range lists {
		info, err := source.Read(ctx, in, func(e watchlist.Entity) error {
			b.entities = append(b.entities, e)
			return builder.Add(e)
		})
		if err != nil {
			return errors.Join(err, builder.Discard())
		}
		names = append(names, fmt.Sprintf("%s %d", info.List, info.Parsed))
	}
	if len(lists) == 0 {
		return errors.New("there is no list in this folder")
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
	applicants, err := eval.Applicants(changed, benchApplicants, b.seed)
	if err != nil {
		return err
	}
	d, err := eval.MeasureDelta(b.entities, changed, applicants)
	b.got.DeltaS, b.got.DeltaMissed, b.got.DeltaExtra = d.Seconds, d.Missed, d.Extra
	return errors.Join(err, ctx.Err())
}

// overHTTP serves the native API with the lists, as `usher serve` does, and asks it one name at a time.
func (b *bench) overHTTP(ctx context.Context) error {
	s, err := b.serve(ctx, "lists", func(l *screening.Lists) error {
		_, err := l.Import(ctx, b.dir, source.ImportOptions{})
		return err
	})
	if err != nil {
		return err
	}
	defer s.close()
	clean, misspelt := bodies(eval.Clean(benchClean, b.seed)), bodies(eval.Misspelt(b.entities, benchCases, b.seed))
	for _, of := range []struct {
		path   string
		bodies [][]byte
		into   *float64
	}{{"/v1/screenings", clean, &b.got.RPSClean}, {"/v1/screenings", misspelt, &b.got.RPSMisspelt}, {"/empty", clean, &b.got.RPSEmpty}} {
		if *of.into, _, err = s.ask(ctx, of.path, of.bodies, benchCallers); err != nil {
			return err
		}
	}
	_, b.got.P99MS, err = s.ask(ctx, "/v1/screenings", clean, 1)
	return err
}

// million serves a million made-up persons.
func (b *bench) million(ctx context.Context) error {
	s, err := b.serve(ctx, "million", func(l *screening.Lists) error { return b.importMillion(ctx, l) })
	if err != nil {
		return err
	}
	defer s.close()
	b.entities = slices.Clip(b.entities)
	runtime.GC()
	b.got.MillionRPS, b.got.MillionP99MS, err = s.ask(ctx, "/v1/screenings", bodies(eval.Clean(benchClean, b.seed)), benchCallers)
	b.got.MillionRSSMB = residentMB()
	return err
}

// importMillion writes the made-up persons as a list of a firm's own, which is then read like any other.
func (b *bench) importMillion(ctx context.Context, l *screening.Lists) error {
	dir := filepath.Join(b.temp, "made-up")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "made-up.csv"))
	if err != nil {
		return err
	}
	var rows bytes.Buffer
	rows.WriteString("id,name,aliases,kind,birth_date\n")
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	for e := range eval.Million(b.entities, benchMillion, b.seed) {
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
				return errors.Join(err, f.Close())
			}
		}
	}
	_, err = rows.WriteTo(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = l.Import(ctx, dir, source.ImportOptions{})
	return err
}

// benchServer is a server of one tenant that answers on loopback.
type benchServer struct {
	url, token string
	client     *http.Client
	server     *http.Server
	house      *house
}

// serve opens a house in a folder of its own, lets prepare bring lists in, and serves it.
func (b *bench) serve(ctx context.Context, name string, prepare func(*screening.Lists) error) (*benchServer, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	settings := settings{Addr: "127.0.0.1:0", Data: filepath.Join(b.temp, name), Dev: true}
	settings.at(listener.Addr())
	h, err := open(ctx, settings, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &benchServer{url: settings.URL, house: h}
	var stopping atomic.Bool
	err = prepare(h.lists)
	var routes http.Handler
	if err == nil {
		routes, err = h.routes(&stopping)
	}
	if err == nil {
		s.token, err = h.benchToken(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close(), h.close())
	}
	mux := http.NewServeMux()
	mux.Handle("/", routes)
	mux.HandleFunc("/empty", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
	})
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: headerTime}
	go func() { _ = s.server.Serve(listener) }() // ends when it is closed
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchCallers}}
	return s, nil
}

// benchToken gives an access token of a client of its own.
func (h *house) benchToken(ctx context.Context) (string, error) {
	t, err := h.CreateTenant(ctx, "Bench", usher.Sandbox, "EUR")
	if err != nil {
		return "", err
	}
	client, _, err := h.auth.CreateClient(ctx, t.ID, auth.NewClient{Dialect: native.Name, Name: "bench"}, operator)
	if err != nil {
		return "", err
	}
	token, err := h.auth.Issue(ctx, client, client.Scopes, time.Hour, 0)
	return token.Access, err
}

func (s *benchServer) close() { _ = errors.Join(s.server.Close(), s.house.close()) } // the folder goes next

// ask sends bodies over and over from some callers at once, and gives requests per second and the 99th percentile in ms.
func (s *benchServer) ask(ctx context.Context, path string, list [][]byte, callers int) (rate, p99 float64, err error) {
	var wg sync.WaitGroup
	times := make([][]time.Duration, callers)
	errs := make([]error, callers)
	began := time.Now()
	for c := range callers {
		wg.Go(func() {
			for i := c; time.Since(began) < benchTime && errs[c] == nil; i += callers {
				at := time.Now()
				errs[c] = s.once(ctx, path, list[i%len(list)])
				times[c] = append(times[c], time.Since(at))
			}
		})
	}
	wg.Wait()
	took := time.Since(began).Seconds()
	all := slices.Concat(times...)
	slices.Sort(all)
	return float64(len(all)) / took, float64(all[len(all)*99/100].Microseconds()) / 1000, errors.Join(errs...)
}

func (s *benchServer) once(ctx context.Context, path string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.token)
	res, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close() // only read
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d", path, res.StatusCode)
	}
	return nil
}

// bodies makes a request of each case.
func bodies(cases []eval.Case) [][]byte {
	list := make([][]byte, 0, len(cases))
	for _, c := range cases {
		one := map[string]any{"name": c.Query.Name}
		if len(c.Query.BirthDates) > 0 {
			one["birth_date"] = c.Query.BirthDates[0]
		}
		raw, err := json.Marshal(map[string]any{"subjects": []any{one}})
		if err == nil { // strings can always be encoded
			list = append(list, raw)
		}
	}
	return list
}

// residentMB gives the memory this process holds, where the system tells; the client of the measurement is part of it.
func residentMB() float64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(raw), "VmRSS:")
	if !ok {
		return 0
	}
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		return 0
	}
	return kb / 1024
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
