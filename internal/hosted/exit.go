package hosted

import (
	"encoding/json"
	"html"
	"html/template"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
)

// momentOf tells what the end of a session is for the browser that comes to it, and that it has started while it goes on. A rejection says
// nothing of its own to who has sent everything: the answer is the client's to give.
func momentOf(s usher.Session) usher.Moment {
	switch s.State {
	case usher.Submitted, usher.InReview, usher.Approved:
		return usher.MomentFinished
	case usher.Rejected:
		if len(s.Asked()) == 0 {
			return usher.MomentFinished
		}
		return usher.MomentFailed
	case usher.Cancelled:
		if declined(s) {
			return usher.MomentDeclined
		}
		return usher.MomentFailed
	case usher.Expired:
		return usher.MomentExpired
	case usher.Created, usher.InProgress, usher.AwaitingApplicant:
	}
	return usher.MomentStarted
}

// declined tells whether a session ended because its applicant did not agree.
func declined(s usher.Session) bool {
	return slices.ContainsFunc(s.Reasons, func(why usher.Reason) bool { return why.Code == usher.ConsentDeclined })
}

// wayOut is the way back to the client.
type wayOut struct {
	Href   template.HTMLAttr // the whole attribute, "" where there is no way
	Auto   bool              // the page goes there by itself
	Client string
}

// ends are the moments after which the applicant has nothing more to do here.
var ends = []usher.Moment{usher.MomentFinished, usher.MomentDeclined, usher.MomentFailed}

// out gives the way out at a moment, or at none ("", for pages that are not about the session). Where the dialect has a rule, it alone says
// whether there is one; otherwise it is the session's return URL, once the session is over.
func (t *turn) out(m usher.Moment) wayOut {
	w := wayOut{Client: t.client()}
	exit := t.rules().Exit
	switch {
	case exit == nil && !wrong(m):
		w.Href = href(t.s.ReturnURL)
	case exit != nil && m != "":
		w.Href = href(exit(t.s, m))
		w.Auto = w.Href != "" && slices.Contains(ends, m)
	}
	return w
}

// wrong tells whether a moment is one at which a browser could not go on.
func wrong(m usher.Moment) bool {
	return slices.Contains([]usher.Moment{usher.MomentPermission, usher.MomentHardware, usher.MomentConnection, usher.MomentUnexpected}, m)
}

func (t *turn) rules() usher.PageRules { return t.h.config.Rules[t.s.Dialect] }

// messages gives what the framing page is told at a moment.
func (t *turn) messages(m usher.Moment) []json.RawMessage {
	tell := t.rules().Messages
	if tell == nil || len(t.origins) == 0 || m == "" {
		return nil
	}
	var list []json.RawMessage
	for _, raw := range tell(t.s, m) {
		if json.Valid(raw) {
			list = append(list, raw)
		}
	}
	return list
}

// tell lets the page that is about to be shown tell of a moment, once in each browser.
func (t *turn) tell(m usher.Moment) {
	list := t.messages(m)
	if len(list) == 0 || slices.Contains(t.note.Told, m) {
		return
	}
	t.tells = append(t.tells, list...)
	if t.secret != "" {
		t.note.Told = append(t.note.Told, m)
		t.remember()
	}
}

// problem is something that keeps a page from going on, with the way out of it.
type problem struct {
	Word  string // of its texts and of the element that shows it
	Out   wayOut
	Tells string // what the framing page is told when it is shown, as JSON
}

// problems gives those that a page with a camera can run into.
func (t *turn) problems() []problem {
	var list []problem
	for _, p := range []struct {
		word string
		m    usher.Moment
	}{
		{"denied", usher.MomentPermission},
		{"none", usher.MomentHardware},
		{"busy", usher.MomentHardware},
		{"slow", usher.MomentHardware},
		{"inapp", usher.MomentHardware},
	} {
		list = append(list, t.problem(p.word, p.m))
	}
	return list
}

// lost is the problem of a connection that failed.
func (t *turn) lost() problem {
	return t.problem("lost", usher.MomentConnection)
}

func (t *turn) problem(word string, m usher.Moment) problem {
	return problem{word, t.out(m), toJSON(t.messages(m))}
}

// layout is what the frame of every page of a session shows.
type layout struct{ t *turn }

// Help gives the address of the help page of this visit.
func (l layout) Help() string {
	switch {
	case l.t.secret != "":
		return l.t.url("help")
	case len(l.t.origins) > 0 && l.t.r.PathValue("token") != "":
		return l.t.h.kit.URL("/s/" + l.t.r.PathValue("token") + "/help")
	}
	return l.t.h.kit.URL("/help")
}

// Home gives the address that leads where the applicant belongs, or "".
func (l layout) Home() string {
	if l.t.secret == "" {
		return ""
	}
	return l.t.h.kit.URL(l.t.home())
}

// Framed tells whether the page may be in a frame, and needs the script for it.
func (l layout) Framed() bool { return l.t.mayBeFramed() }

// Origins gives the origins that messages may go to, as JSON.
func (l layout) Origins() string { return toJSON(l.t.origins) }

// Tells gives the messages of this page, as JSON.
func (l layout) Tells() string { return toJSON(l.t.tells) }

// Unexpected is the way out of an error page.
func (l layout) Unexpected() problem {
	return l.t.problem("unexpected", usher.MomentUnexpected)
}

func toJSON[T any](v []T) string {
	if v == nil {
		return "[]"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return "[]" // lists of texts always marshal; JSON that is handed through was looked at before
	}
	return string(raw)
}

// href gives the href attribute of an address that is the client's, or "". It was held against the client's list when the session began, and
// must come out exactly as it went in: html/template would rewrite some characters of it, so it is escaped here.
func href(address string) template.HTMLAttr {
	scheme, rest, ok := strings.Cut(address, ":")
	if !ok || rest == "" || slices.Contains([]string{"javascript", "data", "vbscript", "blob", "file", "about"}, strings.ToLower(strings.TrimSpace(scheme))) {
		return ""
	}
	if strings.ContainsFunc(scheme, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')
	}) {
		return ""
	}
	return template.HTMLAttr(`href="` + html.EscapeString(address) + `"`)
}
