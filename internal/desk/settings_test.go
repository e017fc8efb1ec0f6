package desk_test

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/door"
)

// keys makes credentials of two dialects, one with webhooks.
type keys struct{ auth *auth.Auth }

func (k *keys) RevokeClient(ctx context.Context, tenant, id string, by usher.Actor) error {
	return k.auth.RevokeClient(ctx, tenant, id, by)
}

func (k *keys) AllowClient(ctx context.Context, tenant, id string, from []netip.Prefix, by usher.Actor) error {
	return k.auth.AllowClient(ctx, tenant, id, from, by)
}

func (k *keys) ExpireClient(ctx context.Context, tenant, id string, at time.Time, by usher.Actor) error {
	return k.auth.ExpireClient(ctx, tenant, id, at, by)
}

func (k *keys) Ending(ctx context.Context, tenant string, before time.Time) (int, error) {
	return k.auth.Ending(ctx, tenant, before)
}

func (k *keys) Offers() []desk.Offer {
	return []desk.Offer{
		{Name: "native", Dialect: "native", Messages: []string{"session.approved", "session.rejected"}, Signature: true}, {Name: "yente", Dialect: "yente"},
	}
}

func (k *keys) Clients(ctx context.Context, tenant string) ([]desk.Client, error) {
	all, err := k.auth.Clients(ctx, tenant)
	list := make([]desk.Client, len(all))
	for i, c := range all {
		list[i] = desk.Client{APIClient: c.APIClient, DisabledAt: c.DisabledAt}
		for _, secret := range c.Secrets {
			list[i].Secrets = append(list[i].Secrets, desk.Secret(secret))
		}
	}
	return list, err
}

func (k *keys) CreateClient(ctx context.Context, tenant string, n desk.NewClient, by usher.Actor) (map[string]string, error) {
	c, secret, err := k.auth.CreateClient(ctx, tenant, auth.NewClient{
		Dialect: n.Offer, Name: n.Name, DefaultFlow: n.Flow, ReturnURLs: n.ReturnURLs, FrameAncestors: n.FrameAncestors,
	}, by)
	return map[string]string{"client_id": c.ID, "client_secret": secret}, err
}

func (k *keys) RotateClient(ctx context.Context, tenant, id string, overlap time.Duration, by usher.Actor) (map[string]string, error) {
	secret, err := k.auth.RotateClient(ctx, tenant, id, overlap, by)
	return map[string]string{"secret": secret}, err
}

// withSettings opens a desk whose administrators can make credentials.
func withSettings(t testing.TB) *firm {
	t.Helper()
	k := &keys{}
	f := open(t, func(c *desk.Config) { c.Keys = k })
	k.auth = f.auth
	return f
}

func TestSettingsAreTheAdministrators(t *testing.T) {
	t.Parallel()
	f := withSettings(t)
	f.member("sten", usher.RoleSenior)
	f.member("adam", usher.RoleAdmin)
	b := f.plain("sten")
	for _, path := range []string{"/settings", "/settings/clients/new", "/settings/endpoints/new"} {
		if got := b.get(path); got.status != http.StatusForbidden {
			t.Errorf("a senior reviewer's GET %s answers %d", path, got.status)
		}
	}
	if got := b.post("/settings/clients", "offer", "native", "name", "x"); got.status != http.StatusForbidden {
		t.Errorf("a senior reviewer's new client answers %d", got.status)
	}
	if strings.Contains(b.get("/").body, "/settings") || !strings.Contains(f.plain("adam").get("/").body, "/settings") {
		t.Error("the way to the settings is shown to the wrong people")
	}
}

func TestClientIsMadeAndItsSecretShownOnce(t *testing.T) {
	t.Parallel()
	f := withSettings(t)
	f.member("adam", usher.RoleAdmin)
	b := f.plain("adam")
	for name, form := range map[string][]string{
		"no offer":         {"name", "site"},
		"unknown offer":    {"offer", "other", "name", "site"},
		"no name":          {"offer", "native"},
		"a plain address":  {"offer", "native", "name", "site", "return_urls", "http://shop.example/"},
		"a path to frame":  {"offer", "native", "name", "site", "frame_ancestors", "https://app.example/page"},
		"a slash to frame": {"offer", "native", "name", "site", "frame_ancestors", "https://app.example/"},
		"a query to frame": {"offer", "native", "name", "site", "frame_ancestors", "https://app.example?a"},
		"any site":         {"offer", "native", "name", "site", "frame_ancestors", "https://*.example"},
		"two in one":       {"offer", "native", "name", "site", "frame_ancestors", "https://a.example;b.example"},
		"a name too long":  {"offer", "native", "name", strings.Repeat("x", 101)},
		"not an address":   {"offer", "native", "name", "site", "return_urls", "shop"},
		"somebody's login": {"offer", "native", "name", "site", "return_urls", "https://me:secret@shop.example/"},
	} {
		if got := b.post("/settings/clients", form...); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s answers %d", name, got.status)
		}
	}
	made := b.post("/settings/clients", "offer", "native", "name", "Web shop", "return_urls", "https://shop.example/\nhttps://app.example/", "frame_ancestors", "https://app.example")
	if made.status != http.StatusOK || !strings.Contains(made.body, "client_secret") || made.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("making a client answers %d", made.status)
	}
	all, err := f.auth.Clients(t.Context(), f.Tenant.ID)
	f.must(err)
	if len(all) != 1 || len(all[0].ReturnURLs) != 2 || all[0].FrameAncestors[0] != "https://app.example" {
		t.Fatalf("made %+v", all)
	}
	list := b.get("/settings").body
	if !strings.Contains(list, "Web shop") || !strings.Contains(list, all[0].Secrets[0].Last4) || strings.Contains(list, "client_secret") {
		t.Error("the list does not show the client, or shows its secret")
	}
	if got := b.post("/settings/clients/" + all[0].ID + "/rotate"); got.status != http.StatusOK || !strings.Contains(got.body, "new secret") {
		t.Errorf("a new secret answers %d", got.status)
	}
	if got := b.post("/settings/clients/unknown/rotate"); got.status != http.StatusNotFound {
		t.Errorf("a new secret for nobody answers %d", got.status)
	}
}

func TestClientIsBoundRotatedAndRevoked(t *testing.T) {
	t.Parallel()
	f := withSettings(t)
	f.member("dora", usher.RoleDeveloper)
	b := f.plain("dora")
	b.post("/settings/clients", "offer", "native", "name", "Web shop")
	all, err := f.auth.Clients(t.Context(), f.Tenant.ID)
	f.must(err)
	at := "/settings/clients/" + all[0].ID
	for name, form := range map[string][]string{
		"no network": {"networks", "here"}, "bits behind the mask": {"networks", "192.0.2.7/24"}, "no date": {"ends", "soon"}, "a past date": {"ends", "2001-01-01"},
	} {
		if got := b.post(at, form...); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, form[1]) {
			t.Errorf("%s answers %d", name, got.status)
		}
	}
	ends := f.Now().Add(5 * 24 * time.Hour).UTC().Format(time.DateOnly)
	if got := b.post(at, "networks", "192.0.2.0/24\n2001:db8::1", "ends", ends); got.status != http.StatusSeeOther {
		t.Fatalf("a good form answers %d", got.status)
	}
	page := b.get(at).body
	for _, want := range []string{"192.0.2.0/24", "2001:db8::1/128", ends, "Ends in 4 days", "never", all[0].Secrets[0].Last4} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the client does not say %q", want)
		}
	}
	if list := b.get("/settings").body; !strings.Contains(list, "Ends in 4 days") {
		t.Error("the settings do not say that the client ends soon")
	}
	if got := b.post(at+"/rotate", "overlap", "24"); got.status != http.StatusOK {
		t.Errorf("a new secret answers %d", got.status)
	}
	all, err = f.auth.Clients(t.Context(), f.Tenant.ID)
	f.must(err)
	if len(all[0].Secrets) != 2 {
		t.Errorf("%d secrets within the overlap", len(all[0].Secrets))
	}
	if got := b.post(at + "/revoke"); got.status != http.StatusSeeOther {
		t.Errorf("revoking answers %d", got.status)
	}
	if page := b.get(at).body; !strings.Contains(page, "Revoked") || strings.Contains(page, "<form method=\"post\" action=\"/desk/settings/clients") {
		t.Error("a revoked client can be changed")
	}
}

// The secret of a client that may erase and read the trail is told to nobody who may not do so at the desk.
func TestSecretRaisesNobody(t *testing.T) {
	t.Parallel()
	f := withSettings(t)
	f.member("dora", usher.RoleDeveloper)
	f.member("adam", usher.RoleAdmin)
	c, _, err := f.auth.CreateClient(t.Context(), f.Tenant.ID, auth.NewClient{
		Dialect: "native", Name: "Back office", Scopes: []usher.Scope{usher.ScopeRead, usher.ScopeAdmin},
	}, usher.Actor{Kind: usher.BySystem})
	f.must(err)
	at := "/settings/clients/" + c.ID
	dora := f.plain("dora")
	if page := dora.get(at).body; strings.Contains(page, at+"/rotate") || !strings.Contains(page, at+"/revoke") {
		t.Error("a developer is offered a new secret, or may not revoke")
	}
	if got := dora.post(at + "/rotate"); got.status != http.StatusForbidden {
		t.Errorf("a developer who asks for the secret is answered %d", got.status)
	}
	adam := f.plain("adam")
	if page := adam.get(at).body; !strings.Contains(page, `value="24" selected>is good for a day`) || !strings.Contains(page, "ends at once") {
		t.Error("the old secret does not stay for a day unless somebody says so")
	}
	if got := adam.post(at + "/rotate"); got.status != http.StatusOK {
		t.Errorf("an administrator is answered %d", got.status)
	}
	if had, err := f.Store.Secrets(t.Context(), c.ID, f.Now().Add(23*time.Hour)); err != nil || len(had) != 2 {
		t.Errorf("%d secrets 23 hours after, %v", len(had), err)
	}
}

// TestEndsAreTold holds that whoever looks after keys is told on every page of the desk how many end within two weeks, and that others are not.
func TestEndsAreTold(t *testing.T) {
	t.Parallel()
	f := withSettings(t)
	for _, role := range []usher.Role{usher.RoleDeveloper, usher.RoleAdmin, usher.RoleReviewer} {
		f.member(string(role), role)
	}
	for name, days := range map[string]int{"soon": 3, "in time": 14, "later": 15, "gone": 1} {
		c, _, err := f.auth.CreateClient(t.Context(), f.Tenant.ID, auth.NewClient{Dialect: "native", Name: name, ExpiresAt: f.Now().AddDate(0, 0, days)}, usher.Actor{Kind: usher.BySystem})
		f.must(err)
		if name == "gone" {
			f.must(f.auth.RevokeClient(t.Context(), f.Tenant.ID, c.ID, usher.Actor{Kind: usher.BySystem}))
		}
	}
	const told = "2 keys end soon"
	for role, want := range map[string]bool{"developer": true, "admin": true, "reviewer": false} {
		if page := f.plain(role).get("/figures"); strings.Contains(page.body, told) != want {
			t.Errorf("a %s is told: %t", role, !want)
		}
	}
}

// TestDeveloperReachesNobody holds that where real people are behind the cases no way to their data is made but by an administrator.
func TestDeveloperReachesNobody(t *testing.T) {
	t.Parallel()
	f := withSettings(t)
	live := f.Live
	c, _, err := f.auth.CreateClient(t.Context(), live.ID, auth.NewClient{Dialect: "native", Name: "Back office", Scopes: []usher.Scope{usher.ScopeRead}}, usher.Actor{Kind: usher.BySystem})
	f.must(err)
	f.must(f.auth.SetRules(t.Context(), live.ID, door.Rules{Passwords: true}, usher.Actor{Kind: usher.BySystem}))
	f.member("dora", usher.RoleDeveloper, live)
	dora := f.plain("dora")
	walked := 0
	for _, r := range f.desk.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		path = strings.ReplaceAll(path, "{id}", c.ID)
		if r.Action != usher.ActConnect {
			continue
		}
		walked++
		if got := dora.send(method, path, "offer=native&name=Mine"); got.status != http.StatusForbidden {
			t.Errorf("%s answers a developer %d", r.Pattern, got.status)
		}
	}
	if walked != 5 {
		t.Errorf("%d routes connect somebody", walked)
	}
	if all, err := f.auth.Clients(t.Context(), live.ID); err != nil || len(all) != 1 || len(all[0].Secrets) != 1 {
		t.Errorf("there are %d clients, %v", len(all), err)
	}
	page := dora.get("/settings").body
	if strings.Contains(page, "/new") || !strings.Contains(page, "an administrator makes") || strings.Contains(dora.get("/settings/clients/"+c.ID).body, "/rotate") {
		t.Error("a developer is offered what they may not")
	}
	if got := dora.post("/settings/clients/" + c.ID + "/revoke"); got.status != http.StatusSeeOther {
		t.Errorf("a developer who ends a secret that got out is answered %d", got.status)
	}
}

func TestEndpointIsMadeAndChanged(t *testing.T) {
	t.Parallel()
	f := withSettings(t)
	f.member("adam", usher.RoleAdmin)
	b := f.plain("adam")
	good := func(more ...string) []string {
		return append([]string{"dialect", "native", "url", "https://client.example/hook", "names", "session.approved", "auth", "none"}, more...)
	}
	for name, tc := range map[string]struct {
		form []string
		want int
	}{
		"no address":             {[]string{"dialect", "native", "names", "session.approved", "auth", "none"}, 422},
		"no message":             {[]string{"dialect", "native", "url", "https://client.example/hook", "auth", "none"}, 422},
		"a message nobody sends": {good("names", "other"), 422},
		"no way":                 {[]string{"dialect", "native", "url", "https://client.example/hook", "names", "session.approved", "auth", "magic"}, 422},
		"basic without a name":   {[]string{"dialect", "native", "url", "https://client.example/hook", "names", "session.approved", "auth", "basic", "password", "p"}, 422},
		"a short secret":         {[]string{"dialect", "native", "url", "https://client.example/hook", "names", "session.approved", "auth", "hmac", "secret", "short"}, 422},
		"no such dialect":        {[]string{"dialect", "yente", "url", "https://client.example/hook", "names", "x", "auth", "none"}, 400},
	} {
		if got := b.post("/settings/endpoints", tc.form...); got.status != tc.want {
			t.Errorf("%s answers %d, want %d", name, got.status, tc.want)
		}
	}
	made := b.post("/settings/endpoints", good()...)
	if made.status != http.StatusOK || !strings.Contains(made.body, "whsec_") {
		t.Fatalf("making an endpoint answers %d", made.status)
	}
	all, err := f.Service.Endpoints(t.Context(), f.Tenant.ID)
	f.must(err)
	at := "/settings/endpoints/" + all[0].ID
	if all[0].Names[0] != "session.approved" {
		t.Errorf("it takes %v", all[0].Names)
	}
	for act, want := range map[string]string{"test": "A test is on its way", "disable": "The endpoint is off", "enable": "The endpoint is on"} {
		got := b.post(at + "/" + act)
		if got.status != http.StatusSeeOther || !strings.Contains(b.get(strings.TrimPrefix(got.location, "/desk")).body, want) {
			t.Errorf("%s answers %d to %q", act, got.status, got.location)
		}
	}
	if got := b.post(at + "/rotate"); got.status != http.StatusOK || !strings.Contains(got.body, "whsec_") {
		t.Errorf("a new signing secret answers %d", got.status)
	}
	page, err := f.Service.ListDeliveries(t.Context(), f.Tenant.ID, usher.DeliveryFilter{EndpointID: all[0].ID})
	f.must(err)
	if got := b.post(at+"/resend", "delivery", page.Items[0].ID); got.status != http.StatusSeeOther {
		t.Errorf("sending again answers %d", got.status)
	}
	if got := b.post(at+"/resend", "delivery", "other"); got.status != http.StatusNotFound {
		t.Errorf("sending nothing again answers %d", got.status)
	}
	if got := b.post(at + "/nonsense"); got.status != http.StatusNotFound {
		t.Errorf("nonsense answers %d", got.status)
	}
	f.member("olga", usher.RoleAdmin, f.Other)
	if got := f.plain("olga").get(at); got.status != http.StatusNotFound {
		t.Errorf("another tenant's administrator gets %d", got.status)
	}
	if got := b.post(at + "/delete"); got.status != http.StatusSeeOther || b.get(at).status != http.StatusNotFound {
		t.Errorf("deleting answers %d", got.status)
	}
	trail, err := f.Records(t.Context(), f.Tenant.ID, all[0].ID, usher.Paging{Limit: 50})
	f.must(err)
	if len(trail.Items) < 6 {
		t.Errorf("the trail has %d entries", len(trail.Items))
	}
}

func TestSettingsInABrowser(t *testing.T) {
	t.Parallel()
	f := withSettings(t)
	f.member("adam", usher.RoleAdmin)
	_, err := f.Service.CreateEndpoint(t.Context(), f.Tenant.ID, usher.Endpoint{URL: "https://client.example.test/" + strings.Repeat("long", 20), Dialect: "native"})
	f.must(err)
	all, err := f.Service.Endpoints(t.Context(), f.Tenant.ID)
	f.must(err)
	_, err = f.Service.TestEndpoint(t.Context(), f.Tenant.ID, all[0].ID)
	f.must(err)
	f.fitForAll("adam", "/settings", "/settings/clients/new", "/settings/endpoints/new", "/settings/endpoints/new?dialect=native", "/settings/endpoints/"+all[0].ID)
	p := f.tab("adam", browsertest.Options{})
	p.Visit(f.url + "/settings")
	p.Click("New API client")
	p.Click("native")
	p.Fill("Name", "Web shop")
	p.Click("Make the client")
	p.WaitText("The client is ready")
	p.Axe()
	p.Click("I have kept them")
	p.WaitText("Web shop")
}
