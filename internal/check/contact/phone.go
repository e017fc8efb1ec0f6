package contact

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// number is what a numbering plan says of a phone number.
type number struct {
	why          string // why it cannot be one, or ""
	region, kind string
}

// longestPhone is more than any number has (ITU-T E.164, section 6: 15 digits).
const longestPhone = 20

// phone reads a number with its country code.
func phone(digits string) number {
	digits = strings.TrimPrefix(digits, "+")
	if len(digits) > longestPhone || strings.Trim(digits, "0123456789") != "" {
		return number{why: "not the form of a phone number"}
	}
	parsed, err := phonenumbers.Parse("+"+digits, "")
	if err != nil {
		return number{why: "no country has such numbers"}
	}
	region := phonenumbers.GetRegionCodeForNumber(parsed)
	switch {
	case !phonenumbers.IsPossibleNumber(parsed):
		return number{why: "too long or too short for its country"}
	case !phonenumbers.IsValidNumber(parsed):
		return number{why: "a range that its country does not use"}
	}
	kinds := map[phonenumbers.PhoneNumberType]string{
		phonenumbers.MOBILE: "mobile", phonenumbers.FIXED_LINE: "fixed line", phonenumbers.FIXED_LINE_OR_MOBILE: "fixed line or mobile",
		phonenumbers.VOIP: "internet telephony", phonenumbers.PERSONAL_NUMBER: "personal number", phonenumbers.PAGER: "pager",
		phonenumbers.TOLL_FREE: "free of charge", phonenumbers.PREMIUM_RATE: "premium rate", phonenumbers.SHARED_COST: "shared cost",
		phonenumbers.UAN: "company number", phonenumbers.VOICEMAIL: "voice mail",
	}
	kind := kinds[phonenumbers.GetNumberType(parsed)]
	switch kind {
	case "free of charge", "premium rate", "shared cost", "voice mail", "pager":
		return number{why: kind + ": no number that a person is reached at"}
	case "":
		kind = "not known"
	}
	return number{region: region, kind: kind}
}
