package source

import (
	"path"
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// ofacNull is what OFAC writes where there is nothing.
const ofacNull = "-0-"

// ofacFiles says which of the four files of OFAC's legacy format a file is, by its name.
type ofacFiles struct{ primary, alt, add, comments string }

// consolidated tells the non-SDN list by the names of its files.
func consolidated(files []string) bool {
	for _, name := range files {
		if strings.HasPrefix(strings.ToLower(path.Base(name)), "cons") {
			return true
		}
	}
	return false
}

// ofacRole says what a file of the legacy format holds: primary, alt, add, comments, or "" when its name is not one of OFAC's.
func ofacRole(name string) string {
	base := strings.ToLower(path.Base(name))
	base = strings.TrimSuffix(base, ".gz")
	switch base {
	case "sdn.csv", "cons_prim.csv":
		return "primary"
	case "alt.csv", "cons_alt.csv":
		return "alt"
	case "add.csv", "cons_add.csv":
		return "add"
	case "sdn_comments.csv", "cons_comments.csv":
		return "comments"
	default:
		return ""
	}
}

// ofacRows is what the three files beside the primary one say of each record, by its number.
type ofacRows struct {
	alt      map[string][][]string
	add      map[string][][]string
	comments map[string]string
	raw      map[string]string
	taken    map[string]bool
}

// readOFACLegacy reads the four files of OFAC's legacy CSV. Source: OFAC, "SDN data formats: delimited data" (dat_spec).
func readOFACLegacy(s *sink) error {
	var files ofacFiles
	for _, name := range s.in.Files {
		switch ofacRole(name) {
		case "primary":
			files.primary = name
		case "alt":
			files.alt = name
		case "add":
			files.add = name
		case "comments":
			files.comments = name
		default:
			return refuse(Unknown, name, 0, "not one of OFAC's four files (sdn, alt, add, sdn_comments; cons_prim, cons_alt, cons_add, cons_comments)")
		}
	}
	if files.primary == "" || files.alt == "" || files.add == "" {
		return refuse(Truncated, "", 0, "OFAC's list is four files (primary, alt, add, comments) and one is missing")
	}
	rows := ofacRows{alt: map[string][][]string{}, add: map[string][][]string{}, comments: map[string]string{}, raw: map[string]string{}, taken: map[string]bool{}}
	if err := rows.collect(s, files); err != nil {
		return err
	}
	if err := s.rows(files.primary, ofacLayout(12), func(c *table, _ header, cells []string) error { return rows.entity(s, c, cells) }); err != nil {
		return err
	}
	return rows.complete(files)
}

// collect reads the files beside the primary one.
func (r *ofacRows) collect(s *sink, files ofacFiles) error {
	keep := func(into map[string][][]string) func(*table, header, []string) error {
		return func(c *table, _ header, cells []string) error {
			id := strings.TrimSpace(cells[0])
			own := make([]string, len(cells)-2)
			for i, cell := range cells[2:] {
				own[i] = notNull(cell)
			}
			into[id] = append(into[id], own)
			if !s.in.NoRaw {
				r.raw[id] += "\n" + c.raw
			}
			if err := s.hold(c.t.name, 2*len(c.raw)); err != nil {
				return err
			}
			return c.whole()
		}
	}
	if err := s.rows(files.alt, ofacLayout(5), keep(r.alt)); err != nil {
		return err
	}
	if err := s.rows(files.add, ofacLayout(6), keep(r.add)); err != nil {
		return err
	}
	if files.comments == "" {
		return nil
	}
	return s.rows(files.comments, ofacLayout(2), func(c *table, _ header, cells []string) error {
		r.comments[strings.TrimSpace(cells[0])] += notNull(cells[1])
		return c.whole()
	})
}

// ofacLayout is that of OFAC's files: no header, a fixed number of columns.
func ofacLayout(columns int) layout { return layout{comma: ',', columns: columns} }

// whole refuses a row that the file's end cut: each of OFAC's rows ends with its null or with a quote. A null that is cut itself loses nothing.
func (c *table) whole() error {
	if !c.cut {
		return nil
	}
	if end := strings.TrimRight(c.raw, " -"); !strings.HasSuffix(end, "-0") && !strings.HasSuffix(end, `"`) {
		return refuse(Truncated, c.t.name, c.line, "the file ends within a row")
	}
	c.s.note("a file that ends without a line break", c.t.name)
	return nil
}

// complete refuses a primary file that lacks records which the other files speak of.
func (r *ofacRows) complete(files ofacFiles) error {
	orphans := 0
	for _, ids := range []map[string][][]string{r.alt, r.add} {
		for id := range ids {
			if !r.taken[id] {
				orphans++
			}
		}
	}
	if orphans > 0 {
		return refuse(Truncated, files.primary, 0, "%d records that the files beside it speak of are not in it (or the files are of different days)", orphans)
	}
	return nil
}

// notNull gives a cell without OFAC's null.
func notNull(cell string) string {
	cell = strings.TrimSpace(cell)
	if cell == ofacNull || cell == "-0" {
		return ""
	}
	return cell
}

// entity makes a record of its row in the primary file and what the others say of it. The columns: number, name, type, programme, title, call sign,
// vessel type, tonnage, gross tonnage, flag, owner, remarks.
func (r *ofacRows) entity(s *sink, c *table, cells []string) error {
	if err := c.whole(); err != nil {
		return err
	}
	id := strings.TrimSpace(cells[0])
	r.taken[id] = true
	e := watchlist.Entity{ID: id, Topics: []string{"sanction"}, SameAs: []string{"ofac:" + id}}
	e.Kind = ofacKind(notNull(cells[2]))
	e.Names = append(make([]watchlist.Name, 0, 1+len(r.alt[id])), ofacName(e.Kind, notNull(cells[1]), watchlist.PrimaryName))
	for program := range strings.SplitSeq(notNull(cells[3]), "] [") {
		e.Programs = add(e.Programs, strings.Trim(program, "[] "))
	}
	for title := range strings.SplitSeq(notNull(cells[4]), "; ") {
		e.Titles = add(e.Titles, squeeze(title))
	}
	e.IDs = addID(e.IDs, watchlist.ID{Kind: idCallSign, Value: notNull(cells[5])})
	s.nation(&e, notNull(cells[9]))
	for _, alt := range r.alt[id] {
		kind := watchlist.Alias
		if strings.EqualFold(alt[0], "fka") {
			kind = watchlist.FormerName
		}
		e.Names = append(e.Names, ofacName(e.Kind, alt[1], kind))
	}
	for _, addr := range r.add[id] {
		s.address(&e, addr[2], addr[0], addr[1])
	}
	e.Remarks = notNull(cells[11]) + r.comments[id]
	s.ofacRemarks(&e)
	e.Raw = c.raw + r.raw[id]
	return s.put(&e)
}

// ofacKind gives the kind for OFAC's type; a record without one is a firm, group or other body.
func ofacKind(kind string) watchlist.Kind {
	switch strings.ToLower(kind) {
	case "individual":
		return watchlist.Person
	case "vessel":
		return watchlist.Vessel
	case "aircraft":
		return watchlist.Aircraft
	default:
		return watchlist.Organization
	}
}

// ofacName makes a name of what OFAC writes: persons are "LAST, First", all others are whole.
func ofacName(kind watchlist.Kind, name string, is watchlist.NameKind) watchlist.Name {
	n := watchlist.Name{Full: squeeze(name)}
	if kind == watchlist.Person {
		n = lastFirst(name)
	}
	n.Kind = is
	return n
}
