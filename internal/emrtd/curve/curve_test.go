package curve_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/usher-kyc/usher/internal/emrtd/curve"
)

func TestNamedCurvesAreCurves(t *testing.T) {
	t.Parallel()
	if len(curve.Names()) != 19 {
		t.Fatalf("%d curves", len(curve.Names()))
	}
	for _, name := range curve.Names() {
		c, oid, _ := curve.ByName(name)
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		same, err := curve.Named(oid)
		spelled, err2 := curve.Explicit(c.P, c.A, c.B, c.N, c.Octets(curve.Point{X: c.Gx, Y: c.Gy}))
		if err != nil || err2 != nil || same != c || spelled != c {
			t.Errorf("%s is not found by its identifier and numbers", name)
		}
	}
}

// The standard library signs on NIST's curves; what it signed must pass, and nothing that was changed.
func TestVerifyAgainstStandardLibrary(t *testing.T) {
	t.Parallel()
	for name, std := range map[string]elliptic.Curve{
		"secp224r1": elliptic.P224(), "prime256v1": elliptic.P256(), "secp384r1": elliptic.P384(), "secp521r1": elliptic.P521(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, _ := curve.ByName(name)
			key, err := ecdsa.GenerateKey(std, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			octets, err := key.PublicKey.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			q, err := c.Point(octets)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 4 {
				digest := sha256.Sum256([]byte{byte(i)})
				signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
				if err != nil {
					t.Fatal(err)
				}
				var rs struct{ R, S *big.Int }
				if _, err := asn1.Unmarshal(signature, &rs); err != nil {
					t.Fatal(err)
				}
				own := *c
				own.Name = "" // worked out here and not by the library that signed
				if !c.Verify(q, digest[:], rs.R, rs.S) || !own.Verify(q, digest[:], rs.R, rs.S) {
					t.Fatal("a good signature does not pass")
				}
				digest[3] ^= 1
				if own.Verify(q, digest[:], rs.R, rs.S) || own.Verify(q, digest[:], rs.S, rs.R) || c.Verify(q, digest[:], rs.R, rs.S) {
					t.Fatal("a bad signature passes")
				}
			}
			one := big.NewInt(1)
			if c.Verify(q, []byte{1}, new(big.Int), one) || c.Verify(q, []byte{1}, one, c.N) || c.Verify(q, []byte{1}, big.NewInt(-1), one) {
				t.Error("r and s out of range pass")
			}
		})
	}
}

// OpenSSL signs on all of them.
func TestVerifyAgainstOpenSSL(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	message := filepath.Join(dir, "message")
	if err := os.WriteFile(message, []byte("signed by another program"), 0o600); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("signed by another program"))
	for _, name := range curve.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := func(args ...string) []byte {
				out, err := exec.Command(openssl, args...).Output()
				if err != nil {
					t.Fatalf("openssl %v: %v", args, err)
				}
				return out
			}
			key := filepath.Join(dir, name)
			run("ecparam", "-name", name, "-genkey", "-noout", "-out", key)
			var spki struct {
				Algorithm asn1.RawValue
				Key       asn1.BitString
			}
			if _, err := asn1.Unmarshal(run("ec", "-in", key, "-pubout", "-outform", "DER"), &spki); err != nil {
				t.Fatal(err)
			}
			var rs struct{ R, S *big.Int }
			if _, err := asn1.Unmarshal(run("dgst", "-sha256", "-sign", key, message), &rs); err != nil {
				t.Fatal(err)
			}
			c, _, _ := curve.ByName(name)
			q, err := c.Point(spki.Key.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if !c.Verify(q, digest[:], rs.R, rs.S) {
				t.Error("a good signature does not pass")
			}
			compressed := append([]byte{2 + byte(q.Y.Bit(0))}, c.Octets(q)[1:1+c.Size()]...)
			if again, err := c.Point(compressed); err != nil || again.Y.Cmp(q.Y) != 0 {
				t.Errorf("compressed: %v", err)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	good, _, _ := curve.ByName("brainpoolP256r1")
	huge := new(big.Int).Lsh(big.NewInt(1), 100_000)
	for name, spoil := range map[string]func(*curve.Curve){
		"nothing":              func(c *curve.Curve) { c.P = nil },
		"negative":             func(c *curve.Curve) { c.A = big.NewInt(-3) },
		"absurdly large":       func(c *curve.Curve) { c.P = huge },
		"field not prime":      func(c *curve.Curve) { c.P = new(big.Int).Add(c.P, big.NewInt(2)) },
		"field a square":       func(c *curve.Curve) { c.P = new(big.Int).Mul(big.NewInt(1<<62+1), big.NewInt(1<<62+1)) },
		"order not prime":      func(c *curve.Curve) { c.N = new(big.Int).Sub(c.N, big.NewInt(1)) },
		"another order":        func(c *curve.Curve) { c.N = c.P },
		"base point elsewhere": func(c *curve.Curve) { c.Gx = big.NewInt(7) },
		"singular":             func(c *curve.Curve) { c.A, c.B = new(big.Int), new(big.Int) },
		"a out of the field":   func(c *curve.Curve) { c.A = new(big.Int).Add(c.A, c.P) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := *good
			spoil(&c)
			if c.Check() == nil {
				t.Error("was taken")
			}
			if c.P == nil {
				return
			}
			base := append([]byte{2}, make([]byte, c.Size())...)
			if c.Gx.Cmp(good.Gx) == 0 && c.Size() == good.Size() {
				base = good.Octets(curve.Point{X: good.Gx, Y: good.Gy})
			}
			if _, err := curve.Explicit(c.P, c.A, c.B, c.N, base); err == nil {
				t.Error("was taken, spelled out")
			}
		})
	}
	// Another base point is a curve, but not the one of that name.
	c := *good
	p := c.BaseTimes(big.NewInt(2))
	c.Gx, c.Gy = p.X, p.Y
	own, err := curve.Explicit(c.P, c.A, c.B, c.N, c.Octets(p))
	if err != nil || own.Name != "" {
		t.Error("a curve with another base point must be a curve without a name")
	}
}

func TestPointRefuses(t *testing.T) {
	t.Parallel()
	c, _, _ := curve.ByName("prime256v1")
	good := c.Octets(curve.Point{X: c.Gx, Y: c.Gy})
	off := append([]byte{}, good...)
	off[64] ^= 1
	for name, octets := range map[string][]byte{
		"nothing": nil, "infinity": {0}, "cut": good[:64], "longer": append(good, 0), "off the curve": off,
		"unknown form": append([]byte{9}, good[1:]...), "x beyond the field": append([]byte{2}, c.P.Bytes()...),
	} {
		if _, err := c.Point(octets); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, name := range []string{"prime256v1", "brainpoolP256r1", "brainpoolP512r1"} {
		b.Run(name, func(b *testing.B) {
			c, _, _ := curve.ByName(name)
			q := c.BaseTimes(big.NewInt(12345))
			digest := sha256.Sum256(nil)
			for b.Loop() {
				c.Verify(q, digest[:], q.X, q.Y)
			}
		})
	}
}
