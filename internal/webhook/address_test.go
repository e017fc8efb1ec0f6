package webhook_test

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"code.dny.dev/ssrf"
	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

// private holds one address of every kind that must never be called: as literals, in the odd spellings that some resolvers read, and by name.
func private() []string {
	return []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1",
		"198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[100::1]", "[2001::1]", "[2001:db8::1]",
		"[2002:7f00:1::1]", "[fc00::1]", "[fd00::1]", "[fe80::1]", "[ff02::1]",
		"localhost", "LOCALHOST", "localhost.", "a.localhost",
	}
}

// oddNumbers are addresses of this machine to resolvers that read numbers as C programs do.
func oddNumbers() []string {
	return []string{"127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "017700000001", "127.0.0.1."}
}

func TestCheckURLRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]string{ // address: words of the way out
		"":                                    "whole address",
		"client.example/hook":                 "whole address",
		"https://":                            "whole address",
		"https:///hook":                       "whole address",
		"https:client.example":                "whole address",
		"https://client.example:port/":        "whole address",
		"http://client.example/hook":          "use https://",
		"ftp://client.example/":               "begins with https://",
		"file:///etc/passwd":                  "whole address",
		"gopher://client.example/":            "begins with https://",
		"https://user:pw@client.example/":     "basic",
		"https://user@client.example/":        "basic",
		"https://client.example/#here":        "#",
		"https://client.example:22/":          "443, 8443",
		"https://client.example:80/":          "443, 8443",
		"https://client.example:0/":           "1 to 65535",
		"https://client.example:99999/":       "1 to 65535",
		"https://intranet/hook":               "without a dot",
		"https://bücher.example/":             "xn--",
		"https://[fe80::1%25eth0]/":           "reached from the internet",
		"https://client.example/\n":           "whole address",
		"https://" + strings.Repeat("a", 3e3): "2,048",
	}
	for _, host := range private() {
		cases["https://"+host+"/hook"] = "reached from the internet"
	}
	for _, host := range oddNumbers() {
		cases["https://"+host+"/hook"] = "usual form"
	}
	for raw, words := range cases {
		err := webhook.CheckURL(raw, false)
		var e *usher.Error
		if !errors.As(err, &e) || e.Code != usher.CodeInvalid || e.Field != "url" || !strings.Contains(e.Message, words) {
			t.Errorf("%.60q: got %v, want an error of url that says %q", raw, err, words)
		}
	}
}

func TestCheckURLAllows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, url string
		cfg       webhook.ClientConfig
	}{
		{"plain", "https://client.example/hook?key=1", webhook.ClientConfig{}},
		{"port 443", "https://client.example:443/", webhook.ClientConfig{}},
		{"port 8443", "https://client.example:8443/", webhook.ClientConfig{}},
		{"upper case", "HTTPS://CLIENT.EXAMPLE/", webhook.ClientConfig{}},
		{"ascii form", "https://xn--bcher-kva.example/", webhook.ClientConfig{}},
		{"public address", "https://8.8.8.8/", webhook.ClientConfig{}},
		{"public address, IPv6", "https://[2606:4700::1111]/", webhook.ClientConfig{}},
		{"dev: http", "http://client.example/", webhook.ClientConfig{Dev: true}},
		{"dev: this machine", "http://127.0.0.1:9000/", webhook.ClientConfig{Dev: true}},
		{"dev: this machine, IPv6", "http://[::1]:9000/", webhook.ClientConfig{Dev: true}},
		{"dev: this machine by name", "http://localhost:9000/", webhook.ClientConfig{Dev: true}},
		{"operator's port", "https://client.example:9443/", webhook.ClientConfig{Ports: []uint16{9443}}},
		{"operator's network", "https://10.1.2.3/", webhook.ClientConfig{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}},
	} {
		if err := c.cfg.CheckURL(c.url); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, host := range []string{"10.1.2.3", "169.254.169.254", "[fd00::1]"} {
		if webhook.CheckURL("http://"+host+"/", true) == nil {
			t.Errorf("dev mode allows %s, which is not this machine", host)
		}
	}
	if (webhook.ClientConfig{Ports: []uint16{9443}}).CheckURL("https://client.example/") == nil {
		t.Error("port 443 is allowed though the operator chose another")
	}
}

// The dial must refuse what a name resolves to, whatever was checked before; so these go past CheckURL.
func TestClientRefusesPrivateAddresses(t *testing.T) {
	t.Parallel()
	client := webhook.NewClient(webhook.ClientConfig{})
	for _, host := range private() {
		if host == "a.localhost" || host == "localhost." {
			continue // not every machine resolves them
		}
		_, err := client.Post("https://"+host+"/", "text/plain", strings.NewReader("x"))
		if !errors.Is(err, ssrf.ErrProhibitedIP) {
			t.Errorf("%s: got %v, want a refusal of the address", host, err)
		}
	}
	if _, err := client.Get("https://127.0.0.1:6379/"); !errors.Is(err, ssrf.ErrProhibitedPort) {
		t.Errorf("port 6379: got %v", err)
	}
	for _, raw := range []string{"http://8.8.8.8/", "https://user:pw@8.8.8.8/", "ftp://8.8.8.8/"} {
		if _, err := client.Get(raw); !errors.Is(err, webhook.ErrRefused) {
			t.Errorf("%s: got %v, want a refusal", raw, err)
		}
	}
	dev := webhook.NewClient(webhook.ClientConfig{Dev: true})
	if _, err := dev.Get("http://10.1.2.3/"); !errors.Is(err, ssrf.ErrProhibitedIP) {
		t.Errorf("dev mode, 10.1.2.3: got %v", err)
	}
}

func TestClientIgnoresProxyOfEnvironment(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	defer proxy.Close()
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	if _, err := webhook.NewClient(webhook.ClientConfig{}).Get("https://10.1.2.3/"); !errors.Is(err, ssrf.ErrProhibitedIP) {
		t.Errorf("got %v", err)
	}
}

func TestClientSpeaksTLSWithKnownRootsOnly(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	if _, err := webhook.NewClient(webhook.ClientConfig{Dev: true}).Get(server.URL); err == nil {
		t.Error("a certificate of nobody was accepted")
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	res, err := webhook.NewClient(webhook.ClientConfig{Dev: true, RootCAs: roots}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

func TestClientLimitsAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("x", len(r.URL.Query().Get("n"))))
	}))
	defer server.Close()
	client := webhook.NewClient(webhook.ClientConfig{Dev: true, MaxAnswer: 100})
	for _, c := range []struct {
		size int
		want error
	}{{0, nil}, {99, nil}, {100, nil}, {101, webhook.ErrAnswerTooLarge}, {5000, webhook.ErrAnswerTooLarge}} {
		res, err := client.Get(server.URL + "/?n=" + strings.Repeat("n", c.size))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		if !errors.Is(err, c.want) || len(got) != min(c.size, 100) {
			t.Errorf("%d bytes: got %d and %v, want %v", c.size, len(got), err, c.want)
		}
	}
}

func TestClientDoesNotFollowRedirects(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/inside" {
			t.Error("the redirect was followed")
		}
		http.Redirect(w, r, "/inside", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	res, err := webhook.NewClient(webhook.ClientConfig{Dev: true}).Post(server.URL, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("status %d", res.StatusCode)
	}
}

// What CheckURL lets through, the standard library must read as the same https host.
func FuzzCheckURL(f *testing.F) {
	for _, host := range append(private(), oddNumbers()...) {
		f.Add("https://" + host + "/")
	}
	f.Add("https://client.example:8443/hook?x=1")
	f.Fuzz(func(t *testing.T, raw string) {
		if webhook.CheckURL(raw, false) != nil {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.User != nil {
			t.Fatalf("allowed %q", raw)
		}
		addr, err := netip.ParseAddr(u.Hostname())
		if err == nil && (addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() || addr.IsMulticast()) {
			t.Fatalf("allowed %q", raw)
		}
	})
}
