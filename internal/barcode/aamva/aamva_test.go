package aamva_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/usher-kyc/usher/internal/barcode/aamva"
)

// code writes a code with one subfile of its own and one of the jurisdiction.
func code(issuer string, version int, kind string, elements ...string) string {
	body := kind + strings.Join(elements, "\n") + "\r"
	own := "ZUZUAX\r"
	versions, size := fmt.Sprintf("%02d00", version), 21+20
	if version < 2 {
		versions, size = fmt.Sprintf("%02d", version), 19+20
	}
	return fmt.Sprintf("@\n\x1e\rANSI %s%s02%s%04d%04dZU%04d%04d%s%s",
		issuer, versions, kind, size, len(body), size+len(body), len(own), body, own)
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code string
		want aamva.Licence
	}{
		"United States, version 8": {
			code("636040", 8, "DL", "DAQ012345678", "DCSSAMPLE", "DDEN", "DACJANE", "DDFT", "DADMARIE", "DDGU", "DBD06012021", "DBB01151990", "DBA01152029",
				"DBC2", "DAG123 EXAMPLE ST", "DAISPRINGFIELD", "DAJUT", "DAK841140000  ", "DCF12345ABC", "DCGUSA", "DCUNONE"),
			aamva.Licence{
				Issuer: "636040", Version: 8, Type: "DL", Country: "USA", FamilyName: "SAMPLE", GivenName: "JANE", MiddleName: "MARIE",
				FamilyCut: aamva.Whole, GivenCut: aamva.CutShort, MiddleCut: aamva.CutUnknown,
				Birth: aamva.Date{Year: 1990, Month: 1, Day: 15}, Expiry: aamva.Date{Year: 2029, Month: 1, Day: 15},
				Issued: aamva.Date{Year: 2021, Month: 6, Day: 1}, Sex: "F", Number: "012345678", Discriminator: "12345ABC",
				Address: aamva.Address{Street: "123 EXAMPLE ST", City: "SPRINGFIELD", Region: "UT", PostalCode: "84114"},
			},
		},
		"Canada, an identification card": {
			code("636012", 4, "ID", "DAQA1234-56789", "DCSÉMOND", "DACZOÉ", "DBB19851203", "DBA20301203", "DBC9", "DAKK1A 0B1   ", "DCGCAN"),
			aamva.Licence{
				Issuer: "636012", Version: 4, Type: "ID", Country: "CAN", FamilyName: "ÉMOND", GivenName: "ZOÉ", Sex: "X", Number: "A1234-56789",
				Birth: aamva.Date{Year: 1985, Month: 12, Day: 3}, Expiry: aamva.Date{Year: 2030, Month: 12, Day: 3},
				Address: aamva.Address{PostalCode: "K1A0B1"},
			},
		},
		"version 3, given names in one": {
			code("636000", 3, "DL", "DCSSAMPLE", "DCTJOHN,PAUL,GEORGE", "DBB12311979", "DBC1"),
			aamva.Licence{
				Issuer: "636000", Version: 3, Type: "DL", FamilyName: "SAMPLE", GivenName: "JOHN", MiddleName: "PAUL GEORGE", Sex: "M",
				Birth: aamva.Date{Year: 1979, Month: 12, Day: 31},
			},
		},
		"version 1, one name, year first": {
			code("636001", 1, "DL", "DAASAMPLE,MARY ANN,Q,JR", "DBB19790228", "DBCF", "DAQ1", "DALHILL ROAD 1", "DANTOWN", "DAONY"),
			aamva.Licence{
				Issuer: "636001", Version: 1, Type: "DL", FullName: "SAMPLE,MARY ANN,Q,JR", FamilyName: "SAMPLE", GivenName: "MARY ANN", MiddleName: "Q",
				Suffix: "JR", Sex: "F", Number: "1", Birth: aamva.Date{Year: 1979, Month: 2, Day: 28},
				Address: aamva.Address{Street: "HILL ROAD 1", City: "TOWN", Region: "NY"},
			},
		},
		"not understood": {
			code("636001", 10, "DL", "DBB13322001", "DBA02302030", "DBCQ", "DCGXXX", "DDEY", "DCSSAMPLE"),
			aamva.Licence{
				Issuer: "636001", Version: 10, Type: "DL", FamilyName: "SAMPLE", Unread: []string{"DCG", "DDE", "DBB", "DBA", "DBC"},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := aamva.Parse([]byte(test.code))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(aamva.Licence{}, "Elements")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if d := got.Birth; d.Year != 0 && !strings.HasPrefix(d.String(), fmt.Sprint(d.Year, "-")) {
				t.Errorf("date as %q", d)
			}
		})
	}
}

// Cards in circulation break the rules in these ways.
func TestParseLenient(t *testing.T) {
	t.Parallel()
	right := code("636040", 8, "DL", "DAQ1", "DCSSAMPLE", "DBB01151990", "DCGUSA")
	latin := strings.ReplaceAll(right, "SAMPLE", "\xc9MOND")
	for name, test := range map[string]struct{ code, family string }{
		"offsets five bytes off":   {strings.Replace(right, "DL0041", "DL0046", 1), "SAMPLE"},
		"offsets beyond the end":   {strings.Replace(right, "DL0041", "DL9999", 1), "SAMPLE"},
		"a wrong length":           {strings.Replace(right, "0043ZU", "0001ZU", 1), "SAMPLE"},
		"another record separator": {strings.Replace(right, "@\n\x1e\r", "@\n\x1c\r", 1), "SAMPLE"},
		"lines changed on the way": {strings.ReplaceAll(right, "\n", "\r\n"), "SAMPLE"},
		"the older file type":      {strings.Replace(right, "ANSI ", "AAMVA", 1), "SAMPLE"},
		"ISO 8859-1":               {latin, "ÉMOND"},
	} {
		got, err := aamva.Parse([]byte(test.code))
		if err != nil || got.FamilyName != test.family || got.Birth.String() != "1990-01-15" || got.Country != "USA" {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	right := code("636040", 8, "DL", "DAQ1", "DCSSAMPLE")
	for name, test := range map[string]struct {
		code string
		want error
	}{
		"nothing":           {"", aamva.ErrOther},
		"an address":        {"https://example.test/", aamva.ErrOther},
		"another issuer":    {"@\n\x1e\rANSI ABCDEF0800", aamva.ErrOther},
		"header only":       {right[:15], aamva.ErrDamaged},
		"table cut":         {right[:30], aamva.ErrDamaged},
		"no elements":       {right[:41], aamva.ErrDamaged},
		"no subfiles":       {"@\n\x1e\rANSI 636040080000", aamva.ErrDamaged},
		"own subfile alone": {"@\n\x1e\rANSI 636040080001ZU00310007ZUZUAX\r", aamva.ErrDamaged},
		"too much":          {right + strings.Repeat("x", 5000), aamva.ErrOther},
	} {
		if got, err := aamva.Parse([]byte(test.code)); !errors.Is(err, test.want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(code("636040", 8, "DL", "DAQ1", "DCSSAMPLE", "DBB01151990", "DCGUSA")))
	f.Add([]byte(code("636012", 1, "ID", "DAASAMPLE,ANN", "DBB19900115", "DAKK1A 0B1")))
	f.Add([]byte("@\n\x1e\rANSI 636040080099DL"))
	f.Fuzz(func(t *testing.T, content []byte) {
		l, err := aamva.Parse(content)
		if err != nil {
			if !errors.Is(err, aamva.ErrOther) && !errors.Is(err, aamva.ErrDamaged) {
				t.Fatalf("an error without a name: %v", err)
			}
			return
		}
		if l.Type == "" || len(l.Elements) == 0 || len(l.Issuer) != 6 {
			t.Fatalf("a licence of nothing: %+v", l)
		}
		for _, d := range []aamva.Date{l.Birth, l.Expiry, l.Issued} {
			if s := d.String(); s != "" && len(s) != len("2000-01-01") {
				t.Fatalf("date %q", s)
			}
		}
	})
}
