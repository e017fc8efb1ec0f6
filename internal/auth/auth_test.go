package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/sqlitetest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

const (
	tenant = "00000000-0000-7000-8000-000000000001"
	other  = "00000000-0000-7000-8000-000000000002"
	email  = "vera@example.test"
	phrase = "seven quiet lamps by the sea"
)

var system = usher.Actor{Kind: usher.BySystem}

// door is an Auth on a database of its own, with a clock that a test turns.
type door struct {
	*auth.Auth
	store *store.Store
	mu    sync.Mutex
	time  time.Time
}

func (d *door) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.time
}

func (d *door) wait(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.time = d.time.Add(t)
}

func open(t testing.TB) *door {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	if err := sqlitetest.Fresh(dir); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	for id, mode := range map[string]usher.Mode{tenant: usher.Sandbox, other: usher.Live} {
		if err := db.PutTenant(t.Context(), usher.Tenant{ID: id, Name: "Firm", Mode: mode, Currency: "EUR"}); err != nil {
			t.Fatal(err)
		}
	}
	d := &door{store: db.Store, time: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	d.Auth = auth.New(d.config(log))
	return d
}

// config is what the node of a test is made with; a second node on the same database is made with the same.
func (d *door) config(log *slog.Logger) auth.Config {
	return auth.Config{Store: d.store, Now: d.now, Log: log, HashMemory: 64, Seal: sealer{}, DeskURL: deskURL}
}

func (d *door) client(t testing.TB, dialect string, scopes ...usher.Scope) (usher.APIClient, string) {
	t.Helper()
	c, secret, err := d.CreateClient(t.Context(), tenant, auth.NewClient{Dialect: dialect, Name: "back end", Scopes: scopes}, system)
	if err != nil {
		t.Fatal(err)
	}
	return c, secret
}

func (d *door) staff(t testing.TB, role usher.Role) usher.Staff {
	t.Helper()
	s, err := d.CreateStaff(t.Context(), tenant, auth.NewStaff{Email: email, Password: phrase, Role: role}, system)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantCode fails unless the error is what a caller may be told, with a code.
func wantCode(t testing.TB, err error, code usher.Code) usher.Error {
	t.Helper()
	var told *usher.Error
	if !errors.As(err, &told) || told.Code != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
	return *told
}

func TestSecretsHaveTheShapeOfTheirDialect(t *testing.T) {
	t.Parallel()
	d := open(t)
	_, native := d.client(t, "native")
	if !regexp.MustCompile(`^ush_sk_test_[0-9A-Za-z]{36}$`).MatchString(native) {
		t.Errorf("native secret has the shape %q", native)
	}
	_, intergiro := d.client(t, "intergiro")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(intergiro) {
		t.Errorf("intergiro key has the shape %q", intergiro)
	}
	_, live, err := d.CreateClient(t.Context(), other, auth.NewClient{Dialect: "native"}, system)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^ush_sk_live_`).MatchString(live) {
		t.Errorf("secret of a live tenant has the shape %q", live)
	}
}

func TestClientSecret(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, secret := d.client(t, "native", usher.ScopeRead)
	_, foreign := d.client(t, "native")
	got, err := d.ClientSecret(t.Context(), "native", c.ID, secret)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Errorf("client differs (-made +found):\n%s", diff)
	}
	for name, tc := range map[string]struct{ dialect, id, secret string }{
		"another client's secret": {"native", c.ID, foreign},
		"another dialect":         {"ondato", c.ID, secret},
		"unknown id":              {"native", "nobody", secret},
		"no id":                   {"native", "", secret},
		"typo":                    {"native", c.ID, secret[:len(secret)-1] + "_"},
		"nothing":                 {"native", c.ID, ""},
	} {
		_, err := d.ClientSecret(t.Context(), tc.dialect, tc.id, tc.secret)
		t.Run(name, func(t *testing.T) { wantCode(t, err, usher.CodeUnauthenticated) })
	}
}

func TestTypoIsRefusedWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	d := open(t)
	_, secret := d.client(t, "incode")
	// A context that has ended lets no read through, so an answer without an error of the database came without one.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := d.Bearer(gone, "incode", "ush_at_"+secret)
	wantCode(t, err, usher.CodeUnauthenticated)
	if _, err := d.APIKey(gone, "incode", secret); !errors.Is(err, context.Canceled) {
		t.Errorf("a right key gave %v without the database", err)
	}
}

func TestAPIKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, key := d.client(t, "intergiro")
	got, err := d.APIKey(t.Context(), "intergiro", key)
	if err != nil || got.ID != c.ID {
		t.Fatalf("got client %q, %v", got.ID, err)
	}
	_, err = d.APIKey(t.Context(), "native", key)
	wantCode(t, err, usher.CodeUnauthenticated)
	_, err = d.APIKey(t.Context(), "intergiro", "00000000-0000-4000-8000-000000000000")
	wantCode(t, err, usher.CodeUnauthenticated)
}

func TestRotatedSecretEndsAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, old := d.client(t, "native")
	token, err := d.Issue(t.Context(), c, nil, time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := d.RotateClient(t.Context(), tenant, c.ID, 0, system)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.ClientSecret(t.Context(), "native", c.ID, old)
	wantCode(t, err, usher.CodeUnauthenticated)
	_, _, err = d.Bearer(t.Context(), "native", token.Access)
	wantCode(t, err, usher.CodeUnauthenticated)
	if c, err = d.ClientSecret(t.Context(), "native", c.ID, fresh); err != nil {
		t.Fatal(err)
	}
	token, err = d.Issue(t.Context(), c, nil, time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Bearer(t.Context(), "native", token.Access); err != nil {
		t.Error(err)
	}
	_, err = d.RotateClient(t.Context(), other, c.ID, 0, system)
	wantCode(t, err, usher.CodeNotFound)
	list, err := d.Clients(t.Context(), tenant)
	if err != nil || len(list) != 1 || list[0].Secrets[0].Last4 != fresh[len(fresh)-4:] {
		t.Errorf("list is %+v, %v", list, err)
	}
}

func TestCreateClientRefuses(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, tc := range map[string]struct {
		tenant string
		n      auth.NewClient
		code   usher.Code
	}{
		"no dialect":     {tenant, auth.NewClient{}, usher.CodeInvalid},
		"unknown scope":  {tenant, auth.NewClient{Dialect: "native", Scopes: []usher.Scope{"root"}}, usher.CodeInvalid},
		"unknown tenant": {"nobody", auth.NewClient{Dialect: "native"}, usher.CodeNotFound},
	} {
		_, _, err := d.CreateClient(t.Context(), tc.tenant, tc.n, system)
		t.Run(name, func(t *testing.T) { wantCode(t, err, tc.code) })
	}
}

func TestAdministrationLeavesATrail(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, _ := d.client(t, "native")
	s := d.staff(t, usher.RoleAdmin)
	if _, err := d.RotateClient(t.Context(), tenant, c.ID, 0, s.Actor()); err != nil {
		t.Fatal(err)
	}
	in, err := d.SignIn(t.Context(), email, phrase, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Leave(t.Context(), in.Cookie); err != nil {
		t.Fatal(err)
	}
	records, err := d.store.ListAudit(t.Context(), tenant, "", usher.Paging{Limit: 10, Oldest: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range records {
		got = append(got, r.Action)
	}
	want := []string{"client.created", "staff.created", "client.rotated", "staff.signed_in", "staff.signed_out"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trail differs (-want +got):\n%s", diff)
	}
}

// codeOf gives the code of what a caller may be told, or "".
func codeOf(err error) usher.Code {
	var told *usher.Error
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}
