package main

import (
	"bytes"
	"image/jpeg"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
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

func TestPortraitOfAChipIsShown(t *testing.T) {
	t.Parallel()
	files, err := specimenChip()
	if err != nil {
		t.Fatal(err)
	}
	dg2 := files[slices.IndexFunc(files, func(f specimenFile) bool { return f.name == "chip_dg2.bin" })].data
	p := pictures{intake: picture.New(picture.Config{})}
	kind, _, err := p.look(t.Context(), usher.ChipDG2, dg2)
	if err != nil || kind != usher.PortraitFile {
		t.Errorf("%q, %v", kind, err)
	}
	fresh, err := p.preview(t.Context(), bytes.NewReader(dg2), 200)
	if err != nil {
		t.Fatal(err)
	}
	if shown, err := jpeg.DecodeConfig(bytes.NewReader(fresh)); err != nil || shown.Height != 200 {
		t.Errorf("%+v, %v", shown, err)
	}
	if _, _, err := p.look(t.Context(), usher.ChipSOD, dg2); err == nil {
		t.Error("a portrait was taken for a security object")
	}
}
