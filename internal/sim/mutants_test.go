package sim_test

import (
	"slices"
	"strings"
	"testing"
)

// mutant is a fault put into the product by hand, around it or in the text of its statements.
type mutant struct {
	name     string
	by       string // the invariant that may find it; several stand side by side
	setup    string // run on the database first: where a second safeguard would hide the fault
	from, to string // in a statement's text
	later    string // statements with this text are written after the commit, by themselves
	skips    string // statements with this text are not run
	claims   string // statements with this text say that they touched a row, whether they did or not
	early    bool   // a commit that fails is told as done
	keys     bool   // the key of an account is another one for every try
	renders  bool   // what is sent again is written anew
	seed     uint64 // begin to look here: it is known to find it
	apart    uint64 // look at every so manyth seed, where the others have nobody whom the fault concerns
}

const noIndex = "DROP INDEX events_session"

// mutants are faults that nobody would like to find in production.
func mutants() []mutant {
	return []mutant{
		{
			name: "the version of a session is not looked at", seed: 2, by: "I4 lost", setup: noIndex,
			from: "WHERE sessions.version = $18 AND", to: "WHERE $18 >= 0 AND",
		},
		{name: "a conflict is told as done", seed: 2, by: "I4 lost duplicated I6", setup: noIndex, claims: "INSERT INTO sessions"},
		{name: "the sequence is not raised", by: "I4", setup: noIndex, from: "$7, $8, $9, $10)", to: "$7, max($8 - 1, 1), $9, $10)"},
		{name: "deliveries are written after the commit", seed: 5, by: "I6 order", later: "INSERT INTO deliveries"},
		{name: "jobs are put in after the commit", seed: 105, by: "liveness", later: "INSERT INTO sim_jobs"},
		{name: "events are written after the commit", seed: 2, by: "I4 lost", later: "INSERT INTO events"},
		{name: "the account is written after the commit", seed: 126, by: "I2 liveness", later: "INSERT INTO accounts"},
		{name: "a commit that failed is told as done", seed: 8, by: "lost lease", early: true},
		{name: "the effect of an idempotency key is not written", seed: 7, by: "duplicated", from: "SET effect = effect || $4", to: "SET effect = effect || substr($4, 1, 0)"},
		{
			name: "deliveries of a lane go side by side", by: "order lease",
			from: "THEN 9223372036854775807 ELSE $12 END", to: "THEN $12 ELSE $12 END",
		},
		{name: "the next in a lane is not made due", by: "liveness", from: "AND due_at + 0 = 9223372036854775807", to: "AND due_at + 0 = 1"},
		{name: "a lease is not taken", by: "lease", from: "SET due_at = $2, holder = $3 WHERE status", to: "SET due_at = min(due_at, $2), holder = $3 WHERE status"},
		{name: "what is sent again is written anew", seed: 5, by: "I7", renders: true},
		{name: "the key of an account is another one for every try", seed: 25, by: "I2", keys: true},
		{name: "a held decision stays when it was carried out", seed: 2, by: "liveness duplicated", from: "DELETE FROM held_decisions WHERE id = $1", to: "UPDATE held_decisions SET due_at = due_at WHERE id = $1"},
		{name: "a session is read without its tenant", by: "I8", from: "FROM sessions WHERE id = $1 AND tenant_id = $2", to: "FROM sessions WHERE id = $1 AND $2 = $2"},
		{name: "events are listed without their tenant", seed: 2, by: "I8", from: "FROM events WHERE tenant_id = $1", to: "FROM events WHERE $1 = $1"},
		{name: "the deadline of a session is not kept", by: "liveness", from: "due_at = excluded.due_at\nWHERE", to: "due_at = 0\nWHERE"},
		{name: "the deadline of a session is not moved", by: "liveness", from: "due_at = excluded.due_at\nWHERE", to: "due_at = sessions.due_at\nWHERE"},
		{name: "what met another version is not undone", seed: 417, by: "I4 I6 duplicated liveness", from: "ROLLBACK TO change", to: "SELECT 1 -- change"},
		{
			name: "the version of an applicant is not looked at", seed: 3, apart: 4, by: "I4 I11 lost", setup: "DROP INDEX events_of_applicant",
			from: "WHERE applicants.version = $12 AND", to: "WHERE $12 >= 0 AND",
		},
		{name: "the keys of somebody erased stay", seed: 19, apart: 4, by: "I11", skips: "DELETE FROM keysets WHERE applicant_id"},
		{name: "the case of a review is not opened", seed: 2, by: "liveness", skips: "INSERT INTO cases"},
		{name: "the audit trail is written after the commit", seed: 36, by: "lost I9", later: "INSERT INTO audit ("},
		{name: "the end of the audit chain is not kept", by: "I9", from: "UPDATE audit_heads SET hash = $2", to: "UPDATE audit_heads SET hash = substr($2, 1, 0) || hash"},
	}
}

// TestMutantsAreFound runs worlds with a fault put in until an invariant breaks.
func TestMutantsAreFound(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs worlds until each fault is found")
	}
	const most = 60 // seeds
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			fits := false
			for n := range uint64(most) {
				o := simulate(t, max(m.seed, 1)+n*max(m.apart, 1), m)
				fits = fits || o.fits
				if o.broken == "" {
					continue
				}
				by, _, _ := strings.Cut(o.broken, ":")
				if !slices.Contains(strings.Fields(m.by), by) {
					t.Errorf("found, though not by %s: %s", m.by, o.broken)
				}
				t.Logf("found by seed %d: %s", o.seed, o.broken)
				return
			}
			if !fits {
				t.Fatal("the mutant no longer fits: nothing that it changes was met")
			}
			t.Errorf("nothing found it in %d seeds", most)
		})
	}
}
