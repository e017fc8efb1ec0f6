package natid

import (
	"strings"
	"time"
)

// baltic is Estonia's and Lithuania's: GYYMMDDNNNC, where G tells century and sex.
func baltic(s string, now time.Time) (facts, Reason) {
	g := digit(s, 0)
	if g == 0 || g == 9 {
		return facts{}, Reserved
	}
	b, why := born(1800+(g-1)/2*100+num(s[1:3]), num(s[3:5]), num(s[5:7]), now)
	return judge(b, why, sexBy(s, 0), balticSum(s))
}

func balticSum(s string) bool {
	check := weighted(s, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11
	if check == 10 {
		check = weighted(s, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10
	}
	return check == digit(s, 10)
}

// asmens is Lithuania's; a first digit of 9 is for people about whom too little is known, and tells nothing.
func asmens(s string, now time.Time) (facts, Reason) {
	if s[0] == '9' {
		return plain(balticSum(s))
	}
	return baltic(s, now)
}

// personasKods is Latvia's: DDMMYY-CNNNQ, or, since 2017, 32 and nine digits that tell nothing, not even to a sum that is
// known here.
func personasKods(s string, now time.Time) (facts, Reason) {
	if s[0] == '3' && s[1] >= '2' {
		return anyOf(s, now)
	}
	sum := 1 + weighted(s, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9)
	ok := sum%11%10 == digit(s, 10)
	if s[6] > '2' {
		return facts{}, Reserved
	}
	b, why := born(1800+digit(s, 6)*100+num(s[4:6]), num(s[2:4]), num(s[:2]), now)
	return judge(b, why, "", ok)
}

// cpr is Denmark's: DDMMYYSSSS. Its check digit has been given up in 2007.
func cpr(s string, now time.Time) (facts, Reason) {
	year, seventh := num(s[4:6]), digit(s, 6)
	switch {
	case seventh <= 3, (seventh == 4 || seventh == 9) && year >= 37:
		year += 1900
	case seventh >= 5 && seventh <= 8 && year >= 58:
		year += 1800
	default:
		year += 2000
	}
	b, why := born(year, num(s[2:4]), num(s[:2]), now)
	return judge(b, why, sexBy(s, 9), true)
}

// hetu is Finland's: DDMMYYCZZZQ, where the sign C tells the century (decree 690/2022 for the newer ones). From 900 the
// numbers are for passing use.
func hetu(s string, now time.Time) (facts, Reason) {
	year := num(s[4:6])
	switch c := s[6]; {
	case c == '+':
		year += 1800
	case strings.IndexByte("-YXWVU", c) >= 0:
		year += 1900
	case c >= 'A' && c <= 'F':
		year += 2000
	default:
		return facts{}, Reserved
	}
	individual := num(s[7:10])
	if individual < 2 || individual >= 900 {
		return facts{}, Reserved
	}
	b, why := born(year, num(s[2:4]), num(s[:2]), now)
	return judge(b, why, sexBy(s, 9), "0123456789ABCDEFHJKLMNPRSTUVWXY"[(num(s[:6])*1000+individual)%31] == s[10])
}

// kennitala is Iceland's, of people: DDMMYYRRQC, where C tells the century.
func kennitala(s string, now time.Time) (facts, Reason) {
	year := num(s[4:6])
	switch s[9] {
	case '8':
		year += 1800
	case '9':
		year += 1900
	case '0':
		year += 2000
	default:
		return facts{}, Reserved
	}
	b, why := born(year, num(s[2:4]), num(s[:2]), now)
	return judge(b, why, "", weighted(s, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0)
}

// fodselsnummer is Norway's: DDMMYYNNNCC. 40 added to the day makes a D-number, for people who stay for a while; 40 added
// to the month a number that a hospital gave.
func fodselsnummer(s string, now time.Time) (facts, Reason) {
	day, month, year, individual := num(s[:2]), num(s[2:4]), num(s[4:6]), num(s[6:9])
	if day > 40 {
		day -= 40
	}
	if month > 40 {
		month -= 40
	}
	switch {
	case individual < 500, individual >= 900 && year >= 40:
		year += 1900
	case individual < 750 && year >= 54:
		year += 1800
	case year < 40:
		year += 2000
	default:
		return facts{}, Reserved
	}
	b, why := born(year, month, day, now)
	return judge(b, why, sexBy(s, 8), weighted(s, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 && weighted(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0)
}

// personnummer is Sweden's: YYMMDD-NNNC, with a + from the year in which somebody becomes a hundred, or with four digits of
// the year. 60 added to the day makes a coordination number, for people who are not registered as living there.
func personnummer(s string, now time.Time) (facts, Reason) {
	digits := strings.NewReplacer("-", "", "+", "").Replace(s)
	short := digits[len(digits)-10:]
	var year int
	if len(digits) == 12 {
		year = num(digits[:4])
	} else if year = century(num(short[:2]), now); strings.Contains(s, "+") {
		year -= 100
	}
	day := num(short[4:6])
	if day > 60 {
		day -= 60
	}
	b, why := born(year, num(short[2:4]), day, now)
	return judge(b, why, sexBy(short, 8), luhn(short))
}
