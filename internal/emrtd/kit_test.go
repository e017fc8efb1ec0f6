package emrtd_test

import (
	"crypto"
	"crypto/rand"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/emrtd"
	"github.com/usher-kyc/usher/internal/emrtd/synth"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// zone is the passport of Doc 9303 part 4, appendix B.
var zone = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}

// rsaKeys are made once: that takes long. The smaller one is what old documents hold.
var rsaKeys = sync.OnceValue(func() (pair [2]*synth.Key) {
	for i, size := range []int{2048, 1031} { // 1031: the message of PSS is a byte shorter than the key
		pair[i], _ = synth.RSA(rand.Reader, size)
	}
	return pair
})

func rsaKey(t testing.TB, i int) *synth.Key {
	t.Helper()
	k := rsaKeys()[i]
	if k == nil {
		t.Fatal("no RSA key")
	}
	copied := *k
	return &copied
}

func ecKey(t testing.TB, name string) *synth.Key {
	t.Helper()
	k, err := synth.EC(rand.Reader, name)
	must(t, err)
	return k
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a state that issues documents.
type world struct {
	authority, signer synth.Signer
	csca, ds          synth.CertificateSpec
	sod               synth.SODSpec
}

// state gives a state on P-256; tests change what they are about.
func state(t testing.TB) *world {
	t.Helper()
	a, d := ecKey(t, "prime256v1"), ecKey(t, "prime256v1")
	w := &world{
		authority: synth.Signer{Key: a, Method: synth.ECDSA, Hash: crypto.SHA256, Random: rand.Reader},
		signer:    synth.Signer{Key: d, Method: synth.ECDSA, Hash: crypto.SHA256, Random: rand.Reader},
	}
	w.csca = synth.CertificateSpec{Country: "UT", Subject: "CSCA", Issuer: "CSCA", From: now.AddDate(-3, 0, 0), To: now.AddDate(10, 0, 0), CA: true}
	w.ds = synth.CertificateSpec{
		Country: "UT", Subject: "DS", Issuer: "CSCA", Serial: big.NewInt(7), From: now.AddDate(-1, 0, 0), To: now.AddDate(10, 0, 0),
	}
	w.sod = synth.SODSpec{Country: "UT", Issuer: "CSCA", Serial: big.NewInt(7), Groups: map[int][]byte{
		1: synth.DG1(zone...), 2: synth.DG2([]byte("\xff\xd8\xff picture")),
	}}
	return w
}

// use takes other keys and ways of signing.
func (w *world) use(authority, signer synth.Signer) {
	authority.Random, signer.Random = rand.Reader, rand.Reader
	w.authority, w.signer = authority, signer
}

// root gives the authority's certificate.
func (w *world) root(t testing.TB) []byte {
	t.Helper()
	w.csca.Key = w.authority.Key
	raw, err := synth.Certificate(w.authority, w.csca)
	must(t, err)
	return raw
}

// file gives the security object.
func (w *world) file(t testing.TB) []byte {
	t.Helper()
	w.ds.Key = w.signer.Key
	raw, err := synth.Certificate(w.authority, w.ds)
	must(t, err)
	w.sod.Signer, w.sod.Certificate = w.signer, raw
	sod, err := synth.SOD(w.sod)
	must(t, err)
	return sod
}

func list(t testing.TB, files ...[]byte) *emrtd.List {
	t.Helper()
	l := &emrtd.List{}
	for _, f := range files {
		must(t, l.Add(f))
	}
	return l
}

func parse(t testing.TB, raw []byte) *emrtd.SOD {
	t.Helper()
	s, err := emrtd.ParseSOD(raw)
	must(t, err)
	return s
}

func pemOf(certificates ...[]byte) []byte {
	var b strings.Builder
	for _, c := range certificates {
		b.WriteString("a comment\n")
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c}) // a builder takes every write
	}
	return []byte(b.String())
}
