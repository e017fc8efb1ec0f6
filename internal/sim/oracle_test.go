package sim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/audit"
	"github.com/usher-kyc/usher/internal/engine"
)

// The oracle holds what everybody was told against what is stored. Broken invariants begin with their number in docs/decisions/0016.

// peek tries everything that a tenant can ask for by an id, with ids of another tenant's (I8).
func (a *actor) peek(other string, g *goal) {
	tries := map[string]func(ctx context.Context, e *engine.Engine) error{
		"a session": func(ctx context.Context, e *engine.Engine) error {
			_, err := e.Session(ctx, other, g.session)
			return err
		},
		"a command": func(ctx context.Context, e *engine.Engine) error {
			_, err := e.Do(ctx, other, g.session, usher.Command{Kind: usher.CmdCancel, By: usher.Actor{Kind: usher.ByClient, ID: "snoop"}})
			return err
		},
		"a case": func(ctx context.Context, e *engine.Engine) error { _, err := e.Case(ctx, other, g.session); return err },
		"events": func(ctx context.Context, e *engine.Engine) error {
			page, err := e.ListEvents(ctx, other, usher.EventFilter{SessionID: g.session})
			return seen(len(page.Items), err)
		},
		"deliveries": func(ctx context.Context, e *engine.Engine) error {
			page, err := e.ListDeliveries(ctx, other, usher.DeliveryFilter{SessionID: g.session})
			return seen(len(page.Items), err)
		},
		"a reference": func(ctx context.Context, e *engine.Engine) error {
			page, err := e.ListSessions(ctx, other, usher.SessionFilter{Reference: g.reference})
			return seen(len(page.Items), err)
		},
	}
	kinds := []string{"a session", "a command", "a case", "events", "deliveries", "a reference"}
	kind := kinds[a.rng.IntN(len(kinds))]
	told, err := a.try("snoops for "+kind, tries[kind])
	if told == "ok" || told == "no" && !errors.Is(err, errDead) && codeOf(err) != " "+string(usher.CodeNotFound) {
		a.w.broke("I8: a tenant asked for %s of another tenant's session %s, and was told %s%s", kind, g.reference, told, codeOf(err))
	}
}

func seen(n int, err error) error {
	if err == nil && n == 0 {
		return usher.NotFound("anything")
	}
	return err
}

// stored is a session and its events as they are at the end.
type stored struct {
	g      *goal
	s      usher.Session
	events []usher.Event
	folds  []usher.Session // as it was after each event
}

// judge compares, once everything is at rest.
func (w *world) judge() {
	ctx := as(context.Background(), "judge")
	e := w.nodes[0].inc.engine
	var all []stored
	for _, t := range w.tenants {
		page, err := e.ListSessions(ctx, t.ID, usher.SessionFilter{Paging: usher.Paging{Limit: 200, Oldest: true}})
		w.must(err)
		for _, s := range page.Items {
			st := stored{s: s}
			events, err := e.ListEvents(ctx, t.ID, usher.EventFilter{Paging: usher.Paging{Limit: 200, Oldest: true}, SessionID: s.ID})
			w.must(err)
			st.events = events.Items
			var f usher.Session
			for _, ev := range st.events {
				f = usher.Apply(f, s.Flow, ev)
				st.folds = append(st.folds, f)
			}
			for _, g := range w.goals {
				if g.session == s.ID {
					st.g = g
				}
			}
			all = append(all, st)
		}
	}
	w.heldGoals(all)
	for _, st := range all {
		w.note("sessions " + string(st.s.State))
		w.heldHistory(st)
		w.heldEnd(ctx, e, st)
		w.heldDeeds(st)
		w.heldRestart(ctx, st)
	}
	w.heldUndone(all)
	w.heldDeliveries(ctx, e, all)
	w.heldAccounts(ctx, e, all)
	w.heldArrivals()
	w.heldApplicants(ctx, e, all)
	w.heldViews(ctx, e)
	w.heldPerson(ctx, e)
	w.heldAudit(ctx)
}

// heldGoals sees that every key has made one session, and that what was told is there.
func (w *world) heldGoals(all []stored) {
	for _, g := range w.goals {
		n, there := 0, false
		for _, st := range all {
			if st.s.Reference == g.reference {
				n++
			}
			there = there || st.s.ID == g.session
		}
		if n > 1 {
			w.broke("duplicated: %d sessions for the one key of %s", n, g.reference)
		}
		if g.session != "" && !there {
			w.broke("lost: the session of %s was acknowledged and is not there", g.reference)
		}
	}
}

// heldHistory sees that events are gapless, that they are the session, and that each was due (I1 to I4).
func (w *world) heldHistory(st stored) {
	ref := st.s.Reference
	if len(st.events) == 0 {
		w.broke("I4: %s has no events", ref)
		return
	}
	asked := map[string]bool{}
	opened := 0
	for i, ev := range st.events {
		if ev.Sequence != int64(i)+1 {
			w.broke("I4: event %d of %s has the number %d", i+1, ref, ev.Sequence)
		}
		var was usher.Session
		if i > 0 {
			was = st.folds[i-1]
		}
		w.heldEvent(ref, was, ev)
		round := fmt.Sprintf("%s %s %d", ev.Data.Step, ev.Data.Check, ev.Data.Round)
		switch ev.Type {
		case usher.CheckStarted:
			asked[round] = true
		case usher.CheckCompleted:
			if !asked[round] {
				w.broke("I3: %s took a result of %s that nobody waited for", ref, round)
			}
			asked[round] = false
		case usher.AccountOpened:
			opened++
		default:
		}
	}
	if opened > 1 {
		w.broke("I2: %s tells of %d accounts", ref, opened)
	}
	if diff := differ(st.folds[len(st.folds)-1], st.s); diff != "" {
		w.broke("I4: the events of %s do not lead to what is stored: %s", ref, diff)
	}
}

// heldEvent sees that what has ended is left only by the ways there are, and that an account follows an approval.
func (w *world) heldEvent(ref string, was usher.Session, ev usher.Event) {
	after := map[usher.State][]usher.EventType{
		usher.Approved:  {usher.SessionOverturned, usher.AccountOpened, usher.AccountFailed, usher.SessionAnnotated},
		usher.Rejected:  {usher.SessionOverturned, usher.SessionAnnotated},
		usher.Cancelled: {usher.SessionAnnotated},
		usher.Expired:   {usher.SessionLinkIssued, usher.SessionLinkRequested, usher.SessionCancelled, usher.SessionAnnotated},
	}
	if may, ended := after[was.State]; ended && !slices.Contains(may, ev.Type) {
		w.broke("I1: %s was %s and told %s", ref, was.State, ev.Type)
	}
	if ev.Type == usher.AccountOpened && was.State != usher.Approved {
		w.broke("I2: an account was opened for %s, which was %s", ref, was.State)
	}
}

// differ compares two sessions as they would be stored.
func differ(a, b usher.Session) string {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil || string(x) != string(y) {
		return fmt.Sprintf("\n  %s\n  %s", x, y)
	}
	return ""
}

// heldEnd sees that the session has ended or waits for a person who can see it (liveness).
func (w *world) heldEnd(ctx context.Context, e *engine.Engine, st stored) {
	switch {
	case st.s.State.Ended():
	case st.s.State == usher.InReview:
		c, err := e.Case(ctx, st.s.TenantID, st.s.ID)
		if err != nil || c.State != usher.InReview || c.OpenedAt.IsZero() {
			w.broke("liveness: %s waits for a reviewer, and no reviewer sees it: %+v, %v", st.s.Reference, c, err)
		}
	default:
		w.broke("liveness: %s stays %s for ever", st.s.Reference, st.s.State)
	}
}

// heldDeeds sees that what was acknowledged is there as it was told, that what was refused left nothing, and that nothing was done twice (I5).
func (w *world) heldDeeds(st stored) {
	ref := st.s.Reference
	for _, d := range w.deeds {
		if d.session != st.s.ID || d.kind == "undoes" || d.kind == "views" {
			continue
		}
		if d.told == "ok" && d.got.Version > 0 {
			if n := int(d.got.Version); n > len(st.events) {
				w.broke("lost: %s was told version %d of %s, which has %d", d.name, n, ref, len(st.events))
			} else if diff := differ(st.folds[n-1], d.got); diff != "" {
				w.broke("lost: %s was told of %s what is not its history: %s", d.name, ref, diff)
			}
		}
		var mine []usher.Event
		for _, ev := range st.events {
			if d.made(ev) {
				mine = append(mine, ev)
			}
		}
		w.heldOnce(ref, d, mine)
	}
}

// made tells whether an event came of a deed.
func (d *deed) made(ev usher.Event) bool {
	switch {
	case d.command.Internal != "":
		return ev.Data.Decision != nil && ev.Data.Decision.Internal == d.command.Internal
	case d.by.Kind == usher.ByApplicant || d.by.Kind == usher.ByClient && d.kind != "starts":
		return ev.Data.By != nil && *ev.Data.By == d.by
	}
	return false
}

// heldOnce sees that the events of a deed stand together and are those of one go.
func (w *world) heldOnce(ref string, d *deed, mine []usher.Event) {
	if d.told == "no" && len(mine) > 0 {
		w.broke("I5: %s was refused (%s) and yet told %s of %s", d.name, d.code, mine[0].Type, ref)
	}
	certain := []string{"uploads", "annotates", "cancels", "declines", "rejects", "overturns"}
	if d.told == "ok" && len(mine) == 0 && slices.Contains(certain, d.kind) {
		w.broke("lost: %s (%s) was acknowledged, and %s tells nothing of it", d.name, d.kind, ref)
	}
	types := map[usher.EventType]int{}
	for i, ev := range mine {
		types[ev.Type]++
		if i > 0 && ev.Sequence != mine[i-1].Sequence+1 {
			w.broke("duplicated: %s (%s) was done twice to %s: %d and %d", d.name, d.kind, ref, mine[i-1].Sequence, ev.Sequence)
		}
	}
	for _, once := range []usher.EventType{
		usher.EvidenceReceived, usher.SessionAnnotated, usher.SessionApproved, usher.SessionRejected, usher.SessionOverturned, usher.SessionCancelled,
	} {
		if types[once] > 1 {
			w.broke("duplicated: %s (%s) told %s of %s %d times", d.name, d.kind, once, ref, types[once])
		}
	}
}

// heldUndone sees that a decision that was taken back was never carried out.
func (w *world) heldUndone(all []stored) {
	for _, d := range w.deeds {
		if d.kind != "undoes" || d.told != "ok" {
			continue
		}
		for _, st := range all {
			for _, ev := range st.events {
				if ev.Data.Decision != nil && ev.Data.Decision.Internal == d.held {
					w.broke("duplicated: the decision %s on %s was taken back and carried out", d.held, st.s.Reference)
				}
			}
		}
	}
}

// heldRestart sees that every process reads the same: also one that remembers nothing (I10).
func (w *world) heldRestart(ctx context.Context, st stored) {
	for _, n := range w.nodes {
		s, err := n.inc.engine.Session(ctx, st.s.TenantID, st.s.ID)
		if err != nil || !reflect.DeepEqual(s, st.s) {
			w.broke("I10: %s reads another %s: %v %s", n.name, st.s.Reference, err, differ(s, st.s))
		}
	}
}

// heldDeliveries sees that every event was rendered for every endpoint, that what was sent is what was rendered then, and that each delivery
// ended as the policy says (I6, I7).
func (w *world) heldDeliveries(ctx context.Context, e *engine.Engine, all []stored) {
	for _, t := range w.tenants {
		endpoints, err := e.Endpoints(ctx, t.ID)
		w.must(err)
		host := map[string]string{}
		for _, ep := range endpoints {
			host[ep.ID] = strings.TrimSuffix(strings.TrimPrefix(ep.URL, "https://"), "/hook")
		}
		want := w.rendered(ctx, e, t, all)
		got := map[string]int{}
		for _, d := range w.deliveries(ctx, e, t) {
			if w.person != nil && d.ApplicantID == w.person.id {
				continue // what it said goes with the person
			}
			got[d.EndpointID+" "+d.EventID+" "+string(d.EventType)]++
			w.heldDelivery(ctx, e, t, d, host[d.EndpointID], want)
		}
		for event, messages := range want {
			for _, ep := range endpoints {
				n := got[ep.ID+" "+event]
				if late := strings.HasPrefix(host[ep.ID], "late."); n == 0 && late {
					continue // it may have been before the endpoint was there, or before a node had heard of it
				}
				if n != len(messages) {
					w.broke("I6: %d deliveries to %s of the event %s, want %d", n, host[ep.ID], event, len(messages))
				}
			}
		}
	}
}

func (w *world) deliveries(ctx context.Context, e *engine.Engine, t usher.Tenant) (list []usher.Delivery) {
	p := usher.Paging{Limit: 200, Oldest: true}
	for {
		page, err := e.ListDeliveries(ctx, t.ID, usher.DeliveryFilter{Paging: p})
		w.must(err)
		list = append(list, page.Items...)
		if page.Next == "" {
			return list
		}
		p.After = page.Next
	}
}

// rendered gives the messages of every event of a tenant's sessions, by "id type", written from what the events lead to.
func (w *world) rendered(ctx context.Context, e *engine.Engine, t usher.Tenant, all []stored) map[string][]usher.Message {
	want := map[string][]usher.Message{}
	for _, st := range all {
		if st.s.TenantID != t.ID {
			continue
		}
		a, err := e.Applicant(ctx, t.ID, st.s.ApplicantID)
		w.must(err)
		for i, ev := range st.events {
			list, err := renderer{}.Render(usher.View{Tenant: t, Applicant: a, Session: &st.folds[i]}, ev)
			w.must(err)
			want[ev.ID+" "+string(ev.Type)] = list
		}
	}
	return want
}

func (w *world) heldDelivery(ctx context.Context, e *engine.Engine, t usher.Tenant, d usher.Delivery, host string, want map[string][]usher.Message) {
	d, tries, err := e.Delivery(ctx, t.ID, d.ID)
	w.must(err)
	r := w.receipts[host+" "+d.ID]
	switch {
	case d.Status == usher.DeliveryDelivered && (r == nil || r.said == 0):
		w.broke("lost: a delivery to %s counts as delivered, and the receiver never said so", host)
	case d.Status == usher.DeliveryDead && len(tries) < len(schedule()):
		w.broke("liveness: a delivery to %s was given up after %d tries", host, len(tries))
	case d.Status == usher.DeliveryPending:
		w.broke("liveness: a delivery to %s is still waiting", host)
	}
	if len(tries) != d.Attempts {
		w.broke("I7: %d tries are kept of a delivery of %d", len(tries), d.Attempts)
	}
	for i, try := range tries {
		if try.Status == http.StatusOK && i+1 < len(tries) {
			w.broke("I7: a delivery that %s had taken was tried again", host)
		}
	}
	if d.SessionID != "" && !slices.ContainsFunc(want[d.EventID+" "+string(d.EventType)], func(m usher.Message) bool {
		return string(m.Body) == string(d.Message.Body)
	}) {
		w.broke("I6: what is kept for %s is not what %s renders to: %s", host, d.EventType, d.Message.Body)
	}
	if r == nil {
		return
	}
	for _, b := range r.bodies {
		if b != string(d.Message.Body) {
			w.broke("I7: %s was sent %s, and what was rendered is %s", host, b, d.Message.Body)
		}
	}
}

// heldArrivals sees that nothing overtook what came before it in its lane: at one endpoint, of one session or applicant.
func (w *world) heldArrivals() {
	dead := map[string]bool{}
	rows, err := w.raw.db.QueryContext(context.Background(), `SELECT id FROM deliveries WHERE status = 'dead'`)
	w.must(err)
	for rows.Next() {
		var id string
		w.must(rows.Scan(&id))
		dead[id] = true
	}
	w.must(rows.Err())
	w.must(rows.Close())
	lanes := map[string][]*receipt{}
	for _, r := range w.arrived {
		subject, _, _ := strings.Cut(r.label, "/")
		lane := r.endpoint + " " + subject
		for _, before := range lanes[lane] {
			switch {
			case place(before.label) > place(r.label):
				w.broke("order: %s was sent %s before %s", r.endpoint, before.label, r.label)
			case !dead[before.id] && (before.said == 0 || before.said > r.at):
				w.broke("order: %s was sent %s while %s was under way", r.endpoint, r.label, before.label)
			}
		}
		lanes[lane] = append(lanes[lane], r)
	}
}

// place gives where in its lane a message stands.
func place(label string) (n int) {
	parts := strings.Split(label, "/")
	var sequence, part int
	_, _ = fmt.Sscan(parts[1], &sequence)
	_, _ = fmt.Sscan(parts[2], &part)
	return sequence*10 + part
}

// heldAccounts sees that the bank and usher agree, and that nobody has two accounts.
func (w *world) heldAccounts(ctx context.Context, e *engine.Engine, all []stored) {
	for _, st := range all {
		numbers := w.bank.people[st.s.ID]
		if len(numbers) > 1 {
			w.broke("I2: the bank opened %d accounts for %s", len(numbers), st.s.Reference)
		}
		accounts, err := e.AccountsOf(ctx, st.s.TenantID, st.s.ApplicantID)
		w.must(err)
		if len(accounts) > 1 {
			w.broke("I2: %d accounts are kept for %s", len(accounts), st.s.Reference)
		}
		opened := st.s.Account != nil && st.s.Account.Opened
		if opened != (len(accounts) == 1) || opened && (len(numbers) != 1 || accounts[0].Number != numbers[0]) {
			w.broke("I2: the account of %s: told %t, kept %d, at the bank %v", st.s.Reference, opened, len(accounts), numbers)
		}
		_, asks := st.s.Flow.First(usher.StepAccount)
		if st.s.State == usher.Approved && asks && st.s.Account == nil {
			w.broke("liveness: nobody ever opened the account of %s", st.s.Reference)
		}
	}
}

// heldAudit sees that the audit trail verifies (I9), where there is a chain to verify.
func (w *world) heldAudit(ctx context.Context) {
	book := w.nodes[0].inc.store
	tenants, err := book.AuditTenants(ctx)
	w.must(err)
	for _, t := range tenants {
		report, err := audit.Verify(ctx, book.AuditTrail(ctx, t, 1), w.marks(t))
		w.must(err)
		for _, f := range report.Faults {
			w.broke("I9: the trail of a tenant: %s", f.Message)
		}
	}
}

// mark remembers where the chains end, as a notary does outside of the database.
func (w *world) mark() {
	rows, err := w.raw.db.QueryContext(context.Background(), `SELECT tenant_id, seq, hash FROM audit_heads WHERE seq > 0`)
	w.must(err)
	for rows.Next() {
		var c audit.Checkpoint
		var hash []byte
		w.must(rows.Scan(&c.Tenant, &c.Seq, &hash))
		copy(c.Hash[:], hash)
		w.checkpoints = append(w.checkpoints, c)
	}
	w.must(errors.Join(rows.Err(), rows.Close()))
}

func (w *world) marks(tenant string) []audit.Checkpoint {
	return slices.DeleteFunc(slices.Clone(w.checkpoints), func(c audit.Checkpoint) bool { return c.Tenant != tenant })
}

// heldApplicants sees that the events of applicants are gapless, and as many as their version says.
func (w *world) heldApplicants(ctx context.Context, e *engine.Engine, all []stored) {
	for _, st := range all {
		a, err := e.Applicant(ctx, st.s.TenantID, st.s.ApplicantID)
		w.must(err)
		page, err := e.ListEvents(ctx, st.s.TenantID, usher.EventFilter{Paging: usher.Paging{Limit: 200, Oldest: true}, ApplicantID: a.ID})
		w.must(err)
		n := int64(0)
		for _, ev := range page.Items {
			if ev.SessionID != "" {
				continue
			}
			if n++; ev.Sequence != n {
				w.broke("I4: event %d of the applicant of %s has the number %d", n, st.s.Reference, ev.Sequence)
			}
		}
		if a.Version != n {
			w.broke("I4: the applicant of %s has version %d after %d events", st.s.Reference, a.Version, n)
		}
	}
}

// heldViews sees that whoever was shown a picture is on the trail.
func (w *world) heldViews(ctx context.Context, e *engine.Engine) {
	for _, d := range w.deeds {
		if d.kind != "views" || d.told != "ok" {
			continue
		}
		page, err := e.Records(ctx, d.got.TenantID, d.held, usher.Paging{Limit: 200})
		w.must(err)
		if !slices.ContainsFunc(page.Items, func(r usher.AuditRecord) bool { return r.Actor.ID == d.by.ID }) {
			w.broke("lost: %s was shown a picture, and the trail does not say so", d.name)
		}
	}
}
