package webhook_test

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"code.dny.dev/ssrf"

	"github.com/usher-kyc/usher/internal/webhook"
)

// TestNameThatChangesItsMind has a name server say an address that may be called, and at the next question one that may not. Only the first is called,
// although the address of the webhook was looked at before each call and is a name that nothing is wrong with.
func TestNameThatChangesItsMind(t *testing.T) {
	var inside atomic.Bool // what the name server says
	useNameServer(t, func(name string) netip.Addr {
		if name != "example.com." {
			return netip.Addr{}
		}
		if inside.Load() {
			return netip.MustParseAddr("127.0.1.1")
		}
		return netip.MustParseAddr("127.0.0.1")
	})
	var outer, inner atomic.Int32
	count := func(n *atomic.Int32) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { n.Add(1); w.Header().Set("Connection", "close") })
	}
	public := httptest.NewTLSServer(count(&outer))
	defer public.Close()
	_, port, _ := net.SplitHostPort(public.Listener.Addr().String())
	private, err := net.Listen("tcp", net.JoinHostPort("127.0.1.1", port))
	if err != nil {
		t.Skipf("this machine has no second address of its own: %v", err)
	}
	secret := httptest.NewUnstartedServer(count(&inner))
	secret.Listener.Close()
	secret.Listener = private
	secret.StartTLS()
	defer secret.Close()

	at := netip.MustParseAddrPort(public.Listener.Addr().String())
	roots := x509.NewCertPool()
	roots.AddCert(public.Certificate()) // which the private one has, too: nothing but its address keeps it from being called
	rules := webhook.ClientConfig{Ports: []uint16{at.Port()}, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/24")}, RootCAs: roots}
	target := "https://example.com:" + port + "/"
	if err := rules.CheckURL(target); err != nil {
		t.Fatalf("the name is refused before anybody asked what it stands for: %v", err)
	}
	client := webhook.NewClient(rules)
	call := func() error {
		res, err := client.Post(target, "text/plain", strings.NewReader("x"))
		if err == nil {
			res.Body.Close()
		}
		return err
	}
	if err := call(); err != nil || outer.Load() != 1 {
		t.Fatalf("the address that may be called: %v, and it was called %d times", err, outer.Load())
	}
	inside.Store(true)
	if err := call(); !errors.Is(err, ssrf.ErrProhibitedIP) {
		t.Errorf("after the name changed its mind: %v, want a refusal of the address", err)
	}
	if inner.Load() != 0 {
		t.Error("the private address was called")
	}
}

// useNameServer has the whole process ask a name server of the test, until the test ends. Tests that run beside others must not use it.
func useNameServer(t *testing.T, answer func(name string) netip.Addr) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := tell(buf[:n], answer); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	was := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = was
		_ = conn.Close()
		<-ended
	})
}

// tell answers one question as RFC 1035, section 4 has it: an address where one is asked for and known, else that there is none.
func tell(question []byte, answer func(name string) netip.Addr) []byte {
	const header, typeA = 12, 1
	if len(question) < header+5 {
		return nil
	}
	var name strings.Builder
	i := header
	for question[i] != 0 {
		end := i + 1 + int(question[i])
		if end+5 > len(question) {
			return nil
		}
		name.Write(question[i+1 : end])
		name.WriteByte('.')
		i = end
	}
	reply := append([]byte(nil), question[:i+5]...) // without what stands behind the question
	reply[2], reply[3] = 0x81, 0x80                 // an answer, by a server that asks others
	copy(reply[6:header], make([]byte, 6))
	addr := answer(name.String())
	if binary.BigEndian.Uint16(question[i+1:]) != typeA || !addr.IsValid() {
		return reply
	}
	reply[7] = 1
	four := addr.As4()
	return append(append(reply, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4), four[:]...)
}
