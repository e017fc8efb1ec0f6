package main

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/receipt"
	"github.com/usher-kyc/usher/internal/vault"
)

const receiptKeys = "receipts"

// openReceipts makes what issues receipts. Its first key is made with the first receipt, or when somebody asks for the public ones.
func (h *house) openReceipts() {
	h.receipts = receipt.New(receipt.Config{
		Number: func(tenant, session string) ([]byte, error) { return h.vault.Index(tenant, "receipt", session) },
		Cases:  h.Engine, Places: receiptPlaces{h}, URL: func() string { return h.settings.URL }, Keys: h.receiptKeys, Valid: h.settings.ReceiptValid,
	})
}

func (h *house) receiptKeys(ctx context.Context) ([]receipt.SigningKey, error) {
	keys, err := h.vault.OpenSigningKeys(ctx, keysOf{h.db.Store}, receiptKeys, vault.ES256, time.Now())
	list := make([]receipt.SigningKey, len(keys))
	for i, k := range keys {
		private, ok := k.Signer.(*ecdsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("%s is not a key of P-256", k)
		}
		list[i] = receipt.SigningKey{KID: k.KID, Private: private, CreatedAt: k.CreatedAt}
	}
	return list, err
}

// receiptPlaces notes on the trail who took the first receipt of a session.
type receiptPlaces struct{ *house }

func (p receiptPlaces) ReceiptPlace(ctx context.Context, tenant, session string, now time.Time) (int64, error) {
	return p.db.ReceiptPlace(ctx, tenant, session, receipt.ListSize, now, usher.AuditRecord{
		ID: "receipt-" + session, TenantID: tenant, At: now, Actor: usher.ActorFrom(ctx), Action: "receipt.issued", Object: session,
	})
}

func (p receiptPlaces) RevokedReceipts(ctx context.Context, from, to int64) ([]int64, error) {
	return p.db.RevokedReceipts(ctx, from, to)
}

func (p receiptPlaces) Receipts(ctx context.Context) (int64, error) { return p.db.Receipts(ctx) }

// receiptFlags are the flags of usher receipt verify.
type receiptFlags struct {
	key, issuer, status string
	json                bool
}

func (f *receiptFlags) add(fs *flag.FlagSet) {
	fs.StringVar(&f.key, "key", "", "file of the issuer's public keys, as its /.well-known/jwks.json gives them")
	fs.StringVar(&f.issuer, "issuer", "", "address of the server that you trust; its keys and its list of revoked receipts are fetched")
	fs.StringVar(&f.status, "status", "", "file of the issuer's status list, to see without a network whether the receipt was revoked")
	fs.BoolVar(&f.json, "json", false, "answer as JSON")
}

func receiptCommand(ctx context.Context, c console, args []string) error {
	if len(args) > 0 && args[0] == "verify" {
		var f receiptFlags
		fs := flag.NewFlagSet("usher receipt verify", flag.ContinueOnError)
		fs.SetOutput(c.err)
		f.add(fs)
		files, err := parseFlags(fs, args[1:])
		if err != nil {
			return err
		}
		if len(files) != 1 || (f.key == "") == (f.issuer == "") {
			return usageError{errors.New("needs one FILE, and either --key or --issuer: say whom you trust")}
		}
		return verifyReceipt(ctx, c, files[0], f)
	}
	return manage(ctx, c, "receipt", args, nil, map[string]func(*house, []string) error{
		"keys": func(h *house, _ []string) error {
			keys, err := h.receipts.Public(ctx)
			if err != nil {
				return err
			}
			set, err := receipt.JWKSOf(keys)
			if err != nil {
				return err
			}
			return json.NewEncoder(c.out).Encode(set)
		},
		"rotate": func(h *house, _ []string) error {
			keys, err := h.vault.NextSigningKey(ctx, rotation{keysOf{h.db.Store}, "receipt.key_rotated", receiptKID}, receiptKeys, vault.ES256, time.Now())
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "%s is published now and signs in an hour; %d keys verify receipts\n", keys[0], len(keys))
			return nil
		},
	})
}

// receiptKID names a key as receipts do.
func receiptKID(key vault.SealedKey) (string, error) { return key.KID, nil }

// verdict is what usher receipt verify found.
type verdict struct {
	Valid     bool               `json:"valid"`
	Problem   string             `json:"problem,omitempty"`
	Revoked   *bool              `json:"revoked,omitempty"` // not there when it was not looked up
	Statement *receipt.Statement `json:"statement,omitempty"`
}

func verifyReceipt(ctx context.Context, c console, path string, f receiptFlags) error {
	raw, err := readBounded(path)
	if err != nil {
		return err
	}
	var keys []receipt.Key
	if f.key != "" {
		set, err := readBounded(f.key)
		if err != nil {
			return err
		}
		if keys, err = receipt.ReadJWKS(set); err != nil {
			return err
		}
	} else if keys, err = issuerKeys(ctx, f.issuer); err != nil {
		return err
	}
	var v verdict
	s, err := receipt.Verify(string(raw), keys, time.Now())
	if err == nil && f.issuer != "" && s.Issuer != strings.TrimSuffix(f.issuer, "/") {
		err = fmt.Errorf("it is of %s, and not of %s", s.Issuer, f.issuer)
	}
	if s.Outcome != "" {
		v.Statement = &s
	}
	if err != nil {
		v.Problem = err.Error()
		return c.tellVerdict(v, f.json)
	}
	list, err := statusOf(ctx, s, f)
	if err != nil {
		return err
	}
	if list != "" {
		revoked, err := receipt.Revoked(list, keys, s.Status, time.Now())
		if err != nil {
			return err
		}
		v.Revoked = &revoked
		if revoked {
			v.Problem = "it was revoked"
		}
	}
	v.Valid = v.Problem == ""
	return c.tellVerdict(v, f.json)
}

// tellVerdict prints a verdict; its error is a foundError when the receipt does not count.
func (c console) tellVerdict(v verdict, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(c.out).Encode(v); err != nil {
			return fmt.Errorf("write verdict: %w", err)
		}
	} else if s := v.Statement; v.Valid && s != nil {
		fmt.Fprintf(c.out, "genuine     %s said on %s that this person was approved\nfor         %s, flow %s version %d, decided by %s\n",
			s.Issuer, s.Decided.Format(time.DateOnly), s.Tenant, s.Flow, s.FlowVersion, s.By)
		fmt.Fprintf(c.out, "person      %s, born %s\n", or(strings.TrimSpace(s.GivenName+" "+s.FamilyName), "(not shown)"), or(s.BirthDate, "(not shown)"))
		for _, k := range s.Checks {
			fmt.Fprintf(c.out, "checked     %s: %s (%s)\n", k.Kind, k.Outcome, k.Assurance)
		}
		fmt.Fprintf(c.out, "valid until %s\n", s.ValidUntil.Format(time.DateOnly))
		if s.Simulated {
			fmt.Fprintln(c.out, "SIMULATED   a sandbox made this up: it proves nothing about anybody")
		}
		if v.Revoked == nil {
			fmt.Fprintln(c.out, "(whether it was revoked since was not looked up; say --issuer or --status)")
		}
	}
	if !v.Valid {
		return foundError{fmt.Errorf("the receipt does not count: %s", v.Problem)}
	}
	return nil
}

const mostReceipt = 1 << 20 // bytes

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	return io.ReadAll(io.LimitReader(file, mostReceipt))
}

// issuerKeys fetches the keys of an issuer, which its metadata must name itself.
func issuerKeys(ctx context.Context, issuer string) ([]receipt.Key, error) {
	issuer = strings.TrimSuffix(issuer, "/")
	raw, err := fetch(ctx, issuer+receipt.MetadataPath, issuer)
	if err != nil {
		return nil, err
	}
	var m receipt.Metadata
	if err := json.Unmarshal(raw, &m); err != nil || m.Issuer != issuer {
		return nil, fmt.Errorf("%s does not say that it issues receipts as %s", issuer, issuer)
	}
	if raw, err = fetch(ctx, m.JWKSURI, issuer); err != nil {
		return nil, err
	}
	return receipt.ReadJWKS(raw)
}

// statusOf gives the status list that a receipt names: from a file, or from its issuer where that was asked for; "" where neither was.
func statusOf(ctx context.Context, s receipt.Statement, f receiptFlags) (string, error) {
	if f.status != "" {
		raw, err := readBounded(f.status)
		return string(raw), err
	}
	if f.issuer == "" {
		return "", nil
	}
	raw, err := fetch(ctx, s.Status.URI, s.Issuer)
	return string(raw), err
}

// fetch gets something from an issuer and from nowhere else; over https, or from this machine.
func fetch(ctx context.Context, address, issuer string) ([]byte, error) {
	u, err := url.Parse(address)
	from, errFrom := url.Parse(issuer)
	if err != nil || errFrom != nil || u.Scheme != from.Scheme || u.Host != from.Host || (u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname()))) {
		return nil, fmt.Errorf("%q is no address at https of the issuer %q", address, issuer)
	}
	client := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("it sends elsewhere") }}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	defer answer.Body.Close() // it was read to its end or given up
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: it answered %d", address, answer.StatusCode)
	}
	return io.ReadAll(io.LimitReader(answer.Body, mostReceipt))
}
