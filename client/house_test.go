package client_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/client"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/enginetest"
)

// house is the real API behind a real listener.
type house struct {
	*enginetest.House
	server *httptest.Server
	client *client.Client
	meddle func(http.Handler) http.Handler // what stands between client and server
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{House: enginetest.Open(t, enginetest.Config{Renderers: []usher.Renderer{native.Renderer{}}, RealTime: true})}
	door := auth.New(auth.Config{Store: h.Store})
	handler, err := native.New(native.Config{
		Service: h.Service, Credentials: door, Idempotency: h.Answers(), Known: h.Engine.Known(),
		Intake: func(_ context.Context, _ usher.EvidenceKind, raw []byte) (string, []usher.ReasonCode, error) {
			if bytes.HasPrefix(raw, []byte("\xff\xd8\xff")) {
				return "image/jpeg", nil, nil
			}
			return "", nil, errors.New("no picture")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.meddle = func(next http.Handler) http.Handler { return next }
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.meddle(handler).ServeHTTP(w, r) }))
	t.Cleanup(h.server.Close)
	c, secret, err := door.CreateClient(context.Background(), h.Tenant.ID, auth.NewClient{
		Dialect: native.Name, DefaultFlow: "onboarding",
		Scopes: []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide, usher.ScopeAdmin},
	}, usher.Actor{Kind: usher.BySystem})
	if err != nil {
		t.Fatal(err)
	}
	h.client = &client.Client{BaseURL: h.server.URL, ID: c.ID, Secret: secret}
	return h
}

// stage is a testing.TB for examples, which are given none: they share one house, which is closed when all tests have run.
type stage struct {
	testing.TB

	dir      string
	cleanups []func()
}

func (*stage) Helper()                   {}
func (s *stage) TempDir() string         { return s.dir }
func (s *stage) Cleanup(f func())        { s.cleanups = append(s.cleanups, f) }
func (*stage) Fatal(args ...any)         { panic(args) }
func (*stage) Context() context.Context  { return context.Background() }
func (*stage) Fatalf(f string, a ...any) { panic(f) }

var (
	shared     stage
	sharedOnce = sync.OnceValue(func() *house { return open(&shared) })
)

// example gives the house of the examples.
func example() *house { return sharedOnce() }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "client")
	if err != nil {
		panic(err)
	}
	shared.dir = dir
	code := m.Run()
	for i := len(shared.cleanups) - 1; i >= 0; i-- {
		shared.cleanups[i]()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
