package vault_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/usher-kyc/usher/internal/vault"
	"pgregory.net/rapid"
)

func mustSealer(t testing.TB, m *vault.Master, tenant, subject string) *vault.Sealer {
	t.Helper()
	wrapped, err := m.NewKeyset(tenant, subject)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Unwrap(tenant, subject, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustEncrypt(t testing.TB, s *vault.Sealer, plain, ad []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := s.EncryptingWriter(&out, ad)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func decrypt(s *vault.Sealer, r io.Reader, ad []byte) ([]byte, error) {
	plain, err := s.DecryptingReader(r, ad)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}

func TestSealerRoundTrip(t *testing.T) {
	t.Parallel()
	s := mustSealer(t, mustMaster(t, encodedKey(1)), "t1", "a1")
	rapid.Check(t, func(t *rapid.T) {
		plain, ad := rapid.SliceOf(rapid.Byte()).Draw(t, "plain"), rapid.SliceOf(rapid.Byte()).Draw(t, "ad")
		sealed, err := s.Seal(plain, ad)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Open(sealed, ad)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("Open = %x, %v; want %x", got, err, plain)
		}
		if _, err := s.Open(sealed, append(ad, 0)); !errors.Is(err, vault.ErrTampered) {
			t.Fatalf("another ad: %v", err)
		}
		at := rapid.IntRange(0, len(sealed)-1).Draw(t, "at")
		sealed[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := s.Open(sealed, ad); !errors.Is(err, vault.ErrTampered) {
			t.Fatalf("bit changed: %v", err)
		}
	})
}

// TestUnwrapElsewhere holds the binding: a keyset row copied to another tenant or applicant must not open there.
func TestUnwrapElsewhere(t *testing.T) {
	t.Parallel()
	m := mustMaster(t, encodedKey(1))
	wrapped, err := m.NewKeyset("t1", "a1")
	if err != nil {
		t.Fatal(err)
	}
	if len(wrapped) < 150 || len(wrapped) > 400 {
		t.Errorf("wrapped keyset has %d bytes, want 150 to 400", len(wrapped))
	}
	for _, tt := range []struct {
		name, tenant, subject string
		master                *vault.Master
		want                  error
	}{
		{"another tenant", "t2", "a1", m, vault.ErrTampered},
		{"another applicant", "t1", "a2", m, vault.ErrTampered},
		{"shifted border", "t1a", "1", m, vault.ErrTampered},
		{"another master key", "t1", "a1", mustMaster(t, encodedKey(2)), vault.ErrMasterKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := tt.master.Unwrap(tt.tenant, tt.subject, wrapped); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := m.NewKeyset("t1", ""); err == nil {
		t.Error("keyset without an applicant was made")
	}
	if _, err := m.NewKeyset("", "a1"); err == nil {
		t.Error("keyset without a tenant was made")
	}
}

// TestUnwrapTampered changes every byte of a wrapped keyset. Tink keeps a description of the keys in clear beside the
// encrypted keys and does not read it, so a change there may pass; what must not happen is that other keys come out.
func TestUnwrapTampered(t *testing.T) {
	t.Parallel()
	m := mustMaster(t, encodedKey(1))
	wrapped, err := m.NewKeyset("t1", "a1")
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := m.Unwrap("t1", "a1", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := genuine.Seal([]byte("Ada"), nil)
	if err != nil {
		t.Fatal(err)
	}
	stream := mustEncrypt(t, genuine, []byte("picture"), nil)
	check := func(what string, i int, wrapped []byte) (refused bool) {
		s, err := m.Unwrap("t1", "a1", wrapped)
		if err != nil {
			return true
		}
		if got, err := s.Open(sealed, nil); err != nil || string(got) != "Ada" {
			t.Errorf("%s %d: unwrapped to other keys: %q, %v", what, i, got, err)
		}
		got, err := decrypt(s, bytes.NewReader(stream), nil)
		if err == nil && string(got) != "picture" {
			t.Errorf("%s %d: unwrapped to other streaming keys: %q", what, i, got)
		}
		return err != nil
	}
	refused := 0
	for i := range wrapped {
		changed := bytes.Clone(wrapped)
		changed[i] ^= 1
		if check("changed at", i, changed) {
			refused++
		}
		check("cut at", i, wrapped[:i])
	}
	// At least the encrypted keys themselves: two of 32 bytes with nonce and tag.
	if refused < 2*(32+12+16) {
		t.Errorf("only %d of %d changes were refused", refused, len(wrapped))
	}
}

func TestRewrap(t *testing.T) {
	t.Parallel()
	old, both, only := mustMaster(t, encodedKey(1)), mustMaster(t, encodedKey(1)+","+encodedKey(2)), mustMaster(t, encodedKey(2))
	wrapped, err := old.NewKeyset("t1", "a1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := old.Unwrap("t1", "a1", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Seal([]byte("Ada"), []byte("name"))
	if err != nil {
		t.Fatal(err)
	}
	stream := mustEncrypt(t, s, []byte("picture"), []byte("file"))

	rewrapped, changed, err := both.Rewrap("t1", "a1", wrapped)
	if err != nil || !changed {
		t.Fatalf("Rewrap: changed %v, %v", changed, err)
	}
	if id, err := vault.WrappedBy(rewrapped); err != nil || id != only.ID() {
		t.Errorf("WrappedBy = %s, %v; want %s", id, err, only.ID())
	}
	s, err = only.Unwrap("t1", "a1", rewrapped)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Open(sealed, []byte("name")); err != nil || string(got) != "Ada" {
		t.Errorf("after the rotation: %q, %v", got, err)
	}
	if got, err := decrypt(s, bytes.NewReader(stream), []byte("file")); err != nil || string(got) != "picture" {
		t.Errorf("file after the rotation: %q, %v", got, err)
	}
	if _, changed, err := both.Rewrap("t1", "a1", rewrapped); err != nil || changed {
		t.Errorf("second Rewrap: changed %v, %v", changed, err)
	}
	if _, _, err := both.Rewrap("t2", "a1", wrapped); !errors.Is(err, vault.ErrTampered) {
		t.Errorf("Rewrap for another tenant: %v", err)
	}
}

const segment = 1 << 20 // bytes of ciphertext in one segment

func TestStream(t *testing.T) {
	t.Parallel()
	m := mustMaster(t, encodedKey(1))
	s := mustSealer(t, m, "t1", "a1")
	for _, size := range []int{0, 1, 1000, segment - 56, segment - 55, segment, 2*segment + 7} {
		plain := bytes.Repeat([]byte("usher evidence "), size/15+1)[:size]
		stream := mustEncrypt(t, s, plain, []byte("file"))
		got, err := decrypt(s, iotest.HalfReader(bytes.NewReader(stream)), []byte("file"))
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("size %d: %d bytes, %v", size, len(got), err)
		}
		if _, err := decrypt(s, bytes.NewReader(stream), []byte("other")); !errors.Is(err, vault.ErrTampered) {
			t.Errorf("size %d, wrong ad: %v", size, err)
		}
		if _, err := decrypt(mustSealer(t, m, "t1", "a2"), bytes.NewReader(stream), []byte("file")); !errors.Is(err, vault.ErrTampered) {
			t.Errorf("size %d, another applicant's key: %v", size, err)
		}
		if _, err := decrypt(s, bytes.NewReader(append(bytes.Clone(stream), 0)), []byte("file")); !errors.Is(err, vault.ErrTampered) {
			t.Errorf("size %d, one byte more: %v", size, err)
		}
	}
}

// TestStreamCut holds that a cut stream never looks whole, wherever it is cut, even to a reader that tries again.
func TestStreamCut(t *testing.T) {
	t.Parallel()
	s := mustSealer(t, mustMaster(t, encodedKey(1)), "t1", "a1")
	plain := bytes.Repeat([]byte("usher evidence "), 3*segment/15)
	stream := mustEncrypt(t, s, plain, nil)
	for _, at := range []int{
		0, 1, 20, 40, 41, 55, 56, 57, 5000, segment - 1, segment, segment + 1, segment + 16, segment + 17,
		2*segment - 1, 2 * segment, 2*segment + 1, len(stream) - 17, len(stream) - 16, len(stream) - 1,
	} {
		r, err := s.DecryptingReader(bytes.NewReader(stream[:at]), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if !errors.Is(err, vault.ErrTampered) {
			t.Errorf("cut at %d: %v", at, err)
		}
		if !bytes.HasPrefix(plain, got) {
			t.Errorf("cut at %d: false bytes were handed out", at)
		}
		for range 3 {
			if n, err := r.Read(make([]byte, 100)); n != 0 || !errors.Is(err, vault.ErrTampered) {
				t.Errorf("cut at %d, read again: %d bytes, %v", at, n, err)
			}
		}
	}
	for _, at := range []int{0, 1, 33, 41, 100, segment, segment + 50, len(stream) - 1} {
		changed := bytes.Clone(stream)
		changed[at] ^= 0x80
		if got, err := decrypt(s, bytes.NewReader(changed), nil); !errors.Is(err, vault.ErrTampered) || !bytes.HasPrefix(plain, got) {
			t.Errorf("changed at %d: %v", at, err)
		}
	}
}

// TestStreamDiskError holds that a failing disk is not reported as tampering, in the first segment and later.
func TestStreamDiskError(t *testing.T) {
	t.Parallel()
	s := mustSealer(t, mustMaster(t, encodedKey(1)), "t1", "a1")
	stream := mustEncrypt(t, s, make([]byte, 2*segment), nil)
	broken := errors.New("disk is broken")
	for _, at := range []int{0, 10, 100, segment + 100} {
		r := io.MultiReader(bytes.NewReader(stream[:at]), iotest.ErrReader(broken))
		if _, err := decrypt(s, r, nil); !errors.Is(err, broken) || errors.Is(err, vault.ErrTampered) {
			t.Errorf("disk fails at %d: %v", at, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	s := mustSealer(f, mustMaster(f, encodedKey(1)), "t1", "a1")
	sealed, err := s.Seal([]byte("Ada"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(sealed[:len(sealed)-1])
	f.Add(mustEncrypt(f, s, []byte("Ada"), nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if got, err := s.Open(sealed, nil); err == nil && string(got) != "Ada" {
			t.Errorf("forged: %q", got)
		}
		if got, err := decrypt(s, bytes.NewReader(sealed), nil); err == nil && string(got) != "Ada" {
			t.Errorf("forged stream: %q", got)
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	m := mustMaster(f, encodedKey(1))
	wrapped, err := m.NewKeyset("t1", "a1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wrapped)
	f.Add(wrapped[:7])
	f.Add([]byte(strings.Repeat("\x01", 20)))
	f.Fuzz(func(t *testing.T, wrapped []byte) {
		s, err := m.Unwrap("t1", "a1", wrapped)
		if err != nil {
			return
		}
		if _, err := s.Seal([]byte("Ada"), nil); err != nil {
			t.Error(err)
		}
		// The second part is opened only here.
		if _, err := s.EncryptingWriter(io.Discard, nil); err != nil && !errors.Is(err, vault.ErrTampered) {
			t.Error(err)
		}
		if _, _, err := m.Rewrap("t1", "a1", wrapped); err != nil {
			t.Error(err)
		}
	})
}
