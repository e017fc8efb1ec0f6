package screening_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/screening"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// A publisher that never comes to the end of its answer keeps no other list from being brought in.
func TestFeedThatNeverEnds(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	once := sync.OnceFunc(func() { close(asked) })
	publisher := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := w.Write([]byte("id,name\n")); err == nil {
			once()
		}
		_ = http.NewResponseController(w).Flush() // the client then has the beginning
		<-r.Context().Done()
	}))
	t.Cleanup(publisher.Close)
	l := open(t, screening.Config{Client: publisher.Client(), Feeds: []screening.Feed{{Feed: source.Feed{
		List: "slow", Format: source.Own, Files: []source.FeedFile{{URL: publisher.URL + "/slow.csv"}},
	}}}})
	ctx, end := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { l.Run(ctx); close(done) }()
	t.Cleanup(func() { end(); <-done })
	<-asked
	other := drop(t, "7,Zorvan Testikov,person,,")
	imported := make(chan error, 1)
	go func() {
		_, err := l.Import(t.Context(), other, source.ImportOptions{})
		imported <- err
	}()
	select {
	case err := <-imported:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute): // only a failure waits
		t.Fatal("another list cannot be brought in")
	}
	if got := keys(t, l, "Zorvan Testikov"); len(got) != 1 {
		t.Errorf("%v is found", got)
	}
}

// What a process that was killed left half written does not stand in the way of the next.
func TestHeldIsWrittenBesideLeftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "monitored.json.new", "left"), 0o700); err != nil {
		t.Fatal(err)
	}
	calls := 0
	config := screening.Config{Dir: dir, Rescreen: func(context.Context, usher.WatchlistDelta) (int, int, error) {
		calls++
		return 0, 0, nil
	}}
	l := open(t, config)
	take(t, l, "7,Zorvan Testikov,person,,")
	for range 2 {
		if err := open(t, config).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 1 {
		t.Errorf("the applicants were held against the change %d times", calls)
	}
}
