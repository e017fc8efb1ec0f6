package main

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/door"
)

//go:embed flows/*.yaml
var flowFiles embed.FS

// flowOnboarding is the flow that native clients of a new tenant begin with.
const flowOnboarding = "onboarding"

// devFile is what `usher serve --dev` writes to dev.json for tests and tools: how to reach everything, and the credentials to do it with.
type devFile struct {
	BaseURL   string     `json:"base_url"`
	HostedURL string     `json:"hosted_url"`
	DeskURL   string     `json:"desk_url"`
	TenantID  string     `json:"tenant_id"`
	Native    devNative  `json:"native"`
	Staff     []devStaff `json:"staff"`
	// Clients are the credentials of the vendors' dialects by the name of the offer, and Vendors what their developers must be told, which is written
	// beside the members above.
	Clients map[string][]devLogin        `json:"clients"`
	Vendors map[string]map[string]string `json:"-"`
}

// devLogin is a credential of a vendor's dialect.
type devLogin struct {
	Part     string `json:"part,omitempty"`
	ClientID string `json:"client_id"`
	Secret   string `json:"secret"`
}

// MarshalJSON writes each vendor's members under the vendor's own name.
func (d devFile) MarshalJSON() ([]byte, error) {
	type plain devFile
	raw, err := json.Marshal(plain(d))
	if err != nil {
		return nil, err
	}
	all := map[string]any{}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	for name, told := range d.Vendors {
		all[name] = told
	}
	return json.Marshal(all)
}

type devNative struct {
	BaseURL      string `json:"base_url"`
	TokenURL     string `json:"token_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

type devStaff struct {
	Email    string     `json:"email"`
	Password string     `json:"password"`
	Role     usher.Role `json:"role"`
}

// prepareDev gives the credentials of the data folder, making the sandbox tenant on the first start. A second start keeps all of it and only
// writes the addresses anew; one that follows a first that was cut off makes what is missing.
func (h *house) prepareDev(ctx context.Context) (devFile, error) {
	path := filepath.Join(h.settings.Data, "dev.json")
	dev, err := readDev(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, step := range []func(context.Context, *devFile) error{h.devTenant, h.devClient, h.devPasswords, h.devStaff, h.devAddresses} {
		if err == nil {
			err = step(ctx, &dev)
		}
		// After each, since a secret is told once: whoever is made without it being kept cannot be signed in as.
		if err == nil {
			err = dev.write(path)
		}
	}
	if err != nil {
		return dev, fmt.Errorf("prepare development tenant: %w", err)
	}
	return dev, nil
}

func (d devFile) write(path string) error {
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode dev.json: %w", err)
	}
	return writeFile(path, raw)
}

func readDev(path string) (devFile, error) {
	var dev devFile
	raw, err := os.ReadFile(path)
	if err != nil {
		return dev, err
	}
	if err := json.Unmarshal(raw, &dev); err != nil {
		return dev, fmt.Errorf("%s is damaged; remove the data folder to begin anew: %w", path, err)
	}
	return dev, nil
}

// writeFile replaces a file that only its owner may read, whole or not at all.
func writeFile(path string, raw []byte) error {
	temp := path + ".new"
	if err := os.WriteFile(temp, raw, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(temp, path)
}

func (h *house) devTenant(ctx context.Context, dev *devFile) error {
	if dev.TenantID != "" {
		return nil
	}
	t, err := h.CreateTenant(ctx, "Example Bank", usher.Sandbox, "EUR")
	if err != nil {
		return err
	}
	dev.TenantID = t.ID
	return h.publishFlows(ctx, t.ID)
}

// byDev is the author of what development mode makes.
func byDev() usher.Actor { return usher.Actor{Kind: usher.BySystem, ID: "dev"} }

func (h *house) devClient(ctx context.Context, dev *devFile) error {
	if dev.Native.ClientID != "" {
		return nil
	}
	all := []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide, usher.ScopeAdmin}
	client, secret, err := h.auth.CreateClient(ctx, dev.TenantID, auth.NewClient{
		Dialect: native.Name, Name: "development", Scopes: all, DefaultFlow: flowOnboarding,
	}, byDev())
	dev.Native = devNative{ClientID: client.ID, ClientSecret: secret}
	return err
}

func (h *house) devPasswords(_ context.Context, dev *devFile) error {
	if len(dev.Staff) > 0 {
		return nil
	}
	for _, role := range []usher.Role{usher.RoleAdmin, usher.RoleReviewer, usher.RoleSenior} {
		dev.Staff = append(dev.Staff, devStaff{Email: string(role) + "@example.test", Password: rand.Text(), Role: role})
	}
	return nil
}

func (h *house) devStaff(ctx context.Context, dev *devFile) error {
	there, err := h.auth.Members(ctx, dev.TenantID)
	if err != nil {
		return err
	}
	for _, s := range dev.Staff {
		if slices.ContainsFunc(there, func(m door.Member) bool { return m.Email == s.Email }) {
			continue
		}
		if _, err := h.auth.CreateStaff(ctx, dev.TenantID, auth.NewStaff{Email: s.Email, Password: s.Password, Role: s.Role}, byDev()); err != nil {
			return err
		}
	}
	return nil
}

// devAddresses says how everything is reached from now on, the vendors' fronts included.
func (h *house) devAddresses(ctx context.Context, dev *devFile) error {
	if err := h.sandboxLists(ctx); err != nil {
		return err
	}
	s := h.settings
	dev.BaseURL, dev.HostedURL, dev.DeskURL = s.URL, s.VerifyURL+verifyBase, s.DeskURL+deskBase
	dev.Native.BaseURL, dev.Native.TokenURL = s.URL, s.URL+"/oauth/token"
	return h.prepareVendors(ctx, dev)
}

// prepareVendors makes the credentials of every offer that has none yet, and tells all of them.
func (h *house) prepareVendors(ctx context.Context, dev *devFile) error {
	if dev.Clients == nil {
		dev.Clients = map[string][]devLogin{}
	}
	dev.Vendors = map[string]map[string]string{}
	for _, d := range h.dialects {
		for _, o := range d.Offers {
			var logins []api.Login
			for _, had := range dev.Clients[o.Name] {
				client, err := h.auth.Client(ctx, dev.TenantID, had.ClientID)
				if err != nil {
					return err
				}
				logins = append(logins, api.Login{Part: had.Part, Client: client, Secret: had.Secret})
			}
			if len(logins) == 0 {
				var err error
				n := auth.NewClient{Name: "development", FrameAncestors: devParents()}
				if logins, err = h.makeLogins(ctx, dev.TenantID, d, o, n, byDev()); err != nil {
					return err
				}
				for _, l := range logins {
					dev.Clients[o.Name] = append(dev.Clients[o.Name], devLogin{Part: l.Part, ClientID: l.Client.ID, Secret: l.Secret})
				}
			}
			dev.Vendors[o.Name] = d.Tell(logins)
		}
	}
	return nil
}

// devParents are the origins that may frame the hosted page in development: this machine, at any port.
func devParents() []string {
	return []string{"http://localhost:*", "http://127.0.0.1:*"}
}

// publishFlows gives a tenant the flows that come with usher.
func (h *house) publishFlows(ctx context.Context, tenant string) error {
	files, err := fs.Glob(flowFiles, "flows/*.yaml")
	if err != nil {
		return err
	}
	var texts []string
	for _, name := range files {
		raw, err := flowFiles.ReadFile(name)
		if err != nil {
			return err
		}
		texts = append(texts, string(raw))
	}
	for _, d := range h.dialects {
		texts = append(texts, d.Flows...)
	}
	for _, text := range texts {
		f, problems, err := h.parseFlow(text)
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			// Some of a vendor's flows name checks that an outside provider does. Where there is none, the tenant does without that flow.
			h.log.Info("a flow was left out: this server cannot run it", "flow", f.Name, "why", problems[0].String())
			continue
		}
		if _, err := h.PublishFlow(ctx, tenant, f, text); err != nil {
			return fmt.Errorf("publish %s: %w", f.Name, err)
		}
	}
	return nil
}

// print shows the credentials as a table.
func (d devFile) print(w io.Writer, dir string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(words ...any) {
		for _, word := range words {
			fmt.Fprintf(t, "%v\t", word)
		}
		fmt.Fprintln(t)
	}
	row("API", d.BaseURL+"/v1", "description at "+d.BaseURL+"/docs")
	row("hosted page", d.HostedURL)
	row("desk", d.DeskURL)
	row("native", d.Native.BaseURL, "client_id "+d.Native.ClientID, "client_secret "+d.Native.ClientSecret)
	for _, name := range slices.Sorted(maps.Keys(d.Vendors)) {
		told := d.Vendors[name]
		words := []any{name}
		for _, key := range slices.Sorted(maps.Keys(told)) {
			words = append(words, key+" "+told[key])
		}
		row(words...)
	}
	for _, s := range d.Staff {
		row("staff", s.Email, "password "+s.Password, "role "+string(s.Role))
	}
	_ = t.Flush() // the same writer as above; its errors are those of the terminal
	fmt.Fprintf(w, "all of it, for programs: %s\n", filepath.Join(dir, "dev.json"))
}
