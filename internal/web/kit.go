package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/trace"
)

// DefaultMaxBody is how many bytes a form may have where the route says nothing.
const DefaultMaxBody = 64 << 10

// Config says what a kit is for.
type Config struct {
	Files  fs.FS    // templates/shared, templates/<area>, static, locales
	Area   string   // folder of the templates: "hosted" or "desk"
	Base   string   // path it is mounted at, such as "/verify", without a slash at the end; "" for the root
	Styles []string // style sheets of every page, for routes whose pages bring them along
	Secure bool     // people reach it by https: cookies get the __Host- prefix, and browsers are told to stay with https

	Log *slog.Logger // errors that were ours; nil means slog.Default
}

// Kit serves the pages of one area. It is an http.Handler for everything below its base.
type Kit struct {
	config    Config
	mux       *http.ServeMux
	guard     *http.CrossOriginProtection
	assets    *assets
	catalog   *Catalog
	templates *templates
	sheet     sheet
	log       *slog.Logger
	patterns  []string
}

// New reads templates, texts and static files and gives a kit without routes. Its error names the file at fault.
func New(c Config) (*Kit, error) {
	k := &Kit{config: c, mux: http.NewServeMux(), guard: http.NewCrossOriginProtection(), log: c.Log}
	if k.log == nil {
		k.log = slog.Default()
	}
	var err error
	if k.catalog, err = LoadCatalog(c.Files, c.Area); err != nil {
		return nil, fmt.Errorf("load texts: %w", err)
	}
	if k.assets, err = loadAssets(c.Files); err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	if k.sheet, err = k.assets.sheet(c.Styles); err != nil {
		return nil, err
	}
	if k.templates, err = loadTemplates(c.Files, c.Area, k.catalog, k.funcs()); err != nil {
		return nil, fmt.Errorf("load templates: %w", err)
	}
	k.mux.Handle("GET "+c.Base+"/static/{hash}/{name...}", k.assets)
	k.Handle("/", Route{}, func(http.ResponseWriter, *http.Request) error { return errNoPage })
	return k, nil
}

// Route says what a page needs beyond what every page gets.
type Route struct {
	Camera         bool          // the page may use the camera
	FirstPage      bool          // its reader was never here: the page brings its styles along, which saves a round trip
	FrameAncestors []string      // origins that may show the page in a frame; none where it is empty
	MaxBody        int64         // bytes a request may have; DefaultMaxBody when 0
	ReadTimeout    time.Duration // silence after which a body is given up, counted anew with each piece; 0 leaves it to the server
}

// Patterns lists every route that was added, as it was given to [Kit.Handle].
func (k *Kit) Patterns() []string { return slices.Clone(k.patterns) }

// HandlerFunc answers one request. An error becomes an error page, so nothing may be written before one is returned.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Handle adds a route. The pattern is that of http.ServeMux with the path below the base: "GET /s/{token}".
func (k *Kit) Handle(pattern string, o Route, h HandlerFunc) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "", pattern
	} else {
		method += " "
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	k.patterns = append(k.patterns, pattern)
	k.mux.HandleFunc(method+k.config.Base+path, func(w http.ResponseWriter, r *http.Request) {
		if known, ok := r.Context().Value(requestKey{}).(*request); ok {
			known.route = o
		}
		k.setPolicy(w.Header(), o)
		r.Body = http.MaxBytesReader(w, rolling(w, r.Body, o.ReadTimeout), o.MaxBody)
		if err := h(w, r); err != nil {
			k.Fail(w, r, err)
		}
	})
}

// ServeHTTP sets what every answer carries and hands the request to its route. A panic becomes the same page as any other fault of ours.
func (k *Kit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header(), k.config.Secure)
	k.setPolicy(w.Header(), Route{})
	id := w.Header().Get("X-Request-Id")
	if id == "" {
		id = rand.Text()[:12]
		w.Header().Set("X-Request-Id", id)
	}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, &request{id: id}))
	seen := trace.Watch(w)
	w = seen
	defer k.access(r, id, seen, time.Now())
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			// What was thrown may hold personal data, so only its type is told.
			k.Fail(w, r, fmt.Errorf("panic in a page: %T", p))
		}
	}()
	if err := k.guard.Check(r); err != nil {
		k.Fail(w, r, errOtherSite)
		return
	}
	k.mux.ServeHTTP(w, r)
}

// URL gives the path of a page below the base.
func (k *Kit) URL(path string) string { return k.config.Base + path }

// Asset gives the path of a static file, with the hash of its content in it.
func (k *Kit) Asset(name string) string { return k.config.Base + k.assets.path(name) }

// Catalog gives the texts.
func (k *Kit) Catalog() *Catalog { return k.catalog }

// See sends the browser on to a page below the base, by GET.
func (k *Kit) See(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, k.URL(path), http.StatusSeeOther)
	return nil
}

type requestKey struct{}

// request is what the kit knows of one request.
type request struct {
	id     string
	route  Route
	layout any
}

// Frame lets pages of these origins show the answer to this one request in a frame, where whose page it is decides who may. Without origins
// what the route says stays.
func (k *Kit) Frame(w http.ResponseWriter, r *http.Request, origins []string) {
	if known, ok := r.Context().Value(requestKey{}).(*request); ok && len(origins) > 0 {
		known.route.FrameAncestors = origins
		k.setPolicy(w.Header(), known.route)
	}
}

// SetLayout gives the layout something to show on whatever page answers this request, an error page as well: templates see it as View.Layout.
func (k *Kit) SetLayout(r *http.Request, v any) {
	if known, ok := r.Context().Value(requestKey{}).(*request); ok {
		known.layout = v
	}
}

// RequestID gives the id that the request's log lines and error page carry.
func RequestID(ctx context.Context) string {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r.id
	}
	return ""
}

// rolling gives up a body that stays silent for longer than the limit: a slow upload may take its time, a dead one may not hold a
// connection. A writer that knows no deadlines (as in a test) is read without.
func rolling(w http.ResponseWriter, body io.ReadCloser, limit time.Duration) io.ReadCloser {
	if limit == 0 {
		return body
	}
	return &rollingBody{body, http.NewResponseController(w), limit}
}

type rollingBody struct {
	body    io.ReadCloser
	control *http.ResponseController
	limit   time.Duration
}

// Read moves the deadline on before each piece.
func (b *rollingBody) Read(p []byte) (int, error) {
	if err := b.control.SetReadDeadline(time.Now().Add(b.limit)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("set the deadline of an upload: %w", err)
	}
	n, err := b.body.Read(p)
	if errors.Is(err, io.EOF) {
		// All has come: from here on silence is the sender's right. After any other error the deadline stays, or the server would wait for
		// the rest for ever before it answers.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (b *rollingBody) Close() error { return b.body.Close() }
