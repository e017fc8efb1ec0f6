package regula

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/check/face/liveness"
)

// The name and version that results carry.
const (
	Provider = "regula"
	Version  = "face-liveness-v2"
)

// Liveness is the liveness check by this engine: the client's app runs the liveness of the vendor's kit against the operator's server and the client
// notes the transaction's id in the session's metadata ([liveness.SessionKey]). URL and Client of the configuration are used.
type Liveness struct{ config Config }

var _ usher.Checker = (*Liveness)(nil)

// NewLiveness returns the check.
func NewLiveness(c Config) (*Liveness, error) {
	if c.URL == "" || c.Client == nil {
		return nil, fmt.Errorf("regula: url: give the address of the server")
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	return &Liveness{c}, nil
}

// Kind returns usher.CheckLiveness.
func (l *Liveness) Kind() usher.CheckKind { return usher.CheckLiveness }

type result struct {
	Code   int    `json:"code"`
	Status *int   `json:"status"` // 0 confirmed, 1 not
	Type   *int   `json:"type"`   // 0 active, 1 passive; not told, it is neither
	Tag    string `json:"tag"`    // of the app's choice
}

// Check asks for the result of the session's transaction. A tag that the app gave must be the session's id, so that the result of another person does
// not pass. The outcome is clear for a confirmed liveness, with the assurance assisted.
func (l *Liveness) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	id := in.Session.Metadata[liveness.SessionKey]
	if id == "" {
		return liveness.NotTaken(Provider, Version, "no session"), nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.config.URL+"/api/v2/liveness?transactionId="+url.QueryEscape(id), http.NoBody)
	if err != nil {
		return usher.CheckResult{}, fmt.Errorf("write request: %w", err)
	}
	status, body, err := face.Ask(l.config.Client, r)
	if err != nil {
		return usher.CheckResult{}, err
	}
	if status == http.StatusNotFound {
		return liveness.NotTaken(Provider, Version, "unknown session"), nil
	}
	var a result
	if err := json.Unmarshal(body, &a); err != nil || status != http.StatusOK {
		return usher.CheckResult{}, fmt.Errorf("engine refused, or did not answer in JSON: status %d", status)
	}
	if a.Code != done || a.Status == nil {
		return liveness.NotTaken(Provider, Version, fmt.Sprintf("code %d", a.Code)), nil
	}
	out := usher.CheckResult{
		Kind: usher.CheckLiveness, Outcome: usher.Consider, Assurance: usher.Assisted, Provider: Provider, Version: Version,
		Examined: []string{"liveness"}, NotExamined: []string{"same_person_as_selfie", "injected_video"},
	}
	if a.Type != nil {
		if kind := map[int]string{0: "active_liveness", 1: "passive_liveness"}[*a.Type]; kind != "" {
			out.Examined = append(out.Examined, kind)
		}
	}
	bound := a.Tag == "" || a.Tag == in.Session.ID
	out.Findings = []usher.Finding{
		{Name: "vendor_status", Read: map[bool]string{true: "confirmed", false: "not confirmed"}[*a.Status == 0], OK: *a.Status == 0},
		{Name: "vendor_session", Read: map[bool]string{true: "not of another", false: "of another session"}[bound], OK: bound && a.Tag != ""},
	}
	if *a.Status == 0 && bound {
		out.Outcome, out.Score = usher.Clear, 1
		return out, nil
	}
	out.Reasons = []usher.Reason{{Code: usher.LivenessFailed, Check: usher.CheckLiveness}}
	return out, nil
}
