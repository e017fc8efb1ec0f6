package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	usher "github.com/usher-kyc/usher"
)

const (
	// A token of no stated lifetime is asked for again after this (RFC 6749 section 5.1 leaves it open).
	defaultTokenLife = 5 * time.Minute
	// A token is renewed this long before it ends, so that it does not end on the way.
	tokenMargin   = 30 * time.Second
	maxTokenBytes = 8 << 10
)

// tokens fetches and keeps the access tokens of endpoints with oauth2 (client credentials, RFC 6749 section 4.4).
type tokens struct {
	client *http.Client
	now    func() time.Time

	mu   sync.Mutex
	byID map[string]*token // by endpoint id
}

// token is what is known of one endpoint. busy holds one place: of the tries that need a new token at once only one asks for it.
type token struct {
	busy  chan struct{}
	auth  usher.EndpointAuth // it was fetched with; a change makes it void
	value string
	until time.Time
}

// get gives a token for an endpoint, from memory or from its token address. inForm: the credentials travel in the form.
func (t *tokens) get(ctx context.Context, e usher.Endpoint, inForm bool) (string, error) {
	k := t.entry(e.ID)
	select {
	case k.busy <- struct{}{}:
		defer func() { <-k.busy }()
	case <-ctx.Done():
		return "", fault("no token: no answer in time")
	}
	if k.value != "" && k.auth == e.Auth && t.now().Before(k.until) {
		return k.value, nil
	}
	value, life, err := t.fetch(ctx, e.Auth, inForm)
	if err != nil {
		return "", err
	}
	k.auth, k.value, k.until = e.Auth, value, t.now().Add(life-min(tokenMargin, life/2))
	return value, nil
}

// drop forgets a token that an endpoint refused, unless another try has already replaced it.
func (t *tokens) drop(ctx context.Context, e usher.Endpoint, refused string) {
	k := t.entry(e.ID)
	select {
	case k.busy <- struct{}{}:
		if k.value == refused {
			k.value = ""
		}
		<-k.busy
	case <-ctx.Done():
	}
}

func (t *tokens) entry(endpointID string) *token {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.byID[endpointID]
	if k == nil {
		k = &token{busy: make(chan struct{}, 1)}
		t.byID[endpointID] = k
	}
	return k
}

// fetch asks the token address for a token and gives it with its lifetime.
func (t *tokens) fetch(ctx context.Context, a usher.EndpointAuth, inForm bool) (string, time.Duration, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if inForm {
		form.Set("client_id", a.ClientID)
		form.Set("client_secret", a.ClientSecret)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, fault("the token address is not readable")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	if !inForm {
		// RFC 6749 section 2.3.1: both are form-encoded before they become Basic credentials.
		r.SetBasicAuth(url.QueryEscape(a.ClientID), url.QueryEscape(a.ClientSecret))
	}
	res, err := t.client.Do(r)
	if err != nil {
		return "", 0, fault("no token: " + describe(err))
	}
	defer res.Body.Close() // read only
	if res.StatusCode != http.StatusOK {
		return "", 0, fault(fmt.Sprintf("no token: the token address answered %d", res.StatusCode))
	}
	var answer struct {
		Token   string      `json:"access_token"`
		Expires json.Number `json:"expires_in"` // seconds; some servers send a string
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxTokenBytes)).Decode(&answer); err != nil || !isHeaderValue(answer.Token) {
		return "", 0, fault("no token: the token address gave no readable access_token")
	}
	life := defaultTokenLife
	if seconds, err := answer.Expires.Int64(); err == nil && seconds > 0 {
		life = min(time.Duration(min(seconds, 86_400))*time.Second, 24*time.Hour)
	}
	return answer.Token, life, nil
}
