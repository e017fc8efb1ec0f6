package native_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bodies of screenings, good and bad.
func screeningBodies() []string {
	list := []string{
		``, ` `, `null`, `[]`, `{}`, `{"subjects":null}`, `{"subjects":{}}`, `{"subjects":[]}`, `{"subjects":[null]}`, `{"subjects":[{}]}`, `{"subjects":["A"]}`,
		`{"subjects":[{"name":"Jaroslav P"}]}`, `{"subjects":[{"name":"Jaroslav P"},{"name":"B"}],"limit":1}`, `{"subjects":[{"name":"Jaroslav P"}]}x`,
		`{"subjects":[{"name":"Jaroslav P"}],}`, `{"subjects":[{"name":"Jaroslav P"}]`, `{"Subjects":[{"name":"A"}]}`, `{"subjects":[{"name":"A"}],"subjects":[]}`,
		`{"subjects":[{"name":"Jaroslav \u0050 \ud800 <b>&"}]}`, `{"subjects":[{"na\u006de":"Jaroslav"}]}`, "{\"subjects\":[{\"name\":\"Jaroslav\xff\"}]}",
		"{\"subjects\":[{\"name\":\"Jaroslav\x01\"}]}", "\ufeff{\"subjects\":[{\"name\":\"Jaroslav\"}]}", `{"subjects":[{"name":"Jaroslav\q"}]}`,
		`{"subjects":[{"name":"` + strings.Repeat("Ж", 1024) + `"}]}`, `{"subjects":[{"name":"` + strings.Repeat("Ж", 1025) + `"}]}`,
		`{"subjects":[{"name":7}]}`, `{"subjects":[{"name":"A","age":7}]}`, `{"subjects":[{"name":"A"}],"age":7}`, `{"subjects":[{"name":"A","name":"A"}]}`,
		`{"subjects":[{"name":"A"}],"lists":["own","nothing"]}`, `{"subjects":[{"name":"A"}],"lists":"own"}`, `{"subjects":[{"name":"A"}],"lists":null}`,
		`{"subjects":[` + strings.Repeat(`{"name":"A"},`, 999) + `{"name":"A"}]}`, `{"subjects":[` + strings.Repeat(`{"name":"A"},`, 1000) + `{"name":"A"}]}`,
		`{"subjects":[` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `]}`, `{"subjects":[{"name":"` + strings.Repeat("a", 2<<20) + `"}]}`,
	}
	values := func(member string, of ...string) {
		for _, v := range of {
			list = append(list, `{"subjects":[{"name":"Jaroslav P",`+member+v+`}]}`)
		}
	}
	strs := func(n int) string { return `["x"` + strings.Repeat(`,"x"`, n-1) + `]` }
	values(`"alt_names":`, `null`, `[]`, `[""]`, `[7]`, `[null]`, `"x"`, strs(19), strs(20))
	values(`"countries":`, `null`, `[]`, `["SE"]`, `["Sweden"]`, strs(20), strs(21))
	values(`"identifiers":`, `[]`, strs(20), strs(21))
	values(`"kind":`, `null`, `""`, `"person"`, `"PERSON"`, `"per\u0073on"`, `"robot"`, `7`)
	values(`"gender":`, `""`, `"male"`, `"female"`, `"x"`)
	values(`"birth_date":`, `null`, `""`, `"1961"`, `"1961-04"`, `"1961-04-02"`, `"9999-99-99"`, `"1961-4-2"`, `"1961-04-02T"`, `"1961-"`, `"19610402"`, `"1961\n"`, `1961`)
	for _, member := range []string{"match", "possible", "limit"} {
		for _, v := range []string{`null`, `0`, `-0`, `1`, `2`, `100`, `101`, `0.5`, `0.50`, `1.0`, `1.01`, `.5`, `5.`, `05`, `00`, `1e0`, `1E-1`, `-1`, `"1"`, `true`, `99999999999999999999`} {
			list = append(list, fmt.Sprintf(`{"subjects":[{"name":"Jaroslav P"}],"%s":%s}`, member, v))
		}
	}
	return list
}

// instance is the id of a request, in which two answers always differ.
var instance = regexp.MustCompile(`"instance":"[^"]*"`)

// sameBothWays asks once as nearly every client does, and once so that huma reads the request, whatever it is.
func (h *house) sameBothWays(t testing.TB, body string, headers ...string) {
	t.Helper()
	plain := h.do(t, "POST", "/v1/screenings", body, headers...)
	huma := h.do(t, "POST", "/v1/screenings", body, append([]string{"Accept", "application/json;q=0.9"}, headers...)...)
	if plain.Code != huma.Code {
		t.Errorf("%.200s: %d, and by huma %d", body, plain.Code, huma.Code)
	}
	a, b := instance.ReplaceAll(plain.Body.Bytes(), nil), instance.ReplaceAll(huma.Body.Bytes(), nil)
	several := bytes.Count(a, []byte(`"pointer"`)) > 1 // huma tells several mistakes in any order
	if !bytes.Equal(a, b) && !several {
		t.Errorf("%.200s: %s", body, cmp.Diff(string(b), string(a)))
	}
	plain.Header().Del("X-Request-Id")
	huma.Header().Del("X-Request-Id")
	if diff := cmp.Diff(huma.Header(), plain.Header()); diff != "" {
		t.Errorf("%.200s: %s", body, diff)
	}
}

// TestScreeningsAreReadAlike holds the short way of reading a screening to huma's, which has the contract.
func TestScreeningsAreReadAlike(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, body := range screeningBodies() {
		h.sameBothWays(t, body)
	}
	good := `{"subjects":[{"name":"Jaroslav P"}]}`
	for _, kind := range []string{"application/json; charset=utf-8", "application/problem+json", "application/json; charset=latin1", "text/plain", "application/xml", ""} {
		h.sameBothWays(t, good, "Content-Type", kind)
	}
	h.sameBothWays(t, good, "Authorization", "Bearer nothing")
	for _, accept := range []string{"*/*", "application/json", "text/html"} {
		if got := h.do(t, "POST", "/v1/screenings", good, "Accept", accept).want(t, 200); got.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %s", accept, got.Header().Get("Content-Type"))
		}
	}
	h.do(t, "POST", "/v1/screenings?fast=1", good).want(t, 400)
	first := h.do(t, "POST", "/v1/screenings", good, "Idempotency-Key", "screened").want(t, 200)
	again := h.do(t, "POST", "/v1/screenings", good, "Idempotency-Key", "screened").want(t, 200)
	if first.Body.String() != again.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("got %s %v", again.Body, again.Header())
	}
}

func FuzzScreenings(f *testing.F) {
	h := open(f)
	for _, body := range screeningBodies() {
		if len(body) < 1000 {
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body string) { h.sameBothWays(t, body) })
}
