package store

import (
	"context"
	"errors"

	"github.com/usher-kyc/usher"
)

// Sets writes the rows of many changes at once, a table at a time.
type Sets interface {
	// Match writes rows that have a version, or a name that one alone may have, where they fit. It gives those that did not, by [Once.Row],
	// [OnceRow.Row], [KeyRow.Row] or their id.
	Match(ctx context.Context, tx Tx, set *Set) (misfits map[string]bool, err error)
	// Attach writes the rows that go with those. It gives the lanes in which a delivery was put behind another.
	Attach(ctx context.Context, tx Tx, set *Set) (lanes []string, err error)
}

// Set is what many changes write. No two of them have the same applicant, session or key.
type Set struct {
	Applicants []*ApplicantRow
	Sessions   []*SessionRow
	Keys       []*KeyRow
	Once       []*Once
	Take       []*OnceRow

	Keysets    []*Keyset
	Links      []*LinkRow
	Relinked   []string // sessions that had links before: those die
	Events     []*EventRow
	Deliveries []*DeliveryRow
	NewLanes   []*DeliveryRow // deliveries whose lanes begin in the same set: nothing waits there but they
	Accounts   []*AccountRow
	Cases      []*CaseState // of sessions that are not in review
	Words      []*WordsRow
	NewWords   []*WordsRow // of applicants whose keys are in the same set: nobody can have erased them
	Answers    []*OnceRow
	Jobs       []Job
}

// plain tells whether a change can be written as one of a set: it holds nothing that many changes do not hold.
func (c Change) plain() bool {
	rare := c.Screenings != nil || c.Monitor != nil || c.News != nil || c.CaseEdit != nil || c.CaseLog != nil || c.Hold != nil || c.Settle != "" ||
		c.Erase != "" || !c.KeepAt.IsZero() || (c.Case != nil && c.Case.State == usher.InReview)
	return !rare
}

func (s *Set) add(c *Change) {
	if c.Applicant != nil {
		s.Applicants = append(s.Applicants, c.Applicant)
	}
	if c.Session != nil {
		s.Sessions = append(s.Sessions, c.Session)
	}
	if c.Key != nil {
		s.Keys = append(s.Keys, c.Key)
	}
	if c.Once != nil {
		s.Once = append(s.Once, c.Once)
	}
	if c.Take != nil {
		s.Take = append(s.Take, c.Take)
	}
}

func (s *Set) attach(c *Change) {
	if c.Keyset != nil {
		s.Keysets = append(s.Keysets, c.Keyset)
	}
	if c.Link != nil {
		s.Links = append(s.Links, c.Link)
		if !c.starts() {
			s.Relinked = append(s.Relinked, c.Link.SessionID)
		}
	}
	for i := range c.Events {
		s.Events = append(s.Events, &c.Events[i])
	}
	for i := range c.Deliveries {
		d := &c.Deliveries[i]
		if begins := c.Keyset != nil; (d.SessionID == "" && begins) || (d.SessionID != "" && c.starts()) {
			s.NewLanes = append(s.NewLanes, d)
		} else {
			s.Deliveries = append(s.Deliveries, d)
		}
	}
	for i := range c.Accounts {
		s.Accounts = append(s.Accounts, &c.Accounts[i])
	}
	if c.Case != nil {
		s.Cases = append(s.Cases, c.Case)
	}
	switch {
	case c.Words == nil:
	case c.Keyset != nil:
		s.NewWords = append(s.NewWords, c.Words)
	default:
		s.Words = append(s.Words, c.Words)
	}
	if c.Answer != nil {
		s.Answers = append(s.Answers, c.Answer)
	}
}

// errUndo says that a change fitted in part: what was written of it has to be undone.
var errUndo = errors.New("a change fitted in part")

// writeSet writes a batch of plain changes, a table at a time. results tells which of them did not fit.
func (s *Store) writeSet(batch []*pending, results []error, over func()) error {
	for {
		err := s.inTx(func(tx Tx) error { return s.writeFitting(tx, batch, results) }, over)
		if !errors.Is(err, errUndo) {
			return err
		}
		// Each round finds at least one change that does not fit, and leaves it out from then on.
	}
}

func (s *Store) writeFitting(tx Tx, batch []*pending, results []error) error {
	ctx := context.Background()
	var set Set
	for i, p := range batch {
		if results[i] == nil {
			set.add(p.change)
		}
	}
	misfits, err := s.c.Sets.Match(ctx, tx, &set)
	if err != nil {
		return err
	}
	end := writer{s: s, tx: tx}
	undo := false
	for i, p := range batch {
		if results[i] != nil {
			continue
		}
		keys := p.change.keys()
		for _, k := range keys {
			if misfits[k] {
				results[i] = ErrConflict
			}
		}
		if results[i] != nil {
			undo = undo || len(keys) > 1
			continue
		}
		set.attach(p.change)
		set.Jobs = append(set.Jobs, p.jobs...)
		end.trail = append(end.trail, p.change.Audit...)
	}
	if undo {
		return errUndo
	}
	if end.lanes, err = s.c.Sets.Attach(ctx, tx, &set); err != nil {
		return err
	}
	return end.last(nil)
}
