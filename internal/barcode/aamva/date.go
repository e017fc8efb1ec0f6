package aamva

import (
	"fmt"
	"time"
)

// Date is a day; the zero value is none.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String returns YYYY-MM-DD, or nothing for no date.
func (d Date) String() string {
	if d == (Date{}) {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// date reads an element as a day. The United States write MMDDCCYY, Canada and version 1 CCYYMMDD. No month is 19 or
// 20, so the digits themselves say which, also where a jurisdiction does not keep to its country's way.
func (l *Licence) date(id string) Date {
	value := l.text(id)
	if value == "" {
		return Date{}
	}
	d, ok := dateOf(value)
	if !ok {
		l.unread(id)
	}
	return d
}

func dateOf(value string) (Date, bool) {
	if len(value) != 8 {
		return Date{}, false
	}
	layout := "01022006"
	if century := value[:2]; century == "18" || century == "19" || century == "20" || century == "21" {
		layout = "20060102"
	}
	t, err := time.Parse(layout, value)
	if err != nil || t.Year() < 1800 || t.Year() > 2199 {
		return Date{}, false
	}
	return Date{t.Year(), t.Month(), t.Day()}, true
}
