package celcoin

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usher-kyc/usher"
)

// The statuses of a proposal; those of a documentscopy are some of them, and PROCESSING.
const (
	pending              = "PENDING"
	createdStatus        = "CREATED"
	pendingDocuments     = "PENDING_DOCUMENTSCOPY"
	processingDocuments  = "PROCESSING_DOCUMENTSCOPY"
	approved             = "APPROVED"
	reproved             = "REPROVED"
	resourceCreated      = "RESOURCE_CREATED"
	resourceError        = "RESOURCE_ERROR"
	processingOfDocument = processing
)

func statuses() []string {
	return []string{pending, createdStatus, pendingDocuments, processingDocuments, approved, reproved, resourceCreated, resourceError}
}

// What is kept with a session.
const (
	metaType     = "type"     // PF or PJ
	metaDocument = "document" // CPF or CNPJ of the proposal
	metaPerson   = "person"   // CPF of who is examined
	metaRequest  = "request"  // the proposal as JSON, without its files
	metaFiles    = "files"    // types of the files that came with it, in their order, with commas between them

	typePerson  = "PF"
	typeCompany = "PJ"
)

// timestamp writes a time as the vendor's lists do: UTC, milliseconds, Z.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// phase is one of the vendor's two checks: the run steps of a flow that belong to it, named by the event that tells of it.
type phase struct {
	entity string
	steps  []usher.StepStatus
	passed bool // every check has ended, and nothing stands against the applicant
	stops  bool // a check that ends the flow says no
}

// entityOf tells which of the two checks a run step belongs to: what looks at documents or faces is documentscopy, anything else background.
func entityOf(st usher.Step) string {
	looks := []usher.CheckKind{usher.CheckDocument, usher.CheckFace, usher.CheckLiveness, usher.CheckConsistency, usher.CheckChip}
	if slices.ContainsFunc(st.Checks, func(k usher.CheckKind) bool { return slices.Contains(looks, k) }) {
		return entityDocumentscopy
	}
	return entityBackground
}

// phases gives the two checks of a session in the order of its flow; one that the flow does not have has no steps and comes last.
func phases(s usher.Session) []phase {
	list := []phase{}
	for _, st := range s.Steps {
		def, _, ok := s.Flow.Step(st.ID)
		if !ok || st.Kind != usher.StepRun {
			continue
		}
		i := slices.IndexFunc(list, func(p phase) bool { return p.entity == entityOf(def) })
		if i < 0 {
			i = len(list)
			list = append(list, phase{entity: entityOf(def), passed: true})
		}
		refused := slices.ContainsFunc(st.Checks, func(r usher.CheckResult) bool { return r.Outcome == usher.Refuse })
		list[i].steps = append(list[i].steps, st)
		list[i].passed = list[i].passed && s.Passed(st.ID)
		list[i].stops = list[i].stops || (def.Stop && refused)
	}
	return list
}

func (p phase) begun() bool {
	return slices.ContainsFunc(p.steps, func(st usher.StepStatus) bool { return st.State != usher.StepOpen })
}

func phaseOf(s usher.Session, entity string) phase {
	list := phases(s)
	if i := slices.IndexFunc(list, func(p phase) bool { return p.entity == entity }); i >= 0 {
		return list[i]
	}
	return phase{entity: entity}
}

// direct tells whether a session goes without our page: its files came with the proposal.
func direct(s usher.Session) bool { return strings.HasSuffix(s.FlowName, withFiles) }

// reached tells whether documentscopy's turn has come, and when: behind the background check where that stands before the applicant's first
// step, or, without our page, before the checks of the documents.
func reached(s usher.Session) (bool, time.Time) {
	since := s.CreatedAt
	for _, st := range s.Steps {
		if st.Kind.ByApplicant() && !direct(s) {
			return true, since
		}
		def, _, _ := s.Flow.Step(st.ID)
		if st.Kind != usher.StepRun {
			continue
		}
		if entityOf(def) == entityDocumentscopy {
			return true, since
		}
		if st.State != usher.StepDone || phaseOf(s, entityBackground).stops {
			return false, since
		}
		since = st.DoneAt
	}
	return len(s.Steps) > 0, since // of an erased applicant's session the steps are gone
}

// documentscopyOf gives the status of the documentscopy of a session, or "" when there is none yet.
func documentscopyOf(s usher.Session) string {
	looked := phaseOf(s, entityDocumentscopy)
	if looked.begun() && looked.passed {
		return approved
	}
	if ok, _ := reached(s); !ok {
		return ""
	}
	switch s.State {
	case usher.Approved:
		return approved
	case usher.Rejected, usher.Cancelled:
		return reproved
	case usher.Submitted, usher.InReview:
		return processingOfDocument
	case usher.Created, usher.InProgress, usher.AwaitingApplicant, usher.Expired:
		if looked.begun() {
			return processingOfDocument
		}
		return pending
	}
	return ""
}

// statusOf gives the status of a proposal. An expired one has no word of its own: it goes on waiting for documents, and a new link brings it back.
func statusOf(s usher.Session) string {
	switch s.State {
	case usher.Approved:
		switch {
		case s.Account == nil:
			return approved
		case s.Account.Opened:
			return resourceCreated
		}
		return resourceError
	case usher.Rejected, usher.Cancelled:
		return reproved
	case usher.Created, usher.InProgress, usher.AwaitingApplicant, usher.Expired, usher.Submitted, usher.InReview:
	}
	switch documentscopyOf(s) {
	case "":
		if phaseOf(s, entityBackground).begun() {
			return createdStatus
		}
		return pending
	case pending:
		return pendingDocuments
	}
	return processingDocuments
}

// open tells whether another proposal of the same document must wait. One whose link ran out keeps nobody away.
func open(s usher.Session) bool { return !s.State.Ended() || statusOf(s) == approved }

// documentscopyID gives 24 hex digits that belong to a session for ever.
func documentscopyID(session string) string { return shortID("documentscopy", session) }

// shortID gives 24 hex digits, as the vendor's ids of some things are, that follow from an id of ours.
func shortID(kind, id string) string {
	sum := sha256.Sum256([]byte(kind + "/" + id))
	return hex.EncodeToString(sum[:12])
}

// webhookID gives the id of a message: the same for every try and every sending of it. That of onboarding-create is the proposal's own.
func webhookID(event, session, entity string) string {
	if entity == entityCreate {
		return session
	}
	return uuid.NewSHA1(uuid.Nil, []byte(event+"/"+entity)).String()
}

// codeOf and documentOf give what the client knows a proposal by; a session that came in another way has at least the applicant's number.
func codeOf(s usher.Session) string { return cmp.Or(s.Key, s.Reference) }

func documentOf(s usher.Session, d usher.Details) string {
	if document := s.Metadata[metaDocument]; document != "" {
		return document
	}
	if d.Company != nil {
		return d.Company.Number
	}
	return d.NationalID
}

func typeOf(s usher.Session, k usher.ApplicantKind) string {
	if s.Metadata[metaType] == typeCompany || k == usher.Company {
		return typeCompany
	}
	return typePerson
}

func proposalOf(s usher.Session, link string) proposal {
	p := proposal{
		ProposalID: s.ID, ClientCode: codeOf(s), DocumentNumber: s.Metadata[metaDocument], Status: statusOf(s), ProposalType: typeOf(s, ""),
		CreatedAt: timestamp(s.CreatedAt), UpdatedAt: timestamp(s.UpdatedAt), Documentscopys: []documentscopy{},
	}
	if p.Status == reproved {
		p.RejectedReason = rejectedReason(s)
	}
	if status := documentscopyOf(s); status != "" {
		if direct(s) && status != pending {
			link = ""
		}
		_, since := reached(s)
		p.Documentscopys = append(p.Documentscopys, documentscopy{
			ProposalID: s.ID, DocumentNumber: s.Metadata[metaPerson], DocumentscopyID: documentscopyID(s.ID), Status: status, URL: link,
			CreatedAt: timestamp(since), UpdateAt: timestamp(s.UpdatedAt),
		})
	}
	return p
}

// kept gives what is kept with the session of a proposal.
func kept(kind, document, person string, request any, list []file) (map[string]string, error) {
	text, err := json.Marshal(request)
	if err != nil || len(text) > mostKept {
		return nil, refusal("OBE034")
	}
	types := make([]string, len(list))
	for i, f := range list {
		types[i] = f.Type
	}
	return map[string]string{
		metaType: kind, metaDocument: document, metaPerson: person, metaRequest: string(text), metaFiles: strings.Join(types, ","),
	}, nil
}

// mostKept bounds the proposal as it is kept, in bytes: with its other members it must fit the 64 KB of a session's metadata.
const mostKept = 60 << 10
