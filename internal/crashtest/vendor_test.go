package crashtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/servertest"
)

// vendor is a client of one of the vendors' APIs, Mobbscan's, whose calls have no idempotency keys: the client's own name of a process stands for one.
type vendor struct {
	repeated    *atomic.Int64 // calls sent again because no answer came
	base        string
	key, secret string
	token       *atomic.Value // a string; it ends, and another is asked for then
	http        *http.Client
}

type answer struct {
	AccessToken    string `json:"accessToken"`
	VerificationID string `json:"verificationId"`
	Status         string `json:"status"`
}

func signIn(t *testing.T, s *servertest.Server) vendor {
	t.Helper()
	var dev struct {
		Vendor struct {
			Base   string `json:"base_url"`
			Key    string `json:"api_key"`
			Secret string `json:"api_secret"`
		} `json:"mobbscan_automatic"`
	}
	s.Dev(t, &dev)
	v := vendor{
		repeated: new(atomic.Int64), base: dev.Vendor.Base, key: dev.Vendor.Key, secret: dev.Vendor.Secret, token: new(atomic.Value),
		http: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: callers}},
	}
	v.token.Store("")
	if err := v.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

const vendorTokens = "/auth/token"

// enter gets a token.
func (v vendor) enter(ctx context.Context) error {
	status, told, err := v.call(ctx, http.MethodPost, vendorTokens, fields{"api_key": v.key, "api_secret": v.secret})
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	if err != nil {
		return fmt.Errorf("sign in at the vendor's API: %w", err)
	}
	v.token.Store(told.AccessToken)
	return nil
}

// call sends a call until it is answered by a server that lives.
func (v vendor) call(ctx context.Context, method, path string, body any) (int, answer, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, servertest.CallLimit)
	defer cancel()
	for renewed := false; ; {
		status, told, err := v.once(ctx, method, path, raw)
		if err == nil && status == http.StatusUnauthorized && path != vendorTokens && !renewed {
			if err := v.enter(ctx); err != nil {
				return status, told, err
			}
			renewed = true
			continue
		}
		if err == nil && status < http.StatusInternalServerError {
			return status, told, nil
		}
		if ctx.Err() != nil {
			return 0, told, fmt.Errorf("%s %s: no answer in time: %w", method, path, ctx.Err())
		}
		v.repeated.Add(1)
		time.Sleep(5 * time.Millisecond)
	}
}

func (v vendor) once(ctx context.Context, method, path string, raw []byte) (int, answer, error) {
	var told answer
	req, err := http.NewRequestWithContext(ctx, method, v.base+path, bytes.NewReader(raw))
	if err != nil {
		return 0, told, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+v.token.Load().(string))
	res, err := v.http.Do(req)
	if err != nil {
		return 0, told, err
	}
	said, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return 0, told, err
	}
	return res.StatusCode, told, json.Unmarshal(said, &told)
}

// finished takes somebody through the vendor's API.
func (o *oracle) finished(ctx context.Context, r *rand.Rand) error {
	scan := fmt.Sprintf("crash-%016x", r.Uint64())
	status, _, err := o.vendor.call(ctx, http.MethodPost, "/onboarding/token", fields{
		"scanId": scan, "verificationExtraData": fields{"sandboxOutcome": "accept"},
	})
	if err := taken("begin "+scan, status, err); err != nil {
		return err
	}
	status, _, err = o.vendor.call(ctx, http.MethodPost, "/onboarding/"+scan+"/finish", fields{})
	if err := taken("finish "+scan, status, err); err != nil {
		return err
	}
	status, told, err := o.vendor.call(ctx, http.MethodGet, "/mobbscan-agent/checkVerificationProcessResult/"+scan, nil)
	if err := taken("read "+scan, status, err); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.scans[told.VerificationID] = scan
	return nil
}

// taken wants an answer that says that a call had its effect: one that is sent again finds what the one before it did, which is a conflict.
func taken(what string, status int, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case status != http.StatusOK && status != http.StatusConflict:
		return fmt.Errorf("%s: status %d", what, status)
	}
	return nil
}

// compareScans wants every process that was finished to be decided.
func (o *oracle) compareScans(t *testing.T) {
	t.Helper()
	if len(o.scans) == 0 {
		t.Error("nobody came in through the vendor's API")
	}
	for id, scan := range o.scans {
		_, told, err := o.vendor.call(t.Context(), http.MethodGet, "/mobbscan-agent/checkVerificationProcessResult/"+scan, nil)
		if err != nil || told.Status != "VERIFIED" || told.VerificationID != id {
			t.Errorf("the vendor's process %s is %+v, %v", scan, told, err)
		}
	}
}
