package source

import (
	"context"
	"io/fs"
	"time"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// Format names the layout of a list's file or files.
type Format string

// The formats that are read.
const (
	OFACLegacy       Format = "ofac_csv"          // OFAC SDN or consolidated (non-SDN) list, four CSV files without headers
	OFACAdvanced     Format = "ofac_xml"          // OFAC advanced XML
	UN               Format = "un_xml"            // UN Security Council consolidated list
	EUCSV            Format = "eu_csv"            // EU financial sanctions, CSV 1.1
	EUXML            Format = "eu_xml"            // EU financial sanctions, XML 1.1
	EUOld            Format = "eu_csv_2018"       // EU financial sanctions, the CSV layout of 2018
	UKCSV            Format = "uk_csv"            // UK Sanctions List
	USCSL            Format = "us_csl"            // US Consolidated Screening List CSV
	OpenSanctionsCSV Format = "opensanctions_csv" // OpenSanctions targets.simple.csv
	OpenSanctionsFTM Format = "opensanctions_ftm" // OpenSanctions FollowTheMoney JSON lines, with delta files
	Own              Format = "own_csv"           // a firm's own list: see the package's documentation
)

// Input says what to read: the files of one edition of one list. Detect builds it, or a caller who knows the files does.
type Input struct {
	Format   Format
	FS       fs.FS     // where the files are
	Files    []string  // their names in FS; the format gives their order (see Detect)
	List     string    // id of the list; empty takes the format's usual one
	Title    string    // what people call it; empty takes the format's usual one
	Date     time.Time // its date where the list itself has none, such as the time its address gave
	Declared int       // records that its publisher says it has, where the list itself does not say
	Without  []string  // leave out the records that only these of a bundle's lists hold (Entity.Datasets), such as SDN of the US CSL beside OFAC's own
	NoRaw    bool      // leave Entity.Raw empty, to save the memory of those who keep records
	Limits   Limits
}

// Limits bound what a list may cost to read. Zero values take the defaults.
type Limits struct {
	File     int64 // bytes of one file as stored; 1 GiB
	Text     int64 // bytes of one file unpacked; 4 GiB
	Ratio    int64 // unpacked bytes per packed byte; 200
	Record   int   // bytes of one record; 8 MiB
	Held     int64 // bytes kept in memory beside the record at hand, such as OFAC's aliases or a delta; 1 GiB
	Entities int   // records of a list; 10,000,000
}

// filled gives the limits with the defaults in place of zero.
func (l Limits) filled() Limits {
	if l.File == 0 {
		l.File = 1 << 30
	}
	if l.Text == 0 {
		l.Text = 4 << 30
	}
	if l.Ratio == 0 {
		l.Ratio = 200
	}
	if l.Record == 0 {
		l.Record = 8 << 20
	}
	if l.Held == 0 {
		l.Held = 1 << 30
	}
	if l.Entities == 0 {
		l.Entities = 10_000_000
	}
	return l
}

// Info tells what was read.
type Info struct {
	List     string    `json:"list"`
	Title    string    `json:"title"`
	Date     time.Time `json:"date,omitzero"`      // the list's own date; zero when it has none
	Declared int       `json:"declared,omitempty"` // records that the list or its publisher says it has; 0 when neither does
	Parsed   int       `json:"parsed"`             // records given to emit
	Names    int       `json:"names"`              // names of these
	Nameless int       `json:"nameless,omitempty"` // records left out because they have no name
	Repeated int       `json:"repeated,omitempty"` // records that had another's id and were kept under one of their own
	Notes    []Note    `json:"notes,omitempty"`    // what was harmless enough to go on, counted
}

// Note counts one harmless oddity of a list.
type Note struct {
	What  string `json:"what"`  // a short sentence without data, such as "a birth date that does not exist"
	Count int    `json:"count"` // how often
	First string `json:"first"` // where it was seen first: a record's id, or a line
}

// Read reads the list, hands each record to emit in the list's order and tells what was read. One record is held at a time, besides what a format
// keeps apart from its records (OFAC's aliases and addresses, the reference sets of the advanced XML, a delta). An error of emit ends the reading and
// is returned as it is; a list that is refused gives an *Error. Records already handed over then count for nothing: a caller keeps the edition it had.
func Read(ctx context.Context, in Input, emit func(watchlist.Entity) error) (Info, error) {
	read, ok := readers()[in.Format]
	if !ok {
		return Info{}, &Error{Reason: Unknown, List: in.List, What: "format " + string(in.Format) + " is not one that is read"}
	}
	if len(in.Files) == 0 {
		return Info{}, &Error{Reason: Unknown, List: in.List, What: "no files given"}
	}
	list, title := usual(in)
	if in.List == "" {
		in.List = list
	}
	if in.Title == "" {
		in.Title = title
	}
	in.Limits = in.Limits.filled()
	s := newSink(ctx, in, emit)
	if err := read(s); err != nil {
		return s.info, inList(in.List, err)
	}
	if err := s.close(); err != nil {
		return s.info, inList(in.List, err)
	}
	return s.info, nil
}

// readers gives the reader of each format.
func readers() map[Format]func(*sink) error {
	return map[Format]func(*sink) error{
		OFACLegacy:       readOFACLegacy,
		OFACAdvanced:     readOFACAdvanced,
		UN:               readUN,
		EUCSV:            readEUCSV,
		EUXML:            readEUXML,
		EUOld:            readEUOld,
		UKCSV:            readUK,
		USCSL:            readCSL,
		OpenSanctionsCSV: readOpenSanctionsCSV,
		OpenSanctionsFTM: readFTM,
		Own:              readOwn,
	}
}

// usual gives the id and the title that a list of this format has unless the caller names it.
func usual(in Input) (list, title string) {
	switch in.Format {
	case OFACLegacy, OFACAdvanced:
		if consolidated(in.Files) {
			return "ofac_cons", "OFAC consolidated (non-SDN)"
		}
		return "ofac_sdn", "OFAC SDN"
	case UN:
		return "un", "UN Security Council"
	case EUCSV, EUXML, EUOld:
		return "eu", "EU financial sanctions"
	case UKCSV:
		return "uk", "UK Sanctions List"
	case USCSL:
		return "us_csl", "US Consolidated Screening List"
	case OpenSanctionsCSV, OpenSanctionsFTM:
		return "opensanctions", "OpenSanctions"
	default:
		return "own", "Own list"
	}
}
