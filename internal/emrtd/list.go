package emrtd

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of lists: every state together has well under a thousand certificates.
const (
	maxListFile  = 64 << 20
	maxLinks     = 4  // link certificates one behind the other
	maxCandidate = 32 // certificates of one name that are tried
)

// List holds the CSCA certificates that a caller trusts: those of the states' country signing certification authorities. Its
// zero value trusts nobody.
type List struct {
	// Unread counts certificates of the files that could not be read, and Others those of no authority.
	Unread, Others int

	certificates []*Certificate
}

// Load reads a file, or every file of a folder and the folders in it whose name ends as those of certificates do: .pem .crt
// .cer .der .ml .mls .p7b .cms .ldif.
func Load(path string) (*List, error) {
	l := &List{}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read list of issuers: %w", err)
	}
	if !info.IsDir() {
		return l, l.addFile(path)
	}
	endings := []string{".pem", ".crt", ".cer", ".der", ".ml", ".mls", ".p7b", ".cms", ".ldif"}
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains(endings, strings.ToLower(filepath.Ext(name))) {
			return err
		}
		return l.addFile(name)
	})
	if err != nil {
		return nil, fmt.Errorf("read list of issuers: %w", err)
	}
	return l, nil
}

func (l *List) addFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read list of issuers: %w", err)
	}
	if info.Size() > maxListFile {
		return fmt.Errorf("read list of issuers: %s has more than %d MB", path, maxListFile>>20)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read list of issuers: %w", err)
	}
	if err := l.Add(raw); err != nil {
		return fmt.Errorf("read list of issuers %s: %w", path, err)
	}
	return nil
}

// Len is how many certificates it holds.
func (l *List) Len() int { return len(l.certificates) }

// Countries lists the countries whose certificates it holds, sorted.
func (l *List) Countries() []string {
	var all []string
	for _, c := range l.certificates {
		all = append(all, c.Country)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Add reads certificates in PEM or DER, a CSCA master list (Doc 9303 part 12, section 9) whose own signature must hold, or
// either in an LDIF file of the ICAO PKD. Who signed a master list is not asked: whoever keeps the file vouches for it. An
// error means that the file is none of these; a single certificate that cannot be read is left out and counted.
func (l *List) Add(raw []byte) error {
	switch {
	case bytes.Contains(raw, []byte("-----BEGIN ")):
		return l.addPEM(raw)
	case len(raw) > 0 && raw[0] == tagSequence|constructedBit:
		return l.addDER(raw)
	case bytes.Contains(raw, []byte(":: ")):
		return l.addLDIF(raw)
	}
	return malformed("neither PEM, DER, LDIF nor a master list")
}

func (l *List) addPEM(raw []byte) error {
	found := false
	for {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		found = true
		if err := l.addDER(block.Bytes); err != nil {
			return err
		}
	}
	if !found {
		return malformed("no block of PEM can be read")
	}
	return nil
}

func (l *List) addDER(raw []byte) error {
	top := parts{rest: raw}
	inside := top.sequence()
	if first := inside.any(); inside.err != nil || top.err != nil {
		return malformed("the file breaks off")
	} else if !first.is(universal, tagOID) {
		l.addCertificate(raw)
		return nil
	}
	data, err := signedDataOf(raw)
	if err != nil {
		return err
	}
	if data.kind != oidMasterList {
		return malformed("content of kind %s and not a master list", data.kind)
	}
	if _, err := data.verify(); err != nil {
		return fmt.Errorf("the master list's own signature: %w", err)
	}
	content := parts{rest: data.content}
	p := content.sequence()
	p.integer() // version
	all, err := p.want(universal, tagSet).parts().list()
	if err = errors.Join(p.err, err); err != nil {
		return err
	}
	for _, e := range all {
		l.addCertificate(e.raw)
	}
	return nil
}

func (l *List) addCertificate(raw []byte) {
	c, err := ParseCertificate(raw)
	switch {
	case err != nil:
		l.Unread++
	case !c.IsCA && !c.selfIssued():
		l.Others++
	case !slices.ContainsFunc(l.certificates, func(had *Certificate) bool { return bytes.Equal(had.Raw, c.Raw) }):
		l.certificates = append(l.certificates, c)
	}
}

// addLDIF takes every value in base64 that is DER (RFC 2849); lines go on where the next begins with a space.
func (l *List) addLDIF(raw []byte) error {
	text := strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n ", "")
	found := false
	for line := range strings.Lines(text) {
		_, value, ok := strings.Cut(strings.TrimSpace(line), ":: ")
		if !ok {
			continue
		}
		der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err != nil || len(der) == 0 || der[0] != tagSequence|constructedBit {
			continue
		}
		found = true
		if err := l.addDER(der); err != nil {
			return err
		}
	}
	if !found {
		return malformed("the LDIF holds no certificate and no master list")
	}
	return nil
}

// issuersOf gives the certificates between c and one that the list trusts by itself, beginning with c's issuer.
func (l *List) issuersOf(c *Certificate) ([]*Certificate, error) {
	if path := l.path(c, maxLinks); path != nil {
		return path, nil
	}
	return nil, &Error{CodeUnknownIssuer, "no certificate of the list issued the signer's"}
}

func (l *List) path(c *Certificate, links int) []*Certificate {
	tried := 0
	for _, issuer := range l.certificates {
		if !issuer.mayHaveIssued(c) || bytes.Equal(issuer.Raw, c.Raw) {
			continue
		}
		if tried++; tried > maxCandidate {
			return nil
		}
		if issuer.key.verify(c.scheme, c.signed, c.signature) != nil {
			continue
		}
		if issuer.isRoot() {
			return []*Certificate{issuer}
		}
		// A link certificate: the old key of a state vouches for its new one.
		if links > 0 {
			if further := l.path(issuer, links-1); further != nil {
				return append([]*Certificate{issuer}, further...)
			}
		}
	}
	return nil
}

// isRoot tells whether a certificate of the list stands for itself. Where the identifiers of its keys are missing, a state's
// link certificate can look the same, so the signature tells.
func (c *Certificate) isRoot() bool {
	if !c.selfIssued() {
		return false
	}
	if c.authorityKey != nil && c.subjectKey != nil {
		return true
	}
	return c.key.verify(c.scheme, c.signed, c.signature) == nil
}
