package usher

import (
	"context"
	"slices"
	"time"
)

// Channel is a way to reach a person.
type Channel string

// The channels.
const (
	ByEmail Channel = "email"
	ByPhone Channel = "phone"
)

// Channels lists them all.
func Channels() []Channel { return []Channel{ByEmail, ByPhone} }

// Reach gives what a person is reached at over a channel, or "" when it is not known.
func (d Details) Reach(c Channel) string {
	switch c {
	case ByEmail:
		return d.Email
	case ByPhone:
		return d.Phone
	}
	return ""
}

// ContactProof says that a one-time code, sent to an address or number, was entered by the applicant.
type ContactProof struct {
	Redacted
	Channel   Channel   `json:"channel"`
	Address   string    `json:"address"` // what the code was sent to
	At        time.Time `json:"at"`
	Simulated bool      `json:"simulated,omitempty"` // a sandbox made it up
}

// Proof gives the proof of a channel.
func (st StepStatus) Proof(c Channel) (ContactProof, bool) {
	p, _, ok := find(st.Proved, func(p ContactProof) bool { return p.Channel == c })
	return p, ok
}

// proveContact takes what a code proved. The engine has compared the code; the last channel that the step asks for completes it.
func (d *decider) proveContact() error {
	st, err := d.asked()
	if err != nil {
		return err
	}
	def, _, _ := d.s.Flow.Step(st.ID)
	p := d.c.Contact
	switch {
	case st.Kind != StepContact || p == nil || p.Address == "":
		return Invalid("step", "name a contact step, and what was proved")
	case !slices.Contains(def.Verify, p.Channel):
		return Invalid("channel", "this flow does not ask for a code over that channel")
	case p.Simulated && d.s.Mode != Sandbox:
		return &Error{Code: CodeForbidden, Message: "only sandbox tenants may simulate a code"}
	}
	if had, ok := st.Proof(p.Channel); ok && had.Address == p.Address {
		return nil
	}
	told := *p
	told.At = d.now
	d.emit(ContactVerified, EventData{Step: st.ID, Contact: &told})
	if st, _ = d.s.Step(st.ID); st.unproved(def) == "" {
		return d.complete(st)
	}
	return nil
}

// pretendCodes proves what a step asks for where a simulation submits, and nothing otherwise.
func (d *decider) pretendCodes(st StepStatus) error {
	def, _, _ := d.s.Flow.Step(st.ID)
	switch {
	case st.Kind != StepContact || d.c.Contact == nil:
		return nil
	case d.s.Mode != Sandbox || !d.c.Contact.Simulated:
		return &Error{Code: CodeForbidden, Message: "only sandbox tenants may simulate a code"}
	}
	for c := st.unproved(def); c != ""; c = st.unproved(def) {
		d.emit(ContactVerified, EventData{Step: st.ID, Contact: &ContactProof{Channel: c, Address: d.c.Contact.Address, At: d.now, Simulated: true}})
		st, _ = d.s.Step(st.ID)
	}
	return nil
}

// unproved gives the first channel that the step asks for and that nobody has proved, or "".
func (st StepStatus) unproved(def Step) Channel {
	for _, c := range def.Verify {
		if _, ok := st.Proof(c); !ok {
			return c
		}
	}
	return ""
}

// withProof gives the step with one proof more, in place of an earlier one of the same channel.
func (st StepStatus) withProof(p ContactProof) StepStatus {
	st.Proved = append(slices.DeleteFunc(slices.Clone(st.Proved), func(had ContactProof) bool { return had.Channel == p.Channel }), p)
	return st
}

// provedBehind picks, of what the details at a step changed, the addresses that a code of a later step has proved.
func (s Session) provedBehind(step string, changed []string) []string {
	var fields []string
	_, place, _ := find(s.Steps, func(st StepStatus) bool { return st.ID == step })
	for _, st := range s.Steps[place+1:] {
		for _, p := range st.Proved {
			if slices.Contains(changed, string(p.Channel)) {
				fields = append(fields, string(p.Channel))
			}
		}
	}
	return fields
}

// unprove takes back what codes of the steps behind a place have proved of addresses that changed, and asks those steps again.
func (s *Session) unprove(place int, changed []string) {
	for i := range s.Steps[place+1:] {
		st := &s.Steps[place+1+i]
		kept := slices.DeleteFunc(slices.Clone(st.Proved), func(p ContactProof) bool { return slices.Contains(changed, string(p.Channel)) })
		if len(kept) < len(st.Proved) {
			st.Proved, st.State, st.DoneAt = kept, StepOpen, time.Time{}
		}
	}
}

// contact checks a step that asks for codes.
func (c *flowCheck) contact(i int, s Step) {
	for j, ch := range s.Verify {
		known := slices.Contains(Channels(), ch)
		c.must(known, i, "verify email or phone", "unknown channel %q", ch)
		c.must(!known || slices.Contains(c.known.Channels, ch), i, "set up a sender for it, or leave it out", "this server has nothing that sends codes by %s", ch)
		c.must(!slices.Contains(s.Verify[:j], ch), i, "name it once", "channel %q is listed twice", ch)
	}
}

// CodeMessage is a one-time code on its way to a person.
type CodeMessage struct {
	Redacted
	ID       string // of this message; a sender may use it to send once
	TenantID string
	Channel  Channel
	To       string // e-mail address, or digits of a phone number with its country code
	Subject  string // of an e-mail
	Text     string // plain
}

// CodeSender brings messages to people. An error means that it was not sent, and says nothing of whom it was for.
type CodeSender interface {
	Send(ctx context.Context, m CodeMessage) error
}

// CodeStanding is how far the proof of one channel is.
type CodeStanding struct {
	Redacted
	Channel Channel
	Address string    // where a code goes
	SentAt  time.Time // of the code that counts now, or zero
	EndsAt  time.Time // when it ends
	NextAt  time.Time // when another may be sent
	Tries   int       // how many entries it still stands
}

// Contacts prove that applicants can be reached. Their limits are kept in the database, so that neither a restart nor another node gives more.
type Contacts interface {
	// CodeStanding tells where the proof of a channel stands.
	CodeStanding(ctx context.Context, tenant, session string, c Channel) (CodeStanding, error)
	// SendCode draws a code and sends it; words gives the message for it. CodeLimited while another may not be sent yet (the standing says when),
	// and CodeInternal with Detail "not_sent" when the sender took none.
	SendCode(ctx context.Context, tenant, session string, c Channel, words func(code string) (subject, text string)) error
	// EnterCode compares what was typed with the code that was sent. CodeInvalid, with Detail "code_wrong", "code_ended" or "code_locked", when it is
	// not that code.
	EnterCode(ctx context.Context, tenant, session string, c Channel, code string) (Session, error)
}
