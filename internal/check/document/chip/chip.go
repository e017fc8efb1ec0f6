package chip

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/emrtd"
)

// The name and version that results carry.
const (
	Provider = "chip"
	Version  = "passive-1"
)

// Config is what the check needs.
type Config struct {
	// List holds the issuers that are trusted. Without one, or with an empty one, every outcome is not_run.
	List *emrtd.List
	// Document reads the picture of the document; wrap it in document.Share and document.Earlier. nil leaves that comparison out.
	Document usher.Checker
	// Now is the clock that durations are measured by (default time.Now).
	Now func() time.Time
}

// Checker is the chip check.
type Checker struct{ config Config }

var _ usher.Checker = (*Checker)(nil)

// New returns the check.
func New(config Config) *Checker {
	if config.List == nil {
		config.List = &emrtd.List{}
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Checker{config: config}
}

// Kind returns usher.CheckChip.
func (c *Checker) Kind() usher.CheckKind { return usher.CheckChip }

// Check follows the chip's signature to an issuer and holds each file against it. An error means that a file could not be
// fetched, or is the document check's.
func (c *Checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	started := c.config.Now()
	v := &verdict{in: in, result: usher.CheckResult{
		Kind: usher.CheckChip, Outcome: usher.Clear, Assurance: usher.Verified, Provider: Provider, Version: Version,
		NotExamined: []string{"authenticity", "chip_clone", "chip_revocation"},
	}}
	files, ids, err := read(ctx, in)
	if err != nil {
		return usher.CheckResult{}, err
	}
	v.result.EvidenceIDs = ids
	switch {
	case len(files) == 0:
		v.notRun(usher.ChipMissing)
	case c.config.List.Len() == 0:
		v.notRun(usher.ChipNotExamined)
	default:
		if signed := c.authenticate(v, files); signed != nil {
			if err := c.contents(ctx, v, signed); err != nil {
				return usher.CheckResult{}, err
			}
		}
	}
	v.result.DurationMS = c.config.Now().Sub(started).Milliseconds()
	return v.result, nil
}

// signed is a chip whose signature holds.
type signed struct {
	sod   *emrtd.SOD
	proof emrtd.Proof
	files map[int][]byte // the data groups whose hashes agree
}

// authenticate does passive authentication. It gives nil when there is no signature to rely on, known issuer or not.
func (c *Checker) authenticate(v *verdict, files []file) *signed {
	i := slices.IndexFunc(files, func(f file) bool { return f.kind == usher.ChipSOD })
	if i < 0 {
		v.unproven(usher.ChipMissing, usher.ChipSOD)
		return nil
	}
	v.result.Examined = append(v.result.Examined, "chip_signature")
	s := &signed{files: map[int][]byte{}}
	var err error
	if s.sod, err = emrtd.ParseSOD(files[i].raw); err == nil {
		s.proof, err = s.sod.Verify(c.config.List)
	}
	if !v.signature(s.proof, err) {
		return nil
	}
	v.result.Examined = append(v.result.Examined, "chip_issuer", "chip_data")
	for _, f := range files {
		if f.number == 0 {
			continue
		}
		switch s.sod.Compare(f.number, f.raw) {
		case emrtd.Agrees:
			s.files[f.number] = f.raw
			v.finding(string(f.kind), s.sod.Hash+" as signed", true)
		case emrtd.Differs:
			v.finding(string(f.kind), s.sod.Hash+" differs from the signed one", false)
			v.ground(usher.Refuse, usher.ChipAltered, string(f.kind))
		default:
			v.finding(string(f.kind), "not among what was signed", false)
			v.ground(usher.Consider, usher.ChipUnsure, string(f.kind))
		}
	}
	return s
}

// signature says what the signature is worth, and whether it holds.
func (v *verdict) signature(proof emrtd.Proof, err error) bool {
	var e *emrtd.Error
	unknown := errors.As(err, &e) && e.Code == emrtd.CodeUnknownIssuer
	read := "cannot be read"
	if proof.Signer != nil {
		read = proof.Method + ", " + proof.Signer.KeyName
	}
	if e != nil && !unknown {
		read = e.Detail
	}
	v.finding("chip_signature", read, err == nil || unknown)
	switch {
	case err == nil:
		v.finding("chip_issuer", issuers(proof), true)
		v.result.Score = 1
		return true
	case unknown:
		v.finding("chip_issuer", proof.Signer.Issuer, false)
		v.ground(usher.Consider, usher.ChipIssuerUnknown, string(usher.ChipSOD))
		// Anybody can sign with a key of their own: without its issuer the signature says nothing about the data.
		v.result.Assurance = usher.Assisted
	case e != nil && e.Code == emrtd.CodeAltered:
		v.ground(usher.Refuse, usher.ChipAltered, string(usher.ChipSOD))
	default:
		v.unproven(usher.ChipUnreadable, usher.ChipSOD)
	}
	return false
}

// issuers names the way to the issuer that is trusted.
func issuers(p emrtd.Proof) string {
	var names []string
	for _, c := range p.Authorities {
		names = append(names, c.Subject)
	}
	return strings.Join(names, ", under ")
}

// verdict collects a result. Its outcome starts as clear and only ever gets worse.
type verdict struct {
	in     usher.CheckInput
	result usher.CheckResult
}

func (v *verdict) finding(name, read string, ok bool) {
	v.result.Findings = append(v.result.Findings, usher.Finding{Name: name, Read: read, OK: ok})
}

// ground gives a reason, once, and the outcome that it means.
func (v *verdict) ground(outcome usher.Outcome, code usher.ReasonCode, field string) {
	reason := usher.Reason{Code: code, Check: usher.CheckChip, Field: field}
	if !slices.Contains(v.result.Reasons, reason) {
		v.result.Reasons = append(v.result.Reasons, reason)
	}
	if v.result.Outcome != usher.Refuse {
		v.result.Outcome = outcome
	}
}

// unproven is the end of a check that could not look at a signature.
func (v *verdict) unproven(code usher.ReasonCode, kind usher.EvidenceKind) {
	v.ground(usher.Consider, code, string(kind))
	v.result.Assurance = usher.Assisted
	v.result.NotExamined = append(v.result.NotExamined, "chip_issuer", "chip_data")
}

func (v *verdict) notRun(code usher.ReasonCode) {
	v.ground(usher.NotRun, code, "")
	v.result.Assurance = ""
	v.result.NotExamined = append(v.result.NotExamined, "chip_signature", "chip_issuer", "chip_data")
}

// errNoPortrait says that there is no portrait that anybody signed for.
var errNoPortrait = errors.New("the chip gives no portrait")

// portrait gives the portrait of a chip whose signature and portrait hold.
func (c *Checker) portrait(ctx context.Context, in usher.CheckInput) (emrtd.Portrait, error) {
	if c.config.List.Len() == 0 {
		return emrtd.Portrait{}, errNoPortrait
	}
	files, _, err := read(ctx, in)
	if err != nil {
		return emrtd.Portrait{}, fmt.Errorf("read the chip's portrait: %w", err)
	}
	v := &verdict{in: in}
	s := c.authenticate(v, files)
	if s == nil || s.files[2] == nil {
		return emrtd.Portrait{}, errNoPortrait
	}
	p, err := emrtd.PortraitOf(s.files[2])
	if err != nil {
		return emrtd.Portrait{}, errNoPortrait
	}
	return p, nil
}
