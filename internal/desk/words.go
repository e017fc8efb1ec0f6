package desk

import (
	"context"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// words speaks one language.
type words struct {
	catalog *web.Catalog
	lang    string
}

func (w words) text(key string, args ...any) string { return w.catalog.Text(w.lang, key, args...) }

// name gives the words for an id that a check or flow made up. There may be none: what a new check says must be shown all the same.
func (w words) name(prefix, id string) string {
	if key := prefix + id; w.catalog.Has(key) {
		return w.text(key)
	}
	return strings.ReplaceAll(id, "_", " ")
}

// names gives the words for several.
func (w words) names(prefix string, ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = w.name(prefix, id)
	}
	return out
}

// span says how long something has lasted, in the largest unit that tells enough.
func (w words) span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return w.text("desk.span.now")
	case d < time.Hour:
		return w.catalog.Count(w.lang, "desk.span.minutes", int(d.Minutes()))
	case d < 2*day:
		return w.catalog.Count(w.lang, "desk.span.hours", int(d.Hours()))
	}
	return w.catalog.Count(w.lang, "desk.span.days", int(d/day))
}

// brief says how long something took that takes seconds or minutes.
func (w words) brief(d time.Duration) string {
	if d < 2*time.Minute {
		return w.text("desk.span.seconds", "n", int(d.Round(time.Second).Seconds()))
	}
	return w.span(d)
}

// reason is a ground in words.
type reason struct {
	Code  usher.ReasonCode
	Text  string
	Class usher.ReasonClass
	Check string // in words, or ""
}

func (w words) reason(r usher.Reason) reason {
	out := reason{Code: r.Code, Class: r.Class(), Text: w.name("desk.reason.", string(r.Code))}
	if r.Check != "" {
		out.Check = w.name("desk.check.", string(r.Check))
	}
	return out
}

func (w words) reasons(rs []usher.Reason) []reason {
	out := make([]reason, len(rs))
	for i, r := range rs {
		out[i] = w.reason(r)
	}
	return out
}

// people finds names of members of staff, each once per page.
type people struct {
	desk   *Desk
	tenant string
	known  map[string]string
}

func (d *Desk) people(v visit) people {
	return people{desk: d, tenant: v.tenant.ID, known: map[string]string{v.staff.ID: v.staff.Email}}
}

// member gives the name of a member of staff.
func (p people) member(ctx context.Context, id string) string {
	return p.actor(ctx, words{}, usher.Actor{Kind: usher.ByStaff, ID: id})
}

// actor says who did something.
func (p people) actor(ctx context.Context, say words, a usher.Actor) string {
	if a.Kind != usher.ByStaff {
		return say.name("desk.actor.", string(a.Kind))
	}
	if _, ok := p.known[a.ID]; !ok {
		p.known[a.ID] = a.ID
		// A member who is gone is still told apart by id.
		if s, err := p.desk.config.Member(ctx, p.tenant, a.ID); err == nil {
			p.known[a.ID] = s.Email
		}
	}
	return p.known[a.ID]
}
