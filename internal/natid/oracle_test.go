package natid_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/natid"
)

// rival is a kind of number that python-stdnum knows as well.
type rival struct {
	country, kind, module string
	// form is how numbers are drawn: YYYY or YY, MM and DD are a day's, 9 a digit, A a letter, * either.
	form string
	// months and days are added to the day's now and then.
	months, days []int
	// differ tells of numbers on which the two differ knowingly.
	differ func(s string) bool
}

func rivals() []rival {
	at := func(i int, set string) func(string) bool {
		return func(s string) bool { return strings.Contains(set, s[i:i+1]) }
	}
	// 20 was added to the month from 2004 on alone.
	late := func(s string) bool { return s[2:4] > "12" && s[2:4] < "51" || s[2:4] > "62" }
	return []rival{
		{"AR", "CUIT", "ar.cuit", "2099999999*", nil, nil, nil},
		{"AR", "DNI", "ar.dni", "99999999", nil, nil, nil},
		{"AT", "SVNR", "at.vnr", "9999DDMMYY", nil, nil, nil},
		{"AU", "TFN", "au.tfn", "999999999", nil, nil, nil},
		{"BE", "rijksregisternummer", "be.nn", "YYMMDD99999", nil, nil, func(s string) bool { return s[2:4] == "00" || s[4:6] == "00" }},
		{"BG", "EGN", "bg.egn", "YYMMDD9999", []int{20, 40}, nil, nil},
		{"BR", "CPF", "br.cpf", "99999999999", nil, nil, nil},
		{"BR", "CNPJ", "br.cnpj", "99999999000199", nil, nil, func(s string) bool { return strings.Trim(s, "0123456789") != "" }},
		{"CA", "SIN", "ca.sin", "999999999", nil, nil, at(0, "08")},
		{"CH", "AHV", "ch.ssn", "7569999999999", nil, nil, nil},
		{"CL", "RUT", "cl.rut", "99999999*", nil, nil, nil},
		{"CN", "resident identity number", "cn.ric", "110101YYYYMMDD9999", nil, nil, nil},
		{"CO", "NIT", "co.nit", "999999999", nil, nil, nil},
		{"CU", "carné de identidad", "cu.ni", "YYMMDD99999", nil, nil, nil},
		{"CZ", "rodné číslo", "cz.rc", "YYMMDD9999", []int{50}, nil, late},
		{"SK", "rodné číslo", "sk.rc", "YYMMDD999", []int{50}, nil, late},
		{"DE", "IdNr", "de.idnr", "99999999999", nil, nil, nil},
		{"DK", "CPR", "dk.cpr", "DDMMYY9999", nil, nil, nil},
		{"DO", "cédula", "do.cedula", "99999999999", nil, nil, nil},
		{"EC", "cédula", "ec.ci", "9999999999", nil, nil, nil},
		{"EE", "isikukood", "ee.ik", "9YYMMDD9999", nil, nil, nil},
		{"ES", "DNI", "es.dni", "99999999A", nil, nil, nil},
		{"ES", "NIE", "es.nie", "X9999999A", nil, nil, nil},
		{"FI", "henkilötunnus", "fi.hetu", "DDMMYY-999*", nil, nil, func(s string) bool { return !strings.Contains("-+A", s[6:7]) }},
		{"FR", "NIR", "fr.nir", "9YYMM9999999999", nil, nil, at(0, "0569")},
		{"GR", "AMKA", "gr.amka", "DDMMYY99999", nil, nil, nil},
		{"HR", "OIB", "hr.oib", "99999999999", nil, nil, nil},
		{"IE", "PPSN", "ie.pps", "9999999AA", nil, nil, nil},
		{"IL", "mispar zehut", "il.idnr", "999999999", nil, nil, nil},
		{"IN", "Aadhaar", "in_.aadhaar", "999999999999", nil, nil, nil},
		{"IN", "PAN", "in_.pan", "AAAPA9999A", nil, nil, nil},
		{"IS", "kennitala", "is_.kennitala", "DDMMYY9999", nil, nil, at(9, "8")},
		{"IT", "codice fiscale", "it.codicefiscale", "AAAAAA99T13A999A", nil, nil, nil},
		{"KR", "RRN", "kr.rrn", "YYMMDD9999999", nil, nil, func(s string) bool {
			return s[7:9] > "96" || strings.Contains("3478", s[6:7]) && s[:2] >= "20" // no check digit since
		}},
		{"LT", "asmens kodas", "lt.asmens", "9YYMMDD9999", nil, nil, nil},
		{"LV", "personas kods", "lv.pvn", "DDMMYY99999", nil, nil, func(s string) bool { return s[6] > '2' || s[0] >= '3' && s[1] >= '2' }},
		{"MX", "CURP", "mx.curp", "AAAAYYMMDDHDFAAA*9", nil, nil, nil},
		{"MY", "NRIC", "my.nric", "YYMMDD149999", nil, nil, nil},
		{"NL", "BSN", "nl.bsn", "999999999", nil, nil, nil},
		{"NO", "fødselsnummer", "no.fodselsnummer", "DDMMYY99999", []int{40}, []int{40}, nil},
		{"PE", "DNI", "pe.cui", "99999999*", nil, nil, nil},
		{"PL", "PESEL", "pl.pesel", "YYMMDD99999", []int{20, 80}, nil, nil},
		{"PT", "cartão de cidadão", "pt.cc", "999999999**9", nil, nil, nil},
		{"PT", "NIF", "pt.nif", "999999999", nil, nil, nil},
		{"RO", "CNP", "ro.cnp", "9YYMMDD199999", nil, nil, nil},
		{"SE", "personnummer", "se.personnummer", "YYMMDD-9999", nil, nil, nil},
		{"SE", "personnummer", "se.personnummer", "YYYYMMDD9999", nil, nil, nil},
		{"SI", "EMŠO", "si.emso", "DDMMYYY999999", nil, nil, nil},
		{"TH", "PIN", "th.pin", "9999999999999", nil, nil, nil},
		{"TR", "T.C. kimlik no", "tr.tckimlik", "99999999999", nil, nil, nil},
		{"UA", "RNTRC", "ua.rntrc", "9999999999", nil, nil, nil},
		{"US", "SSN", "us.ssn", "999999999", nil, nil, nil},
		{"ZA", "ID number", "za.idnr", "YYMMDD9999999", nil, nil, at(10, "2")},
	}
}

// draw makes a number of the form.
func (k rival) draw(r *rand.Rand) string {
	day := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(46_000))
	pick := func(of []int) int {
		if len(of) == 0 || r.IntN(2) == 0 {
			return 0
		}
		return of[r.IntN(len(of))]
	}
	form := strings.NewReplacer(
		"YYYY", day.Format("2006"), "YYY", day.Format("2006")[1:], "YY", day.Format("06"), "MM", fmt.Sprintf("%02d", int(day.Month())+pick(k.months)),
		"DD", fmt.Sprintf("%02d", day.Day()+pick(k.days)),
	).Replace(strings.ReplaceAll(k.form, "9", "#"))
	const digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return strings.Map(func(c rune) rune {
		switch c {
		case '#':
			return rune(digits[r.IntN(10)])
		case 'A':
			return rune(letters[r.IntN(26)])
		case '*':
			return rune((digits + digits + letters)[r.IntN(46)])
		}
		return c
	}, form)
}

// TestAgainstStdnum holds our answers against those of python-stdnum (Debian: python3-stdnum), on numbers that were drawn
// at random, on some of them that we take, and on these with a slip.
func TestAgainstStdnum(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3" // Debian's, whatever else is installed
	if exec.Command(python, "-c", "import stdnum").Run() != nil {
		t.Skip("python3-stdnum is not installed")
	}
	now := time.Now()
	r := rand.New(rand.NewPCG(1, 2))
	type asked struct {
		k      rival
		number string
		got    natid.Reading
		why    natid.Reason
	}
	var all []asked
	var in bytes.Buffer
	for _, k := range rivals() {
		ask := func(number string) bool {
			got, why := natid.Check(k.country, number, now)
			if why == "" && got.Kind != k.kind {
				why = natid.CheckDigit // another kind took it
			}
			all = append(all, asked{k, number, got, why})
			fmt.Fprintf(&in, "%s\t%s\n", k.module, number)
			return why == ""
		}
		for range 50 {
			ask(k.draw(r))
		}
		taken := 0
		for range 100_000 {
			number := k.draw(r)
			if got, why := natid.Check(k.country, number, now); why != "" || got.Kind != k.kind {
				continue
			}
			ask(number)
			slip := []byte(number)
			slip[r.IntN(len(slip))] = "0123456789ABCX"[r.IntN(14)]
			ask(string(slip))
			if taken++; taken == 30 {
				break
			}
		}
		if taken < 30 {
			t.Errorf("%s %s: only %d numbers were taken", k.country, k.kind, taken)
		}
	}
	cmd := exec.Command(python, "testdata/oracle.py")
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if len(lines) != len(all) {
		t.Fatalf("%d answers to %d numbers", len(lines), len(all))
	}
	wrong := map[string]int{}
	for i, a := range all {
		said := strings.Split(lines[i], "\t")
		valid, birth, sex := said[0] == "1", said[1], said[2]
		// Not all of them ask whether the day has come.
		_, later := natid.Check(a.k.country, a.number, now.AddDate(9000, 0, 0))
		unborn := a.why == natid.BadDate && later == ""
		switch {
		case a.k.differ != nil && a.k.differ(a.number), unborn:
			continue
		case valid == (a.why == "") && (!valid || agrees(a.got, birth, sex)):
			continue
		}
		if wrong[a.k.country]++; wrong[a.k.country] <= 3 {
			t.Errorf("%s %s %q: we say %q %v %s, stdnum %v", a.k.country, a.k.kind, a.number, a.why, a.got.Birth, a.got.Sex, said)
		}
	}
	t.Logf("%d numbers of %d kinds", len(all), len(rivals()))
}

// agrees compares what was told of the holder, as far as both tell something.
func agrees(got natid.Reading, birth, sex string) bool {
	day, err := time.Parse(time.DateOnly, birth)
	if err == nil && !got.Birth.Fits(day) {
		return false
	}
	return sex == "" || got.Sex == "" || sex == got.Sex
}

func TestKindsAreWhole(t *testing.T) {
	t.Parallel()
	if n := len(natid.Countries()); n < 40 {
		t.Errorf("%d countries", n)
	}
	for _, country := range natid.Countries() {
		if len(country) != 2 || !natid.Supported(country) || len(natid.Kinds(country)) == 0 {
			t.Errorf("%q", country)
		}
	}
	if natid.Supported("XX") || slices.Contains(natid.Countries(), "") {
		t.Error("a country that does not exist")
	}
}
