package celcoin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// The entities: what a client subscribes to, and the names of the messages.
const (
	entityBackground    = "onboarding-backgroundcheck"
	entityDocumentscopy = "onboarding-documentscopy"
	entityFile          = "onboarding-file"
	entityProposal      = "onboarding-proposal"
	entityCreate        = "onboarding-create"
)

func entityNames() []string {
	return []string{entityBackground, entityDocumentscopy, entityFile, entityProposal, entityCreate}
}

// The statuses of the two events that have none of the checks'.
const (
	confirmed = "CONFIRMED"
	failed    = "ERROR"
)

// Renderer writes the webhooks of this dialect.
type Renderer struct {
	Stamps  usher.Stamps
	BaseURL string // public address of the mount, for the addresses of files
}

var _ usher.Renderer = Renderer{}

// Name gives the dialect's name.
func (Renderer) Name() string { return Name }

// Render gives the messages of an event, in the order of the vendor's sequence; none for what the vendor does not tell.
func (r Renderer) Render(v usher.View, e usher.Event) ([]usher.Message, error) {
	if v.Session == nil || v.Session.Purpose != usher.ForOnboarding {
		return nil, nil
	}
	t := telling{Renderer: r, v: v, s: *v.Session, e: e}
	t.tell()
	messages := make([]usher.Message, len(t.messages))
	for i, m := range t.messages {
		body, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("write webhook: %w", err)
		}
		messages[i] = usher.Message{Event: m.Entity, ContentType: "application/json", Body: body}
	}
	return messages, nil
}

// telling gathers the messages of one event.
type telling struct {
	Renderer
	v        usher.View
	s        usher.Session
	e        usher.Event
	messages []message
}

func (t *telling) tell() {
	switch t.e.Type {
	case usher.SessionCreated:
		if documentscopyOf(t.s) == pending && !direct(t.s) {
			t.link()
		}
	case usher.SessionResubmissionRequested:
		t.link()
	case usher.CheckStarted:
		t.started()
	case usher.CheckCompleted:
		t.completed()
	case usher.SessionSubmitted:
		if len(phaseOf(t.s, entityDocumentscopy).steps) == 0 {
			t.examined() // nothing but a reviewer looks at the documents
		}
	case usher.SessionApproved:
		for _, p := range phases(t.s) {
			if p.begun() && !p.passed {
				t.say(p.entity, approved)
			}
		}
		t.say(entityProposal, approved)
	case usher.SessionRejected, usher.SessionCancelled:
		if entity := refusing(t.s); entity != "" {
			t.say(entity, reproved)
		}
		t.say(entityProposal, reproved)
	case usher.SessionOverturned:
		verdict := approved
		if t.s.State == usher.Rejected {
			verdict = reproved
		}
		t.say(entityProposal, verdict)
	case usher.AccountOpened, usher.AccountFailed:
		t.account()
	default:
	}
}

// started tells that one of the two checks has begun: by the first of its checks, since they all go out together.
func (t *telling) started() {
	def, _, _ := t.s.Flow.Step(t.e.Data.Step)
	p := phaseOf(t.s, entityOf(def))
	out := 0
	for _, st := range p.steps {
		out += len(st.Checks)
	}
	switch {
	case out != 1:
	case p.entity == entityDocumentscopy:
		t.examined()
	default:
		t.say(p.entity, pending)
	}
}

// completed tells that one of the two checks has ended well; what else it may have found is for the decision to tell. Where the applicant's
// turn comes behind it, their link follows.
func (t *telling) completed() {
	def, place, _ := t.s.Flow.Step(t.e.Data.Step)
	p := phaseOf(t.s, entityOf(def))
	if st, _ := t.s.Step(t.e.Data.Step); st.State != usher.StepDone {
		return
	}
	if p.passed {
		t.say(p.entity, approved)
	}
	earlier := slices.ContainsFunc(t.s.Flow.Steps[:place], func(st usher.Step) bool { return st.Kind.ByApplicant() })
	if !earlier && documentscopyOf(t.s) == pending {
		t.link()
	}
}

// link tells that the applicant is waited for, and where they can be sent.
func (t *telling) link() {
	body := t.body()
	body.URLDocumentscopy = t.v.Link
	t.add(entityDocumentscopy, pending, body)
}

// examined tells that the documents are there and being looked at.
func (t *telling) examined() {
	t.say(entityDocumentscopy, processingOfDocument)
	body := t.body()
	if body.Files = t.filesOf(t.s, t.e.At); len(body.Files) > 0 {
		t.add(entityFile, success, body)
	}
	t.say(entityProposal, processingDocuments)
}

// refusing gives the check by which a session came to a bad end; "" when both had ended well, or none had begun.
func refusing(s usher.Session) string {
	left := slices.DeleteFunc(phases(s), func(p phase) bool {
		if p.entity == entityDocumentscopy {
			status := documentscopyOf(s)
			return status == "" || status == approved
		}
		return !p.begun() || p.passed
	})
	blamed := func(p phase) bool {
		return slices.ContainsFunc(p.steps, func(st usher.StepStatus) bool {
			return slices.ContainsFunc(st.Checks, func(r usher.CheckResult) bool {
				return r.Outcome == usher.Refuse || slices.ContainsFunc(s.Reasons, func(why usher.Reason) bool { return why.Check == r.Kind })
			})
		})
	}
	if i := slices.IndexFunc(left, blamed); i >= 0 {
		return left[i].entity
	}
	if slices.ContainsFunc(left, func(p phase) bool { return p.entity == entityDocumentscopy }) {
		return entityDocumentscopy
	}
	if len(left) > 0 {
		return left[0].entity
	}
	return ""
}

func (t *telling) body() told {
	return told{
		ProposalID: t.s.ID, ClientCode: codeOf(t.s), DocumentNumber: documentOf(t.s, t.v.Applicant.Details),
		ProposalType: typeOf(t.s, t.v.Applicant.Kind), OnboardingType: onboardingType,
	}
}

func (t *telling) say(entity, status string) {
	body := t.body()
	if status == reproved {
		for _, why := range rejectedReasons(t.s) {
			body.RejectedReason = append(body.RejectedReason, why.Message)
		}
	}
	t.add(entity, status, body)
}

func (t *telling) add(entity, status string, body any) {
	t.messages = append(t.messages, message{
		WebhookID: webhookID(t.e.ID, t.s.ID, entity), CreateTimestamp: t.e.At.UTC().Format(time.RFC3339), Entity: entity, Status: status, Body: body,
	})
}

// createDate writes a time as onboarding-create does: that of Brasília, seven digits of a second, no zone.
func createDate(at time.Time) string { return at.In(brasilia).Format("2006-01-02T15:04:05.0000000") }

// account tells how opening the account went. Its time is written in another way than that of the other events; the vendor's is, too.
func (t *telling) account() {
	body := created{OnboardingID: t.s.ID, ClientCode: codeOf(t.s), CreateDate: createDate(t.e.At)}
	m := message{
		WebhookID: webhookID(t.e.ID, t.s.ID, entityCreate), CreateTimestamp: body.CreateDate, Entity: entityCreate, Status: confirmed,
	}
	if t.e.Type == usher.AccountFailed {
		why := accountReason(t.s)
		m.Status, m.Error = failed, &why
	} else {
		body.Account = &openedAccount{Name: holder(t.v.Applicant.Details), DocumentNumber: documentOf(t.s, t.v.Applicant.Details)}
		if a := t.v.Account; a != nil {
			at := branchOf(*a)
			body.Account.Branch, body.Account.Account, body.Account.ISPB = at.Branch, at.Account, a.BankCode
		}
	}
	m.Body = body
	t.messages = append(t.messages, m)
}

// holder gives the name on an account.
func holder(d usher.Details) string {
	if d.Company != nil {
		return d.Company.Name
	}
	return d.FirstName + " " + d.LastName
}

// defaultBranch is the branch of banks that have only one.
const defaultBranch = "0001"

// branchOf gives branch and number of an account. An opener that knows branches writes its numbers as branch/account.
func branchOf(a usher.Account) branchAccount {
	if branch, number, ok := strings.Cut(a.Number, "/"); ok {
		return branchAccount{Branch: branch, Account: number}
	}
	return branchAccount{Branch: defaultBranch, Account: a.Number}
}
