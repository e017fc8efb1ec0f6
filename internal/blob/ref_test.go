package blob_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/blob"
)

func TestParseRef(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("0a", 32)
	if ref, err := blob.ParseRef("t1/a-1_B/" + sum); err != nil || ref != (blob.Ref{Tenant: "t1", Applicant: "a-1_B", SHA256: sum}) {
		t.Errorf("ParseRef = %+v, %v", ref, err)
	}
	for _, text := range []string{"", "t1", "t1/a1", "t1/a1/" + sum + "/", "/a1/" + sum, "t1//" + sum, "../a1/" + sum, "t1/a1/" + strings.ToUpper(sum), "t1/a1/" + sum[:62], "t1/å/" + sum} {
		if _, err := blob.ParseRef(text); !errors.Is(err, blob.ErrName) {
			t.Errorf("%q: %v, want ErrName", text, err)
		}
	}
}

func FuzzParseRef(f *testing.F) {
	f.Add("t1/a1/" + strings.Repeat("0a", 32))
	f.Add("../../etc/passwd")
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := blob.ParseRef(text)
		if err != nil {
			return
		}
		if ref.String() != text || !filepath.IsLocal(text) || filepath.ToSlash(filepath.Clean(text)) != text {
			t.Errorf("accepted %q as %+v", text, ref)
		}
	})
}
