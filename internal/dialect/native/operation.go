package native

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// route is what an operation says about itself. Status is 200 unless given.
type route struct {
	method, path string
	id           string // snake_case, stable: generated clients are named by it
	tag          string
	summary      string
	about        string
	may          usher.Action // what the caller has to be allowed to do; "" needs no token
	status       int
	command      bool // may be refused by the state of things: 409 and 410
}

type principalHandler[I, O any] func(ctx context.Context, p api.Principal, in *I) (*O, error)

// handle adds an operation. Its errors leave through refused, so that shapeProblem sees them as they are.
func handle[I, O any](s *server, r route, h principalHandler[I, O]) {
	s.mux.may = cmp.Or(r.may, usher.ActEnter)
	huma.Register(s.api, s.operation(r), func(ctx context.Context, in *I) (*O, error) {
		p, _ := api.PrincipalFrom(ctx)
		out, err := h(ctx, p, in)
		if err != nil {
			return nil, refused{err}
		}
		return out, nil
	})
}

// rendered says how the answer looks to what a request makes, word for word as huma writes it, so that it is kept with it; see [api.Whole].
func rendered[T any](ctx context.Context, s *server, answer func(api.Made) *made[T]) {
	api.Rendered(ctx, func(m api.Made) (api.Answer, error) {
		a := answer(m)
		var body bytes.Buffer
		if err := s.api.Marshal(&body, jsonType, a.Body); err != nil {
			return api.Answer{}, err
		}
		return api.Answer{
			Status: http.StatusCreated, Header: http.Header{"Content-Type": {jsonType}, "Location": {a.Location}}, Body: body.Bytes(),
		}, nil
	})
}

func (s *server) operation(r route) huma.Operation {
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Summary: r.summary, Description: r.about, Tags: []string{r.tag},
		DefaultStatus: r.status, Security: []map[string][]string{}, Responses: map[string]*huma.Response{},
		// The front has bounded and read the body before huma sees it.
		MaxBodyBytes: -1,
	}
	statuses := []int{http.StatusBadRequest, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusUnauthorized}
	if scope := string(r.may.Scope()); scope != "" {
		op.Security = []map[string][]string{{"oauth2": {scope}}}
		op.Description = strings.TrimSpace(op.Description + "\n\nNeeds the scope `" + scope + "`.")
		statuses = append(statuses, http.StatusForbidden)
		if r.method == http.MethodPost {
			op.Parameters = append(op.Parameters, idempotencyKey())
			statuses = append(statuses, http.StatusConflict)
		}
	}
	if r.method != http.MethodGet && r.method != http.MethodDelete {
		statuses = append(statuses, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge)
	}
	if slices.Contains([]byte(r.path), '{') {
		statuses = append(statuses, http.StatusNotFound)
	}
	if r.command {
		statuses = append(statuses, http.StatusConflict, http.StatusGone)
	}
	for _, status := range statuses {
		op.Responses[strconv.Itoa(status)] = s.problemResponse(status)
	}
	return op
}

// humaMux lets huma add routes to the kit's mux, each with what handle said of it just before.
type humaMux struct {
	*api.Mux
	may usher.Action
}

// HandleFunc adds a route.
func (m *humaMux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.On(pattern, h, m.may)
}

// enter is the middleware of every operation: it reads a JSON body by the rules of the kit.
func (s *server) enter(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	op := ctx.Operation()
	c := &call{humaContext: ctx}
	switch {
	case op.RequestBody == nil:
	case op.RequestBody.Content[jsonType] != nil:
		if op.OperationID == screeningOperation && s.screenPlainly(w, r) {
			return
		}
		text, err := readBody(w, r, op)
		if err != nil {
			s.writeProblem(c, w, r, err)
			return
		}
		c.body, c.read = text, true
	default:
		c.humaContext = huma.WithValue(ctx, requestKey{}, request{w, r})
	}
	next(c)
}

const (
	jsonType      = "application/json"
	formType      = "application/x-www-form-urlencoded"
	multipartType = "multipart/form-data"
)

// readBody gives a body as JSON text. A form, where the operation takes one, becomes an object of strings.
func readBody(w http.ResponseWriter, r *http.Request, op *huma.Operation) ([]byte, error) {
	if op.RequestBody.Content[formType] != nil && isForm(r) {
		return formAsJSON(w, r)
	}
	return api.JSON{Optional: !op.RequestBody.Required}.Text(w, r)
}

// request is how an operation that reads its body by itself reaches it.
type request struct {
	w http.ResponseWriter
	r *http.Request
}

type requestKey struct{}

// call is one request on its way through huma: with its body read already, and a status that shapeProblem may set.
type call struct {
	humaContext

	body   []byte
	read   bool
	status int
}

// humaContext is a name under which the context can be embedded: its own is that of one of its methods.
type humaContext huma.Context

// Unwrap lets humago find its own context.
func (c *call) Unwrap() huma.Context { return c.humaContext }

// Header says that a body which was read is JSON, whatever it was sent as.
func (c *call) Header(name string) string {
	if c.read && http.CanonicalHeaderKey(name) == "Content-Type" {
		return jsonType
	}
	return c.humaContext.Header(name)
}

// SetStatus sends the status that was set in the place of huma's.
func (c *call) SetStatus(status int) {
	if c.status != 0 {
		status = c.status
	}
	c.humaContext.SetStatus(status)
}

func idempotencyKey() *huma.Param {
	return &huma.Param{
		Name: "Idempotency-Key", In: "header", Example: "7b1f4c1e-6f0a-4a58-9a8f-0c7c5d1f2a3b",
		Description: "A key of your choice, 1 to 255 characters. The same key with the same request within 24 hours gives the first answer again " +
			"(header Idempotency-Replayed: true) and has no second effect; with another request it is refused with 422, while the first is being " +
			"served with 409.",
		Schema: &huma.Schema{Type: huma.TypeString},
	}
}
