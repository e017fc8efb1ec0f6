package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/usher-kyc/usher/internal/audit"
)

// verify walks through the database's trails.
func (t *trail) verify(ctx context.Context, c console, a auditFlags) error {
	keys, err := t.public(ctx)
	if a.key != "" {
		keys, err = readKeys(a.key)
	}
	if err != nil {
		return err
	}
	marks, bad, err := t.checkpoints(a.checkpoints, keys)
	if err != nil {
		return err
	}
	began := time.Now()
	r, err := t.Ledger.Verify(ctx, marks)
	if err != nil {
		return err
	}
	r.Add(bad...)
	return c.report(r, time.Since(began), a.json)
}

// verifyFile verifies an export, with nothing but the file and the keys.
func verifyFile(ctx context.Context, c console, a auditFlags) error {
	if a.key == "" {
		return usageError{errors.New("needs --key, the public keys of the server that the export is from")}
	}
	keys, err := readKeys(a.key)
	if err != nil {
		return err
	}
	var more []audit.Checkpoint
	var bad []audit.Fault
	if a.checkpoints != "" {
		if more, bad, err = (&trail{}).checkpoints(a.checkpoints, keys); err != nil {
			return err
		}
	}
	f, err := os.Open(a.file)
	if err != nil {
		return fmt.Errorf("open export: %w", err)
	}
	defer f.Close() // only read
	began := time.Now()
	r, err := audit.VerifyExport(ctx, f, keys, more)
	if err != nil {
		return err
	}
	r.Add(bad...)
	return c.report(r, time.Since(began), a.json)
}

// report prints what a verification found; its error is a foundError when something is wrong.
func (c console) report(r audit.Report, took time.Duration, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(c.out).Encode(struct {
			OK bool `json:"ok"`
			audit.Report
		}{r.OK(), r}); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	} else {
		for _, f := range r.Faults {
			fmt.Fprintf(c.out, "FAULT  %-14s %s: %s\n", f.Kind, or(f.Tenant, "(the server)"), f.Message)
		}
		fmt.Fprintf(c.out, "%d entries in %d chains read in %d ms; %d checkpoints fit; %d entries are newer than the last checkpoint of their chain\n",
			r.Records, r.Chains, took.Milliseconds(), r.Checkpoints, r.Unsigned)
	}
	if !r.OK() {
		return foundError{fmt.Errorf("the audit trail is not as it was written: %d faults", len(r.Faults)+r.More)}
	}
	return nil
}

// readKeys reads Ed25519 keys from a file of PEM blocks.
func readKeys(path string) ([]ed25519.PublicKey, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var keys []ed25519.PublicKey
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		any, err := x509.ParsePKIXPublicKey(block.Bytes)
		key, ok := any.(ed25519.PublicKey)
		if err != nil || !ok {
			return nil, fmt.Errorf("%s holds something else than Ed25519 public keys", path)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no public key", path)
	}
	return keys, nil
}
