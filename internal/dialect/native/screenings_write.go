package native

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// screeningPage keeps what the answers to POST /v1/screenings have in common.
type screeningPage struct {
	lists   atomic.Pointer[writtenLists]
	buffers sync.Pool // of *[]byte
}

// writtenLists are editions of lists as they are written; one answer after another names the same ones.
type writtenLists struct {
	of   []usher.ListVersion
	text []byte
}

// mostKept bounds the buffers that are kept for the next answer, in bytes.
const mostKept = 64 << 10

// screenPlainly answers a request whose body huma need not read. It gives false when huma must, and the body is there again.
func (s *server) screenPlainly(w http.ResponseWriter, r *http.Request) bool {
	if !plainRequest(r) {
		return false
	}
	text, err := api.JSON{}.Body(w, r)
	if err != nil {
		writeRefusal(w, r, err)
		return true
	}
	asked, ok := readScreening(text)
	if !ok {
		r.Body = io.NopCloser(bytes.NewReader(text))
		return false
	}
	p, _ := api.PrincipalFrom(r.Context())
	found, err := s.search(r.Context(), p, asked)
	if err != nil {
		writeRefusal(w, r, err)
		return true
	}
	buffer, _ := s.page.buffers.Get().(*[]byte)
	if buffer == nil {
		buffer = new([]byte)
	}
	*buffer = s.page.answer((*buffer)[:0], found)
	w.Header().Set("Content-Type", jsonType)
	_, _ = w.Write(*buffer) // the caller hung up; there is nobody to tell
	if cap(*buffer) <= mostKept {
		s.page.buffers.Put(buffer)
	}
	return true
}

func writeRefusal(w http.ResponseWriter, r *http.Request, err error) {
	told := problem(r.Context(), err)
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(told.Status)
	_, _ = w.Write(append(marshalled(told), '\n'))
}

// answer appends what huma would write of screeningAnswerOf; TestScreeningsAreAnsweredAlike holds that.
func (c *screeningPage) answer(to []byte, found usher.ScreenResult) []byte {
	to = appendMember(to, `{"algorithm":`, found.Algorithm)
	to = append(to, `,"lists":`...)
	to = append(to, c.written(found.Lists)...)
	to = append(to, `,"results":[`...)
	for i, hits := range found.Hits {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(to, `{"hits":[`...)
		for j, h := range hits {
			if j > 0 {
				to = append(to, ',')
			}
			to = appendHit(to, h)
		}
		to = append(to, `]}`...)
	}
	return append(to, "]}\n"...)
}

// written gives the text of editions, from the last answer when they are the same.
func (c *screeningPage) written(lists []usher.ListVersion) []byte {
	if had := c.lists.Load(); had != nil && slices.Equal(had.of, lists) {
		return had.text
	}
	text := marshalled(each(lists, watchlistOf))
	c.lists.Store(&writtenLists{of: slices.Clone(lists), text: text})
	return text
}

// marshalled writes a value as huma does.
func marshalled(v any) []byte {
	var b bytes.Buffer
	if err := huma.DefaultJSONFormat.Marshal(&b, v); err != nil {
		return []byte("null") // of strings, numbers and years after 0 alone; nothing of it can fail
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func appendHit(to []byte, h usher.Hit) []byte {
	if h.Judgement != nil {
		return append(to, marshalled(hitOf(h))...)
	}
	to = appendMember(to, `{"key":`, h.Key)
	to = appendMember(to, `,"list":`, h.List)
	to = appendGiven(to, `,"kind":`, h.Kind)
	to = appendMember(to, `,"name":`, h.Name)
	to = appendMember(to, `,"subject":`, h.Subject)
	to = appendMember(to, `,"verdict":`, verdictOf(h))
	to = appendNumber(to, `,"score":`, h.Score)
	to = appendNumber(to, `,"name_score":`, h.NameScore)
	to = append(to, `,"tokens":[`...)
	for i, t := range h.Tokens {
		to = append(appendComma(to, i), '{')
		if t.Query != "" {
			to = append(appendMember(to, `"query":`, t.Query), ',')
		}
		if t.Listed != "" {
			to = append(appendMember(to, `"listed":`, t.Listed), ',')
		}
		to = appendMember(to, `"how":`, t.How)
		to = appendNumber(to, `,"score":`, t.Score)
		to = appendNumber(to, `,"weight":`, t.Weight)
		to = append(appendNumber(to, `,"cost":`, t.Cost), '}')
	}
	to = append(to, `],"modifiers":[`...)
	for i, m := range h.Modifiers {
		to = appendMember(appendComma(to, i), `{"name":`, m.Name)
		to = appendNumber(to, `,"value":`, m.Value)
		to = appendGiven(to, `,"given":`, m.Given)
		to = append(appendGiven(to, `,"listed":`, m.Listed), '}')
	}
	to = append(to, `],"facts":[`...)
	for i, f := range h.Facts {
		to = appendMember(appendComma(to, i), `{"name":`, f.Name)
		to = append(appendMember(to, `,"value":`, f.Value), '}')
	}
	return append(to, `]}`...)
}

// appendComma parts an item from the one before it.
func appendComma(to []byte, item int) []byte {
	if item > 0 {
		to = append(to, ',')
	}
	return to
}

// appendGiven appends a member unless it is empty.
func appendGiven(to []byte, name, value string) []byte {
	if value == "" {
		return to
	}
	return appendMember(to, name, value)
}

// appendMember appends a string under a name that is written as JSON already.
func appendMember(to []byte, name, value string) []byte {
	to = append(to, name...)
	for _, c := range []byte(value) {
		if c < ' ' || c == '"' || c == '\\' || c > '~' {
			return append(to, marshalled(value)...) // what is to be escaped, encoding/json knows
		}
	}
	return append(append(append(to, '"'), value...), '"')
}

// appendNumber appends a number as encoding/json writes those of everyday size.
func appendNumber(to []byte, name string, v float64) []byte {
	to = append(to, name...)
	if size := math.Abs(v); size == 0 || size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(to, v, 'f', -1, 64)
	}
	return append(to, marshalled(v)...)
}
