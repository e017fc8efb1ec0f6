package audit

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// Syslog is a receiver of RFC 5424 messages over TCP: over TLS as RFC 5425 has it, or in the clear as RFC 6587 has it, both with octet counting.
type Syslog struct {
	Address string      // tls://host:6514 or tcp://host:601; the ports are those when there is none
	TLS     *tls.Config // nil trusts the system's roots
	Host    string      // name of this machine; "" is none
}

const (
	// notice of the facility "log audit": 13 × 8 + 5.
	syslogPriority = 109
	// syslogTime bounds one connection.
	syslogTime = 30 * time.Second
)

// Check tells what is wrong with the address.
func (s Syslog) Check() error {
	_, _, err := s.parts()
	return err
}

func (s Syslog) parts() (scheme, address string, err error) {
	u, err := url.Parse(s.Address)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", "", errors.New("it is not like tls://siem.example.com:6514")
	}
	port := map[string]string{"tls": "6514", "tcp": "601"}[u.Scheme]
	if port == "" {
		return "", "", errors.New("it begins with neither tls:// nor tcp://")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	return u.Scheme, net.JoinHostPort(u.Hostname(), port), nil
}

// Send sends messages on a connection of their own and returns once the receiver has read them all: syslog has no word for that, but whoever is told that
// no more comes closes its side behind the last it has read (RFC 5425, 4.4, demands it). A connection that ends before all has arrived there is an error.
func (s Syslog) Send(ctx context.Context, messages []byte) error {
	scheme, address, err := s.parts()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, syslogTime)
	defer cancel()
	var conn net.Conn
	if scheme == "tls" {
		conn, err = (&tls.Dialer{Config: s.TLS}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return fmt.Errorf("reach the receiver of the trail: %w", err)
	}
	defer conn.Close() // what counts was said before
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := conn.Write(messages); err != nil {
		return fmt.Errorf("send the trail: %w", err)
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		err = half.CloseWrite()
	}
	if err == nil {
		_, err = io.Copy(io.Discard, conn)
	}
	if err == nil {
		err = arrived(conn)
	}
	if err != nil {
		return fmt.Errorf("wait until the receiver has read the trail: %w", err)
	}
	return nil
}

// Message appends an entry as a message with the count of its octets before it. What it says is the line of an export, so that what a receiver has kept can
// be verified.
func (s Syslog) Message(to *bytes.Buffer, r usher.AuditRecord) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<%d>1 %s %s usher - %s - ", syslogPriority, r.At.UTC().Format(timeForm), syslogName(s.Host, 255), syslogName(r.Action, 32))
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(line{Record: entryOf(r)}); err != nil {
		return fmt.Errorf("encode entry: %w", err)
	}
	b.Truncate(b.Len() - 1) // the newline: octets are counted
	to.WriteString(strconv.Itoa(b.Len()))
	to.WriteByte(' ')
	to.Write(b.Bytes())
	return nil
}

// syslogName keeps what a name in the head of a message may have: printable ASCII, no blank.
func syslogName(text string, longest int) string {
	text = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, text)
	if text == "" {
		return "-"
	}
	return text[:min(len(text), longest)]
}
