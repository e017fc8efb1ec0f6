package intergiro

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// check tells, as an [*usher.Error], what is wrong with the text of a field.
type check func(field, text string) error

// members is a request's JSON object, read member by member, so that one answer can name every fault of it.
type members struct {
	prefix string
	raw    map[string]json.RawMessage
	faults *invalid
}

// readBody reads a request's JSON object. Members this server does not know are skipped, as additive changes of the vendor's API would be;
// an empty body counts as an object without members, so that whatever it lacks is named.
func readBody(w http.ResponseWriter, r *http.Request) (members, error) {
	m := members{raw: map[string]json.RawMessage{}, faults: &invalid{}}
	if r.Method == http.MethodGet {
		return m, nil
	}
	err := api.JSON{Tolerant: true, Optional: true}.Read(w, r, &m.raw)
	return m, err
}

func (m members) fault(code, name, message string) {
	*m.faults = append(*m.faults, fault{Code: code, Field: m.prefix + name, Message: message})
}

// err gives the faults found so far as one error, or nil.
func (m members) err() error {
	if len(*m.faults) == 0 {
		return nil
	}
	return *m.faults
}

// given gives a member's raw value. A member may be left out when it is not required, but null stands for nothing.
func (m members) given(name string, required bool) (json.RawMessage, bool) {
	raw, ok := m.raw[name]
	switch {
	case !ok && required:
		m.fault(codeRequired, name, "is required")
	case ok && bytes.Equal(raw, []byte("null")):
		m.fault(codeNull, name, "may not be null; leave it out instead")
		ok = false
	}
	return raw, ok
}

// text gives a string member, or "" when it is not there or at fault. is looks at a text that is not empty.
func (m members) text(name string, required bool, is check) string {
	raw, ok := m.given(name, required)
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		m.fault(codeFormat, name, "must be a string")
		return ""
	}
	if strings.TrimSpace(s) == "" {
		m.fault(codeEmpty, name, "may not be empty")
		return ""
	}
	if e, ok := errors.AsType[*usher.Error](is(name, s)); ok {
		m.fault(codeFormat, name, e.Message)
		return ""
	}
	return s
}

// change gives a string member of a patch, or nil when it is not there or at fault.
func (m members) change(name string, is check) *string {
	if s := m.text(name, false, is); s != "" {
		return &s
	}
	return nil
}

// object gives a member that is an object, or false when it is not there or at fault.
func (m members) object(name string) (members, bool) {
	raw, ok := m.given(name, false)
	if !ok {
		return members{}, false
	}
	inner := members{prefix: m.prefix + name + ".", raw: map[string]json.RawMessage{}, faults: m.faults}
	if json.Unmarshal(raw, &inner.raw) != nil {
		m.fault(codeFormat, name, "must be an object")
		return members{}, false
	}
	return inner, true
}

// only refuses every member but the named ones, and a body without any of them.
func (m members) only(names ...string) {
	if len(m.raw) == 0 {
		m.fault(codeRequired, "", "give at least one of "+strings.Join(names, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(m.raw)) {
		if !slices.Contains(names, name) {
			m.fault(codeUnknown, name, "cannot be changed here; ask support")
		}
	}
}

const longestText = 200 // characters of a line of an address

func isText(field, s string) error {
	if utf8.RuneCountInString(s) > longestText {
		return usher.Invalid(field, "must be at most %d characters long", longestText)
	}
	return nil
}

func isBirthDate(now time.Time) check {
	return func(field, s string) error {
		day, err := usher.ParseDate(s)
		if err == nil && day.Time().After(now) {
			err = usher.Invalid(field, "may not lie in the future")
		}
		return err
	}
}

func isOneOf(words ...string) check {
	return func(field, s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return usher.Invalid(field, "must be one of: %s", strings.Join(words, ", "))
	}
}

func anything(string, string) error { return nil }

// person reads the members of a new individual.
func (m members) person(now time.Time) usher.Details {
	d := usher.Details{
		FirstName:   m.text("first_name", true, api.Name),
		LastName:    m.text("last_name", true, api.Name),
		Email:       m.text("email", true, api.Email),
		Phone:       m.text("phone_number", true, api.Phone),
		DateOfBirth: usher.Date(m.text("date_of_birth", true, isBirthDate(now))),
	}
	if at, ok := m.object("address"); ok {
		d.Address = &usher.Address{
			Country:    at.text("country_code", true, api.Country),
			Street:     at.text("street1", true, isText),
			City:       at.text("city", true, isText),
			Region:     at.text("region", false, isText),
			PostalCode: at.text("postal_code", true, isText),
		}
	}
	return d
}
