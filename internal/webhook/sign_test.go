package webhook_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"

	"github.com/usher-kyc/usher/internal/webhook"
)

func mustSecret(t testing.TB) string {
	t.Helper()
	s, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The vector is the one published with the reference libraries of Standard Webhooks.
func TestSignPublishedVector(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	err := webhook.Sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := h.Get("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	if got := h.Get("webhook-timestamp"); got != "1614265330" {
		t.Errorf("timestamp %s", got)
	}
}

// Each secret of a rotation must satisfy a verifier that we did not write.
func TestSignSatisfiesReferenceLibrary(t *testing.T) {
	t.Parallel()
	secrets := []string{mustSecret(t), mustSecret(t)}
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		h := http.Header{}
		if err := webhook.Sign(h, "dlv_1", time.Now(), body, secrets); err != nil {
			t.Fatal(err)
		}
		for i, s := range secrets {
			w, err := standardwebhooks.NewWebhook(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Verify(body, h); err != nil {
				t.Errorf("secret %d: %v", i, err)
			}
			if err := w.Verify(append(bytes.Clone(body), '!'), h); err == nil {
				t.Errorf("secret %d: a changed body was accepted", i)
			}
		}
	})
}

func TestVerify(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	old, fresh, foreign := mustSecret(t), mustSecret(t), mustSecret(t)
	signed := func(at time.Time, secrets ...string) http.Header {
		h := http.Header{}
		if err := webhook.Sign(h, "dlv_1", at, []byte("body"), secrets); err != nil {
			t.Fatal(err)
		}
		return h
	}
	without := func(name string) http.Header {
		h := signed(now, fresh)
		h.Del(name)
		return h
	}
	with := func(name, value string) http.Header {
		h := signed(now, fresh)
		h.Set(name, value)
		return h
	}
	for _, c := range []struct {
		name    string
		header  http.Header
		body    string
		secrets []string
		want    error
	}{
		{"good", signed(now, fresh), "body", []string{fresh}, nil},
		{"receiver still has the old secret", signed(now, fresh, old), "body", []string{old}, nil},
		{"receiver has both", signed(now, old), "body", []string{fresh, old}, nil},
		{"just in time", signed(now.Add(-5*time.Minute), fresh), "body", []string{fresh}, nil},
		{"other signatures are passed over", with(webhook.HeaderSignature, "v1a,AAAA v2,BBBB "+signed(now, fresh).Get(webhook.HeaderSignature)), "body", []string{fresh}, nil},
		{"too old", signed(now.Add(-301*time.Second), fresh), "body", []string{fresh}, webhook.ErrStale},
		{"too new", signed(now.Add(301*time.Second), fresh), "body", []string{fresh}, webhook.ErrStale},
		{"other body", signed(now, fresh), "Body", []string{fresh}, webhook.ErrSignature},
		{"other id", with(webhook.HeaderID, "dlv_2"), "body", []string{fresh}, webhook.ErrSignature},
		{"other time", with(webhook.HeaderTimestamp, "1800000001"), "body", []string{fresh}, webhook.ErrSignature},
		{"other secret", signed(now, foreign), "body", []string{fresh, old}, webhook.ErrSignature},
		{"no secret", signed(now, fresh), "body", nil, webhook.ErrSignature},
		{"signature is no base64", with(webhook.HeaderSignature, "v1,%%%"), "body", []string{fresh}, webhook.ErrSignature},
		{"signature is empty", with(webhook.HeaderSignature, "v1,"), "body", []string{fresh}, webhook.ErrSignature},
		{"no id", without(webhook.HeaderID), "body", []string{fresh}, webhook.ErrHeaders},
		{"no timestamp", without(webhook.HeaderTimestamp), "body", []string{fresh}, webhook.ErrHeaders},
		{"no signature", without(webhook.HeaderSignature), "body", []string{fresh}, webhook.ErrHeaders},
		{"timestamp is no number", with(webhook.HeaderTimestamp, "now"), "body", []string{fresh}, webhook.ErrHeaders},
		{"secret without prefix", signed(now, fresh), "body", []string{strings.TrimPrefix(fresh, "whsec_")}, webhook.ErrSecret},
		{"secret too short", signed(now, fresh), "body", []string{"whsec_c2hvcnQ="}, webhook.ErrSecret},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := webhook.Verify(c.header, []byte(c.body), c.secrets, now); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestSignRefusesToSendUnsigned(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {"whsec_"}, {"secret"}, {mustSecret(t), "whsec_####"}} {
		h := http.Header{}
		if err := webhook.Sign(h, "dlv_1", time.Now(), nil, secrets); !errors.Is(err, webhook.ErrSecret) || len(h) != 0 {
			t.Errorf("%d secrets: err %v, headers %v", len(secrets), err, h)
		}
	}
}

func TestNewSecretNeedsItsSource(t *testing.T) {
	t.Parallel()
	if s, err := webhook.NewSecret(strings.NewReader("too short")); err == nil {
		t.Errorf("made %s from nine bytes", s)
	}
	if a, b := mustSecret(t), mustSecret(t); a == b {
		t.Error("two secrets are the same")
	}
}

// Whatever headers come in, Verify answers and never accepts what it was not given a signature for.
func FuzzVerify(f *testing.F) {
	secret := mustSecret(f)
	f.Add("dlv_1", "1800000000", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", []byte("body"))
	f.Add("", "-9223372036854775808", "v1, v1a,", []byte(nil))
	f.Fuzz(func(t *testing.T, id, stamp, signature string, body []byte) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {signature}}
		if webhook.Verify(h, body, []string{secret}, time.Unix(1_800_000_000, 0)) == nil {
			t.Fatal("accepted a signature that nobody made")
		}
	})
}
