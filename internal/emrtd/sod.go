package emrtd

import (
	"bytes"
	"crypto"
	"time"
)

// MaxSOD is the largest security object that is read, in bytes; real ones have two to ten thousand.
const MaxSOD = 64 << 10

// maxGroup is the highest number of a data group (Doc 9303 part 10, section 4.7).
const maxGroup = 16

// applicationSOD is the tag of EF.SOD, 77 hexadecimal.
const applicationSOD = 23

// SOD is a document security object, EF.SOD.
type SOD struct {
	// Hash names the digest of the data groups, such as "SHA-256".
	Hash string
	// Groups has the signed hash of each data group by its number.
	Groups map[int][]byte

	hash crypto.Hash
	data *signedData
}

// ParseSOD reads EF.SOD, with or without the tag 77 around it. It checks no signature.
func ParseSOD(raw []byte) (*SOD, error) {
	if len(raw) > MaxSOD {
		return nil, malformed("a security object of %d bytes", len(raw))
	}
	outer, _, err := next(raw)
	if err != nil {
		return nil, err
	}
	if outer.is(application, applicationSOD) {
		raw = outer.body
	}
	data, err := signedDataOf(raw)
	if err != nil {
		return nil, err
	}
	if data.kind != oidLDSObject {
		return nil, malformed("content of kind %s and not a security object", data.kind)
	}
	s := &SOD{Groups: map[int][]byte{}, data: data}
	return s, s.read()
}

// read reads the LDSSecurityObject (Doc 9303 part 10, section 4.6.2.3).
func (s *SOD) read() error {
	top := parts{rest: s.data.content}
	p := top.sequence()
	p.integer() // version 0, or 1 with the version of the LDS behind the hashes
	algorithm := p.sequence()
	hashes, err := p.want(universal, tagSequence).parts().list()
	if p.err != nil {
		return p.err
	}
	if err != nil {
		return err
	}
	if s.hash, err = hashOf(algorithm); err != nil {
		return err
	}
	s.Hash = s.hash.String()
	for _, e := range hashes {
		one := e.parts()
		number := one.integer()
		value := one.want(universal, tagOctetString).body
		if one.err != nil || !number.IsInt64() || number.Int64() < 1 || number.Int64() > maxGroup || len(value) != s.hash.Size() {
			return malformed("the hash of a data group cannot be read")
		}
		n := int(number.Int64())
		if _, twice := s.Groups[n]; twice {
			return malformed("data group %d has two hashes", n)
		}
		s.Groups[n] = value
	}
	if len(s.Groups) == 0 {
		return malformed("no data group is signed")
	}
	return nil
}

// Comparison says how a data group stands to its signed hash.
type Comparison int

// The comparisons.
const (
	NotSigned Comparison = iota // the security object has no hash of it
	Differs
	Agrees
)

// Compare holds the bytes of a data group, as the chip gave them, against the hash that was signed.
func (s *SOD) Compare(group int, file []byte) Comparison {
	want, signed := s.Groups[group]
	switch {
	case !signed:
		return NotSigned
	case bytes.Equal(want, digest(s.hash, file)):
		return Agrees
	}
	return Differs
}

// Proof is what stands behind a security object.
type Proof struct {
	// Signer is the document signer's certificate; nil when it could not be read.
	Signer *Certificate
	// Authorities lead from the issuer of the signer's certificate to one that the list trusts by itself: one certificate, or
	// more by way of link certificates. None when no issuer is known.
	Authorities []*Certificate
	// Method says how it is signed, such as "RSA-PSS with SHA-256".
	Method string
	// SignedAt is when the signature says it was made; zero when it does not, as most do not.
	SignedAt time.Time
}

// Verify checks the signature and follows it to the list. With an error the proof holds as much as was found; its code is
// CodeUnknownIssuer when the signature itself holds and only the list knows no issuer. Validity in time is left to
// [Proof.Doubts].
func (s *SOD) Verify(list *List) (Proof, error) {
	v, err := s.data.verify()
	p := Proof{Signer: v.certificate, SignedAt: v.at}
	if v.scheme.method != 0 {
		p.Method = v.scheme.name()
	}
	if err != nil {
		return p, err
	}
	p.Authorities, err = list.issuersOf(v.certificate)
	return p, err
}

// Doubt is something odd about certificates that are otherwise in order.
type Doubt string

// The doubts.
const (
	// DoubtSigner: the signer's certificate was not valid when the document was signed.
	DoubtSigner Doubt = "signer_not_valid_then"
	// DoubtIssuer: its issuer's certificate was not valid when it was issued.
	DoubtIssuer Doubt = "issuer_not_valid_then"
	// DoubtCountry: signer and issuer are of different countries.
	DoubtCountry Doubt = "countries_differ"
	// DoubtCurve: a key lies on a curve that has no name.
	DoubtCurve Doubt = "curve_without_name"
)

// Doubts judges the certificates of a proof. signed is when the document was signed, where that is known from elsewhere (its
// day of issue, in DG12); it may be zero: what the signature says of itself goes first, and where nobody says anything the
// validity of the signer's certificate is held against the day now, since it outlasts the document.
func (p Proof) Doubts(signed, now time.Time) []Doubt {
	if p.Signer == nil {
		return nil
	}
	var doubts []Doubt
	at := p.SignedAt
	if at.IsZero() {
		at = signed
	}
	if at.IsZero() {
		at = now
	}
	if !p.Signer.ValidAt(at) {
		doubts = append(doubts, DoubtSigner)
	}
	odd := p.Signer.key.unnamed()
	for i, c := range p.Authorities {
		odd = odd || c.key.unnamed()
		if i == 0 && !c.ValidAt(p.Signer.NotBefore) {
			doubts = append(doubts, DoubtIssuer)
		}
		if i == 0 && c.Country != p.Signer.Country {
			doubts = append(doubts, DoubtCountry)
		}
	}
	if odd {
		doubts = append(doubts, DoubtCurve)
	}
	return doubts
}
