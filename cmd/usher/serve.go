package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/flow"
	"github.com/usher-kyc/usher/internal/hosted"
	"github.com/usher-kyc/usher/internal/ops"
	"github.com/usher-kyc/usher/internal/receipt"
	"github.com/usher-kyc/usher/internal/webhook"
	"github.com/usher-kyc/usher/web"
)

// Where the pages are mounted.
const (
	verifyBase = "/verify"
	deskBase   = "/desk"
)

// How long a request may take, and how long an ending server waits for what is in hand.
const (
	headerTime   = 5 * time.Second
	idleTime     = 60 * time.Second
	requestTime  = 60 * time.Second
	shutdownTime = 20 * time.Second
)

// serve runs the server until it is told to stop.
func serve(ctx context.Context, c console, args []string) error {
	s, rest, err := readSettings(c, "serve", args, nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError{fmt.Errorf("does not know what to do with %q", rest[0])}
	}
	return runServer(ctx, c, s, nil)
}

// runServer opens a house, serves it, and closes it when ctx ends. ready is told once the server answers, with dev's credentials, if any.
func runServer(ctx context.Context, c console, s settings, ready func(*house, devFile)) error {
	began := time.Now()
	pace := ops.Pace()
	defer runtime.KeepAlive(pace)
	log := newLog(c, s, s.level(slog.LevelInfo))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.at(listener.Addr())
	h, err := open(ctx, s, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	var dev devFile
	if s.Dev {
		if dev, err = h.prepareDev(ctx); err != nil {
			return errors.Join(err, listener.Close(), h.close())
		}
	}
	if h.trail, err = h.openTrail(ctx, c); err != nil {
		return errors.Join(err, listener.Close(), h.close())
	}
	mux, err := h.routes()
	if err != nil {
		return errors.Join(err, listener.Close(), h.close())
	}
	work, endWork := context.WithCancel(h.traced(context.WithoutCancel(ctx)))
	defer endWork()
	leave, err := h.joinNodes(work)
	if err != nil {
		return errors.Join(err, listener.Close(), h.close())
	}
	if err := h.Start(work); err != nil {
		leave()
		return errors.Join(err, listener.Close(), h.close())
	}
	var sending sync.WaitGroup
	sending.Go(func() {
		if err := h.sender.Run(work); err != nil && !errors.Is(err, context.Canceled) {
			log.Error("the webhook sender ended", "error", err)
		}
	})
	sending.Go(func() { h.lists.Run(work) })
	sending.Go(func() { h.sharing.Run(work) })
	sending.Go(func() { h.trail.run(work) })
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, IdleTimeout: idleTime,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stopFigures, err := h.serveFigures(ctx)
	if err != nil {
		endWork()
		sending.Wait()
		leave()
		return errors.Join(err, listener.Close(), h.Stop(context.WithoutCancel(ctx)), h.close())
	}
	defer stopFigures()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	announce(c, s, dev, time.Since(began))
	if err := giveBack(); err != nil {
		log.Debug("memory that the start took was not given back", "error", err)
	}
	sending.Go(func() { rest(work) })
	if err := h.tellFirstAdmins(ctx, c); err != nil {
		log.Error("no link for a first administrator could be made", "error", err)
	}
	if ready != nil {
		go ready(h, dev)
	}
	select {
	case err = <-served:
	case <-ctx.Done():
		err = nil
	}
	h.watch.probes.Stop()
	log.Info("stopping")
	return errors.Join(err, h.shutdown(server, endWork, &sending, leave))
}

// shutdown ends in the order in which things depend on one another: no new requests, no new jobs, no new sends, then the store.
func (h *house) shutdown(server *http.Server, endWork func(), sending *sync.WaitGroup, leave func()) error {
	time.Sleep(h.settings.Drain)
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	err = errors.Join(err, h.Stop(ctx))
	endWork()
	sending.Wait() // the notary signs a last time, of all that was done
	leave()
	return errors.Join(err, h.close(), h.watch.end(ctx))
}

func newLog(c console, s settings, least slog.Level) *slog.Logger {
	if s.JSONLog {
		return ops.NewLog(slog.NewJSONHandler(c.err, &slog.HandlerOptions{Level: least}))
	}
	return ops.NewLog(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: least}))
}

func announce(c console, s settings, dev devFile, took time.Duration) {
	if s.Dev {
		dev.print(c.out, s.Data)
	} else {
		fmt.Fprintf(c.out, "API         %s/v1\nhosted page %s%s\ndesk        %s%s\n", s.URL, s.VerifyURL, verifyBase, s.DeskURL, deskBase)
	}
	fmt.Fprintf(c.out, "ready after %d ms\n", took.Milliseconds())
}

// Limits of requests, far above what people and their back ends do, and below what would hurt the others.
var (
	perAddress = api.Limit{Rate: 200, Burst: 1000}
	perClient  = api.Limit{Rate: 500, Burst: 2000}
)

// looks bounds how many files of one session the hosted page decodes: 60 at once, one more each minute.
var looks = api.Limit{Rate: 1.0 / 60, Burst: 60}

// routes mounts every front. Where the settings name hosts of their own for the hosted page and the desk, each front answers on its host only.
func (h *house) routes() (*mounts, error) {
	s := h.settings
	limitAddress, limitClient := h.limits()
	trusted, err := prefixes(s.Proxies)
	if err != nil {
		return nil, fmt.Errorf("proxies: %w", err)
	}
	address := callerAddress(trusted)
	own, err := native.New(native.Config{
		Service: h.Engine, Credentials: h.auth, Clients: apiKeys{h.auth}, Idempotency: h.Answers(), Auditor: h.Engine, Report: h.report, Receipts: h.receipts, Screener: h.lists, Log: h.log, Intake: h.pictures.look,
		Known: h.Known(), BaseURL: s.URL, Dialects: h.webhookDialects(), PlainHTTP: s.Dev,
		PerAddress: limitAddress, PerClient: limitClient, Sharing: h.sharing, Address: address, Caller: caller(trusted),
	})
	if err != nil {
		return nil, fmt.Errorf("build native API: %w", err)
	}
	pages, err := hosted.New(hosted.Config{
		Service: h.Engine, Files: web.Files, Base: verifyBase, Secure: secure(s.VerifyURL), Log: h.log, Intake: h.pictures.look,
		Judge: h.live.Judge, Preview: h.pictures.preview, Key: h.derivedKey("hosted-page"), Rules: h.pageRules(), Client: h.auth.Client, Receipts: h.receipts,
		Uploads: h.files.Parts(), Brand: h.Brand, Texts: h.ReasonTexts, Looks: h.sharing.Limiter("looks", looks),
	})
	if err != nil {
		return nil, fmt.Errorf("build hosted page: %w", err)
	}
	mail, err := h.inviteMail()
	if err != nil {
		return nil, err
	}
	review, err := desk.New(desk.Config{
		Service: h.Engine, Door: h.auth, Auditor: h.Engine, Trail: h.proof(), Files: web.Files, Base: deskBase, Secure: secure(s.DeskURL), Log: h.log,
		Portrait: h.portrait, Preview: h.pictures.preview, Member: h.auth.Member, Members: h.auth.Reviewers, Address: address, Keys: deskKeys{h}, Team: h.auth, Mail: mail, URL: s.DeskURL,
		Brands: h.Engine, Texts: h.Engine, Report: h.report, ReadFlow: func(text string) (usher.Flow, []flow.Problem) { return flow.Parse(text, h.Known()) },
		CheckEndpoint: func(e usher.Endpoint) error { return webhook.CheckAuth(e.Auth, s.Dev) },
	})
	if err != nil {
		return nil, fmt.Errorf("build desk: %w", err)
	}
	callbacks, err := h.callbacks()
	if err != nil {
		return nil, err
	}
	open, err := h.openFront("receipts")
	if err != nil {
		return nil, err
	}
	verifyHost, deskHost := ownHost(s.VerifyURL, s.URL), ownHost(s.DeskURL, s.URL)
	mux := &mounts{}
	for _, at := range []string{"/v1/", "/oauth/", "/openapi.yaml", "/openapi.json", "/docs"} {
		mux.on("native", at, "", h.seen("native", own), own.Routes())
	}
	public := h.receipts.Routes()
	for _, at := range []string{receipt.KeysPath, receipt.MetadataPath, receipt.StatusPath} {
		mux.on("receipts", at, "", h.seen("receipts", open.Handler(public)), public.Routes())
	}
	for _, d := range h.dialects {
		at := compatBase + d.Name
		mux.on(d.Name, at+"/", at, h.seen(d.Name, http.StripPrefix(at, d.Handler)), d.Routes)
	}
	mux.on("callbacks", callbackBase+"/", callbackBase, h.seen("callbacks", callbacks), callbacks.routes)
	mux.on("hosted", verifyHost+verifyBase+"/", verifyBase, h.guessing(address, h.seen("hosted", pages)), pages.Routes())
	mux.on("desk", deskHost+deskBase+"/", deskBase, h.guessing(address, h.seen("desk", review)), deskRoutes(review))
	mux.on("process", deskHost+deskBase, "", http.RedirectHandler(deskBase+"/", http.StatusSeeOther), nil)
	for _, host := range slices.Compact([]string{verifyHost, deskHost}) {
		if host != "" {
			mux.on("process", host+"/", "", http.NotFoundHandler(), nil) // pages that people use answer nothing else on their hosts
		}
	}
	told, err := securityText(s)
	if err != nil {
		return nil, err
	}
	if told != "" {
		mux.alone("GET "+securityPath, tellSecurity(told))
	}
	mux.alone("GET /livez", ops.Live)
	mux.alone("GET /readyz", h.watch.probes.Ready)
	mux.alone("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/docs", http.StatusSeeOther) })
	return mux, nil
}

// deskRoutes gives the desk's pages as routes.
func deskRoutes(d *desk.Desk) []api.Route {
	var list []api.Route
	for _, r := range d.Routes() {
		list = append(list, api.Route{Pattern: r.Pattern, Actions: []usher.Action{r.Action}})
	}
	return list
}

// limits gives the limits of requests per address and per client.
func (h *house) limits() (address, client api.Limit) {
	if h.settings.Dev {
		return api.Limit{}, api.Limit{} // one machine plays everybody
	}
	return perAddress, perClient
}

// newFront gives what stands before every dialect, or another front with limits of its own.
func (h *house) newFront(name string) (api.Front, error) {
	trusted, err := prefixes(h.settings.Proxies)
	if err != nil {
		return api.Front{}, fmt.Errorf("proxies: %w", err)
	}
	address, client := h.limits()
	return api.Front{
		Address: callerAddress(trusted), Caller: caller(trusted),
		Credentials: h.auth, Log: h.log, Idempotency: h.Answers(),
		PerAddress: h.sharing.Limiter(name+"/address", address), PerClient: h.sharing.Limiter(name+"/client", client),
	}, nil
}

// openFront gives what stands before addresses that need no token: no client is looked for, and nothing is kept by idempotency keys.
func (h *house) openFront(name string) (api.Front, error) {
	f, err := h.newFront(name)
	return api.Front{Log: f.Log, Address: f.Address, PerAddress: f.PerAddress, Open: func(*http.Request) bool { return true }}, err
}

// serverTenant is whose keys the server uses for itself.
const serverTenant = "server"

// derivedKey gives a key of 32 bytes for one use. It follows from the master key, so that all nodes share it.
func (h *house) derivedKey(use string) []byte {
	key, err := h.vault.Index(serverTenant, use, "key")
	if err != nil {
		return nil // whoever uses it then draws a key of its own, or refuses
	}
	return key
}

func (h *house) parseFlow(text string) (usher.Flow, []usher.Problem, error) {
	f, problems := flow.Parse(text, h.Known())
	told := make([]usher.Problem, len(problems))
	for i, p := range problems {
		told[i] = usher.Problem{Step: -1, Message: fmt.Sprintf("line %d: %s", p.Line, p.Message), Cure: p.Cure}
	}
	return f, told, nil
}

func secure(base string) bool {
	u, err := url.Parse(base)
	return err == nil && u.Scheme == "https"
}

// ownHost gives the host of a front that has one of its own, for a pattern of the mux.
func ownHost(front, other string) string {
	a, errA := url.Parse(front)
	b, errB := url.Parse(other)
	if errA != nil || errB != nil || a.Host == b.Host {
		return ""
	}
	return a.Hostname()
}
