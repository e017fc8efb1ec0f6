package emrtd

import (
	"bytes"
	"math/big"
	"strings"
	"time"
	"unicode/utf16"
)

// Certificate is as much of an X.509 certificate as matters here.
type Certificate struct {
	Raw     []byte
	Serial  *big.Int // may be negative: some states issued such
	Subject string   // such as "C=UT, O=Utopia, CN=CSCA 1"
	Issuer  string
	Country string // of the subject's name, upper case
	// NotBefore and NotAfter bound the time in which what it signs can be checked.
	NotBefore, NotAfter time.Time
	// IsCA is the mark of an authority; some CSCA certificates lack it.
	IsCA bool
	// KeyName says which key it holds, such as "brainpoolP256r1" or "RSA 4096".
	KeyName string
	// Method says how it is signed, such as "ECDSA with SHA-256".
	Method string

	signed          []byte // the part that is signed
	signature       []byte
	scheme          scheme
	key             publicKey
	subjectKey      []byte // SubjectKeyIdentifier
	authorityKey    []byte // AuthorityKeyIdentifier
	issuerRaw       []byte
	subject, issuer string // for comparing
}

// The extensions that are looked at (RFC 5280, section 4.2.1).
const (
	oidSubjectKey   = "2.5.29.14"
	oidConstraints  = "2.5.29.19"
	oidAuthorityKey = "2.5.29.35"
)

// maxCertificate is the largest certificate that is read, in bytes.
const maxCertificate = 32 << 10

// ParseCertificate reads a certificate in DER. It takes what real ones hold against RFC 5280 (see the package comment).
func ParseCertificate(raw []byte) (*Certificate, error) {
	if len(raw) > maxCertificate {
		return nil, malformed("a certificate of %d bytes", len(raw))
	}
	top := parts{rest: raw}
	whole := top.want(universal, tagSequence)
	if top.err != nil {
		return nil, top.err
	}
	p := whole.parts()
	body := p.want(universal, tagSequence)
	algorithm := p.sequence()
	c := &Certificate{Raw: whole.raw, signed: body.raw, signature: p.bits()}
	if p.err != nil {
		return nil, p.err
	}
	var err error
	if c.scheme, err = schemeOf(algorithm); err != nil {
		return nil, err
	}
	c.Method = c.scheme.name()
	return c, c.read(body.parts())
}

// read reads the signed part, TBSCertificate.
func (c *Certificate) read(p *parts) error {
	p.maybe(contextual, 0) // version
	c.Serial = p.integer()
	p.sequence() // the algorithm once more; the outer one is what the signature is checked by
	issuer := p.want(universal, tagSequence)
	validity := p.sequence()
	from, to := validity.any(), validity.any()
	subject := p.want(universal, tagSequence)
	key := p.want(universal, tagSequence)
	if p.err != nil {
		return p.err
	}
	var err error
	if c.NotBefore, err = timeOf(from); err != nil {
		return err
	}
	if c.NotAfter, err = timeOf(to); err != nil {
		return err
	}
	if c.Issuer, c.issuer, _, err = nameOf(issuer); err != nil {
		return err
	}
	if c.Subject, c.subject, c.Country, err = nameOf(subject); err != nil {
		return err
	}
	c.issuerRaw = issuer.raw
	if c.key, err = publicKeyOf(key); err != nil {
		return err
	}
	c.KeyName = c.key.name()
	for p.more() {
		if e := p.any(); e.is(contextual, 3) {
			c.extensions(e)
		}
	}
	return p.err
}

// extensions looks for what helps to find the issuer. One that cannot be read is as good as none.
func (c *Certificate) extensions(e tlv) {
	for all := e.parts().sequence(); all.more(); {
		one := all.sequence()
		kind := one.oid()
		one.maybe(universal, tagBoolean)
		value := one.want(universal, tagOctetString)
		if one.err != nil {
			return
		}
		inner := parts{rest: value.body}
		switch kind {
		case oidSubjectKey:
			c.subjectKey = inner.want(universal, tagOctetString).body
		case oidAuthorityKey:
			if id, ok := inner.sequence().maybe(contextual, 0); ok {
				c.authorityKey = id.body
			}
		case oidConstraints:
			if ca, ok := inner.sequence().maybe(universal, tagBoolean); ok {
				c.IsCA = len(ca.body) == 1 && ca.body[0] != 0
			}
		}
	}
}

// selfIssued tells whether it names itself as its issuer.
func (c *Certificate) selfIssued() bool {
	return c.subject == c.issuer && (c.authorityKey == nil || c.subjectKey == nil || bytes.Equal(c.authorityKey, c.subjectKey))
}

// mayHaveIssued tells whether the names or key identifiers let c be the issuer of other. States have changed the spelling
// and the string types of their names between certificates, so either is enough; the signature decides.
func (c *Certificate) mayHaveIssued(other *Certificate) bool {
	if len(other.authorityKey) > 0 && bytes.Equal(other.authorityKey, c.subjectKey) {
		return true
	}
	return other.issuer == c.subject
}

// ValidAt tells whether a time lies within the validity.
func (c *Certificate) ValidAt(t time.Time) bool {
	return !t.Before(c.NotBefore) && !t.After(c.NotAfter)
}

// labels are the short words for parts of names (RFC 4519).
var labels = map[string]string{
	"2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU",
}

// nameOf reads a Name: for people, for comparing (without case, spaces and string types), and its country.
func nameOf(e tlv) (shown, compared, country string, err error) {
	var show, compare []string
	for all := e.parts(); all.more(); {
		set := all.want(universal, tagSet)
		for p := set.parts(); p.more(); {
			one := p.sequence()
			kind, value := one.oid(), textOf(one.any())
			if one.err != nil {
				return "", "", "", one.err
			}
			label := labels[kind]
			if label == "" {
				label = kind
			}
			if label == "C" {
				country = strings.ToUpper(strings.TrimSpace(value))
			}
			show = append(show, label+"="+value)
			compare = append(compare, kind+"="+strings.ToLower(strings.Join(strings.Fields(value), " ")))
		}
		if all.err != nil {
			return "", "", "", all.err
		}
	}
	return strings.Join(show, ", "), strings.Join(compare, "\x00"), country, nil
}

const (
	tagBMPString = 30
	longestName  = 256
)

// textOf gives the text of a string of any type; bytes that are no text are left out.
func textOf(e tlv) string {
	text := string(e.body[:min(len(e.body), longestName)])
	if e.is(universal, tagBMPString) {
		var units []uint16
		for i := 0; i+1 < len(text); i += 2 {
			units = append(units, uint16(text[i])<<8|uint16(text[i+1]))
		}
		text = string(utf16.Decode(units))
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffd || r == 0x7f {
			return -1
		}
		return r
	}, text)
}
