package audit_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/audit"
	"github.com/usher-kyc/usher/internal/store"
)

// siem is a receiver of syslog. What it reads of each connection is given out when that has ended.
type siem struct {
	net.Listener
	t   *testing.T
	got chan []string
}

// listen takes connections; the first cut of them are broken off behind as many messages as cut says.
func listen(t *testing.T, l net.Listener, cut ...int) *siem {
	t.Helper()
	s := &siem{l, t, make(chan []string, 10)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			most := -1
			if n < len(cut) {
				most = cut[n]
			}
			s.got <- s.read(conn, most)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return s
}

// read takes messages off a connection, each behind the count of its octets.
func (s *siem) read(conn net.Conn, most int) (list []string) {
	defer conn.Close()
	b := bufio.NewReaderSize(conn, 16)
	for most < 0 || len(list) < most {
		count, err := b.ReadString(' ')
		if err != nil && count == "" { // its end, or a handshake that failed
			return list
		}
		n, wrong := strconv.Atoi(strings.TrimSuffix(count, " "))
		if err != nil || wrong != nil {
			s.t.Errorf("a message begins with %q: %v, %v", count, err, wrong)
			return list
		}
		message := make([]byte, n)
		if _, err := io.ReadFull(b, message); err != nil {
			s.t.Errorf("a message ends early: %v", err)
			return list
		}
		list = append(list, string(message))
	}
	return list
}

func plain(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// form is RFC 5424, section 6, as far as we use it.
var form = regexp.MustCompile(`^<109>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [!-~]{1,255} usher - [!-~]{1,32} - (\{.*\})$`)

// exported gives the lines of an export that messages carry, each once.
func exported(t *testing.T, messages []string) io.ReadSeeker {
	t.Helper()
	var b bytes.Buffer
	seen := map[string]bool{}
	for _, m := range messages {
		parts := form.FindStringSubmatch(m)
		if parts == nil {
			t.Fatalf("%q is no message", m)
		}
		if !seen[parts[1]] {
			b.WriteString(parts[1] + "\n")
		}
		seen[parts[1]] = true
	}
	return bytes.NewReader(b.Bytes())
}

// TestStream cuts the receiver in the middle, starts anew, and looks that nothing is missing and nothing that was taken comes again.
func TestStream(t *testing.T) {
	t.Parallel()
	k := keep(t)
	l := plain(t)
	s := listen(t, l, 3)
	stream := func() *audit.Stream {
		return audit.NewStream(audit.StreamConfig{Store: k.Store, To: audit.Syslog{Address: "tcp://" + l.Addr().String(), Host: "node 1"}})
	}
	for i := range 20 { // more than sockets hold: some is still under way when the receiver ends
		long := k.entryOf("a", strings.Repeat("long ", 1<<16))
		long.ID = fmt.Sprint("long ", i)
		k.must(k.Store.AddAudit(t.Context(), long))
	}
	if err := stream().Send(t.Context()); err == nil {
		t.Error("what was cut in the middle counts as taken")
	}
	if got := <-s.got; len(got) != 3 {
		t.Errorf("the receiver has %d", len(got))
	}
	if n, oldest, err := k.Store.AuditLag(t.Context(), "tcp://"+l.Addr().String()); err != nil || n != 56 || !oldest.Equal(began) {
		t.Errorf("behind by %d since %v, %v", n, oldest, err)
	}
	k.must(stream().Send(t.Context()))
	all := <-s.got
	if len(all) != 56 {
		t.Errorf("taken: %d", len(all))
	}
	k.must(stream().Send(t.Context()))
	k.add(3)
	k.must(stream().Send(t.Context()))
	more := <-s.got
	if len(more) != 3 {
		t.Errorf("taken then: %d", len(more))
	}
	if r, err := audit.VerifyExport(t.Context(), exported(t, append(all, more...)), public(), k.marks); err != nil || !r.OK() || r.Records != 59 || r.Checkpoints != 3 {
		t.Errorf("what the receiver keeps: %+v, %v", r, err)
	}
	if n, oldest, err := k.Store.AuditLag(t.Context(), "tcp://"+l.Addr().String()); err != nil || n != 0 || !oldest.IsZero() {
		t.Errorf("behind by %d since %v, %v", n, oldest, err)
	}
}

func (k *kept) entryOf(tenant, detail string) usher.AuditRecord {
	r := trail(tenant, 1)[0]
	r.ID, r.Detail = fmt.Sprint("entry of ", tenant), detail
	return r
}

// TestStreamOverTLS trusts whom it was told to trust, and waits for its turn.
func TestStreamOverTLS(t *testing.T) {
	t.Parallel()
	k := keep(t)
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	l := tls.NewListener(plain(t), web.TLS)
	s := listen(t, l)
	config := audit.StreamConfig{Store: k.Store, To: audit.Syslog{Address: "tls://" + l.Addr().String(), TLS: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}}
	now := time.Now()
	name := "audit stream to " + config.To.Address
	if mine, err := k.Store.TakeTurn(t.Context(), name, "of another node", now, now.Add(time.Hour)); err != nil || !mine {
		t.Fatal(mine, err)
	}
	k.must(audit.NewStream(config).Send(t.Context()))
	k.must(k.Store.EndTurn(t.Context(), name, "of another node"))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		audit.NewStream(config).Run(ctx)
		close(ended)
	}()
	if got := <-s.got; len(got) != 36 {
		t.Errorf("taken: %d", len(got))
	}
	stop()
	<-ended
	config.To.TLS = nil
	k.must(k.Store.AddAudit(t.Context(), k.entryOf("a", "more")))
	if err := audit.NewStream(config).Send(t.Context()); err == nil {
		t.Error("sent to somebody whom nobody vouches for")
	}
}

// TestStreamOfMuch has more than one batch, and goes forward only.
func TestStreamOfMuch(t *testing.T) {
	t.Parallel()
	k := keep(t)
	for part := range 4 {
		list := make([]usher.AuditRecord, 800)
		for i := range list {
			list[i] = k.entryOf([]string{"a", "b"}[i%2], "much")
			list[i].ID = fmt.Sprint(part, " ", i)
		}
		k.must(k.Store.AddAudit(t.Context(), list...))
	}
	l := plain(t)
	s := listen(t, l)
	to := "tcp://" + l.Addr().String()
	k.must(audit.NewStream(audit.StreamConfig{Store: k.Store, To: audit.Syslog{Address: to}}).Send(t.Context()))
	var all []string
	for len(all) < 3236 {
		all = append(all, <-s.got...)
	}
	if r, err := audit.VerifyExport(t.Context(), exported(t, all), public(), k.marks); err != nil || !r.OK() || r.Records != 3236 {
		t.Errorf("%+v, %v", r, err)
	}
	k.must(k.Store.AuditTaken(t.Context(), to, []store.AuditPlace{{TenantID: "a", Seq: 3}}))
	if left, err := k.Store.AuditUntaken(t.Context(), to); err != nil || len(left) != 0 {
		t.Errorf("not taken: %v, %v", left, err)
	}
}

func TestSyslogAddress(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"tls://siem.example.com": true, "tls://siem.example.com:6514": true, "tcp://10.1.2.3:601": true, "tls://[::1]:6514/": true,
		"": false, "siem.example.com:6514": false, "udp://siem.example.com": false, "tls://": false, "tls://a@siem.example.com": false, "tls://siem.example.com/path": false,
	} {
		if err := (audit.Syslog{Address: address}).Check(); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}
