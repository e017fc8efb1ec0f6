package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/usher-kyc/usher/internal/specimen"
	"github.com/usher-kyc/usher/internal/webhook"
)

// demo starts a development server in a folder of its own, walks one made-up person through the whole chain over HTTP, and stays up.
func demo(ctx context.Context, c console, args []string) error {
	var once bool
	s, rest, err := readSettings(c, "demo", args, func(fs *flag.FlagSet) {
		fs.BoolVar(&once, "once", false, "end after the walk: exit code 0 when all went well")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError{fmt.Errorf("does not know what to do with %q", rest[0])}
	}
	dir, err := os.MkdirTemp("", "usher-demo-")
	if err != nil {
		return fmt.Errorf("make demo folder: %w", err)
	}
	defer os.RemoveAll(dir) // what is left lies in the folder for temporary things
	s.Dev, s.Data, s.Addr = true, dir, "127.0.0.1:0"
	ctx, end := context.WithCancel(ctx)
	defer end()
	var walked error
	var done sync.WaitGroup
	done.Add(1)
	quiet := console{out: io.Discard, err: c.err, env: c.env}
	err = runServer(ctx, quiet, s, func(h *house, dev devFile) {
		defer done.Done()
		walked = walk(ctx, c.out, dev)
		if walked != nil || once {
			end()
			return
		}
		walked = invite(ctx, c.out, dev)
	})
	if err != nil {
		return err
	}
	done.Wait()
	if errors.Is(walked, context.Canceled) {
		return nil
	}
	return walked
}

// walker goes through the chain, as the client's back end and as the applicant, and tells each step with its time.
type walker struct {
	out     io.Writer
	dev     devFile
	backend backend
	person  specimen.Person
	step    int

	mu   sync.Mutex
	told []string // webhooks received
}

func walk(ctx context.Context, out io.Writer, dev devFile) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	w := &walker{out: table, dev: dev, person: demoPerson()}
	fmt.Fprintf(out, "One made-up person, from nothing to an account, over the server's own HTTP surfaces at %s\n\n", dev.BaseURL)
	err := w.run(ctx)
	_ = table.Flush() // the same writer; its errors are those of the terminal
	if err != nil {
		fmt.Fprintf(out, "\nthe walk stopped: %v\n", err)
		return err
	}
	fmt.Fprintf(out, "\nAll went well. Names, pictures and numbers are invented; the account number is of a test bank code that no bank has.\n")
	return nil
}

// demoPerson is nobody.
func demoPerson() specimen.Person {
	return specimen.Person{
		LastName: "Lindqvist", FirstNames: "Maja Elin", BirthDate: time.Date(1991, 5, 17, 0, 0, 0, 0, time.UTC), Sex: "F", Number: "U12345678",
	}
}

// did tells one step: who did what, what came of it, and how long it took.
func (w *walker) did(began time.Time, who, what, came string) {
	w.step++
	fmt.Fprintf(w.out, "%2d\t%s\t%s\t%s\t%d ms\n", w.step, who, what, came, time.Since(began).Milliseconds())
}

func (w *walker) run(ctx context.Context) error {
	receiver, err := w.receiver()
	if err != nil {
		return err
	}
	defer receiver.Close()
	for _, part := range []func(context.Context) error{w.signIn, w.subscribe(receiver), w.createSession, w.fillPages, w.checks, w.review, w.account, w.webhooks} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// receiver is the client's webhook address. Its secret comes with the endpoint, so signatures are checked from then on.
func (w *walker) receiver() (*httptest.Server, error) {
	return httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		w.mu.Lock()
		defer w.mu.Unlock()
		if err == nil {
			err = webhook.Verify(r.Header, body, []string{w.backend.secret}, time.Now())
		}
		if err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		w.told = append(w.told, eventType(body))
	})), nil
}

func (w *walker) signIn(ctx context.Context) error {
	began := time.Now()
	w.backend = backend{dev: w.dev}
	if err := w.backend.signIn(ctx); err != nil {
		return err
	}
	w.did(began, "client", "POST /oauth/token", "signed in")
	return nil
}

func (w *walker) subscribe(receiver *httptest.Server) func(context.Context) error {
	return func(ctx context.Context) error {
		began := time.Now()
		var endpoint struct {
			Secret string `json:"secret"`
		}
		err := w.backend.call(ctx, http.MethodPost, "/v1/webhook_endpoints",
			map[string]any{"url": receiver.URL, "dialect": "native", "events": []string{"*"}}, &endpoint)
		if err != nil {
			return err
		}
		w.mu.Lock()
		w.backend.secret = endpoint.Secret
		w.mu.Unlock()
		w.did(began, "client", "POST /v1/webhook_endpoints", "events will be sent, signed")
		return nil
	}
}

func (w *walker) createSession(ctx context.Context) error {
	began := time.Now()
	if err := w.backend.createSession(ctx, w.person); err != nil {
		return err
	}
	w.did(began, "client", "POST /v1/sessions", "applicant and link created")
	return nil
}

// fillPages is the applicant: a browser without scripts, with pictures of a passport and a face.
func (w *walker) fillPages(ctx context.Context) error {
	passport, err := specimen.Passport(w.person)
	if err != nil {
		return fmt.Errorf("draw passport: %w", err)
	}
	front, err := specimen.JPEG(specimen.Photo(passport, 7))
	if err != nil {
		return fmt.Errorf("draw photo of passport: %w", err)
	}
	selfie, err := specimen.JPEG(specimen.Selfie(w.person))
	if err != nil {
		return fmt.Errorf("draw selfie: %w", err)
	}
	b := newBrowser(w, map[string][]byte{"front": front, "selfie": selfie})
	return b.walk(ctx, w.backend.session.URL)
}

func (w *walker) checks(ctx context.Context) error {
	began := time.Now()
	s, err := w.backend.wait(ctx, func(s session) bool { return s.State != "submitted" })
	if err != nil {
		return err
	}
	w.did(began, "usher", "runs the checks", "session is "+s.State)
	results, err := w.backend.checks(ctx)
	if err != nil {
		return err
	}
	for _, r := range results {
		w.did(time.Now().Add(-time.Duration(r.DurationMS)*time.Millisecond), "  check", r.Kind, r.words())
	}
	return nil
}

func (w *walker) review(ctx context.Context) error {
	if w.backend.session.State != "in_review" {
		return fmt.Errorf("the session is %s; faces are compared by a person here, so it should be in_review", w.backend.session.State)
	}
	began := time.Now()
	if err := w.backend.call(ctx, http.MethodPost, "/v1/sessions/"+w.backend.session.ID+"/approve", map[string]any{}, &w.backend.session); err != nil {
		return err
	}
	w.did(began, "reviewer", "compares the faces, approves", "session is "+w.backend.session.State)
	return nil
}

func (w *walker) account(ctx context.Context) error {
	began := time.Now()
	s, err := w.backend.wait(ctx, func(s session) bool { return s.Account != nil })
	if err != nil {
		return err
	}
	var account struct {
		Number string `json:"number"`
		Status string `json:"status"`
	}
	if err := w.backend.call(ctx, http.MethodGet, "/v1/accounts/"+s.Account.ID, nil, &account); err != nil {
		return err
	}
	w.did(began, "usher", "opens the account", account.Status+" "+account.Number)
	return nil
}

// webhooks waits until the client has been told of everything.
func (w *walker) webhooks(ctx context.Context) error {
	began := time.Now()
	told, err := poll(ctx, func() ([]string, bool, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.told, len(w.told) > 0 && w.told[len(w.told)-1] == "account.opened", nil
	})
	if err != nil {
		return fmt.Errorf("wait for webhooks: %w", err)
	}
	w.did(began, "client", "webhooks, signatures verified", fmt.Sprintf("%d received", len(told)))
	for i := 0; i < len(told); i += 4 {
		fmt.Fprintf(w.out, "\t\t\t%s\t\n", strings.Join(told[i:min(i+4, len(told))], ", "))
	}
	return nil
}

// invite prints what can be tried by hand, and waits.
func invite(ctx context.Context, out io.Writer, dev devFile) error {
	b := backend{dev: dev}
	if err := b.signIn(ctx); err != nil {
		return err
	}
	if err := b.createSession(ctx, specimen.Person{}); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nTry it by hand, until you press Ctrl-C:\n  a fresh link   %s\n  the desk       %s\n", b.session.URL, dev.DeskURL)
	for _, s := range dev.Staff {
		fmt.Fprintf(out, "                 %s  %s\n", s.Email, s.Password)
	}
	fmt.Fprintf(out, "  the API        %s/docs\n", dev.BaseURL)
	<-ctx.Done()
	return nil
}
