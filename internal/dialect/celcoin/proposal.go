package celcoin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// offered is a proposal that has been read and found good: what the two kinds of proposal have in common.
type offered struct {
	kind, code, document, person string
	phone                        string // whose last digit steers a sandbox
	applicant                    usher.NewApplicant
	files                        []file
	request                      any // as it is kept
}

func (d *dialect) proposePerson(r request) (any, error) {
	var p naturalPerson
	if err := r.read(&p); err != nil {
		return nil, err
	}
	if err := firstBroken(p.rules(d.Now())); err != nil {
		return nil, err
	}
	o := offered{
		kind: typePerson, code: p.ClientCode, document: p.DocumentNumber, person: p.DocumentNumber, phone: p.PhoneNumber, files: p.Files,
		applicant: usher.NewApplicant{Kind: usher.Person, Reference: p.DocumentNumber, Details: p.details(d.Now())},
	}
	p.Files = nil
	o.request = p
	return d.propose(r, o)
}

func (d *dialect) proposeCompany(r request) (any, error) {
	var c legalPerson
	if err := r.read(&c); err != nil {
		return nil, err
	}
	if err := firstBroken(c.rules(d.Now())); err != nil {
		return nil, err
	}
	o := offered{
		kind: typeCompany, code: c.ClientCode, document: c.DocumentNumber, person: c.Owner[0].DocumentNumber, phone: c.ContactNumber, files: c.Files,
		applicant: usher.NewApplicant{Kind: usher.Company, Reference: c.DocumentNumber, Details: c.details(d.Now())},
	}
	c.Files = nil
	o.request = c
	return d.propose(r, o)
}

// propose starts the session of a proposal. What stands against it is looked for before its files are fetched, which takes time, and once more when
// it begins.
func (d *dialect) propose(r request, o offered) (any, error) {
	ctx := r.Context()
	if err := d.mayPropose(r, o); err != nil {
		return nil, err
	}
	flow, err := d.flow(r, o)
	if err != nil {
		return nil, err
	}
	got, err := d.fetchAll(ctx, o.files)
	if err != nil {
		return nil, err
	}
	start := usher.NewSession{Applicant: &o.applicant, Flow: flow.Name, Key: o.code, Reference: o.code, Locale: "pt-BR"}
	if start.Metadata, err = kept(o.kind, o.document, o.person, o.request, o.files); err != nil {
		return nil, err
	}
	if start.Steer, err = d.steer(r, flow, o.phone); err != nil {
		return nil, err
	}
	// From here on a client that hangs up changes nothing: half a proposal would keep its person from another.
	ctx = context.WithoutCancel(ctx)
	r.Request = r.WithContext(ctx)
	s, err := d.begin(r, o, start)
	if err != nil {
		return nil, err
	}
	if err := d.hand(r, s, got, flow); err != nil {
		// The client is told of an error, so it must not hear of this proposal again; its clientCode stays used.
		_, cancelled := d.Service.Do(ctx, r.tenant(), s.ID, usher.Command{Kind: usher.CmdCancel, By: r.p.Actor()})
		return nil, errors.Join(err, cancelled)
	}
	return envelope{Status: processing, Body: accepted{ProposalID: s.ID, ClientCode: o.code, DocumentNumber: o.document}}, nil
}

// begin starts the session of a proposal, if there is still nothing against it. Of two with one clientCode one wins, since it is the session's key; of
// two of one document the second to begin finds the first.
func (d *dialect) begin(r request, o offered, start usher.NewSession) (usher.Session, error) {
	end, err := d.turns.Take(r.Context(), r.tenant(), o.document)
	if err != nil {
		return usher.Session{}, err
	}
	defer end()
	if err := d.mayPropose(r, o); err != nil {
		return usher.Session{}, err
	}
	s, _, err := d.Service.StartSession(r.Context(), r.p.Client, start)
	return s, taken(err)
}

// taken says in the vendor's words that a clientCode started another session before.
func taken(err error) error {
	if e, ok := errors.AsType[*usher.Error](err); ok && e.Detail == "key_taken" {
		return refusal("OBE062")
	}
	return err
}

// mayPropose refuses a clientCode that is taken, and a document with an open proposal.
func (d *dialect) mayPropose(r request, o offered) error {
	_, err := d.Service.SessionByKey(r.Context(), r.tenant(), Name, o.code)
	switch {
	case err == nil, hasCode(err, usher.CodeGone):
		return refusal("OBE062")
	case !isAbsent(err):
		return err
	}
	return d.each(r, usher.SessionFilter{}, o.document, func(s usher.Session) error {
		if open(s) {
			return refusal("OBE064")
		}
		return nil
	})
}

// isAbsent tells whether something is not there, or not there any more.
func isAbsent(err error) bool { return hasCode(err, usher.CodeNotFound, usher.CodeGone) }

// flow gives the flow of a proposal: the client's, or, when all files come with it, the one that does without our page.
func (d *dialect) flow(r request, o offered) (usher.Flow, error) {
	name := r.p.Client.DefaultFlow
	lack := lacking(o.kind, o.files)
	switch {
	case strings.HasSuffix(name, withFiles):
		if lack != nil {
			return usher.Flow{}, lack
		}
	case lack == nil:
		f, err := d.Service.Flow(r.Context(), r.tenant(), name+withFiles)
		if !isAbsent(err) {
			return f, err
		}
	}
	f, err := d.Service.Flow(r.Context(), r.tenant(), name)
	return f, unknown(err, "OBE006")
}

// steer reads the sandbox's magic digit and gives the outcome it asks for. It follows the tenant's flow: 2 is refused at the first of the two checks,
// 3 at the second.
func (d *dialect) steer(r request, flow usher.Flow, phone string) (string, error) {
	t, err := d.Service.Tenant(r.Context(), r.tenant())
	if err != nil || t.Mode != usher.Sandbox {
		return "", err
	}
	runs := slices.DeleteFunc(slices.Clone(flow.Steps), func(st usher.Step) bool { return len(st.Checks) == 0 })
	switch digit := phone[len(phone)-1]; {
	case digit == '1':
		return usher.SteerClear, nil
	case digit == '2' && len(runs) > 0:
		return usher.SteerFail + string(runs[0].Checks[0]), nil
	case digit == '3' && len(runs) > 1:
		return usher.SteerFail + string(runs[1].Checks[0]), nil
	}
	return "", nil
}

// acts tells whether an outcome needs the applicant's part to be played: not where the first step, which waits for nobody, brings it about.
func acts(steer string, flow usher.Flow) bool {
	kind, refused := strings.CutPrefix(steer, usher.SteerFail)
	first := flow.Steps[0]
	return steer == usher.SteerClear || refused && (first.Kind != usher.StepRun || string(first.Checks[0]) != kind)
}

// unplayedAfter is how old a proposal is at least that no call plays on any more, because the server was stopped.
const unplayedAfter = time.Minute

// goOn plays the applicant's part of a sandbox's proposal if the server was stopped before it could.
func (d *dialect) goOn(r request, s usher.Session) (usher.Session, error) {
	now := d.Now()
	begun := (s.State == usher.Created || s.State == usher.InProgress) && s.SubmittedAt.IsZero() && now.Before(s.ExpiresAt)
	if !begun || !acts(s.Steer, s.Flow) || now.Sub(s.CreatedAt) < unplayedAfter {
		return s, nil
	}
	return d.Service.Simulate(r.Context(), r.p.Client, s.ID, "submit")
}

// hand puts the files that came with a proposal to its session. Where that is all the flow asks for, the session is sent; where a sandbox's
// digit wants it, the applicant's part is played.
func (d *dialect) hand(r request, s usher.Session, got []fetched, flow usher.Flow) error {
	ctx, by := r.Context(), r.p.Actor()
	for _, f := range got {
		n := usher.NewEvidence{Kind: kindOf(f.kind, got), Source: usher.FromClient, ContentType: f.contentType, By: by}
		if _, _, err := d.Service.AddEvidence(ctx, r.tenant(), s.ID, n, f.reader()); err != nil {
			return err
		}
	}
	if strings.HasSuffix(flow.Name, withFiles) {
		_, err := d.Service.Do(ctx, r.tenant(), s.ID, usher.Command{Kind: usher.CmdSubmit, By: by, Consent: &usher.Consent{Face: true}})
		return err
	}
	if acts(s.Steer, flow) {
		_, err := d.Service.Simulate(ctx, r.p.Client, s.ID, "submit")
		return err
	}
	return nil
}

// find gives the session of a proposal by proposalId, clientCode or both; none or one of somebody else is refused with a code of the call.
func (d *dialect) find(r request, none refusal) (usher.Session, error) {
	id, code := r.q["proposalid"], r.q["clientcode"]
	var s usher.Session
	var err error
	if id != "" {
		s, err = d.Service.Session(r.Context(), r.tenant(), strings.ToLower(id))
	} else {
		s, err = d.Service.SessionByKey(r.Context(), r.tenant(), Name, code)
	}
	if err != nil {
		return usher.Session{}, unknown(err, none)
	}
	if s.Dialect != Name || s.Purpose != usher.ForOnboarding || (code != "" && code != codeOf(s)) {
		return usher.Session{}, none
	}
	return s, nil
}

// named tells whether a request names one proposal.
func (q query) named() bool { return q["proposalid"] != "" || q["clientcode"] != "" }

// each gives fn the proposals of a filter, newest first; those of one document when it is not "".
func (d *dialect) each(r request, f usher.SessionFilter, document string, fn func(usher.Session) error) error {
	applicants := []string{""}
	if document != "" {
		page, err := d.Service.ListApplicants(r.Context(), r.tenant(), usher.ApplicantFilter{
			Paging: usher.Paging{Limit: mostPerPage}, Dialect: Name, Reference: document,
		})
		if err != nil {
			return err
		}
		applicants = applicants[:0]
		for _, a := range page.Items {
			applicants = append(applicants, a.ID)
		}
	}
	f.Dialect, f.Purpose = Name, usher.ForOnboarding
	for _, f.ApplicantID = range applicants {
		for f.Paging = (usher.Paging{Limit: mostPerPage}); ; {
			page, err := d.Service.ListSessions(r.Context(), r.tenant(), f)
			if err != nil {
				return err
			}
			for _, s := range page.Items {
				if err := fn(s); err != nil {
					return err
				}
			}
			if page.Next == "" {
				break
			}
			f.After = page.Next
		}
	}
	return nil
}

// statesOf is the way back of [statusOf]: the states of which at least some sessions have a status.
func statesOf(status string) []usher.State {
	switch status {
	case approved, resourceCreated, resourceError:
		return []usher.State{usher.Approved}
	case reproved:
		return []usher.State{usher.Rejected, usher.Cancelled}
	}
	return []usher.State{usher.Created, usher.InProgress, usher.AwaitingApplicant, usher.Expired, usher.Submitted, usher.InReview}
}

func (d *dialect) readProposals(r request) (any, error) {
	p, err := r.q.pages()
	if err != nil {
		return nil, err
	}
	status, document := r.q["status"], r.q["documentnumber"]
	switch {
	case status != "" && !slices.Contains(statuses(), status):
		return nil, refusal("OBE045")
	case document != "" && !isCPF(document) && !isCNPJ(document):
		return nil, refusal("OBE048")
	}
	var list []usher.Session
	total := 0
	if r.q.named() {
		s, err := d.find(r, "OBE049")
		if err != nil {
			return nil, err
		}
		if (status == "" || statusOf(s) == status) && (document == "" || s.Metadata[metaDocument] == document) {
			list, total = []usher.Session{s}, 1
		}
		list = cut(list, p)
	} else if list, total, err = d.list(r, p, status, document); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, refusal("OBE049")
	}
	said := proposals{pages: p.of(total), Proposal: make([]proposal, len(list))}
	for i, s := range list {
		s, err := d.goOn(r, s)
		if err != nil {
			return nil, err
		}
		link, err := d.link(r, s)
		if err != nil {
			return nil, err
		}
		said.Proposal[i] = proposalOf(s, link)
	}
	return said, nil
}

// longestPeriod bounds the time between the two dates of a list, in days.
const longestPeriod = 90

// list gives a page of the proposals of a period, and how many there are.
func (d *dialect) list(r request, p pages, status, document string) (list []usher.Session, total int, err error) {
	in, err := r.q.period("OBE051", "OBE046")
	switch {
	case err != nil:
		return nil, 0, err
	case !in.to.After(in.from):
		return nil, 0, refusal("OBE050")
	case in.to.After(in.from.AddDate(0, 0, longestPeriod+1)):
		return nil, 0, refusal("OBE052")
	}
	f := usher.SessionFilter{CreatedFrom: in.from, CreatedBefore: in.to}
	if status == "" && document == "" {
		f.Dialect, f.Purpose, f.Paging = Name, usher.ForOnboarding, usher.Paging{Limit: p.size(), Skip: p.skip(), Count: true}
		page, err := d.Service.ListSessions(r.Context(), r.tenant(), f)
		return page.Items, page.Total, err
	}
	if status != "" {
		f.States = statesOf(status)
	}
	err = d.each(r, f, document, func(s usher.Session) error {
		if status == "" || statusOf(s) == status {
			list = append(list, s)
		}
		return nil
	})
	return cut(list, p), len(list), err
}

// link gives the address at which the applicant goes on; none of an erased one.
func (d *dialect) link(r request, s usher.Session) (string, error) {
	l, err := d.Service.EntryLink(r.Context(), r.tenant(), s.ID)
	if hasCode(err, usher.CodeGone) {
		return "", nil
	}
	return l.URL, err
}
