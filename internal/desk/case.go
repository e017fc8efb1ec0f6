package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

const (
	queueBeside    = 8   // cases shown beside a case
	mostEvents     = 200 // of a session, shown
	mostDeliveries = 50
)

// caseData is what the page of a case shows.
type caseData struct {
	frame
	S         usher.Session
	Applicant usher.Applicant
	Name      string
	Age       int // full years, -1 when not known
	Waits     string
	Since     time.Time
	Reasons   []reason
	Decision  *decision
	Votes     []string // who has approved so far

	Beside     []row
	Prev, Next string // ids of the neighbours in the queue

	Pictures   []evidence // in force, to be looked at
	Faces      *faces
	Files      []evidence // in force, of other kinds
	Older      []evidence
	Facts      []fact
	MRZ        [][]run
	Checks     []check
	Screening  *usher.Screening // the applicant's newest, or nil
	Hits       []hit
	Duplicates []duplicate
	OpenHit    int    // place of the first hit nobody has judged, 0 when there is none
	Recent     []line // what happened last
	Earlier    []line
	Looks      []glance
	Accounts   []usher.Account
	Sent       []delivery
	Trouble    bool // a message was given up

	Work  work
	draft draft

	Correct bool // what was read may be set right
	Report  bool // the case may be taken out

	Acts []act
	Why  string // key of why there is nothing to decide, or not for this reader
	// Alone: two have to approve, and the reader's sign-in is not confirmed.
	Alone bool
	Done  string // key of what was just done here
	Late  bool   // it was not done: somebody was faster
}

// decision is the one that stands, in words.
type decision struct {
	usher.Decision
	Who     string
	Reasons []reason
}

// check is a result in words.
type check struct {
	usher.CheckResult
	Name     string
	Percent  int
	Sure     string // the score in a word, "" where it says nothing
	Means    string // what the score measures
	Reasons  []reason
	Seen     []string // what was examined
	Unseen   []string // and what was not
	Findings []finding
}

type finding struct {
	usher.Finding
	Label string
}

// evidence is a file in words.
type evidence struct {
	usher.Evidence
	Name string
	From string
}

// IsPicture tells whether it can be shown as a new picture.
func (e evidence) IsPicture() bool {
	return strings.HasPrefix(e.ContentType, "image/") || e.ContentType == usher.PortraitFile
}

// delivery is a message to the client's server.
type delivery struct {
	usher.Delivery
	To string
}

func (d *Desk) showCase(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.caseWith(w, r, v, draft{}, nil)
}

// caseWith shows a case, with what was typed into one of its own forms and what was wrong with it.
func (d *Desk) caseWith(w http.ResponseWriter, r *http.Request, v visit, typed draft, problems web.Errors) error {
	ctx, id := r.Context(), r.PathValue("id")
	s, err := d.config.Service.Session(ctx, v.tenant.ID, id)
	if err != nil {
		return err
	}
	if err := d.note(ctx, v, "case.viewed", id, ""); err != nil {
		return err
	}
	data := caseData{frame: v.frame(), S: s, Reasons: v.say.reasons(s.Reasons), Since: waitingSince(s), draft: typed, Correct: canCorrect(s, v.staff)}
	data.Waits = v.say.span(d.config.Now().Sub(data.Since))
	if data.Applicant, err = d.config.Service.Applicant(ctx, v.tenant.ID, s.ApplicantID); err != nil {
		return err
	}
	data.Name = v.say.person(data.Applicant)
	data.Age = data.Applicant.Details.DateOfBirth.YearsAt(d.config.Now())
	if done := "desk.done." + r.URL.Query().Get("done"); d.Catalog().Has(done) {
		data.Done, data.Late = done, strings.HasSuffix(done, "late")
	}
	who := d.people(v)
	data.Decision = decided(ctx, s, v.say, who)
	for _, a := range s.Votes {
		data.Votes = append(data.Votes, who.actor(ctx, v.say, a))
	}
	data.Acts, data.Why = possible(s, v)
	data.Alone = v.alone(s) && !s.State.Decided() && v.staff.Role.May(usher.ActDecide)
	data.Report = d.config.Report != nil && v.staff.Role.May(usher.ActExportCase)
	data.showEvidence(v.say)
	if d.config.Portrait != nil {
		data.Faces = facesOf(s, v.say)
	}
	data.Checks = checksOf(s, v.say)
	data.Facts = factsOf(s, data.Applicant.Details, v.say)
	data.MRZ = mrzOf(s, d.config.Now())
	for _, load := range []func(context.Context, visit, people, *caseData) error{d.loadWork, d.loadHits, d.loadDuplicates, d.loadQueue, d.loadHistory, d.loadLooks, d.loadAccounts, d.loadSent} {
		if err := load(ctx, v, who, &data); err != nil {
			return err
		}
	}
	if data.Work.Held != nil {
		data.Acts, data.Why, data.Correct = nil, "desk.why.held", false
	}
	page := v.page("case", data)
	if page.Errors = problems; len(problems) > 0 {
		page.Status, page.Here = http.StatusUnprocessableEntity, "/cases/"+s.ID
	}
	return d.Render(w, r, page)
}

func decided(ctx context.Context, s usher.Session, say words, who people) *decision {
	if s.Decision == nil {
		return nil
	}
	return &decision{Decision: *s.Decision, Who: who.actor(ctx, say, s.Decision.By), Reasons: say.reasons(s.Decision.Reasons)}
}

// showEvidence sorts what there is: pictures in force side by side, the rest as links, so that nobody is put on record as having looked at
// what they did not ask for.
func (c *caseData) showEvidence(say words) {
	force := c.S.InForce()
	order := usher.EvidenceKinds()
	slices.SortStableFunc(force, func(a, b usher.Evidence) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	for _, e := range force {
		shown := say.evidence(e)
		if shown.IsPicture() {
			c.Pictures = append(c.Pictures, shown)
		} else {
			c.Files = append(c.Files, shown)
		}
	}
	for _, e := range slices.Backward(c.S.Evidence) {
		if !slices.ContainsFunc(force, func(f usher.Evidence) bool { return f.ID == e.ID }) {
			c.Older = append(c.Older, say.evidence(e))
		}
	}
}

func (w words) evidence(e usher.Evidence) evidence {
	return evidence{Evidence: e, Name: w.name("desk.evidence.", string(e.Kind)), From: w.name("desk.source.", string(e.Source))}
}

func checksOf(s usher.Session, say words) []check {
	var list []check
	for _, r := range s.Checks() {
		c := check{
			CheckResult: r, Name: say.name("desk.check.", string(r.Kind)), Percent: int(r.Score*100 + 0.5), Reasons: say.reasons(r.Reasons),
			Seen: say.names("desk.examined.", r.Examined), Unseen: say.names("desk.examined.", r.NotExamined),
		}
		if r.Outcome == usher.Clear || r.Outcome == usher.Consider || r.Outcome == usher.Refuse {
			c.Sure, c.Means = say.text("desk.score."+sureness(r.Score)), say.means(r)
		}
		for i := range c.Reasons {
			c.Reasons[i].Check = "" // it stands under its check
		}
		for _, f := range r.Findings {
			c.Findings = append(c.Findings, finding{say.found(f), say.name("desk.field.", f.Name)})
		}
		list = append(list, c)
	}
	return list
}

// means says what the score of a check measures. One that has compared nothing must not seem to have.
func (w words) means(r usher.CheckResult) string {
	if slices.Contains(r.NotExamined, "face_comparison") {
		return w.text("desk.means.not_compared")
	}
	return w.name("desk.means.", string(r.Kind))
}

// sureness puts a score into a word.
func sureness(score float64) string {
	const high, fair, low = .9, .7, .4
	switch {
	case score >= high:
		return "high"
	case score >= fair:
		return "fair"
	case score >= low:
		return "low"
	}
	return "none"
}

// loadQueue reads what comes after this case in its queue, and what came before it: the reader's own cases where it is one of them, or else
// all that need a decision. Behind the last comes the first.
func (d *Desk) loadQueue(ctx context.Context, v visit, _ people, data *caseData) error {
	list := func(f usher.CaseFilter) ([]usher.CaseItem, error) {
		f.State = usher.InReview
		if data.Work.Mine {
			f.Of = v.staff.ID
		}
		page, err := d.config.Service.ListCases(ctx, v.tenant.ID, f)
		return page.Items, err
	}
	before, err := list(usher.CaseFilter{Limit: 1, Newest: true, After: data.Work.Place})
	if err != nil {
		return err
	}
	after, err := list(usher.CaseFilter{Limit: queueBeside, After: data.Work.Place})
	if err != nil {
		return err
	}
	if len(before) > 0 {
		data.Prev = before[0].SessionID
	}
	if len(after) == 0 {
		if after, err = list(usher.CaseFilter{Limit: queueBeside}); err != nil {
			return err
		}
		after = slices.DeleteFunc(after, func(it usher.CaseItem) bool { return it.SessionID == data.S.ID || it.SessionID == data.Prev })
	}
	if len(after) > 0 {
		data.Next = after[0].SessionID
	}
	shown := before
	if data.S.State == usher.InReview {
		shown = append(shown, usher.CaseItem{Case: data.Work.Case, Session: data.S, Applicant: data.Applicant})
	}
	data.Beside = d.caseRows(ctx, v, append(shown, after...))
	for i := range data.Beside {
		data.Beside[i].Here = data.Beside[i].ID == data.S.ID
	}
	return nil
}

func (d *Desk) loadAccounts(ctx context.Context, v visit, _ people, data *caseData) (err error) {
	data.Accounts, err = d.config.Service.AccountsOf(ctx, v.tenant.ID, data.S.ApplicantID)
	return err
}

func (d *Desk) loadSent(ctx context.Context, v visit, _ people, data *caseData) error {
	f := usher.DeliveryFilter{SessionID: data.S.ID, Paging: usher.Paging{Limit: mostDeliveries}}
	page, err := d.config.Service.ListDeliveries(ctx, v.tenant.ID, f)
	if err != nil {
		return err
	}
	to := map[string]string{}
	for _, sent := range page.Items {
		if _, ok := to[sent.EndpointID]; !ok {
			e, err := d.config.Service.Endpoint(ctx, v.tenant.ID, sent.EndpointID)
			if code, _ := told(err); err != nil && code != usher.CodeNotFound {
				return err
			}
			to[sent.EndpointID] = e.URL
		}
		data.Sent = append(data.Sent, delivery{sent, to[sent.EndpointID]})
		data.Trouble = data.Trouble || sent.Status == usher.DeliveryDead
	}
	return nil
}

// resend queues a delivery again.
func (d *Desk) resend(w http.ResponseWriter, r *http.Request, v visit) error {
	id := r.PathValue("delivery")
	sent, _, err := d.config.Service.Delivery(r.Context(), v.tenant.ID, id)
	if err != nil {
		return err
	}
	if sent.SessionID != r.PathValue("id") {
		return usher.NotFound("delivery")
	}
	if _, err := d.config.Service.Resend(r.Context(), v.tenant.ID, id); err != nil {
		return err
	}
	return d.See(w, r, "/cases/"+sent.SessionID+"?done=resent#sent")
}
