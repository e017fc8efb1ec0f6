package vault_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"io"
	"runtime"
	"testing"

	"github.com/usher-kyc/usher/internal/vault"
)

// BenchmarkSmall measures what one sealed column costs (220 bytes of plaintext) beside bare AES-256-GCM in the same run.
func BenchmarkSmall(b *testing.B) {
	m := mustMaster(b, encodedKey(1))
	wrapped, err := m.NewKeyset("t1", "a1")
	if err != nil {
		b.Fatal(err)
	}
	s := mustSealer(b, m, "t1", "a1")
	plain, ad := make([]byte, 220), []byte("applicants/name")
	raw := rawGCM(b)
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	sealed, err := s.Seal(plain, ad)
	if err != nil {
		b.Fatal(err)
	}
	whole, err := m.Unwrap("t1", "a1", wrapped)
	if err != nil {
		b.Fatal(err)
	}
	columns, err := whole.Seal(plain, ad)
	if err != nil {
		b.Fatal(err)
	}
	keys := mustTenant(b, m, "t1")
	tenant, err := keys.Seal(plain, ad)
	if err != nil {
		b.Fatal(err)
	}
	rawSealed := raw.Seal(nil, nil, plain, ad)

	run("raw/seal", func() error { raw.Seal(nil, nil, plain, ad); return nil })
	run("raw/open", func() error { _, err := raw.Open(nil, nil, rawSealed, ad); return err })
	run("Seal", func() error { _, err := s.Seal(plain, ad); return err })
	run("Open", func() error { _, err := s.Open(sealed, ad); return err })
	run("NewKeyset", func() error { _, err := m.NewKeyset("t1", "a1"); return err })
	rotated := mustMaster(b, encodedKey(1)+"\n"+encodedKey(2))
	run("Rewrap", func() error { _, _, err := rotated.Rewrap("t1", "a1", wrapped); return err })
	run("Unwrap+Open", func() error {
		u, err := m.Unwrap("t1", "a1", wrapped)
		if err != nil {
			return err
		}
		_, err = u.Open(columns, ad)
		return err
	})
	run("TenantKeys.Seal", func() error { _, err := keys.Seal(plain, ad); return err })
	run("TenantKeys.Open", func() error { _, err := keys.Open(tenant, ad); return err })
	run("Index", func() error { keys.Index("email", "ada@example.test"); return nil })
	v, _ := newVault(b, 1, vault.Config{})
	run("Sealer/cached", func() error { _, err := v.Sealer(b.Context(), "t1", "a0"); return err })
}

// BenchmarkStream measures the streaming encryption of a picture of 4 MB beside bare AES-256-GCM in the same run.
func BenchmarkStream(b *testing.B) {
	s := mustSealer(b, mustMaster(b, encodedKey(1)), "t1", "a1")
	plain := make([]byte, 4<<20)
	stream := mustEncrypt(b, s, plain, nil)
	raw := rawGCM(b)
	b.Run("raw/seal", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		out := make([]byte, 0, len(plain)+64)
		for b.Loop() {
			raw.Seal(out, nil, plain, nil)
		}
	})
	b.Run("write", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		b.ReportAllocs()
		for b.Loop() {
			w, err := s.EncryptingWriter(io.Discard, nil)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := w.Write(plain); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		b.ReportAllocs()
		for b.Loop() {
			r, err := s.DecryptingReader(&loop{b: stream}, nil)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSealerMemory reports the heap one unwrapped keyset holds, which is what Config.Capacity is to be chosen by.
func BenchmarkSealerMemory(b *testing.B) {
	m := mustMaster(b, encodedKey(1))
	wrapped, err := m.NewKeyset("t1", "a1")
	if err != nil {
		b.Fatal(err)
	}
	const n = 10_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		kept := make([]*vault.Sealer, n)
		for i := range kept {
			if kept[i], err = m.Unwrap("t1", "a1", wrapped); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "heap-bytes/sealer")
		runtime.KeepAlive(kept)
	}
}

func rawGCM(b *testing.B) cipher.AEAD {
	b.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	return gcm
}

// loop is a reader without WriteTo, so that io.Copy reads as it does from a file.
type loop struct {
	b  []byte
	at int
}

func (l *loop) Read(p []byte) (int, error) {
	if l.at == len(l.b) {
		return 0, io.EOF
	}
	n := copy(p, l.b[l.at:])
	l.at += n
	return n, nil
}
