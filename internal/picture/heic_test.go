//go:build heic

package picture_test

import (
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/picture"
)

func TestHEIC(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/gen2brain/heic").Output()
	if err != nil {
		t.Fatal(err)
	}
	intake := picture.New(picture.Config{})
	for _, name := range []string{"test8.heic", "gray.heic"} {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		img, info, err := intake.Decode(t.Context(), data)
		if err != nil || info.Kind != picture.KindHEIC || img.Bounds().Size() != image.Pt(info.Width, info.Height) {
			t.Errorf("%s: %+v, %v", name, info, err)
			continue
		}
		if _, _, err := intake.Decode(t.Context(), data[:len(data)/2]); picture.CodeOf(err) != picture.CodeDamaged {
			t.Errorf("%s cut: %v", name, err)
		}
	}
}
