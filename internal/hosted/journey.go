package hosted

import (
	"net/http"
	"slices"

	"github.com/usher-kyc/usher"
)

// The screens that are kept of an applicant's way, in the order in which they usually come. They are stable: dialects map them to the words of
// their vendors. Document is where it is chosen and document.front how to take its photo; document.camera and document.preview are of the front,
// those of the back are document.back.camera and document.back.preview. Address is proof_of_address. Details is the first page of the details;
// those after it are details.birth, details.nationality, details.address and details.contact.
//
// A screen with a camera has moments of its own, which its script tells, each after the word of the screen as in "selfie.camera.denied":
// running; denied, none, busy, slow, inapp, old (why there is no picture); taken; lost (it did not arrive). That of a video has recording and preview
// as well. "wait.lost" is a waiting page without a connection.
const (
	screenWelcome = "welcome" // kept when the link is used: before that there is no visit to keep it in
	screenHelp    = "help"
	screenDetails = "details" // the first page of the details, whatever it asks for
)

// screens names each page. It is never written to.
var screens = map[place]string{
	atConsent:         "consent",
	atDecline:         "consent.decline",
	atName:            "details.name",
	atBirth:           "details.birth",
	atNation:          "details.nationality",
	atHome:            "details.address",
	atContact:         "details.contact",
	atCode:            "contact",
	atDocument:        "document",
	atFront:           "document.front",
	atFront.camera():  "document.camera",
	atFront.check():   "document.preview",
	atBack:            "document.back",
	atBack.camera():   "document.back.camera",
	atBack.check():    "document.back.preview",
	atSelfie:          "selfie",
	atSelfie.camera(): "selfie.camera",
	atSelfie.check():  "selfie.preview",
	atVideo:           "video",
	atVideo.camera():  "video.camera",
	atChallenge:       "challenge",
	atAddress:         "proof_of_address",
	atAddress.check(): "proof_of_address.preview",
	atAnswers:         "check",
	atRedo:            "redo",
	atWaiting:         "wait",
	atDone:            "done",
	atEnded:           "failed",
	atPhone:           "phone",
}

// Screens lists every screen, its moments left out.
func Screens() []string {
	list := []string{screenWelcome, screenHelp, screenDetails, "declined", "expired"}
	for _, s := range screens {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

// moments are what a script may tell of the page it runs on.
var moments = []string{
	"running", "denied", "none", "busy", "slow", "inapp", "old", "taken", "recording", "preview", "lost",
}

// mostSeen is how many bytes the script may use to say it: nearly all of them are the visit that a page holds.
const mostSeen = longestVisit + 1<<10

// screenAt gives the word for a page of a session.
func screenAt(p place, s usher.Session) string {
	if st, ok := stepOf(s, usher.StepDetails); ok && topicAt(p) != "" {
		if first := asked(s, st)[0]; topicOf(first) == p {
			return screenDetails
		}
	}
	if p != atEnded {
		return screens[p]
	}
	switch momentOf(s) {
	case usher.MomentDeclined:
		return "declined"
	case usher.MomentExpired:
		return "expired"
	default:
	}
	return screens[p]
}

// saw keeps that a screen was shown. When that cannot be kept the applicant goes on all the same.
func (t *turn) saw(screen string) {
	err := t.h.config.Service.Saw(t.ctx(), t.secret, usher.PageView{Screen: screen, Agent: t.r.UserAgent()})
	if err != nil {
		t.h.log.WarnContext(t.ctx(), "a page view was not kept", "session", t.s.ID, "error", err)
	}
}

// seen takes a moment within a page from its script: the page and the word.
func (t *turn) seen() error {
	screen, ok := screens[place(t.r.PostFormValue("page"))]
	word := t.r.PostFormValue("moment")
	if !ok || !slices.Contains(moments, word) {
		return usher.Invalid("moment", "no such moment of a page")
	}
	t.saw(screen + "." + word)
	t.w.WriteHeader(http.StatusNoContent)
	return nil
}
