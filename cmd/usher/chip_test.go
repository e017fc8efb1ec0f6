package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestChipAndRegistryGuidesAreTrue runs every command of docs/chip.md and docs/registry.md on a real server.
func TestChipAndRegistryGuidesAreTrue(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the guide's commands need %s", tool)
		}
	}
	dir := t.TempDir()
	chip := filepath.Join(dir, "chip") // there before the server, which reads the issuers when it starts
	if code := run(t.Context(), quiet(), []string{"specimen", "chip", "--out", chip}); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	startDevWith(t, filepath.Join(dir, "data"), map[string]string{"USHER_CSCA": filepath.Join(chip, "csca.pem")})
	guideIsTrue(t, "../../docs/chip.md", dir)
	guideIsTrue(t, "../../docs/registry.md", dir)
}

func TestBadSpecimenAndList(t *testing.T) {
	t.Parallel()
	if code := run(t.Context(), quiet(), []string{"specimen", "unicorn"}); code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	h := &house{settings: settings{CSCA: filepath.Join(t.TempDir(), "missing")}}
	if _, err := h.issuers(); err == nil || !strings.Contains(err.Error(), "csca") {
		t.Errorf("%v", err)
	}
	h.settings.CSCA = t.TempDir()
	if _, err := h.issuers(); err == nil {
		t.Error("an empty list was taken for one")
	}
}
