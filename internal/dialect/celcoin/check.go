package celcoin

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// rule is one thing that a proposal must hold to, and the code that says it does not. The first broken one of a list decides the answer.
type rule struct {
	ok   bool
	code refusal
}

func firstBroken(lists ...[]rule) error {
	for _, list := range lists {
		for _, r := range list {
			if !r.ok {
				return r.code
			}
		}
	}
	return nil
}

// The limits of the vendor's OpenAPI file, in characters; those of clientCode, of a number and a complement, and of financial details are ours.
const (
	longestCode      = 255
	longestName      = 120
	longestBusiness  = 350
	longestEmail     = 100
	longestStreet    = 200
	longestCity      = 100
	longestNumber    = 20
	longestFinancial = 4 << 10
	mostOwners       = 10
	adult            = 18
)

const onboardingType = "BAAS"

func upTo(s string, most int) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= most
}

// isFullName tells whether a text is a first and a last name.
func isFullName(s string) bool {
	words := strings.Fields(s)
	return len(words) > 1 && !slices.ContainsFunc(words, func(word string) bool { return !isName(word) })
}

func isName(s string) bool {
	return strings.ContainsFunc(s, unicode.IsLetter) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsDigit(r) || strings.ContainsRune(`<>{}=@\`, r)
	})
}

func isSocialName(s string) bool { return s == "" || (upTo(s, longestName) && isName(s)) }

func isEmail(s string) bool { return upTo(s, longestEmail) && api.Email("", s) == nil }

var phone = regexp.MustCompile(`^(\+[1-9][0-9]{9,12}|[1-9][0-9]{9,13})$`)

// plainPhone gives a number with its country code and without a plus. Ten or eleven digits without a plus are a Brazilian number that lacks
// its country code.
func plainPhone(s string) string {
	number, international := strings.CutPrefix(s, "+")
	if !international && len(number) <= 11 {
		number = "55" + number
	}
	return number
}

// birthDate reads DD-MM-YYYY.
func birthDate(s string, now time.Time) (usher.Date, bool) {
	t, err := time.Parse("02-01-2006", s)
	if err != nil || t.Year() < 1900 || t.After(now) {
		return "", false
	}
	return usher.Date(t.Format(time.DateOnly)), true
}

func birthRules(s string, now time.Time) []rule {
	day, ok := birthDate(s, now)
	return []rule{{ok, "OBE016"}, {day.YearsAt(now.In(brasilia)) >= adult, "OBE033"}}
}

const federativeUnits = " AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO "

var postalCode = regexp.MustCompile(`^[0-9]{8}$`)

func (a *address) rules(missing refusal) []rule {
	if a == nil {
		return []rule{{false, missing}}
	}
	return []rule{
		{postalCode.MatchString(a.PostalCode), "OBE019"},
		{upTo(a.Street, longestStreet), "OBE020"},
		{upTo(a.Number, longestNumber), "OBE021"},
		{utf8.RuneCountInString(a.AddressComplement) <= longestStreet, "OBE022"},
		{upTo(a.Neighborhood, longestStreet), "OBE023"},
		{upTo(a.City, longestCity), "OBE024"},
		{len(a.State) == len("SP") && strings.Contains(federativeUnits, " "+strings.ToUpper(a.State)+" "), "OBE025"},
	}
}

func (a *address) details() *usher.Address {
	lines := slices.DeleteFunc([]string{a.Street, a.Number, a.AddressComplement, a.Neighborhood}, func(s string) bool { return s == "" })
	return &usher.Address{
		Country: "BR", Street: strings.Join(lines, ", "), City: a.City, Region: strings.ToUpper(a.State), PostalCode: a.PostalCode,
	}
}

func typeRules(s string) []rule {
	return []rule{{cmp.Or(s, onboardingType) == onboardingType, "OBE018"}}
}

func financialRules(raw json.RawMessage) []rule {
	return []rule{{len(raw) <= longestFinancial, "OBE034"}}
}

// rules lists what the proposal of a person must hold to, in the order of the vendor's table.
func (p naturalPerson) rules(now time.Time) []rule {
	return slices.Concat(
		[]rule{
			{upTo(p.ClientCode, longestCode), "OBE007"},
			{isCPF(p.DocumentNumber), "OBE008"},
		},
		p.changeableRules(),
		birthRules(p.BirthDate, now), p.Address.rules("OBE017"), typeRules(p.OnboardingType), fileRules(p.Files), financialRules(p.FinancialDetails),
	)
}

// changeableRules are those of what an update may bring as well.
func (p naturalPerson) changeableRules() []rule {
	return []rule{
		{phone.MatchString(p.PhoneNumber), "OBE010"},
		{isEmail(p.Email), "OBE011"},
		{isFullName(p.MotherName) && upTo(p.MotherName, longestName), "OBE012"},
		{isFullName(p.FullName), "OBE013"},
		{upTo(p.FullName, longestName), "OBE014"},
		{isSocialName(p.SocialName), "OBE015"},
	}
}

func (p naturalPerson) details(now time.Time) usher.Details {
	return detailsOf(p.FullName, p.DocumentNumber, p.PhoneNumber, p.Email, p.BirthDate, p.Address, now)
}

func detailsOf(name, number, phone, email, born string, at *address, now time.Time) usher.Details {
	first, last, _ := strings.Cut(strings.Join(strings.Fields(name), " "), " ")
	day, _ := birthDate(born, now) // looked at by the rules; an update has none
	return usher.Details{
		FirstName: first, LastName: last, DateOfBirth: day, Email: email, Phone: plainPhone(phone), Address: at.details(), NationalID: number,
	}
}

// The kinds of owner.
const (
	representative = "REPRESENTANTE"
	partner        = "SOCIO"
	furtherPartner = "DEMAIS_SOCIOS"
)

// kind gives the kind of an owner; the vendor's list writes the last one with a blank, its clients with a line.
func (o owner) kind() string { return strings.ReplaceAll(o.OwnerType, " ", "_") }

func (o owner) leads() bool { return o.kind() == representative || o.kind() == partner }

// rules lists what a company's proposal must hold to.
func (c legalPerson) rules(now time.Time) []rule {
	return slices.Concat(
		[]rule{
			{upTo(c.ClientCode, longestCode), "OBE007"},
			{phone.MatchString(c.ContactNumber), "OBE010"},
			{isCNPJ(c.DocumentNumber), "OBE009"},
			{isEmail(c.BusinessEmail), "OBE026"},
			{upTo(c.BusinessName, longestBusiness), "OBE027"},
			{upTo(c.TradingName, longestName), "OBE028"},
			{slices.Contains([]string{"", "PJ", "MEI", "ME"}, c.CompanyType), "OBE036"},
		},
		c.ownerRules(now),
		c.BusinessAddress.rules("OBE039"), typeRules(c.OnboardingType), fileRules(c.Files), financialRules(c.FinancialDetails),
	)
}

// ownerRules are those of the owners, one after another, and of all of them. The first sends the documents, and so is a person who leads.
func (c legalPerson) ownerRules(now time.Time) []rule {
	rules := []rule{{len(c.Owner) >= 1 && len(c.Owner) <= mostOwners, "OBE037"}}
	if !rules[0].ok {
		return rules
	}
	seen := map[string]bool{}
	for _, o := range c.Owner {
		_, born := birthDate(o.BirthDate, now)
		rules = append(
			rules,
			rule{slices.Contains([]string{representative, partner, furtherPartner}, o.kind()), "OBE040"},
			rule{isCPF(o.DocumentNumber) || isCNPJ(o.DocumentNumber), "OBE029"},
			rule{!seen[o.DocumentNumber], "OBE038"},
			rule{o.DocumentNumber != c.DocumentNumber, "OBE096"},
			rule{upTo(o.FullName, longestName) && (isFullName(o.FullName) || isCNPJ(o.DocumentNumber)), "OBE030"},
			rule{phone.MatchString(o.PhoneNumber), "OBE010"},
			rule{isEmail(o.Email), "OBE031"},
			rule{o.MotherName == "" || (isFullName(o.MotherName) && upTo(o.MotherName, longestName)), "OBE012"},
			rule{isSocialName(o.SocialName), "OBE015"},
			rule{born, "OBE016"},
		)
		if isCPF(o.DocumentNumber) {
			rules = append(rules, birthRules(o.BirthDate, now)...)
		}
		rules = append(rules, rule{firstBroken(o.Address.rules("OBE032")) == nil, "OBE032"})
		rules = append(rules, financialRules(o.FinancialDetails)...)
		seen[o.DocumentNumber] = true
	}
	return append(
		rules,
		rule{slices.ContainsFunc(c.Owner, owner.leads) && c.Owner[0].leads(), "OBE053"},
		rule{isCPF(c.Owner[0].DocumentNumber), "OBE029"},
	)
}

func (c legalPerson) details(now time.Time) usher.Details {
	company := usher.CompanyDetails{
		Name: c.BusinessName, TradingName: c.TradingName, Number: c.DocumentNumber, Form: cmp.Or(c.CompanyType, "PJ"), Email: c.BusinessEmail,
		Phone: plainPhone(c.ContactNumber), Address: c.BusinessAddress.details(),
	}
	for _, o := range c.Owner {
		person := detailsOf(o.FullName, o.DocumentNumber, o.PhoneNumber, o.Email, o.BirthDate, o.Address, now)
		if isCNPJ(o.DocumentNumber) {
			person = usher.Details{Company: &usher.CompanyDetails{
				Name: o.FullName, Number: o.DocumentNumber, Email: o.Email, Phone: plainPhone(o.PhoneNumber), Address: o.Address.details(),
			}}
		}
		company.Owners = append(company.Owners, usher.Owner{Role: o.kind(), Details: person})
	}
	examined := company.Owners[0].Details
	examined.Company = &company
	return examined
}
