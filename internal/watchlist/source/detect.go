package source

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The bounds of looking through a folder.
const (
	detectDepth = 4
	detectFiles = 10_000
	detectHead  = 16 << 10 // bytes of each file that are looked at
)

// Found is what Detect found in a folder.
type Found struct {
	Lists   []Input  // one per edition of a list; of the same list the newest last
	Ignored []string // files that are no list, or that a list lacks others for
}

// Latest gives the newest edition of each list.
func (f Found) Latest() []Input {
	var latest []Input
	for i, in := range f.Lists {
		if i+1 == len(f.Lists) || f.Lists[i+1].List != in.List {
			latest = append(latest, in)
		}
	}
	return latest
}

// Detect looks through a folder and the folders in it for lists, by what the files begin with and, where a format has no header, by their names. Files
// that only together are a list (OFAC's four, an OpenSanctions export with its deltas) belong together when they lie in one folder. A day in the name of
// a file or its folder serves as the list's date where the list itself has none. Nothing but the beginning of each file is read.
func Detect(fsys fs.FS) (Found, error) {
	var found Found
	looked := 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return &Error{Reason: Unreachable, File: name, What: "the folder cannot be read", Err: err}
		}
		if !d.IsDir() {
			return nil
		}
		if strings.HasPrefix(d.Name(), ".") && name != "." || strings.Count(name, "/") >= detectDepth {
			return fs.SkipDir
		}
		entries, err := fs.ReadDir(fsys, name)
		if err != nil {
			return &Error{Reason: Unreachable, File: name, What: "the folder cannot be read", Err: err}
		}
		if looked += len(entries); looked > detectFiles {
			return refuse(TooLarge, name, 0, "more than %d files to look through", detectFiles)
		}
		return found.folder(fsys, name, entries)
	})
	if err != nil {
		return Found{}, err
	}
	slices.SortStableFunc(found.Lists, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(dayInName(a.Files[0]), dayInName(b.Files[0])), cmp.Compare(a.Files[0], b.Files[0]))
	})
	return found, nil
}

// DetectPath looks through a folder, or at a single file, of the machine's own file system.
func DetectPath(name string) (Found, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Found{}, &Error{Reason: Unreachable, File: filepath.Base(name), What: "it cannot be found", Err: errors.Unwrap(err)}
	}
	if info.IsDir() {
		return Detect(os.DirFS(name))
	}
	dir, base := filepath.Split(name)
	fsys := os.DirFS(cmp.Or(dir, "."))
	var found Found
	err = found.folder(fsys, ".", []fs.DirEntry{fs.FileInfoToDirEntry(named{info, base})})
	return found, err
}

// named is a file's information under the name that it was asked for by.
type named struct {
	fs.FileInfo
	name string
}

// Name gives that name.
func (n named) Name() string { return n.name }

// folder looks at the files of one folder.
func (f *Found) folder(fsys fs.FS, dir string, entries []fs.DirEntry) error {
	sets := map[string]*Input{}
	var order []string
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		name := path.Join(dir, entry.Name())
		format, set, err := classify(fsys, name)
		if err != nil {
			return err
		}
		if format == "" {
			f.Ignored = append(f.Ignored, name)
			continue
		}
		set = cmp.Or(set, name)
		if sets[set] == nil {
			sets[set] = &Input{Format: format, FS: fsys}
			order = append(order, set)
		}
		sets[set].Files = append(sets[set].Files, name)
	}
	for _, set := range order {
		in := sets[set]
		if in.Format == OpenSanctionsFTM && len(in.Files) > 1 && !slices.ContainsFunc(in.Files, isDelta) {
			// Several exports beside each other: the newest by name is the list.
			f.Ignored = append(f.Ignored, in.Files[:len(in.Files)-1]...)
			in.Files = in.Files[len(in.Files)-1:]
		}
		in.List, in.Title = usual(*in)
		in.Date = namedDate(in.Files[0])
		if !complete(*in) {
			f.Ignored = append(f.Ignored, in.Files...)
			continue
		}
		f.Lists = append(f.Lists, *in)
	}
	return nil
}

// complete tells whether the files that belong together are there.
func complete(in Input) bool {
	switch in.Format {
	case OFACLegacy:
		has := map[string]bool{}
		for _, name := range in.Files {
			has[ofacRole(name)] = true
		}
		return has["primary"] && has["alt"] && has["add"]
	case OpenSanctionsFTM:
		return slices.ContainsFunc(in.Files, func(name string) bool { return !isDelta(name) })
	default:
		return true
	}
}

// isDelta tells a delta of OpenSanctions by its name.
func isDelta(name string) bool { return strings.Contains(path.Base(name), "delta") }

// classify tells a file's format, "" for none, and the set of files that it belongs to, "" for one that is a list by itself.
func classify(fsys fs.FS, name string) (Format, string, error) {
	if role := ofacRole(name); role != "" {
		if consolidated([]string{name}) {
			return OFACLegacy, "ofac_cons", nil
		}
		return OFACLegacy, "ofac_sdn", nil
	}
	head, err := beginning(fsys, name)
	if refused, ok := errors.AsType[*Error](err); ok && refused.Reason != Unreachable {
		return "", "", nil // packed, but not really: reading it would say so
	}
	if err != nil {
		return "", "", err
	}
	format := formatOf(bytes.TrimSpace(head))
	if format == OpenSanctionsFTM {
		return format, "ftm", nil
	}
	return format, "", nil
}

// beginning gives the first bytes of a file, unpacked.
func beginning(fsys fs.FS, name string) (head []byte, err error) {
	s := newSink(context.Background(), Input{FS: fsys, Limits: Limits{}.filled()}, nil)
	t, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := t.Close(); err == nil {
			err = closeErr
		}
	}()
	head = make([]byte, detectHead)
	n, err := io.ReadFull(t, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], err
}

// formatOf tells the format by how a file begins.
func formatOf(head []byte) Format {
	if len(head) == 0 {
		return ""
	}
	switch head[0] {
	case '<':
		return formatOfXML(head)
	case '{':
		entity := bytes.Contains(head, []byte(`"schema"`)) && bytes.Contains(head, []byte(`"properties"`))
		change := bytes.Contains(head, []byte(`"op"`)) && bytes.Contains(head, []byte(`"entity"`))
		if entity || change {
			return OpenSanctionsFTM
		}
		return ""
	}
	lines := bytes.SplitN(head, []byte{'\n'}, 4)
	for _, line := range lines[:min(3, len(lines))] {
		if format := formatOfHeader(string(bytes.ToLower(line))); format != "" {
			return format
		}
	}
	return ""
}

// rootElement finds the first start tag.
var rootElement = regexp.MustCompile(`<(?:[A-Za-z0-9_]+:)?([A-Za-z_][A-Za-z0-9_]*)[\s>]`)

// formatOfXML tells the format by the root element.
func formatOfXML(head []byte) Format {
	root := rootElement.FindSubmatch(head)
	if root == nil {
		return ""
	}
	switch string(root[1]) {
	case "CONSOLIDATED_LIST":
		return UN
	case "Sanctions":
		return OFACAdvanced
	case "export":
		return EUXML
	default:
		return ""
	}
}

// formatOfHeader tells the format by a header row in small letters.
func formatOfHeader(line string) Format {
	has := func(names ...string) bool {
		for _, name := range names {
			if !strings.Contains(line, name) {
				return false
			}
		}
		return true
	}
	switch {
	case has("entity_logicalid", "namealias_wholename"):
		return EUCSV
	case has("entity_logical_id", "naal_wholename"):
		return EUOld
	case has("unique id", "name 6", "name type"):
		return UKCSV
	case has("entity_number", "alt_names", "source_list_url"):
		return USCSL
	case has("schema", "aliases", "first_seen", "dataset"):
		return OpenSanctionsCSV
	case isOwnHeader(line):
		return Own
	default:
		return ""
	}
}

// isOwnHeader tells a firm's own list.
func isOwnHeader(line string) bool {
	h := newHeader(strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ';' || r == '\t' }))
	_, id := h["id"]
	_, name := h["name"]
	_, aliases := h["aliases"]
	_, kind := h["kind"]
	return id && name && (aliases || kind)
}

// dateInName finds a date in a file's or folder's name.
var dateInName = regexp.MustCompile(`(?:^|[^0-9])((?:19|20)[0-9]{2})(?:[-_.]?(0[1-9]|1[0-2])[-_.]?([0-2][0-9]|3[01]))?(?:[^0-9]|$)`)

// dayInName gives the date in a path's name, its file's or else its folder's, as YYYY-MM-DD or YYYY; "" where there is none.
func dayInName(name string) string {
	for _, part := range []string{path.Base(name), path.Base(path.Dir(name))} {
		if m := dateInName.FindStringSubmatch(part); m != nil {
			if m[2] == "" {
				return m[1]
			}
			return m[1] + "-" + m[2] + "-" + m[3]
		}
	}
	return ""
}

// namedDate gives the day in a path's name; zero where there is none.
func namedDate(name string) time.Time {
	t, err := time.Parse(time.DateOnly, dayInName(name))
	if err != nil {
		return time.Time{}
	}
	return t
}
