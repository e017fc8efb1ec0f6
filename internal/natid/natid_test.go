package natid_test

import (
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/natid"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// TestExamples holds numbers that their countries, or handbooks, give as examples: country, number, kind, birth date, sex.
func TestExamples(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(`
AR|20-05536168-2|CUIT||
AR|20.123.456|DNI||
AT|1237 010180|SVNR|80-01-01|
AU|123 456 782|TFN||
BE|85.07.30-033 28|rijksregisternummer|1985-07-30|M
BG|7523169263|EGN|1875-03-16|M
BR|529.982.247-25|CPF||
BR|11.444.777/0001-61|CNPJ||
BR|12.ABC.345/01DE-35|CNPJ||
CA|123-456-782|SIN||
CH|756.9217.0769.85|AHV||
CL|12.531.909-2|RUT||
CN|11010519491231002X|resident identity number|1949-12-31|F
CO|213.123.432-1|NIT||
CO|52.123.456|cédula||
CU|91021027775|carné de identidad|1991-02-10|F
CZ|710319/2745|rodné číslo|1971-03-19|M
SK|715319/2761|rodné číslo|1971-03-19|F
DE|36 574 261 809|IdNr||
DK|211062-5629|CPR|1862-10-21|M
DO|001-1391820-5|cédula||
EC|171430710-3|cédula||
EE|37605030299|isikukood|1976-05-03|M
ES|12345678-Z|DNI||
ES|x-1234567-l|NIE||
FI|131052-308T|henkilötunnus|1952-10-13|F
FI|131052Y308T|henkilötunnus|1952-10-13|F
FR|1 51 02 46 102 043 25|NIR|51-02|M
GB|AB 12 34 56 C|NINO||
GR|01013099997|AMKA|30-01-01|M
HR|33392005961|OIB||
IE|6433435F|PPSN||
IE|6433435IH|PPSN||
IL|3933742-3|mispar zehut||
IN|2341 2341 2346|Aadhaar||
IN|ACUPA7085R|PAN||
IS|120174-3399|kennitala|1974-01-12|
IT|RSSMRA85T10A562S|codice fiscale|85-12-10|M
IT|RCCMNL83S18D969H|codice fiscale|83-11-18|M
KR|971013-9019902|RRN|1897-10-13|M
LT|38703181745|asmens kodas|1987-03-18|M
LV|161175-19997|personas kods|1975-11-16|
LV|327673-00679|personas kods||
MX|BOXW310820HNERXN09|CURP|1931-08-20|M
MY|770305-02-1234|NRIC|77-03-05|F
NL|1112.22.333|BSN||
NO|151086 95088|fødselsnummer|1986-10-15|F
PE|10117410-2|DNI||
PE|10117410|DNI||
PL|44051401359|PESEL|1944-05-14|M
PT|00000000 0 ZZ4|cartão de cidadão||
PT|501964843|NIF||
RO|1630615123457|CNP|1963-06-15|M
SE|640823-3234|personnummer|1964-08-23|M
SE|19640823-3234|personnummer|1964-08-23|M
SE|640823+3234|personnummer|1864-08-23|M
SE|701063-2391|personnummer|1970-10-03|M
SI|0101006500006|EMŠO|2006-01-01|M
RS|0101006500006|JMBG|2006-01-01|M
TH|1-2345-45678-78-1|PIN||
TR|17291716060|T.C. kimlik no||
UA|1759013776|RNTRC|1948-02-28|M
US|536-90-4399|SSN||
UY|1.234.567-2|cédula||
ZA|7503305044089|ID number|75-03-30|M
`) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if len(f) != 5 {
			continue
		}
		got, why := natid.Check(f[0], f[1], now)
		if why != "" || got.Kind != f[2] || got.Birth.String() != f[3] || got.Sex != f[4] || got.Country != f[0] {
			t.Errorf("%s %s: %q, %s born %s sex %s; want %v", f[0], f[1], why, got.Kind, got.Birth, got.Sex, f[2:])
		}
		again, _ := natid.Check(f[0], got.Value, now)
		if again != got {
			t.Errorf("%s %s is %s without separators, which is read as %+v", f[0], f[1], got.Value, again)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, country, number string
		want                  natid.Reason
	}{
		{"nothing", "BR", "", natid.Length},
		{"a country that is not known", "XX", "123", natid.Length},
		{"too long", "BR", strings.Repeat("1", 5000), natid.Length},
		{"a slip", "BR", "529.982.247-26", natid.CheckDigit},
		{"one digit all over", "BR", "111.111.111-11", natid.Reserved},
		{"an O for a 0", "SE", "64O823-3234", natid.Characters},
		{"a day that does not exist", "EE", "37602300299", natid.BadDate},
		{"a day to come", "SE", "20640823-3234", natid.BadDate},
		{"a rude beginning", "MX", "PUTA310820HNERXN09", natid.Reserved},
		{"of an advertisement", "US", "078-05-1120", natid.Reserved},
		{"letters of other alphabets", "ES", "12345678Ж", natid.Length},
		{"bytes that are no text", "ES", "1234\xff\xfe78Z", natid.Length},
		{"British example", "GB", "QQ 12 34 56 C", natid.Reserved},
		{"Finnish passing number", "FI", "131052-9037", natid.Reserved},
	} {
		if got, why := natid.Check(c.country, c.number, now); why != c.want || got != (natid.Reading{}) {
			t.Errorf("%s: %q, want %q", c.name, why, c.want)
		}
	}
}

func TestBirthFits(t *testing.T) {
	t.Parallel()
	day := time.Date(1951, 2, 17, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		birth natid.Birth
		want  bool
	}{
		{natid.Birth{}, true},
		{natid.Birth{Year: 1951, Month: 2, Day: 17}, true},
		{natid.Birth{Year: 1951, Month: 2, Day: 18}, false},
		{natid.Birth{Year: 51, Month: 2, Short: true}, true},
		{natid.Birth{Year: 52, Month: 2, Short: true}, false},
		{natid.Birth{Year: 2051, Month: 2, Day: 17}, false},
	} {
		if got := c.birth.Fits(day); got != c.want {
			t.Errorf("%s: %v", c.birth, got)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for i, number := range []string{"640823-3234", "RSSMRA85T10A562S", "131052A308T", "151024610204325", "12ABC34501DE35"} {
		f.Add(i*7, number)
	}
	countries := natid.Countries()
	f.Fuzz(func(t *testing.T, at int, number string) {
		country := countries[(at%len(countries)+len(countries))%len(countries)]
		got, why := natid.Check(country, number, now)
		if (why == "") != (got.Value != "") {
			t.Errorf("%s: %q and %q", country, why, got.Value)
		}
		if again, _ := natid.Check(country, got.Value, now); why == "" && again != got {
			t.Errorf("%s: %+v is read again as %+v", country, got, again)
		}
	})
}
