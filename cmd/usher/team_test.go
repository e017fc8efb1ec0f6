package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestStaffByLink(t *testing.T) {
	t.Parallel()
	do := shell(t)
	_, said := do("tenant", "create", "--name", "Bank")
	tenant := strings.TrimSpace(strings.TrimPrefix(said, "tenant "))
	link := regexp.MustCompile(`https://desk\.bank\.example/desk/invitation/ush_in_[0-9A-Za-z]{36}\n`)
	staff := func(word string, args ...string) (int, string) {
		return do(append([]string{"staff", word, "--tenant", tenant, "--desk-url", "https://desk.bank.example"}, args...)...)
	}
	code, said := staff("invite", "--email", "ann@bank.example", "--role", "senior")
	if code != exitOK || !link.MatchString(said) {
		t.Fatalf("exit code %d; it says:\n%s", code, said)
	}
	if _, said := staff("list"); !strings.Contains(said, "senior") || !strings.Contains(said, "ann@bank.example  invited") {
		t.Errorf("the list says:\n%s", said)
	}
	if code, again := staff("reset", "--email", "Ann@bank.example"); code != exitOK || !link.MatchString(again) || again == said {
		t.Errorf("reset: exit code %d; it says:\n%s", code, again)
	}
	for word, want := range map[string]string{"release": "may try again", "sign-out": "signed out everywhere"} {
		if code, said := staff(word, "--email", "ann@bank.example"); code != exitOK || !strings.Contains(said, want) {
			t.Errorf("%s: exit code %d; it says:\n%s", word, code, said)
		}
	}
	for name, args := range map[string][]string{
		"taken": {"invite", "--email", "ann@bank.example"}, "no address": {"invite", "--email", "ann"}, "no such role": {"invite", "--email", "bo@bank.example", "--role", "owner"},
		"nobody": {"reset", "--email", "bo@bank.example"},
	} {
		if code, said := staff(args[0], args[1:]...); code == exitOK {
			t.Errorf("%s is taken: %s", name, said)
		}
	}
}

func TestIdentityProviderSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		s  settings
		ok bool
	}{
		"none":           {settings{}, true},
		"whole":          {settings{OIDCIssuer: "https://id.example", OIDCClient: "desk", OIDCTenant: "1", OIDCRoles: "kyc=reviewer, leads=senior"}, true},
		"no client":      {settings{OIDCIssuer: "https://id.example", OIDCTenant: "1"}, false},
		"no tenant":      {settings{OIDCIssuer: "https://id.example", OIDCClient: "desk"}, false},
		"plain http":     {settings{OIDCIssuer: "http://id.example", OIDCClient: "desk", OIDCTenant: "1"}, false},
		"no such role":   {settings{OIDCIssuer: "https://id.example", OIDCClient: "desk", OIDCTenant: "1", OIDCRoles: "kyc=owner"}, false},
		"group no role":  {settings{OIDCIssuer: "https://id.example", OIDCClient: "desk", OIDCTenant: "1", OIDCRoles: "kyc"}, false},
		"on the machine": {settings{OIDCIssuer: "http://127.0.0.1:" + "9", OIDCClient: "desk", OIDCTenant: "1"}, true},
	} {
		if _, err := tt.s.provider(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFirstAdministratorsLink starts a server twice on a firm without staff, and opens what it prints.
func TestFirstAdministratorsLink(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var out bytes.Buffer
	c := console{out: &out, err: io.Discard, env: func(string) string { return "" }}
	for _, args := range [][]string{{"--name", "Bank"}, {"--name", "Trial", "--mode", "sandbox"}} {
		if code := run(t.Context(), c, append([]string{"tenant", "create", "--data", data}, args...)); code != exitOK {
			t.Fatal(out.String())
		}
	}
	link := regexp.MustCompile(`first administrator of (\w+), once and within 24 hours: (http://\S+)\n`)
	var links []string
	for range 2 {
		out.Reset()
		s, _, err := readSettings(c, "serve", []string{"--addr", "127.0.0.1:0", "--data", data}, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		ready := make(chan struct{})
		go func() { ended <- runServer(ctx, c, s, func(*house, devFile) { close(ready) }) }()
		<-ready
		found := link.FindAllStringSubmatch(out.String(), -1)
		if len(found) != 1 || found[0][1] != "Bank" {
			t.Fatalf("the server prints:\n%s", out.String())
		}
		links = append(links, found[0][2])
		for i, address := range links {
			// The port is another one each time; the links of earlier starts are asked of the server that runs now.
			now, _, _ := strings.Cut(found[0][2], "/desk/")
			_, path, _ := strings.Cut(address, "/desk/")
			if got := page(t, now+"/desk/"+path); strings.Contains(got, "You are the first administrator of Bank") != (i == len(links)-1) {
				t.Errorf("link %d of %d shows:\n%s", i+1, len(links), got)
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// page gives what stands at an address.
func page(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
