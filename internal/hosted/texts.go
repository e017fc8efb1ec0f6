package hosted

import "github.com/usher-kyc/usher"

// Reason gives the words for a reason in the language of the page: the client's own where it has some, else ours.
func (l layout) Reason(code usher.ReasonCode) string {
	t := l.t
	for _, own := range t.texts() {
		if own.Reason == code && own.Language == t.lang() {
			return own.Text
		}
	}
	return t.text("reason." + string(code))
}

// texts reads what the client says of reasons, once a page; when that cannot be read, the pages say what we do.
func (t *turn) texts() []usher.ReasonText {
	if t.says != nil || t.h.config.Texts == nil {
		return t.says
	}
	list, err := t.h.config.Texts(t.ctx(), t.visit.Tenant.ID)
	if err != nil {
		t.h.log.WarnContext(t.ctx(), "a client's texts could not be read", "tenant", t.visit.Tenant.ID, "error", err)
	}
	t.says = append([]usher.ReasonText{}, list...)
	return t.says
}
