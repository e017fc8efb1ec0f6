package celcoin

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usher-kyc/usher"
)

// replayWindow is how long after an event it can be looked up and sent again.
const replayWindow = 7 * 24 * time.Hour

// sent is a message that a subscription was to be sent, with its newest delivery.
type sent struct {
	usher.Delivery
	happened time.Time // the event; sending it again is later
	arrived  bool      // one of its deliveries did
}

// happenedAt gives the time of the event behind a delivery: it is the first part of the event's id (RFC 9562, section 5.7).
func happenedAt(d usher.Delivery) time.Time {
	id, err := uuid.Parse(d.EventID)
	if err != nil || id.Version() != 7 {
		return d.CreatedAt
	}
	return time.Unix(id.Time().UnixTime())
}

// events gives the messages of a subscription that a request asks for, oldest first. Sending one again makes a delivery of its own: an event is
// counted once.
func (d *dialect) events(r request, body replayFilter) ([]sent, error) {
	entity := r.PathValue("entity")
	if !slices.Contains(entityNames(), entity) {
		return nil, refusal("CBE208")
	}
	in, err := r.q.period("CBE225", "CBE225")
	if err != nil {
		return nil, err
	}
	if earliest := d.Now().Add(-replayWindow); in.from.Before(earliest) {
		in.from = earliest
	}
	wanted, err := d.wantedSessions(r, body)
	if err != nil {
		return nil, err
	}
	var list []sent
	place := map[string]int{} // of an event
	f := usher.DeliveryFilter{Paging: usher.Paging{Limit: mostPerPage, Oldest: true}, Name: entity, From: in.from}
	for {
		page, err := d.Service.ListDeliveries(r.Context(), r.tenant(), f)
		if err != nil {
			return nil, err
		}
		for _, one := range page.Items {
			id, happened := r.q["webhookid"], happenedAt(one)
			if happened.Before(in.from) || !happened.Before(in.to) {
				continue
			}
			if (wanted != nil && !wanted[one.SessionID]) || (id != "" && !strings.EqualFold(id, webhookID(one.EventID, one.SessionID, entity))) {
				continue
			}
			i, ok := place[one.EventID]
			if !ok {
				i = len(list)
				place[one.EventID] = i
				list = append(list, sent{})
			}
			list[i] = sent{Delivery: one, happened: happened, arrived: list[i].arrived || one.Status == usher.DeliveryDelivered}
		}
		if page.Next == "" {
			break
		}
		f.After = page.Next
	}
	if r.onlyPending() {
		list = slices.DeleteFunc(list, func(m sent) bool { return m.arrived })
	}
	return list, nil
}

func (r request) onlyPending() bool { return strings.EqualFold(r.q["onlypending"], "true") }

// wantedSessions gives the proposals that a request narrows its events to, by what it says in the address or in the body; nil does not narrow.
func (d *dialect) wantedSessions(r request, body replayFilter) (map[string]bool, error) {
	say := func(inBody, name string) string {
		if inBody != "" {
			return inBody
		}
		return r.q[name]
	}
	var wanted map[string]bool
	narrow := func(ids ...string) {
		had := wanted
		wanted = map[string]bool{}
		for _, id := range ids {
			wanted[id] = had == nil || had[id]
		}
	}
	if id := say(body.Filter.ID, "id"); id != "" {
		narrow(strings.ToLower(id))
	}
	if code := say(body.Filter.ClientRequestID, "clientrequestid"); code != "" {
		s, err := d.Service.SessionByKey(r.Context(), r.tenant(), Name, code)
		if err != nil && !isAbsent(err) {
			return nil, err
		}
		narrow(s.ID)
	}
	if document := say(body.Filter.DocumentNumber, "documentnumber"); document != "" {
		var ids []string
		err := d.each(r, usher.SessionFilter{}, document, func(s usher.Session) error {
			ids = append(ids, s.ID)
			return nil
		})
		if err != nil {
			return nil, err
		}
		narrow(ids...)
	}
	if number := say(body.Filter.Account, "account"); number != "" {
		a, err := d.Service.AccountByNumber(r.Context(), r.tenant(), number)
		if err != nil && !isAbsent(err) {
			return nil, err
		}
		narrow(a.SessionID)
	}
	return wanted, nil
}

func (d *dialect) count(r request) (replayCount, error) {
	list, err := d.events(r, replayFilter{})
	return replayCount{
		OnlyPending: r.onlyPending(), Entity: r.PathValue("entity"), DateFrom: r.q["datefrom"], DateTo: r.q["dateto"], TotalItems: len(list),
	}, err
}

func (d *dialect) countEvents(r request) (any, error) { return d.count(r) }

// countEventsTwice says the number outside of the body as well: that is where the client that asks here reads it.
func (d *dialect) countEventsTwice(r request) (any, error) {
	c, err := d.count(r)
	return envelope{Status: success, Body: c, TotalItems: &c.TotalItems}, err
}

func (d *dialect) readEvents(r request) (any, error) {
	p, err := r.q.pages()
	if err != nil {
		return nil, refusal("CBE225")
	}
	list, err := d.events(r, replayFilter{})
	if err != nil {
		return nil, err
	}
	shown := cut(list, p)
	if len(shown) == 0 {
		return nil, refusal("CBE238")
	}
	said := replayDetails{pages: p.of(len(list)), WebhookDetails: make([]replayDetail, len(shown))}
	for i, m := range shown {
		whole, tries, err := d.Service.Delivery(r.Context(), r.tenant(), m.ID)
		if err != nil {
			return nil, err
		}
		detail := replayDetail{
			WebhookID: webhookID(m.EventID, m.SessionID, m.Message.Event), Entity: m.Message.Event, CreateDate: timestamp(m.happened),
			IsPending: !m.arrived, Request: string(whole.Message.Body),
		}
		var written message
		if json.Unmarshal(whole.Message.Body, &written) == nil { // of an erased applicant nothing is left
			detail.Status = written.Status
		}
		if len(tries) > 0 {
			at := timestamp(tries[len(tries)-1].At)
			detail.SentDate, detail.HTTPStatus = &at, tries[len(tries)-1].Status
		}
		said.WebhookDetails[i] = detail
	}
	return said, nil
}

// sendAgain queues events once more, byte for byte.
func (d *dialect) sendAgain(r request) (any, error) {
	var body replayFilter
	if err := r.readOptional(&body); err != nil {
		return nil, err
	}
	list, err := d.events(r, body)
	if err != nil {
		return nil, err
	}
	said := replayQueued{Entity: r.PathValue("entity"), DateFrom: r.q["datefrom"], DateTo: r.q["dateto"]}
	for _, m := range list {
		_, err := d.Service.Resend(r.Context(), r.tenant(), m.ID)
		if hasCode(err, usher.CodeGone) {
			continue // the applicant was erased since, or the subscription it was written for removed
		}
		if err != nil {
			return nil, err
		}
		said.TotalItems++
	}
	return said, nil
}
