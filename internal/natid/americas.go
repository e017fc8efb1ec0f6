package natid

import (
	"strings"
	"time"
)

// anyOf is for numbers without a check digit.
func anyOf(s string, _ time.Time) (facts, Reason) { return facts{}, when(!same(s), Reserved) }

// cuit is Argentina's tax number: two digits of the kind, the DNI, a check digit.
func cuit(s string, _ time.Time) (facts, Reason) {
	if !strings.Contains("20 23 24 25 26 27 30 33 34 50 51 55", s[:2]) {
		return facts{}, Reserved
	}
	// A check of ten is written 9; the prefix is changed first in most such cases.
	return plain(digit("09987654321", weighted(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) == digit(s, 10))
}

// cpf is Brazil's, of people. Those of one digit fit the sum and are never given out.
func cpf(s string, _ time.Time) (facts, Reason) {
	if same(s) {
		return facts{}, Reserved
	}
	first := weighted(s, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10
	second := weighted(s, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10
	return plain(first == digit(s, 9) && second == digit(s, 10))
}

// cnpj is Brazil's, of companies, with letters since 2026: a character counts as its ASCII code less 48 (Instrução Normativa
// RFB 2.229/2024).
func cnpj(s string, _ time.Time) (facts, Reason) {
	if strings.Trim(s, "0") == "" {
		return facts{}, Reserved
	}
	check := func(until int) bool {
		sum := 0
		for i := range until {
			sum += int(s[until-1-i]-'0') * (2 + i%8)
		}
		return sum*10%11%10 == digit(s, until)
	}
	return plain(check(12) && check(13))
}

// sin is Canada's; 0 and 8 are not given to people.
func sin(s string, _ time.Time) (facts, Reason) {
	if s[0] == '0' || s[0] == '8' {
		return facts{}, Reserved
	}
	return plain(luhn(s))
}

// rut is Chile's, with K for a check of ten.
func rut(s string, _ time.Time) (facts, Reason) {
	body := strings.Repeat("0", 9-len(s)) + s[:len(s)-1]
	check := (11 - weighted(body, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
	return plain("0123456789K"[check] == s[len(s)-1])
}

// nit is Colombia's tax number.
func nit(s string, _ time.Time) (facts, Reason) {
	weights, sum := []int{3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71}, 0
	for i := range len(s) - 1 {
		sum += weights[i] * digit(s, len(s)-2-i)
	}
	return plain(digit("01987654321", sum%11) == digit(s, len(s)-1))
}

// carne is Cuba's: YYMMDDCNNSN.
func carne(s string, now time.Time) (facts, Reason) {
	year := num(s[:2])
	switch c := s[6]; {
	case c == '9':
		year += 1800
	case c <= '5':
		year += 1900
	default:
		year += 2000
	}
	sex := map[string]string{"M": "F", "F": "M"}[sexBy(s, 9)] // even is male here
	b, why := born(year, num(s[2:4]), num(s[4:6]), now)
	return judge(b, why, sex, true)
}

// cedula is that of the Dominican Republic. Some hundreds of old ones do not fit the sum and are refused here.
func cedula(s string, _ time.Time) (facts, Reason) { return plain(luhn(s) && !same(s)) }

// cedulaEC is Ecuador's: province, a digit up to 6, a serial number.
func cedulaEC(s string, _ time.Time) (facts, Reason) {
	if p := num(s[:2]); p < 1 || p > 24 && p != 30 && p != 50 || s[2] > '6' {
		return facts{}, Reserved
	}
	return plain(luhn(s))
}

// curp is Mexico's: four letters of the names, birth date, sex, state, three letters of the names, a digit that tells the
// century (a letter from 2000 on), check digit (Instructivo Normativo para la Asignación de la CURP).
func curp(s string, now time.Time) (facts, Reason) {
	const states = "AS BC BS CC CH CL CM CS DF DG GR GT HG JC MC MN MS NE NL NT OC PL QR QT SL SP SR TC TL TS VZ YN ZS"
	year, sex := 1900+num(s[4:6]), map[byte]string{'H': "M", 'M': "F", 'X': ""}[s[10]]
	if s[16] > '9' {
		year += 100
	}
	if !strings.Contains("HMX", s[10:11]) || !strings.Contains(states, s[11:13]) || strings.Contains(rudeMX, s[:4]) {
		return facts{}, Reserved
	}
	sum := 0
	for i := range 17 {
		v := strings.IndexByte("0123456789ABCDEFGHIJKLMN.OPQRSTUVWXYZ", s[i]) // the dot keeps the place of Ñ
		sum += v * (18 - i)
	}
	b, why := born(year, num(s[6:8]), num(s[8:10]), now)
	return judge(b, why, sex, (10-sum%10)%10 == digit(s, 17))
}

// rudeMX are beginnings that a CURP never has: their second letter is made an X (annex of the same rules).
const rudeMX = `BACA BAKA BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COGI COJA COJE COJI COJO COLA CULO FALO FETO GETA GUEI GUEY
JETA JOTO KACA KACO KAGA KAGO KAKA KAKO KOGE KOGI KOJA KOJE KOJI KOJO KOLA KULO LILO LOCA LOCO LOKA LOKO MAME MAMO MEAR MEAS
MEON MIAR MION MOCO MOKO MULA MULO NACA NACO PEDA PEDO PENE PIPI PITO POPO PUTA PUTO QULO RATA ROBA ROBE ROBO RUIN SENO TETA
VACA VAGA VAGO VAKA VUEI VUEY WUEI WUEY`

// dniPE is Peru's; a check digit or letter may follow.
func dniPE(s string, _ time.Time) (facts, Reason) {
	if len(s) == 8 {
		return anyOf(s, time.Time{})
	}
	c := weighted(s, 3, 2, 7, 6, 5, 4, 3, 2) % 11
	return plain(s[8] == "65432110987"[c] || s[8] == "KJIHGFEDCBA"[c])
}

// ssn is that of the United States. It has no check digit; some areas, groups and serials are not given out, and a few
// numbers stood in advertisements.
func ssn(s string, _ time.Time) (facts, Reason) {
	area := s[:3]
	reserved := area == "000" || area == "666" || s[0] == '9' || s[3:5] == "00" || s[5:] == "0000"
	return facts{}, when(!reserved && !strings.Contains("078051120 457555462 219099999", s), Reserved)
}

// cedulaUY is Uruguay's: up to seven digits and the check digit.
func cedulaUY(s string, _ time.Time) (facts, Reason) {
	s = strings.Repeat("0", 8-len(s)) + s
	return plain((10-weighted(s, 2, 9, 8, 7, 6, 3, 4)%10)%10 == digit(s, 7))
}
