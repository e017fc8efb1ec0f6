package receipt

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/usher-kyc/usher"
)

// Type is the vct of receipts: what kind of credential they are.
const Type = "urn:usher:decision-receipt:1"

// MediaType is that of a receipt.
const MediaType = "application/dc+sd-jwt"

// sdjwt is the typ of a receipt's header.
const sdjwt = "dc+sd-jwt"

// Statement is what a receipt says.
type Statement struct {
	usher.Redacted
	ID          string    `json:"id"`
	Issuer      string    `json:"issuer"` // address of the server that decided
	Tenant      string    `json:"tenant"` // name of the firm it decided for
	Outcome     string    `json:"outcome"`
	Decided     time.Time `json:"decided_at"`
	By          string    `json:"decided_by"` // "rule" or "reviewer"
	IssuedAt    time.Time `json:"issued_at"`
	ValidUntil  time.Time `json:"valid_until"`
	Flow        string    `json:"flow"`
	FlowVersion int       `json:"flow_version"`
	Simulated   bool      `json:"simulated"` // something of it was made up by a sandbox: it proves nothing of a person
	Checks      []Check   `json:"checks"`

	GivenName  string `json:"given_name,omitempty"` // these three are there when they were disclosed
	FamilyName string `json:"family_name,omitempty"`
	BirthDate  string `json:"birthdate,omitempty"`

	Status StatusRef `json:"status"`
}

// Check is one thing that was checked, with how it ended and how far that can be relied on.
type Check struct {
	Kind      string `json:"kind"`
	Outcome   string `json:"outcome"`   // clear, reviewed, checked (what was found is not told) or not_done
	Assurance string `json:"assurance"` // verified, assisted or simulated, as the check itself says
}

// StatusRef is where it can be looked up whether a receipt still holds.
type StatusRef struct {
	Index int64  `json:"idx"`
	URI   string `json:"uri"`
}

// payload is a receipt's signed part; times are seconds since 1970.
type payload struct {
	Iss    string      `json:"iss"`
	Iat    int64       `json:"iat"`
	Exp    int64       `json:"exp"`
	VCT    string      `json:"vct"`
	JTI    string      `json:"jti"`
	SD     []string    `json:"_sd,omitempty"`
	SDAlg  string      `json:"_sd_alg"`
	Status statusClaim `json:"status"`

	Tenant      string  `json:"tenant"`
	Outcome     string  `json:"outcome"`
	DecidedAt   int64   `json:"decided_at"`
	DecidedBy   string  `json:"decided_by"`
	Flow        string  `json:"flow"`
	FlowVersion int     `json:"flow_version"`
	Simulated   bool    `json:"simulated"`
	Checks      []Check `json:"checks"`
}

type statusClaim struct {
	List StatusRef `json:"status_list"`
}

// The claims that can be left out, named as OpenID Connect Core 5.1 has them.
const (
	claimGiven  = "given_name"
	claimFamily = "family_name"
	claimBirth  = "birthdate"
)

// ErrOver says that a receipt was genuine and has run out.
var ErrOver = errors.New("it has run out")

// Verify takes a receipt and the public keys of its issuer, and gives what it says. With ErrOver the statement is given as well. Whether it was
// revoked since it was issued is for [Revoked] to say.
func Verify(text string, keys []Key, now time.Time) (Statement, error) {
	token, list, err := split(text)
	if err != nil {
		return Statement{}, err
	}
	var raw json.RawMessage
	if err := open(token, sdjwt, keys, &raw); err != nil {
		return Statement{}, err
	}
	var p payload
	var plain map[string]json.RawMessage
	if err := errors.Join(readJSON(raw, &p), readJSON(raw, &plain)); err != nil {
		return Statement{}, fmt.Errorf("its payload cannot be read: %w", err)
	}
	if p.VCT != Type || p.SDAlg != "sha-256" {
		return Statement{}, fmt.Errorf("it is a %.60q and no decision receipt", p.VCT)
	}
	claims, err := reveal(list, p.SD, plain)
	if err != nil {
		return Statement{}, err
	}
	s := p.statement()
	for name, into := range map[string]*string{claimGiven: &s.GivenName, claimFamily: &s.FamilyName, claimBirth: &s.BirthDate} {
		if v, ok := claims[name]; ok {
			if *into, ok = v.(string); !ok {
				return Statement{}, errors.New("a name or date in it is no text")
			}
		}
	}
	if !now.Before(s.ValidUntil) {
		return s, ErrOver
	}
	return s, nil
}

func (p payload) statement() Statement {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	return Statement{
		ID: p.JTI, Issuer: p.Iss, Tenant: p.Tenant, Outcome: p.Outcome, Decided: at(p.DecidedAt), By: p.DecidedBy, IssuedAt: at(p.Iat),
		ValidUntil: at(p.Exp), Flow: p.Flow, FlowVersion: p.FlowVersion, Simulated: p.Simulated, Checks: p.Checks, Status: p.Status.List,
	}
}
