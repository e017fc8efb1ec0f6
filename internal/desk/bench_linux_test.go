package desk_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// BenchmarkQueue measures the server time of a page of the queue beside DESK_CASES cases (100,000 where it is not said), whose documents are
// sealed with keys of their own like real ones. It tells the middle and the 99th percentile in ms of every kind of page, by the clock and by
// what the processor did for it, which another program on the machine does not change. A key that is not cached is read and unwrapped, as it
// is for a reviewer who comes in the morning.
func BenchmarkQueue(b *testing.B) {
	cases := 100_000
	if n, err := strconv.Atoi(os.Getenv("DESK_CASES")); err == nil {
		cases = n
	}
	f := open(b)
	vera := f.member("vera", usher.RoleReviewer)
	f.fill(cases, vera.ID)
	visitor := f.plain("vera")
	var mu sync.Mutex
	var took, worked []time.Duration
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		began, busy := time.Now(), processor()
		f.desk.ServeHTTP(w, r)
		mu.Lock()
		defer mu.Unlock()
		took, worked = append(took, time.Since(began)), append(worked, processor()-busy)
	}))
	b.Cleanup(server.Close)
	f.url = server.URL + "/desk"
	visitor.post("/sign-in", "email", "vera@example.test", "password", phrase)
	after := func() string { // a place anywhere in the queue
		return "&after=" + strconv.FormatInt(f.Now().Add(time.Duration(rand.IntN(48*60)-24*60)*time.Minute).UnixMilli(), 10) + ".0"
	}
	for name, query := range map[string]func() string{
		"all":            func() string { return "queue=all" },
		"all, a page":    func() string { return "queue=all" + after() },
		"needs action":   func() string { return "queue=action" + after() },
		"mine":           func() string { return "queue=mine" },
		"overdue":        func() string { return "queue=overdue" },
		"flow":           func() string { return "queue=all&flow=phased" + after() },
		"reason":         func() string { return "queue=all&reason=document_blurred" + after() },
		"free, a reason": func() string { return "queue=action&reason=document_blurred" + after() },
		"mine, a reason": func() string { return "queue=mine&reason=document_blurred" },
		"tag":            func() string { return "queue=all&tag=vip" },
		"tag and reason": func() string { return "queue=all&tag=vip&reason=document_blurred" },
		"nobody has it":  func() string { return "queue=mine&reason=document_blurred&tag=rare" },
		"check":          func() string { return "queue=all&check=document%3Dconsider" + after() },
		"age":            func() string { return "queue=all&age=7d" },
		"approved":       func() string { return "queue=all&state=approved" },
		"filter":         func() string { return "queue=all&filter" + after() },
		"search a name":  func() string { return "q=number" + strconv.Itoa(rand.IntN(cases)) },
	} {
		b.Run(name, func(b *testing.B) {
			took, worked = took[:0], worked[:0]
			for b.Loop() {
				if got := visitor.get("/?" + query()); got.status != http.StatusOK && got.status != http.StatusSeeOther {
					b.Fatalf("it answers %d", got.status)
				}
			}
			for unit, list := range map[string][]time.Duration{"ms": took, "cpu-ms": worked} {
				slices.Sort(list)
				b.ReportMetric(float64(list[len(list)/2].Microseconds())/1000, "p50-"+unit)
				b.ReportMetric(float64(list[len(list)*99/100].Microseconds())/1000, "p99-"+unit)
			}
		})
	}
}

// processor is the time that this thread has kept the processor busy.
func processor() time.Duration {
	const thisThread = 1
	var u syscall.Rusage
	if err := syscall.Getrusage(thisThread, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fill makes cases out of one real one: what is sealed of it is sealed again for an applicant with keys of their own.
func (f *firm) fill(n int, reviewer string) {
	f.t.Helper()
	like := f.inReview(person{first: "Örjan", last: "Åström", reference: "order"})
	ctx, tenant := f.t.Context(), f.Tenant.ID
	person, err := f.Service.Applicant(ctx, tenant, like.ApplicantID)
	f.must(err)
	for _, tag := range []string{"vip", "rare"} {
		_, err = f.Service.TagCase(ctx, tenant, like.ID, []string{tag}, usher.Actor{Kind: usher.ByStaff, ID: reviewer, Role: usher.RoleReviewer})
		f.must(err)
	}
	var wg sync.WaitGroup
	const writers = 64
	began := time.Now()
	for w := range writers {
		wg.Go(func() {
			for i := w; i < n; i += writers {
				f.copy(like, person, i, reviewer)
			}
		})
	}
	wg.Wait()
	f.t.Logf("%d cases were made in %s", n, time.Since(began).Round(time.Second))
}

// copy writes one case: half are with nobody, one in a hundred with the reviewer, one in fifty tagged, a tenth decided; due within two days.
func (f *firm) copy(like usher.Session, person usher.Applicant, i int, reviewer string) {
	mark := func(name string) []byte {
		hash, err := f.Vault.Index(f.Tenant.ID, "case_mark", name)
		f.must(err)
		return hash
	}
	seal := func(s interface {
		Seal(plaintext, ad []byte) ([]byte, error)
	}, place, id string, v any,
	) []byte {
		doc, err := json.Marshal(v)
		f.must(err)
		sealed, err := s.Seal(doc, []byte(place+"/"+id))
		f.must(err)
		return sealed
	}
	s, a := like, person
	s.ID, a.ID = uuid.Must(uuid.NewV7()).String(), uuid.Must(uuid.NewV7()).String()
	s.ApplicantID = a.ID
	wrapped, err := f.Vault.NewKeyset(a.TenantID, a.ID)
	f.must(err)
	sealer, err := f.Vault.Unwrap(a.TenantID, a.ID, wrapped)
	f.must(err)
	now := f.Now()
	due := now.Add(time.Duration(i*2880/100_000-1440) * time.Minute)
	flow := []string{"onboarding", "phased"}[i%2]
	if i%10 == 9 {
		s.State = usher.Approved
	}
	word, err := f.Vault.Index(a.TenantID, "name", fmt.Sprintf("number%d", i))
	f.must(err)
	c := store.Change{
		Keyset: &store.Keyset{TenantID: a.TenantID, ApplicantID: a.ID, Wrapped: wrapped},
		Applicant: &store.ApplicantRow{
			ID: a.ID, TenantID: a.TenantID, ClientID: a.ClientID, Dialect: a.Dialect, Version: 1, Doc: seal(sealer, "applicants.doc", a.ID, a),
			CreatedAt: now, UpdatedAt: now,
		},
		Session: &store.SessionRow{
			ID: s.ID, TenantID: s.TenantID, ApplicantID: a.ID, ClientID: s.ClientID, Dialect: s.Dialect, Purpose: s.Purpose, State: s.State,
			Flow: flow, FlowVersion: 1, Version: s.Version, Doc: seal(sealer, "sessions.doc", s.ID, s), SubmittedAt: now, CreatedAt: now, UpdatedAt: now,
			ExpiresAt: now.Add(time.Hour),
		},
		Case: &store.CaseState{
			SessionID: s.ID, TenantID: s.TenantID, ApplicantID: a.ID, State: usher.InReview, Flow: flow, Now: due.Add(-24 * time.Hour), DueAt: due,
			Marks: [][]byte{mark("reason:document_blurred"), mark("reason:name_mismatch"), mark("check:document=consider"), mark("check:face=consider")},
		},
		Words: &store.WordsRow{TenantID: a.TenantID, ApplicantID: a.ID, Words: [][]byte{word}},
	}
	f.must(f.Store.Commit(f.t.Context(), c))
	edit := store.CaseEdit{Case: store.CaseRow{SessionID: s.ID, TenantID: s.TenantID, Was: 1, Version: 2}}
	if i%2 == 0 {
		edit.Case.Assignee = "member-" + strconv.Itoa(i%50)
		if i%100 == 0 {
			edit.Case.Assignee = reviewer
		}
	}
	if i%50 == 0 {
		edit.Tags = [][]byte{mark("tag:vip")}
		edit.Case.Doc = seal(sealer, "cases.doc", s.ID, map[string]any{"tags": []string{"vip"}})
	}
	f.must(f.Store.Commit(f.t.Context(), store.Change{CaseEdit: &edit}))
	if s.State == usher.Approved {
		f.must(f.Store.Commit(f.t.Context(), store.Change{Case: &store.CaseState{SessionID: s.ID, State: s.State}}))
	}
}
