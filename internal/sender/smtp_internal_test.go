package sender

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

// mailServer speaks as much SMTP (RFC 5321) as takes one e-mail, and gives what it was told.
type mailServer struct {
	tls   *tls.Config
	start bool              // offers STARTTLS
	no    map[string]string // what it answers to a verb that it refuses
	told  chan string
	addr  string
}

func openMailServer(t *testing.T, s *mailServer) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s.tls = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	pool := x509.NewCertPool()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(cert)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s.addr, s.told = l.Addr().String(), make(chan string, 1)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.talk(conn)
		}
	}()
	return pool
}

func (s *mailServer) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	var told strings.Builder
	say := func(c net.Conn, line string) { _, _ = fmt.Fprint(c, line+"\r\n") }
	r := bufio.NewReader(conn)
	say(conn, "220 ready")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		told.WriteString(line)
		verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if answer := s.no[strings.ToUpper(verb)]; answer != "" {
			say(conn, answer)
			continue
		}
		switch strings.ToUpper(verb) {
		case "EHLO":
			if s.start {
				say(conn, "250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS")
			} else {
				say(conn, "250-here\r\n250 AUTH PLAIN")
			}
		case "STARTTLS":
			say(conn, "220 go on")
			secure := tls.Server(conn, s.tls)
			conn, r = secure, bufio.NewReader(secure)
		case "RCPT":
			say(conn, "250 fine")
		case "DATA":
			say(conn, "354 go on")
			for {
				line, err := r.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				told.WriteString(line)
			}
			say(conn, "250 taken")
			s.told <- told.String()
		case "AUTH":
			say(conn, "235 welcome")
		case "QUIT":
			say(conn, "221 bye")
			return
		default:
			say(conn, "250 fine")
		}
	}
}

func letter() usher.CodeMessage {
	return usher.CodeMessage{
		ID: "7", Channel: usher.ByEmail, To: "anna@example.test", Subject: "Din kod för Banken", Text: "123456 är din kod.\nDen gäller i tio minuter.\n",
	}
}

func TestSMTPEncrypted(t *testing.T) {
	t.Parallel()
	server := &mailServer{start: true}
	pool := openMailServer(t, server)
	s, err := NewSMTP("smtp://user:password@"+server.addr, "Banken <bank@example.test>")
	if err != nil {
		t.Fatal(err)
	}
	s.roots = pool
	if err := s.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	told := <-server.told
	_, sent, _ := strings.Cut(told, "DATA\r\n")
	m, err := mail.ReadMessage(strings.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || !strings.Contains(string(body), "123456 är din kod.") {
		t.Errorf("the e-mail says %s, %v", body, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Din kod för Banken" || m.Header.Get("To") != "<anna@example.test>" {
		t.Errorf("headers %v, %v", m.Header, err)
	}
	if !strings.Contains(told, "AUTH PLAIN") || !strings.Contains(told, "RCPT TO:<anna@example.test>") {
		t.Errorf("told %s", told)
	}
}

func TestSMTPWithoutEncryptionIsNotUsed(t *testing.T) {
	t.Parallel()
	server := &mailServer{}
	openMailServer(t, server)
	s, err := NewSMTP("smtp://"+server.addr, "bank@example.test")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), letter()); err == nil {
		t.Error("a server without STARTTLS was given a code")
	}
	s, err = NewSMTP("smtp+plain://"+server.addr, "bank@example.test")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), letter()); err != nil {
		t.Errorf("a relay on the same machine: %v", err)
	}
}

func TestSMTPErrorsNameNobody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ verb, answer, want string }{
		{"RCPT", "550 anna@example.test is unknown here", "the mail server refused the e-mail"},
		{"RCPT", "451 anna@example.test is greylisted", "the mail server refused the e-mail for now"},
		{"DATA", "554 no valid recipients: anna@example.test", "the mail server refused the e-mail"},
	} {
		t.Run(tt.verb+" "+tt.answer[:3], func(t *testing.T) {
			t.Parallel()
			server := &mailServer{no: map[string]string{tt.verb: tt.answer}}
			openMailServer(t, server)
			s, err := NewSMTP("smtp+plain://"+server.addr, "bank@example.test")
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(t.Context(), letter()); err == nil || err.Error() != tt.want {
				t.Errorf("a refusal: %v", err)
			}
		})
	}
	m := letter()
	m.To = "anna@example.test\r\nBcc: all@example.test"
	s, err := NewSMTP("smtp+plain://localhost:1", "bank@example.test")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), m); err == nil || strings.Contains(err.Error(), "reach") {
		t.Errorf("an address with a line break was taken: %v", err)
	}
}
