package emrtd_test

import (
	"crypto"
	"testing"

	"github.com/usher-kyc/usher/internal/emrtd"
	"github.com/usher-kyc/usher/internal/emrtd/synth"
)

// BenchmarkVerify reads a security object and follows its signature to a list.
func BenchmarkVerify(b *testing.B) {
	for name, signer := range map[string]func() synth.Signer{
		"RSA 2048": func() synth.Signer { return synth.Signer{Key: rsaKey(b, 0), Method: synth.PKCS1, Hash: crypto.SHA256} },
		"P-256": func() synth.Signer {
			return synth.Signer{Key: ecKey(b, "prime256v1"), Method: synth.ECDSA, Hash: crypto.SHA256}
		},
		"brainpoolP256r1": func() synth.Signer {
			return synth.Signer{Key: ecKey(b, "brainpoolP256r1"), Method: synth.ECDSA, Hash: crypto.SHA256}
		},
		"brainpoolP512r1": func() synth.Signer {
			return synth.Signer{Key: ecKey(b, "brainpoolP512r1"), Method: synth.ECDSA, Hash: crypto.SHA512}
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := state(b)
			w.use(signer(), signer())
			l, raw := list(b, w.root(b)), w.file(b)
			for b.Loop() {
				s, err := emrtd.ParseSOD(raw)
				must(b, err)
				_, err = s.Verify(l)
				must(b, err)
			}
		})
	}
}
