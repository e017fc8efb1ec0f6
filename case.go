package usher

import (
	"context"
	"time"
)

// Case is what reviewers keep about a session beside what happened to it: who has it, until when it is to be decided, and its tags. Clients
// never see it. A session is in the lists of cases once it has come to the reviewers, or somebody has taken or tagged it before.
type Case struct {
	Redacted
	SessionID, TenantID, ApplicantID string
	State                            State  // of the session
	Flow                             string // its name
	Assignee                         string // id of a member of staff, or ""
	Tags                             []string
	OpenedAt                         time.Time // when it came to the reviewers, the last time; zero when it never did
	DueAt                            time.Time // when it should be decided; zero like OpenedAt
	Held                             *HeldDecision
	Place                            string // in lists of cases: a cursor for [CaseFilter]
}

// Overdue tells whether the case should have been decided by now.
func (c Case) Overdue(now time.Time) bool {
	return c.State == InReview && !c.DueAt.IsZero() && !now.Before(c.DueAt)
}

// HeldDecision is a decision that its reviewer may still take back. It is carried out at Until, also when the process dies meanwhile.
type HeldDecision struct {
	Redacted
	ID      string
	By      Actor
	Command Command
	Until   time.Time
}

// CaseItem is a case in a list, with whom and what it is about. Of the session it has ids, state, times, reference and reasons; of an erased
// applicant only ids, state and times are left.
type CaseItem struct {
	Case
	Session   Session
	Applicant Applicant
}

// CaseEntryKind says what somebody did with a case.
type CaseEntryKind string

// The kinds of entry in the log of a case.
const (
	CaseNoted    CaseEntryKind = "noted"
	CaseTagged   CaseEntryKind = "tagged"   // Old and New are all tags, before and after
	CaseAssigned CaseEntryKind = "assigned" // Old and New are ids of members of staff, or ""
	CaseDealt    CaseEntryKind = "dealt"    // assigned in turn, by the server
	CaseHeld     CaseEntryKind = "held"     // a decision was made that can be taken back; New is its command
	CaseUndone   CaseEntryKind = "undone"   // it was taken back
	CaseDropped  CaseEntryKind = "dropped"  // it was not carried out: the session changed first
)

// CaseEntry is one entry of the log of a case.
type CaseEntry struct {
	Redacted
	ID       string
	At       time.Time
	By       Actor
	Kind     CaseEntryKind
	Old, New string
	Text     string // of a note
}

// CaseFilter narrows a list of cases; zero members do not. Cases come by the time they are due, oldest first unless Newest, and within one
// time by id; After is the cursor a page gave. With a State, a page costs the same however many cases there are.
type CaseFilter struct {
	Limit   int
	After   string
	Newest  bool
	State   State
	Flow    string
	Of      string    // id of who has it
	Free    bool      // nobody has it
	Overdue time.Time // due before this time
	Since   time.Time // with the reviewers since this time or longer
	Reason  ReasonCode
	Check   CheckKind // and Outcome: a check that ended so
	Outcome Outcome
	Tag     string
}

// CaseCounts says how many cases wait, each counted up to a bound: "more than" is enough to know.
type CaseCounts struct{ Mine, Free, Overdue, All int }

// Cases is the reviewers' daily work. Nothing of it changes a session, except a held decision once its time has come. Who may do what is
// checked here: reviewers take what is free and give back what is theirs, seniors assign anything.
type Cases interface {
	// Case gives what is kept about a session; a session that nobody has touched has a Case, too.
	Case(ctx context.Context, tenant, session string) (Case, error)
	ListCases(ctx context.Context, tenant string, f CaseFilter) (Page[CaseItem], error)
	// CountCases counts up to most of each queue.
	CountCases(ctx context.Context, tenant, staff string, now time.Time, most int) (CaseCounts, error)
	// CaseTags gives the tags in use by a tenant, by name.
	CaseTags(ctx context.Context, tenant string) ([]string, error)
	// CaseLog gives what was done with a case, newest first.
	CaseLog(ctx context.Context, tenant, session string) ([]CaseEntry, error)
	// AssignCase gives a case to a member of staff, or to nobody. was is who had it on the caller's screen: somebody else is a conflict.
	AssignCase(ctx context.Context, tenant, session, to, was string, by Actor) (Case, error)
	// NextCase gives the free case that is due first to the one who asks; CodeNotFound when there is none.
	NextCase(ctx context.Context, tenant string, by Actor) (Case, error)
	// TagCase sets all tags of a case, NoteCase adds a note.
	TagCase(ctx context.Context, tenant, session string, tags []string, by Actor) (Case, error)
	NoteCase(ctx context.Context, tenant, session, text string, by Actor) error
	// HoldDecision keeps a reviewer's decision for a while before it is carried out. It is refused like the decision itself would be, and
	// CodeConflict when another one is held.
	HoldDecision(ctx context.Context, tenant, session string, c Command, window time.Duration) (HeldDecision, error)
	// UndoDecision takes a held decision back; CodeConflict when it was carried out.
	UndoDecision(ctx context.Context, tenant, session, id string, by Actor) error
	// FindSessions finds a tenant's sessions by a word: their id or reference, or their applicant's id, reference, e-mail address, national or
	// document number or name. Names and numbers are found whole, in any case and with or without accents; newest first.
	FindSessions(ctx context.Context, tenant, word string, most int) ([]CaseItem, error)
}

// Review says how fast the cases of a flow are to be decided, and who gets them.
type Review struct {
	Within     time.Duration // from when a case comes to the reviewers until it is overdue
	RoundRobin bool          // cases are dealt to the reviewers in turn; otherwise they wait for somebody to take them
	Most       int           // undecided cases that a reviewer is dealt
}
