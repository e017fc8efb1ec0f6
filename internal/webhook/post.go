package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	usher "github.com/usher-kyc/usher"
)

// keptAnswer is how much of an answer the delivery log keeps; the rest is read only to keep the connection usable.
const keptAnswer = 1 << 10

// fault is an error whose text is ours and may be shown to the tenant.
type fault string

// Error gives the text.
func (f fault) Error() string { return string(f) }

// answer is what came back from an endpoint.
type answer struct {
	status int
	header http.Header
	body   string // the first KB
}

// poster makes single tries.
type poster struct {
	client *http.Client
	tokens *tokens
	agent  string
	now    func() time.Time

	allowed func(ctx context.Context, e usher.Endpoint) error
}

// post sends a delivery's bytes to its endpoint and gives the answer, whatever its status. An endpoint that refuses a token gets a new one
// within the same try, once.
func (p *poster) post(ctx context.Context, d usher.Delivery, e usher.Endpoint, how Policy) (answer, error) {
	if err := p.allowed(ctx, e); err != nil {
		var told *usher.Error
		if errors.As(err, &told) {
			return answer{}, fault(told.Message)
		}
		return answer{}, err
	}
	a, sent, err := p.once(ctx, d, e, how)
	if err != nil || a.status != http.StatusUnauthorized || e.Auth.Type != AuthOAuth2 {
		return a, err
	}
	p.tokens.drop(ctx, e, strings.TrimPrefix(sent.Get("Authorization"), "Bearer "))
	a, _, err = p.once(ctx, d, e, how)
	return a, err
}

// once makes one request and gives the headers it was sent with.
func (p *poster) once(ctx context.Context, d usher.Delivery, e usher.Endpoint, how Policy) (answer, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(d.Message.Body))
	if err != nil {
		return answer{}, nil, fault("the address is not readable")
	}
	// An empty key is not sent; it tells the transport that the request may be repeated on a new connection when the receiver closed an idle one,
	// which the constant webhook-id makes safe.
	r.Header["Idempotency-Key"] = []string{}
	if err := authenticate(ctx, r.Header, e, p.tokens, how); err != nil {
		return answer{}, nil, err
	}
	r.Header.Set("Content-Type", d.Message.ContentType)
	if d.Message.ContentType == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("User-Agent", p.agent)
	now := p.now()
	if err := Sign(r.Header, d.ID, now, d.Message.Body, e.Secrets); err != nil {
		return answer{}, nil, fault("the endpoint has no usable signing secret; rotate it")
	}
	if e.Auth.Type == AuthHMAC {
		how.Sign(r.Header, e.Auth.Secret, now, d.Message.Body)
	}
	res, err := p.client.Do(r)
	if err != nil {
		return answer{}, nil, err
	}
	defer res.Body.Close() // it was only read
	return answer{status: res.StatusCode, header: res.Header, body: readAnswer(res.Body)}, r.Header, nil
}

// readAnswer gives the first KB of a body. The status has already said whether the message was taken, so a body that breaks off
// is kept as far as it came.
func readAnswer(body io.Reader) string {
	kept, err := io.ReadAll(io.LimitReader(body, keptAnswer))
	if err == nil && len(kept) == keptAnswer {
		_, _ = io.CopyN(io.Discard, body, defaultMaxAnswer-keptAnswer) // only to use the connection again
	}
	// A character cut in two at the limit, or bytes that are no text, would not survive storage as text.
	return strings.ToValidUTF8(string(kept), "\uFFFD")
}

// describe puts a failed try in words for the delivery log. They never hold an address, a query or what a name resolved to: the log is shown
// to the tenant, and an answer "10.0.0.7 refused" would make it a map of the network behind this server.
func describe(err error) string {
	var f fault
	var lookup *net.DNSError
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case errors.As(err, &f):
		return f.Error()
	case errors.Is(err, ErrRefused), errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return "the address may not be called: it is not a public https address on an allowed port"
	case errors.As(err, &certificate):
		return "the certificate was not accepted"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in time"
	case errors.As(err, &lookup):
		return "the host name was not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the connection was closed without an answer"
	}
	return "the connection failed"
}
