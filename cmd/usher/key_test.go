package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMasterKeyIsDroppedWhenNobodySealsWithIt changes the master key while a server runs: no step may pass over one that was started before it.
func TestMasterKeyIsDroppedWhenNobodySealsWithIt(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	says := func(code int, want string, args ...string) string {
		t.Helper()
		got, text := said(t, append(args, "--data", data)...)
		if got != code || !strings.Contains(text, want) {
			t.Fatalf("usher %v: %d %s, want %d %q", args, got, text, code, want)
		}
		return text
	}
	server := func() (stop func(), err error) {
		s, _, err := readSettings(console{out: io.Discard, err: io.Discard, env: func(string) string { return "" }}, "serve", []string{"--data", data}, nil)
		if err != nil {
			return nil, err
		}
		h, err := open(t.Context(), s, slog.New(slog.DiscardHandler))
		if err != nil {
			return nil, err
		}
		leave, err := h.joinNodes(t.Context())
		if err != nil {
			return nil, err
		}
		return func() {
			leave()
			if err := h.close(); err != nil {
				t.Error(err)
			}
		}, nil
	}
	started := func() (stop func()) {
		t.Helper()
		stop, err := server()
		if err != nil {
			t.Fatal(err)
		}
		return stop
	}
	says(exitOK, "tenant ", "tenant", "create", "--name", "Example Bank")
	var keys []struct{ ID string }
	if err := json.Unmarshal([]byte(says(exitOK, "[", "key", "list", "--json")), &keys); err != nil {
		t.Fatal(err)
	}
	old := keys[0].ID
	before, err := os.ReadFile(filepath.Join(data, "master.key"))
	if err != nil {
		t.Fatal(err)
	}

	stop := started()
	says(exitOK, "added ", "key", "add")
	says(exitFailed, "is not known to", "key", "use")
	stop()
	stop = started()
	says(exitOK, " seals from", "key", "use")
	says(exitOK, "in the wrap of", "key", "rewrap")
	says(exitFailed, "seals on the server of this data folder", "key", "drop", old) // which was started before the key was used
	stop()
	stop = started()
	says(exitOK, "dropped "+old, "key", "drop", old)
	stop()

	if err := os.WriteFile(filepath.Join(data, "master.key"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := server(); err == nil || !strings.Contains(err.Error(), "was dropped") {
		t.Errorf("a server started with the keys of before: %v", err)
	}
}
