package postgres_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/engine"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/vault"
)

// TestNodesWhoseClockIsOffTakeNoWork has nodes with clocks ahead and behind on one database: one that is far off says so, takes no turn that another
// has, and works again when its clock is set.
func TestNodesWhoseClockIsOffTakeNoWork(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	ring, err := vault.ReadRing(t.Context(), base64.StdEncoding.EncodeToString(make([]byte, 32)), nil)
	if err != nil {
		t.Fatal(err)
	}
	node := func(name string, skew *time.Duration) *engine.Engine {
		db := postgrestest.Open(t, postgres.Config{URL: url, Node: name})
		keys, err := vault.New(vault.Config{Master: ring.Master(), Keysets: db.Store})
		if err != nil {
			t.Fatal(err)
		}
		return engine.New(engine.Config{Store: db.Store, Vault: keys, Now: func() time.Time { return time.Now().Add(*skew) }})
	}
	join := func(e *engine.Engine) {
		t.Helper()
		if err := e.Join(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	none := time.Duration(0)
	good := node("good", &none)
	join(good)
	end, mine, err := good.TryTurn(t.Context(), "feed", time.Hour)
	if err != nil || !mine {
		t.Fatalf("the first turn: %v, %v", mine, err)
	}
	defer end()
	for _, skew := range []time.Duration{-10 * time.Second, -1500 * time.Millisecond, 0, 1500 * time.Millisecond, 10 * time.Second, 24 * time.Hour} {
		now := skew
		e := node("off by "+skew.String(), &now)
		join(e)
		fit := skew.Abs() < 2*time.Second
		if (e.Fit() == nil) != fit || e.Alive() != fit {
			t.Errorf("off by %s: fit %v", skew, e.Fit())
		}
		if _, mine, err := e.TryTurn(t.Context(), "feed", time.Second); mine || (err == nil) != fit {
			t.Errorf("off by %s: took the turn of another: %v, %v", skew, mine, err)
		}
		now = 0
		join(e)
		if e.Fit() != nil {
			t.Errorf("once the clock is set: %v", e.Fit())
		}
	}
}
