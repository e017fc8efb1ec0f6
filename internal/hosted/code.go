package hosted

import (
	"errors"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// atCode is the page of a contact step: one address or number after the other is proved by a code that is sent to it.
const atCode place = "code"

// codePage asks for the code of one channel.
type codePage struct {
	progress
	Why     []usher.ReasonCode
	Channel usher.Channel
	To      string // where the code goes, with the middle left out where somebody else may look
	Sent    bool   // a code is on its way, and may be entered
	Wait    string // until when no other may be sent, or ""
	Minutes int    // that a code lasts
	Change  string // address of the page where the address can be changed, or ""
}

// channel gives the step and the channel whose turn it is.
func (t *turn) channel() (usher.StepStatus, usher.Channel) {
	st, _ := stepOf(t.s, usher.StepContact)
	def, _, _ := t.s.Flow.Step(st.ID)
	for _, c := range def.Verify {
		if _, ok := st.Proof(c); !ok {
			return st, c
		}
	}
	return st, ""
}

// codeMinutes is how long a code may be entered; the engine holds it.
const codeMinutes = 10

func (t *turn) codePage(standing usher.CodeStanding, st usher.StepStatus) codePage {
	p := codePage{
		progress: t.progress(), Why: codes(st.Redo), Channel: standing.Channel, To: reachedAt(standing, t.hides(usher.AskContact)),
		Sent: standing.Tries > 0, Minutes: codeMinutes,
	}
	if standing.NextAt.After(t.h.config.now()) && !p.Sent {
		p.Wait = t.clock(standing.NextAt)
	}
	if at, ok := t.wayBack(); ok {
		p.Change = t.url(at)
	}
	return p
}

// reachedAt gives an address as its owner knows it, or so that only they do.
func reachedAt(s usher.CodeStanding, hide bool) string {
	switch name, domain, ok := strings.Cut(s.Address, "@"); {
	case !hide && s.Channel == usher.ByPhone:
		return "+" + s.Address
	case !hide:
		return s.Address
	case ok && len(name) > 1:
		return name[:1] + "…@" + domain
	case ok:
		return "…@" + domain
	}
	return "+… " + s.Address[max(0, len(s.Address)-2):]
}

func (t *turn) showCode() error { return t.askCode(nil) }

// askCode shows the page, with what was wrong.
func (t *turn) askCode(errs web.Errors) error {
	st, c := t.channel()
	standing, err := t.h.config.Service.CodeStanding(t.ctx(), t.s.TenantID, t.s.ID, c)
	if detailOf(err) == "no_address" {
		return t.noAddress()
	}
	if err != nil {
		return err
	}
	return t.render("code", t.codePage(standing, st), errs)
}

func (t *turn) clock(at time.Time) string { return t.h.kit.Catalog().Time(t.lang(), at) }

// wayBack gives the page where the applicant says how they are reached, where it may still be seen.
func (t *turn) wayBack() (place, bool) {
	at := topicOf(usher.AskContact)
	return at, reachable(t.s, t.note, at)
}

// noAddress leads to where the applicant can say how they are reached, or to the client who should have.
func (t *turn) noAddress() error {
	if at, ok := t.wayBack(); ok {
		return t.see(at)
	}
	return t.notice(409, "code.nowhere", "link.next", "")
}

// code takes the form: a wish for a code, or a code.
func (t *turn) code() error {
	_, c := t.channel()
	if t.r.PostFormValue("do") == "send" {
		return t.sendCode(c)
	}
	s, err := t.h.config.Service.EnterCode(t.ctx(), t.s.TenantID, t.s.ID, c, t.r.PostFormValue("code"))
	switch detailOf(err) {
	case "code_wrong", "code_ended", "code_locked":
		return t.askCode(web.Errors{{Field: fieldOfCode(detailOf(err)), Key: "code." + strings.TrimPrefix(detailOf(err), "code_")}})
	}
	if err != nil {
		return err
	}
	t.s = s
	return t.goHome()
}

// fieldOfCode gives the element that a mistake is about: when the code is of no use any more that is the button for another.
func fieldOfCode(detail string) string {
	if detail == "code_wrong" {
		return "code"
	}
	return "send"
}

// sendCode sends a code in the applicant's language.
func (t *turn) sendCode(c usher.Channel) error {
	err := t.h.config.Service.SendCode(t.ctx(), t.s.TenantID, t.s.ID, c, func(code string) (subject, text string) {
		args := []any{"code", code, "client", t.visit.Tenant.Name, "minutes", codeMinutes}
		return t.text("code.mail.subject", args...), t.text("code."+string(c)+".text", args...)
	})
	switch {
	case isCode(err, usher.CodeLimited):
		standing, err := t.h.config.Service.CodeStanding(t.ctx(), t.s.TenantID, t.s.ID, c)
		if err != nil {
			return err
		}
		return t.askCode(web.Errors{{Field: "send", Key: "code.wait", Args: []any{"time", t.clock(standing.NextAt)}}})
	case detailOf(err) == "not_sent":
		t.h.log.WarnContext(t.ctx(), "a code was not sent", "session", t.s.ID, "channel", string(c), "error", errors.Unwrap(err))
		return t.askCode(web.Errors{{Field: "send", Key: "code.unsent"}})
	case detailOf(err) == "no_address":
		return t.noAddress()
	case err != nil:
		return err
	}
	return t.see(atCode)
}

// detailOf gives the finer word of an error, or "".
func detailOf(err error) string {
	var e *usher.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return ""
}
