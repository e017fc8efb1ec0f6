package sim_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/engine"
)

// The world outside of usher: providers of checks, the bank that opens accounts, receivers of webhooks, the store of files.

const dialect = "sim"

// renderer tells most events in one message, approvals in two, and checks that go out in none. What it writes is different for every event and
// every state, and names who it is about in words that are the same in every run.
type renderer struct{}

type body struct {
	Label    string          `json:"label"` // subject/sequence/part
	Type     usher.EventType `json:"type"`
	Event    string          `json:"event"`
	State    usher.State     `json:"state"`
	Version  int64           `json:"version"`
	Evidence int             `json:"evidence"`
}

func (renderer) Name() string { return dialect }

func (renderer) Render(v usher.View, e usher.Event) ([]usher.Message, error) {
	b := body{Type: e.Type, Event: e.ID}
	subject := v.Applicant.Reference
	if v.Session != nil {
		subject, b.State, b.Version, b.Evidence = v.Session.Reference, v.Session.State, v.Session.Version, len(v.Session.Evidence)
	}
	parts := 1
	switch e.Type {
	case usher.SessionApproved:
		parts = 2
	case usher.CheckStarted:
		parts = 0
	default:
	}
	var list []usher.Message
	for part := range parts {
		b.Label = fmt.Sprintf("%s/%d/%d", subject, e.Sequence, part)
		doc, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		list = append(list, usher.Message{Event: string(e.Type), ContentType: "application/json", Body: doc})
	}
	return list, nil
}

// blobs keeps files in memory: it outlives every node, as an S3-compatible store does.
type blobs struct {
	w   *world
	inc *incarnation
}

func (b blobs) Put(_ context.Context, _, _ string, r io.Reader) (ref, sum string, size int64, err error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return "", "", 0, err
	}
	name := b.w.count(b.inc.name + " puts " + string(raw))
	fails := b.w.strikes(b.w.plan.blobFails, name)
	if err := b.w.gate.stop(b.inc, name); err != nil {
		return "", "", 0, err
	}
	hash := sha256.Sum256(raw)
	b.w.files[name] = raw
	if fails {
		return "", "", 0, errDisk
	}
	return name, hex.EncodeToString(hash[:]), int64(len(raw)), nil
}

func (b blobs) Open(_ context.Context, ref string, offset int64) (io.ReadCloser, error) {
	raw, ok := b.w.files[ref]
	if !ok {
		return nil, errDisk
	}
	return io.NopCloser(bytes.NewReader(raw[offset:])), nil
}

func (blobs) DeleteApplicant(context.Context, string, string) error { return nil }

func (blobs) Sweep(context.Context, func(ctx context.Context, tenant, applicant, ref string) (bool, error), time.Time, string, int) (string, error) {
	return "", nil
}

func (blobs) Name() string { return "map" }

func (w *world) checkers(inc *incarnation) (list []usher.Checker) {
	for _, kind := range []usher.CheckKind{usher.CheckDocument, usher.CheckFace} {
		list = append(list, provider{w: w, inc: inc, kind: kind})
	}
	return list
}

// provider answers a check as the seed says: at once, never, late, twice, with nonsense, or not at all.
type provider struct {
	w    *world
	inc  *incarnation
	kind usher.CheckKind
}

func (p provider) Kind() usher.CheckKind { return p.kind }

// verdict is what the provider thinks of the session, whoever asks and however often: a provider that is asked twice about the same round
// says the same.
func (p provider) verdict(s usher.Session, round int) usher.CheckResult {
	r := usher.CheckResult{Kind: p.kind, Outcome: usher.Clear, Score: 1, Assurance: usher.Verified, Provider: "sim"}
	switch n := p.w.dice.of(fmt.Sprintf("verdict %s %s %d", s.Reference, p.kind, round)).IntN(10); {
	case n < 2:
		r.Outcome, r.Score, r.Reasons = usher.Consider, 0.5, []usher.Reason{{Code: usher.ManualReview, Check: p.kind}}
	case n == 2:
		r.Outcome, r.Score, r.Reasons = usher.Refuse, 0, []usher.Reason{{Code: usher.Policy, Check: p.kind}}
	}
	return r
}

func (p provider) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	w := p.w
	name := w.count(fmt.Sprintf("check %s of %s round %d", p.kind, in.Session.Reference, in.Round))
	does, roll := w.does(w.plan.checkFails, name, "errs", "hangs", "lies", "panics", "calls back", "is slow")
	if w.plan.broken == p.kind {
		does = " " + w.plan.breaks // for ever
	}
	if !in.AskedAt.IsZero() && w.plan.callsBack[p.kind] && in.Now.Sub(in.AskedAt) < time.Minute {
		does = "calls back"
	}
	if err := w.gate.stop(p.inc, p.inc.name+" "+name+does); err != nil {
		return usher.CheckResult{}, err
	}
	answer := p.verdict(in.Session, in.Round)
	switch strings.TrimSpace(does) {
	case "errs":
		return usher.CheckResult{}, errors.New("no answer")
	case "panics":
		panic("the provider's client fell over a null")
	case "lies":
		answer.Outcome, answer.Score = []usher.Outcome{"fine", usher.Clear, ""}[roll.IntN(3)], 7
	case "calls back":
		w.callBack(p, in, name, answer, roll)
		return usher.CheckResult{}, &usher.Waiting{Until: in.AskedAt.Add(time.Minute)}
	case "hangs":
		<-ctx.Done()
		if err := w.gate.stop(p.inc, p.inc.name+" "+name+" is given up"); err != nil {
			return answer, err
		}
		return usher.CheckResult{}, ctx.Err()
	case "is slow":
		time.Sleep(time.Duration(roll.IntN(40)) * time.Second) // it may not look at its deadline
		return answer, w.gate.stop(p.inc, p.inc.name+" "+name+" answers at last")
	}
	return answer, nil
}

// callBack has the provider report by itself, to whatever node, once, twice or not at all.
func (w *world) callBack(p provider, in usher.CheckInput, name string, answer usher.CheckResult, roll *rand.Rand) {
	s := in.Session
	for i := range roll.IntN(3) {
		wait := time.Duration(roll.IntN(90)) * time.Second
		w.live.Go(func() {
			time.Sleep(wait)
			a := actor{w: w, name: fmt.Sprintf("callback %d of %s", i, name)}
			a.do("reports", s, usher.Command{
				Kind: usher.CmdReport, By: usher.Actor{Kind: usher.BySystem, ID: "checks"}, Step: in.Step, Round: in.Round,
				Results: []usher.CheckResult{answer},
			})
		})
	}
}

// opener is the door to the one bank there is. It honours keys: a key has one account, however often it is asked for.
type opener struct {
	w   *world
	inc *incarnation
}

func (opener) Name() string { return "bank" }

func (o opener) Open(ctx context.Context, r usher.AccountRequest) (usher.Account, error) {
	w := o.w
	name := w.count("account of " + r.Applicant.Reference)
	does, _ := w.does(w.plan.openerFails, name, "fails before", "fails after", "hangs", "hangs after", "refuses")
	if w.plan.noBank {
		does = " fails before"
	}
	if err := w.gate.stop(o.inc, o.inc.name+" "+name+does); err != nil {
		return usher.Account{}, err
	}
	does = strings.TrimSpace(does)
	if does == "refuses" {
		return usher.Account{Status: usher.AccountError, Error: "refused"}, nil
	}
	if w.mutant.keys {
		w.fits()
		r.Key = name
	}
	if does != "fails before" && does != "hangs" {
		w.bank.open(r)
	}
	if w.dies(o.inc, "after "+name) {
		return usher.Account{}, errDead
	}
	if strings.HasPrefix(does, "hangs") {
		<-ctx.Done()
		if err := w.gate.stop(o.inc, o.inc.name+" "+name+" is given up"); err != nil {
			return usher.Account{}, err
		}
		return usher.Account{}, ctx.Err()
	}
	if strings.HasPrefix(does, "fails") {
		return usher.Account{}, errors.New("no answer from the bank")
	}
	return usher.Account{
		Status: usher.AccountConfirmed, Type: r.Type, Number: w.bank.number[r.Key], Currency: r.Tenant.Currency, Reference: r.Key,
	}, nil
}

// bank is what the bank has on its books.
type bank struct {
	number map[string]string   // by key
	people map[string][]string // session → numbers
}

func (b *bank) open(r usher.AccountRequest) {
	if b.number[r.Key] != "" {
		return
	}
	b.number[r.Key] = "ACC" + strconv.Itoa(len(b.number)+1)
	b.people[r.SessionID] = append(b.people[r.SessionID], b.number[r.Key])
}

// receiver is the far end of every endpoint.
type receiver struct {
	w   *world
	inc *incarnation
}

// receipt is what a receiver knows of one message.
type receipt struct {
	endpoint, id, label string
	bodies              []string
	at                  int // step at which it was first taken
	said                int // step at which it first said yes, or 0
	times               int // it was taken
}

func (r receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	w := r.w
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	var b body
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	endpoint := req.URL.Host
	name := w.count(endpoint + " " + b.Label)
	does, roll := w.does(w.plan.hookFails, name, "refuses", "times out", "takes and times out", "takes and is cut", "is cut", "is too busy", "is slow", "redirects")
	if err := w.gate.stop(r.inc, r.inc.name+" posts "+name+does); err != nil {
		return nil, err
	}
	does = strings.TrimSpace(does)
	answer := func(status int) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
	}
	switch does {
	case "refuses":
		return answer(http.StatusInternalServerError)
	case "redirects":
		return answer(http.StatusFound)
	case "is cut":
		return nil, io.ErrUnexpectedEOF
	case "is too busy":
		res, err := answer(http.StatusTooManyRequests)
		res.Header.Set("Retry-After", strconv.Itoa(roll.IntN(100)))
		return res, err
	case "times out":
		return r.hang(req.Context(), name)
	case "is slow":
		time.Sleep(time.Duration(roll.IntN(12)) * time.Second)
		if err := w.gate.stop(r.inc, r.inc.name+" "+name+" is read at last"); err != nil {
			return nil, err
		}
	}
	got := w.took(endpoint, req.Header.Get("webhook-id"), b.Label, string(raw))
	switch does {
	case "takes and times out":
		return r.hang(req.Context(), name)
	case "takes and is cut":
		return nil, io.ErrUnexpectedEOF
	}
	if got.said == 0 {
		got.said = w.steps
	}
	// The receiver has said yes; the process may die before it hears it.
	if w.dies(r.inc, "before hearing from "+name) {
		return nil, errDead
	}
	if err := w.gate.stop(r.inc, r.inc.name+" hears from "+name); err != nil {
		return nil, err
	}
	return answer(http.StatusOK)
}

// hang answers nothing until the sender gives up.
func (r receiver) hang(ctx context.Context, name string) (*http.Response, error) {
	<-ctx.Done()
	if err := r.w.gate.stop(r.inc, r.inc.name+" gives "+name+" up"); err != nil {
		return nil, err
	}
	return nil, ctx.Err()
}

// took is what a receiver writes down of a message.
func (w *world) took(endpoint, id, label, raw string) *receipt {
	got := w.receipts[endpoint+" "+id]
	if got == nil {
		got = &receipt{endpoint: endpoint, id: id, label: label, at: w.steps}
		w.receipts[endpoint+" "+id] = got
		w.arrived = append(w.arrived, got)
	}
	got.times++
	got.bodies = append(got.bodies, raw)
	return got
}

var _ engine.Blobs = blobs{}
