package desk

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// filterForm is what a queue is narrowed by: what is chosen, and what there is to choose from.
type filterForm struct {
	State, Flow, Reason, Check, Tag, Age string
	Open                                 bool // the form is shown; what there is to choose from is read for it alone

	States  []usher.State
	Flows   []string
	Reasons []choice
	Checks  []choice
	Tags    []string
	Ages    []string
}

// Active tells whether anything is chosen.
func (form filterForm) Active() bool {
	return form.State != string(usher.InReview) || form.Flow+form.Reason+form.Check+form.Tag+form.Age != ""
}

// query is the address of a page of a queue with what is chosen.
func (form filterForm) query(q queueName, after string) string {
	values := url.Values{"queue": {string(q)}}
	if form.State != string(usher.InReview) {
		values.Set("state", form.State)
	}
	for name, value := range map[string]string{"flow": form.Flow, "reason": form.Reason, "check": form.Check, "tag": form.Tag, "age": form.Age, "after": after} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return "?" + values.Encode()
}

// caseStates are the states that a case can be in once it has come to the reviewers.
func caseStates() []usher.State {
	return []usher.State{usher.InReview, usher.AwaitingApplicant, usher.Approved, usher.Rejected, usher.Expired, usher.Cancelled}
}

// ages are how long a case may have waited, at least.
func ages() map[string]time.Duration {
	const day = 24 * time.Hour
	return map[string]time.Duration{"1h": time.Hour, "4h": 4 * time.Hour, "1d": day, "3d": 3 * day, "7d": 7 * day}
}

// badOutcomes are the outcomes one looks for.
func badOutcomes() []usher.Outcome {
	return []usher.Outcome{usher.Consider, usher.Refuse, usher.Unavailable, usher.NotRun}
}

// filter reads what a queue is narrowed by. What is not there to be chosen is not chosen.
func (d *Desk) filter(ctx context.Context, v visit, q url.Values, data *queueData) (usher.CaseFilter, error) {
	form := &data.Filter
	*form = filterForm{States: caseStates(), Ages: []string{"1h", "4h", "1d", "3d", "7d"}, State: string(usher.InReview), Open: q.Has("filter")}
	for _, name := range []string{"state", "flow", "reason", "check", "tag", "age"} {
		form.Open = form.Open || q.Get(name) != ""
	}
	if form.Open {
		if err := d.choose(ctx, v, q, data); err != nil {
			return usher.CaseFilter{}, err
		}
	}
	return form.filter(v, data.Queue, q.Get("after"), d.config.Now()), nil
}

// choose reads what there is to choose from, and what was chosen.
func (d *Desk) choose(ctx context.Context, v visit, q url.Values, data *queueData) error {
	form := &data.Filter
	flows, err := d.config.Service.Flows(ctx, v.tenant.ID)
	if err != nil {
		return err
	}
	for _, f := range flows {
		form.Flows = append(form.Flows, f.Name)
	}
	if form.Tags, err = d.config.Service.CaseTags(ctx, v.tenant.ID); err != nil {
		return err
	}
	form.choices(v.say, flows)
	if s := usher.State(q.Get("state")); data.Queue == every && slices.Contains(form.States, s) {
		form.State = string(s)
	}
	form.Flow, form.Tag = one(form.Flows, q.Get("flow")), one(form.Tags, q.Get("tag"))
	form.Reason, form.Check, form.Age = chosenOf(form.Reasons, q.Get("reason")), chosenOf(form.Checks, q.Get("check")), one(form.Ages, q.Get("age"))
	return nil
}

// filter gives what is chosen as the service takes it.
func (form filterForm) filter(v visit, queue queueName, after string, now time.Time) usher.CaseFilter {
	f := usher.CaseFilter{
		Limit: rowsPerPage, After: after, State: usher.State(form.State), Flow: form.Flow, Tag: form.Tag, Reason: usher.ReasonCode(form.Reason),
	}
	if kind, outcome, ok := strings.Cut(form.Check, "="); ok {
		f.Check, f.Outcome = usher.CheckKind(kind), usher.Outcome(outcome)
	}
	if form.Age != "" {
		f.Since = now.Add(-ages()[form.Age])
	}
	// What is decided is looked for from the newest on; what waits, from what is due first.
	f.Newest = f.State != usher.InReview
	switch queue {
	case mine:
		f.Of = v.staff.ID
	case free:
		f.Free = true
	case overdue:
		f.Overdue = now
	case every, byState:
	}
	return f
}

// choices lists every reason and outcome that can be looked for, the outcomes of the checks that the flows name.
func (form *filterForm) choices(say words, flows []usher.Flow) {
	for _, code := range usher.ReasonCodes() {
		form.Reasons = append(form.Reasons, choice{Value: string(code), Text: say.name("desk.reason.", string(code))})
	}
	slices.SortFunc(form.Reasons, func(a, b choice) int { return strings.Compare(a.Text, b.Text) })
	for _, kind := range usher.CheckKinds() {
		if !slices.ContainsFunc(flows, func(fl usher.Flow) bool {
			return slices.ContainsFunc(fl.Steps, func(st usher.Step) bool { return slices.Contains(st.Checks, kind) })
		}) {
			continue
		}
		for _, o := range badOutcomes() {
			form.Checks = append(form.Checks, choice{
				Value: string(kind) + "=" + string(o), Text: say.name("desk.check.", string(kind)) + ": " + say.name("desk.outcome.", string(o)),
			})
		}
	}
}

// one gives a value when it is one of those there are.
func one(of []string, value string) string {
	if slices.Contains(of, value) {
		return value
	}
	return ""
}

func chosenOf(of []choice, value string) string {
	if slices.ContainsFunc(of, func(c choice) bool { return c.Value == value }) {
		return value
	}
	return ""
}
