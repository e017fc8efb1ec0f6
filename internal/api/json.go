package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
)

// Limits of a JSON body unless a [JSON] says otherwise.
const (
	DefaultBodyLimit = 1 << 20 // bytes
	deepest          = 32      // nested objects and arrays
)

// JSON says how bodies are read. The zero value is strict: unknown members are refused, null counts as left out, and a body is at most 1 MB.
type JSON struct {
	Limit    int64 // bytes; 0 means 1 MB
	Tolerant bool  // unknown members are skipped
	NoNull   bool  // null is refused wherever it stands
	AnyType  bool  // the Content-Type is not looked at
	Optional bool  // an empty body is fine and leaves the target as it is
}

// Read reads a request's body into a value. Its errors are [*usher.Error] that name the member at fault by its dotted path.
func (j JSON) Read(w http.ResponseWriter, r *http.Request, into any) error {
	text, err := j.Text(w, r)
	if err != nil || len(text) == 0 {
		return err
	}
	return j.decode(text, into)
}

// Text reads a request's body as [JSON.Read] does and gives it as it is, looked through but not decoded: for who decodes it by other means.
// It is empty only when that is allowed.
func (j JSON) Text(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	text, err := j.Body(w, r)
	if err != nil || (len(text) == 0 && j.Optional) {
		return nil, err
	}
	return text, j.Look(text)
}

// Body is Text without the look through: for who looks by other means, or with [JSON.Look] after.
func (j JSON) Body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	text, err := ReadAll(w, r, j.limit())
	if err != nil || (len(text) == 0 && j.Optional) {
		return nil, err
	}
	if !j.AnyType {
		if err := isJSON(r.Header); err != nil {
			return nil, err
		}
	}
	return text, nil
}

func (j JSON) limit() int64 {
	if j.Limit > 0 {
		return j.Limit
	}
	return DefaultBodyLimit
}

// Decode reads a text that is one JSON value and nothing else into a value.
func (j JSON) Decode(text []byte, into any) error {
	if err := j.Look(text); err != nil {
		return err
	}
	return j.decode(text, into)
}

// Look refuses a text that is no JSON value or that two readers could read differently.
func (j JSON) Look(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return Malformed("", "the body is empty; send a JSON object")
	}
	if !utf8.Valid(text) {
		return Malformed("", "the body is not UTF-8")
	}
	return j.scan(text)
}

func (j JSON) decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if !j.Tolerant {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(into); err != nil {
		return decodeError(err)
	}
	return nil
}

// decodeError says in the words of a caller what encoding/json found.
func decodeError(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &usher.Error{
			Code: usher.CodeInvalid, Field: e.Field, Detail: DetailType, Message: fmt.Sprintf("must be %s, not %s", kindOf(e), e.Value),
		}
	}
	if e, ok := errors.AsType[*usher.Error](err); ok {
		return e
	}
	// encoding/json gives unknown members no type of their own.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		field, unquoted := strconv.Unquote(name)
		if unquoted != nil {
			field = name
		}
		return &usher.Error{Code: usher.CodeInvalid, Field: field, Detail: DetailUnknownName, Message: "unknown member; leave it out"}
	}
	return Malformed("", "the body is not readable as JSON of the expected shape")
}

// kindOf names the JSON type a Go type is written as.
func kindOf(e *json.UnmarshalTypeError) string {
	switch kind := e.Type.Kind().String(); {
	case kind == "string":
		return "a string"
	case kind == "bool":
		return "true or false"
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"):
		return "a whole number"
	case strings.HasPrefix(kind, "float"):
		return "a number"
	case kind == "slice", kind == "array":
		return "a list"
	default:
		return "an object"
	}
}

// scan walks the text once before it is decoded: encoding/json would accept a member given twice (the last wins, which lets two readers see
// two documents), any depth, and text after the value.
func (j JSON) scan(text []byte) error {
	s := scanner{d: json.NewDecoder(bytes.NewReader(text)), noNull: j.NoNull}
	s.d.UseNumber()
	if err := s.value(nil); err != nil {
		return err
	}
	if _, err := s.d.Token(); !errors.Is(err, io.EOF) {
		return Malformed("", "there is more text after the JSON value")
	}
	return nil
}

type scanner struct {
	d      *json.Decoder
	noNull bool
}

func (s scanner) value(path []string) error {
	token, err := s.d.Token()
	if err != nil {
		return s.unreadable(err)
	}
	switch t := token.(type) {
	case json.Delim:
		if len(path) >= deepest {
			return Malformed("", fmt.Sprintf("the body is nested deeper than %d levels", deepest))
		}
		return s.members(path, t == '{')
	case nil:
		if s.noNull {
			return &usher.Error{
				Code: usher.CodeInvalid, Field: strings.Join(path, "."), Detail: DetailNull, Message: "may not be null; leave it out instead",
			}
		}
	}
	return nil
}

func (s scanner) members(path []string, object bool) error {
	var seen []string
	for i := 0; s.d.More(); i++ {
		name := strconv.Itoa(i)
		if object {
			token, err := s.d.Token()
			if err != nil {
				return s.unreadable(err)
			}
			name, _ = token.(string)
			if slices.Contains(seen, name) {
				return Malformed(strings.Join(append(path, name), "."), "is given twice")
			}
			if seen = append(seen, name); len(seen) > mostMembers {
				return Malformed(strings.Join(path, "."), fmt.Sprintf("has more than %d members", mostMembers))
			}
		}
		if err := s.value(append(path[:len(path):len(path)], name)); err != nil {
			return err
		}
	}
	if _, err := s.d.Token(); err != nil {
		return s.unreadable(err)
	}
	return nil
}

// mostMembers bounds one object, and with it the work of finding a member given twice.
const mostMembers = 500

func (s scanner) unreadable(err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return Malformed("", fmt.Sprintf("the body is not JSON: %s at byte %d", e.Error(), e.Offset))
	}
	return Malformed("", "the body is not JSON: it ends too early")
}

// isJSON refuses a body that does not say that it is JSON: once, and in UTF-8.
func isJSON(h http.Header) error {
	types := h.Values("Content-Type")
	if len(types) > 1 {
		return Malformed("", "the header Content-Type is given more than once")
	}
	refuse := &usher.Error{Code: usher.CodeInvalid, Detail: DetailMediaType, Message: "send the body as Content-Type: application/json"}
	if len(types) == 0 {
		return refuse
	}
	if types[0] == "application/json" {
		return nil // as nearly everybody writes it; the parser below takes longer than the rest of the look
	}
	kind, params, err := mime.ParseMediaType(types[0])
	if err != nil || (kind != "application/json" && !strings.HasSuffix(kind, "+json")) {
		return refuse
	}
	if set := params["charset"]; set != "" && !strings.EqualFold(set, "utf-8") {
		return refuse
	}
	return nil
}

// believed is up to how many bytes room is made for a body because its header says that it is so long.
const believed = 64 << 10

// ReadAll reads a request's body of at most limit bytes.
func ReadAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	var text bytes.Buffer
	text.Grow(int(min(max(r.ContentLength, 0), believed)) + bytes.MinRead)
	_, err := text.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	return text.Bytes(), BodyError(err)
}

// BodyError says in the words of a caller why a body could not be read; nil stays nil.
func BodyError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return TooLarge(e.Limit)
	}
	if e, ok := errors.AsType[*usher.Error](err); ok {
		return e
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// Whose time it was cannot be told: a caller may be slow, and so may what had to be asked before the body was read.
		return &usher.Error{Code: usher.CodeInternal, Detail: DetailUnavailable, Err: err, Message: "the body could not be taken in time; try again in a moment"}
	}
	return Malformed("", "the body ended before all of it was there")
}

// TooLarge makes the error for a body over a limit in bytes.
func TooLarge(limit int64) *usher.Error {
	size := fmt.Sprintf("%d bytes", limit)
	if limit >= 1<<20 && limit%(1<<20) == 0 {
		size = fmt.Sprintf("%d MB", limit>>20)
	}
	return &usher.Error{Code: usher.CodeLimited, Detail: DetailTooLarge, Message: "the body is larger than " + size}
}
