package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// settings are what a house is opened with. Each is a flag, an environment variable USHER_<NAME> and a line of the config file; the flag wins
// over the variable, and the variable over the file.
type settings struct {
	Addr, Data, Database, Config string
	Blob, BlobKey                string
	URL, VerifyURL, DeskURL      string
	MasterKey                    string
	KMS, KMSToken, KMSNamespace  string
	AccountURL, AccountToken     string
	Allow, Proxies               string
	Checks, ChecksEvidence       string
	ChecksSecret                 string
	ChecksInline                 bool
	ChecksWait                   time.Duration
	FaceEngine, FaceThreshold    string
	FaceKey                      string
	LivenessEngine               string
	LivenessThreshold            string
	LivenessKey                  string
	Watchlists                   string
	SMTP, MailFrom               string
	SMSURL, SMSToken             string
	CSCA                         string
	AuditCheckpoints             string
	AuditWebhook                 string
	AuditLine                    bool
	AuditStream, AuditStreamCA   string
	AuditStreamCert              string
	ReceiptValid                 time.Duration
	OIDCIssuer, OIDCClient       string
	OIDCSecret, OIDCTenant       string
	OIDCName, OIDCRoles          string
	OIDCGroups, OIDCACR, OIDCAMR string
	SecurityContact              string
	SecurityExpires              string
	Dev, JSONLog                 bool
	Drain                        time.Duration
	MetricsAddr, OTLP, LogLevel  string
	KeepDeliveries               time.Duration
	env                          func(string) string // gives variables, of OpenTelemetry as well
}

// setting is one of them. Secrets have no flag: a command line can be read by every process of a machine.
type setting struct {
	name, about string
	text        *string
	yes         *bool
	length      *time.Duration
	secret      bool
}

func (s *settings) all() []setting {
	return []setting{
		{name: "addr", text: &s.Addr, about: "address to listen at"},
		{name: "data", text: &s.Data, about: "folder of the database, the evidence and the master key"},
		{name: "database", text: &s.Database, about: "postgres://user@host:5432/name, for any number of nodes; its password better in the variable, or in PGPASSWORD; empty is SQLite in the data folder"},
		{name: "blob", text: &s.Blob, about: "where evidence is kept, such as s3://bucket?endpoint=https://s3.example.com&region=eu-north-1; empty is a folder below data"},
		{name: "url", text: &s.URL, about: "how clients reach the API, such as https://api.example.com; empty is http:// and the address"},
		{name: "verify-url", text: &s.VerifyURL, about: "how applicants reach the hosted page, on a host of its own; empty is the same as url"},
		{name: "desk-url", text: &s.DeskURL, about: "how staff reach the desk, on a host of its own; empty is the same as url"},
		{name: "account-url", text: &s.AccountURL, about: "where the account opener \"http\" posts to; empty leaves it out"},
		{name: "checks", text: &s.Checks, about: "checks done by outside engines, such as registry=https://a.example/check,face=https://b.example/face"},
		{name: "checks-evidence", text: &s.ChecksEvidence, about: "what they are shown, such as face=document_front+selfie,registry=none; empty is what each needs"},
		{name: "checks-inline", yes: &s.ChecksInline, about: "send evidence in the request and not as links"},
		{name: "checks-wait", length: &s.ChecksWait, about: "how long an outside engine may take that answers later"},
		{name: "face-engine", text: &s.FaceEngine, about: "engine that compares faces: compreface=, insightface=, rekognition= or regula= and its address"},
		{name: "face-threshold", text: &s.FaceThreshold, about: "from which figure of it two faces count as one person, in its own unit, such as 0.9 or 95%"},
		{name: "liveness-engine", text: &s.LivenessEngine, about: "engine that tells liveness: rekognition= or regula= and its address; empty is the capture challenge"},
		{name: "liveness-threshold", text: &s.LivenessThreshold, about: "from which confidence of rekognition, in percent"},
		{name: "allow", text: &s.Allow, about: "private networks that webhooks and openers may reach, such as 10.1.0.0/16,10.2.3.4/32"},
		{name: "watchlists", text: &s.Watchlists, about: "file that says where watchlists come from and when; empty brings none in by itself"},
		{name: "kms", text: &s.KMS, about: "key management service that seals the master key: https://vault.example:8200/transit/keys/usher, aws-kms://arn:… or gcp-kms://projects/…"},
		{name: "kms-namespace", text: &s.KMSNamespace, about: "namespace of that Vault server"},
		{name: "csca", text: &s.CSCA, about: "file or folder of the issuers whose chips are believed: PEM, DER, LDIF or a CSCA master list; empty examines no chip"},
		{name: "audit-checkpoints", text: &s.AuditCheckpoints, about: "file that signed ends of the audit trail are appended to, best on another disk; empty is audit-checkpoints.jsonl in the data folder"},
		{name: "audit-webhook", text: &s.AuditWebhook, about: "auditor's address that they are posted to as well; empty posts to nobody"},
		{name: "audit-line", yes: &s.AuditLine, about: "print them as lines of JSON as well, for a log that is kept elsewhere"},
		{name: "audit-stream", text: &s.AuditStream, about: "receiver of syslog that is told of every entry of the audit trail, such as tls://siem.example.com:6514; empty tells none"},
		{name: "audit-stream-ca", text: &s.AuditStreamCA, about: "file of the authorities that vouch for it, PEM; empty are those of the system"},
		{name: "audit-stream-cert", text: &s.AuditStreamCert, about: "file with our certificate and its key for it, PEM; empty shows none"},
		{name: "receipt-valid", length: &s.ReceiptValid, about: "how long the receipt of an approval counts, such as 2160h; zero is a year"},
		{name: "mail-from", text: &s.MailFrom, about: "whom e-mails with one-time codes are from, such as \"Example Bank <onboarding@example.com>\""},
		{name: "sms-url", text: &s.SMSURL, about: "gateway that one-time codes for phones are posted to; empty sends none"},
		{name: "oidc-issuer", text: &s.OIDCIssuer, about: "identity provider (OpenID Connect) by which staff may sign in, such as https://id.example.com; empty is none"},
		{name: "oidc-client-id", text: &s.OIDCClient, about: "what that provider calls this desk"},
		{name: "oidc-tenant", text: &s.OIDCTenant, about: "id of the tenant whose staff it knows"},
		{name: "oidc-name", text: &s.OIDCName, about: "its name on the button"},
		{name: "oidc-roles", text: &s.OIDCRoles, about: "what its groups may do, such as kyc-team=reviewer,kyc-leads=senior; empty lets in those who were invited"},
		{name: "oidc-groups", text: &s.OIDCGroups, about: "member of its ID token that lists groups; empty is groups"},
		{name: "oidc-acr", text: &s.OIDCACR, about: "classes of sign-in (acr) of which it has to name one"},
		{name: "oidc-amr", text: &s.OIDCAMR, about: "methods of sign-in (amr) of which it has to name one, such as mfa,hwk"},
		{name: "security-contact", text: &s.SecurityContact, about: "whom to tell of a weakness, for /.well-known/security.txt, such as mailto:security@example.com; empty leaves the file out"},
		{name: "security-expires", text: &s.SecurityExpires, about: "until when that contact is right, such as 2027-06-30"},
		{name: "proxies", text: &s.Proxies, about: "networks whose X-Forwarded-For is believed"},
		{name: "dev", yes: &s.Dev, about: "loopback only, with a sandbox tenant, credentials and staff ready to use"},
		{name: "json-log", yes: &s.JSONLog, about: "log as JSON lines"},
		{name: "keep-deliveries", length: &s.KeepDeliveries, about: "how long webhooks that were delivered or given up can be looked at and sent again; 0 keeps them all"},
		{name: "log-level", text: &s.LogLevel, about: "debug, info, warn or error; empty is info, and warn with dev"},
		{name: "metrics-addr", text: &s.MetricsAddr, about: "address for collectors of figures, such as 127.0.0.1:9090; empty tells nobody"},
		{name: "otlp", text: &s.OTLP, about: "collector of traces, such as http://127.0.0.1:4318; empty sends none, unless OTEL_EXPORTER_OTLP_ENDPOINT names one"},
		{name: "drain", length: &s.Drain, about: "how long to answer \"not ready\" before the listener closes; 5s with a database that nodes share, else none"},
		{name: "master-key", text: &s.MasterKey, secret: true, about: "the master key, base64; empty is the file master.key in the data folder"},
		{name: "kms-token", text: &s.KMSToken, secret: true, about: "token for the transit engine of that Vault server; the clouds find credentials in their own ways"},
		{name: "blob-key", text: &s.BlobKey, secret: true, about: "key of that bucket, ID:SECRET; empty asks AWS_ACCESS_KEY_ID and then the role of the machine or pod"},
		{name: "checks-secret", text: &s.ChecksSecret, secret: true, about: "whsec_… that signs what outside engines are sent, or registry=whsec_…,face=whsec_…"},
		{name: "oidc-client-secret", text: &s.OIDCSecret, secret: true, about: "this desk's secret at the identity provider"},
		{name: "smtp", text: &s.SMTP, secret: true, about: "mail server for one-time codes, such as smtp://user:password@mail.example.com:587; empty sends none"},
		{name: "sms-token", text: &s.SMSToken, secret: true, about: "bearer token for that gateway"},
		{name: "face-key", text: &s.FaceKey, secret: true, about: "key of the engine that compares faces; of rekognition an id and a secret with a colon between them"},
		{name: "liveness-key", text: &s.LivenessKey, secret: true, about: "the same for the engine that tells liveness"},
		{name: "account-token", text: &s.AccountToken, secret: true, about: "bearer token for the account opener \"http\""},
	}
}

// readSettings reads flags, environment and file, in this order of weight. What the command adds to the flags is done by more; a flag of its own
// hides the setting of the same name, which the variable and the file still give.
func readSettings(c console, name string, args []string, more func(*flag.FlagSet)) (settings, []string, error) {
	s := settings{env: c.env, Addr: "127.0.0.1:8080", Data: "data", Proxies: "127.0.0.0/8,::1/128", ChecksWait: time.Hour, KeepDeliveries: 90 * 24 * time.Hour}
	fs := flag.NewFlagSet("usher "+name, flag.ContinueOnError)
	fs.SetOutput(c.err)
	fs.StringVar(&s.Config, "config", c.env("USHER_CONFIG"), "file of settings, one \"name: value\" a line")
	if more != nil {
		more(fs)
	}
	for _, one := range s.all() {
		switch {
		case one.secret, fs.Lookup(one.name) != nil:
		case one.yes != nil:
			fs.BoolVar(one.yes, one.name, *one.yes, one.about)
		case one.length != nil:
			fs.DurationVar(one.length, one.name, *one.length, one.about)
		default:
			fs.StringVar(one.text, one.name, *one.text, one.about)
		}
	}
	rest, err := parseFlags(fs, args)
	if err != nil {
		return s, nil, err
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	file, err := readConfig(s.Config)
	if err != nil {
		return s, nil, err
	}
	for _, one := range s.all() {
		value, from := c.env(variable(one.name)), variable(one.name)
		if value == "" {
			value, from = file[one.name], s.Config
		}
		delete(file, one.name)
		if value == "" || given[one.name] {
			continue
		}
		if err := one.set(value); err != nil {
			return s, nil, usageError{fmt.Errorf("%s: %s: %w", from, one.name, err)}
		}
	}
	for unknown := range file {
		return s, nil, usageError{fmt.Errorf("%s: unknown setting %q", s.Config, unknown)}
	}
	return s, rest, s.check()
}

// parseFlags takes flags before, between and behind the other words, as people write them; what follows "--" are words. It gives the words.
func parseFlags(fs *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{err}
		}
		left := fs.Args()
		if len(left) == 0 {
			return words, nil
		}
		if read := len(args) - len(left); read > 0 && args[read-1] == "--" {
			return append(words, left...), nil
		}
		words, args = append(words, left[0]), left[1:]
	}
}

func variable(name string) string {
	return "USHER_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func readConfig(path string) (map[string]string, error) {
	if path == "" {
		return map[string]string{}, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, usageError{fmt.Errorf("read config file: %w", err)}
	}
	file := map[string]string{}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		return nil, usageError{fmt.Errorf("config file %s: %w", path, err)}
	}
	return file, nil
}

func (one setting) set(value string) error {
	switch {
	case one.yes != nil:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("write true or false")
		}
		*one.yes = b
	case one.length != nil:
		d, err := time.ParseDuration(value)
		if err != nil {
			return errors.New("write a length of time, such as 5s")
		}
		*one.length = d
	default:
		*one.text = value
	}
	return nil
}

// check refuses settings that cannot work together, and fills in what follows from others.
func (s *settings) check() error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); s.LogLevel != "" && err != nil {
		return usageError{errors.New("log-level: write debug, info, warn or error")}
	}
	if _, _, err := net.SplitHostPort(s.MetricsAddr); s.MetricsAddr != "" && err != nil {
		return usageError{fmt.Errorf("metrics-addr: %q is not HOST:PORT", s.MetricsAddr)}
	}
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return usageError{fmt.Errorf("addr: %q is not HOST:PORT", s.Addr)}
	}
	if s.Dev && !isLoopback(host) {
		return usageError{fmt.Errorf("addr: --dev lets anybody in who reaches it, so it listens on loopback only; %q is not 127.0.0.1 or localhost", host)}
	}
	if s.Database != "" && !strings.HasPrefix(s.Database, "postgres://") && !strings.HasPrefix(s.Database, "postgresql://") {
		return usageError{errors.New("database: write postgres://user@host:5432/name, or leave it out for SQLite in the data folder")}
	}
	if s.Database != "" && s.Drain == 0 && !s.Dev {
		s.Drain = sharedDrain
	}
	if s.Database != "" && s.Drain == 0 && !s.Dev {
		s.Drain = sharedDrain
	}
	if s.Database != "" && s.Drain == 0 && !s.Dev {
		s.Drain = sharedDrain
	}
	if s.Blob != "" {
		if _, err := s.bucket(); err != nil {
			return usageError{err}
		}
	}
	for _, u := range []struct{ name, value string }{{"url", s.URL}, {"verify-url", s.VerifyURL}, {"desk-url", s.DeskURL}} {
		if u.value == "" {
			continue
		}
		p, err := url.Parse(u.value)
		if err != nil || p.Host == "" || (p.Scheme != "https" && p.Scheme != "http") || strings.Trim(p.Path, "/") != "" {
			return usageError{fmt.Errorf("%s: %q is not like https://api.example.com, without a path", u.name, u.value)}
		}
		if p.Scheme == "http" && !isLoopback(p.Hostname()) {
			return usageError{fmt.Errorf("%s: passports do not travel over plain http; use https, with a proxy in front that ends TLS", u.name)}
		}
	}
	return nil
}

// level gives from which level on lines are logged, when the settings say nothing else.
func (s *settings) level(usual slog.Level) slog.Level {
	var l slog.Level
	switch {
	case s.LogLevel != "" && l.UnmarshalText([]byte(s.LogLevel)) == nil:
		return l
	case s.Dev:
		return slog.LevelWarn // a developer wants to see the table of credentials, not every request
	}
	return usual
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// at fills in the addresses once the listener is known.
func (s *settings) at(listening net.Addr) {
	if s.URL == "" {
		s.URL = "http://" + listening.String()
	}
	s.URL = strings.TrimSuffix(s.URL, "/")
	for _, u := range []*string{&s.VerifyURL, &s.DeskURL} {
		if *u == "" {
			*u = s.URL
		}
		*u = strings.TrimSuffix(*u, "/")
	}
}
