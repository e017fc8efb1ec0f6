package vault_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/vault"
)

// drawer is a key management service that adds its name to a key.
type drawer struct {
	name string
	err  error
}

func (d drawer) Wrap(_ context.Context, key []byte) ([]byte, error) {
	return append([]byte(d.name), key...), d.err
}

func (d drawer) Unwrap(_ context.Context, sealed []byte) ([]byte, error) {
	key, ok := bytes.CutPrefix(sealed, []byte(d.name))
	if !ok {
		return nil, errors.New("not sealed here")
	}
	return key, d.err
}

func mustRing(t testing.TB, text string, keeper vault.Keeper) *vault.Ring {
	t.Helper()
	r, err := vault.ReadRing(t.Context(), text, keeper)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ids(r *vault.Ring) string {
	var b strings.Builder
	for _, k := range r.Keys() {
		b.WriteString(k.ID)
		if k.Next {
			b.WriteString(" next")
		}
		if k.Sealed {
			b.WriteString(" sealed")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestRotation walks the whole way of a key: added, used, the old one dropped, each step written and read again.
func TestRotation(t *testing.T) {
	t.Parallel()
	r := mustRing(t, "# ours\n"+encodedKey(1)+"\n", nil)
	first := r.Keys()[0].ID
	second, err := r.Add(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r = mustRing(t, r.Text(), nil); r.Master().ID() != first {
		t.Error("a key that is marked as next seals already")
	}
	elsewhere := mustRing(t, strings.ReplaceAll(r.Text(), "next:", ""), nil).Master() // a node that has gone on to use it
	wrapped, err := elsewhere.NewKeyset("t1", "a1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Master().Unwrap("t1", "a1", wrapped); err != nil {
		t.Errorf("a key that is marked as next does not open: %v", err)
	}
	if _, err := r.Add(t.Context(), nil); !errors.Is(err, vault.ErrMasterKey) {
		t.Errorf("a second one behind it: %v", err)
	}
	if used, err := r.Use(); err != nil || used != second {
		t.Fatalf("Use = %q, %v, want %q", used, err, second)
	}
	if _, err := r.Use(); !errors.Is(err, vault.ErrMasterKey) {
		t.Errorf("used twice: %v", err)
	}
	if r = mustRing(t, r.Text(), nil); r.Master().ID() != second || ids(r) != first+"\n"+second+"\n" {
		t.Errorf("after use: %s seals, of\n%s", r.Master().ID(), ids(r))
	}
	if err := r.Drop(second); !errors.Is(err, vault.ErrMasterKey) {
		t.Errorf("the one that seals was dropped: %v", err)
	}
	if err := r.Drop("00000000"); !errors.Is(err, vault.ErrMasterKey) {
		t.Errorf("one that is not there was dropped: %v", err)
	}
	if err := r.Drop(first); err != nil {
		t.Fatal(err)
	}
	if got := ids(mustRing(t, r.Text(), nil)); got != second+"\n" {
		t.Errorf("left are\n%s", got)
	}
	if !strings.HasPrefix(r.Text(), "# ours\n") {
		t.Error("what people wrote is gone")
	}
}

func TestKeeper(t *testing.T) {
	t.Parallel()
	r := mustRing(t, encodedKey(1), nil)
	if err := r.Seal(t.Context(), drawer{name: "A"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Add(t.Context(), drawer{name: "A"}); err != nil {
		t.Fatal(err)
	}
	text := r.Text()
	if strings.Contains(text, encodedKey(1)) {
		t.Error("the key stands in the clear")
	}
	back := mustRing(t, text, drawer{name: "A"})
	if ids(back) != ids(r) || strings.Count(ids(back), "sealed") != 2 {
		t.Errorf("read back are\n%swant\n%s", ids(back), ids(r))
	}
	if back.Master().ID() != mustMaster(t, encodedKey(1)).ID() {
		t.Error("the keys are others")
	}
	down := errors.New("no route to the service")
	for name, keeper := range map[string]vault.Keeper{"none": nil, "another": drawer{name: "B"}, "one that is down": drawer{name: "A", err: down}} {
		_, err := vault.ReadRing(t.Context(), text, keeper)
		if !errors.Is(err, vault.ErrMasterKey) || strings.Contains(err.Error(), text[4:30]) {
			t.Errorf("with %s: %v", name, err)
		}
	}
	if _, err := vault.ReadRing(t.Context(), text, drawer{name: "A", err: down}); !errors.Is(err, down) {
		t.Errorf("the cause is lost: %v", err)
	}
}

// TestRingFile holds that a server's first start seals the key it draws, and that the file is replaced whole.
func TestRingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	r, err := vault.OpenRing(t.Context(), path, "", drawer{name: "A"})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Master().Fresh() || !r.Keys()[0].Sealed {
		t.Errorf("fresh %v, keys %v", r.Master().Fresh(), r.Keys())
	}
	if _, err := r.Add(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := vault.WriteRing(path, r); err != nil {
		t.Fatal(err)
	}
	again, err := vault.OpenRing(t.Context(), path, "", drawer{name: "A"})
	if err != nil || ids(again) != ids(r) || again.Master().Fresh() {
		t.Fatalf("read again: %v, fresh\n%s", err, ids(again))
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the file there are %v, %v", left, err)
	}
}
