package api

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/usher-kyc/usher"
)

// The bounds of a page.
const (
	DefaultLimit = 20
	MostLimit    = 100
)

// ReadPaging reads limit (1 to 100, default 20) and after from a query.
func ReadPaging(q url.Values) (usher.Paging, error) {
	p := usher.Paging{Limit: DefaultLimit, After: q.Get("after")}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MostLimit {
			return usher.Paging{}, Malformed("limit", fmt.Sprintf("must be a whole number from 1 to %d", MostLimit))
		}
		p.Limit = n
	}
	return p, nil
}

// CursorError turns the store's word on an unknown cursor, an error of code invalid for the field after or before, into one that is answered
// with 400: the cursor is part of the address, not of a body. Other errors and nil pass.
func CursorError(err error) error {
	if e, ok := errors.AsType[*usher.Error](err); ok && e.Code == usher.CodeInvalid && (e.Field == "after" || e.Field == "before") {
		return Malformed(e.Field, "is not a cursor of this list; take the one of the page before, or leave it out")
	}
	return err
}
