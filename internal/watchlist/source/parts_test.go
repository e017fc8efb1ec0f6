package source_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

func TestBirthDate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, from, to string
		circa        bool
	}{
		{"23 Nov 1962", "1962-11-23", "1962-11-23", false},
		{"23 November 1962.", "1962-11-23", "1962-11-23", false},
		{"November 23, 1962", "1962-11-23", "1962-11-23", false},
		{"1962-11-23", "1962-11-23", "1962-11-23", false},
		{"1962-11-23T00:00:00Z", "1962-11-23", "1962-11-23", false},
		{"1962-11-23-05:00", "1962-11-23", "1962-11-23", false},
		{"23/11/1962", "1962-11-23", "1962-11-23", false},
		{"00/11/1962", "1962-11-01", "1962-11-30", false},
		{"00/00/1962", "1962-01-01", "1962-12-31", false},
		{"dd/mm/1962", "1962-01-01", "1962-12-31", false},
		{"Nov. 1962", "1962-11-01", "1962-11-30", false},
		{"Sept 1962", "1962-09-01", "1962-09-30", false},
		{"1962-11", "1962-11-01", "1962-11-30", false},
		{"Feb 1964", "1964-02-01", "1964-02-29", false},
		{"1962", "1962-01-01", "1962-12-31", false},
		{"circa 1962", "1962-01-01", "1962-12-31", true},
		{"c. 1962", "1962-01-01", "1962-12-31", true},
		{"approximately Nov 1962", "1962-11-01", "1962-11-30", true},
		{"1962 (approximately)", "1962-01-01", "1962-12-31", true},
		{"1958 to 1960", "1958-01-01", "1960-12-31", false},
		{"1958-1960", "1958-01-01", "1960-12-31", false},
		{"between 1958 and 1960", "1958-01-01", "1960-12-31", false},
		{"circa 1958 to 1960", "1958-01-01", "1960-12-31", true},
		{"Mar 1958 to Feb 1960", "1958-03-01", "1960-02-29", false},
		{"01 Mar 1958 to 02 Apr 1958", "1958-03-01", "1958-04-02", false},
		{"1960s", "1960-01-01", "1969-12-31", false},
		{"29 Feb 1960", "1960-02-29", "1960-02-29", false},
		{in: "29 Feb 1961"},
		{in: "31 Apr 1961"},
		{in: "00/13/1961"},
		{in: "1960 to 1958"},
		{in: "0000"},
		{in: "62"},
		{in: "12345"},
		{in: "unknown"},
		{in: "Mayday 1962"},
		{in: "30-35 years old"},
		{in: ""},
	} {
		d, ok := source.BirthDate(test.in)
		if ok != (test.from != "") || d != (watchlist.DateRange{From: test.from, To: test.to, Circa: test.circa}) {
			t.Errorf("%q became %+v %t, want %s to %s, circa %t", test.in, d, ok, test.from, test.to, test.circa)
		}
	}
}

func TestCountry(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"DE": "DE", "de": "DE", "DEU": "DE", "Germany": "DE", " GERMANY ": "DE", "Korea, North": "KP", "Democratic People's Republic of Korea": "KP",
		"Congo, Democratic Republic of the": "CD", "Congo": "CG", "Iran (Islamic Republic of)": "IR", "Türkiye": "TR", "Turkey": "TR", "Côte d'Ivoire": "CI",
		"Cote d Ivoire": "CI", "Viet Nam": "VN", "The Gambia": "GM", "Gambia, The": "GM", "United Kingdom of Great Britain and Northern Ireland": "GB",
		"China, Hong Kong Special Administrative Region": "HK", "Virgin Islands, British": "VG", "Virgin Islands (British)": "VG", "Region: Gaza": "PS",
		"State of Palestine": "PS", "Syria (until 2012)": "SY", "United States. Also believed to hold another": "US", "Burma": "MM", "Kosovo": "XK",
		"St. Kitts & Nevis": "KN", "Man, Isle of": "IM", "ua-cri": "UA", "US-CA": "US", "ab-cd": "", "Curaçao": "CW", "Åland Islands": "AX", "": "", "Atlantis": "", "x": "", "the": "",
	} {
		if got := source.Country(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func TestLastFirst(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]watchlist.Name{
		"MUSTER, Erika":            {Full: "Erika MUSTER", First: "Erika", Last: "MUSTER"},
		"VAN DER MUSTER, Erika M.": {Full: "Erika M. VAN DER MUSTER", First: "Erika M.", Last: "VAN DER MUSTER"},
		"MUSTER, Jr., Adam":        {Full: "Adam MUSTER Jr.", First: "Adam", Last: "MUSTER"},
		"MUSTER, Adam, III":        {Full: "Adam MUSTER III", First: "Adam", Last: "MUSTER"},
		"MUSTER, Adam, Ben":        {Full: "Adam Ben MUSTER", First: "Adam Ben", Last: "MUSTER"},
		"MUSTER":                   {Full: "MUSTER"},
		"MUSTER,":                  {Full: "MUSTER"},
		", Erika":                  {Full: "Erika"},
		"":                         {},
	} {
		if diff := cmp.Diff(want, source.LastFirst(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestNotedNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind watchlist.Kind
		in   string
		want string // names with |, weak ones with ~, former ones with ^
	}{
		{watchlist.Person, "Adam Muster", "Adam Muster"},
		{watchlist.Person, "Adam Muster; Adem Muster", "Adam Muster|Adem Muster"},
		{watchlist.Person, "a) Adam Muster b) Adem Muster", "Adam Muster|Adem Muster"},
		{watchlist.Person, "Adam Muster (آدم موستر)", "Adam Muster|آدم موستر"},
		{watchlist.Person, "Adam Muster (original script: Адам Мустер)", "Adam Muster|Адам Мустер"},
		{watchlist.Person, "آدم (Adam; Adem)", "آدم|Adam|Adem"},
		{watchlist.Person, "Adam Muster (birth name)", "Adam Muster"},
		{watchlist.Person, "Adam Muster (previously listed as)", "^Adam Muster"},
		{watchlist.Person, "Adam Muster, born 1 Jan. 1960 (passport no. 4711)", "Adam Muster"},
		{watchlist.Person, "Adam Muster (false identity, seen with papers 4711)", "Adam Muster"},
		{watchlist.Person, "(Sheikh) Adam Muster", "Sheikh Adam Muster"},
		{watchlist.Person, "Adam Muster (Mustar)", "Adam Muster Mustar"},
		{watchlist.Person, "MUSTER, Adam", "Adam MUSTER"},
		{watchlist.Person, "Muster, Adam", "Muster, Adam"},
		{watchlist.Person, `"The Clerk"`, "The Clerk"},
		{watchlist.Person, "Adam (Muster", "Adam|Muster"},
		{watchlist.Person, ") Adam Muster", "Adam Muster"},
		{watchlist.Person, "()", ""},
		{watchlist.Organization, "MUSTER INVENTION GROUP (MIG)", "MUSTER INVENTION GROUP|~MIG"},
		{watchlist.Organization, "MUSTER GROUP (USA)", "MUSTER GROUP USA"},
		{watchlist.Organization, "MUSTER (PVT) LIMITED", "MUSTER PVT LIMITED"},
		{watchlist.Organization, "New Muster Group (NMG) (الجديد (original script); Newer Muster)", "New Muster Group|الجديد|Newer Muster|~NMG"},
	} {
		var got []string
		for _, n := range source.Noted(test.kind, test.in) {
			mark := ""
			if n.Weak {
				mark = "~"
			}
			if n.Kind == watchlist.FormerName {
				mark = "^"
			}
			got = append(got, mark+n.Full)
		}
		if s := strings.Join(got, "|"); s != test.want {
			t.Errorf("%q became %q, want %q", test.in, s, test.want)
		}
	}
}

func TestScriptOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Adam": "Latn", "Renée": "Latn", "Адам": "Cyrl", "آدم": "Arab", "穆 埃里克": "Hani", "김정은": "Hang", "たなか 太郎": "Jpan", "タナカ": "Jpan", "Αδάμ": "Grek",
		"אדם": "Hebr", "Ադամ": "Armn", "ადამი": "Geor", "อาดัม": "Thai", "ኣዳም": "Ethi", "4711": "", "": "", "Адам Adam Иванович": "Cyrl",
	} {
		if got := source.ScriptOf(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]watchlist.ID{
		"Passport A10472263 (Malaysia) issued 28 Feb 1996 expires 27 Feb 2001": {Kind: "passport", Country: "MY", Value: "A10472263"},
		"National ID No. 660000 73767 (Belgium)":                               {Kind: "national_id", Country: "BE", Value: "660000 73767"},
		"NIT # 800146749-7 (Colombia)":                                         {Kind: "tax_id", Country: "CO", Value: "800146749-7"},
		"Registration Number 02696754 (United Kingdom)":                        {Kind: "registration", Country: "GB", Value: "02696754"},
		"Vessel Registration Identification IMO 9187629":                       {Kind: "imo", Value: "9187629"},
		"Aircraft Manufacturer's Serial Number (MSN) 4711":                     {Kind: "aircraft_serial", Value: "4711"},
		"Unified Social Credit Code (USCC) 91110000 (China)":                   {Kind: "registration", Country: "CN", Value: "91110000"},
		"BIK (RU) 044525607":                                                   {Kind: "other", Country: "RU", Value: "044525607"},
		"Passportless person 4711":                                             {},
		"Leader since 2004":                                                    {},
		"":                                                                     {},
	} {
		if diff := cmp.Diff(want, source.Number(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}
