package vault_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/usher-kyc/usher/internal/vault"
)

// encodedKey returns a well-formed master key that differs per n.
func encodedKey(n byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{n}, 32))
}

func mustMaster(t testing.TB, text string) *vault.Master {
	t.Helper()
	m, err := vault.ParseMaster(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParseMaster(t *testing.T) {
	t.Parallel()
	one, two := encodedKey(1), encodedKey(2)
	for _, tt := range []struct{ name, text, id string }{
		{"one key", one, mustMaster(t, one).ID()},
		{"no padding", strings.TrimRight(one, "="), mustMaster(t, one).ID()},
		{"comment and blank lines", "# " + two + "\n\n" + one + "\r\n", mustMaster(t, one).ID()},
		{"newest is last", one + "\n" + two, mustMaster(t, two).ID()},
		{"commas", one + ", " + two, mustMaster(t, two).ID()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := mustMaster(t, tt.text).ID(); got != tt.id {
				t.Errorf("ID = %s, want %s", got, tt.id)
			}
		})
	}
	for _, tt := range []struct{ name, text string }{
		{"empty", " \n"},
		{"only a comment", "# nothing"},
		{"not base64", "correct horse battery staple"},
		{"too short", base64.StdEncoding.EncodeToString(make([]byte, 31))},
		{"too long", base64.StdEncoding.EncodeToString(make([]byte, 33))},
		{"same key twice", one + "\n" + one},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := vault.ParseMaster(tt.text)
			if !errors.Is(err, vault.ErrMasterKey) {
				t.Fatalf("error = %v, want ErrMasterKey", err)
			}
			for _, word := range strings.Fields(tt.text) {
				if len(word) > 10 && strings.Contains(err.Error(), word) {
					t.Errorf("error quotes the key: %v", err)
				}
			}
		})
	}
}

func TestOpenMasterFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	first, err := vault.OpenMaster(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if !first.Fresh() {
		t.Error("first start is not fresh")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %04o, want 0600", info.Mode().Perm())
	}
	second, err := vault.OpenMaster(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if second.Fresh() || second.ID() != first.ID() {
		t.Errorf("second start: fresh %v, id %s; want the first start's key %s", second.Fresh(), second.ID(), first.ID())
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	env, err := vault.OpenMaster(path, encodedKey(9))
	if err != nil {
		t.Fatal(err)
	}
	if env.ID() == first.ID() || env.Fresh() {
		t.Error("the environment's key was not used")
	}
}

func TestOpenMasterRefuses(t *testing.T) {
	t.Parallel()
	write := func(text string, mode os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name, says string
		prepare    func(t *testing.T, path string)
	}{
		{"readable by group", "chmod 600 ", write(encodedKey(1), 0o640)},
		{"readable by all", "chmod 600 ", write(encodedKey(1), 0o604)},
		{"writable by group", "chmod 600 ", write(encodedKey(1), 0o620)},
		{"empty", "no key found", write("", 0o600)},
		{"half a key", "key 1 is not 32 bytes", write(encodedKey(1)[:20], 0o600)},
		{"huge", "too large", write(strings.Repeat("#\n", 40<<10), 0o600)},
		{"folder", "not a regular file", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "master.key")
			tt.prepare(t, path)
			_, err := vault.OpenMaster(path, "")
			if !errors.Is(err, vault.ErrMasterKey) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error = %v, want ErrMasterKey that says %q", err, tt.says)
			}
		})
	}
}

func TestOpenMasterStartedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	const servers = 8
	ids, fresh := make([]string, servers), make([]bool, servers)
	var wg sync.WaitGroup
	for i := range servers {
		wg.Go(func() {
			m, err := vault.OpenMaster(path, "")
			if err != nil {
				t.Error(err)
				return
			}
			ids[i], fresh[i] = m.ID(), m.Fresh()
		})
	}
	wg.Wait()
	makers := 0
	for i := range servers {
		if ids[i] != ids[0] {
			t.Errorf("two keys: %s and %s", ids[i], ids[0])
		}
		if fresh[i] {
			makers++
		}
	}
	if makers != 1 {
		t.Errorf("%d servers say they created the key, want 1", makers)
	}
}

// TestMasterShowsNoKey guards against a key in a log line.
func TestMasterShowsNoKey(t *testing.T) {
	t.Parallel()
	m := mustMaster(t, encodedKey(7))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		shown := fmt.Sprintf(verb, m)
		if shown != "master key "+m.ID() {
			t.Errorf("%s shows %.60q", verb, shown)
		}
	}
}

func FuzzParseMaster(f *testing.F) {
	f.Add(encodedKey(1))
	f.Add("# comment\n" + encodedKey(1) + "\n" + encodedKey(2))
	f.Add("AAAA=,====")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := vault.ParseMaster(text)
		if err == nil && len(m.ID()) != 8 {
			t.Errorf("accepted without an id: %q", m.ID())
		}
		if err != nil && !errors.Is(err, vault.ErrMasterKey) {
			t.Errorf("untyped error: %v", err)
		}
	})
}
