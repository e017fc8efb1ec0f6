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
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/intergiro"
	"github.com/usher-kyc/usher/internal/dialect/native"
)

//go:embed flows/*.yaml
var flowFiles embed.FS

// The flows that clients of a new tenant begin with.
const (
	flowOnboarding = "onboarding"
	flowIndividual = "individual"
)

// devFile is what `usher serve --dev` writes to dev.json for tests and tools: how to reach everything, and the credentials to do it with.
type devFile struct {
	BaseURL   string       `json:"base_url"`
	HostedURL string       `json:"hosted_url"`
	DeskURL   string       `json:"desk_url"`
	TenantID  string       `json:"tenant_id"`
	Native    devNative    `json:"native"`
	Intergiro devIntergiro `json:"intergiro"`
	Staff     []devStaff   `json:"staff"`
}

type devNative struct {
	BaseURL      string `json:"base_url"`
	TokenURL     string `json:"token_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

type devIntergiro struct {
	BaseURL string `json:"base_url"`
	APIKey  string `json:"api_key"`
}

type devStaff struct {
	Email    string     `json:"email"`
	Password string     `json:"password"`
	Role     usher.Role `json:"role"`
}

// prepareDev gives the credentials of the data folder, making the sandbox tenant on the first start. A second start keeps all of it and only
// writes the addresses anew.
func (h *house) prepareDev(ctx context.Context) (devFile, error) {
	path := filepath.Join(h.settings.Data, "dev.json")
	dev, err := readDev(path)
	if errors.Is(err, fs.ErrNotExist) {
		dev, err = h.makeDev(ctx)
	}
	if err != nil {
		return dev, fmt.Errorf("prepare development tenant: %w", err)
	}
	s := h.settings
	dev.BaseURL, dev.HostedURL, dev.DeskURL = s.URL, s.VerifyURL+verifyBase, s.DeskURL+deskBase
	dev.Native.BaseURL, dev.Native.TokenURL = s.URL, s.URL+"/oauth/token"
	dev.Intergiro.BaseURL = s.URL + "/compat/intergiro"
	raw, err := json.MarshalIndent(dev, "", "  ")
	if err != nil {
		return dev, fmt.Errorf("encode dev.json: %w", err)
	}
	return dev, writeFile(path, raw)
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

func (h *house) makeDev(ctx context.Context) (devFile, error) {
	var dev devFile
	t, err := h.CreateTenant(ctx, "Example Bank", usher.Sandbox, "EUR")
	if err != nil {
		return dev, err
	}
	dev.TenantID = t.ID
	if err := h.publishFlows(ctx, t.ID); err != nil {
		return dev, err
	}
	by := usher.Actor{Kind: usher.BySystem, ID: "dev"}
	all := []usher.Scope{usher.ScopeRead, usher.ScopeWrite, usher.ScopeDecide, usher.ScopeAdmin}
	client, secret, err := h.auth.CreateClient(ctx, t.ID, auth.NewClient{
		Dialect: native.Name, Name: "development", Scopes: all, DefaultFlow: flowOnboarding,
	}, by)
	if err != nil {
		return dev, err
	}
	dev.Native = devNative{ClientID: client.ID, ClientSecret: secret}
	_, key, err := h.auth.CreateClient(ctx, t.ID, auth.NewClient{
		Dialect: intergiro.Name, Name: "development", Scopes: all, DefaultFlow: flowIndividual,
	}, by)
	if err != nil {
		return dev, err
	}
	dev.Intergiro = devIntergiro{APIKey: key}
	for _, role := range []usher.Role{usher.RoleAdmin, usher.RoleReviewer, usher.RoleSenior} {
		member := devStaff{Email: string(role) + "@example.test", Password: rand.Text(), Role: role}
		if _, err := h.auth.CreateStaff(ctx, t.ID, auth.NewStaff{Email: member.Email, Password: member.Password, Role: role}, by); err != nil {
			return dev, err
		}
		dev.Staff = append(dev.Staff, member)
	}
	return dev, nil
}

// publishFlows gives a tenant the flows that come with usher.
func (h *house) publishFlows(ctx context.Context, tenant string) error {
	files, err := fs.Glob(flowFiles, "flows/*.yaml")
	if err != nil {
		return err
	}
	for _, name := range files {
		raw, err := flowFiles.ReadFile(name)
		if err != nil {
			return err
		}
		f, problems, err := h.parseFlow(string(raw))
		if err != nil || len(problems) > 0 {
			return errors.Join(err, fmt.Errorf("flow %s: %v", name, problems))
		}
		if _, err := h.PublishFlow(ctx, tenant, f, string(raw)); err != nil {
			return fmt.Errorf("publish %s: %w", name, err)
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
	row("intergiro", d.Intergiro.BaseURL, "api_key "+d.Intergiro.APIKey)
	for _, s := range d.Staff {
		row("staff", s.Email, "password "+s.Password, "role "+string(s.Role))
	}
	_ = t.Flush() // the same writer as above; its errors are those of the terminal
	fmt.Fprintf(w, "all of it, for programs: %s\n", filepath.Join(dir, "dev.json"))
}
