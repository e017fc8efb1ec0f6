package source_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// list is a folder of testdata that a test may damage.
type list struct {
	files  fstest.MapFS
	in     source.Input
	limits source.Limits
}

// copyOf reads one of testdata's lists into memory.
func copyOf(t testing.TB, name string) *list {
	t.Helper()
	l := &list{files: fstest.MapFS{}}
	dir := os.DirFS("testdata/lists/" + name)
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		b, err := fs.ReadFile(dir, entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		l.files[entry.Name()] = &fstest.MapFile{Data: b}
	}
	l.in = detectOne(t, l.files)
	return l
}

// edit changes a file, which must change by it.
func (l *list) edit(t testing.TB, name string, change func([]byte) []byte) {
	t.Helper()
	before := l.files[name].Data
	after := change(bytes.Clone(before))
	if bytes.Equal(before, after) {
		t.Fatalf("%s is unchanged", name)
	}
	l.files[name].Data = after
}

// replace changes the first old of a file into new.
func replace(old, new string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
}

// cutAfter ends a file behind the first mark.
func cutAfter(mark string) func([]byte) []byte {
	return func(b []byte) []byte { return b[:bytes.Index(b, []byte(mark))+len(mark)] }
}

// read reads the list.
func (l *list) read(t testing.TB) (source.Info, error) {
	t.Helper()
	l.in.Limits = l.limits
	return source.Read(t.Context(), l.in, func(watchlist.Entity) error { return nil })
}

// pack packs data with gzip.
func pack(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRefused damages lists in each way that a reader must notice.
func TestRefused(t *testing.T) {
	t.Parallel()
	const unFile, euFile, ukFile, cslFile, advanced = "consolidated.xml", "20260301-FULL-1_1.csv", "UK-Sanctions-List.csv", "consolidated.csv.gz", "sdn_advanced.xml"
	doctype := func(body string) func([]byte) []byte {
		return func(b []byte) []byte {
			return bytes.Replace(b, []byte("<CONSOLIDATED_LIST"), []byte(body+"<CONSOLIDATED_LIST"), 1)
		}
	}
	tests := []struct {
		name string
		list string
		file string
		edit func([]byte) []byte
		lim  source.Limits
		want source.Reason
	}{
		{name: "un without its end", list: "un", file: unFile, edit: cutAfter("</INDIVIDUALS>"), want: source.Truncated},
		{name: "un cut within a tag", list: "un", file: unFile, edit: cutAfter("<SECOND_NA"), want: source.Truncated},
		{name: "un cut within text", list: "un", file: unFile, edit: cutAfter("VAN D"), want: source.Truncated},
		{name: "un cut within a comment", list: "un", file: unFile, edit: replace("</ENTITIES>", "<!-- "), want: source.Truncated},
		{name: "un followed by a second root", list: "un", file: unFile, edit: replace("</CONSOLIDATED_LIST>", "</CONSOLIDATED_LIST><a/>"), want: source.Shape},
		{name: "un followed by text", list: "un", file: unFile, edit: replace("</CONSOLIDATED_LIST>", "</CONSOLIDATED_LIST>and so on"), want: source.Shape},
		{name: "un with crossed tags", list: "un", file: unFile, edit: replace("</VALUE></TITLE>", "</TITLE></VALUE>"), want: source.Shape},
		{name: "un with an attribute without quotes", list: "un", file: unFile, edit: replace("<TITLE>", "<TITLE a=b>"), want: source.Shape},
		{name: "un with a lone ampersand", list: "un", file: unFile, edit: replace("Chief clerk", "Chief & clerk"), want: source.Shape},
		{name: "un with an impossible character", list: "un", file: unFile, edit: replace("Chief clerk", "&#0;"), want: source.Shape},
		{name: "un with the wrong root", list: "un", file: unFile, edit: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("CONSOLIDATED_LIST"), []byte("HTML")) }, want: source.Shape},
		{name: "un that is a page of the web", list: "un", file: unFile, edit: func([]byte) []byte { return []byte("<!DOCTYPE html><html><body>Sorry</body></html>") }, want: source.Forbidden},
		{name: "un that is plain text", list: "un", file: unFile, edit: func([]byte) []byte { return []byte("Service unavailable") }, want: source.Shape},
		{name: "un that is empty", list: "un", file: unFile, edit: func([]byte) []byte { return nil }, want: source.Shape},
		{name: "un with a document type", list: "un", file: unFile, edit: doctype(`<!DOCTYPE x>`), want: source.Forbidden},
		{name: "un with a billion laughs", list: "un", file: unFile, edit: doctype(`<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>`), want: source.Forbidden},
		{name: "un with an external entity", list: "un", file: unFile, edit: doctype(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>`), want: source.Forbidden},
		{name: "un with an entity of its own", list: "un", file: unFile, edit: replace("Chief clerk", "&a;"), want: source.Forbidden},
		{name: "un nested without end", list: "un", file: unFile, edit: replace("<COMMENTS1>", strings.Repeat("<a>", 100)), want: source.Shape},
		{name: "un with NUL", list: "un", file: unFile, edit: replace("Chief clerk", "Chief\x00clerk"), want: source.Encoding},
		{name: "un that is not UTF-8", list: "un", file: unFile, edit: replace("Chief clerk", "Ch\xe9f"), want: source.Encoding},
		{name: "un in an unknown encoding", list: "un", file: unFile, edit: replace(`encoding="UTF-8"`, `encoding="EBCDIC"`), want: source.Encoding},
		{name: "un with a giant record", list: "un", file: unFile, edit: replace("Chief clerk", strings.Repeat("clerk ", 100_000)), lim: source.Limits{Record: 100_000}, want: source.TooLarge},
		{name: "un with more records than the limit", list: "un", file: unFile, edit: replace("Chief clerk", "Chief"), lim: source.Limits{Entities: 1}, want: source.TooLarge},
		{name: "un larger than the limit", list: "un", file: unFile, edit: replace("Chief clerk", "Chief"), lim: source.Limits{File: 1000}, want: source.TooLarge},

		{name: "ofac cut within a row", list: "ofac_sdn", file: "sdn.csv", edit: cutAfter(`"SEA INVENTION","vessel"`), want: source.Truncated},
		{name: "ofac cut within quotes", list: "ofac_sdn", file: "sdn.csv", edit: cutAfter("Tax ID No."), want: source.Truncated},
		{name: "ofac cut between rows", list: "ofac_sdn", file: "sdn.csv", edit: cutAfter("invented.\"\r\n"), want: source.Truncated},
		{name: "ofac's aliases cut", list: "ofac_sdn", file: "alt.csv", edit: cutAfter(`"MUSTER-`), want: source.Truncated},
		{name: "ofac's addresses cut", list: "ofac_sdn", file: "add.csv", edit: cutAfter(`"Panama City","Pana`), want: source.Truncated},
		{name: "ofac with wrong columns", list: "ofac_sdn", file: "sdn.csv", edit: replace(`"SDNTK",`, `"SDNTK",1,`), want: source.Shape},
		{name: "ofac with broken quotes", list: "ofac_sdn", file: "sdn.csv", edit: replace(`"SEA INVENTION"`, `"SEA "INVENTION""`), want: source.Shape},
		{name: "ofac with a quote that never closes", list: "ofac_sdn", file: "sdn.csv", edit: replace(`"MUSTERMANN, Erik"`, `"MUSTERMANN, Erik`), want: source.Truncated},
		{name: "ofac that is a page of the web", list: "ofac_sdn", file: "sdn.csv", edit: func([]byte) []byte { return []byte("<html>\n<body>Sorry</body>\n</html>\n") }, want: source.Shape},
		{name: "ofac with NUL", list: "ofac_sdn", file: "sdn.csv", edit: replace("INVENTION", "\x00"), want: source.Encoding},
		{name: "ofac with a giant row", list: "ofac_sdn", file: "sdn.csv", edit: replace("SEA INVENTION", strings.Repeat("SEA ", 100_000)), lim: source.Limits{Record: 100_000}, want: source.TooLarge},

		{name: "csl with a bad trailer", list: "us_csl", file: cslFile, edit: func(b []byte) []byte { b[len(b)-6] ^= 0xff; return b }, want: source.Truncated},
		{name: "csl without a trailer", list: "us_csl", file: cslFile, edit: func(b []byte) []byte { return b[:len(b)-8] }, want: source.Truncated},
		{name: "csl cut", list: "us_csl", file: cslFile, edit: func(b []byte) []byte { return b[:len(b)/2] }, want: source.Truncated},
		{name: "csl followed by rubbish", list: "us_csl", file: cslFile, edit: func(b []byte) []byte { return append(b, "rubbish"...) }, want: source.Truncated},
		{name: "csl that inflates without end", list: "us_csl", file: cslFile, edit: func([]byte) []byte {
			return pack(t, append([]byte("_id,source,name,alt_names\n"), bytes.Repeat([]byte("1,2,3,4\n"), 4<<20)...))
		}, want: source.Inflates},
		{name: "csl larger than the limit unpacked", list: "us_csl", file: cslFile, edit: func([]byte) []byte { return pack(t, bytes.Repeat([]byte("a,b\n"), 1000)) }, lim: source.Limits{Text: 1000}, want: source.TooLarge},
		{name: "csl without its header", list: "us_csl", file: cslFile, edit: func([]byte) []byte { return pack(t, []byte("1,2,3\n4,5,6\n")) }, want: source.Shape},

		{name: "eu cut within a row", list: "eu_csv", file: euFile, edit: func(b []byte) []byte { return b[:len(b)-70] }, want: source.Truncated},
		{name: "eu with commas", list: "eu_csv", file: euFile, edit: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(";"), []byte(",")) }, want: source.Shape},
		{name: "eu with a column gone", list: "eu_csv", file: euFile, edit: replace(";NameAlias_WholeName", ""), want: source.Shape},
		{name: "eu with a giant record", list: "eu_csv", file: euFile, edit: replace("Talheim", "Talheim, too"), lim: source.Limits{Record: 1000}, want: source.TooLarge},
		{name: "eu that holds too much", list: "eu_csv", file: euFile, edit: replace("Talheim", "Talheim, too"), lim: source.Limits{Held: 1000}, want: source.TooLarge},
		{name: "ofac that holds too much", list: "ofac_sdn", file: "alt.csv", edit: replace("MUSTERMAN", "MUSTER"), lim: source.Limits{Held: 100}, want: source.TooLarge},
		{name: "ofac advanced that holds too much", list: "ofac_advanced", file: advanced, edit: replace("Talheim", "Talberg"), lim: source.Limits{Held: 100}, want: source.TooLarge},
		{name: "ftm that holds too much", list: "opensanctions_ftm", file: "entities.delta-20260301.json", edit: replace("INVENTION", "INVENTED"), lim: source.Limits{Held: 100}, want: source.TooLarge},
		{name: "uk with more records than the limit", list: "uk", file: ukFile, edit: replace("Example", "Muster"), lim: source.Limits{Entities: 1}, want: source.TooLarge},
		{name: "eu xml without its end", list: "eu_xml", file: "full.xml", edit: cutAfter("</sanctionEntity>"), want: source.Truncated},
		{name: "uk cut", list: "uk", file: ukFile, edit: func(b []byte) []byte { return b[:len(b)-30] }, want: source.Truncated},
		{name: "uk that is empty", list: "uk", file: ukFile, edit: func([]byte) []byte { return nil }, want: source.Truncated},
		{name: "ofac advanced without its end", list: "ofac_advanced", file: advanced, edit: cutAfter("</DistinctParties>"), want: source.Truncated},
		{name: "ofac advanced that is a delta", list: "ofac_advanced", file: advanced, edit: replace(`Version="1"`, `Version="2" DeltaBaseVersion="1"`), want: source.Shape},
		{name: "opensanctions cut", list: "opensanctions_csv", file: "targets.simple.csv", edit: func(b []byte) []byte { return b[:len(b)-40] }, want: source.Truncated},
		{name: "ftm cut within a line", list: "opensanctions_ftm", file: "entities.ftm.json", edit: func(b []byte) []byte { return b[:len(b)-40] }, want: source.Truncated},
		{name: "ftm with a line that is no JSON", list: "opensanctions_ftm", file: "entities.ftm.json", edit: replace("\n", "\n<html>\n"), want: source.Shape},
		{name: "ftm with a delta of another kind", list: "opensanctions_ftm", file: "entities.delta-20260301.json", edit: replace(`"DEL"`, `"DROP"`), want: source.Shape},
		{name: "ftm with a delta that is cut", list: "opensanctions_ftm", file: "entities.delta-20260301.json", edit: func(b []byte) []byte { return b[:len(b)-10] }, want: source.Truncated},
		{name: "own with fewer records than declared", list: "own", file: "blocklist.csv", edit: replace("count: 2", "count: 3"), want: source.Truncated},
		{name: "own without an id", list: "own", file: "blocklist.csv", edit: replace("B-2;", ";"), want: source.Shape},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := copyOf(t, test.list)
			l.edit(t, test.file, test.edit)
			l.limits = test.lim
			_, err := l.read(t)
			refused, ok := errors.AsType[*source.Error](err)
			if !ok || refused.Reason != test.want {
				t.Fatalf("got %v, want an error of the reason %s", err, test.want)
			}
			if refused.Overridable() {
				t.Errorf("%v could be overridden", err)
			}
			if text := err.Error(); !strings.HasPrefix(text, "list ") || !strings.Contains(text, string(test.want)) || !strings.Contains(text, refused.Cure()) {
				t.Errorf("the error does not say the list, the reason and the way out: %s", text)
			}
			for _, personal := range []string{"MUSTER", "Muster", "clerk", "INVENTION"} {
				if strings.Contains(err.Error(), personal) {
					t.Errorf("the error tells what the list says: %v", err)
				}
			}
		})
	}
}

// TestTolerated damages lists in ways that are handled and counted.
func TestTolerated(t *testing.T) {
	t.Parallel()
	utf16 := func(b []byte) []byte {
		out := []byte{0xff, 0xfe}
		for _, r := range string(b) {
			if r >= 0x10000 {
				t.Fatal("a pair is needed")
			}
			out = append(out, byte(r), byte(r>>8))
		}
		return out
	}
	tests := []struct {
		name, list, file string
		edit             func([]byte) []byte
		note             string // "" for no note
		parsed           int
	}{
		{"ofac without its end mark", "ofac_sdn", "sdn.csv", func(b []byte) []byte { return bytes.TrimSuffix(b, []byte{0x1a}) }, "a birth date that does not exist or cannot be read, kept as unknown", 5},
		{"ofac without the last line break", "ofac_sdn", "alt.csv", func(b []byte) []byte { return bytes.TrimRight(b, "\r\n\x1a") }, "a file that ends without a line break", 5},
		{"ofac in Latin-1", "ofac_sdn", "sdn.csv", replace("Bergstadt", "B\xe9rgstadt"), "a row that is not UTF-8, read as Windows-1252", 5},
		{"ofac in UTF-16", "ofac_sdn", "sdn.csv", utf16, "a birth date that does not exist or cannot be read, kept as unknown", 5},
		{"un in UTF-16", "un", "consolidated.xml", utf16, "a birth date that does not exist or cannot be read, kept as unknown", 2},
		{"un in Latin-1 that says so", "un", "consolidated.xml", func(b []byte) []byte {
			b = bytes.Replace(b, []byte(`encoding="UTF-8"`), []byte(`encoding="ISO-8859-1"`), 1)
			return bytes.Replace(b, []byte("Chief clerk"), []byte("Ch\xe9f"), 1)
		}, "a birth date that does not exist or cannot be read, kept as unknown", 2},
		{"un packed", "un", "consolidated.xml", func(b []byte) []byte { return pack(t, b) }, "a birth date that does not exist or cannot be read, kept as unknown", 2},
		{"the same record twice", "ofac_sdn", "sdn.csv", func(b []byte) []byte {
			i := bytes.LastIndex(b[:len(b)-3], []byte("\r\n"))
			return append(bytes.TrimSuffix(b, []byte{0x1a}), b[i+2:]...)
		}, "a record that came twice, left out once", 5},
		{"another record of the same id", "own", "blocklist.csv", replace("# count: 2;;;;;;;;;;;;;;;;;;", "B-2;Other;;;;;;;;;;;;;;;;;"), "an id that another record had, kept with a number added", 3},
		{"a record without a name", "own", "blocklist.csv", replace("Muster Handels GmbH", ""), "a record without a name, left out", 1},
		{"a name whose letters are lost", "ofac_sdn", "alt.csv", replace("HOUSE OF MUSTER, THE", "????? ??????"), "a name whose letters its publisher lost, left out", 5},
		{"a country that is none", "own", "blocklist.csv", replace(";CHE;", ";Atlantis;"), "a country that is not in the table, left out", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := copyOf(t, test.list)
			l.edit(t, test.file, test.edit)
			info, err := l.read(t)
			if err != nil {
				t.Fatal(err)
			}
			if info.Parsed != test.parsed {
				t.Errorf("got %d records, want %d", info.Parsed, test.parsed)
			}
			for _, note := range info.Notes {
				if note.What == test.note && note.Count > 0 && note.First != "" {
					return
				}
			}
			t.Errorf("no note %q among %v", test.note, info.Notes)
		})
	}
}

// TestSecondOfAnID keeps a record whose id another has under an id of its own.
func TestSecondOfAnID(t *testing.T) {
	t.Parallel()
	l := copyOf(t, "own")
	l.edit(t, "blocklist.csv", replace("# count: 2;;;;;;;;;;;;;;;;;;", "B-2;Other;;;;;;;;;;;;;;;;;"))
	entities, info := readAll(t, l.in)
	if got := entities[2].ID; got != "B-2#2" || info.Repeated != 1 {
		t.Errorf("got id %s and %d repeated, want B-2#2 and 1", got, info.Repeated)
	}
}

// TestSecondOfAnIDWithoutRaw keeps it, too, when no raw text is wanted.
func TestSecondOfAnIDWithoutRaw(t *testing.T) {
	t.Parallel()
	l := copyOf(t, "un")
	l.edit(t, "consolidated.xml", replace("<DATAID>900002</DATAID>", "<DATAID>900001</DATAID>"))
	l.in.NoRaw = true
	entities, info := readAll(t, l.in)
	if info.Parsed != 2 || entities[1].ID != "900001#2" {
		t.Errorf("read %d records", info.Parsed)
	}
}

// TestWeakAndStrong keeps a name that is weak in one place and not in another as one that is not.
func TestWeakAndStrong(t *testing.T) {
	t.Parallel()
	l := copyOf(t, "un")
	l.edit(t, "consolidated.xml", replace("<ALIAS_NAME>MUSTERI, Adem</ALIAS_NAME>", "<ALIAS_NAME>The Clerk</ALIAS_NAME>"))
	entities, _ := readAll(t, l.in)
	for _, n := range entities[0].Names {
		if n.Full == "The Clerk" && n.Weak {
			t.Error("the name is weak")
		}
	}
}

// TestWithout leaves out what only the named lists of a bundle hold.
func TestWithout(t *testing.T) {
	t.Parallel()
	in := copyOf(t, "us_csl").in
	in.Without = []string{"SDN", "DTC"}
	entities, info := readAll(t, in)
	if info.Parsed != 2 || entities[0].ID != "aaaa1" || entities[1].ID != "201" {
		t.Errorf("read %d records: %v", info.Parsed, entities)
	}
}

// TestReadStops returns what emit returned, and ends with its context.
func TestReadStops(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"un", "ofac_sdn", "eu_csv", "uk", "us_csl", "opensanctions_ftm", "own", "ofac_advanced", "eu_xml", "eu_2018", "opensanctions_csv"} {
		in := copyOf(t, name).in
		stop := errors.New("enough")
		if _, err := source.Read(t.Context(), in, func(watchlist.Entity) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("%s: got %v, want what emit returned", name, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := source.Read(ctx, in, func(watchlist.Entity) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the end of the context", name, err)
		}
	}
}

// TestRaw gives the record as the list had it, or not at all.
func TestRaw(t *testing.T) {
	t.Parallel()
	in := copyOf(t, "ofac_sdn").in
	entities, _ := readAll(t, in)
	raw := entities[1].Raw
	for _, part := range []string{`102,"MUSTER TRADING HOUSE, S.A.",`, `102,4,"aka","HOUSE OF MUSTER, THE",`, `102,3,"P.O. Box 1",`} {
		if !strings.Contains(raw, part) {
			t.Errorf("the raw record lacks %s", part)
		}
	}
	in = copyOf(t, "un").in
	entities, _ = readAll(t, in)
	if raw := entities[1].Raw; !strings.HasPrefix(raw, "<ENTITY>") || !strings.HasSuffix(raw, "</ENTITY>") || !strings.Contains(raw, "<![CDATA[") {
		t.Errorf("the raw record is %s", raw)
	}
	in.NoRaw = true
	entities, _ = readAll(t, in)
	if entities[0].Raw != "" {
		t.Error("there is a raw record")
	}
}

// TestDetect finds lists in a tree of folders, tells their editions, and leaves the rest.
func TestDetect(t *testing.T) {
	t.Parallel()
	tree := fstest.MapFS{"README.md": {Data: []byte("# Lists\n")}, "ofac_2021/dpl.txt": {Data: []byte("\"Name\"\t\"City\"\n")}, ".git/x.csv": {Data: []byte("id,name,kind\n")}}
	for _, year := range []string{"2021", "2019"} {
		for name, f := range copyOf(t, "ofac_sdn").files {
			tree["ofac_"+year+"/"+strings.ToUpper(name)] = f
		}
	}
	for name, f := range copyOf(t, "ofac_cons").files {
		tree["us_csl/"+name] = f
	}
	tree["half/sdn.csv"] = copyOf(t, "ofac_sdn").files["sdn.csv"]
	tree["us_csl/consolidated.csv.gz"] = copyOf(t, "us_csl").files["consolidated.csv.gz"]
	tree["un/UN_2026-02-27.xml"] = copyOf(t, "un").files["consolidated.xml"]
	tree["un/UN_2018-10-29.xml"] = copyOf(t, "un").files["consolidated.xml"]
	tree["broken.csv.gz"] = &fstest.MapFile{Data: []byte("\x1f\x8bnot really")}
	found, err := source.Detect(tree)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range found.Lists {
		got = append(got, in.List+" "+path.Dir(in.Files[0]))
	}
	want := "ofac_cons us_csl, ofac_sdn ofac_2019, ofac_sdn ofac_2021, un un, un un, us_csl us_csl"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("found %s, want %s", s, want)
	}
	if s := strings.Join(found.Ignored, " "); s != "README.md broken.csv.gz half/sdn.csv ofac_2021/dpl.txt" {
		t.Errorf("ignored %s", s)
	}
	latest := found.Latest()
	if len(latest) != 4 || latest[1].Files[0] != "ofac_2021/ADD.CSV" || latest[2].Files[0] != "un/UN_2026-02-27.xml" {
		t.Errorf("the latest are %v", latest)
	}
}
