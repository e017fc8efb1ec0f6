package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"code.dny.dev/ssrf"
)

const (
	defaultTimeout   = 15 * time.Second
	defaultMaxAnswer = 64 << 10
	// A receiver's headers are of no use to us; this only has to fit those of ordinary proxies.
	maxAnswerHeader = 32 << 10
)

// ErrAnswerTooLarge is what reading an answer gives once more than ClientConfig.MaxAnswer bytes came.
var ErrAnswerTooLarge = errors.New("the answer is too large")

// ErrRefused is why the client did not send a request whose address breaks the rules of [CheckURL]; errors.Is finds it through the url.Error.
var ErrRefused = errors.New("this address may not be called")

// ClientConfig says where a client may call. The zero value is right for production: https on ports 443 and 8443 of public addresses.
type ClientConfig struct {
	Dev       bool           // also plain http, any port, and this machine
	Ports     []uint16       // instead of 443 and 8443
	Allow     []netip.Prefix // private networks that the operator of this server allows beside the public ones
	Timeout   time.Duration  // of a whole call with its answer; 0: 15 s
	MaxAnswer int64          // bytes; 0: 64 KB
	RootCAs   *x509.CertPool // nil: those of the system
}

// NewClient makes an HTTP client for addresses that someone else chose. It looks at the address when it dials, after the name was
// resolved, so that a name which changes its answer between a check and the call gains nothing. It uses no proxy from the environment,
// which would dial in its place; gives a redirect back as the answer it is; needs TLS 1.2; and reads no more than MaxAnswer.
func NewClient(cfg ClientConfig) *http.Client {
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxAnswer == 0 {
		cfg.MaxAnswer = defaultMaxAnswer
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: cfg.guardian().Safe}
	transport := &http.Transport{
		Proxy:       nil,
		DialContext: dialer.DialContext,
		// Without ForceAttemptHTTP2 this stays with HTTP/1.1, where a connection that died silently holds up one call and not all of a host.
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    defaultPerHost,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxAnswerHeader,
		// Answers are short; a packed one only hides its size.
		DisableCompression: true,
	}
	return &http.Client{
		Timeout:       cfg.Timeout,
		Transport:     &guarded{next: transport, cfg: cfg},
		CheckRedirect: notFollowed,
	}
}

// notFollowed makes a redirect the answer it is.
func notFollowed(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// guardian makes the rules that hold at dial time. The forbidden networks are those of the IANA special purpose registries.
func (c ClientConfig) guardian() *ssrf.Guardian {
	allow := slices.Clone(c.Allow)
	ports := ssrf.WithPorts(c.ports()...)
	if c.Dev {
		allow = append(allow, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
		ports = ssrf.WithAnyPort()
	}
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return ssrf.New(ports, ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
}

func (c ClientConfig) ports() []uint16 {
	if len(c.Ports) == 0 {
		return []uint16{443, 8443}
	}
	return c.Ports
}

// guarded is the part of the rules that a dialer cannot see: scheme and credentials of the URL, and the size of the answer.
type guarded struct {
	next http.RoundTripper
	cfg  ClientConfig
}

// RoundTrip sends a request whose URL is allowed.
func (g *guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if (r.URL.Scheme != "https" && !(g.cfg.Dev && r.URL.Scheme == "http")) || r.URL.User != nil {
		if r.Body != nil {
			r.Body.Close() // a RoundTripper owes the close; the refusal is the news
		}
		return nil, ErrRefused
	}
	res, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = &limited{ReadCloser: res.Body, left: g.cfg.MaxAnswer}
	return res, nil
}

// limited is a body that fails, rather than ends, at its limit: half an answer must not pass for a whole one.
type limited struct {
	io.ReadCloser
	left int64
}

// Read gives ErrAnswerTooLarge once the limit is passed.
func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrAnswerTooLarge
	}
	// One byte more than allowed tells an answer that fits exactly from one that does not.
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return n - 1, ErrAnswerTooLarge
	}
	return n, err
}
