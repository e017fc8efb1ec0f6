package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Client calls one server as one API client. Its first three members are needed; it may be used by many goroutines at once and must not be
// copied after first use.
type Client struct {
	BaseURL string // such as https://api.example.com
	ID      string // of the API client
	Secret  string
	HTTP    *http.Client // nil means one with a timeout of 30 s
	Tries   int          // how often a call is sent in all when no answer comes or the server says to wait; 0 means 3

	mu      sync.Mutex
	token   string
	expires time.Time
}

const (
	callTimeout  = 30 * time.Second
	defaultTries = 3
	early        = time.Minute      // a token is renewed this long before it ends
	longestWait  = 30 * time.Second // between two tries
	largest      = 64 << 20         // bytes of an answer
)

// Error is what the server said was wrong.
type Error struct {
	Status   int          `json:"status"`   // HTTP status
	Title    string       `json:"title"`    // the status in words
	Detail   string       `json:"detail"`   // what is wrong and the way out
	Instance string       `json:"instance"` // id of the request, for questions to the server's operator
	Errors   []FieldError `json:"errors"`   // each thing that is wrong with the request
}

// FieldError is one thing wrong with a request.
type FieldError struct {
	Pointer string `json:"pointer"` // JSON pointer to the member, as "#/email"
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Error gives status, detail and request id.
func (e *Error) Error() string { return fmt.Sprintf("%d: %s (%s)", e.Status, e.Detail, e.Instance) }

// IsNotFound tells whether an error says that there is no such thing.
func IsNotFound(err error) bool { return status(err) == http.StatusNotFound }

// IsConflict tells whether an error says that the state of things does not allow it.
func IsConflict(err error) bool { return status(err) == http.StatusConflict }

func status(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return 0
}

type keyOfContext struct{}

// WithKey gives a context whose next creating or changing call uses the caller's own Idempotency-Key. Use it for one call only.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOfContext{}, key)
}

// call is one request, which may be sent several times.
type call struct {
	method string
	path   string
	query  url.Values
	body   []byte
	kind   string // Content-Type of the body
	key    string
}

// do sends a JSON body, or none when in is nil, and reads the answer into out, unless that is nil.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	req := call{method: method, path: path, query: query}
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
		req.body, req.kind = body, "application/json"
	}
	return c.send(ctx, req, out)
}

// send sends a call until it is answered.
func (c *Client) send(ctx context.Context, req call, out any) error {
	if req.method == http.MethodPost {
		req.key, _ = ctx.Value(keyOfContext{}).(string)
		if req.key == "" {
			req.key = rand.Text()
		}
	}
	tries := c.Tries
	if tries == 0 {
		tries = defaultTries
	}
	for try := 1; ; try++ {
		wait, err := c.once(ctx, req, out)
		if err == nil || wait < 0 || try >= tries {
			return err
		}
		wait = max(wait, time.Duration(try)*100*time.Millisecond)
		select {
		case <-time.After(min(wait, longestWait)):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// never says that a call is not worth sending again.
const never = -1

// once sends a call once. When it failed and is worth another try, wait is how long the server wants to be left alone at least.
func (c *Client) once(ctx context.Context, req call, out any) (wait time.Duration, err error) {
	token, err := c.signedIn(ctx)
	if err != nil {
		return retryAfter(err, nil), err
	}
	resp, err := c.post(ctx, req, "Bearer "+token)
	if err != nil {
		return retryAfter(err, nil), err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	if err != nil {
		return 0, fmt.Errorf("read the answer: %w", err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		err := readError(resp, text)
		if resp.StatusCode == http.StatusUnauthorized {
			// The token may have been revoked before its time; the next call signs in anew.
			c.forget(token)
		}
		return retryAfter(err, resp), err
	}
	if out == nil || resp.StatusCode == http.StatusNoContent {
		return never, nil
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = text
		return never, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return never, fmt.Errorf("read the answer: %w", err)
	}
	return never, nil
}

// post sends one request.
func (c *Client) post(ctx context.Context, req call, authorization string) (*http.Response, error) {
	address := strings.TrimSuffix(c.BaseURL, "/") + req.path
	if len(req.query) > 0 {
		address += "?" + req.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, req.method, address, bytes.NewReader(req.body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	if req.kind != "" {
		r.Header.Set("Content-Type", req.kind)
	}
	if req.key != "" {
		r.Header.Set("Idempotency-Key", req.key)
	}
	caller := c.HTTP
	if caller == nil {
		caller = &http.Client{Timeout: callTimeout}
	}
	resp, err := caller.Do(r)
	if err != nil {
		return nil, fmt.Errorf("call usher: %w", err)
	}
	return resp, nil
}

// retryAfter gives how long to wait before another try, or never. A call is worth another when nothing was heard, when the server failed or
// wants to be left alone, while its first try is still being served, and when its token was refused, since the next try gets a new one.
func retryAfter(err error, resp *http.Response) time.Duration {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return 0
	}
	busy := e.Status == http.StatusConflict && len(e.Errors) > 0 && e.Errors[0].Code == "idempotency_in_progress"
	if e.Status != http.StatusTooManyRequests && e.Status != http.StatusUnauthorized && e.Status < http.StatusInternalServerError && !busy {
		return never
	}
	if resp == nil && e.Status == http.StatusUnauthorized {
		return never // the secret is wrong, not the token
	}
	if resp != nil {
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			return time.Duration(seconds) * time.Second
		}
	}
	return 0
}

func readError(resp *http.Response, text []byte) error {
	e := &Error{}
	if err := json.Unmarshal(text, e); err != nil || e.Status == 0 {
		// A proxy on the way may answer in words of its own.
		return &Error{Status: resp.StatusCode, Title: http.StatusText(resp.StatusCode), Detail: "the server gave no reason"}
	}
	return e
}

// signedIn gives an access token.
func (c *Client) signedIn(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != "" && time.Now().Before(c.expires) {
		return c.token, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ID}, "client_secret": {c.Secret}}
	resp, err := c.post(ctx, call{
		method: http.MethodPost, path: "/oauth/token", body: []byte(form.Encode()), kind: "application/x-www-form-urlencoded",
	}, "")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", readError(resp, text)
	}
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal(text, &token); err != nil {
		return "", fmt.Errorf("read the access token: %w", err)
	}
	c.token, c.expires = token.AccessToken, time.Now().Add(time.Duration(token.ExpiresIn)*time.Second-early)
	return c.token, nil
}

// forget drops a token that was refused, unless another has taken its place already.
func (c *Client) forget(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.token = ""
	}
}
