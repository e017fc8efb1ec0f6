package emrtd_test

import (
	"bytes"
	"crypto"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/emrtd"
	"github.com/usher-kyc/usher/internal/emrtd/synth"
)

func TestSignedByKnownIssuer(t *testing.T) {
	t.Parallel()
	rsaWith := func(i int, method string, hash, mask crypto.Hash) synth.Signer {
		return synth.Signer{Key: rsaKey(t, i), Method: method, Hash: hash, Mask: mask}
	}
	on := func(curve, method string, hash crypto.Hash) synth.Signer {
		return synth.Signer{Key: ecKey(t, curve), Method: method, Hash: hash}
	}
	explicit := func(s synth.Signer, compressed bool) synth.Signer {
		s.Key.Explicit, s.Key.Compressed = true, compressed
		return s
	}
	bare := func(s synth.Signer) synth.Signer {
		s.Bare = true
		return s
	}
	noNull := rsaWith(0, synth.PKCS1, crypto.SHA256, 0)
	noNull.Key.NoNull = true
	for name, tt := range map[string]struct {
		authority, signer synth.Signer
		method, key       string
	}{
		"RSA":                    {rsaWith(0, synth.PKCS1, crypto.SHA256, 0), rsaWith(1, synth.PKCS1, crypto.SHA1, 0), "RSA with SHA-1", "RSA 1031"},
		"RSA without NULL":       {noNull, bare(rsaWith(0, synth.PKCS1, crypto.SHA512, 0)), "RSA with SHA-512", "RSA 2048"},
		"RSA-PSS":                {rsaWith(0, synth.PSS, crypto.SHA256, 0), rsaWith(1, synth.PSS, crypto.SHA256, 0), "RSA-PSS with SHA-256", "RSA 1031"},
		"RSA-PSS, mask of SHA-1": {rsaWith(0, synth.PSS, crypto.SHA384, crypto.SHA1), rsaWith(0, synth.PSS, crypto.SHA224, crypto.SHA1), "RSA-PSS with SHA-224", "RSA 2048"},
		"P-256 and P-224":        {on("prime256v1", synth.ECDSA, crypto.SHA256), on("secp224r1", synth.ECDSA, crypto.SHA224), "ECDSA with SHA-224", "secp224r1"},
		"P-521 and P-192":        {on("secp521r1", synth.ECDSA, crypto.SHA512), on("prime192v1", synth.ECDSA, crypto.SHA1), "ECDSA with SHA-1", "prime192v1"},
		"brainpool":              {on("brainpoolP512r1", synth.ECDSA, crypto.SHA512), on("brainpoolP256r1", synth.ECDSA, crypto.SHA512), "ECDSA with SHA-512", "brainpoolP256r1"},
		"brainpool, twisted":     {on("brainpoolP384t1", synth.ECDSA, crypto.SHA384), on("brainpoolP320t1", synth.ECDSA, crypto.SHA384), "ECDSA with SHA-384", "brainpoolP320t1"},
		"plain signature":        {on("brainpoolP256r1", synth.Plain, crypto.SHA256), on("brainpoolP224r1", synth.Plain, crypto.SHA224), "ECDSA with SHA-224", "brainpoolP224r1"},
		"explicit parameters": {
			explicit(on("brainpoolP320r1", synth.ECDSA, crypto.SHA256), false), explicit(on("prime256v1", synth.ECDSA, crypto.SHA256), false),
			"ECDSA with SHA-256", "prime256v1",
		},
		"explicit, compressed": {
			explicit(on("brainpoolP224r1", synth.ECDSA, crypto.SHA256), true), explicit(bare(on("brainpoolP192r1", synth.ECDSA, crypto.SHA256)), true),
			"ECDSA with SHA-256", "brainpoolP192r1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := state(t)
			authority := tt.authority
			authority.Bare = false // certificates name their digest in the algorithm alone
			w.use(authority, tt.signer)
			root, sod := w.root(t), parse(t, w.file(t))
			proof, err := sod.Verify(list(t, root))
			must(t, err)
			if proof.Method != tt.method || proof.Signer.KeyName != tt.key || len(proof.Authorities) != 1 || proof.Signer.Country != "UT" {
				t.Errorf("method %q, key %q, %d authorities", proof.Method, proof.Signer.KeyName, len(proof.Authorities))
			}
			if doubts := proof.Doubts(time.Time{}, now); doubts != nil {
				t.Errorf("doubts %v", doubts)
			}
			// Another state of the same name.
			other := state(t)
			proof, err = sod.Verify(list(t, other.root(t)))
			wantCode(t, err, emrtd.CodeUnknownIssuer)
			if proof.Signer == nil {
				t.Error("the signature holds, so the signer must be told")
			}
		})
	}
}

// One bit of what is signed, or of the signature.
func TestChangedBits(t *testing.T) {
	t.Parallel()
	for name, signer := range map[string]synth.Signer{
		"RSA":       {Key: rsaKey(t, 1), Method: synth.PKCS1, Hash: crypto.SHA256},
		"RSA-PSS":   {Key: rsaKey(t, 1), Method: synth.PSS, Hash: crypto.SHA256},
		"P-256":     {Key: ecKey(t, "prime256v1"), Method: synth.ECDSA, Hash: crypto.SHA256},
		"brainpool": {Key: ecKey(t, "brainpoolP256r1"), Method: synth.ECDSA, Hash: crypto.SHA256},
	} {
		w := state(t)
		w.use(w.authority, signer)
		root, whole := w.root(t), w.file(t)
		for _, at := range []int{bytes.Index(whole, []byte{0x02, 1, 0, 0x30}) + 80, len(whole) - 3} {
			bad := bytes.Clone(whole)
			bad[at] ^= 1
			s, err := emrtd.ParseSOD(bad)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			_, err = s.Verify(list(t, root))
			wantCode(t, err, emrtd.CodeAltered)
		}
	}
}

func wantCode(t testing.TB, err error, code emrtd.Code) {
	t.Helper()
	var e *emrtd.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	w := state(t)
	w.sod.Hash = crypto.SHA384
	sod := parse(t, w.file(t))
	dg1, dg2 := w.sod.Groups[1], w.sod.Groups[2]
	if sod.Hash != "SHA-384" || len(sod.Groups) != 2 {
		t.Errorf("%s over %d groups", sod.Hash, len(sod.Groups))
	}
	got := []emrtd.Comparison{sod.Compare(1, dg1), sod.Compare(2, dg1), sod.Compare(1, append(dg1, 0)), sod.Compare(15, dg2), sod.Compare(2, nil)}
	want := []emrtd.Comparison{emrtd.Agrees, emrtd.Differs, emrtd.Differs, emrtd.NotSigned, emrtd.Differs}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOddities(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"negative serial numbers": func(w *world) {
			w.csca.Serial, w.ds.Serial, w.sod.Serial = big.NewInt(-5), big.NewInt(-77), big.NewInt(-77)
		},
		"no basic constraints":             func(w *world) { w.csca.NoConstraints, w.ds.NoConstraints = true, true },
		"authority not marked as one":      func(w *world) { w.csca.CA = false },
		"no key identifiers":               func(w *world) { w.csca.NoIdentifiers, w.ds.NoIdentifiers = true, true },
		"name spelled in another way":      func(w *world) { w.ds.Issuer, w.ds.Utf8 = "csca ", true },
		"signer named in another way":      func(w *world) { w.sod.Issuer = "Csca" },
		"signer's number without its sign": func(w *world) { w.ds.Serial, w.sod.Serial = big.NewInt(-113), big.NewInt(143) },
		"signer named by its key":          func(w *world) { w.sod.ByKey = w.signer.Key },
		"content signed by itself":         func(w *world) { w.sod.NoAttributes = true },
		"an extension that is nothing":     func(w *world) { w.ds.Extra = []byte{0x30, 0x02, 0x05, 0x00} },
		"time of signing":                  func(w *world) { w.sod.At = now.AddDate(0, -2, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := state(t)
			change(w)
			proof, err := parse(t, w.file(t)).Verify(list(t, pemOf(w.root(t))))
			if err != nil || len(proof.Authorities) != 1 {
				t.Errorf("%v", err)
			}
			if !proof.SignedAt.Equal(w.sod.At) {
				t.Errorf("signed at %v, want %v", proof.SignedAt, w.sod.At)
			}
		})
	}
}

func TestNotSigned(t *testing.T) {
	t.Parallel()
	t.Run("no certificate", func(t *testing.T) {
		t.Parallel()
		w := state(t)
		_ = w.file(t)
		w.sod.Certificate = nil
		raw, err := synth.SOD(w.sod)
		must(t, err)
		_, err = parse(t, raw).Verify(list(t, w.root(t)))
		wantCode(t, err, emrtd.CodeNoSigner)
	})
	t.Run("another key than the certificate's", func(t *testing.T) {
		t.Parallel()
		w := state(t)
		_ = w.file(t)
		w.sod.Signer.Key = ecKey(t, "prime256v1")
		raw, err := synth.SOD(w.sod)
		must(t, err)
		_, err = parse(t, raw).Verify(list(t, w.root(t)))
		wantCode(t, err, emrtd.CodeAltered)
	})
	t.Run("certificate that signed itself", func(t *testing.T) {
		t.Parallel()
		w := state(t)
		root := w.root(t)
		w.authority.Key = ecKey(t, "prime256v1") // of the forger, under the state's name
		_, err := parse(t, w.file(t)).Verify(list(t, root))
		wantCode(t, err, emrtd.CodeUnknownIssuer)
	})
	t.Run("no list", func(t *testing.T) {
		t.Parallel()
		_, err := parse(t, state(t).file(t)).Verify(&emrtd.List{})
		wantCode(t, err, emrtd.CodeUnknownIssuer)
	})
	t.Run("another content", func(t *testing.T) {
		t.Parallel()
		w := state(t)
		w.sod.Kind = "1.2.840.113549.1.7.1"
		_, err := emrtd.ParseSOD(w.file(t))
		wantCode(t, err, emrtd.CodeMalformed)
	})
	t.Run("signer that is in the list itself", func(t *testing.T) {
		t.Parallel()
		w := state(t)
		_ = w.file(t)
		l := list(t, w.sod.Certificate)
		if l.Len() != 0 || l.Others != 1 {
			t.Errorf("%d certificates, %d others", l.Len(), l.Others)
		}
	})
}

func TestDoubts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(w *world)
		signed time.Time
		want   []emrtd.Doubt
	}{
		"in order":                          {change: func(*world) {}},
		"signer expired":                    {change: func(w *world) { w.ds.To = now.AddDate(0, 0, -1) }, want: []emrtd.Doubt{emrtd.DoubtSigner}},
		"expired since, but valid then":     {change: func(w *world) { w.ds.To = now.AddDate(0, 0, -1) }, signed: now.AddDate(0, -3, 0)},
		"valid now, but not when it signed": {change: func(w *world) { w.sod.At = now.AddDate(-2, 0, 0) }, want: []emrtd.Doubt{emrtd.DoubtSigner}},
		"what it says of itself goes first": {change: func(w *world) { w.sod.At = now.AddDate(0, -2, 0) }, signed: now.AddDate(-5, 0, 0)},
		"issuer came later":                 {change: func(w *world) { w.csca.From = now.AddDate(0, -1, 0) }, want: []emrtd.Doubt{emrtd.DoubtIssuer}},
		"another country":                   {change: func(w *world) { w.ds.Country = "XX" }, want: []emrtd.Doubt{emrtd.DoubtCountry}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := state(t)
			tt.change(w)
			proof, err := parse(t, w.file(t)).Verify(list(t, w.root(t)))
			must(t, err)
			if diff := cmp.Diff(tt.want, proof.Doubts(tt.signed, now)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if (emrtd.Proof{}).Doubts(now, now) != nil {
		t.Error("without a signer there is nothing to judge")
	}
}

func TestBadSOD(t *testing.T) {
	t.Parallel()
	good := state(t).file(t)
	nested := bytes.Repeat([]byte{0x30, 0x80}, 20_000)
	for name, raw := range map[string][]byte{
		"nothing": nil, "one byte": {0x77}, "text": []byte("not a file of a chip"), "absurd length": {0x77, 0x84, 0xff, 0xff, 0xff, 0xff, 0},
		"length of nine bytes": {0x77, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1}, "deep": nested, "too large": make([]byte, emrtd.MaxSOD+1),
		"open and never closed": {0x77, 0x80, 0x30, 0x80}, "endless tag": append([]byte{0x7f}, bytes.Repeat([]byte{0xff}, 100)...),
	} {
		if _, err := emrtd.ParseSOD(raw); err == nil {
			t.Errorf("%s: was taken", name)
		} else {
			wantCode(t, err, emrtd.CodeMalformed)
		}
	}
	for i := range good {
		if _, err := emrtd.ParseSOD(good[:i]); err == nil {
			t.Fatalf("cut at %d was taken", i)
		} else if strings.Contains(err.Error(), "UTO") {
			t.Fatal("an error must not tell what the file says")
		}
	}
}

// Some writers leave lengths open and cut octets into parts (BER).
func TestOpenLengths(t *testing.T) {
	t.Parallel()
	w := state(t)
	whole := w.file(t)
	// 77 80 … 00 00
	body := whole[4:]
	if whole[1] != 0x82 {
		t.Fatal("the object is shorter than this test thinks")
	}
	open := append(append([]byte{0x77, 0x80}, body...), 0, 0)
	if _, err := parse(t, open).Verify(list(t, w.root(t))); err != nil {
		t.Error(err)
	}
}
