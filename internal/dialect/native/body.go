package native

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// BodyReader gives a body that was read already once more.
func (c *call) BodyReader() io.Reader {
	if c.read {
		return bytes.NewReader(c.body)
	}
	return c.humaContext.BodyReader()
}

// SetReadDeadline does nothing once the body was read: a deadline that passes while the operation works would end it.
func (c *call) SetReadDeadline(t time.Time) error {
	if c.read {
		return nil
	}
	return c.humaContext.SetReadDeadline(t)
}

func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == formType
}

// formAsJSON reads a form as an object of strings. A member given twice is refused, as in JSON.
func formAsJSON(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	text, err := api.ReadAll(w, r, formMargin)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, api.Malformed("", "the body is not readable as a form")
	}
	object := make(map[string]string, len(values))
	for name, given := range values {
		if len(given) > 1 {
			return nil, api.Malformed(name, "is given twice")
		}
		object[name] = given[0]
	}
	asJSON, err := json.Marshal(object)
	if err != nil {
		return nil, &usher.Error{Code: usher.CodeInternal, Err: err}
	}
	return asJSON, nil
}
