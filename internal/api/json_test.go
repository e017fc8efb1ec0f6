package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

type thing struct {
	Name    string   `json:"name"`
	Age     int      `json:"age"`
	Tags    []string `json:"tags"`
	Address *struct {
		Country string `json:"country"`
	} `json:"address"`
}

func TestJSONRead(t *testing.T) {
	t.Parallel()
	const plain = "application/json"
	for _, c := range []struct {
		name, body, kind string
		j                api.JSON
		status           int
		field, says      string
	}{
		{"good", `{"name":"Ada","age":36,"tags":["a"],"address":{"country":"SE"}}`, plain, api.JSON{}, 200, "", ""},
		{"charset", `{}`, "application/json; charset=UTF-8", api.JSON{}, 200, "", ""},
		{"merge patch", `{}`, "application/merge-patch+json", api.JSON{}, 200, "", ""},
		{"null is left out", `{"name":null}`, plain, api.JSON{}, 200, "", ""},
		{"null refused", `{"address":{"country":null}}`, plain, api.JSON{NoNull: true}, 422, "address.country", "null"},
		{"unknown member", `{"nome":"Ada"}`, plain, api.JSON{}, 422, "nome", "unknown member"},
		{"unknown member tolerated", `{"nome":"Ada"}`, plain, api.JSON{Tolerant: true}, 200, "", ""},
		{"number for string", `{"name":7}`, plain, api.JSON{}, 422, "name", "must be a string, not number"},
		{"nested wrong type", `{"address":{"country":true}}`, plain, api.JSON{}, 422, "address.country", "must be a string, not bool"},
		{"fraction", `{"age":1.5}`, plain, api.JSON{}, 422, "age", "a whole number"},
		{"list wanted", `{"tags":"a"}`, plain, api.JSON{}, 422, "tags", "a list"},
		{"object wanted", `[]`, plain, api.JSON{}, 422, "", "an object"},
		{"twice", `{"address":{"country":"SE","country":"NO"}}`, plain, api.JSON{}, 400, "address.country", "twice"},
		{"no JSON", `{"name":Ada}`, plain, api.JSON{}, 400, "", "not JSON"},
		{"cut off", `{"name":"Ad`, plain, api.JSON{}, 400, "", "ends too early"},
		{"two values", `{} {}`, plain, api.JSON{}, 400, "", "more text"},
		{"empty", ` `, plain, api.JSON{}, 400, "", "empty"},
		{"nothing where allowed", ``, "", api.JSON{Optional: true}, 200, "", ""},
		{"not UTF-8", "{\"name\":\"\xff\"}", plain, api.JSON{}, 400, "", "UTF-8"},
		{"deep", strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40), plain, api.JSON{}, 400, "", "deeper"},
		{"wide", `{` + members(600) + `}`, plain, api.JSON{Tolerant: true}, 400, "", "more than 500"},
		{"huge", `{"name":"` + strings.Repeat("a", 2<<20) + `"}`, plain, api.JSON{}, 413, "", "larger than 1 MB"},
		{"other type", `{}`, "application/xml", api.JSON{}, 415, "", "application/json"},
		{"no type", `{}`, "", api.JSON{}, 415, "", "application/json"},
		{"any type", `{}`, "", api.JSON{AnyType: true}, 200, "", ""},
		{"other charset", `{}`, "application/json; charset=latin1", api.JSON{}, 415, "", "application/json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			var into thing
			err := c.j.Read(httptest.NewRecorder(), r, &into)
			if c.status == 200 {
				if err != nil {
					t.Fatalf("got %v", err)
				}
				return
			}
			e, ok := errors.AsType[*usher.Error](err)
			if !ok || api.Status(err) != c.status || e.Field != c.field || !strings.Contains(e.Message, c.says) {
				t.Errorf("got %d %v, want %d field %q saying %q", api.Status(err), err, c.status, c.field, c.says)
			}
		})
	}
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.Repeat("x", i+1) + `":1`)
	}
	return b.String()
}

func TestTwoContentTypes(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{}`))
	r.Header["Content-Type"] = []string{"application/json", "text/plain"}
	if err := (api.JSON{}).Read(httptest.NewRecorder(), r, &thing{}); api.Status(err) != 400 {
		t.Errorf("got %v", err)
	}
}

func TestReadPaging(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]usher.Paging{
		"":                  {Limit: 20},
		"limit=1&after=abc": {Limit: 1, After: "abc"},
		"limit=100":         {Limit: 100},
		"limit=0":           {},
		"limit=101":         {},
		"limit=ten":         {},
	} {
		q, _ := url.ParseQuery(query)
		got, err := api.ReadPaging(q)
		if got != want || (want == usher.Paging{}) != (err != nil) {
			t.Errorf("%s: got %+v %v, want %+v", query, got, err, want)
		}
		if err != nil && api.Status(err) != 400 {
			t.Errorf("%s: status %d", query, api.Status(err))
		}
	}
	if err := api.CursorError(usher.Invalid("after", "unknown")); api.Status(err) != 400 {
		t.Errorf("unknown cursor: %v", err)
	}
	if err := api.CursorError(usher.Invalid("email", "unknown")); api.Status(err) != 422 {
		t.Errorf("other error: %v", err)
	}
}

func TestStatusAndPointer(t *testing.T) {
	t.Parallel()
	for code, want := range map[usher.Code]int{
		usher.CodeInvalid: 422, usher.CodeUnauthenticated: 401, usher.CodeForbidden: 403, usher.CodeNotFound: 404, usher.CodeConflict: 409,
		usher.CodeGone: 410, usher.CodeLimited: 429, usher.CodeInternal: 500, "": 500,
	} {
		if got := api.Status(&usher.Error{Code: code}); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
	if got := api.Status(&usher.Error{Code: usher.CodeLimited, Field: "file"}); got != 422 {
		t.Errorf("a limit on one request: %d", got)
	}
	for path, want := range map[string]string{
		"": "#", "email": "#/email", "address.country": "#/address/country", "events[0]": "#/events/0", "a/b~": "#/a~1b~0",
		"steps[1].id": "#/steps/1/id", "[2]": "#/2",
	} {
		if got := api.Pointer(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"name":"a"}`, `{"a":{"a":[1,null,{}]},"a":2}`, `[[[[`, `{"name":1}`, "\xff", `{"age":1e999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var into thing
		err := api.JSON{}.Decode(text, &into)
		if err == nil {
			// What is accepted is accepted by a plain reader too, and means the same there.
			var plain thing
			if err := json.Unmarshal(text, &plain); err != nil {
				t.Fatalf("accepted, but not JSON: %v", err)
			}
			return
		}
		if s := api.Status(err); s != 400 && s != 422 {
			t.Fatalf("status %d for %v", s, err)
		}
	})
}

// TestBodyThatDoesNotComeInTime is not told as a body that broke off: the time may have been ours.
func TestBodyThatDoesNotComeInTime(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{os.ErrDeadlineExceeded: 503, io.ErrUnexpectedEOF: 400} {
		r := httptest.NewRequest(http.MethodPost, "/", iotest.ErrReader(fmt.Errorf("read: %w", err)))
		if _, got := api.ReadAll(httptest.NewRecorder(), r, 100); api.Status(got) != want {
			t.Errorf("%v is answered with %d (%v), want %d", err, api.Status(got), got, want)
		}
	}
}
