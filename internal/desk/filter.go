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

	States  []usher.State
	Flows   []string
	Reasons []choice
	Checks  []choice
	Tags    []string
	Ages    []string
}

// Active tells whether anything is chosen.
func (f filterForm) Active() bool {
	return f.State != string(usher.InReview) || f.Flow+f.Reason+f.Check+f.Tag+f.Age != ""
}

// query is the address of a page of a queue with what is chosen.
func (f filterForm) query(q queueName, after string) string {
	values := url.Values{"queue": {string(q)}, "state": {f.State}}
	for name, value := range map[string]string{"flow": f.Flow, "reason": f.Reason, "check": f.Check, "tag": f.Tag, "age": f.Age, "after": after} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return "?" + values.Encode()
}

// caseStates are the states that a case can be in once it has come to the reviewers.
func caseStates() []usher.State {
	return []usher.State{usher.InReview, usher.AwaitingApplicant, usher.Approved, usher.Rejected, usher.Expired, usher.Cancelled, "all"}
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
	*form = filterForm{States: caseStates(), Ages: []string{"1h", "4h", "1d", "3d", "7d"}, State: string(usher.InReview)}
	flows, err := d.config.Service.Flows(ctx, v.tenant.ID)
	if err != nil {
		return usher.CaseFilter{}, err
	}
	for _, f := range flows {
		form.Flows = append(form.Flows, f.Name)
	}
	if form.Tags, err = d.config.Service.CaseTags(ctx, v.tenant.ID); err != nil {
		return usher.CaseFilter{}, err
	}
	form.choices(v.say, flows)
	if s := usher.State(q.Get("state")); data.Queue == every && slices.Contains(form.States, s) {
		form.State = string(s)
	}
	form.Flow, form.Tag = one(form.Flows, q.Get("flow")), one(form.Tags, q.Get("tag"))
	form.Reason, form.Check, form.Age = chosenOf(form.Reasons, q.Get("reason")), chosenOf(form.Checks, q.Get("check")), one(form.Ages, q.Get("age"))
	f := usher.CaseFilter{
		Limit: rowsPerPage, After: q.Get("after"), State: usher.State(form.State), Flow: form.Flow, Tag: form.Tag,
		Reason: usher.ReasonCode(form.Reason),
	}
	if kind, outcome, ok := strings.Cut(form.Check, "="); ok {
		f.Check, f.Outcome = usher.CheckKind(kind), usher.Outcome(outcome)
	}
	if form.Age != "" {
		f.Since = d.config.Now().Add(-ages()[form.Age])
	}
	// What is decided is looked for from the newest on; what waits, from what is due first.
	f.Newest = f.State != usher.InReview
	if f.State == "all" {
		f.State = ""
	}
	switch data.Queue {
	case mine:
		f.Of = v.staff.ID
	case free:
		f.Free = true
	case overdue:
		f.Overdue = d.config.Now()
	case every, byState:
	}
	return f, nil
}

// choices lists every reason and outcome that can be looked for, the outcomes of the checks that the flows name.
func (f *filterForm) choices(say words, flows []usher.Flow) {
	for _, code := range usher.ReasonCodes() {
		f.Reasons = append(f.Reasons, choice{Value: string(code), Text: say.name("desk.reason.", string(code))})
	}
	slices.SortFunc(f.Reasons, func(a, b choice) int { return strings.Compare(a.Text, b.Text) })
	for _, kind := range usher.CheckKinds() {
		if !slices.ContainsFunc(flows, func(fl usher.Flow) bool {
			return slices.ContainsFunc(fl.Steps, func(st usher.Step) bool { return slices.Contains(st.Checks, kind) })
		}) {
			continue
		}
		for _, o := range badOutcomes() {
			f.Checks = append(f.Checks, choice{
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
