package source

import (
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// The years that a birth date on a list may lie in; anything else is a slip.
const (
	firstYear = 1800
	lastYear  = 2100
)

// birthDate reads a date of birth as lists write it: an ISO date, month or year; "23 Nov 1962", "Nov. 1962", "November 1962"; 23/11/1962 with the day
// first, where a day or month of 00 (or "dd", "mm") is not known; a decade ("1960s"); a span of any of these ("1958 to 1960", "1958-1960", "between
// 1958 and 1960"); each with a word for "about" (circa, approximately). False means that it says no date that exists.
func birthDate(s string) (watchlist.DateRange, bool) {
	s = strings.ToLower(squeeze(strings.Trim(s, " .;,")))
	s, circa := cutCirca(s)
	if d, ok := oneDate(s); ok {
		d.Circa = circa
		return d, true
	}
	s = strings.TrimPrefix(s, "between ")
	s = strings.TrimPrefix(s, "from ")
	for _, word := range []string{" to ", " and ", " - ", "-", "–", "/", " or "} {
		from, to, ok := strings.Cut(s, word)
		if !ok {
			continue
		}
		from, circaFrom := cutCirca(from)
		to, circaTo := cutCirca(to)
		a, okA := oneDate(from)
		b, okB := oneDate(to)
		if okA && okB && a.From <= b.To {
			return watchlist.DateRange{From: a.From, To: b.To, Circa: circa || circaFrom || circaTo}, true
		}
	}
	return watchlist.DateRange{}, false
}

// cutCirca takes the words for "about" off a date.
func cutCirca(s string) (rest string, circa bool) {
	if s != "" && isDigit(s[0]) && isDigit(s[len(s)-1]) {
		return s, false
	}
	for _, word := range []string{"circa", "approximately", "approximatively", "approx.", "approx", "about", "around", "ca.", "ca ", "c.", "c ", "possibly", "born"} {
		if after, ok := strings.CutPrefix(s, word); ok {
			return strings.Trim(after, " .:,"), word != "born"
		}
	}
	for _, word := range []string{"(approximately)", "(approx)", "(approx.)", "(circa)", "(ca.)", "approximately"} {
		if before, ok := strings.CutSuffix(s, word); ok {
			return strings.TrimSpace(before), true
		}
	}
	return s, false
}

// oneDate reads a single date, month, year or decade.
func oneDate(s string) (watchlist.DateRange, bool) {
	s = strings.Trim(s, " .,")
	if day, _, ok := strings.Cut(s, "t"); ok && len(day) == len("2006-01-02") && day[4] == '-' {
		s = day
	}
	if len(s) > 10 && s[4] == '-' && s[7] == '-' && (s[10] == '-' || s[10] == '+' || s[10] == 'z' || s[10] == ' ') {
		// An XML date with its time zone, or with a time of day.
		s = s[:10]
	}
	if decade, ok := strings.CutSuffix(s, "s"); ok && len(strings.Trim(decade, "'")) == 4 {
		if y, ok := number(strings.Trim(decade, "'")); ok && y%10 == 0 {
			return span(y, 0, 0, y+9)
		}
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' || r == '/' || r == '.' || r == ',' })
	switch len(parts) {
	case 1:
		if y, ok := number(parts[0]); ok && len(parts[0]) == 4 {
			return span(y, 0, 0, y)
		}
	case 2:
		return monthAndYear(parts[0], parts[1])
	case 3:
		return dayMonthYear(parts[0], parts[1], parts[2])
	}
	return watchlist.DateRange{}, false
}

// monthAndYear reads "nov 1962", "1962-11" and "11/1962".
func monthAndYear(a, b string) (watchlist.DateRange, bool) {
	if isYear(a) {
		a, b = b, a
	}
	y, ok := number(b)
	m, okM := monthOf(a)
	if !ok || !okM || len(b) != 4 {
		return watchlist.DateRange{}, false
	}
	return span(y, m, 0, y)
}

// dayMonthYear reads "23 nov 1962", "nov 23 1962", "1962-11-23" and "23/11/1962".
func dayMonthYear(a, b, c string) (watchlist.DateRange, bool) {
	if isYear(a) {
		a, c = c, a
	}
	if _, isNumber := number(a); !isNumber && !unknownPart(a) {
		a, b = b, a
	}
	y, ok := number(c)
	if !ok || len(c) != 4 {
		return watchlist.DateRange{}, false
	}
	m, ok := monthOf(b)
	if !ok {
		return watchlist.DateRange{}, false
	}
	d := 0
	if !unknownPart(a) {
		if d, ok = number(a); !ok {
			return watchlist.DateRange{}, false
		}
	}
	return span(y, m, d, y)
}

// unknownPart tells a day or month that the list does not know.
func unknownPart(s string) bool {
	return s == "00" || s == "0" || s == "dd" || s == "mm" || s == "xx" || s == "--"
}

// monthOf reads a month's number or English name; 0 is one that is not known.
func monthOf(s string) (int, bool) {
	if unknownPart(s) {
		return 0, true
	}
	if n, ok := number(s); ok {
		return n, n >= 1 && n <= 12
	}
	if len(s) < 3 {
		return 0, false
	}
	for m := time.January; m <= time.December; m++ {
		if strings.HasPrefix(strings.ToLower(m.String()), s) {
			return int(m), true
		}
	}
	return int(time.September), s == "sept"
}

// isYear tells four digits.
func isYear(s string) bool {
	_, ok := number(s)
	return ok && len(s) == 4
}

// isDigit tells 0 to 9.
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// number reads one to four digits.
func number(s string) (int, bool) {
	if s == "" || len(s) > 4 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// span gives the days of a year, month or day; a month or day of 0 is not known. It refuses days that do not exist.
func span(year, month, day, toYear int) (watchlist.DateRange, bool) {
	if year < firstYear || toYear > lastYear || toYear < year {
		return watchlist.DateRange{}, false
	}
	if month == 0 {
		return watchlist.DateRange{From: iso(year, 1, 1), To: iso(toYear, 12, 31)}, true
	}
	if day == 0 {
		return watchlist.DateRange{From: iso(year, month, 1), To: iso(toYear, month, daysIn(year, month))}, true
	}
	if day > daysIn(year, month) {
		return watchlist.DateRange{}, false
	}
	d := iso(year, month, day)
	return watchlist.DateRange{From: d, To: d}, true
}

// daysIn gives the days of a month.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// iso writes a day as YYYY-MM-DD.
func iso(year, month, day int) string {
	b := [10]byte{
		byte('0' + year/1000), byte('0' + year/100%10), byte('0' + year/10%10), byte('0' + year%10), '-',
		byte('0' + month/10), byte('0' + month%10), '-', byte('0' + day/10), byte('0' + day%10),
	}
	return string(b[:])
}

// listedOn gives the ISO date of a listing, or "" where it is not an exact day.
func listedOn(s string) string {
	d, ok := oneDate(strings.ToLower(squeeze(s)))
	if !ok || d.From != d.To {
		return ""
	}
	return d.From
}

// timestamp reads the time at which a list says it was made.
func timestamp(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02", "02/01/2006", "02-Jan-2006", "2 January 2006", "20060102150405"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// birth adds a date of birth to a record, or counts one that says no date.
func (s *sink) birth(e *watchlist.Entity, value string) {
	value = strings.TrimSpace(value)
	if value == "" || value == "-" || strings.EqualFold(value, "n/a") || strings.EqualFold(value, "na") || strings.EqualFold(value, "unknown") {
		return
	}
	d, ok := birthDate(value)
	if !ok {
		s.note("a birth date that does not exist or cannot be read, kept as unknown", e.ID)
		return
	}
	e.Births = addBirth(e.Births, d)
}
