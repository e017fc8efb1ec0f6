package mrz

import (
	"fmt"
	"strconv"
	"time"
)

// Date is a day as a zone prints it, two digits a part, of which birth dates
// may leave some unknown (Doc 9303 part 3 section 4.8). Parts that are unknown
// are 0; all three are 0 when the six characters name no possible day.
type Date struct {
	Raw   string `json:"raw"` // six characters
	Year  int    `json:"year,omitempty"`
	Month int    `json:"month,omitempty"`
	Day   int    `json:"day,omitempty"`
}

// Complete reports whether year, month and day are all known.
func (d Date) Complete() bool { return d.Year != 0 && d.Month != 0 && d.Day != 0 }

// Time returns midnight UTC of the day, and false unless it is Complete.
func (d Date) Time() (time.Time, bool) {
	if !d.Complete() {
		return time.Time{}, false
	}
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC), true
}

// String returns the known leading parts in ISO 8601: 1974-08-12, 1974-08,
// 1974, or nothing.
func (d Date) String() string {
	switch {
	case d.Complete():
		return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
	case d.Year != 0 && d.Month != 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	case d.Year != 0:
		return fmt.Sprintf("%04d", d.Year)
	}
	return ""
}

// birthDate reads YYMMDD as the latest such day that is not after now: a zone
// has no century, and nobody is born tomorrow. People of 100 and more years
// come out a century too young; the printed page decides for them.
func birthDate(raw string, now time.Time) Date {
	return century(raw, func(d Date) int {
		year := now.Year() - now.Year()%100 + d.Year
		// Unknown parts count as their earliest day.
		born := time.Date(year, time.Month(max(d.Month, 1)), max(d.Day, 1), 0, 0, 0, 0, time.UTC)
		if born.After(now) {
			year -= 100
		}
		return year
	})
}

// expiryDate reads YYMMDD as the year nearest to now: from 50 years back to
// 49 ahead, which no document's validity leaves.
func expiryDate(raw string, now time.Time) Date {
	return century(raw, func(d Date) int {
		year := now.Year() - now.Year()%100 + d.Year
		switch {
		case year < now.Year()-50:
			year += 100
		case year >= now.Year()+50:
			year -= 100
		}
		return year
	})
}

// century splits raw and lets year make four digits of the two.
func century(raw string, year func(Date) int) Date {
	d := Date{Raw: raw}
	if len(raw) != 6 {
		return d
	}
	y, okY := datePart(raw[0:2], 0, 99)
	m, okM := datePart(raw[2:4], 1, 12)
	day, okD := datePart(raw[4:6], 1, 31)
	if !okY || !okM || !okD {
		return d
	}
	known := Date{Raw: raw, Year: y, Month: m, Day: day}
	if raw[0:2] != "<<" {
		known.Year = year(known)
	}
	if t, ok := known.Time(); ok && t.Day() != day {
		return d
	}
	return known
}

// datePart reads two digits, or two fillers as 0.
func datePart(s string, low, high int) (int, bool) {
	if s == "<<" {
		return 0, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && s[0] != '+' && s[0] != '-' && n >= low && n <= high
}

// raw returns the six characters to print, from the parts or as they were.
func (d Date) raw() string {
	if d.Year == 0 && d.Month == 0 && d.Day == 0 {
		if len(d.Raw) == 6 {
			return d.Raw
		}
		return "<<<<<<"
	}
	part := func(n int) string {
		if n == 0 {
			return "<<"
		}
		return fmt.Sprintf("%02d", n%100)
	}
	return part(d.Year) + part(d.Month) + part(d.Day)
}
