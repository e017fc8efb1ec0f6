package hosted

import (
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
)

// place is a page of a session: what follows /f/{session}/ in its address.
type place string

const (
	atConsent  place = "consent"
	atDecline  place = "consent/decline"
	atName     place = "details/name"
	atBirth    place = "details/birth"
	atNation   place = "details/nationality"
	atHome     place = "details/address"
	atContact  place = "details/contact"
	atDocument place = "document"
	atFront    place = "front"
	atBack     place = "back"
	atSelfie   place = "selfie"
	atVideo    place = "video"
	atAddress  place = "address"
	atAnswers  place = "answers"
	atRedo     place = "redo"
	atWaiting  place = "waiting"
	atDone     place = "done"
	atEnded    place = "ended"
)

// topics are the pages of a details step: each asks for one thing, in the order in which people expect them. It is never written to.
var topics = []struct {
	at    place
	field usher.DetailField
}{
	{atName, usher.AskName},
	{atBirth, usher.AskDateOfBirth},
	{atNation, usher.AskNationality},
	{atHome, usher.AskAddress},
	{atContact, usher.AskContact},
}

// topicAt gives the field that a page asks for, or "".
func topicAt(p place) usher.DetailField {
	for _, topic := range topics {
		if topic.at == p {
			return topic.field
		}
	}
	return ""
}

// topicOf gives the page that asks for a field.
func topicOf(f usher.DetailField) place {
	for _, topic := range topics {
		if topic.field == f {
			return topic.at
		}
	}
	return atEnded
}

// asked gives the fields that a details step asks for, in the order of its pages.
func asked(s usher.Session, st usher.StepStatus) []usher.DetailField {
	def, _, _ := s.Flow.Step(st.ID)
	var list []usher.DetailField
	for _, topic := range topics {
		if slices.Contains(def.Ask, topic.field) {
			list = append(list, topic.field)
		}
	}
	return list
}

// nextTopic gives the page of the first field that was not given in this browser yet, or of the last.
func nextTopic(s usher.Session, st usher.StepStatus, n note) place {
	at := atEnded
	for _, f := range asked(s, st) {
		if at = topicOf(f); !n.typed(f) {
			break
		}
	}
	return at
}

// subject is something the applicant shows in a picture.
type subject struct {
	at     place
	step   usher.StepKind
	kind   usher.EvidenceKind
	facing string // which camera; "" where only files are taken
}

func (s subject) camera() place { return s.at.camera() }
func (s subject) check() place  { return s.at.check() }

func (p place) camera() place { return p + "/camera" }

// check gives the page where what the applicant shows at p is looked at before it counts.
func (p place) check() place { return p + "/check" }

// subjects is never written to.
var subjects = []subject{
	{atFront, usher.StepDocument, usher.DocumentFront, "environment"},
	{atBack, usher.StepDocument, usher.DocumentBack, "environment"},
	{atSelfie, usher.StepSelfie, usher.Selfie, "user"},
	{atVideo, usher.StepSelfie, usher.SelfieVideo, "user"},
	{atAddress, usher.StepProofOfAddress, usher.ProofOfAddress, ""},
}

// subjectAt gives the subject that a page is about.
func subjectAt(p place) (subject, bool) {
	base, _, _ := strings.Cut(string(p), "/")
	i := slices.IndexFunc(subjects, func(s subject) bool { return string(s.at) == base })
	if i < 0 {
		return subject{}, false
	}
	return subjects[i], true
}

// kindAt gives the kind of step that a page belongs to.
func kindAt(p place) (usher.StepKind, bool) {
	switch p {
	case atConsent, atDecline:
		return usher.StepConsent, true
	case atDocument:
		return usher.StepDocument, true
	case atChallenge:
		return usher.StepSelfie, true
	case atCode:
		return usher.StepContact, true
	}
	if topicAt(p) != "" {
		return usher.StepDetails, true
	}
	sub, ok := subjectAt(p)
	return sub.step, ok
}

// home tells which page the applicant belongs on. It is the only place that knows the order of pages.
func home(s usher.Session, n note) place {
	switch s.State {
	case usher.Submitted:
		return atWaiting
	case usher.InReview, usher.Approved, usher.Rejected:
		return atDone
	case usher.Expired, usher.Cancelled:
		return atEnded
	case usher.AwaitingApplicant:
		return atRedo
	case usher.Created, usher.InProgress:
	}
	asked := s.Asked()
	if between(s) {
		return atWaiting
	}
	if st, ok := stepOf(s, usher.StepDocument); ok && changeable(s, st) && documentOf(s, st, n).halfway() {
		return within(s, st, n)
	}
	if len(asked) > 0 {
		return within(s, asked[0], n)
	}
	return atAnswers
}

// between tells whether a step of the applicant waits for checks that are out.
func between(s usher.Session) bool {
	cur, _, ok := s.Current()
	return ok && cur.State == usher.StepRunning && len(s.Asked()) > 0 && !s.State.Ended()
}

// within gives the page of a step that is to be done next, or, when all of it is there, the last one, where it is confirmed.
func within(s usher.Session, st usher.StepStatus, n note) place {
	switch st.Kind {
	case usher.StepConsent:
		return atConsent
	case usher.StepDetails:
		return nextTopic(s, st, n)
	case usher.StepContact:
		return atCode
	case usher.StepDocument:
		return documentOf(s, st, n).next()
	case usher.StepSelfie, usher.StepProofOfAddress:
		first := atEnded
		for _, sub := range subjects {
			if sub.step != st.Kind || sub.at == atVideo && !wantsVideo(s, st) {
				continue
			}
			if _, ok := newest(s, st, sub.kind, 0); !ok {
				return sub.at
			}
			if first == atEnded {
				first = sub.check()
			}
		}
		if wantsChallenge(s, st) {
			return atChallenge
		}
		return first
	default:
	}
	return atEnded
}

// wantsVideo tells whether a selfie step asks for a video as well.
func wantsVideo(s usher.Session, st usher.StepStatus) bool {
	def, _, _ := s.Flow.Step(st.ID)
	return def.Video
}

// reachable tells whether the applicant may see a page now: the one they belong on, the others of the same step, and those of steps that
// may still be changed.
func reachable(s usher.Session, n note, p place) bool {
	at := home(s, n)
	if p == at {
		return true
	}
	if s.State != usher.InProgress && s.State != usher.Created || at == atWaiting {
		return false
	}
	kind, ok := kindAt(p)
	if !ok {
		return false
	}
	sub, _ := subjectAt(p)
	st, ok := stepOf(s, kind)
	if !ok || !due(s, st) && !changeable(s, st) {
		return false
	}
	if kind == usher.StepDetails {
		return opened(s, st, n, p)
	}
	if p == atChallenge {
		_, photo := newest(s, st, usher.Selfie, 0)
		return photo && asksChallenge(s, st)
	}
	if sub.at == atVideo {
		_, photo := newest(s, st, usher.Selfie, 0)
		return photo && wantsVideo(s, st)
	}
	if kind != usher.StepDocument {
		_, sent := newest(s, st, sub.kind, 0)
		return p != sub.check() || sent
	}
	d := documentOf(s, st, n)
	switch {
	case p == atDocument:
		return len(d.accept) > 1
	case d.kind == "":
		return false
	case p == atFront.check():
		return d.front
	case sub.at == atBack:
		return d.kind.HasBack() && d.front && (p != atBack.check() || d.back)
	}
	return true
}

// opened tells whether a page of a details step may be seen: it is one that the step has, and the ones before it were given.
func opened(s usher.Session, st usher.StepStatus, n note, p place) bool {
	for _, f := range asked(s, st) {
		switch {
		case topicOf(f) == p:
			return true
		case st.State != usher.StepDone && !n.typed(f):
			return false
		}
	}
	return false
}

// stepOf gives the step of a kind that pages of that kind are about: the first that is open, else the last.
func stepOf(s usher.Session, kind usher.StepKind) (usher.StepStatus, bool) {
	var found usher.StepStatus
	ok := false
	for _, st := range s.Steps {
		if st.Kind != kind {
			continue
		}
		found, ok = st, true
		if st.State != usher.StepDone {
			break
		}
	}
	return found, ok
}

// due tells whether a step is the next to be done.
func due(s usher.Session, st usher.StepStatus) bool {
	asked := s.Asked()
	return len(asked) > 0 && asked[0].ID == st.ID
}

// changeable tells whether a step that is done may be done over: it was done in this go, and no check rests on it yet.
func changeable(s usher.Session, st usher.StepStatus) bool {
	if st.State != usher.StepDone || st.Kind == usher.StepConsent || st.Kind == usher.StepContact || !st.DoneAt.After(s.SubmittedAt) {
		return false
	}
	behind := false
	for _, other := range s.Steps {
		if behind && !other.Kind.ByApplicant() && other.State != usher.StepOpen {
			return false
		}
		behind = behind || other.ID == st.ID
	}
	return true
}

// newest gives the evidence of a kind that a step rests on: the newest since place from, and since it was asked again, where that very file was.
func newest(s usher.Session, st usher.StepStatus, kind usher.EvidenceKind, from int) (usher.Evidence, bool) {
	for i := len(s.Evidence) - 1; i >= from && i >= 0; i-- {
		e := s.Evidence[i]
		if e.Kind == kind && (!st.Again(kind) || e.Attempt == s.Attempt) {
			return e, true
		}
	}
	return usher.Evidence{}, false
}

// document is how far a document step is.
type document struct {
	accept      []usher.DocumentType
	kind        usher.DocumentType // "" while it is not chosen
	from        int                // place in the session's evidence where that of this document begins
	front, back bool               // whether there is a picture
	done        usher.DocumentType // the type the step was completed with, or ""
}

// documentOf puts together what the flow accepts, what was chosen and what was sent. The choice is in the note until the step is complete,
// since the session learns it only then.
func documentOf(s usher.Session, st usher.StepStatus, n note) document {
	def, _, _ := s.Flow.Step(st.ID)
	d := document{accept: def.Accept}
	if st.Document != nil {
		d.done = st.Document.Type
	}
	switch {
	case len(d.accept) == 1:
		d.kind = d.accept[0]
	case slices.Contains(d.accept, n.Document):
		d.kind, d.from = n.Document, n.From
	default:
		d.kind = d.done
	}
	_, d.front = newest(s, st, usher.DocumentFront, d.from)
	_, d.back = newest(s, st, usher.DocumentBack, d.from)
	return d
}

func (d document) next() place {
	switch {
	case d.kind == "":
		return atDocument
	case !d.front:
		return atFront
	case d.kind.HasBack() && !d.back:
		return atBack
	case d.kind.HasBack():
		return atBack.check()
	}
	return atFront.check()
}

// halfway tells whether another document was chosen after the step was done and is not confirmed yet.
func (d document) halfway() bool { return d.done != "" && d.kind != d.done }
