package celcoin

import "strings"

// isCPF tells whether a text is the number of a person: nine digits and two check digits, each the remainder of a weighted sum by 11. Eleven
// equal digits would pass that and are given to nobody.
func isCPF(s string) bool {
	return len(s) == 11 && strings.Trim(s, "0123456789") == "" && strings.Trim(s, s[:1]) != "" &&
		s[9] == checkDigit(s[:9], 11) && s[10] == checkDigit(s[:10], 12)
}

// isCNPJ tells whether a text is the number of a company: twelve digits or, since July 2026, capitals, and two check digits. A letter counts as
// its ASCII code less that of "0" (Instrução Normativa RFB 2.229/2024, annex XV).
func isCNPJ(s string) bool {
	return len(s) == 14 && strings.Trim(s[:12], "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && strings.Trim(s, "0") != "" &&
		s[12] == checkDigit(s[:12], 9) && s[13] == checkDigit(s[:13], 9)
}

// checkDigit weighs characters from the last to the first by 2, 3, 4 … most, and begins again behind most.
func checkDigit(s string, most int) byte {
	sum, weight := 0, 2
	for i := len(s) - 1; i >= 0; i-- {
		sum += int(s[i]-'0') * weight
		if weight++; weight > most {
			weight = 2
		}
	}
	if rest := sum % 11; rest > 1 {
		return byte('0' + 11 - rest)
	}
	return '0'
}
