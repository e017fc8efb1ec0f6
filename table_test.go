package usher_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

// stateTable says where each command may take a session from each state: = it stays, - the command is refused with a conflict. What stands
// behind it is the design's table of states; a vote of the first of two reviewers is why approve may leave a session in review, a rejecting
// check that stops the flow is why report may end a session in progress.
const stateTable = `
              created      in_progress          submitted                awaiting_applicant   in_review  approved  rejected  expired              cancelled
open          in_progress  =                    -                        in_progress          -          -         -         -                    -
reissue_link  =            =                    -                        =                    -          -         -         created,in_progress  -
ask_link      =            =                    -                        =                    -          -         -         =                    -
consent       in_progress  =                    -                        in_progress          -          -         -         -                    -
decline       cancelled    cancelled            -                        cancelled            -          -         -         -                    -
add_evidence  in_progress  =                    -                        in_progress          -          -         -         -                    -
complete_step in_progress  =                    -                        in_progress          -          -         -         -                    -
prove_contact in_progress  =                    -                        in_progress          -          -         -         -                    -
submit        SENT         =,SENT               -                        SENT                 -          -         -         -                    -
report        =,in_review,rejected =,in_review,rejected =,DECIDED                =,in_review,rejected =          =         =         =                    =
review        -            -                    in_review                -                    -          -         -         -                    -
approve       -            -                    approved,in_review       -                    approved,= -         -         -                    -
reject        -            -                    rejected                 -                    rejected   -         -         -                    -
ask_again     -            -                    awaiting_applicant       -                    awaiting_applicant - -         -                    -
overturn      -            -                    -                        -                    -          rejected  approved  -                    -
correct       -            -                    =                        -                    =          =         =         -                    -
cancel        cancelled    cancelled            cancelled                cancelled            cancelled  -         -         cancelled            -
account       -            -                    -                        -                    -          =         =         -                    -
tick          =,expired    =,expired            =                        =,expired            =          =         =         =                    =
annotate      =            =                    =                        =                    =          =         =         =                    =
hits          -            -                    -                        -                    -          =         -         -                    -
challenge     in_progress  =                    -                        in_progress          -          -         -         -                    -
`

// states is stateTable, read once.
var states = table()

// table gives stateTable by command and state; a state that refuses a command is not in its row.
func table() map[usher.CommandKind]map[usher.State][]usher.State {
	short := strings.NewReplacer("SENT", "in_progress,submitted,DECIDED", "DECIDED", "in_review,approved,rejected")
	lines := strings.Split(strings.TrimSpace(short.Replace(short.Replace(stateTable))), "\n")
	head := strings.Fields(lines[0])
	rows := map[usher.CommandKind]map[usher.State][]usher.State{}
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		row := map[usher.State][]usher.State{}
		for i, cell := range cells[1:] {
			from := usher.State(head[i])
			if cell == "-" {
				continue
			}
			for _, to := range strings.Split(cell, ",") {
				if to == "=" {
					to = string(from)
				}
				row[from] = append(row[from], usher.State(to))
			}
		}
		rows[usher.CommandKind(cells[0])] = row
	}
	return rows
}

// tableFlow reaches every state.
func tableFlow(reissue bool) usher.Flow {
	return usher.Flow{Name: "table", Reissue: reissue, Steps: []usher.Step{
		{Kind: usher.StepConsent},
		{Kind: usher.StepDocument},
		{Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckDocument}},
		{Kind: usher.StepDecide, Automatic: true},
		{Kind: usher.StepAccount, Opener: "internal"},
	}}.WithDefaults()
}

// tableCommand gives a well-formed command of each kind.
func tableCommand(kind usher.CommandKind) usher.Command {
	c := usher.Command{Kind: kind, By: senior}
	switch kind {
	case usher.CmdConsent, usher.CmdDecline:
		c.Step, c.Consent = "consent", &usher.Consent{}
	case usher.CmdCompleteStep:
		c.Step = "document"
	case usher.CmdProveContact:
		c.Step, c.Contact = "contact", &usher.ContactProof{Channel: usher.ByEmail, Address: "anna@example.test"}
	case usher.CmdSubmit:
		c.Consent = &usher.Consent{}
	case usher.CmdAddEvidence:
		c.Evidence = &usher.Evidence{Kind: usher.DocumentFront}
	case usher.CmdReport:
		c.Step, c.Round = "run", 1
		c.Results = []usher.CheckResult{{Kind: usher.CheckDocument, Outcome: usher.Clear, Assurance: usher.Verified}}
	case usher.CmdReject, usher.CmdAskAgain, usher.CmdOverturn:
		c.Reasons, c.Steps = []usher.Reason{{Code: usher.Policy}}, []string{"document"}
	case usher.CmdCorrect:
		c.Facts = []usher.Correction{{Field: "number", Old: "1", New: "7"}}
	case usher.CmdAnnotate:
		c.Metadata = map[string]string{"branch": "north"}
	case usher.CmdChallenge:
		c.Challenge = &usher.Challenge{Nonce: "n", Moves: []usher.Move{usher.MoveLeft, usher.MoveCloser}}
	case usher.CmdHits:
		c.Hits = &usher.HitChange{Screening: "1", New: []string{"list/1"}}
	case usher.CmdAccount:
		c.Account = &usher.AccountStatus{ID: "account", Opened: true}
	}
	return c
}

// reach gives a session in a state, by commands alone. withContact: of a flow that asks for a code as well.
func reach(t *testing.T, state usher.State, reissue, withContact bool) *play {
	t.Helper()
	f := tableFlow(reissue)
	if withContact {
		f.Steps = slices.Insert(f.Steps, 1, usher.Step{Kind: usher.StepContact})
		f = f.WithDefaults()
	}
	p := begin(f, usher.Live)
	ways := map[usher.State][]usher.CommandKind{
		usher.Created:           {},
		usher.InProgress:        {usher.CmdOpen, usher.CmdConsent},
		usher.Submitted:         {usher.CmdSubmit},
		usher.InReview:          {usher.CmdSubmit, usher.CmdReview},
		usher.AwaitingApplicant: {usher.CmdSubmit, usher.CmdReview, usher.CmdAskAgain},
		usher.Approved:          {usher.CmdSubmit, usher.CmdReport},
		usher.Rejected:          {usher.CmdSubmit, usher.CmdReject},
		usher.Expired:           {usher.CmdOpen, usher.CmdTick},
		usher.Cancelled:         {usher.CmdCancel},
	}
	way, ok := ways[state]
	if !ok {
		t.Fatalf("no way leads to the state %s: give it one, and a column in the table", state)
	}
	for _, kind := range way {
		if kind == usher.CmdTick {
			p.now = p.s.ExpiresAt
		}
		if kind == usher.CmdSubmit && withContact {
			p.must(t, tableCommand(usher.CmdConsent))
			p.must(t, tableCommand(usher.CmdProveContact))
		}
		if kind == usher.CmdSubmit {
			p.must(t, tableCommand(usher.CmdAddEvidence))
		}
		if err := p.do(t, tableCommand(kind)); err != nil {
			t.Fatalf("%s on the way to %s: %v", kind, state, err)
		}
	}
	if p.s.State != state {
		t.Fatalf("the way to %s leads to %s", state, p.s.State)
	}
	return p
}

func TestEveryCommandInEveryState(t *testing.T) {
	t.Parallel()
	rows := states
	for kind := range rows {
		if !slices.Contains(usher.Commands(), kind) {
			t.Errorf("the table has a row for %q, which is no command", kind)
		}
	}
	for _, kind := range usher.Commands() {
		row, ok := rows[kind]
		if !ok {
			t.Errorf("the table has no row for the command %s", kind)
			continue
		}
		for _, state := range usher.States() {
			t.Run(string(state)+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				p := reach(t, state, true, kind == usher.CmdProveContact)
				prepare(t, p, kind)
				to, allowed := row[state]
				err := p.do(t, tableCommand(kind)) // heldMove looks at where it led
				switch {
				case allowed && err != nil:
					t.Errorf("refused: %v; want one of %v", err, to)
				case !allowed && codeOf(err) != usher.CodeConflict:
					t.Errorf("answered %v, want a conflict", err)
				}
			})
		}
	}
	for _, state := range strings.Fields(strings.SplitN(strings.TrimSpace(stateTable), "\n", 2)[0]) {
		if !slices.Contains(usher.States(), usher.State(state)) {
			t.Errorf("the table has a column for %q, which is no state", state)
		}
	}
}

// prepare does what must be done before a command can be taken: a step needs its file, and the step before it done.
func prepare(t *testing.T, p *play, kind usher.CommandKind) {
	t.Helper()
	steps := []usher.CommandKind{usher.CmdCompleteStep, usher.CmdProveContact}
	if !slices.Contains(append(steps, usher.CmdSubmit), kind) || !p.s.CanRetry() || p.s.State == usher.Expired {
		return
	}
	if slices.Contains(steps, kind) && p.s.State == usher.Created {
		p.must(t, tableCommand(usher.CmdConsent))
	}
	p.must(t, tableCommand(usher.CmdAddEvidence))
}

func TestExpiredIsTheEndWhereTheFlowSaysSo(t *testing.T) {
	t.Parallel()
	p := reach(t, usher.Expired, false, false)
	if err := p.do(t, tableCommand(usher.CmdReissueLink)); codeOf(err) != usher.CodeConflict {
		t.Errorf("a new link: %v", err)
	}
	// The timer may be late; the deadline is not.
	p = begin(tableFlow(false), usher.Live)
	p.now = p.s.ExpiresAt.Add(time.Second)
	if err := p.do(t, tableCommand(usher.CmdReissueLink)); codeOf(err) != usher.CodeConflict {
		t.Errorf("a new link before the timer: %v", err)
	}
	if err := p.do(t, tableCommand(usher.CmdOpen)); codeOf(err) != usher.CodeGone {
		t.Errorf("opened after the deadline: %v", err)
	}
}
