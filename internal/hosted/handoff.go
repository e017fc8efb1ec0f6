package hosted

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/barcode"
	"github.com/usher-kyc/usher/internal/web"
)

// From a computer to a phone and back. The computer's page shows a key as a code to scan, and a number; the phone asks for that number among three
// before it opens the session (so that who was merely sent the link cannot be led into somebody else's session). From then on the computer only
// follows; it goes on by itself when the phone has sent everything, or when the applicant wishes it.

// The computer's pages.
const (
	atPhone  place = "phone"
	atFollow place = "phone/follow"
)

// phonePage is the computer's page: nothing yet, a key, or why the last one is of no use.
type phonePage struct {
	URL    string // of the key, just made
	Path   string // of the code to scan, as an SVG path
	Width  int    // of that code, in modules
	Number int
	State  string // address to ask what became of the key
	Ended  string // wrong or ended: why there is none any more
	Here   string // where the button for a key leads
	Home   string // where the applicant goes on without a phone
}

func (t *turn) phonePage() phonePage {
	return phonePage{Here: t.url(atPhone), Home: t.h.kit.URL(t.home()), State: t.url(atPhone + "/state")}
}

// showPhone says what a phone is good for, and what became of the last key.
func (t *turn) showPhone() error {
	t.at = atPhone
	if t.pickLanguage() {
		return nil
	}
	if !t.collects() {
		return t.goHome()
	}
	p := t.phonePage()
	last, err := t.h.config.Service.Handoff(t.ctx(), t.secret)
	if err != nil && !isCode(err, usher.CodeNotFound) {
		return err
	}
	if err == nil && (last.State == usher.HandoffWrong || last.State == usher.HandoffEnded) {
		p.Ended = string(last.State)
	}
	return t.render("phone", p, nil)
}

// collects tells whether the applicant still has something to do.
func (t *turn) collects() bool {
	return slices.Contains([]usher.State{usher.Created, usher.InProgress, usher.AwaitingApplicant}, t.s.State)
}

// beginPhone makes a key and shows it. The page answers the form itself: a key that is stored as a hash can be shown once.
func (t *turn) beginPhone() error {
	if t.goes() {
		return t.showPhone()
	}
	t.at = atPhone
	k, err := t.h.config.Service.BeginHandoff(t.ctx(), t.secret, deviceOf(t.r.UserAgent()))
	switch {
	case isCode(err, usher.CodeConflict):
		return t.goHome()
	case isCode(err, usher.CodeLimited):
		return t.render("phone", t.phonePage(), web.Errors{{Field: "begin", Key: "phone.limited"}})
	case err != nil:
		return err
	}
	p := t.phonePage()
	p.URL, p.Number = k.URL, k.Number
	if p.Path, p.Width, err = barcode.DrawQR(k.URL); err != nil {
		return err
	}
	t.saw(screens[atPhone])
	return t.render("phone", p, nil)
}

// phoneState tells the computer's script where to go: where it is while nobody has used the key.
func (t *turn) phoneState() error {
	k, err := t.h.config.Service.Handoff(t.ctx(), t.secret)
	switch {
	case err != nil:
		return err
	case k.State == usher.HandoffOpen:
		return t.json(map[string]string{"page": t.url(atPhone)})
	}
	return t.json(map[string]string{"page": t.url(atPhone) + "?" + string(k.State)})
}

// follow is the computer's turn while the phone has the session.
func (t *turn) follow(do func(*turn) error) error {
	back := t.r.Method == http.MethodPost && t.r.PostFormValue("do") == "back"
	if back || !t.collects() {
		err := t.h.config.Service.HandBack(t.ctx(), t.secret)
		switch {
		case isCode(err, usher.CodeNotFound): // handed back by the phone, or taken by a third browser, a moment ago
		case err != nil:
			return err
		case back:
			return t.goHome()
		}
		return do(t)
	}
	switch {
	case strings.HasSuffix(t.r.URL.Path, "/state"):
		return t.json(map[string]string{"page": t.url(atFollow)})
	case strings.HasSuffix(t.r.URL.Path, "/help"):
		return do(t) // who needs help needs it here, too
	}
	t.at = atFollow
	if (t.r.Method == http.MethodGet || t.goes()) && t.pickLanguage() {
		return nil
	}
	p := t.phonePage()
	p.State = t.h.kit.URL(t.home() + "/state")
	p.Home = t.url(atFollow)
	return t.render("follow", p, nil)
}

// returned is the phone's turn when the session went back to the computer: because everything was sent, or because the applicant goes on there.
func (t *turn) returned() error {
	if t.collects() {
		return t.notice(http.StatusConflict, "handoff.back", "handoff.next", "")
	}
	return t.notice(http.StatusConflict, "handoff.returned", "handoff.returned.way", "")
}

// handoffPage is the phone's page: did you start this?
type handoffPage struct {
	Device, Time string
	Choices      []int
	Action       string
}

// showHandoff asks, without using the key.
func (h *Hosted) showHandoff(w http.ResponseWriter, r *http.Request) error {
	t, k, err := h.lookHandoff(w, r)
	if err != nil || t == nil {
		return err
	}
	if h.kit.PickLanguage(w, r) {
		return nil
	}
	return t.display(web.Page{Name: "handoff", Data: handoffPage{
		Device: k.Device, Time: h.kit.Catalog().Time(t.lang(), k.CreatedAt), Choices: k.Choices, Action: r.URL.Path,
	}})
}

// lookHandoff gives the turn of a phone, or nil when it was told that its key is of no use.
func (h *Hosted) lookHandoff(w http.ResponseWriter, r *http.Request) (*turn, usher.Handoff, error) {
	v, k, err := h.config.Service.LookHandoff(r.Context(), r.PathValue("token"))
	t := &turn{h: h, w: w, r: r, visit: v, s: v.Session}
	if v.Session.ID != "" {
		h.kit.SetLayout(r, layout{t}) // in the client's look; never in a frame
	}
	if isCode(err, usher.CodeGone) && v.Session.ID != "" {
		return nil, k, t.handoffOver(detailOf(err))
	}
	return t, k, err
}

// handoffOver says why a key is of no use.
func (t *turn) handoffOver(detail string) error {
	key := "handoff.ended"
	if detail == "handoff_wrong" {
		key = "handoff.wrong"
	}
	return t.notice(http.StatusGone, key, "handoff.next", "")
}

// takeHandoff takes the answer.
func (h *Hosted) takeHandoff(w http.ResponseWriter, r *http.Request) error {
	t, _, err := h.lookHandoff(w, r)
	if err != nil || t == nil {
		return err
	}
	if r.PostFormValue("do") == "no" {
		if err := h.config.Service.RefuseHandoff(r.Context(), r.PathValue("token")); err != nil {
			return err
		}
		return t.notice(http.StatusOK, "handoff.refused", "handoff.refused.way", "")
	}
	number, err := strconv.Atoi(r.PostFormValue("number"))
	if err != nil {
		return usher.Invalid("number", "choose one of the numbers")
	}
	v, err := h.config.Service.TakeHandoff(r.Context(), r.PathValue("token"), number)
	switch {
	case isCode(err, usher.CodeForbidden, usher.CodeGone):
		return t.handoffOver(detailOf(err))
	case err != nil:
		return err
	}
	t.visit, t.s, t.secret, t.keep = v, v.Session, v.Token, byCookie
	t.keepCookie(visitCookie(v.Session.ID), v.Token)
	t.remember()
	t.saw(screenWelcome)
	return t.goHome()
}

// deviceOf gives the browser and system of a User-Agent header in two words, or "" where it names none that we know: enough for somebody to know
// their own computer, and nothing that tells it from a million others.
func deviceOf(agent string) string {
	first := func(pairs [][2]string) string {
		for _, p := range pairs {
			if strings.Contains(agent, p[0]) {
				return p[1]
			}
		}
		return ""
	}
	browser := first([][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}})
	system := first([][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	})
	if browser == "" || system == "" {
		return browser + system
	}
	return browser + ", " + system
}

// onPhone tells whether a page is seen on a phone or tablet, as far as its browser says; where it says nothing, a phone is offered.
func onPhone(r *http.Request) bool {
	if hint := r.Header.Get("Sec-CH-UA-Mobile"); hint != "" {
		return hint == "?1"
	}
	agent := r.UserAgent()
	return strings.Contains(agent, "Mobi") || strings.Contains(agent, "Android") || strings.Contains(agent, "iPad")
}
