package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// Nodes runs what several nodes do to one database at the same time. open gives the stores of two nodes on an empty one; a database for one process alone
// gives the same store twice.
func Nodes(t *testing.T, open func(t *testing.T) (one, other *store.Store)) {
	t.Helper()
	for name, test := range map[string]func(*nodes){
		"of two changes of a version one is written":        raceVersions,
		"what fits in part is not written at all":           raceParts,
		"every count is given once":                         raceCounts,
		"a key is one caller's":                             raceKeys,
		"a name is one session's":                           raceNames,
		"a code has so many tries":                          raceTries,
		"a decision is held once and ended once":            raceHeld,
		"nobody is dealt more than they may have":           raceDealing,
		"hits are judged from what there is":                raceJudgements,
		"a session has one browser":                         raceBrowsers,
		"what is written beside erasing is erased":          raceErasing,
		"deliveries keep their order and none is left over": raceDeliveries,
		"the trail is one chain":                            raceTrail,
		"a late report does not free what another has":      lateForOther,
		"a master key is dropped or begun with":             raceRings,
		"what is exchanged while a sign-in ends, ends":      raceLogin,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, other := open(t)
			test(&nodes{house: newHouse(t, Database{Store: one}), both: [2]*store.Store{one, other}})
		})
	}
}

// nodes is a house that two nodes serve.
type nodes struct {
	*house
	both [2]*store.Store
}

// crowded has so many callers do something at once, on one node and the other in turn, and gives how many did without an error; other errors than want
// fail the test.
func (n *nodes) crowded(callers int, want error, do func(s *store.Store, i int) error) (done int) {
	n.Helper()
	for i, err := range atOnce(callers, func(i int) error { return do(n.both[i%2], i) }) {
		switch {
		case err == nil:
			done++
		case want == nil || !errors.Is(err, want):
			n.Fatalf("caller %d: %v", i, err)
		}
	}
	return done
}

// lateForOther has a node report a try of which its lease has ended, when the other has the delivery in hand.
func lateForOther(n *nodes) {
	if n.both[0] == n.both[1] {
		return // nobody else could have it
	}
	_, s := n.person(ours)
	d := n.delivery("endpoint", s)
	n.must(n.AddDelivery(ctx(), d))
	late := n.report(n.claim(1)[0], usher.DeliveryPending)
	now := n.now.Add(time.Hour)
	take := func() int {
		list, err := n.both[1].ClaimDeliveries(ctx(), usher.DeliveryClaim{Now: now, Lease: time.Minute, Limit: 10})
		n.must(err)
		return len(list)
	}
	same(n.house, "claimed when the lease has ended", take(), 1)
	n.must(n.both[0].SettleDeliveries(ctx(), []usher.DeliveryReport{late}))
	same(n.house, "claimed once more", take(), 0)
	n.must(n.both[0].ReleaseDeliveries(ctx(), n.now, []string{d.ID}))
	same(n.house, "claimed when the first gives it back", take(), 0)
	n.must(n.both[1].ReleaseDeliveries(ctx(), n.now, []string{d.ID}))
	same(n.house, "claimed when who has it gives it back", take(), 1)
}

func raceVersions(n *nodes) {
	_, s := n.person(ours)
	for version := int64(1); version < 4; version++ {
		done := n.crowded(crowd, store.ErrConflict, func(on *store.Store, i int) error {
			row := s
			row.Was, row.Version = version, version+1
			return on.Commit(ctx(), store.Change{Session: &row, Events: []store.EventRow{{
				ID: fmt.Sprintf("e%d-%d", version, i), TenantID: ours, ApplicantID: s.ApplicantID, SessionID: s.ID, Dialect: "native",
				Purpose: s.Purpose, Type: usher.EvidenceReceived, Sequence: version + 1, At: n.now,
			}}})
		})
		same(n.house, "changes written", done, 1)
	}
	same(n.house, "version", n.stored(s).Version, 4)
	same(n.house, "events", len(n.events(s)), 4)
}

func raceParts(n *nodes) {
	a, s := n.person(ours)
	fresh := make([]store.SessionRow, crowd)
	for i := range fresh {
		_, fresh[i] = n.person(ours)
	}
	done := n.crowded(crowd, store.ErrConflict, func(on *store.Store, i int) error {
		if i%2 == 0 { // whole, and in the same batch as what does not fit
			row := next(fresh[i])
			return on.Commit(ctx(), store.Change{Session: &row})
		}
		applicant, session := a, s
		applicant.Was, applicant.Version = 1, 2
		session.Was, session.Version = 7, 8
		return on.Commit(ctx(), store.Change{Applicant: &applicant, Session: &session, Jobs: []store.Job{{Kind: "k", Object: s.ID}}})
	})
	same(n.house, "changes written", done, crowd/2)
	got, err := n.Applicant(ctx(), ours, a.ID)
	n.must(err)
	same(n.house, "version of the applicant", got.Version, 1)
}

func raceCounts(n *nodes) {
	var mu sync.Mutex
	given := map[int64]bool{}
	n.crowded(crowd, nil, func(on *store.Store, _ int) error {
		for _, name := range []string{"a", "b"} { // two that everybody takes
			count, _, err := on.Count(ctx(), name, n.now, time.Hour)
			if err != nil {
				return err
			}
			mu.Lock()
			if name == "a" {
				given[count] = true
			}
			mu.Unlock()
		}
		return nil
	})
	same(n.house, "different counts", len(given), crowd)
}

func raceKeys(n *nodes) {
	var holders atomic.Int64
	n.crowded(crowd, nil, func(on *store.Store, _ int) error {
		_, mine, err := on.BeginOnce(ctx(), store.OnceRow{Tenant: ours, Client: "c", Key: "k", Fingerprint: []byte("f"), StartedAt: n.now}, n.now.Add(-time.Minute))
		if mine {
			holders.Add(1)
		}
		return err
	})
	same(n.house, "holders", holders.Load(), 1)
	_, s := n.person(ours)
	done := n.crowded(crowd, store.ErrConflict, func(on *store.Store, i int) error {
		row := n.another(s, i)
		return on.Commit(ctx(), store.Change{Session: &row, Once: &store.Once{Tenant: ours, Client: "c", Key: "k", Made: "session", ID: row.ID}})
	})
	same(n.house, "effects", done, 1)
}

// another is a new session like one.
func (n *nodes) another(s store.SessionRow, i int) store.SessionRow {
	s.ID, s.Was, s.Version = fmt.Sprintf("another-%03d", i), 0, 1
	return s
}

func raceLogin(n *nodes) {
	const rounds = 40
	old, fresh := func(i int) string { return fmt.Sprint("old-", i) }, func(i int) string { return fmt.Sprint("new-", i) }
	login := func(hash, login string) store.TokenRow {
		r := n.token(hash, "refresh")
		r.Login = login
		return r
	}
	for i := range rounds {
		name := fmt.Sprint("login-", i)
		n.must(n.AddTokens(ctx(), []store.TokenRow{login(old(i), name)}, nil, n.now))
		errs := atOnce(2, func(caller int) error {
			if caller == 0 {
				return n.both[0].AddTokens(ctx(), []store.TokenRow{login(fresh(i), name)}, []byte(old(i)), n.now)
			}
			return n.both[1].RevokeLogin(ctx(), name)
		})
		if errs[1] != nil || (errs[0] != nil && !errors.Is(errs[0], store.ErrConflict)) {
			n.Fatal(errs)
		}
		_, err := n.Token(ctx(), []byte(fresh(i)))
		n.wants(err, store.ErrNotFound)
	}
}

func raceNames(n *nodes) {
	_, s := n.person(ours)
	done := n.crowded(crowd, store.ErrConflict, func(on *store.Store, i int) error {
		row := n.another(s, i)
		return on.Commit(ctx(), store.Change{Session: &row, Key: &store.KeyRow{Hash: []byte("name"), TenantID: ours, SessionID: row.ID}})
	})
	same(n.house, "sessions with the name", done, 1)
	kept := 0
	for i := range crowd {
		if _, err := n.Session(ctx(), ours, n.another(s, i).ID); err == nil {
			kept++
		}
	}
	same(n.house, "sessions written", kept, 1)
}

func raceTries(n *nodes) {
	n.must(n.PutCode(ctx(), n.code("one")))
	done := n.crowded(crowd, store.ErrNotFound, func(on *store.Store, _ int) error {
		_, err := on.TryCode(ctx(), ours, "session", usher.ByEmail, n.now)
		return err
	})
	same(n.house, "tries", done, 2)
}

func raceHeld(n *nodes) {
	_, s := n.person(ours)
	held := func(i int) *store.HeldRow {
		return &store.HeldRow{
			ID: fmt.Sprint("held-", i), SessionID: s.ID, TenantID: ours, ApplicantID: s.ApplicantID, StaffID: "vera", Doc: []byte("command"), DueAt: n.now,
		}
	}
	done := n.crowded(crowd, store.ErrConflict, func(on *store.Store, i int) error { return on.Commit(ctx(), store.Change{Hold: held(i)}) })
	same(n.house, "held", done, 1)
	row, err := n.Held(ctx(), ours, s.ID)
	n.must(err)
	done = n.crowded(crowd, store.ErrConflict, func(on *store.Store, i int) error {
		changed := next(s)
		return on.Commit(ctx(), store.Change{Settle: row.ID, Session: &changed})
	})
	same(n.house, "ended", done, 1)
}

func raceDealing(n *nodes) {
	const most = 3
	for _, name := range []string{"vera", "nils", "olga"} {
		n.must(n.AddStaff(ctx(), store.StaffRow{ID: name, TenantID: ours, Email: name + "@example.test", Role: usher.RoleReviewer, CreatedAt: n.now}))
	}
	sessions := make([]store.SessionRow, 2*crowd)
	for i := range sessions {
		_, sessions[i] = n.person(ours)
	}
	var entries atomic.Int64
	entry := func() string { return fmt.Sprint("entry-", entries.Add(1)) }
	n.crowded(len(sessions), nil, func(on *store.Store, i int) error {
		s := next(sessions[i])
		s.State = usher.InReview
		if err := on.Commit(ctx(), store.Change{Session: &s, Case: &store.CaseState{
			SessionID: s.ID, TenantID: ours, ApplicantID: s.ApplicantID, State: s.State, Flow: s.Flow, Now: n.now, DueAt: n.now, Most: most, Entry: entry(),
		}}); err != nil {
			return err
		}
		_, err := on.DealCases(ctx(), n.now, 10, entry)
		return err
	})
	_, err := n.DealCases(ctx(), n.now, 100, entry)
	n.must(err)
	has := map[string]int{}
	rows, err := n.ListCases(ctx(), ours, usher.CaseFilter{Limit: 4 * crowd}, nil)
	n.must(err)
	for _, r := range rows {
		has[r.Case.Assignee]++
	}
	same(n.house, "cases of each", has, map[string]int{"": len(sessions) - 3*most, "vera": most, "nils": most, "olga": most})
}

func raceJudgements(n *nodes) {
	a, _ := n.screened(ours, "one")
	done := n.crowded(crowd, store.ErrConflict, func(on *store.Store, i int) error {
		return on.KeepJudgement(ctx(), store.JudgementRow{TenantID: ours, ApplicantID: a.ID, Doc: []byte("why"), At: n.now},
			usher.AuditRecord{ID: fmt.Sprint("judged-", i), TenantID: ours, At: n.now, Action: "hit.cleared", Object: a.ID}, store.Counted{Open: 1, Screening: "one"})
	})
	same(n.house, "judgements", done, 1)
}

func raceBrowsers(n *nodes) {
	_, s := n.person(ours)
	hash := func(i int) []byte { return fmt.Append(nil, "browser ", i) }
	n.crowded(crowd, nil, func(on *store.Store, i int) error {
		_, err := on.AddVisit(ctx(), store.VisitRow{Hash: hash(i), TenantID: ours, SessionID: s.ID, CreatedAt: n.now})
		return err
	})
	inForce := 0
	for i := range crowd {
		v, err := n.Visit(ctx(), hash(i))
		n.must(err)
		if !v.Replaced {
			inForce++
		}
	}
	same(n.house, "browsers in force", inForce, 1)
}

func raceErasing(n *nodes) {
	a, s := n.person(ours)
	n.crowded(crowd, nil, func(on *store.Store, i int) error {
		if i == crowd/2 {
			erased := a
			erased.Was, erased.Version, erased.Erased, erased.Doc = 1, 2, true, nil
			return on.Commit(ctx(), store.Change{Applicant: &erased, Erase: a.ID})
		}
		word := fmt.Append(nil, "word ", i)
		return errors.Join(
			on.Commit(ctx(), store.Change{Words: &store.WordsRow{TenantID: ours, ApplicantID: a.ID, Words: [][]byte{word}}}),
			on.KeepTraits(ctx(), []store.TraitRow{{TenantID: ours, ApplicantID: a.ID, SessionID: s.ID, Evidence: fmt.Sprint(i), Hash: word, At: n.now}}),
			on.AddPageView(ctx(), store.PageViewRow{TenantID: ours, ApplicantID: a.ID, SessionID: s.ID, Doc: word, At: n.now, Screen: "name"}, 1000))
	})
	for i := range crowd {
		word := fmt.Append(nil, "word ", i)
		found, err := n.SessionsByWord(ctx(), ours, [][]byte{word}, 10)
		n.must(err)
		traits, err := n.SameTrait(ctx(), ours, "somebody else", word, 10)
		n.must(err)
		same(n.house, "found after erasing", len(found)+len(traits), 0)
	}
	views, err := n.PageViews(ctx(), ours, s.ID)
	n.must(err)
	same(n.house, "screens after erasing", len(views), 0)
}

// raceDeliveries has both nodes queue and send at once: a lane's deliveries must be claimed in its order, one at a time, and all of them.
func raceDeliveries(n *nodes) {
	const lanes, length = 6, 12
	sessions := make([]store.SessionRow, lanes)
	for i := range sessions {
		_, sessions[i] = n.person(ours)
	}
	var mu sync.Mutex
	sent := make([][]string, lanes) // by lane
	left := lanes * length
	stop, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	send := func(on *store.Store) error {
		for stop.Err() == nil {
			claimed, err := on.ClaimDeliveries(ctx(), usher.DeliveryClaim{Now: n.now, Lease: time.Hour, Limit: 4})
			if err != nil {
				return err
			}
			var reports []usher.DeliveryReport
			mu.Lock()
			for _, d := range claimed {
				lane := slices.IndexFunc(sessions, func(s store.SessionRow) bool { return s.ID == d.SessionID })
				sent[lane] = append(sent[lane], d.ID)
				left--
				reports = append(reports, usher.DeliveryReport{
					Delivery: d.Delivery, Status: usher.DeliveryDelivered, Attempt: usher.DeliveryAttempt{Number: 1, At: n.now, Status: 200},
				})
			}
			over := left <= 0
			mu.Unlock()
			if err := on.SettleDeliveries(ctx(), reports); err != nil || over {
				return err
			}
			if len(claimed) == 0 {
				time.Sleep(time.Millisecond) // there is nothing to wait for but the other callers
			}
		}
		return stop.Err()
	}
	n.crowded(lanes+4, nil, func(on *store.Store, i int) error {
		if i >= lanes {
			return send(on)
		}
		row := sessions[i]
		for k := range length {
			row = next(row)
			d := usher.Delivery{
				ID: fmt.Sprintf("d%d-%02d", i, k), TenantID: ours, EndpointID: "endpoint", ApplicantID: row.ApplicantID, SessionID: row.ID,
				EventID: fmt.Sprintf("e%d-%02d", i, k), EventType: usher.EvidenceReceived, Status: usher.DeliveryPending, DueAt: n.now, CreatedAt: n.now,
			}
			if err := n.both[k%2].Commit(ctx(), store.Change{Session: &row, Deliveries: []store.DeliveryRow{{Delivery: d}}}); err != nil {
				return err
			}
		}
		return nil
	})
	for i, ids := range sent {
		if !slices.IsSorted(ids) || len(ids) != length {
			n.Errorf("lane %d was sent as %s", i, strings.Join(ids, " "))
		}
	}
}

func raceTrail(n *nodes) {
	n.crowded(crowd, nil, func(on *store.Store, i int) error {
		var both []usher.AuditRecord
		for k, tenant := range []string{ours, theirs} {
			both = append(both, usher.AuditRecord{ID: fmt.Sprintf("r%d-%d", i, k), TenantID: tenant, At: n.now, Action: "made", Object: "o"})
		}
		if i%2 == 0 {
			slices.Reverse(both)
		}
		return on.AddAudit(ctx(), both...)
	})
	for _, tenant := range []string{ours, theirs} {
		var last usher.AuditHash
		places := int64(0)
		for r, err := range n.AuditTrail(ctx(), tenant, 1) {
			n.must(err)
			places++
			want, _ := r.Link(last, nil)
			if r.Seq != places || r.Hash != want {
				n.Fatalf("entry %d of the trail is not behind the one before it", places)
			}
			last = r.Hash
		}
		same(n.house, "entries", places, crowd)
	}
}
