package receipt

import (
	"context"
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/usher-kyc/usher"
)

// SigningKey is a key of the issuer.
type SigningKey struct {
	KID       string
	Private   *ecdsa.PrivateKey
	CreatedAt time.Time
}

// Cases is what an issuer reads of the service.
type Cases interface {
	Tenant(ctx context.Context, tenant string) (usher.Tenant, error)
	Session(ctx context.Context, tenant, id string) (usher.Session, error)
	Applicant(ctx context.Context, tenant, id string) (usher.Applicant, error)
}

// Places keeps where each session's receipts stand in the status lists.
type Places interface {
	// ReceiptPlace gives the place of a session, the same every time.
	ReceiptPlace(ctx context.Context, tenant, session string, now time.Time) (int64, error)
	// RevokedReceipts gives which of a run of places are of sessions that are not approved any more, or whose applicant was erased.
	RevokedReceipts(ctx context.Context, from, to int64) ([]int64, error)
	// Receipts gives the end of the places that were given: one more than the highest.
	Receipts(ctx context.Context) (int64, error)
}

// Config is what an [Issuer] needs. Cases, Places, Keys, Number and URL are required.
type Config struct {
	Cases  Cases
	Places Places
	Keys   func(ctx context.Context) ([]SigningKey, error) // all there are, newest first
	Number func(tenant, session string) ([]byte, error)    // 16 bytes or more that name a session's receipts and tell nothing of it, the same every time
	URL    func() string                                   // address of the server, which is the issuer's name
	Valid  time.Duration                                   // from the decision on; a year when zero
	Now    func() time.Time
}

const (
	usualValid = 365 * 24 * time.Hour
	// keysAge is how long keys are remembered, and newKeyRests how long a new one waits until it signs: by then every node publishes it, and
	// verifiers who remember the old set have come back.
	keysAge     = time.Minute
	newKeyRests = time.Hour
	// listAge is how long a status list is given out before it is made anew.
	listAge = time.Minute
)

// Issuer issues receipts.
type Issuer struct {
	c     Config
	mu    sync.Mutex
	keys  []SigningKey
	read  time.Time
	lists map[int64]kept
}

type kept struct {
	text string
	made time.Time
}

var _ usher.Receipts = (*Issuer)(nil)

// New makes an issuer.
func New(c Config) *Issuer {
	if c.Valid <= 0 {
		c.Valid = usualValid
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Issuer{c: c, lists: map[int64]kept{}}
}

// signing gives the keys, and the one that signs now.
func (i *Issuer) signing(ctx context.Context) ([]SigningKey, SigningKey, error) {
	now := i.c.Now()
	i.mu.Lock()
	keys, read := i.keys, i.read
	i.mu.Unlock()
	if len(keys) == 0 || now.Sub(read) >= keysAge {
		var err error
		if keys, err = i.c.Keys(ctx); err != nil {
			return nil, SigningKey{}, fmt.Errorf("read the keys of receipts: %w", err)
		}
		if len(keys) == 0 {
			return nil, SigningKey{}, errors.New("read the keys of receipts: there is none")
		}
		i.mu.Lock()
		i.keys, i.read = keys, now
		i.mu.Unlock()
	}
	for _, k := range keys {
		if now.Sub(k.CreatedAt) >= newKeyRests {
			return keys, k, nil
		}
	}
	return keys, keys[len(keys)-1], nil // the first key of all needs no rest: nobody remembers a set without it
}

// Public gives the keys that receipts can be verified with.
func (i *Issuer) Public(ctx context.Context) ([]Key, error) {
	keys, _, err := i.signing(ctx)
	list := make([]Key, len(keys))
	for n, k := range keys {
		list[n] = Key{KID: k.KID, Public: &k.Private.PublicKey}
	}
	return list, err
}

// Receipt gives a receipt of an approved session; see [usher.Receipts].
func (i *Issuer) Receipt(ctx context.Context, tenant, session string) (usher.Receipt, error) {
	s, err := i.c.Cases.Session(ctx, tenant, session)
	if err != nil {
		return usher.Receipt{}, err
	}
	if s.State != usher.Approved || s.Decision == nil {
		return usher.Receipt{}, usher.Conflict("only a session that was approved has a receipt")
	}
	a, err := i.c.Cases.Applicant(ctx, tenant, s.ApplicantID)
	if err != nil {
		return usher.Receipt{}, err
	}
	t, err := i.c.Cases.Tenant(ctx, tenant)
	if err != nil {
		return usher.Receipt{}, err
	}
	now := i.c.Now().UTC()
	if over := s.DecidedAt.Add(i.c.Valid); !now.Before(over) {
		return usher.Receipt{}, &usher.Error{Code: usher.CodeGone, Message: "the approval is too long ago for a receipt"}
	}
	place, err := i.c.Places.ReceiptPlace(ctx, tenant, session, now)
	if err != nil {
		return usher.Receipt{}, fmt.Errorf("give the receipt a place: %w", err)
	}
	return i.issue(ctx, t, s, a, place, now)
}

func (i *Issuer) issue(ctx context.Context, t usher.Tenant, s usher.Session, a usher.Applicant, place int64, now time.Time) (usher.Receipt, error) {
	number, err := i.number(t.ID, s.ID)
	if err != nil {
		return usher.Receipt{}, err
	}
	p := payload{
		Iss: i.c.URL(), Iat: now.Unix(), Exp: s.DecidedAt.Add(i.c.Valid).Unix(), VCT: Type, JTI: number, SDAlg: "sha-256",
		Tenant: t.Name, Outcome: string(usher.Approved), DecidedAt: s.DecidedAt.Unix(), DecidedBy: decidedBy(s.Decision.By), Flow: s.FlowName, FlowVersion: s.FlowVersion,
		Simulated: s.IsSimulated(), Checks: checksOf(s),
	}
	p.Status.List = StatusRef{Index: place % ListSize, URI: listURI(p.Iss, place/ListSize)}
	var list []disclosure
	for _, claim := range [][2]string{{claimGiven, a.Details.FirstName}, {claimFamily, a.Details.LastName}, {claimBirth, string(a.Details.DateOfBirth)}} {
		if claim[1] == "" {
			continue
		}
		d, err := conceal(claim[0], claim[1])
		if err != nil {
			return usher.Receipt{}, err
		}
		list = append(list, d)
	}
	p.SD = digests(list)
	_, key, err := i.signing(ctx)
	if err != nil {
		return usher.Receipt{}, err
	}
	token, err := sign(key.Private, key.KID, sdjwt, p)
	if err != nil {
		return usher.Receipt{}, fmt.Errorf("sign receipt: %w", err)
	}
	said := p.statement()
	said.GivenName, said.FamilyName, said.BirthDate = a.Details.FirstName, a.Details.LastName, string(a.Details.DateOfBirth)
	r := usher.Receipt{Text: join(token, list), ID: said.ID, Issuer: said.Issuer, IssuedAt: said.IssuedAt, ValidUntil: said.ValidUntil}
	if r.JSON, err = json.Marshal(said); err != nil {
		return r, fmt.Errorf("encode receipt: %w", err)
	}
	return r, nil
}

// number gives the name of a session's receipts as a UUID of version 8 (RFC 9562, 5.8). The session's own id would tell whoever is shown a receipt what
// else they know of it, and when it was made.
func (i *Issuer) number(tenant, session string) (string, error) {
	sum, err := i.c.Number(tenant, session)
	if err != nil || len(sum) < 16 {
		return "", fmt.Errorf("number a receipt: %d bytes: %w", len(sum), err)
	}
	b := [16]byte(sum)
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return "urn:uuid:" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// decidedBy says who decided without naming anybody.
func decidedBy(a usher.Actor) string {
	if a.Kind == usher.BySystem {
		return "rule"
	}
	return "reviewer"
}

// checksOf lists what was checked, as it ended last.
func checksOf(s usher.Session) []Check {
	list := []Check{}
	for _, c := range s.Checks() {
		if c.Outcome == "" {
			continue
		}
		one := Check{Kind: string(c.Kind), Outcome: told(c), Assurance: string(c.Assurance)}
		again := false
		for n := range list {
			if list[n].Kind == one.Kind {
				list[n], again = one, true
			}
		}
		if !again {
			list = append(list, one)
		}
	}
	return list
}

// told gives the outcome of a check as its applicant may read it. What a watchlist or a search for duplicates found is for nobody outside of the
// firm (tipping off is forbidden to it), and whatever else a reviewer looked at and accepted says no more than that.
func told(c usher.CheckResult) string {
	switch {
	case c.Outcome == usher.Unavailable || c.Outcome == usher.NotRun:
		return "not_done"
	case c.Kind == usher.CheckWatchlist || c.Kind == usher.CheckDuplicate:
		return "checked"
	case c.Outcome == usher.Clear:
		return "clear"
	}
	return "reviewed"
}

func listURI(issuer string, n int64) string {
	return issuer + "/receipts/status/" + strconv.FormatInt(n, 10)
}
