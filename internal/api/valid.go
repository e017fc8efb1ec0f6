package api

import (
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
)

// What follows is how the fields of a person are looked at, the same for every dialect. Each function is given the name of the field for its
// error, and takes an empty value for one that was not given.

const longestName = 100

// Name refuses a name that is too long or holds what no name does. Any letters of any script are fine, and so is one name alone.
func Name(field, s string) error {
	if s == "" {
		return nil
	}
	if utf8.RuneCountInString(s) > longestName {
		return usher.Invalid(field, "must have 1 to %d characters", longestName)
	}
	letters := strings.ContainsFunc(s, unicode.IsLetter)
	odd := strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || strings.ContainsRune("<>{}=@\\", r) || unicode.IsDigit(r)
	})
	if !letters || odd || strings.TrimSpace(s) != s {
		return usher.Invalid(field, "must be a name: letters, and nothing but spaces, dots, apostrophes and dashes between them")
	}
	return nil
}

const longestEmail = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets

// Email refuses what cannot be an e-mail address. Whether somebody reads it is for the contact check.
func Email(field, s string) error {
	if s == "" {
		return nil
	}
	a, err := mail.ParseAddress(s)
	host := s[strings.LastIndexByte(s, '@')+1:]
	if err != nil || a.Address != s || len(s) > longestEmail || !strings.Contains(host, ".") || strings.HasSuffix(host, ".") {
		return usher.Invalid(field, "must be an e-mail address such as name@example.com")
	}
	return nil
}

var phoneDigits = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)

// Phone refuses what is not a number of ITU-T E.164 in digits, 7 to 15 of them with the country code.
func Phone(field, s string) error {
	if s == "" || phoneDigits.MatchString(s) {
		return nil
	}
	return usher.Invalid(field, "must be digits only, 7 to 15 with the country code first, such as 46701234567: leave out +, 00, spaces and dashes")
}

// countries are the officially assigned codes of ISO 3166-1 alpha-2.
const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI " +
	"CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT " +
	"GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC " +
	"MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW " +
	"PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM " +
	"US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "

// Country refuses what is not an officially assigned code of ISO 3166-1 alpha-2, in capitals.
func Country(field, s string) error {
	if s == "" || (len(s) == len("SE") && strings.Contains(countries, " "+s+" ")) {
		return nil
	}
	return usher.Invalid(field, "must be a country code of two capitals as in ISO 3166-1, such as SE")
}

var localeShape = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)

// Locale refuses what is not a language tag of the plain sort of BCP 47: language, maybe script, maybe region.
func Locale(field, s string) error {
	if s == "" || localeShape.MatchString(s) {
		return nil
	}
	return usher.Invalid(field, "must be a language tag such as sv or en-GB")
}

const longestURL = 2000

// ReturnURL refuses an address that an applicant must not be sent back to: one that is not of the prefixes a client registered. A prefix
// gives scheme, host and the beginning of the path, up to a slash; what follows in query and fragment is the client's. In dev any https
// address and any address of this machine will do.
func ReturnURL(field, raw string, prefixes []string, dev bool) error {
	if raw == "" {
		return nil
	}
	u, ok := safeURL(raw)
	if !ok {
		return usher.Invalid(field, "must be an absolute address such as https://client.example/done")
	}
	if dev && (u.Scheme == "https" || (u.Scheme == "http" && Loopback(u))) {
		return nil
	}
	allowed := slices.ContainsFunc(prefixes, func(prefix string) bool {
		p, ok := safeURL(prefix)
		return ok && u.Scheme == p.Scheme && strings.EqualFold(u.Host, p.Host) && pathWithin(u.Path, p.Path)
	})
	if allowed {
		return nil
	}
	return usher.Invalid(field, "is not among the return addresses of this API client; register its beginning with the client first")
}

// safeURL parses an address that a browser and this server read the same way. What a browser would repair (backslashes, dots in the path,
// control characters) is refused, and so is an address that runs a script or names a user.
func safeURL(raw string) (*url.URL, bool) {
	if len(raw) > longestURL || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return nil, false
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.Opaque != "" {
		return nil, false
	}
	if slices.Contains([]string{"javascript", "data", "vbscript", "file", "blob"}, u.Scheme) {
		return nil, false
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return nil, false
		}
	}
	return u, true
}

func pathWithin(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// Loopback tells whether an address is of this machine.
func Loopback(u *url.URL) bool {
	if u.Hostname() == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}
