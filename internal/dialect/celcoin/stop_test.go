package celcoin_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

// stopped is a server that is stopped before it plays the applicant's part.
type stopped struct{ usher.Service }

// Simulate does nothing.
func (s stopped) Simulate(ctx context.Context, c usher.APIClient, id, _ string) (usher.Session, error) {
	return s.Session(ctx, c.TenantID, id)
}

// TestMagicDigitOutlivesAStop reads proposals whose server was stopped before what their digit asks for was played.
func TestMagicDigitOutlivesAStop(t *testing.T) {
	t.Parallel()
	for flow, digits := range map[string]map[string]string{
		"celcoin_phased":     {"1": "RESOURCE_CREATED", "2": "REPROVED", "3": "REPROVED", "5": "PENDING_DOCUMENTSCOPY"},
		"celcoin_continuous": {"1": "RESOURCE_CREATED", "2": "REPROVED", "3": "REPROVED", "5": "PENDING_DOCUMENTSCOPY"},
	} {
		for digit, want := range digits {
			t.Run(flow+" "+digit, func(t *testing.T) {
				t.Parallel()
				w := open(t, flow)
				whole := w.dialect
				w.dialect = w.speak(t, stopped{w.Service})
				token := w.sign(t, "")
				if status, body := w.call(t.Context(), token, http.MethodPost, personPath, person("loja-1", documents[0], "+551199000000"+digit)); status != http.StatusOK {
					t.Fatalf("proposal: %d %s", status, body)
				}
				w.dialect = whole
				status := func() string {
					var list struct {
						Body struct{ Proposal []struct{ Status string } }
					}
					_, body := w.call(t.Context(), token, http.MethodGet, listPath+"?ClientCode=loja-1", "")
					decode(t, body, &list)
					return list.Body.Proposal[0].Status
				}
				w.Settle()
				if got := status(); got != want && got != "PENDING_DOCUMENTSCOPY" {
					t.Errorf("a call that may still be at it is run over: %s", got)
				}
				w.Advance(2 * time.Minute)
				status()
				w.Settle()
				if got := status(); got != want {
					t.Errorf("it stays %s, want %s", got, want)
				}
			})
		}
	}
}
