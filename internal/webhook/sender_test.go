package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// call is one request as a receiver saw it.
type call struct {
	at     time.Time
	path   string
	header http.Header
	body   string
}

// receiver is an HTTP transport and records what is sent through it; answer says what comes back. It stands in for the network, so that hours
// pass at once under synctest.
type receiver struct {
	answer func(r *http.Request, n int) (*http.Response, error) // n counts from 1

	mu    sync.Mutex
	calls []call
}

func (f *receiver) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	f.calls = append(f.calls, call{time.Now(), r.URL.Path, r.Header.Clone(), string(body)})
	n := len(f.calls)
	f.mu.Unlock()
	return f.answer(r, n)
}

func (f *receiver) seen() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func status(code int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("noted"))}
}

func always(code int, header ...string) func(*http.Request, int) (*http.Response, error) {
	return func(*http.Request, int) (*http.Response, error) { return status(code, header...), nil }
}

// hang answers nothing until the sender gives up.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func endpoint(id, url string) usher.Endpoint {
	return usher.Endpoint{ID: id, TenantID: "t1", URL: url, Dialect: "native", Secrets: []string{testSecret}}
}

// start runs a sender and gives what ends it and waits for its error.
func start(t testing.TB, cfg webhook.Config) (s *webhook.Sender, stop func() error) {
	t.Helper()
	s, err := webhook.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return s, sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
}

func mustStop(t testing.TB, stop func() error) {
	t.Helper()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// sendOne runs one delivery against a receiver until it is done and gives what is known of it. It must be called in a synctest bubble.
func sendOne(t *testing.T, e usher.Endpoint, f *receiver, cfg webhook.Config) *outbox {
	t.Helper()
	o := newOutbox()
	o.add("d1", e, "s1", []byte(`{"id":"evt_1"}`), time.Now())
	cfg.Outbox, cfg.Client = o, &http.Client{Transport: f}
	_, stop := start(t, cfg)
	o.waitDone()
	mustStop(t, stop)
	return o
}

// The wait before each try, without jitter, is the schedule of Standard Webhooks 1.0.0; the bytes and the id stay, the timestamp moves.
func TestRetriesOver75Hours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &receiver{answer: always(http.StatusInternalServerError)}
		o := sendOne(t, endpoint("e1", "https://client.example/hook"), f, webhook.Config{Rand: func() float64 { return 0.5 }})
		want := []time.Duration{
			0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
			10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
		}
		calls := f.seen()
		if len(calls) != len(want) {
			t.Fatalf("%d tries, want %d", len(calls), len(want))
		}
		for i, c := range calls {
			if i > 0 && c.at.Sub(calls[i-1].at) != want[i] {
				t.Errorf("try %d came after %s, want %s", i+1, c.at.Sub(calls[i-1].at), want[i])
			}
			if c.body != `{"id":"evt_1"}` || c.header.Get(webhook.HeaderID) != "d1" {
				t.Errorf("try %d sent %q with id %q", i+1, c.body, c.header.Get(webhook.HeaderID))
			}
			if err := webhook.Verify(c.header, []byte(c.body), []string{testSecret}, c.at); err != nil {
				t.Errorf("try %d: %v", i+1, err)
			}
		}
		if got := calls[9].at.Sub(calls[0].at); got != 75*time.Hour+35*time.Minute+5*time.Second {
			t.Errorf("the tries took %s", got)
		}
		if got := o.status("d1"); got != usher.DeliveryDead {
			t.Errorf("status %s, want dead", got)
		}
		for i, a := range o.tries("d1") {
			if a.Number != i+1 || a.Status != 500 || a.Answer != "noted" || a.Error == "" || !a.At.Equal(calls[i].at) {
				t.Errorf("try %d was written as %+v", i+1, a)
			}
		}
	})
}

func TestJitterIsATenth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rand float64
		want time.Duration
	}{{0, 90 * time.Second}, {0.5, 100 * time.Second}, {0.75, 105 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			f := &receiver{answer: always(500)}
			cfg := webhook.Config{
				Rand:     func() float64 { return c.rand },
				Policies: map[string]webhook.Policy{"native": {Schedule: []time.Duration{0, 100 * time.Second}}},
			}
			sendOne(t, endpoint("e1", "https://client.example/"), f, cfg)
			calls := f.seen()
			if got := calls[1].at.Sub(calls[0].at); got.Round(time.Millisecond) != c.want {
				t.Errorf("random %.2f: waited %s, want %s", c.rand, got, c.want)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		status  int
		header  []string
		want    usher.DeliveryStatus
		tries   int
		disable bool
		wait    time.Duration // between the first two tries
	}{
		{name: "200", status: 200, want: usher.DeliveryDelivered, tries: 1},
		{name: "204", status: 204, want: usher.DeliveryDelivered, tries: 1},
		{name: "299", status: 299, want: usher.DeliveryDelivered, tries: 1},
		{name: "redirect", status: 301, header: []string{"Location", "https://elsewhere.example/"}, want: usher.DeliveryDead, tries: 2, wait: 5 * time.Second},
		{name: "not modified", status: 304, want: usher.DeliveryDead, tries: 2, wait: 5 * time.Second},
		{name: "bad request", status: 400, want: usher.DeliveryDead, tries: 2, wait: 5 * time.Second},
		{name: "gone", status: 410, want: usher.DeliveryDead, tries: 1, disable: true},
		{name: "unavailable", status: 503, want: usher.DeliveryDead, tries: 2, wait: 5 * time.Second},
		{name: "unavailable, seconds", status: 503, header: []string{"Retry-After", "90"}, want: usher.DeliveryDead, tries: 2, wait: 90 * time.Second},
		{name: "asks for less than the schedule", status: 503, header: []string{"Retry-After", "1"}, want: usher.DeliveryDead, tries: 2, wait: 5 * time.Second},
		{name: "asks for a year", status: 503, header: []string{"Retry-After", "31536000"}, want: usher.DeliveryDead, tries: 2, wait: 24 * time.Hour},
		{name: "asks for more than an int", status: 503, header: []string{"Retry-After", "18446744073709551615"}, want: usher.DeliveryDead, tries: 2, wait: 24 * time.Hour},
		{name: "asks for nonsense", status: 503, header: []string{"Retry-After", "soon"}, want: usher.DeliveryDead, tries: 2, wait: 5 * time.Second},
		{name: "asks for a date", status: 429, header: []string{"Retry-After", "Sat, 01 Jan 2000 00:02:00 GMT"}, want: usher.DeliveryDead, tries: 2, wait: 2 * time.Minute},
		{name: "asks for a date gone by", status: 429, header: []string{"Retry-After", "Fri, 31 Dec 1999 00:00:00 GMT"}, want: usher.DeliveryDead, tries: 2, wait: 5 * time.Second},
		{name: "too many", status: 429, header: []string{"Retry-After", "20"}, want: usher.DeliveryDead, tries: 2, wait: 20 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &receiver{answer: always(c.status, c.header...)}
				o := sendOne(t, endpoint("e1", "https://client.example/"), f, webhook.Config{
					Rand:     func() float64 { return 0.5 },
					Policies: map[string]webhook.Policy{"native": {Schedule: []time.Duration{0, 5 * time.Second}}},
				})
				calls := f.seen()
				if got := o.status("d1"); got != c.want || len(calls) != c.tries {
					t.Fatalf("%s after %d tries, want %s after %d", got, len(calls), c.want, c.tries)
				}
				if (o.disabled["e1"] != "") != c.disable {
					t.Errorf("disabled: %q", o.disabled["e1"])
				}
				if c.tries == 2 && calls[1].at.Sub(calls[0].at) != c.wait {
					t.Errorf("waited %s, want %s", calls[1].at.Sub(calls[0].at), c.wait)
				}
			})
		})
	}
}

func TestPolicyOfDialect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &receiver{answer: func(r *http.Request, n int) (*http.Response, error) {
			switch n {
			case 1:
				return hang(r)
			case 2:
				return status(200, "Content-Type", "text/plain"), nil
			}
			return status(204), nil
		}}
		e := endpoint("e1", "https://client.example/")
		e.Dialect = "vendor"
		o := sendOne(t, e, f, webhook.Config{
			Rand: func() float64 { return 0.5 },
			Policies: map[string]webhook.Policy{"vendor": {
				Schedule: []time.Duration{0, 30 * time.Second, 75 * time.Second},
				Timeout:  10 * time.Second,
				Accepts:  func(status int, _ http.Header) bool { return status == http.StatusNoContent },
			}},
		})
		calls := f.seen()
		if len(calls) != 3 || o.status("d1") != usher.DeliveryDelivered {
			t.Fatalf("%s after %d tries", o.status("d1"), len(calls))
		}
		// The first try takes its whole 10 s, and the wait begins when it ends.
		if got := []time.Duration{calls[1].at.Sub(calls[0].at), calls[2].at.Sub(calls[1].at)}; !slices.Equal(got, []time.Duration{40 * time.Second, 75 * time.Second}) {
			t.Errorf("waits %v", got)
		}
		if a := o.tries("d1")[0]; a.Status != 0 || a.LatencyMS != 10_000 || a.Error != "no answer in time" {
			t.Errorf("the silent try was written as %+v", a)
		}
	})
}

// The head of one session fails for hours; its followers wait for it and keep their order, other sessions and endpoints go on.
func TestOrderHoldsUnderFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, failing := newOutbox(), true
		f := &receiver{}
		f.answer = func(r *http.Request, _ int) (*http.Response, error) {
			if r.Header.Get(webhook.HeaderID) == "a1" && failing {
				return status(500), nil
			}
			return status(200), nil
		}
		e1, e2 := endpoint("e1", "https://one.example/1"), endpoint("e2", "https://two.example/2")
		for i := range 5 {
			o.add(fmt.Sprint("a", i+1), e1, "a", []byte("x"), time.Now())
			o.add(fmt.Sprint("b", i+1), e1, "b", []byte("x"), time.Now())
			o.add(fmt.Sprint("c", i+1), e2, "a", []byte("x"), time.Now())
		}
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
		time.Sleep(time.Hour)
		before := map[byte][]string{}
		for _, c := range f.seen() {
			id := c.header.Get(webhook.HeaderID)
			before[id[0]] = append(before[id[0]], id)
		}
		want := map[byte][]string{'a': {"a1", "a1", "a1", "a1"}, 'b': {"b1", "b2", "b3", "b4", "b5"}, 'c': {"c1", "c2", "c3", "c4", "c5"}}
		if diff := cmp.Diff(want, before); diff != "" {
			t.Errorf("in the first hour (-want +got):\n%s", diff)
		}
		f.mu.Lock()
		failing = false
		f.calls = nil
		f.mu.Unlock()
		o.waitDone()
		var after []string
		for _, c := range f.seen() {
			after = append(after, c.header.Get(webhook.HeaderID))
		}
		if diff := cmp.Diff([]string{"a1", "a2", "a3", "a4", "a5"}, after); diff != "" {
			t.Errorf("afterwards (-want +got):\n%s", diff)
		}
		mustStop(t, stop)
	})
}

// A host that never answers, with a thousand sessions due before those of another, must cost the other nothing.
func TestHangingHostStarvesNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		var hanging, most atomic.Int64
		f := &receiver{answer: func(r *http.Request, _ int) (*http.Response, error) {
			if r.URL.Host != "hangs.example" {
				return status(200), nil
			}
			now := hanging.Add(1)
			defer hanging.Add(-1)
			for {
				if m := most.Load(); now <= m || most.CompareAndSwap(m, now) {
					break
				}
			}
			return hang(r)
		}}
		for i := range 1000 {
			o.add(fmt.Sprint("h", i), endpoint(fmt.Sprint("eh", i%3), "https://hangs.example/"), fmt.Sprint("s", i), nil, time.Now())
		}
		for i := range 100 {
			o.add(fmt.Sprint("g", i), endpoint("eg", "https://good.example/"), fmt.Sprint("s", i), nil, time.Now().Add(time.Second))
		}
		begun := time.Now()
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
		o.wait(func() bool {
			for i := range 100 {
				if len(o.attempts[fmt.Sprint("g", i)]) == 0 {
					return false
				}
			}
			return true
		})
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("the good host waited %s", took)
		}
		if got := most.Load(); got != 8 {
			t.Errorf("%d tries at once to one host, want 8", got)
		}
		most.Store(0)
		time.Sleep(time.Minute)
		synctest.Wait()
		// All eight timed out once and more than once, so the host is down to one try at a time by now.
		most.Store(0)
		time.Sleep(time.Minute)
		if got := most.Load(); got != 1 {
			t.Errorf("%d tries at once to a host that has been silent for a minute, want 1", got)
		}
		mustStop(t, stop)
	})
}

// A host that says "too much" is left alone for as long as it asks, up to 30 s, and asked more gently afterwards.
func TestOverloadedHostIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		f := &receiver{answer: func(_ *http.Request, n int) (*http.Response, error) {
			if n == 1 {
				return status(429, "Retry-After", "20"), nil
			}
			return status(200), nil
		}}
		for i := range 50 {
			o.add(fmt.Sprint("d", i), endpoint("e1", "https://busy.example/"), fmt.Sprint("s", i), nil, time.Now())
		}
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}, PerHost: 1})
		o.waitDone()
		mustStop(t, stop)
		calls := f.seen()
		if len(calls) != 51 {
			t.Fatalf("%d calls, want 51", len(calls))
		}
		if quiet := calls[1].at.Sub(calls[0].at); quiet < 20*time.Second || quiet > 21*time.Second {
			t.Errorf("the second call came after %s, want 20 s", quiet)
		}
	})
}

func TestDisablesAfterFiveDaysAndFiftyTries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		failures int // before this try
		failing  time.Duration
		answer   int
		want     bool
	}{
		{"long and often", 49, 120 * time.Hour, 503, true},
		{"one try short", 48, 200 * time.Hour, 503, false},
		{"a minute short", 500, 120*time.Hour - time.Minute, 503, false},
		{"the first failure", 0, 0, 503, false},
		{"it is back", 49, 120 * time.Hour, 200, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := endpoint("e1", "https://down.example/")
				if e.Failures = c.failures; c.failing > 0 {
					e.FailingSince = time.Now().Add(-c.failing)
				}
				f := &receiver{answer: always(c.answer)}
				o := sendOne(t, e, f, webhook.Config{Policies: map[string]webhook.Policy{"native": {Schedule: []time.Duration{0}}}})
				if got := o.disabled["e1"] != ""; got != c.want {
					t.Errorf("disabled: %v, want %v", got, c.want)
				}
			})
		})
	}
}

func TestStopReleasesWhatIsNotDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		f := &receiver{answer: func(r *http.Request, _ int) (*http.Response, error) {
			if r.Header.Get(webhook.HeaderID) == "slow" {
				time.Sleep(5 * time.Second)
				return status(200), nil
			}
			return hang(r)
		}}
		e := endpoint("e1", "https://client.example/")
		e.Dialect = "patient"
		for i, id := range []string{"slow", "stuck", "waiting1", "waiting2"} {
			o.add(id, e, id, nil, time.Now().Add(time.Duration(i)))
		}
		_, stop := start(t, webhook.Config{
			Outbox: o, Client: &http.Client{Transport: f}, PerHost: 2,
			Policies: map[string]webhook.Policy{"patient": {Timeout: 40 * time.Second}},
		})
		time.Sleep(time.Second)
		begun := time.Now()
		mustStop(t, stop)
		if took := time.Since(begun); took != 15*time.Second {
			t.Errorf("the stop took %s, want the 15 s that a try under way is given", took)
		}
		if o.status("slow") != usher.DeliveryDelivered || len(o.tries("slow")) != 1 {
			t.Errorf("the slow one: %s, %d tries", o.status("slow"), len(o.tries("slow")))
		}
		slices.Sort(o.released)
		if diff := cmp.Diff([]string{"stuck", "waiting1", "waiting2"}, o.released); diff != "" {
			t.Errorf("released (-want +got):\n%s", diff)
		}
		if n := len(o.tries("stuck")) + len(o.tries("waiting1")); n != 0 {
			t.Errorf("%d tries were counted against deliveries that were given back", n)
		}
		if len(f.seen()) != 2 {
			t.Errorf("%d calls were made, want 2", len(f.seen()))
		}
	})
}

// When the outbox does not take a settlement it is offered again, and nothing is sent meanwhile.
func TestSettleIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &receiver{answer: always(200)}
		o := newOutbox()
		o.failNext = 3
		for _, id := range []string{"d1", "d2", "d3"} {
			o.add(id, endpoint("e1", "https://client.example/"), "s1", nil, time.Now())
		}
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
		o.waitDone()
		mustStop(t, stop)
		if len(f.seen()) != 3 {
			t.Errorf("%d calls, want 3", len(f.seen()))
		}
	})
}

func TestSettlesInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &receiver{answer: func(*http.Request, int) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			return status(200), nil
		}}
		o := newOutbox()
		for i := range 640 {
			o.add(fmt.Sprint("d", i), endpoint(fmt.Sprint("e", i%64), fmt.Sprintf("https://h%d.example/", i%64)), fmt.Sprint("s", i), nil, time.Now())
		}
		_, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}, Log: slog.New(slog.DiscardHandler)})
		o.waitDone()
		mustStop(t, stop)
		if o.settles > 320 {
			t.Errorf("640 deliveries, 64 at a time, were settled by %d calls", o.settles)
		}
	})
}

// Wake brings a new delivery out at once; without it the sweep finds it.
func TestWake(t *testing.T) {
	t.Parallel()
	for _, wake := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := &receiver{answer: always(200)}
			o := newOutbox()
			s, stop := start(t, webhook.Config{Outbox: o, Client: &http.Client{Transport: f}})
			time.Sleep(10500 * time.Millisecond)
			begun := time.Now()
			o.add("d1", endpoint("e1", "https://client.example/"), "s1", nil, begun)
			want := 500 * time.Millisecond
			if wake {
				for range 10 {
					s.Wake()
				}
				want = 0
			}
			o.waitDone()
			if took := time.Since(begun); took != want {
				t.Errorf("wake %v: sent after %s, want %s", wake, took, want)
			}
			mustStop(t, stop)
		})
	}
}

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	whole := webhook.Config{Outbox: newOutbox(), Client: http.DefaultClient}
	if _, err := webhook.New(whole); err != nil {
		t.Error(err)
	}
	for name, cfg := range map[string]webhook.Config{
		"no outbox":          {Client: whole.Client},
		"no client":          {Outbox: whole.Outbox},
		"too long a timeout": {Outbox: whole.Outbox, Client: whole.Client, Policies: map[string]webhook.Policy{"v": {Timeout: time.Minute}}},
	} {
		if _, err := webhook.New(cfg); err == nil {
			t.Errorf("%s: made a sender", name)
		}
	}
}

// Over a real connection: the headers, the bytes, and nothing of the person or the answer in the log.
func TestWhatIsSentAndLogged(t *testing.T) {
	t.Parallel()
	body := []byte("{\"name\": \"Åsa\",\t\"order\" :1}\n")
	var got call
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = call{header: r.Header.Clone(), body: string(b), path: r.URL.RequestURI()}
		w.WriteHeader(http.StatusAccepted)
		w.Write(bytes.Repeat([]byte("å"), 40_000))
	}))
	defer server.Close()
	o := newOutbox()
	o.add("d1", endpoint("e1", server.URL+"/hook?key=hidden"), "s1", body, time.Now())
	var log bytes.Buffer
	_, stop := start(t, webhook.Config{
		Outbox: o, Client: webhook.NewClient(webhook.ClientConfig{Dev: true}), Version: "1.2.3",
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	o.waitDone()
	mustStop(t, stop)
	if got.body != string(body) || got.path != "/hook?key=hidden" {
		t.Errorf("sent %q to %s", got.body, got.path)
	}
	for name, want := range map[string]string{"User-Agent": "usher/1.2.3", "Content-Type": "application/json", "Webhook-Id": "d1"} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
		}
	}
	if _, ok := got.header["Idempotency-Key"]; ok {
		t.Error("the empty Idempotency-Key went over the wire")
	}
	if err := webhook.Verify(got.header, body, []string{testSecret}, time.Now()); err != nil {
		t.Error(err)
	}
	if a := o.tries("d1")[0]; a.Answer != strings.Repeat("å", 512) || a.Status != 202 || a.Error != "" {
		t.Errorf("written: %d, %d bytes of answer, error %q", a.Status, len(a.Answer), a.Error)
	}
	for _, secret := range []string{"Åsa", "hidden", "å", "127.0.0.1", testSecret} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, log.String())
		}
	}
	if !strings.Contains(log.String(), "delivery=d1") || !strings.Contains(log.String(), "status=202") {
		t.Errorf("the log lacks the try: %s", log.String())
	}
}

// Over a real connection: what a tenant reads about a try that failed names no address.
func TestWordsForFailures(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	breaks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(breaks.Close)
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	moved := httptest.NewServer(http.RedirectHandler("https://elsewhere.example/", http.StatusFound))
	t.Cleanup(moved.Close)
	for _, c := range []struct {
		name, url, want string
		secrets         []string
	}{
		{name: "refused", url: closed.URL, want: "the connection was refused"},
		{name: "broken off", url: breaks.URL, want: "the connection was closed without an answer"},
		{name: "certificate", url: tls.URL, want: "the certificate was not accepted"},
		{name: "redirect", url: moved.URL, want: "the endpoint answered with a redirect, which is not followed; register the address it leads to"},
		{name: "private", url: "https://10.0.0.7/", want: "the address may not be called: it is not a public https address on an allowed port"},
		{name: "other scheme", url: "ftp://client.example/", want: "the address may not be called: it is not a public https address on an allowed port"},
		{name: "unreadable", url: "http://[", want: "the address is not readable"},
		{name: "no secret", url: moved.URL, secrets: []string{}, want: "the endpoint has no usable signing secret; rotate it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := endpoint("e1", c.url)
			if c.secrets != nil {
				e.Secrets = c.secrets
			}
			o := newOutbox()
			o.add("d1", e, "s1", []byte("x"), time.Now())
			_, stop := start(t, webhook.Config{
				Outbox: o, Client: webhook.NewClient(webhook.ClientConfig{Dev: true}),
				Policies: map[string]webhook.Policy{"native": {Schedule: []time.Duration{0}}},
			})
			o.waitDone()
			mustStop(t, stop)
			if got := o.tries("d1")[0].Error; got != c.want || o.status("d1") != usher.DeliveryDead {
				t.Errorf("%s, %q, want %q", o.status("d1"), got, c.want)
			}
		})
	}
}
