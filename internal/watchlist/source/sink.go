package source

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// sink takes the records of one reading, completes and counts them and passes them on.
type sink struct {
	in    Input
	alive func() error // tells when the caller has given up
	emit  func(watchlist.Entity) error
	info  Info

	notes     map[string]int // place in info.Notes
	seen      map[string]seenID
	seed      maphash.Seed
	held      int64          // bytes kept beside the record at hand
	namesSeen map[string]int // of the record at hand: their places
}

// seenID is what is remembered of an id: how often it came and what it first said.
type seenID struct {
	hash  uint64
	times int
}

func newSink(ctx context.Context, in Input, emit func(watchlist.Entity) error) *sink {
	return &sink{
		in: in, alive: ctx.Err, emit: emit,
		info:  Info{List: in.List, Title: in.Title, Date: in.Date, Declared: in.Declared},
		notes: map[string]int{}, seen: map[string]seenID{}, seed: maphash.MakeSeed(), namesSeen: map[string]int{},
	}
}

// note counts a harmless oddity; where is an id or a place, never what a record says.
func (s *sink) note(what, where string) {
	i, ok := s.notes[what]
	if !ok {
		i = len(s.info.Notes)
		s.notes[what] = i
		s.info.Notes = append(s.info.Notes, Note{What: what, First: where})
	}
	s.info.Notes[i].Count++
}

// hold counts bytes that are kept beside the record at hand.
func (s *sink) hold(name string, bytes int) error {
	if s.held += int64(bytes); s.held > s.in.Limits.Held {
		return refuse(TooLarge, name, 0, "more than %d bytes to be kept in memory", s.in.Limits.Held)
	}
	return nil
}

// put completes a record and hands it over.
func (s *sink) put(e *watchlist.Entity) error {
	if err := s.alive(); err != nil {
		return fmt.Errorf("read list %s: %w", s.in.List, err)
	}
	e.List = s.in.List
	if s.unwanted(e) {
		return nil
	}
	s.tidyNames(e)
	if len(e.Names) == 0 {
		s.info.Nameless++
		s.note("a record without a name, left out", e.ID)
		return nil
	}
	if len(e.Names) > watchlist.MaxRecordNames {
		return refuse(TooLarge, s.in.Files[0], 0, "record %d has more than %d names", s.info.Parsed+1, watchlist.MaxRecordNames)
	}
	if e.ID == "" {
		return refuse(Shape, s.in.Files[0], 0, "record %d has no id", s.info.Parsed+1)
	}
	if !s.unique(e) {
		return nil
	}
	if s.in.NoRaw {
		e.Raw = ""
	}
	s.info.Parsed++
	s.info.Names += len(e.Names)
	if s.info.Parsed > s.in.Limits.Entities {
		return refuse(TooLarge, s.in.Files[0], 0, "more than %d records", s.in.Limits.Entities)
	}
	return s.emit(*e)
}

// unwanted tells a record that only such lists of a bundle hold as are to be left out.
func (s *sink) unwanted(e *watchlist.Entity) bool {
	for _, dataset := range e.Datasets {
		if !slices.Contains(s.in.Without, dataset) {
			return false
		}
	}
	return len(e.Datasets) > 0
}

// unique tells whether the record is to be kept. A second record of the same id and text is left out; one that says something else is kept under an id
// of its own, since a name that is not searched is worse than one that is listed twice.
func (s *sink) unique(e *watchlist.Entity) bool {
	hash := maphash.String(s.seed, e.Raw)
	before, ok := s.seen[e.ID]
	if !ok {
		s.seen[e.ID] = seenID{hash: hash, times: 1}
		return true
	}
	if before.hash == hash {
		s.note("a record that came twice, left out once", e.ID)
		return false
	}
	before.times++
	s.seen[e.ID] = before
	s.info.Repeated++
	s.note("an id that another record had, kept with a number added", e.ID)
	own := e.ID + "#" + strconv.Itoa(before.times)
	for s.seen[own].times > 0 {
		own += "#"
	}
	s.seen[own] = seenID{hash: hash, times: 1}
	e.ID = own
	return true
}

// tidyNames leaves out empty and repeated names and finds each name's script. A name that is weak in one place and not in another is not.
func (s *sink) tidyNames(e *watchlist.Entity) {
	clear(s.namesSeen)
	kept := e.Names[:0]
	for _, n := range e.Names {
		n.Full = strings.Trim(squeeze(n.Full), " ;,")
		rest, lost, ok := withoutLost(n.Full)
		if lost && !ok {
			s.note("a name whose letters its publisher lost, left out", e.ID)
			continue
		}
		if lost {
			s.note("a name with letters that its publisher lost, kept without them", e.ID)
			n.Full = rest
		}
		if !hasLetter(n.Full) {
			continue
		}
		if i, ok := s.namesSeen[n.Full]; ok {
			kept[i].Weak = kept[i].Weak && n.Weak
			continue
		}
		s.namesSeen[n.Full] = len(kept)
		n.Script = scriptOf(n.Full)
		kept = append(kept, n)
	}
	e.Names = kept
}

// close makes the checks that need the whole list.
func (s *sink) close() error {
	if s.info.Declared > 0 && s.info.Parsed+s.info.Nameless < s.info.Declared {
		return refuse(Truncated, s.in.Files[0], 0, "%d records of the %d that are declared", s.info.Parsed+s.info.Nameless, s.info.Declared)
	}
	return nil
}
