package natid

import (
	"fmt"
	"time"
)

// Birth is what a number tells of a birth date; parts that it does not tell are 0.
type Birth struct {
	Year       int // four digits, or two where Short
	Month, Day int
	Short      bool // the century is not told
}

// Zero tells whether it says nothing.
func (b Birth) Zero() bool { return b.Month == 0 }

// String writes what is told: "1974-08-12", "74-08-12" or "74-08".
func (b Birth) String() string {
	if b.Zero() {
		return ""
	}
	year := fmt.Sprintf("%04d", b.Year)
	if b.Short {
		year = year[2:]
	}
	if b.Day == 0 {
		return fmt.Sprintf("%s-%02d", year, b.Month)
	}
	return fmt.Sprintf("%s-%02d-%02d", year, b.Month, b.Day)
}

// Fits tells whether a birth date can be the one that is told.
func (b Birth) Fits(date time.Time) bool {
	year := date.Year()
	if b.Short {
		year %= 100
	}
	return b.Zero() || year == b.Year && int(date.Month()) == b.Month && (b.Day == 0 || date.Day() == b.Day)
}

// born gives a day that must exist and have come.
func born(year, month, day int, now time.Time) (Birth, Reason) {
	if !exists(year, month, day) || time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).After(now.AddDate(0, 0, 1)) {
		return Birth{}, BadDate
	}
	return Birth{Year: year, Month: month, Day: day}, ""
}

func exists(year, month, day int) bool {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t.Year() == year && int(t.Month()) == month && t.Day() == day
}

// bornShort gives a day of a year of two digits: it must exist in this century or the one before.
func bornShort(year, month, day int) (Birth, Reason) {
	if !exists(1900+year, month, day) && !exists(2000+year, month, day) {
		return Birth{}, BadDate
	}
	return Birth{Year: year, Month: month, Day: day, Short: true}, ""
}

// century gives the year of two digits that is not later than now.
func century(year int, now time.Time) int {
	year += now.Year() / 100 * 100
	if year > now.Year() {
		year -= 100
	}
	return year
}

// judge gives the facts if the sum is right; the date goes first, since a wrong one is the plainer reason.
func judge(b Birth, why Reason, sex string, sum bool) (facts, Reason) {
	switch {
	case why != "":
		return facts{}, why
	case !sum:
		return facts{}, CheckDigit
	}
	return facts{birth: b, sex: sex}, ""
}

// plain judges a number that tells nothing of its holder.
func plain(sum bool) (facts, Reason) { return facts{}, when(sum, CheckDigit) }
