package source_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// isoDay is how dates leave the package.
var isoDay = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`)

// readFuzzed reads a list of any bytes: there is an *Error, or every record is sound.
func readFuzzed(t *testing.T, format source.Format, files fstest.MapFS, names ...string) {
	t.Helper()
	seen := map[string]bool{}
	info, err := source.Read(t.Context(), source.Input{Format: format, FS: files, Files: names}, func(e watchlist.Entity) error {
		if e.ID == "" || e.List == "" || len(e.Names) == 0 || seen[e.Key()] {
			t.Errorf("record %+v has no id, no list, no name, or comes twice", e)
		}
		seen[e.Key()] = true
		for _, n := range e.Names {
			if n.Full == "" || n.Kind == "" || !utf8.ValidString(n.Full) || n.Full != strings.TrimSpace(n.Full) || (n.Script != "" && len(n.Script) != 4) {
				t.Errorf("name %+v", n)
			}
		}
		for _, d := range e.Births {
			if !isoDay.MatchString(d.From) || !isoDay.MatchString(d.To) || d.From > d.To {
				t.Errorf("birth date %+v", d)
			}
		}
		for _, code := range append(append([]string(nil), e.Countries...), e.Residence...) {
			if len(code) != 2 || code != strings.ToUpper(code) {
				t.Errorf("country %q", code)
			}
		}
		for _, id := range e.IDs {
			if id.Kind == "" || id.Value == "" {
				t.Errorf("number %+v", id)
			}
		}
		if _, err := e.Hash(); err != nil {
			t.Error(err)
		}
		return nil
	})
	if _, refused := errors.AsType[*source.Error](err); err != nil && !refused {
		t.Errorf("got %v, which is no refusal", err)
	}
	if err == nil && info.Parsed != len(seen) {
		t.Errorf("told of %d records, gave %d", info.Parsed, len(seen))
	}
}

// fuzzFile fuzzes the reader of a format that is one file, from the invented list of that name.
func fuzzFile(f *testing.F, list string, format source.Format) {
	l := copyOf(f, list)
	f.Add(l.files[l.in.Files[0]].Data)
	f.Fuzz(func(t *testing.T, data []byte) { readFuzzed(t, format, fstest.MapFS{"f": {Data: data}}, "f") })
}

func FuzzUN(f *testing.F)               { fuzzFile(f, "un", source.UN) }
func FuzzOFACAdvanced(f *testing.F)     { fuzzFile(f, "ofac_advanced", source.OFACAdvanced) }
func FuzzEUCSV(f *testing.F)            { fuzzFile(f, "eu_csv", source.EUCSV) }
func FuzzEUXML(f *testing.F)            { fuzzFile(f, "eu_xml", source.EUXML) }
func FuzzEUOld(f *testing.F)            { fuzzFile(f, "eu_2018", source.EUOld) }
func FuzzUK(f *testing.F)               { fuzzFile(f, "uk", source.UKCSV) }
func FuzzCSL(f *testing.F)              { fuzzFile(f, "us_csl", source.USCSL) }
func FuzzOpenSanctionsCSV(f *testing.F) { fuzzFile(f, "opensanctions_csv", source.OpenSanctionsCSV) }
func FuzzOwn(f *testing.F)              { fuzzFile(f, "own", source.Own) }

func FuzzOFACLegacy(f *testing.F) {
	l := copyOf(f, "ofac_sdn").files
	f.Add(l["sdn.csv"].Data, l["alt.csv"].Data, l["add.csv"].Data, l["sdn_comments.csv"].Data)
	f.Fuzz(func(t *testing.T, sdn, alt, addresses, comments []byte) {
		readFuzzed(t, source.OFACLegacy, fstest.MapFS{
			"sdn.csv": {Data: sdn}, "alt.csv": {Data: alt}, "add.csv": {Data: addresses}, "sdn_comments.csv": {Data: comments},
		}, "sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")
	})
}

func FuzzFTM(f *testing.F) {
	l := copyOf(f, "opensanctions_ftm").files
	f.Add(l["entities.ftm.json"].Data, l["entities.delta-20260301.json"].Data)
	f.Fuzz(func(t *testing.T, export, delta []byte) {
		readFuzzed(t, source.OpenSanctionsFTM, fstest.MapFS{"entities.ftm.json": {Data: export}, "delta.json": {Data: delta}}, "entities.ftm.json", "delta.json")
	})
}

// FuzzDetect looks at files of any bytes.
func FuzzDetect(f *testing.F) {
	for _, name := range []string{"un", "us_csl", "eu_csv", "own"} {
		l := copyOf(f, name)
		f.Add(l.files[l.in.Files[0]].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := source.Detect(fstest.MapFS{"f": {Data: data}}); err != nil {
			t.Error(err)
		}
	})
}

func FuzzBirthDate(f *testing.F) {
	for _, s := range []string{"23 Nov 1962", "circa 1958-1960", "00/00/1961", "1960-02-29", "between 1958 and 1960", "1960s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := source.BirthDate(s)
		if ok && (!isoDay.MatchString(d.From) || !isoDay.MatchString(d.To) || d.From > d.To) {
			t.Errorf("%q became %+v", s, d)
		}
	})
}

// FuzzRows compares with encoding/csv: what it reads, we read alike.
func FuzzRows(f *testing.F) {
	f.Add([]byte("a,b\n\"c \"\"d\"\" \ne\",f\r\n\n\"\",\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := csv.NewReader(bytes.NewReader(data))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil || !utf8.Valid(data) || bytes.ContainsAny(data, "\x00\x1a") || bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) || bytes.HasPrefix(data, []byte("\x1f\x8b")) {
			return
		}
		got, err := source.Rows(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, cells := range got {
			for i := range cells {
				cells[i] = strings.ReplaceAll(cells[i], "\r\n", "\n")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("encoding/csv and we differ (-csv +we):\n%s", diff)
		}
	})
}

// FuzzMarkup compares with encoding/xml: what both read, they read alike.
func FuzzMarkup(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><a b='1' x:c="&lt;&#65;"><!-- d --><e/>f<![CDATA[<g>]]> &amp;h</a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := source.Markup(data)
		if err != nil || bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) || bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
			return
		}
		want, err := standardMarkup(data)
		if err != nil {
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("encoding/xml and we differ (-xml +we):\n%s", diff)
		}
	})
}

// standardMarkup gives what encoding/xml makes of the bytes.
func standardMarkup(data []byte) ([]string, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	var events []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			events = append(events, "<"+token.Name.Local)
			for _, a := range token.Attr {
				events = append(events, " "+a.Name.Local+"="+a.Value)
			}
		case xml.EndElement:
			events = append(events, ">")
		case xml.CharData:
			if text := strings.Join(strings.Fields(string(token)), " "); text != "" {
				events = append(events, text)
			}
		}
	}
}
