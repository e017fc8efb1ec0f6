package crashtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/servertest"
)

// TestTerm asks a busy server to end: what it has in hand is answered, it ends with exit code 0, and after the next start everything that was
// acknowledged is there.
func TestTerm(t *testing.T) {
	t.Parallel()
	s := servertest.New(t)
	s.Start(t)
	o, hooks := prepare(t, s)
	// Uploads that hang: the server has read the head of each and waits for the rest when it is told to end.
	var hanging sync.WaitGroup
	var answered atomic.Int32
	held, err := o.begin(t.Context(), "Lovelace")
	if err != nil {
		t.Fatal(err)
	}
	const uploads = 4
	release, begun := make(chan struct{}), make(chan struct{}, uploads)
	for range uploads {
		hanging.Go(func() {
			status, err := o.slowUpload(t.Context(), held.ID, begun, release)
			if err != nil {
				t.Errorf("an upload in hand was not answered: %v", err)
			} else if status == http.StatusCreated {
				answered.Add(1)
			}
		})
	}
	for range uploads {
		<-begun
	}
	stop := make(chan struct{})
	var working sync.WaitGroup
	for caller := range callers {
		working.Go(func() { o.work(t.Context(), caller, stop) })
	}
	time.Sleep(500 * time.Millisecond)
	ended := make(chan error, 1)
	go func() { ended <- s.Term() }()
	close(release)
	hanging.Wait()
	if err := <-ended; err != nil {
		t.Errorf("asked to end, the server gave %v, want exit code 0", err)
	}
	if n := answered.Load(); n != uploads {
		t.Errorf("%d of %d uploads in hand were taken", n, uploads)
	}
	took := s.Start(t)
	close(stop)
	working.Wait()
	o.report(t)
	events := settled(t, o, hooks)
	o.compare(t, events)
	if err := s.Term(); err != nil {
		t.Errorf("the server did not end well: %v", err)
	}
	database{}.inspect(t, s, len(events))
	hooks.mu.Lock()
	defer hooks.mu.Unlock()
	// A server that ends well settles what it has sent, so nothing is sent twice.
	if hooks.duplicates > 0 {
		t.Errorf("%d deliveries came twice after an orderly end", hooks.duplicates)
	}
	for _, w := range hooks.wrong {
		t.Error(w)
	}
	t.Logf("started again in %d ms; %d calls acknowledged, %d sent again, %d deliveries", took.Milliseconds(), o.Answered.Load(), o.Repeated.Load(), hooks.took)
}

// slowUpload sends the head of an upload, tells begun, and sends the rest when it is released.
func (o *oracle) slowUpload(ctx context.Context, session string, begun chan<- struct{}, release <-chan struct{}) (int, error) {
	const boundary = "usher-test"
	head := fmt.Sprintf("--%[1]s\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\ndocument_front\r\n--%[1]s\r\n"+
		"Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n", boundary)
	from, to := io.Pipe()
	file := picture(rand.New(rand.NewPCG(1, 1)))
	go func() {
		_, err := io.WriteString(to, head+string(file[:len(file)/2]))
		begun <- struct{}{}
		<-release
		_, rest := to.Write(file[len(file)/2:])
		_, end := io.WriteString(to, "\r\n--"+boundary+"--\r\n")
		_ = to.CloseWithError(errors.Join(err, rest, end)) // nil ends it well
	}()
	req, err := o.Request(ctx, http.MethodPost, "/v1/sessions/"+session+"/evidence", "multipart/form-data; boundary="+boundary, from)
	if err != nil {
		return 0, err
	}
	res, err := o.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
