package mobbscan

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

func FuzzForm(f *testing.F) {
	f.Add("--b\r\nContent-Disposition: form-data; name=\"side\"\r\n\r\nfront\r\n--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"f\"\r\n\r\nPICTURE\r\n--b--\r\n")
	f.Add("--b\nContent-Disposition: form-data; name=image\n\n\x1a\x45\xdf\xa3\n--b\n\n--b--")
	f.Add("")
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		var file []byte
		given, err := readForm(request{Request: r, w: w}, []string{"side"}, map[string]func(*bounded) error{"image": func(b *bounded) (err error) {
			file, err = io.ReadAll(b)
			return err
		}})
		if e, ok := errors.AsType[*usher.Error](err); err != nil && (!ok || e.Code == usher.CodeInternal) {
			t.Errorf("%q: %v is not said to be the caller's fault", body, err)
		}
		if err == nil && (len(given) > 1 || len(given["side"]) > largestField || len(given["side"])+len(file) > len(body)) {
			t.Errorf("%q: read %v and %d bytes", body, given, len(file))
		}
	})
}
