package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// keys is the port in memory: what a store must do, without the day's end and the taking over.
type keys struct {
	mu       sync.Mutex
	held     map[api.Once]*held
	noFinish bool
}

type held struct {
	print  [32]byte
	answer *api.Answer
}

func newKeys() *keys { return &keys{held: map[api.Once]*held{}} }

func (k *keys) Look(_ context.Context, o api.Once, print [32]byte) (api.Begun, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h, ok := k.held[o]
	switch {
	case !ok:
		return api.Begun{Standing: api.Fresh}, nil
	case h.print != print:
		return api.Begun{Standing: api.Mismatch}, nil
	case h.answer == nil:
		return api.Begun{Standing: api.Taken}, nil
	}
	return api.Begun{Standing: api.Replay, Answer: *h.answer}, nil
}

func (k *keys) Begin(_ context.Context, o api.Once, print [32]byte) (api.Begun, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h, ok := k.held[o]
	switch {
	case !ok:
		k.held[o] = &held{print: print}
		return api.Begun{Standing: api.Fresh, Since: begun}, nil
	case h.print != print:
		return api.Begun{Standing: api.Mismatch}, nil
	case h.answer == nil:
		return api.Begun{Standing: api.InProgress}, nil
	}
	return api.Begun{Standing: api.Replay, Answer: *h.answer}, nil
}

// begun is when every key is taken.
var begun = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (k *keys) Finish(_ context.Context, o api.Once, a api.Answer) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.noFinish {
		return errors.New("store is away")
	}
	k.held[o].answer = &a
	return nil
}

func (k *keys) Release(ctx context.Context, o api.Once, since time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !since.Equal(begun) {
		return errors.New("let go by who never had it")
	}
	delete(k.held, o)
	return ctx.Err()
}

// counted makes things and counts them; body "fail" is refused, "panic" thrown, "wait" held until go is closed.
func counted(made *atomic.Int64, begun chan struct{}, proceed chan struct{}) *api.Mux {
	mux := api.NewMux()
	mux.On("POST /things", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case strings.Contains(string(body), "fail"):
			api.WriteProblem(w, r, usher.Invalid("name", "is wrong"))
			return
		case strings.Contains(string(body), "panic"):
			panic("thrown")
		case strings.Contains(string(body), "wait"):
			close(begun)
			<-proceed
		}
		once, _ := api.OnceFrom(r.Context())
		w.Header().Set("Location", "/things/1")
		w.Header().Set("X-Fleeting", "1")
		api.WriteJSON(w, http.StatusCreated, map[string]string{"made": fmt.Sprint(made.Add(1)), "key": once.Key})
	}, usher.ActEnter)
	return mux
}

func onceFront(k api.Idempotency) api.Front {
	f := front(io.Discard)
	f.Idempotency = k
	f.Forms = func(r *http.Request) bool { return true }
	return f
}

func TestSameKeySameAnswer(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	h := onceFront(newKeys()).Handler(counted(&made, nil, nil))
	first := ask(h, "POST", "/things", `{}`, "Idempotency-Key", "k1")
	again := ask(h, "POST", "/things", `{}`, "Idempotency-Key", `"k1"`)
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || !strings.Contains(first.Body.String(), `"key":"k1"`) {
		t.Errorf("got %d %s and %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	if again.Header().Get("Idempotency-Replayed") != "true" || first.Header().Get("Idempotency-Replayed") != "" {
		t.Error("only the second answer is a replay")
	}
	if again.Header().Get("Location") != "/things/1" || again.Header().Get("X-Fleeting") != "" || again.Header().Get("Content-Type") != "application/json" {
		t.Errorf("headers of the replay: %v", again.Header())
	}
	if again.Header().Get("X-Request-Id") == first.Header().Get("X-Request-Id") {
		t.Error("a replay is a request of its own")
	}
	if ask(h, "POST", "/things", `{}`); made.Load() != 2 {
		t.Errorf("made %d things, want 2: one with the key, one without", made.Load())
	}
}

func TestSameKeyOtherRequest(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	f := onceFront(newKeys())
	ask(f.Handler(counted(&made, nil, nil)), "POST", "/things", `{}`, "Idempotency-Key", "k1")
	if w := ask(f.Handler(counted(&made, nil, nil)), "POST", "/things", `{"a":1}`, "Idempotency-Key", "k1"); w.Code != 422 {
		t.Errorf("other body: %d", w.Code)
	}
	if w := ask(f.Handler(counted(&made, nil, nil)), "POST", "/things?x=1", `{}`, "Idempotency-Key", "k1"); w.Code != 422 {
		t.Errorf("other address: %d", w.Code)
	}
	f.Conflicts.OtherRequest = usher.CodeConflict
	if w := ask(f.Handler(counted(&made, nil, nil)), "POST", "/things", `{"a":1}`, "Idempotency-Key", "k1"); w.Code != 409 {
		t.Errorf("other body, where the dialect says conflict: %d", w.Code)
	}
	if made.Load() != 1 {
		t.Errorf("made %d things", made.Load())
	}
}

func TestFailureFreesTheKey(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	h := onceFront(newKeys()).Handler(counted(&made, nil, nil))
	for body, status := range map[string]int{"fail": 422, "panic": 500} {
		if w := ask(h, "POST", "/things", body, "Idempotency-Key", "k1"); w.Code != status {
			t.Errorf("%s: %d", body, w.Code)
		}
	}
	if w := ask(h, "POST", "/things", `{}`, "Idempotency-Key", "k1"); w.Code != 201 {
		t.Errorf("corrected request: %d %s", w.Code, w.Body)
	}
}

func TestAnswerIsGivenWhenItCannotBeKept(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	k := newKeys()
	k.noFinish = true
	if w := ask(onceFront(k).Handler(counted(&made, nil, nil)), "POST", "/things", `{}`, "Idempotency-Key", "k1"); w.Code != 201 {
		t.Errorf("got %d", w.Code)
	}
	// The key stays taken: what was done under it must be found by its effect, not done again.
	if len(k.held) != 1 {
		t.Error("the key was let go although its effect stands")
	}
}

func TestConcurrentUseOfAKey(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	begun, proceed := make(chan struct{}), make(chan struct{})
	h := onceFront(newKeys()).Handler(counted(&made, begun, proceed))
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- ask(h, "POST", "/things", `{"wait":1}`, "Idempotency-Key", "k1") }()
	<-begun
	if w := ask(h, "POST", "/things", `{"wait":1}`, "Idempotency-Key", "k1"); w.Code != 409 || w.Header().Get("Retry-After") == "" {
		t.Errorf("while the first is served: %d", w.Code)
	}
	close(proceed)
	if w := <-done; w.Code != 201 || made.Load() != 1 {
		t.Errorf("the first: %d, made %d", w.Code, made.Load())
	}
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	h := onceFront(newKeys()).Handler(counted(&made, nil, nil))
	for _, key := range []string{"", `""`, "a\tb", "schlüssel", strings.Repeat("k", 256)} {
		if w := ask(h, "POST", "/things", `{}`, "Idempotency-Key", key); w.Code != 400 {
			t.Errorf("%q: %d", key, w.Code)
		}
	}
}

func TestFilesAreComparedByTheirBytes(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	h := onceFront(newKeys()).Handler(counted(&made, nil, nil))
	send := func(boundary, file string) *httptest.ResponseRecorder {
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		if err := form.SetBoundary(boundary); err != nil {
			t.Fatal(err)
		}
		part, _ := form.CreateFormFile("file", "a.jpg")
		_, _ = io.WriteString(part, file)
		_ = form.Close()
		return ask(h, "POST", "/things", b.String(), "Idempotency-Key", "k1", "Content-Type", form.FormDataContentType())
	}
	send("one", "bytes")
	if w := send("two", "bytes"); w.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("same file in another form: %d %s", w.Code, w.Body)
	}
	if w := send("two", "other"); w.Code != 422 {
		t.Errorf("other file: %d", w.Code)
	}
}

// silent is a store that answers nothing about the end of a call, until it is back.
type silent struct {
	*keys
	back chan struct{}
}

func (a silent) Finish(context.Context, api.Once, api.Answer) error {
	<-a.back
	return nil
}

func (a silent) Release(context.Context, api.Once, time.Time) error {
	<-a.back
	return nil
}

// TestAnswersDoNotWaitForAStoreThatIsAway holds that a call is answered soon whose end cannot be noted.
func TestAnswersDoNotWaitForAStoreThatIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		store := silent{newKeys(), make(chan struct{})}
		h := onceFront(store).Handler(counted(&made, nil, nil))
		for body, want := range map[string]int{`{}`: http.StatusCreated, `{"fail":1}`: http.StatusBadRequest} {
			began := time.Now()
			got := ask(h, "POST", "/things", body, "Idempotency-Key", "k"+body[1:2])
			if took := time.Since(began); got.Code/100 != want/100 || took > 10*time.Second {
				t.Errorf("%s: %d after %s", body, got.Code, took)
			}
		}
		close(store.back)
		synctest.Wait()
	})
}
