package sender

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// SMTP hands e-mails to a server.
type SMTP struct {
	address, host  string
	user, password string
	from           mail.Address
	mode           string         // of the transport: "smtp" must offer STARTTLS, "smtps" is TLS from the start, "smtp+plain" has none
	roots          *x509.CertPool // nil: those of the system
	now            func() time.Time
}

// longestMail bounds the whole talk with a server.
const longestMail = 20 * time.Second

// NewSMTP reads an address such as smtp://user:password@mail.example:587 and the sender's own, such as "Example Bank <onboarding@example>". The
// scheme smtp asks for STARTTLS, smtps is TLS from the start, and smtp+plain goes without, for a relay on the same machine only.
func NewSMTP(address, from string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the mail server is not an address such as smtp://user:password@mail.example:587") // err would show the password
	}
	s := &SMTP{mode: u.Scheme, host: u.Hostname(), user: u.User.Username(), now: time.Now}
	s.password, _ = u.User.Password()
	port := map[string]string{"smtp": "587", "smtps": "465", "smtp+plain": "25"}[u.Scheme]
	if port == "" || s.host == "" {
		return nil, errors.New("the mail server needs a scheme (smtp, smtps or smtp+plain) and a host, as in smtp://user:password@mail.example:587")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	if ip := net.ParseIP(s.host); s.mode == "smtp+plain" && s.host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("smtp+plain is for a relay on the same machine: use smtp or smtps for any other")
	}
	s.address = net.JoinHostPort(s.host, port)
	who, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("the sender of e-mails: %w", err)
	}
	s.from = *who
	return s, nil
}

// Send hands over one e-mail and waits until the server has taken it.
func (s *SMTP) Send(ctx context.Context, m usher.CodeMessage) error {
	to, err := mail.ParseAddress(m.To)
	if err != nil || strings.ContainsAny(m.To, "\r\n") {
		return errors.New("not an e-mail address")
	}
	ctx, cancel := context.WithTimeout(ctx, longestMail)
	defer cancel()
	c, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // after Quit there is nothing to close
	if err := c.Mail(s.from.Address); err != nil {
		return fmt.Errorf("name the sender: %w", err)
	}
	if err := c.Rcpt(to.Address); err != nil {
		return refusedBy(err)
	}
	w, err := c.Data()
	if err != nil {
		return refusedBy(err)
	}
	if _, err := w.Write(s.compose(*to, m)); err != nil {
		return fmt.Errorf("write the e-mail: %w", err)
	}
	if err := w.Close(); err != nil {
		return refusedBy(err)
	}
	_ = c.Quit() // it was taken; how the talk ends does not matter
	return nil
}

// Check signs in to the mail server and leaves again: nothing is sent.
func (s *SMTP) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, longestMail)
	defer cancel()
	c, err := s.enter(ctx)
	if err != nil {
		return err
	}
	_ = c.Quit() // it let us in, which was the question
	return nil
}

// enter opens the talk and signs in.
func (s *SMTP) enter(ctx context.Context) (*smtp.Client, error) {
	c, err := s.dial(ctx)
	if err != nil || s.user == "" {
		return c, err
	}
	if err := c.Auth(smtp.PlainAuth("", s.user, s.password, s.host)); err != nil {
		return nil, errors.Join(fmt.Errorf("sign in to the mail server: %w", err), c.Close())
	}
	return c, nil
}

// refusedBy leaves out the server's words: they may repeat the address. Answers of class 4 are not for good (RFC 5321, section 4.2.1), and neither
// is a talk that broke off.
func refusedBy(err error) error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok && answer.Code/100 != 4 {
		return errors.New("the mail server refused the e-mail")
	}
	return errors.New("the mail server refused the e-mail for now")
}

// dial opens the talk, encrypted as the mode asks.
func (s *SMTP) dial(ctx context.Context) (*smtp.Client, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, fmt.Errorf("reach the mail server: %w", err)
	}
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return nil, errors.Join(fmt.Errorf("set deadline: %w", err), conn.Close())
		}
	}
	secure := &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}
	if s.mode == "smtps" {
		conn = tls.Client(conn, secure)
	}
	c, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("greet the mail server: %w", err), conn.Close())
	}
	if s.mode == "smtp" {
		if err := c.StartTLS(secure); err != nil {
			return nil, errors.Join(fmt.Errorf("encrypt the talk with the mail server: %w", err), c.Close())
		}
	}
	return c, nil
}

// compose writes the e-mail (RFC 5322): plain text, UTF-8, lines short enough for any server.
func (s *SMTP) compose(to mail.Address, m usher.CodeMessage) []byte {
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("From", s.from.String())
	header("To", to.String())
	header("Subject", mime.QEncoding.Encode("utf-8", strings.Join(strings.Fields(m.Subject), " ")))
	header("Date", s.now().UTC().Format(time.RFC1123Z))
	header("Message-ID", "<"+m.ID+"@"+s.host+">")
	header("Auto-Submitted", "auto-generated") // RFC 3834: no robot need answer
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	_, _ = q.Write([]byte(m.Text)) // a buffer takes every write
	_ = q.Close()
	b.WriteString("\r\n")
	return b.Bytes()
}
