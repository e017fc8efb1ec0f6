package webhook_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	usher "github.com/usher-kyc/usher"

	"github.com/usher-kyc/usher/internal/webhook"
)

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
