package sender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/usher-kyc/usher"
)

// HTTP posts messages to a gateway, or to a small program in front of one, as JSON: id, tenant, channel, to, subject and text. Any answer of
// class 2xx means that it was taken.
type HTTP struct {
	URL    string
	Token  string // sent as a bearer token, or "" for none
	Client *http.Client
}

type posted struct {
	ID      string `json:"id"`
	Tenant  string `json:"tenant"`
	Channel string `json:"channel"`
	To      string `json:"to"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
}

// Send posts one message. The id is also the Idempotency-Key.
func (h HTTP) Send(ctx context.Context, m usher.CodeMessage) error {
	to := m.To
	if m.Channel == usher.ByPhone {
		to = "+" + to
	}
	body, err := json.Marshal(posted{ID: m.ID, Tenant: m.TenantID, Channel: string(m.Channel), To: to, Subject: m.Subject, Text: m.Text})
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("address of the gateway: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", m.ID)
	if h.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.Token)
	}
	resp, err := h.Client.Do(req)
	if named, ok := errors.AsType[*url.Error](err); ok {
		err = named.Err // without the address: some gateways want their key in it
	}
	if err != nil {
		return fmt.Errorf("ask the gateway: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the gateway answered %d", resp.StatusCode)
	}
	return nil
}
