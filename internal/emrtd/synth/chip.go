package synth

import (
	"crypto"
	"encoding/binary"
	"encoding/pem"
	"io"
	"math/big"
	"strings"
	"time"
)

// DG1 writes the machine readable zone.
func DG1(lines ...string) []byte { return wrap(0x61, wrap(0x5f1f, []byte(strings.Join(lines, "")))) }

// DG2 writes a portrait, a JPEG or JPEG 2000 file, in a record of ISO/IEC 19794-5.
func DG2(picture []byte) []byte {
	const header, face, about = 14, 20, 12
	record := make([]byte, header+face+about, header+face+about+len(picture))
	copy(record, "FAC\x00010\x00")
	binary.BigEndian.PutUint32(record[8:], uint32(len(record)+len(picture)))
	binary.BigEndian.PutUint16(record[12:], 1)
	binary.BigEndian.PutUint32(record[header:], uint32(face+about+len(picture)))
	record = append(record, picture...)
	template := wrap(0x7f60, wrap(tagContext1, []byte{0x87, 2, 1, 1}), wrap(0x5f2e, record))
	return wrap(0x75, wrap(0x7f61, small(1), template))
}

// DG11 writes a full name, a personal number, a day of birth (YYYYMMDD) and an address; empty ones are left out.
func DG11(name, number, born, address string) []byte {
	var tags []byte
	var all [][]byte
	for _, one := range []struct {
		tag   int
		value string
	}{{0x5f0e, name}, {0x5f10, number}, {0x5f2b, born}, {0x5f42, address}} {
		if one.value != "" {
			tags = append(tags, byte(one.tag>>8), byte(one.tag))
			all = append(all, wrap(one.tag, []byte(one.value)))
		}
	}
	return wrap(0x6b, append([][]byte{wrap(0x5c, tags)}, all...)...)
}

// DG12 writes who issued the document, and the day, YYYYMMDD.
func DG12(authority, issued string) []byte {
	return wrap(0x6c, wrap(0x5c, []byte{0x5f, 0x19, 0x5f, 0x26}), wrap(0x5f19, []byte(authority)), wrap(0x5f26, []byte(issued)))
}

// Chip is a made-up chip with the authority that issued it.
type Chip struct {
	SOD    []byte
	Groups map[int][]byte
	CSCA   []byte // the authority's certificate, PEM
}

// New makes a chip of Utopia whose security object signs the groups: an authority and a document signer on brainpoolP256r1,
// valid around the time now.
func New(random io.Reader, now time.Time, groups map[int][]byte) (Chip, error) {
	var keys [2]*Key
	for i := range keys {
		var err error
		if keys[i], err = EC(random, "brainpoolP256r1"); err != nil {
			return Chip{}, err
		}
	}
	authority := Signer{Key: keys[0], Method: ECDSA, Hash: crypto.SHA256, Random: random}
	signer := Signer{Key: keys[1], Method: ECDSA, Hash: crypto.SHA256, Random: random}
	const country, csca = "UT", "CSCA Utopia (made up)"
	root, err := Certificate(authority, CertificateSpec{
		Country: country, Subject: csca, Issuer: csca, From: now.AddDate(-3, 0, 0), To: now.AddDate(12, 0, 0), Key: keys[0], CA: true,
	})
	if err != nil {
		return Chip{}, err
	}
	document, err := Certificate(authority, CertificateSpec{
		Country: country, Subject: "Document signer (made up)", Issuer: csca, Serial: big.NewInt(2),
		From: now.AddDate(0, -3, 0), To: now.AddDate(10, 0, 0), Key: keys[1],
	})
	if err != nil {
		return Chip{}, err
	}
	sod, err := SOD(SODSpec{
		Signer: signer, Certificate: document, Country: country, Issuer: csca, Serial: big.NewInt(2), Groups: groups, At: now.AddDate(0, -1, 0),
	})
	if err != nil {
		return Chip{}, err
	}
	return Chip{SOD: sod, Groups: groups, CSCA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})}, nil
}
