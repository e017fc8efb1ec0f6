package hosted

import (
	"cmp"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// inputsOf names the inputs of each topic's form. It is never written to.
var inputsOf = map[usher.DetailField][]string{
	usher.AskName:        {"first_name", "last_name"},
	usher.AskDateOfBirth: {"birth_day", "birth_month", "birth_year"},
	usher.AskNationality: {"nationality"},
	usher.AskAddress:     {"country", "street", "postal_code", "city", "region"},
	usher.AskContact:     {"email", "phone"},
}

// longest is how many characters a field may have.
const longest = 200

// formOf gives details as the inputs show them.
func formOf(d usher.Details) map[string]string {
	m := map[string]string{
		"first_name": d.FirstName, "last_name": d.LastName, "nationality": d.Nationality, "email": d.Email,
	}
	if d.Phone != "" {
		m["phone"] = "+" + d.Phone
	}
	if born := d.DateOfBirth.Time(); !born.IsZero() {
		m["birth_day"], m["birth_month"], m["birth_year"] = strconv.Itoa(born.Day()), strconv.Itoa(int(born.Month())), strconv.Itoa(born.Year())
	}
	if a := d.Address; a != nil {
		m["country"], m["street"], m["postal_code"], m["city"], m["region"] = a.Country, a.Street, a.PostalCode, a.City, a.Region
	}
	return m
}

// readDetails reads the inputs that were asked for over what is known, and says what is wrong with them, in the order of the page.
func readDetails(known usher.Details, in map[string]string, ask []usher.DetailField, texts *web.Catalog, now time.Time) (usher.Details, web.Errors) {
	d, errs := known, web.Errors{}
	need := func(field, key string) string {
		v := in[field]
		switch {
		case v == "" || strings.ContainsFunc(v, unicode.IsControl):
			errs.Add(field, key)
		case utf8.RuneCountInString(v) > longest:
			errs.Add(field, "wrong.long", "n", longest)
		}
		return v
	}
	for _, f := range ask {
		switch f {
		case usher.AskName:
			d.FirstName, d.LastName = need("first_name", "wrong.first_name"), need("last_name", "wrong.last_name")
		case usher.AskDateOfBirth:
			born, wrong := readBirth(in["birth_day"], in["birth_month"], in["birth_year"], texts, now)
			if wrong != "" {
				errs.Add("birth_day", wrong)
			}
			d.DateOfBirth = born
		case usher.AskNationality:
			if d.Nationality = in["nationality"]; !texts.Has("country." + d.Nationality) {
				errs.Add("nationality", "wrong.nationality")
			}
		case usher.AskAddress:
			a := usher.Address{Country: in["country"], Region: in["region"], PostalCode: in["postal_code"]}
			if !texts.Has("country." + a.Country) {
				errs.Add("country", "wrong.country")
			}
			a.Street, a.City = need("street", "wrong.street"), need("city", "wrong.city")
			for _, field := range []string{"postal_code", "region"} {
				if utf8.RuneCountInString(in[field]) > longest {
					errs.Add(field, "wrong.long", "n", longest)
				}
			}
			d.Address = &a
		case usher.AskContact:
			var ok bool
			if d.Email, ok = readEmail(in["email"]); !ok {
				errs.Add("email", "wrong.email")
			}
			if d.Phone, ok = readPhone(in["phone"]); !ok {
				errs.Add("phone", "wrong.phone")
			}
		}
	}
	return d, errs
}

// oldest is the most years that a living person can have; nobody is known to have reached 123.
const oldest = 130

// readBirth reads a day of birth from three fields. The month may be a number or a name, or the beginning of one, in any of our languages.
// It gives the key of what is wrong, or "".
func readBirth(day, month, year string, texts *web.Catalog, now time.Time) (usher.Date, string) {
	if day == "" && month == "" && year == "" {
		return "", "wrong.birth.empty"
	}
	if day == "" || month == "" || year == "" {
		return "", "wrong.birth.part"
	}
	d, errD := strconv.Atoi(day)
	m, okM := readMonth(month, texts)
	y, errY := strconv.Atoi(year)
	if errD != nil || !okM || errY != nil || len(year) != 4 {
		return "", "wrong.birth.real"
	}
	born := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	// time.Date takes the 31st of February for a day in March.
	if born.Day() != d || int(born.Month()) != m || y < now.Year()-oldest {
		return "", "wrong.birth.real"
	}
	if born.After(now) {
		return "", "wrong.birth.future"
	}
	return usher.Date(born.Format(time.DateOnly)), ""
}

func readMonth(s string, texts *web.Catalog) (int, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		return n, n >= 1 && n <= 12
	}
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if utf8.RuneCountInString(s) < 3 {
		return 0, false
	}
	found := 0
	for _, l := range texts.Languages() {
		for n := 1; n <= 12; n++ {
			key := "month." + strconv.Itoa(n)
			for _, name := range []string{texts.Text(l.Tag, key), texts.Text(l.Tag, key+".alone")} {
				if !strings.HasPrefix(strings.ToLower(name), s) {
					continue
				}
				if found != 0 && found != n {
					return 0, false // the beginning of two months
				}
				found = n
			}
		}
	}
	return found, found != 0
}

// readEmail takes an address that mail can go to; whether it does is another check.
func readEmail(s string) (string, bool) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		return s, false
	}
	_, host, _ := strings.Cut(s, "@")
	return s, strings.Contains(host, ".")
}

// readPhone takes a number with its country code, written as people write it, and gives its digits (ITU-T E.164: at most 15, of which the
// first is never 0).
func readPhone(s string) (string, bool) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -./()\u00a0", r) {
			return -1
		}
		return r
	}, s)
	if rest, ok := strings.CutPrefix(digits, "+"); ok {
		digits = rest
	} else if rest, ok := strings.CutPrefix(digits, "00"); ok {
		digits = rest
	}
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return s, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return s, false
		}
	}
	return digits, true
}

// country is one entry of a list of countries.
type country struct{ Code, Name string }

// countries lists the countries in each language, in the order of its alphabet.
func countries(texts *web.Catalog) map[string][]country {
	lists := map[string][]country{}
	for _, l := range texts.Languages() {
		var list []country
		for _, key := range texts.Keys() {
			if code, ok := strings.CutPrefix(key, "country."); ok {
				list = append(list, country{code, texts.Text(l.Tag, key)})
			}
		}
		marks, keys := alphabetical(l.Tag), map[string]string{}
		for _, c := range list {
			keys[c.Code] = marks.Replace(strings.ToLower(c.Name))
		}
		slices.SortFunc(list, func(a, b country) int { return cmp.Compare(keys[a.Code], keys[b.Code]) })
		lists[l.Tag] = list
	}
	return lists
}

// alphabetical makes of a name in small letters a key that sorts as the language does: in Swedish å, ä and ö follow z, in Spanish ñ follows n, in
// Lithuanian č, š and ž follow c, s and z, and y stands with i; elsewhere a letter with a mark stands with the one without.
func alphabetical(lang string) *strings.Replacer {
	own := map[string][]string{
		"sv": {"å", "{", "ä", "|", "ö", "}"},
		"es": {"ñ", "n{"},
		"lt": {"č", "c{", "š", "s{", "ž", "z{", "y", "i{"},
	}[lang]
	marked := []string{
		"å", "a", "ä", "a", "á", "a", "à", "a", "â", "a", "ã", "a", "ą", "a", "ç", "c", "č", "c", "é", "e", "è", "e", "ê", "e", "ę", "e", "ė", "e",
		"í", "i", "į", "i", "ñ", "n", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "š", "s", "ü", "u", "ú", "u", "ų", "u", "ū", "u", "ž", "z", "’", "'",
	}
	return strings.NewReplacer(append(own, marked...)...)
}
