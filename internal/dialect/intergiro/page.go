package intergiro

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

const (
	defaultLimit = 10
	mostLimit    = 100
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// query reads the parameters of a list, one by one, so that one answer can name every fault.
type query struct {
	values url.Values
	faults invalid
}

func readQuery(r *http.Request) *query { return &query{values: r.URL.Query()} }

func (q *query) fault(name, message string) {
	q.faults = append(q.faults, fault{Code: codeFormat, Field: name, Message: message})
}

func (q *query) err() error {
	if len(q.faults) == 0 {
		return nil
	}
	return q.faults
}

func (q *query) id(name string) string {
	id := q.values.Get(name)
	if id != "" && !uuid.MatchString(id) {
		q.fault(name, "must be an id: a UUID in lower case")
	}
	return id
}

// word gives a parameter that is one of some words, or "".
func (q *query) word(name string, words ...string) string {
	w := q.values.Get(name)
	if w == "" {
		return ""
	}
	if !slices.Contains(words, w) {
		q.fault(name, "must be one of: "+strings.Join(words, ", "))
	}
	return w
}

// moment gives a time stamp, or midnight UTC of a date.
func (q *query) moment(name string) time.Time {
	text := q.values.Get(name)
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	q.fault(name, "must be a time such as 2026-03-02T09:15:00.000Z, or a date")
	return time.Time{}
}

// paging reads where a page begins, how long it is and which way it runs: newest first unless sort_type is ASC.
func (q *query) paging() usher.Paging {
	p := usher.Paging{Limit: defaultLimit, After: q.id("starting_after"), Before: q.id("ending_before")}
	if text := q.values.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostLimit {
			q.fault("limit", "must be a whole number from 1 to 100")
		}
		p.Limit = n
	}
	if p.After != "" && p.Before != "" {
		q.fault("ending_before", "cannot be used together with starting_after")
	}
	// updated_at would need an order that changes while a client pages through it; it is refused instead of being ignored.
	q.word("sort_by", "created_at")
	p.Oldest = q.word("sort_type", "ASC", "DESC") == "ASC"
	return p
}

// gather reads pages until it has as many items of the wire as were asked for and one more, which tells that there are more. An item that say
// gives false for is not on the wire.
func gather[T, W any](p usher.Paging, read func(usher.Paging) (usher.Page[T], error), say func(T) (W, bool, error)) (list[W], error) {
	out := list[W]{Data: []W{}}
	limit, back := p.Limit, p.Before != ""
	p.Limit++
	for {
		page, err := read(p)
		if e, ok := errors.AsType[*usher.Error](err); ok && e.Code == usher.CodeInvalid && (e.Field == "after" || e.Field == "before") {
			cursor := "starting_after"
			if back {
				cursor = "ending_before"
			}
			return out, invalid{{Code: codeFormat, Field: cursor, Message: e.Message}}
		}
		if err != nil {
			return out, err
		}
		if back {
			// From the cursor away, so that what is over the limit is what is farthest from it.
			slices.Reverse(page.Items)
		}
		for _, item := range page.Items {
			w, ok, err := say(item)
			if err != nil {
				return out, err
			}
			if ok {
				out.Data = append(out.Data, w)
			}
		}
		if len(out.Data) > limit || page.Next == "" {
			break
		}
		if back {
			p.Before = page.Next
		} else {
			p.After = page.Next
		}
	}
	if len(out.Data) > limit {
		out.Data, out.HasMore = out.Data[:limit], true
	}
	if back {
		slices.Reverse(out.Data)
	}
	return out, nil
}
