package engine_test

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/engine"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/store"
)

// TestEndsOfClientsAreLogged holds that the log names a client that ends soon once a day, by its id, and warns in the last three days.
func TestEndsOfClientsAreLogged(t *testing.T) {
	t.Parallel()
	h := enginetest.Open(t)
	ends := h.Now().Add(20*24*time.Hour + 7*time.Minute)
	err := h.Store.AddClient(t.Context(), store.ClientRow{ID: "c1", TenantID: h.Tenant.ID, Dialect: "native", Doc: []byte(`{"name":"Back office"}`), CreatedAt: h.Now(), ExpiresAt: ends},
		store.SecretRow{ClientID: "c1", Dialect: "native", Generation: 1, Hash: []byte("hash"), CreatedAt: h.Now()})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	_, do := handled(t, h, engine.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 22 * 24 {
		if err := do("tidy"); err != nil {
			t.Fatal(err)
		}
		h.Pass(time.Hour)
	}
	var told []string
	for line := range strings.Lines(log.String()) {
		if found := regexp.MustCompile(`level=(\w+) msg="an API client ends soon" tenant_id=\S+ client_id=c1 days=(\d+)`).FindStringSubmatch(line); found != nil {
			told = append(told, found[1]+" "+found[2])
		}
	}
	want := "INFO 14,INFO 13,INFO 12,INFO 11,INFO 10,INFO 9,INFO 8,INFO 7,INFO 6,INFO 5,INFO 4,WARN 3,WARN 2,WARN 1"
	if got := strings.Join(told, ","); got != want || strings.Contains(log.String(), "Back office") {
		t.Errorf("told is %s, want %s", got, want)
	}
}
