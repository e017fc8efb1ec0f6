package celcoin

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// query holds the parameters of a request by their names in small letters: clients write them in any case.
type query map[string]string

func readQuery(r *http.Request) query {
	q := query{}
	for name, values := range r.URL.Query() {
		if values[0] != "" {
			q[strings.ToLower(name)] = values[0]
		}
	}
	return q
}

// brasilia is the zone of times that are given without one. It has had no summer time since 2019.
var brasilia = time.FixedZone("-03", -3*60*60)

// moment reads a time: RFC 3339, or without a zone. One of the vendor's clients encodes it twice, and an unencoded plus arrives as a space.
func moment(text string) (time.Time, bool) {
	if strings.Contains(text, "%") {
		once, err := url.PathUnescape(text)
		if err != nil {
			return time.Time{}, false
		}
		text = once
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", time.DateOnly} {
		for _, variant := range []string{text, strings.Replace(text, " ", "+", 1)} {
			if t, err := time.ParseInLocation(layout, variant, brasilia); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// period is the time between two parameters, both given; to is the first moment after it.
type period struct{ from, to time.Time }

// period reads dateFrom and dateTo; missing and unreadable are what to refuse them with.
func (q query) period(missing, unreadable refusal) (period, error) {
	var p period
	if q["datefrom"] == "" || q["dateto"] == "" {
		return p, missing
	}
	var ok, too bool
	p.from, ok = moment(q["datefrom"])
	p.to, too = moment(q["dateto"])
	if !ok || !too {
		return p, unreadable
	}
	if len(q["dateto"]) == len(time.DateOnly) {
		p.to = p.to.AddDate(0, 0, 1) // a day given as the end belongs to the period
	} else {
		p.to = p.to.Add(time.Millisecond)
	}
	return p, nil
}

// mostPerPage is the most that a page holds, and what it holds unless less was asked for.
const mostPerPage = 200

// pages reads Page, Limit and LimitPerPage. The vendor does not say what sets the two limits apart: the smaller one is the size of a page.
func (q query) pages() (pages, error) {
	p := pages{Limit: mostPerPage, CurrentPage: 1, LimitPerPage: mostPerPage}
	for name, into := range map[string]*int{"limit": &p.Limit, "limitperpage": &p.LimitPerPage, "page": &p.CurrentPage} {
		text := q[name]
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || (name != "page" && n > mostPerPage) || n > 1<<20 {
			return p, refusal("OBE047")
		}
		*into = n
	}
	return p, nil
}

func (p pages) size() int { return min(p.Limit, p.LimitPerPage) }
func (p pages) skip() int { return (p.CurrentPage - 1) * p.size() }

// of gives the members for a list of a length.
func (p pages) of(total int) pages {
	p.TotalItems, p.TotalPages = total, (total+p.size()-1)/p.size()
	return p
}

// cut gives the items of the page, of a list that is there as a whole.
func cut[T any](list []T, p pages) []T {
	from := min(p.skip(), len(list))
	return list[from:min(from+p.size(), len(list))]
}
