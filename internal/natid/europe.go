package natid

import (
	"strconv"
	"strings"
	"time"
)

// svnr is Austria's: NNNCDDMMYY, where the month may be above 12 when a day ran out of numbers.
func svnr(s string, _ time.Time) (facts, Reason) {
	ok := s[0] != '0' && weighted(s, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6)%11 == digit(s, 3)
	b, why := bornShort(num(s[8:]), num(s[6:8]), num(s[4:6]))
	if num(s[6:8]) > 12 {
		b, why = Birth{}, ""
	}
	return judge(b, why, "", ok)
}

// rijksregister is Belgium's: YYMMDDNNNCC; people born from 2000 on have a 2 before it when the check is worked out. 20 or 40
// added to the month make a number for people who are not in the register; a month or day of 0 is not known.
func rijksregister(s string, now time.Time) (facts, Reason) {
	body, check := num(s[:9]), num(s[9:])
	year := 1900
	switch {
	case 97-body%97 == check:
	case 97-(2_000_000_000+body)%97 == check:
		year = 2000
	default:
		return facts{}, CheckDigit
	}
	month, day := num(s[2:4])%20, num(s[4:6])
	if num(s[2:4]) >= 60 {
		return facts{}, BadDate
	}
	sex := sexBy(s, 8)
	if num(s[2:4]) >= 20 && num(s[2:4]) < 40 {
		sex = "" // 20 says that the sex was not known
	}
	if month == 0 || day == 0 {
		return facts{sex: sex}, when(month <= 12 && day <= 31, BadDate)
	}
	b, why := born(year+num(s[:2]), month, day, now)
	return judge(b, why, sex, true)
}

// egn is Bulgaria's: YYMMDDRRRC; 20 added to the month means the 1800s, 40 the 2000s.
func egn(s string, now time.Time) (facts, Reason) {
	year, month := 1900+num(s[:2]), num(s[2:4])
	switch {
	case month > 40:
		year, month = year+100, month-40
	case month > 20:
		year, month = year-100, month-20
	}
	sex := map[string]string{"M": "F", "F": "M"}[sexBy(s, 8)] // even is male here
	b, why := born(year, month, num(s[4:6]), now)
	return judge(b, why, sex, weighted(s, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == digit(s, 9))
}

// ahv is Switzerland's since 2008: 756, nine digits and the check digit of a bar code (EAN-13).
func ahv(s string, _ time.Time) (facts, Reason) {
	return plain(weighted(s, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0)
}

// rodne is the Czech Republic's and Slovakia's: YYMMDDNNN and, from 1954 on, C; women have 50 added to the month, and 20
// more since 2004 when a day ran out of numbers.
func rodne(s string, now time.Time) (facts, Reason) {
	year, month, sex := num(s[:2]), num(s[2:4]), "M"
	if month > 50 {
		month, sex = month-50, "F"
	}
	switch {
	case len(s) == 9 && year < 54:
		year += 1900
	case len(s) == 9 && year >= 80:
		year += 1800
	case len(s) == 9:
		return facts{}, Length // there are ten digits since 1954
	case year < 54:
		year += 2000
	default:
		year += 1900
	}
	if month > 20 && year >= 2004 {
		month -= 20
	}
	b, why := born(year, month, num(s[4:6]), now)
	if len(s) == 9 {
		return judge(b, why, sex, true)
	}
	check := num(s[:9]) % 11
	return judge(b, why, sex, check == digit(s, 9) || check == 10 && s[9] == '0' && year < 1985)
}

// idnr is Germany's tax number: of the first ten digits one stands twice or three times, and no other does.
func idnr(s string, _ time.Time) (facts, Reason) {
	twice := 0
	for d := '0'; d <= '9'; d++ {
		switch n := strings.Count(s[:10], string(d)); {
		case n > 3:
			return facts{}, Reserved
		case n > 1:
			twice++
		}
	}
	if s[0] == '0' || twice != 1 {
		return facts{}, Reserved
	}
	return plain(mod11and10(s))
}

// The letters of Spain's numbers, by the rest of the division by 23 (Real Decreto 1553/2005).
const lettersES = "TRWAGMYFPDXBNJZSQVHLCKE"

func dni(s string, _ time.Time) (facts, Reason) {
	return plain(lettersES[num(s[:8])%23] == s[8])
}

// nie is Spain's for foreigners: X, Y and Z stand for 0, 1 and 2.
func nie(s string, now time.Time) (facts, Reason) {
	return dni(strconv.Itoa(int(s[0]-'X'))+s[1:], now)
}

// nir is France's: SYYMMLLOOOKKK and two check digits; Corsica's departments are 2A and 2B.
func nir(s string, _ time.Time) (facts, Reason) {
	digits := s
	switch s[5:7] {
	case "2A":
		digits = s[:5] + "19" + s[7:]
	case "2B":
		digits = s[:5] + "18" + s[7:]
	default:
		if s[6] > '9' {
			return facts{}, Characters
		}
	}
	sex := map[byte]string{'1': "M", '3': "M", '7': "M", '2': "F", '4': "F", '8': "F"}[s[0]]
	if sex == "" {
		return facts{}, Reserved
	}
	b := Birth{Year: num(s[1:3]), Month: num(s[3:5]), Short: true}
	if b.Month > 12 || b.Month == 0 { // 20 to 42 and 50 to 99: the month is not known
		b = Birth{}
	}
	return judge(b, "", sex, 97-num(digits[:13])%97 == num(s[13:]))
}

// nino is Britain's. It has no check digit; some letters and pairs of letters are not given out (HMRC, NIM39110).
func nino(s string, _ time.Time) (facts, Reason) {
	reserved := strings.ContainsAny(s[:2], "DFIQUV") || s[1] == 'O' || strings.Contains("BG GB NK KN TN NT ZZ", s[:2])
	return facts{}, when(!reserved && s[8] <= 'D', Reserved)
}

// amka is Greece's: DDMMYYNNNNC.
func amka(s string, _ time.Time) (facts, Reason) {
	b, why := bornShort(num(s[4:6]), num(s[2:4]), num(s[:2]))
	return judge(b, why, sexBy(s, 9), luhn(s))
}

// oib is Croatia's.
func oib(s string, _ time.Time) (facts, Reason) { return plain(mod11and10(s)) }

// pps is Ireland's: seven digits, the check letter, and since 2013 a letter that counts.
func pps(s string, _ time.Time) (facts, Reason) {
	sum := weighted(s, 8, 7, 6, 5, 4, 3, 2)
	if len(s) == 9 {
		switch s[8] {
		case 'A', 'H':
			sum += 9 * int(s[8]-'A'+1)
		case 'W', 'T', 'X': // of the time before, and not counted
		default:
			return facts{}, Reserved
		}
	}
	return plain("WABCDEFGHIJKLMNOPQRSTUV"[sum%23] == s[7])
}

// codiceFiscale is Italy's: six letters of the names, year, month and day of birth, place, check letter. Women have 40 added
// to the day. Letters take the place of digits where two people would have the same (DM 23 December 1976).
func codiceFiscale(s string, _ time.Time) (facts, Reason) {
	const letters, months = "LMNPQRSTUV", "ABCDEHLMPRST"
	digits := []byte(s)
	for _, i := range []int{6, 7, 9, 10, 12, 13, 14} {
		if s[i] > '9' {
			n := strings.IndexByte(letters, s[i])
			if n < 0 {
				return facts{}, Characters
			}
			digits[i] = byte('0' + n)
		}
	}
	odd := []int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i := range 15 {
		v := int(s[i] - '0')
		if s[i] > '9' {
			v = int(s[i] - 'A')
		}
		if i%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	day, sex := num(string(digits[9:11])), "M"
	if day > 40 {
		day, sex = day-40, "F"
	}
	b, why := bornShort(num(string(digits[6:8])), strings.IndexByte(months, s[8])+1, day)
	return judge(b, why, sex, s[15] == byte('A'+sum%26))
}

// bsn is that of the Netherlands, whose last digit counts negative.
func bsn(s string, _ time.Time) (facts, Reason) {
	return plain(weighted(s, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0 && !same(s))
}

// pesel is Poland's: YYMMDDNNNNC; 80 added to the month means the 1800s, 20 the 2000s and so on.
func pesel(s string, now time.Time) (facts, Reason) {
	month := num(s[2:4])
	b, why := born([]int{1900, 2000, 2100, 2200, 1800}[month/20]+num(s[:2]), month%20, num(s[4:6]), now)
	return judge(b, why, sexBy(s, 9), weighted(s, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0)
}

// cartao is on Portugal's card: nine digits, two letters or digits of the edition, and a check digit like Luhn's over the
// values of all of them.
func cartao(s string, _ time.Time) (facts, Reason) {
	sum := 0
	for i := range len(s) {
		v := int(s[i] - '0')
		if s[i] > '9' {
			v = int(s[i]-'A') + 10
		}
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return plain(sum%10 == 0)
}

// nif is Portugal's tax number.
func nif(s string, _ time.Time) (facts, Reason) {
	return plain(s[0] != '0' && (11-weighted(s, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11%10 == digit(s, 8))
}

// cnp is Romania's: SYYMMDDJJNNNC, where S tells sex and century; 7 to 9 are for foreigners, and tell no century.
func cnp(s string, now time.Time) (facts, Reason) {
	ok := weighted(s, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)%11%10 == digit(s, 12)
	if weighted(s, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)%11 == 10 {
		ok = s[12] == '1'
	}
	year, month, day := num(s[1:3]), num(s[3:5]), num(s[5:7])
	sex := sexBy(s, 0)
	switch s[0] {
	case '0':
		return facts{}, Reserved
	case '7', '8', '9':
		if s[0] == '9' {
			sex = ""
		}
		b, why := bornShort(year, month, day)
		return judge(b, why, sex, ok)
	}
	b, why := born([]int{1900, 1800, 2000}[(digit(s, 0)-1)/2]+year, month, day, now)
	return judge(b, why, sex, ok)
}

// jmbg was Yugoslavia's and is that of the states after it: DDMMYYYRRBBBC.
func jmbg(s string, now time.Time) (facts, Reason) {
	year, sex := 1000+num(s[4:7]), "M"
	if num(s[4:7]) < 800 {
		year += 1000
	}
	if num(s[9:12]) >= 500 {
		sex = "F"
	}
	check := (11 - weighted(s, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11 % 10
	b, why := born(year, num(s[2:4]), num(s[:2]), now)
	return judge(b, why, sex, check == digit(s, 12))
}

// rntrc is Ukraine's tax number; its first five digits count the days since the last of 1899.
func rntrc(s string, now time.Time) (facts, Reason) {
	ok := (weighted(s, -1, 5, 7, 9, 4, 6, 10, 5, 7)%11+11)%11%10 == digit(s, 9)
	if num(s[:5]) == 0 {
		return facts{sex: sexBy(s, 8)}, when(ok, CheckDigit)
	}
	t := time.Date(1899, time.December, 31, 0, 0, 0, 0, time.UTC).AddDate(0, 0, num(s[:5]))
	b, why := born(t.Year(), int(t.Month()), t.Day(), now)
	return judge(b, why, sexBy(s, 8), ok)
}
