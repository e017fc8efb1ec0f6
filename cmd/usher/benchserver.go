package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/watchlist/eval"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// benchServing is the word by which the measurement starts this program a second time, as the server: its memory and its work are then told apart from
// the client's.
const benchServing = "serving"

// benchReady is the line that the server writes when it answers.
type benchReady struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

// benchServe serves a data folder to the measurement until its input ends, and beside the native API a handler that does nothing.
func benchServe(ctx context.Context, c console, data string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close() // closed by the server already when all went well
	settings := settings{Addr: "127.0.0.1:0", Data: data, Dev: true}
	settings.at(listener.Addr())
	h, err := open(ctx, settings, slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	routes, err := h.routes()
	if err != nil {
		return errors.Join(err, h.close())
	}
	ready := benchReady{URL: settings.URL}
	if ready.Token, err = h.benchToken(ctx); err != nil {
		return errors.Join(err, h.close())
	}
	mux := http.NewServeMux()
	mux.Handle("/", routes)
	mux.HandleFunc("/empty", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
	})
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, IdleTimeout: idleTime,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if err := json.NewEncoder(c.out).Encode(ready); err != nil {
		return errors.Join(err, server.Close(), h.close())
	}
	_, read := io.Copy(io.Discard, os.Stdin) // ends when the measurement does, in whatever way
	closed := server.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		read = errors.Join(read, err)
	}
	return errors.Join(read, closed, h.close())
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

// benchServer is a server of one tenant, as a process of its own.
type benchServer struct {
	benchReady

	client  *http.Client
	process *exec.Cmd
	input   io.Closer
	took    time.Duration // how long one rate is measured
}

// serve brings lists into a data folder and starts a server on it, which then builds its index.
func (b *bench) serve(ctx context.Context, name string, lists []source.Input) (*benchServer, error) {
	data := filepath.Join(b.temp, name)
	library := &source.Library{Dir: filepath.Join(data, "watchlists", "lists")}
	for _, in := range lists {
		if _, _, err := library.Import(ctx, in, source.ImportOptions{}); err != nil {
			return nil, err
		}
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	s := &benchServer{took: b.sizes.time, process: exec.CommandContext(ctx, program, "bench", benchServing, data)}
	var complaints bytes.Buffer
	s.process.Stderr = &complaints
	input, err := s.process.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	output, err := s.process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	s.input = input
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &s.benchReady)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("start server: %w: %s", err, complaints.String())
	}
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchCallers}}
	return s, nil
}

// close ends the server. How it ended says nothing about the measurement, and its folder goes next.
func (s *benchServer) close() {
	_ = s.input.Close()
	_ = s.process.Wait()
}

// ask sends bodies over and over from some callers at once, and gives requests per second and the 99th percentile in ms.
func (s *benchServer) ask(ctx context.Context, path string, list [][]byte, callers int) (rate, p99 float64, err error) {
	if len(list) == 0 {
		return 0, 0, errors.New("the lists have nobody to ask for")
	}
	var wg sync.WaitGroup
	times := make([][]time.Duration, callers)
	errs := make([]error, callers)
	began := time.Now()
	for c := range callers {
		wg.Go(func() {
			for i := c; time.Since(began) < s.took && errs[c] == nil; i += callers {
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
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.Token)
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

// memoryMB gives what a line of a process's status says (proc(5)): VmRSS is what it holds now, RssAnon what of that is its own, VmHWM the most
// it ever held. 0 where the system does not
// tell.
func memoryMB(process int, line string) float64 {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(process), "status"))
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(raw), line+":")
	if !ok {
		return 0
	}
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		return 0
	}
	return kb / 1024
}
