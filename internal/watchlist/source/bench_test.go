package source_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/usher-kyc/usher/internal/watchlist"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// benchEntities is the size of the lists that a firm usually screens against.
const benchEntities = 15_000

// BenchmarkLoad reads 15,000 records with all their fields and tells records per second.
func BenchmarkLoad(b *testing.B) {
	for _, bench := range []struct {
		name string
		in   source.Input
	}{
		{"ofac_csv", ofacOf(b, benchEntities)},
		{"un_xml", unOf(b, benchEntities)},
		{"opensanctions_ftm", ftmOf(b, benchEntities)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				info, err := source.Read(b.Context(), bench.in, func(watchlist.Entity) error { return nil })
				if err != nil || info.Parsed != benchEntities {
					b.Fatalf("read %d records, %v", info.Parsed, err)
				}
			}
			b.ReportMetric(float64(benchEntities)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// ofacOf repeats the invented OFAC list's first record under other numbers and names.
func ofacOf(tb testing.TB, n int) source.Input {
	files := copyOf(tb, "ofac_sdn").files
	var sdn, alt, addresses bytes.Buffer
	row, _, _ := bytes.Cut(files["sdn.csv"].Data, []byte("\r\n"))
	for i := range n {
		id := fmt.Sprintf("%d", 1000+i)
		sdn.Write(bytes.Replace(bytes.Replace(row, []byte("101,"), []byte(id+","), 1), []byte("MUSTERMANN"), []byte("MUSTER"+id), 1))
		sdn.WriteString("\r\n")
		fmt.Fprintf(&alt, "%s,1,\"aka\",\"MUSTERMAN%s, Eric\",-0- \r\n%s,2,\"aka\",\"MUSTERMAN%s, Erich\",-0- \r\n", id, id, id, id)
		fmt.Fprintf(&addresses, "%s,1,\"12 Example Street\",\"Bergstadt 12345\",\"Germany\",-0- \r\n", id)
	}
	fsys := fstest.MapFS{"sdn.csv": {Data: sdn.Bytes()}, "alt.csv": {Data: alt.Bytes()}, "add.csv": {Data: addresses.Bytes()}}
	return source.Input{Format: source.OFACLegacy, FS: fsys, Files: []string{"sdn.csv", "alt.csv", "add.csv"}}
}

// unOf repeats the invented UN list's person.
func unOf(tb testing.TB, n int) source.Input {
	data := copyOf(tb, "un").files["consolidated.xml"].Data
	start, end := bytes.Index(data, []byte("<INDIVIDUAL>")), bytes.Index(data, []byte("</INDIVIDUAL>"))+len("</INDIVIDUAL>")
	var b bytes.Buffer
	b.Write(data[:start])
	for i := range n {
		b.Write(bytes.Replace(data[start:end], []byte("900001"), fmt.Appendf(nil, "%d", i), 1))
	}
	b.WriteString("</INDIVIDUALS></CONSOLIDATED_LIST>")
	return source.Input{Format: source.UN, FS: fstest.MapFS{"un.xml": {Data: b.Bytes()}}, Files: []string{"un.xml"}}
}

// ftmOf repeats the invented OpenSanctions export's person.
func ftmOf(tb testing.TB, n int) source.Input {
	line, _, _ := bytes.Cut(copyOf(tb, "opensanctions_ftm").files["entities.ftm.json"].Data, []byte("\n"))
	var b bytes.Buffer
	for i := range n {
		b.Write(bytes.Replace(line, []byte("NK-1"), fmt.Appendf(nil, "NK-%d", i), 1))
		b.WriteByte('\n')
	}
	return source.Input{Format: source.OpenSanctionsFTM, FS: fstest.MapFS{"entities.ftm.json": {Data: b.Bytes()}}, Files: []string{"entities.ftm.json"}}
}
