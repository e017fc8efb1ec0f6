package native

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Name is the dialect's name.
const Name = "native"

// Config is what the API is made of. Service, Credentials, Clients, Intake and Known are needed.
type Config struct {
	Service     usher.Service
	Credentials usher.Credentials
	Clients     Clients
	Idempotency api.Idempotency // nil ignores Idempotency-Key
	Auditor     usher.Auditor   // nil keeps no trail of who read a report
	Report      usher.Reporter  // nil has no reports for people
	Receipts    usher.Receipts  // nil has no receipts of approvals
	Screener    usher.Screener  // nil leaves out the search of watchlists
	Log         *slog.Logger    // nil writes no log

	// Intake looks at a whole file before it is kept: its content type, and what could be better about it. An error that is no [usher.Error] is
	// answered as a file of the wrong kind.
	Intake      func(ctx context.Context, kind usher.EvidenceKind, raw []byte) (contentType string, advice []usher.ReasonCode, err error)
	Known       usher.Known                    // what a flow may name
	BaseURL     string                         // where the API is reached, for the OpenAPI document; "" means this server
	Dialects    map[string]Words               // what a webhook endpoint can be sent, by dialect; nil means native alone
	PlainHTTP   bool                           // dev: webhook endpoints may be http and of this machine
	PerAddress  api.Limit                      // of all requests of one address
	PerClient   api.Limit                      // of all requests of one API client
	Sharing     *api.Sharing                   // has the limits hold for all nodes together; nil where there is one
	Address     func(*http.Request) string     // of the caller; nil means the peer's
	Caller      func(*http.Request) netip.Addr // the whole of it; nil means the peer's
	UploadLimit int64                          // bytes of one file; 0 means 10 MB
	Now         func() time.Time               // nil means time.Now
}

// Words are what a webhook endpoint of a dialect may be set up with.
type Words struct {
	Names     []string // of its messages; none means that they are the types of event
	Signature bool     // whether the vendor has a signature of its own
}

const defaultUpload = 10 << 20

const schemaPrefix = "#/components/schemas/"

// formMargin is what a form may hold besides its file.
const formMargin = 64 << 10

type server struct {
	Config

	api  huma.API
	mux  *humaMux
	page screeningPage
}

// API is the native API, an [http.Handler].
type API struct {
	http.Handler
	routes []api.Route
}

// Routes lists its addresses and what a caller has to be allowed to do at each.
func (a *API) Routes() []api.Route { return a.routes }

// New makes the handler of the native API. It answers /v1/, /oauth/, /openapi.yaml, /openapi.json and /docs; mount it at each of them.
func New(c Config) (*API, error) {
	if c.Dialects == nil {
		c.Dialects = map[string]Words{Name: {}}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.UploadLimit == 0 {
		c.UploadLimit = defaultUpload
	}
	s := &server{Config: c, mux: &humaMux{Mux: api.NewMux()}}
	s.api = humago.New(s.mux, s.humaConfig())
	s.routes()
	s.documents()
	front := api.Front{
		Dialect: Name, Credentials: c.Credentials, Log: c.Log, Idempotency: c.Idempotency, Address: c.Address, Caller: c.Caller,
		Open:       func(r *http.Request) bool { return !strings.HasPrefix(r.URL.Path, "/v1/") },
		Forms:      takesForm,
		Whole:      func(r *http.Request) bool { return r.URL.Path == "/v1/sessions" || r.URL.Path == "/v1/applicants" },
		PerAddress: c.Sharing.Limiter("native/address", c.PerAddress),
		PerClient:  c.Sharing.Limiter("native/client", c.PerClient),
		BodyLimit:  c.UploadLimit + formMargin,
	}
	return &API{Handler: front.Handler(s.mux.Mux), routes: s.mux.Routes()}, nil
}

// takesForm names the addresses that a form may be sent to: those of tokens, since OAuth clients send one, and a file's.
func takesForm(r *http.Request) bool {
	return r.URL.Path == tokenPath || r.URL.Path == revokePath || (strings.HasPrefix(r.URL.Path, "/v1/sessions/") && strings.HasSuffix(r.URL.Path, "/evidence"))
}

// humaConfig sets up huma without the pages and the schema links that it adds by itself.
func (s *server) humaConfig() huma.Config {
	base := s.BaseURL
	if base == "" {
		base = "/"
	}
	plain := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: json.Unmarshal}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "usher", Version: "1", Description: introduction,
				License: &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"},
			},
			Servers: []*huma.Server{{URL: base}},
			Tags:    tags(),
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry(schemaPrefix, huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"oauth2": {
						Type: "oauth2", Description: "Client credentials. A token is good for one hour.",
						Flows: &huma.OAuthFlows{ClientCredentials: &huma.OAuthFlow{TokenURL: strings.TrimSuffix(base, "/") + tokenPath, Scopes: scopes()}},
					},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": plain, "json": plain},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{shapeProblem},
	}
	return config
}

// routes is the list of all resources.
func (s *server) routes() {
	s.api.UseMiddleware(s.enter)
	s.tokenRoutes()
	s.applicantRoutes()
	s.retentionRoutes()
	s.sessionRoutes()
	s.commandRoutes()
	s.evidenceRoutes()
	s.resultRoutes()
	s.reportRoutes()
	s.eventRoutes()
	s.endpointRoutes()
	s.deliveryRoutes()
	s.clientRoutes()
	s.flowRoutes()
	s.accountRoutes()
	s.screeningRoutes()
	s.receiptRoutes()
	s.auditRoutes()
}
