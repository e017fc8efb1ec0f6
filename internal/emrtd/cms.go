package emrtd

import (
	"bytes"
	"math/big"
	"time"
)

// Object identifiers of CMS (RFC 5652) and of what is signed in it (Doc 9303 parts 10 and 12).
const (
	oidSignedData    = "1.2.840.113549.1.7.2"
	oidContentType   = "1.2.840.113549.1.9.3"
	oidMessageDigest = "1.2.840.113549.1.9.4"
	oidSigningTime   = "1.2.840.113549.1.9.5"
	oidLDSObject     = "2.23.136.1.1.1"
	oidMasterList    = "2.23.136.1.1.2"
)

// Limits of what a SignedData may hold; a security object has one certificate and one signer.
const (
	maxSigners      = 4
	maxCertificates = 8
)

// signedData is a CMS SignedData.
type signedData struct {
	kind         string // of the content
	content      []byte
	certificates []*Certificate
	unread       error // why a certificate could not be read, of the last one
	signers      []signerInfo
}

// signerInfo is one signature over the content.
type signerInfo struct {
	issuer     []byte   // the name of the certificate's issuer, as it is written
	serial     *big.Int // and its serial number
	subjectKey []byte   // or the key's identifier
	digest     tlv      // the digest algorithm
	attributes tlv      // signed attributes, if constructed
	scheme     tlv
	signature  []byte
}

// signedDataOf reads a ContentInfo with a SignedData in it.
func signedDataOf(raw []byte) (*signedData, error) {
	top := parts{rest: raw}
	info := top.sequence()
	kind := info.oid()
	wrapped := info.want(contextual, 0)
	if info.err != nil {
		return nil, info.err
	}
	if kind != oidSignedData {
		return nil, malformed("content of kind %s and not signed data", kind)
	}
	p := wrapped.parts().sequence()
	p.integer()               // version
	p.want(universal, tagSet) // digest algorithms: each signer names its own
	content := p.sequence()   // what is signed
	d := &signedData{kind: content.oid()}
	box := content.want(contextual, 0)
	inner := box.parts()
	octets := inner.want(universal, tagOctetString)
	for _, err := range []error{p.err, content.err, inner.err} {
		if err != nil {
			return nil, err
		}
	}
	var err error
	if d.content, err = octets.octets(); err != nil {
		return nil, err
	}
	if set, ok := p.maybe(contextual, 0); ok {
		d.readCertificates(set)
	}
	p.maybe(contextual, 1) // revocation lists
	signers, err := p.want(universal, tagSet).parts().list()
	if p.err != nil || err != nil || len(signers) == 0 || len(signers) > maxSigners {
		return nil, malformed("the signers cannot be read")
	}
	for _, e := range signers {
		s, err := signerOf(e)
		if err != nil {
			return nil, err
		}
		d.signers = append(d.signers, s)
	}
	return d, nil
}

// readCertificates reads those it can; whether the one that is needed is among them shows when it is looked for.
func (d *signedData) readCertificates(set tlv) {
	for p := set.parts(); p.more() && len(d.certificates) < maxCertificates; {
		c, err := ParseCertificate(p.any().raw)
		if err != nil {
			d.unread = err
			continue
		}
		d.certificates = append(d.certificates, c)
	}
}

func signerOf(e tlv) (signerInfo, error) {
	var s signerInfo
	p := e.parts()
	p.integer() // version
	if id, ok := p.maybe(contextual, 0); ok {
		s.subjectKey = id.body
	} else {
		by := p.sequence()
		s.issuer = by.want(universal, tagSequence).raw
		s.serial = by.integer()
		if by.err != nil {
			return s, by.err
		}
	}
	s.digest = p.want(universal, tagSequence)
	s.attributes, _ = p.maybe(contextual, 0)
	s.scheme = p.want(universal, tagSequence)
	s.signature = p.want(universal, tagOctetString).body
	return s, p.err
}

// certificateOf finds the certificate that a signer names. Some writers name it in another spelling than the certificate's
// own, or write its number with another sign, so the serial number is enough, or that there is no other; the signature
// decides.
func (d *signedData) certificateOf(s signerInfo) (*Certificate, error) {
	var found *Certificate
	for _, c := range d.certificates {
		switch {
		case s.serial == nil && bytes.Equal(c.subjectKey, s.subjectKey):
			return c, nil
		case s.serial != nil && c.Serial.Cmp(s.serial) == 0 && bytes.Equal(c.issuerRaw, s.issuer):
			return c, nil
		case s.serial != nil && c.Serial.Cmp(s.serial) == 0:
			found = c
		}
	}
	switch {
	case found != nil:
		return found, nil
	case d.unread != nil:
		return nil, d.unread
	case len(d.certificates) == 1:
		return d.certificates[0], nil
	}
	return nil, &Error{CodeNoSigner, "the certificate of the signer is not in the file"}
}

// verified is a signature that holds.
type verified struct {
	certificate *Certificate
	scheme      scheme
	at          time.Time // when it says it was made; zero when it does not
}

// verify gives the first signature that holds, or why the last one does not.
func (d *signedData) verify() (verified, error) {
	var last error
	for _, s := range d.signers {
		v, err := d.verifyOne(s)
		if err == nil {
			return v, nil
		}
		last = err
	}
	return verified{}, last
}

func (d *signedData) verifyOne(s signerInfo) (verified, error) {
	var v verified
	var err error
	if v.certificate, err = d.certificateOf(s); err != nil {
		return v, err
	}
	hash, err := hashOf(s.digest.parts())
	if err != nil {
		return v, err
	}
	if v.scheme, err = schemeOf(s.scheme.parts()); err != nil {
		return v, err
	}
	if v.scheme.hash == 0 {
		v.scheme.hash = hash
	}
	data := d.content
	if s.attributes.constructed {
		if v.at, err = d.attributes(s.attributes, digest(hash, d.content)); err != nil {
			return v, err
		}
		// What is signed is the set of attributes and not the field of the signer that holds it (RFC 5652, section 5.4).
		data = wrap(tagSet|constructedBit, s.attributes.body)
	}
	return v, v.certificate.key.verify(v.scheme, data, s.signature)
}

// attributes checks what a signature says of the content, and gives the time that it names.
func (d *signedData) attributes(set tlv, sum []byte) (at time.Time, err error) {
	digested := false
	p := set.parts()
	for p.more() {
		one := p.sequence()
		kind := one.oid()
		values := one.want(universal, tagSet).parts()
		value := values.any()
		if one.err != nil || values.err != nil {
			return at, malformed("a signed attribute cannot be read")
		}
		switch kind {
		case oidContentType:
			if oidOf(value.body) != d.kind {
				return at, altered("another kind of content was signed")
			}
		case oidMessageDigest:
			if !bytes.Equal(value.body, sum) {
				return at, altered("the content is not the one that was signed")
			}
			digested = true
		case oidSigningTime:
			at, _ = timeOf(value) // a time that cannot be read is none
		}
	}
	if p.err != nil {
		return at, p.err
	}
	if !digested {
		return at, altered("the signature does not cover the content")
	}
	return at, nil
}
