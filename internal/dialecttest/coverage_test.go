package dialecttest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	dialects = "../dialect"
	table    = "../../docs/dialects/COVERAGE.md"
)

// withoutSeed are the dialects that are held to no vendor's page: our own, and adapters whose documents are public as a whole.
func withoutSeed() []string { return []string{"native", "watchman", "yente"} }

// vendor is what a vendor's package says of itself.
type vendor struct {
	ids  []string // of the facts listed in its package comment
	held []string // names of its tests, and paths of its transcripts below its folder
}

// row is one row of the table: a fact of a vendor, and what holds it.
type row struct {
	vendor, id, fact string
	by               []string
}

var (
	rowPattern  = regexp.MustCompile(`(?m)^\| (\w+) (S\d+) \| (.*?) \| (.*?) \|$`)
	linePattern = regexp.MustCompile(`(?m)^\| *\w+ +S\d+\b.*$`)
	idPattern   = regexp.MustCompile(`(?m)^//\t(S\d+) +\S`)
	testPattern = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(\w+ \*testing\.[TF]\)`)
)

// rowsOf reads the table, and gives the lines that look like rows and are none.
func rowsOf(text string) (rows []row, broken []string) {
	for _, line := range linePattern.FindAllString(text, -1) {
		m := rowPattern.FindStringSubmatch(line)
		if m == nil {
			broken = append(broken, "this is no row of three cells: "+line)
			continue
		}
		rows = append(rows, row{vendor: m[1], id: m[2], fact: m[3], by: strings.Split(m[4], ", ")})
	}
	return rows, broken
}

// vendorOf reads a vendor's package.
func vendorOf(dir string) (vendor, error) {
	var v vendor
	doc, err := os.ReadFile(filepath.Join(dir, "doc.go"))
	if err != nil {
		return v, err
	}
	for _, m := range idPattern.FindAllStringSubmatch(string(doc), -1) {
		v.ids = append(v.ids, m[1])
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return v, err
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return v, err
		}
		for _, m := range testPattern.FindAllStringSubmatch(string(source), -1) {
			v.held = append(v.held, m[1])
		}
	}
	transcripts, err := filepath.Glob(filepath.Join(dir, "testdata", "*.txtar"))
	for _, path := range transcripts {
		v.held = append(v.held, "testdata/"+filepath.Base(path))
	}
	return v, err
}

// gaps lists where facts, rows and tests part.
func gaps(text string, vendors map[string]vendor) []string {
	rows, broken := rowsOf(text)
	seen := map[string]int{}
	for _, r := range rows {
		name := r.vendor + " " + r.id
		seen[name]++
		v, ok := vendors[r.vendor]
		switch {
		case !ok:
			broken = append(broken, name+" is of no dialect there is")
		case !slices.Contains(v.ids, r.id):
			broken = append(broken, name+" is not listed in the package comment")
		case seen[name] > 1:
			broken = append(broken, name+" has more than one row")
		}
		if strings.TrimSpace(r.fact) == "" {
			broken = append(broken, name+" does not say which fact it is")
		}
		for _, by := range r.by {
			if ok && !slices.Contains(v.held, by) {
				broken = append(broken, name+" is held by "+by+", which does not exist")
			}
		}
	}
	for name, v := range vendors {
		if len(v.ids) == 0 {
			broken = append(broken, name+" lists no facts in its package comment")
		}
		for i, id := range v.ids {
			if slices.Contains(v.ids[:i], id) {
				broken = append(broken, name+" "+id+" is listed twice in the package comment")
			} else if seen[name+" "+id] == 0 {
				broken = append(broken, name+" "+id+" has no row")
			}
		}
	}
	slices.Sort(broken)
	return broken
}

// Every fact of a vendor's page that a dialect lists is held by a test that exists, as the table says.
func TestCoverage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(dialects)
	if err != nil {
		t.Fatal(err)
	}
	vendors := map[string]vendor{}
	for _, f := range folders {
		if !f.IsDir() || slices.Contains(withoutSeed(), f.Name()) {
			continue
		}
		if vendors[f.Name()], err = vendorOf(filepath.Join(dialects, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if len(vendors) == 0 {
		t.Fatal("there is no vendor to look at")
	}
	for _, gap := range gaps(string(text), vendors) {
		t.Error(gap)
	}
}

func TestCoverageCanFail(t *testing.T) {
	t.Parallel()
	vendors := map[string]vendor{
		"acme": {ids: []string{"S1", "S2", "S3"}, held: []string{"TestAll", "testdata/happy_path.txtar"}},
		"mute": {},
	}
	const good = "| acme S1 | one | TestAll |\n| acme S2 | two | testdata/happy_path.txtar, TestAll |\n| acme S3 | three | TestAll |\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"whole":           {good, nil},
		"a row is gone":   {strings.Replace(good, "acme S3", "acme S1", 1), []string{"acme S1 has more than one row", "acme S3 has no row"}},
		"a test is gone":  {strings.Replace(good, "| one | TestAll", "| one | TestNone", 1), []string{"acme S1 is held by TestNone, which does not exist"}},
		"half is gone":    {strings.Replace(good, ", TestAll", ", TestNone", 1), []string{"acme S2 is held by TestNone, which does not exist"}},
		"nothing holds":   {strings.Replace(good, "three | TestAll", "three |", 1), []string{"acme S3 has no row", "this is no row of three cells: | acme S3 | three | |"}},
		"no fact":         {strings.Replace(good, "| one |", "|   |", 1), []string{"acme S1 does not say which fact it is"}},
		"unknown id":      {good + "| acme S4 | four | TestAll |\n", []string{"acme S4 is not listed in the package comment"}},
		"unknown dialect": {good + "| other S1 | one | TestAll |\n", []string{"other S1 is of no dialect there is"}},
		"two cells":       {good + "| acme S3 | three |\n", []string{"this is no row of three cells: | acme S3 | three |"}},
	} {
		want := append([]string{"mute lists no facts in its package comment"}, c.want...)
		slices.Sort(want)
		if diff := cmp.Diff(want, gaps(c.text, vendors)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	twice := map[string]vendor{"acme": {ids: []string{"S1", "S1"}, held: []string{"TestAll"}}}
	if diff := cmp.Diff([]string{"acme S1 is listed twice in the package comment"}, gaps("| acme S1 | one | TestAll |\n", twice)); diff != "" {
		t.Errorf("twice (-want +got):\n%s", diff)
	}
}

// What is read of a package is what is there.
func TestVendorOf(t *testing.T) {
	t.Parallel()
	v, err := vendorOf(filepath.Join(dialects, "mobbscan"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"TestTranscripts", "FuzzForm", "testdata/happy_path.txtar"} {
		if !slices.Contains(v.held, name) {
			t.Errorf("%s is not found", name)
		}
	}
	if !slices.Contains(v.ids, "S1") || !slices.Contains(v.ids, "S13") {
		t.Errorf("the facts are %v", v.ids)
	}
}
