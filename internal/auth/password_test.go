package auth

import (
	"strings"
	"testing"
)

func TestPasswordHash(t *testing.T) {
	t.Parallel()
	hash := hashPassword("seven quiet lamps by the sea", argonMemory)
	// OWASP's least: 19 MiB, two passes, one lane.
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash begins %q", hash[:34])
	}
	if hash == hashPassword("seven quiet lamps by the sea", argonMemory) {
		t.Error("two hashes of one password have the same salt")
	}
	for password, want := range map[string]bool{"seven quiet lamps by the sea": true, "seven quiet lamps by the se": false, "": false} {
		if got, err := passwordMatches(hash, password); err != nil || got != want {
			t.Errorf("%q matches: %v, %v", password, got, err)
		}
	}
	cheap := hashPassword("x", 64)
	if ok, err := passwordMatches(cheap, "x"); err != nil || !ok {
		t.Errorf("a hash with other parameters gives %v, %v", ok, err)
	}
}

func FuzzPasswordHash(f *testing.F) {
	f.Add(hashPassword("x", 64))
	f.Add("$argon2id$v=19$m=64,t=2,p=1$$")
	f.Add("$argon2i$v=19$m=64,t=0,p=0$AA$AA")
	f.Add("")
	f.Fuzz(func(t *testing.T, hash string) {
		// Only this server writes hashes, so their cost is not bounded when read; here it is, to keep the fuzzer at reading.
		if strings.Contains(hash, "$m=64,t=2,p=1$") {
			_, err := passwordMatches(hash, "x")
			if parts := strings.Split(hash, "$"); err == nil && len(parts) != 6 {
				t.Errorf("%q was taken for a hash", hash)
			}
		}
	})
}
