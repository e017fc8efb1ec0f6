package synth

import (
	"cmp"
	"crypto"
	"math/big"
	"slices"
	"time"
)

// CertificateSpec says what a certificate holds.
type CertificateSpec struct {
	Country         string // of both names
	Subject, Issuer string // common names
	Serial          *big.Int
	From, To        time.Time
	Key             *Key // of the subject
	CA              bool
	NoIdentifiers   bool // leaves out the identifiers of both keys
	NoConstraints   bool // leaves out the basic constraints
	Utf8            bool // writes the country as UTF8String, against the standard
	Extra           []byte
}

// Certificate issues a certificate.
func Certificate(by Signer, s CertificateSpec) ([]byte, error) {
	name := func(common string) []byte {
		country := wrap(tagPrintable, []byte(s.Country))
		if s.Utf8 {
			country = text(s.Country)
		}
		return sequence(
			wrap(tagSet, sequence(oid("2.5.4.6"), country)),
			wrap(tagSet, sequence(oid("2.5.4.3"), text(common))),
		)
	}
	if s.Serial == nil {
		s.Serial = big.NewInt(1)
	}
	body := sequence(
		wrap(tagContext0, small(2)), number(s.Serial), by.algorithm(), name(s.Issuer), sequence(moment(s.From), moment(s.To)),
		name(s.Subject), s.Key.info(), s.extensions(by),
	)
	signature, err := by.sign(body)
	if err != nil {
		return nil, err
	}
	return sequence(body, by.algorithm(), bits(signature)), nil
}

func (s CertificateSpec) extensions(by Signer) []byte {
	var all [][]byte
	if !s.NoConstraints {
		inner := sequence()
		if s.CA {
			inner = sequence([]byte{1, 1, 0xff}, small(0))
		}
		all = append(all, sequence(oid("2.5.29.19"), []byte{1, 1, 0xff}, octets(inner)))
	}
	if !s.NoIdentifiers {
		all = append(all,
			sequence(oid("2.5.29.14"), octets(octets(s.Key.id()))),
			sequence(oid("2.5.29.35"), octets(sequence(wrap(0x80, by.Key.id())))),
		)
	}
	if s.Extra != nil {
		all = append(all, s.Extra)
	}
	return wrap(tagContext3, sequence(all...))
}

// SODSpec says what a security object holds.
type SODSpec struct {
	Signer      Signer
	Certificate []byte // of the signer; nil leaves it out
	Issuer      string // common name of the certificate's issuer
	Country     string
	Serial      *big.Int
	Groups      map[int][]byte // the files
	Hash        crypto.Hash    // of the groups; 0 is the signer's
	At          time.Time      // when it was signed; zero leaves it out
	// ByKey names the certificate by its key's identifier.
	ByKey *Key
	// NoAttributes signs the content itself.
	NoAttributes bool
	// Kind is the object identifier of the content; "" is that of a security object.
	Kind string
}

// SOD signs data groups.
func SOD(s SODSpec) ([]byte, error) {
	hash := s.Hash
	if hash == 0 {
		hash = s.Signer.Hash
	}
	var numbers []int
	for n := range s.Groups {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var list [][]byte
	for _, n := range numbers {
		list = append(list, sequence(small(int64(n)), octets(sum(hash, s.Groups[n]))))
	}
	s.Kind = cmp.Or(s.Kind, "2.23.136.1.1.1")
	signed, err := signedData(s, sequence(small(0), hashID(hash), sequence(list...)))
	if err != nil {
		return nil, err
	}
	return wrap(0x77, signed), nil
}

// MasterList signs a list of CSCA certificates; of the spec, the members about the signer count.
func MasterList(s SODSpec, certificates ...[]byte) ([]byte, error) {
	s.Kind = "2.23.136.1.1.2"
	return signedData(s, sequence(small(0), wrap(tagSet, certificates...)))
}

func signedData(s SODSpec, content []byte) ([]byte, error) {
	if s.Serial == nil {
		s.Serial = big.NewInt(1)
	}
	name := sequence(
		wrap(tagSet, sequence(oid("2.5.4.6"), wrap(tagPrintable, []byte(s.Country)))),
		wrap(tagSet, sequence(oid("2.5.4.3"), text(s.Issuer))),
	)
	version, by := small(1), sequence(name, number(s.Serial))
	if s.ByKey != nil {
		version, by = small(3), wrap(0x80, s.ByKey.id())
	}
	signer := [][]byte{version, by, hashID(s.Signer.Hash)}
	signed := content
	if !s.NoAttributes {
		attribute := func(kind string, value []byte) []byte { return sequence(oid(kind), wrap(tagSet, value)) }
		all := [][]byte{attribute("1.2.840.113549.1.9.3", oid(s.Kind)), attribute("1.2.840.113549.1.9.4", octets(sum(s.Signer.Hash, content)))}
		if !s.At.IsZero() {
			all = append(all, attribute("1.2.840.113549.1.9.5", moment(s.At)))
		}
		signed = wrap(tagSet, all...)
		signer = append(signer, wrap(tagContext0, all...))
	}
	signature, err := s.Signer.sign(signed)
	if err != nil {
		return nil, err
	}
	signer = append(signer, s.Signer.algorithm(), octets(signature))
	body := [][]byte{small(3), wrap(tagSet, hashID(s.Signer.Hash)), sequence(oid(s.Kind), wrap(tagContext0, octets(content)))}
	if s.Certificate != nil {
		body = append(body, wrap(tagContext0, s.Certificate))
	}
	body = append(body, wrap(tagSet, sequence(signer...)))
	return sequence(oid("1.2.840.113549.1.7.2"), wrap(tagContext0, sequence(body...))), nil
}
