package servertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Client speaks the native API and does not give up: a call that was not answered is sent again with its key.
type Client struct {
	base                 string
	tokenURL, id, secret string
	token                *atomic.Value // a string; it ends, and another is asked for then
	http                 *http.Client

	Answered atomic.Int64 // calls that succeeded
	Repeated atomic.Int64 // calls sent again because no answer came
	Replayed atomic.Int64 // answers that were kept ones
}

// Session is as much of a status object as tests need.
type Session struct {
	ID          string `json:"id"`
	ApplicantID string `json:"applicant_id"`
	State       string `json:"state"`
	Version     int64  `json:"version"`
}

// Event is as much of an event as tests need, pulled or delivered.
type Event struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	Sequence    int64  `json:"sequence"`
	ApplicantID string `json:"applicant_id"`
	SessionID   string `json:"session_id"`
	Data        struct {
		State string `json:"state"`
	} `json:"data"`
}

// Subject is what the sequence numbers of an event belong to.
func (e Event) Subject() string {
	if e.SessionID == "" {
		return e.ApplicantID
	}
	return e.SessionID
}

// How long a call waits until it is sent again: one that nobody answered, and one whose key is held, which may last a minute.
const (
	callPause = 20 * time.Millisecond
	heldPause = 250 * time.Millisecond
)

// CallLimit is far beyond any restart: a call that takes longer is lost. A key whose call ended while the database was away is free after a minute.
const CallLimit = 5 * time.Minute

// Post sends a call until it is answered.
func (c *Client) Post(ctx context.Context, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.Call(ctx, http.MethodPost, path, "application/json", raw, into)
}

// Get reads.
func (c *Client) Get(ctx context.Context, path string, into any) error {
	return c.Call(ctx, http.MethodGet, path, "", nil, into)
}

// Upload sends a file and gives its id and SHA-256 in hex, as the server says.
func (c *Client) Upload(ctx context.Context, session, kind string, file []byte) (id, sha256 string, err error) {
	body, contentType, err := uploadForm(kind, file)
	if err != nil {
		return "", "", err
	}
	var added struct {
		ID     string `json:"id"`
		SHA256 string `json:"sha256"`
	}
	err = c.Call(ctx, http.MethodPost, uploadPath(session), contentType, body, &added)
	return added.ID, added.SHA256, err
}

// UploadOnce sends a file once, whatever comes of it.
func (c *Client) UploadOnce(ctx context.Context, session, kind string, file []byte) (status int, answer []byte, err error) {
	body, contentType, err := uploadForm(kind, file)
	if err != nil {
		return 0, nil, err
	}
	return c.Once(ctx, http.MethodPost, uploadPath(session), contentType, rand.Text(), body)
}

func uploadPath(session string) string { return "/v1/sessions/" + session + "/evidence" }

func uploadForm(kind string, file []byte) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	if err := form.WriteField("kind", kind); err != nil {
		return nil, "", err
	}
	part, err := form.CreateFormFile("file", "picture.png")
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(file); err != nil {
		return nil, "", err
	}
	err = form.Close()
	return b.Bytes(), form.FormDataContentType(), err
}

// Call sends one request with one key until it is answered, and decodes the answer; a *[]byte takes it as it is.
func (c *Client) Call(ctx context.Context, method, path, contentType string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, CallLimit)
	defer cancel()
	key := rand.Text()
	renewed := false
	for try := 0; ; try++ {
		status, answer, err := c.Once(ctx, method, path, contentType, key, body)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s %s: no answer in time: %w", method, path, ctx.Err())
		case err == nil && status < 300:
			c.Answered.Add(1)
			if raw, ok := into.(*[]byte); ok {
				*raw = answer
				return nil
			}
			return json.Unmarshal(answer, into)
		case err == nil && status == http.StatusUnauthorized && !renewed:
			if err := c.signIn(ctx); err != nil && ctx.Err() == nil {
				break // nobody answered: the token is still the old one
			}
			renewed = true
			continue
		case err == nil && status < 500 && !strings.Contains(string(answer), "being served"):
			return fmt.Errorf("%s %s (try %d): %d %s", method, path, try+1, status, answer)
		}
		c.Repeated.Add(1)
		if err == nil && status < 500 {
			time.Sleep(heldPause)
		} else {
			time.Sleep(callPause)
		}
	}
}

// signIn gets a token.
func (c *Client) signIn(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.tokenURL, strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return err
	}
	req.SetBasicAuth(c.id, c.secret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	defer res.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	err = json.NewDecoder(res.Body).Decode(&token)
	if err == nil && token.Access == "" {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	c.token.Store(token.Access)
	return nil
}

// Request makes a request with the client's credentials.
func (c *Client) Request(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token.Load().(string))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req, nil
}

// Do sends a request once.
func (c *Client) Do(req *http.Request) (*http.Response, error) { return c.http.Do(req) }

// Once sends one request with a key, whatever comes of it.
func (c *Client) Once(ctx context.Context, method, path, contentType, key string, body []byte) (int, []byte, error) {
	req, err := c.Request(ctx, method, path, contentType, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	if res.Header.Get("Idempotency-Replayed") != "" {
		c.Replayed.Add(1)
	}
	// An answer that breaks off was not heard.
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// Events reads every event of the tenant, oldest first.
func (c *Client) Events(ctx context.Context) ([]Event, error) {
	var all []Event
	for after := ""; ; {
		var page struct {
			Data []Event `json:"data"`
			Next *string `json:"next"`
		}
		if err := c.Get(ctx, "/v1/events?limit=100&after="+after, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if page.Next == nil {
			return all, nil
		}
		after = *page.Next
	}
}

// At gives the same client, with the same token, at another address: that of one node.
func (c *Client) At(base string) *Client {
	return &Client{base: base, tokenURL: base + "/oauth/token", id: c.id, secret: c.secret, token: c.token, http: c.http}
}
