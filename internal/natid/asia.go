package natid

import (
	"slices"
	"strings"
	"time"
)

// tfn is Australia's tax number.
func tfn(s string, _ time.Time) (facts, Reason) {
	return plain(weighted(s, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0)
}

// ric is China's: six digits of the place, birth date, three digits, and a check digit by ISO/IEC 7064 MOD 11-2 (GB
// 11643-1999). Of the place only the province is looked at.
func ric(s string, now time.Time) (facts, Reason) {
	const provinces = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
	if !strings.Contains(provinces, s[:2]) {
		return facts{}, Reserved
	}
	check := 0
	for i := range 17 {
		check = (check + digit(s, i)) * 2 % 11
	}
	b, why := born(num(s[6:10]), num(s[10:12]), num(s[12:14]), now)
	return judge(b, why, sexBy(s, 16), "10X98765432"[check] == s[17])
}

// teudat is Israel's.
func teudat(s string, _ time.Time) (facts, Reason) { return plain(luhn(s) && !same(s)) }

// aadhaar is India's. It does not begin with 0 or 1, and does not read the same backwards.
func aadhaar(s string, _ time.Time) (facts, Reason) {
	back := []byte(s)
	slices.Reverse(back)
	if s[0] < '2' || string(back) == s {
		return facts{}, Reserved
	}
	return plain(verhoeff(s))
}

// pan is India's tax number, of people and others: the fourth letter tells whose. Its check letter is not public.
func pan(s string, _ time.Time) (facts, Reason) {
	return facts{}, when(strings.Contains("ABCEFGHJKLPT", s[3:4]) && s[5:9] != "0000", Reserved)
}

// rrn is South Korea's: YYMMDDSPPNNNC, where S tells sex and century; numbers given since October 2020 have no check digit.
func rrn(s string, now time.Time) (facts, Reason) {
	year := num(s[:2]) + []int{1800, 1900, 1900, 2000, 2000, 1900, 1900, 2000, 2000, 1800}[digit(s, 6)]
	b, why := born(year, num(s[2:4]), num(s[4:6]), now)
	fits := (11-weighted(s, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)%11)%10 == digit(s, 12)
	return judge(b, why, sexBy(s, 6), fits || year >= 2020)
}

// mykad is Malaysia's: YYMMDD, place, four digits of which the last tells the sex.
func mykad(s string, now time.Time) (facts, Reason) {
	if p := s[6:8]; p == "00" || p >= "17" && p <= "20" || p >= "94" && p <= "97" {
		return facts{}, Reserved
	}
	b, why := bornShort(num(s[:2]), num(s[2:4]), num(s[4:6]))
	return judge(b, why, sexBy(s, 11), true)
}

// pinTH is Thailand's.
func pinTH(s string, _ time.Time) (facts, Reason) {
	if s[0] == '0' || s[0] == '9' {
		return facts{}, Reserved
	}
	return plain((11-weighted(s, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%10 == digit(s, 12))
}

// kimlik is Turkey's.
func kimlik(s string, _ time.Time) (facts, Reason) {
	if s[0] == '0' {
		return facts{}, Reserved
	}
	odd := digit(s, 0) + digit(s, 2) + digit(s, 4) + digit(s, 6) + digit(s, 8)
	even := digit(s, 1) + digit(s, 3) + digit(s, 5) + digit(s, 7)
	tenth := (odd*7 - even + 100) % 10
	return plain(tenth == digit(s, 9) && (odd+even+tenth)%10 == digit(s, 10))
}

// idZA is South Africa's: YYMMDDSSSSCAZ, where S tells the sex and C whether its holder is a citizen.
func idZA(s string, _ time.Time) (facts, Reason) {
	if s[10] > '2' {
		return facts{}, Reserved
	}
	sex := "F"
	if s[6] >= '5' {
		sex = "M"
	}
	b, why := bornShort(num(s[:2]), num(s[2:4]), num(s[4:6]))
	return judge(b, why, sex, luhn(s))
}
