package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/usher-kyc/usher/internal/audit"
)

// openStream readies what tells a receiver of syslog of the trail; nil where there is none.
func (h *house) openStream() (*audit.Stream, error) {
	s := h.settings
	if s.AuditStream == "" {
		return nil, nil
	}
	to := audit.Syslog{Address: s.AuditStream, TLS: &tls.Config{MinVersion: tls.VersionTLS12}}
	if err := to.Check(); err != nil {
		return nil, err
	}
	if s.AuditStreamCA != "" {
		raw, err := os.ReadFile(s.AuditStreamCA)
		if err != nil {
			return nil, fmt.Errorf("read its authorities: %w", err)
		}
		to.TLS.RootCAs = x509.NewCertPool()
		if !to.TLS.RootCAs.AppendCertsFromPEM(raw) {
			return nil, errors.New("its authorities: the file holds no certificate")
		}
	}
	if s.AuditStreamCert != "" {
		own, err := tls.LoadX509KeyPair(s.AuditStreamCert, s.AuditStreamCert)
		if err != nil {
			return nil, fmt.Errorf("read our certificate: %w", err)
		}
		to.TLS.Certificates = []tls.Certificate{own}
	}
	if name, err := os.Hostname(); err == nil {
		to.Host = name
	}
	return audit.NewStream(audit.StreamConfig{Store: h.db.Store, To: to, Log: h.log}), nil
}
