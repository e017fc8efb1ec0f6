package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/servertest"
	"github.com/usher-kyc/usher/internal/specimen"
)

// hooks takes webhooks and tells who waits for an event of a session.
type hooks struct {
	*httptest.Server
	took atomic.Int64

	mu      sync.Mutex
	happens map[string]chan struct{} // by session id and event type; closed when it has come
}

func newHooks(b *testing.B) *hooks {
	b.Helper()
	h := &hooks{happens: map[string]chan struct{}{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e servertest.Event
		if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &e) != nil {
			return
		}
		h.took.Add(1)
		h.mu.Lock()
		defer h.mu.Unlock()
		close(h.place(e.SessionID, e.Type, e.ID))
	}))
	b.Cleanup(h.Close)
	return h
}

// place gives the channel of what is waited for. Events that nobody asks for by their type have one of their own.
func (h *hooks) place(session, kind, id string) chan struct{} {
	key := session + "/" + kind
	if kind != string(usher.AccountOpened) && kind != string(usher.SessionReviewRequested) {
		key = id
	}
	if h.happens[key] == nil {
		h.happens[key] = make(chan struct{})
	}
	return h.happens[key]
}

// wait waits until an event of a session was delivered.
func (h *hooks) wait(session string, kind usher.EventType) error {
	h.mu.Lock()
	place := h.place(session, string(kind), "")
	h.mu.Unlock()
	select {
	case <-place:
		return nil
	case <-time.After(servertest.CallLimit):
		return fmt.Errorf("%s of session %s never came", kind, session)
	}
}

type fields map[string]any

// bench is a running server, its client and its receiver.
type bench struct {
	*servertest.Client
	server *servertest.Server
	hooks  *hooks
}

func open(b *testing.B) *bench {
	b.Helper()
	s := servertest.New(b)
	s.Start(b)
	x := &bench{Client: s.Client(b), server: s, hooks: newHooks(b)}
	var endpoint struct{ ID string }
	if err := x.Post(context.Background(), "/v1/webhook_endpoints", fields{"url": x.hooks.URL, "events": []string{"*"}}, &endpoint); err != nil {
		b.Fatal(err)
	}
	return x
}

// begin creates a person and a session.
func (x *bench) begin(ctx context.Context) (servertest.Session, error) {
	var s servertest.Session
	var person struct {
		ID string `json:"id"`
	}
	err := x.Post(ctx, "/v1/applicants", fields{
		"first_name": "Anna Maria", "last_name": "Eriksson", "date_of_birth": "1974-08-12", "email": "anna@example.test", "phone": "46701234567",
		"address": fields{"country": "SE", "street": "Storgatan 1", "city": "Stockholm", "postal_code": "111 22"},
	}, &person)
	if err != nil {
		return s, err
	}
	return s, x.Post(ctx, "/v1/sessions", fields{"applicant_id": person.ID}, &s)
}

// many runs b.N onboardings by so many callers and reports their rate and the middle of the times they took.
func (x *bench) many(b *testing.B, callers int, one func(context.Context) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	times := make([][]time.Duration, callers)
	took := x.hooks.took.Load()
	b.ResetTimer()
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				began := time.Now()
				if err := one(b.Context()); err != nil {
					b.Error(err)
					return
				}
				times[i] = append(times[i], time.Since(began))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	sorted := slices.Concat(times...)
	slices.Sort(sorted)
	if len(sorted) == 0 {
		return
	}
	b.ReportMetric(float64(len(sorted))/b.Elapsed().Seconds(), "onboardings/s")
	b.ReportMetric(float64(sorted[len(sorted)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(sorted[len(sorted)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(x.hooks.took.Load()-took)/float64(len(sorted)), "webhooks/onboarding")
}

// BenchmarkOnboarding walks sandbox people through the whole chain over HTTP: applicant, session, one upload, submit, checks, decision,
// account, and every webhook delivered. The limit is the rows that this leaves, written by the driver alone.
func BenchmarkOnboarding(b *testing.B) {
	x := open(b)
	idle := x.server.Memory()
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		b.Fatal(err)
	}
	one := func(ctx context.Context) error {
		s, err := x.begin(ctx)
		if err != nil {
			return err
		}
		if _, _, err := x.Upload(ctx, s.ID, "selfie", file.Bytes()); err != nil {
			return err
		}
		if err := x.Post(ctx, "/v1/simulate/session/"+s.ID, fields{"action": "submit"}, &s); err != nil {
			return err
		}
		return x.hooks.wait(s.ID, usher.AccountOpened)
	}
	for _, callers := range []int{1, 8, 32, 128} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			x.many(b, callers, one)
			b.ReportMetric(float64(idle>>20), "idle-MB")
			b.ReportMetric(float64(x.server.Memory()>>20), "MB")
		})
	}
	o := readOnboardings(b, x.server.Dir)
	for _, group := range []int{1, 32} {
		b.Run(fmt.Sprintf("limit/commands-per-commit=%d", group), func(b *testing.B) { o.write(b, group) })
	}
}

// BenchmarkRealChecks walks one person with pictures of a passport and a face through the real checks. They end with a reviewer, since no
// embedded check claims that two faces are the same; the time to that webhook is reported beside the whole. The limit is the same pictures
// given to the checks alone.
func BenchmarkRealChecks(b *testing.B) {
	front, selfie := pictures(b)
	b.Run("limit", func(b *testing.B) { checksAlone(b, front, selfie) })
	x := open(b)
	for _, callers := range []int{1, 4} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			var waited atomic.Int64
			x.many(b, callers, func(ctx context.Context) error {
				began := time.Now()
				s, err := x.begin(ctx)
				if err != nil {
					return err
				}
				for kind, file := range map[string][]byte{"document_front": front, "selfie": selfie} {
					if _, _, err := x.Upload(ctx, s.ID, kind, file); err != nil {
						return err
					}
				}
				submit := fields{"consent": fields{"face": true}, "document": fields{"type": "passport"}}
				if err := x.Post(ctx, "/v1/sessions/"+s.ID+"/submit", submit, &s); err != nil {
					return err
				}
				if err := x.hooks.wait(s.ID, usher.SessionReviewRequested); err != nil {
					return err
				}
				waited.Add(int64(time.Since(began)))
				if err := x.Post(ctx, "/v1/sessions/"+s.ID+"/approve", fields{}, &s); err != nil {
					return err
				}
				return x.hooks.wait(s.ID, usher.AccountOpened)
			})
			b.ReportMetric(float64(waited.Load())/float64(b.N)/1e6, "mean-ms-to-review")
			b.ReportMetric(float64(x.server.Memory()>>20), "MB")
		})
	}
}

// pictures gives a photograph of a passport and a selfie, as JPEG.
func pictures(b *testing.B) (front, selfie []byte) {
	b.Helper()
	flat, err := specimen.Passport(specimen.Person{})
	if err != nil {
		b.Fatal(err)
	}
	if front, err = specimen.JPEG(specimen.Photo(flat, 1)); err != nil {
		b.Fatal(err)
	}
	if selfie, err = specimen.JPEG(specimen.Selfie(specimen.Person{})); err != nil {
		b.Fatal(err)
	}
	return front, selfie
}

// checksAlone gives the pictures to the document and face checks on every processor, and to nothing else.
func checksAlone(b *testing.B, front, selfie []byte) {
	intake := picture.New(picture.Config{})
	reading := document.New(document.Config{Intake: intake})
	faces, err := face.New(face.Config{Intake: intake})
	if err != nil {
		b.Fatal(err)
	}
	in := usher.CheckInput{Details: usher.Details{FirstName: "Anna Maria", LastName: "Eriksson", DateOfBirth: "1974-08-12"}, Now: time.Now()}
	for kind, file := range map[usher.EvidenceKind][]byte{usher.DocumentFront: front, usher.Selfie: selfie} {
		in.Evidence = append(in.Evidence, usher.EvidenceFile{
			Evidence: usher.Evidence{ID: string(kind), Kind: kind, ContentType: "image/jpeg", Size: int64(len(file))},
			Open:     func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil },
		})
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				for _, c := range []usher.Checker{reading, faces} {
					if _, err := c.Check(b.Context(), in); err != nil {
						b.Error(err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "onboardings/s")
	b.ReportMetric(float64(len(front)+len(selfie))/1024, "kB")
}
