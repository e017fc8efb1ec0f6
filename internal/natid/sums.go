package natid

import "strings"

// num gives the number that digits write; they are few enough to fit.
func num(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// digit gives the value of a digit.
func digit(s string, i int) int { return int(s[i] - '0') }

// weighted adds up digits times weights, as far as there are both.
func weighted(s string, weights ...int) int {
	sum := 0
	for i := range min(len(s), len(weights)) {
		sum += weights[i] * digit(s, i)
	}
	return sum
}

// luhn tells whether the last digit is that of Luhn's formula (ISO/IEC 7812-1, annex B).
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := digit(s, len(s)-1-i)
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// mod11and10 tells whether the last digit is that of ISO/IEC 7064 MOD 11,10.
func mod11and10(s string) bool {
	check := 10
	for i := range len(s) - 1 {
		if check = (check + digit(s, i)) % 10; check == 0 {
			check = 10
		}
		check = check * 2 % 11
	}
	return (11-check)%10 == digit(s, len(s)-1)
}

// verhoeff tells whether the last digit is that of Verhoeff's scheme, over the dihedral group of the pentagon.
func verhoeff(s string) bool {
	permuted := [8]string{"0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"}
	check := 0
	for i := range len(s) {
		d := digit(permuted[i%8], digit(s, len(s)-1-i))
		check = dihedral(check, d)
	}
	return check == 0
}

// dihedral multiplies in the group: 0 to 4 turn, 5 to 9 mirror.
func dihedral(a, b int) int {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b-5)%5
	case b < 5:
		return 5 + (a-5-b+5)%5
	}
	return (a - b + 5) % 5
}

// same tells whether all characters are one.
func same(s string) bool { return strings.Count(s, s[:1]) == len(s) }

// sexBy gives the sex that an odd or even digit stands for.
func sexBy(s string, i int) string {
	if digit(s, i)%2 == 1 {
		return "M"
	}
	return "F"
}

// when gives the reason if something is not so.
func when(ok bool, otherwise Reason) Reason {
	if ok {
		return ""
	}
	return otherwise
}
