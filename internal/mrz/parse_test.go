package mrz_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-kyc/usher/internal/mrz"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

var (
	erikssonBirth  = mrz.Date{Raw: "740812", Year: 1974, Month: 8, Day: 12}
	erikssonExpiry = mrz.Date{Raw: "120415", Year: 2012, Month: 4, Day: 15}
)

// eriksson is the specimen of Doc 9303 with what differs per format.
func eriksson(change func(*mrz.Document)) mrz.Document {
	d := mrz.Document{
		DocumentCode: "I", Issuer: "UTO", Number: "D23145890", Nationality: "UTO",
		BirthDate: erikssonBirth, Sex: "F", Expiry: erikssonExpiry,
		Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
		Digits: mrz.Digits{Number: mrz.Agreed, BirthDate: mrz.Agreed, Expiry: mrz.Agreed, Composite: mrz.Agreed},
	}
	change(&d)
	return d
}

// The first five are the specimens of ICAO Doc 9303 parts 4 to 7, the sixth
// the long document number of part 5.
var specimens = []struct {
	name  string
	lines []string
	want  mrz.Document
}{
	{
		"TD3",
		[]string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"},
		eriksson(func(d *mrz.Document) {
			d.Format, d.DocumentCode, d.Number, d.Optional1 = mrz.TD3, "P", "L898902C3", "ZE184226B"
			d.Digits.Optional = mrz.Agreed
		}),
	},
	{
		"TD2",
		[]string{"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"},
		eriksson(func(d *mrz.Document) { d.Format = mrz.TD2 }),
	},
	{
		"TD1",
		[]string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
		eriksson(func(d *mrz.Document) { d.Format = mrz.TD1 }),
	},
	{
		"MRV-A",
		[]string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"},
		eriksson(func(d *mrz.Document) {
			d.Format, d.DocumentCode, d.Number, d.Nationality, d.Optional1 = mrz.MRVA, "V", "L8988901C", "XXX", "6ZE184226B"
			d.BirthDate = mrz.Date{Raw: "400907", Year: 1940, Month: 9, Day: 7}
			d.Expiry = mrz.Date{Raw: "961210", Year: 1996, Month: 12, Day: 10}
			d.Digits.Composite = mrz.NotPrinted
		}),
	},
	{
		"MRV-B",
		[]string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<"},
		eriksson(func(d *mrz.Document) {
			d.Format, d.DocumentCode, d.Number, d.Nationality = mrz.MRVB, "V", "L8988901C", "XXX"
			d.BirthDate = mrz.Date{Raw: "400907", Year: 1940, Month: 9, Day: 7}
			d.Expiry = mrz.Date{Raw: "961210", Year: 1996, Month: 12, Day: 10}
			d.Digits.Composite = mrz.NotPrinted
		}),
	},
	{
		"TD1 long number",
		[]string{"I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<<<<<<<<<<<<<<"},
		eriksson(func(d *mrz.Document) {
			d.Format, d.Number, d.Sex, d.Surname, d.GivenNames = mrz.TD1, "D23145890734", "M", "STEVENSON", "PETER"
			d.BirthDate = mrz.Date{Raw: "340712", Year: 1934, Month: 7, Day: 12}
			d.Expiry = mrz.Date{Raw: "950712", Year: 1995, Month: 7, Day: 12}
		}),
	},
	{
		"small letters and blanks",
		[]string{" i<utod231458907 <<<<<<<<<<<<<<<", "7408122f1204159UTO<<<<<<<<<<<6\t", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
		eriksson(func(d *mrz.Document) { d.Format = mrz.TD1 }),
	},
	{
		"failed digits",
		[]string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898903C36UTO7408122F1204159<<<<<<<<<<<<<<<0"},
		eriksson(func(d *mrz.Document) {
			d.Format, d.DocumentCode, d.Number = mrz.TD3, "P", "L898903C3"
			d.Digits.Number, d.Digits.Composite = mrz.Failed, mrz.Failed
		}),
	},
	{
		"names to the last place",
		[]string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<ELISABETH"},
		eriksson(func(d *mrz.Document) {
			d.Format, d.GivenNames, d.NamesTruncated = mrz.TD1, "ANNA MARIA ELISABETH", true
		}),
	},
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range specimens {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := mrz.Parse(tt.lines, now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// The old French card has no expiry and its names on two lines. This is the
// specimen its issuer published.
func TestParseFrenchID(t *testing.T) {
	t.Parallel()
	lines := []string{"IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "8806923102858CORINNE<<<<<<<6512068F6"}
	d, err := mrz.Parse(lines, now)
	if err != nil {
		t.Fatal(err)
	}
	want := mrz.Document{
		Format: mrz.FrenchID, DocumentCode: "ID", Issuer: "FRA", Number: "880692310285", Nationality: "FRA",
		BirthDate: mrz.Date{Raw: "651206", Year: 1965, Month: 12, Day: 6}, Sex: "F",
		Surname: "BERTHIER", GivenNames: "CORINNE",
		Digits: mrz.Digits{Number: mrz.Agreed, BirthDate: mrz.Agreed, Composite: mrz.Agreed},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	td1 := specimens[2].lines
	for name, lines := range map[string][]string{
		"nothing":         nil,
		"one line":        td1[:1],
		"two of three":    td1[:2],
		"uneven":          {td1[0], td1[1], td1[2][:29]},
		"other character": {td1[0], td1[1], strings.Replace(td1[2], "N", "Ñ", 1)},
		"empty lines":     {"", ""},
	} {
		if _, err := mrz.Parse(lines, now); !errors.Is(err, mrz.ErrLines) {
			t.Errorf("%s: got %v, want ErrLines", name, err)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		birth, expiry string
		wantBirth     string
		wantExpiry    string
	}{
		{"261122", "261122", "2026-11-22", "2026-11-22"},
		{"261123", "750101", "1926-11-23", "2075-01-01"},
		{"000229", "760101", "2000-02-29", "1976-01-01"},
		{"740230", "271301", "", ""},
		{"74<<<<", "<<<<<<", "1974", ""},
		{"7408<<", "27<<<<", "1974-08", "2027"},
		{"<<<<<<", "2A0101", "", ""},
		{"<<0812", "+10101", "", ""},
	} {
		lines := []string{
			"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
			"L8988901C4XXX" + strings.ReplaceAll(tt.birth, "+", "Q") + "8F" + strings.ReplaceAll(tt.expiry, "+", "Q") + "9<<<<<<<<",
		}
		d, err := mrz.Parse(lines, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{d.BirthDate.String(), d.Expiry.String()}; got != [2]string{tt.wantBirth, tt.wantExpiry} {
			t.Errorf("%s %s: got %q", tt.birth, tt.expiry, got)
		}
	}
}

func TestUncoveredNamesWhatNoDigitSees(t *testing.T) {
	t.Parallel()
	for _, tt := range specimens[:5] {
		doc := tt.want
		lines := append([]string(nil), tt.lines...)
		// Another surname letter moves no digit, and so does another sex.
		for i := range lines {
			lines[i] = strings.ReplaceAll(lines[i], "ERIKSSON", "ERIKSSAN")
		}
		got, err := mrz.Parse(lines, now)
		if err != nil || got.Digits != doc.Digits {
			t.Errorf("%s: %v %v", tt.name, got.Digits, err)
		}
		uncovered := strings.Join(fieldStrings(doc.Format.Uncovered()), " ")
		if !strings.Contains(uncovered, "surname") || strings.Contains(uncovered, "birth_date") {
			t.Errorf("%s: uncovered %s", tt.name, uncovered)
		}
	}
}

func fieldStrings(fields []mrz.Field) []string {
	s := make([]string, len(fields))
	for i, f := range fields {
		s[i] = string(f)
	}
	return s
}

// Build and Parse undo each other on every specimen.
func TestBuildSpecimens(t *testing.T) {
	t.Parallel()
	for _, tt := range specimens[:6] {
		d := tt.want
		got, err := mrz.Build(d)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.lines, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*mrz.Document){
		"no format":           func(d *mrz.Document) { d.Format = "" },
		"French card":         func(d *mrz.Document) { d.Format = mrz.FrenchID },
		"long issuer":         func(d *mrz.Document) { d.Issuer = "UTOP" },
		"small letters":       func(d *mrz.Document) { d.Number = "d2314" },
		"long passport":       func(d *mrz.Document) { d.Format, d.Number = mrz.TD3, "D231458901" },
		"far too long number": func(d *mrz.Document) { d.Number = strings.Repeat("9", 30) },
		"no second optional":  func(d *mrz.Document) { d.Format, d.Optional2 = mrz.TD3, "A" },
		"other script":        func(d *mrz.Document) { d.Surname = "Ελένη" },
	} {
		d := specimens[2].want
		change(&d)
		if lines, err := mrz.Build(d); err == nil {
			t.Errorf("%s: built %q", name, lines)
		}
	}
}

func TestTransliterate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Åsa Öberg-Ström":  "AASA OEBERG STROEM",
		"O'Connor":         "OCONNOR",
		"  Jean–Luc  ":     "JEAN LUC",
		"Weiß":             "WEISS",
		"Łukasz Świątek":   "LUKASZ SWIATEK",
		"Þórdís":           "THORDIS",
		"D’Arc, Jeanne M.": "DARC JEANNE M",
		"":                 "",
	} {
		got, err := mrz.Transliterate(in)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	if _, err := mrz.Transliterate("Иван"); err == nil {
		t.Error("Cyrillic: want an error")
	}
}

func TestKnownState(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"SWE": true, "D": true, "UTO": true, "ABW": true, "ZWE": true, "XXA": true, "RKS": true,
		"": false, "SW": false, "SWF": false, " ": false, "ABW AFG": false, "\n": false, "swe": false,
	} {
		if mrz.KnownState(code) != want {
			t.Errorf("%q: want %v", code, want)
		}
	}
}

// Whatever document is built, Parse gives it back and every digit agrees; one
// changed character under a digit never goes unseen unless its weight hides it.
func TestBuildThenParse(t *testing.T) {
	t.Parallel()
	formats := []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3, mrz.MRVA, mrz.MRVB}
	rapid.Check(t, func(t *rapid.T) {
		d := mrz.Document{
			Format:       rapid.SampledFrom(formats).Draw(t, "format"),
			DocumentCode: "P",
			Issuer:       rapid.StringMatching(`[A-Z]{3}`).Draw(t, "issuer"),
			Number:       rapid.StringMatching(`[A-Z0-9]{5,9}`).Draw(t, "number"),
			Nationality:  rapid.SampledFrom([]string{"D", "SWE", "BRA"}).Draw(t, "nationality"),
			Sex:          rapid.SampledFrom([]string{"M", "F", "X"}).Draw(t, "sex"),
			Surname:      rapid.StringMatching(`[A-Z]{2,8}( [A-Z]{2,5})?`).Draw(t, "surname"),
			GivenNames:   rapid.StringMatching(`[A-Z]{2,5}( [A-Z]{2,3})?`).Draw(t, "given"),
			Optional1:    rapid.StringMatching(`([A-Z][A-Z0-9]{0,3})?`).Draw(t, "optional"),
		}
		if d.Format == mrz.MRVA || d.Format == mrz.MRVB {
			d.DocumentCode = "V"
		}
		if d.Format == mrz.TD1 && rapid.Bool().Draw(t, "long") {
			d.Number = rapid.StringMatching(`[A-Z0-9]{10,14}`).Draw(t, "long number")
			d.Optional1 = ""
		}
		born := now.AddDate(0, 0, -rapid.IntRange(0, 36000).Draw(t, "age"))
		d.BirthDate = dateOf(born)
		d.Expiry = dateOf(now.AddDate(0, 0, rapid.IntRange(-7000, 7000).Draw(t, "valid")))
		lines, err := mrz.Build(d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mrz.Parse(lines, now)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Digits.Agree() {
			t.Fatalf("digits %+v of %q", got.Digits, lines)
		}
		got.Digits = mrz.Digits{}
		if diff := cmp.Diff(d, got); diff != "" {
			t.Fatalf("%q\n%s", lines, diff)
		}
	})
}

func dateOf(t time.Time) mrz.Date {
	return mrz.Date{Raw: t.Format("060102"), Year: t.Year(), Month: int(t.Month()), Day: t.Day()}
}

func FuzzParse(f *testing.F) {
	for _, tt := range specimens {
		f.Add(strings.Join(tt.lines, "\n"))
	}
	f.Fuzz(func(t *testing.T, s string) {
		lines := strings.Split(s, "\n")
		d, err := mrz.Parse(lines, now)
		if err != nil {
			if !errors.Is(err, mrz.ErrLines) {
				t.Errorf("other error: %v", err)
			}
			return
		}
		// What was read and can be built must mean the same again.
		again, err := mrz.Build(d)
		if err != nil {
			return
		}
		if _, err := mrz.Parse(again, now); err != nil {
			t.Errorf("built %q: %v", again, err)
		}
	})
}
