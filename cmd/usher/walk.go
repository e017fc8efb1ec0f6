package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/usher-kyc/usher/internal/specimen"
)

// backend is a client's back end: it knows the native API and nothing else of usher.
type backend struct {
	dev     devFile
	token   string
	secret  string // of its webhook endpoint
	session session
}

type session struct {
	ID          string `json:"id"`
	ApplicantID string `json:"applicant_id"`
	State       string `json:"state"`
	URL         string `json:"url"`
	Account     *struct {
		ID string `json:"id"`
	} `json:"account"`
}

type checkResult struct {
	Kind       string `json:"kind"`
	Outcome    string `json:"outcome"`
	Assurance  string `json:"assurance"`
	DurationMS int64  `json:"duration_ms"`
	Reasons    []struct {
		Code string `json:"code"`
	} `json:"reasons"`
}

// words says what a check found on one line.
func (r checkResult) words() string {
	said := r.Outcome
	if r.Assurance != "" {
		said += ", " + r.Assurance
	}
	for _, why := range r.Reasons {
		said += ", " + why.Code
	}
	return said
}

func (b *backend) signIn(ctx context.Context) error {
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err := b.call(ctx, http.MethodPost, "/oauth/token", map[string]any{
		"grant_type": "client_credentials", "client_id": b.dev.Native.ClientID, "client_secret": b.dev.Native.ClientSecret,
	}, &token)
	b.token = token.AccessToken
	return err
}

// createSession creates a session with its applicant. The zero person is told nothing of, and fills in everything.
func (b *backend) createSession(ctx context.Context, p specimen.Person) error {
	applicant := map[string]any{}
	if p.LastName != "" {
		applicant = map[string]any{
			"first_name": p.FirstNames, "last_name": p.LastName, "date_of_birth": p.BirthDate.Format(time.DateOnly),
			"email": "maja@example.test", "phone": "46701234567",
			"address": map[string]any{"country": "SE", "street": "Storgatan 1", "city": "Stockholm", "postal_code": "111 22"},
		}
	}
	return b.call(ctx, http.MethodPost, "/v1/sessions", map[string]any{"applicant": applicant}, &b.session)
}

func (b *backend) checks(ctx context.Context) ([]checkResult, error) {
	var list struct {
		Data []checkResult `json:"data"`
	}
	err := b.call(ctx, http.MethodGet, "/v1/sessions/"+b.session.ID+"/checks", nil, &list)
	return list.Data, err
}

// wait reads the session until it is as wanted.
func (b *backend) wait(ctx context.Context, wanted func(session) bool) (session, error) {
	return poll(ctx, func() (session, bool, error) {
		err := b.call(ctx, http.MethodGet, "/v1/sessions/"+b.session.ID, nil, &b.session)
		return b.session, wanted(b.session), err
	})
}

// poll asks until the answer is there, for half a minute.
func poll[T any](ctx context.Context, ask func() (T, bool, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		v, ok, err := ask()
		if err != nil || ok {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, errors.New("waited for half a minute in vain")
		case <-tick.C:
		}
	}
}

// call makes one call of the API.
func (b *backend) call(ctx context.Context, method, at string, body, into any) error {
	var raw io.Reader
	if body != nil {
		doc, err := json.Marshal(body)
		if err != nil {
			return err
		}
		raw = bytes.NewReader(doc)
	}
	req, err := http.NewRequestWithContext(ctx, method, b.dev.BaseURL+at, raw)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	status, answer, err := send(http.DefaultClient, req)
	if err != nil {
		return err
	}
	if status >= http.StatusBadRequest {
		return fmt.Errorf("%s %s answered %d: %s", method, at, status, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s %s: %w", method, at, err)
	}
	return nil
}

func send(c *http.Client, req *http.Request) (int, []byte, error) {
	resp, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	return resp.StatusCode, answer, errors.Join(err, resp.Body.Close())
}

func eventType(body []byte) string {
	var e struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(body, &e) != nil {
		return "unreadable"
	}
	return e.Type
}

// browser is a browser without scripts: it follows links, keeps cookies and sends forms.
type browser struct {
	w      *walker
	client *http.Client
	files  map[string][]byte // by page
	at     *url.URL
	page   string
}

func newBrowser(w *walker, files map[string][]byte) *browser {
	jar, _ := cookiejar.New(nil) // New has no error to give
	b := &browser{w: w, files: files}
	b.client = &http.Client{Jar: jar, Timeout: 30 * time.Second}
	return b
}

// walk opens the link and does what each page asks, until the page says that there is nothing to do but wait.
func (b *browser) walk(ctx context.Context, link string) error {
	if err := b.step(ctx, "opens the link", http.MethodGet, link, "", nil); err != nil {
		return err
	}
	if err := b.step(ctx, "starts", http.MethodPost, link, "application/x-www-form-urlencoded", strings.NewReader("")); err != nil {
		return err
	}
	for range 30 {
		page := path.Base(b.at.Path)
		var err error
		switch page {
		case "consent":
			err = b.form(ctx, "agrees", url.Values{"words": {b.hidden("words")}, "face": {"yes"}})
		case "name", "birth", "nationality", "address", "contact":
			err = b.form(ctx, "gives details", b.details())
		case "document":
			err = b.form(ctx, "chooses a passport", url.Values{"document": {"passport"}})
		case "front", "selfie":
			err = b.upload(ctx, page)
		case "check":
			err = b.form(ctx, "uses the photo", url.Values{})
		case "answers":
			err = b.form(ctx, "checks the answers, sends", url.Values{"version": {b.hidden("version")}})
		case "waiting", "done":
			return nil
		default:
			return fmt.Errorf("the applicant was sent to a page the demo does not know: %s", b.at.Path)
		}
		if err != nil {
			return err
		}
		if path.Base(b.at.Path) == page && page != "check" {
			return fmt.Errorf("the page %s did not take what it was given", page)
		}
	}
	return errors.New("the pages never end")
}

// details is all that the pages of a person's details may ask for: each takes what it asks for, and leaves the rest.
func (b *browser) details() url.Values {
	p := b.w.person
	return url.Values{
		"first_name": {p.FirstNames}, "last_name": {p.LastName}, "birth_day": {p.BirthDate.Format("2")}, "birth_month": {p.BirthDate.Format("1")},
		"birth_year": {p.BirthDate.Format("2006")}, "nationality": {"SE"}, "country": {"SE"}, "street": {"Storgatan 1"}, "city": {"Stockholm"},
		"postal_code": {"111 22"}, "email": {"maja@example.test"}, "phone": {"+46701234567"},
	}
}

func (b *browser) form(ctx context.Context, what string, v url.Values) error {
	return b.step(ctx, what, http.MethodPost, b.at.String(), "application/x-www-form-urlencoded", strings.NewReader(v.Encode()))
}

func (b *browser) upload(ctx context.Context, page string) error {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	f, err := m.CreateFormFile("file", page+".jpg")
	if err == nil {
		_, err = f.Write(b.files[page])
	}
	if err = errors.Join(err, m.Close()); err != nil {
		return fmt.Errorf("make upload: %w", err)
	}
	what := map[string]string{"front": "photographs the passport", "selfie": "takes a selfie"}[page]
	return b.step(ctx, what, http.MethodPost, b.at.String(), m.FormDataContentType(), &body)
}

// step sends one request and takes in the page it ends at.
func (b *browser) step(ctx context.Context, what, method, to, contentType string, body io.Reader) error {
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, method, to, body)
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return fmt.Errorf("applicant %s: %w", what, err)
	}
	shown, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("applicant %s: %w", what, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("applicant %s: the page answered %d", what, resp.StatusCode)
	}
	b.at, b.page = resp.Request.URL, string(shown)
	page := path.Base(b.at.Path)
	if strings.Contains(b.at.Path, "/s/") {
		page = "start" // the rest of that address is a secret
	}
	b.w.did(began, "applicant", what, "page "+page)
	return nil
}

// hidden gives the value of a field of the page's form.
func (b *browser) hidden(name string) string {
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(b.page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}
