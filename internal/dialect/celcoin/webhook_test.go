package celcoin

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

// plainStamps says what it was asked to sign.
type plainStamps struct{ usher.Stamps }

func (plainStamps) Stamp(purpose, subject string, until time.Time) string {
	return strings.Join([]string{purpose, strings.ReplaceAll(subject, "/", "."), until.UTC().Format(time.TimeOnly)}, "_")
}

// TestMessages holds the messages to the byte: their times have three different forms.
func TestMessages(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 1, 16, 5, 55, 262_000_000, time.UTC)
	flow := flowNamed(t, "celcoin_phased")
	s, _ := usher.Start(usher.Session{
		ID: "6f0c2c0e-93c0-4f65-9c1e-0f6f2f6a9d11", TenantID: "t", Key: "loja-7741", Flow: flow, Mode: usher.Sandbox,
		Metadata: map[string]string{metaType: typePerson, metaDocument: "39053344705"},
	}, usher.Actor{}, at)
	view := usher.View{
		Applicant: usher.Applicant{Details: usher.Details{FirstName: "Ana", LastName: "Teste Silva"}}, Link: "https://verify.example/s/x",
		Account: &usher.Account{Number: "494550001", BankCode: "00000000"},
	}
	const head = `{"webhookId":"ID","createTimestamp":"2026-06-01T16:05:55Z",`
	const body = `"body":{"proposalId":"6f0c2c0e-93c0-4f65-9c1e-0f6f2f6a9d11","clientCode":"loja-7741","documentNumber":"39053344705","proposalType":"PF","onboardingType":"BAAS"`
	const opening = `{"webhookId":"ID","createTimestamp":"2026-06-01T13:05:55.2620000","entity":"onboarding-create",`
	for _, c := range []struct {
		name  string
		event usher.Event
		then  func(*usher.Session)
		want  []string
	}{
		{
			"background check",
			usher.Event{Type: usher.CheckStarted, Data: usher.EventData{Step: "background"}},
			func(*usher.Session) {},
			[]string{head + `"entity":"onboarding-backgroundcheck","status":"PENDING",` + body + `}}`},
		},
		{
			"link",
			usher.Event{Type: usher.SessionResubmissionRequested},
			func(*usher.Session) {},
			[]string{head + `"entity":"onboarding-documentscopy","status":"PENDING",` + body + `,"urlDocumentscopy":"https://verify.example/s/x"}}`},
		},
		{
			"refusal",
			usher.Event{Type: usher.SessionRejected},
			func(s *usher.Session) {
				s.State, s.Reasons = usher.Rejected, []usher.Reason{{Code: usher.WatchlistHit, Check: usher.CheckWatchlist}, {Code: usher.Policy}}
			},
			[]string{
				head + `"entity":"onboarding-backgroundcheck","status":"REPROVED",` + body +
					`,"RejectedReason":["Há uma ocorrência em lista restritiva.","A proposta não atende às regras da instituição."]}}`,
				head + `"entity":"onboarding-proposal","status":"REPROVED",` + body +
					`,"RejectedReason":["Há uma ocorrência em lista restritiva.","A proposta não atende às regras da instituição."]}}`,
			},
		},
		{
			"files",
			usher.Event{Type: usher.CheckStarted, Data: usher.EventData{Step: "documentscopy"}},
			func(s *usher.Session) {
				*s = started(flow, usher.Submitted, 4).Clone()
				s.ID, s.TenantID, s.Metadata = "6f0c2c0e-93c0-4f65-9c1e-0f6f2f6a9d11", "t", map[string]string{metaType: typePerson, metaDocument: "39053344705"}
				s.Key, s.Evidence = "loja-7741", []usher.Evidence{{ID: "e", Kind: usher.Selfie}}
				s.Steps[4].State, s.Steps[4].Checks = usher.StepRunning, []usher.CheckResult{{Kind: usher.CheckDocument}}
			},
			[]string{
				head + `"entity":"onboarding-documentscopy","status":"PROCESSING",` + body + `}}`,
				head + `"entity":"onboarding-file","status":"SUCCESS",` + body +
					`,"files":[{"type":"SELFIE","url":"/files/celcoin-file_t.6f0c2c0e-93c0-4f65-9c1e-0f6f2f6a9d11.e_17:05:55","expirationTime":"2026-06-01T17:05:55Z"}]}}`,
				head + `"entity":"onboarding-proposal","status":"PROCESSING_DOCUMENTSCOPY",` + body + `}}`,
			},
		},
		{
			"account",
			usher.Event{Type: usher.AccountOpened},
			func(s *usher.Session) { s.State, s.Account = usher.Approved, &usher.AccountStatus{Opened: true} },
			[]string{opening + `"status":"CONFIRMED","body":{"account":{"branch":"0001","account":"494550001","name":"Ana Teste Silva","documentNumber":"39053344705",` +
				`"ispb":"00000000"},"onboardingId":"6f0c2c0e-93c0-4f65-9c1e-0f6f2f6a9d11","clientCode":"loja-7741","createDate":"2026-06-01T13:05:55.2620000"}}`},
		},
		{
			"no account",
			usher.Event{Type: usher.AccountFailed},
			func(s *usher.Session) { s.State, s.Account = usher.Approved, &usher.AccountStatus{} },
			[]string{opening + `"status":"ERROR","body":{"onboardingId":"6f0c2c0e-93c0-4f65-9c1e-0f6f2f6a9d11","clientCode":"loja-7741",` +
				`"createDate":"2026-06-01T13:05:55.2620000"},"error":{"errorCode":"ACCOUNT_OPENER_REFUSED","message":"A abertura da conta foi recusada."}}`},
		},
		{"a page", usher.Event{Type: usher.StepCompleted}, func(*usher.Session) {}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := s.Clone()
			now.Steps[0].Checks = []usher.CheckResult{{Kind: usher.CheckWatchlist}}
			c.then(&now)
			v, e := view, c.event
			v.Session, e.ID, e.At = &now, "event", at
			messages, err := Renderer{Stamps: plainStamps{}}.Render(v, e)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range messages {
				id := webhookID(e.ID, now.ID, m.Event)
				got = append(got, strings.Replace(string(m.Body), `"webhookId":"`+id, `"webhookId":"ID`, 1))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
	if id := webhookID("event", "session", entityCreate); id != "session" {
		t.Errorf("the id of onboarding-create is %s, not the proposal's", id)
	}
}

// TestOtherSessionsAreNotTold holds that only proposals are.
func TestOtherSessionsAreNotTold(t *testing.T) {
	t.Parallel()
	s := started(flowNamed(t, updateFlow), usher.Approved, 1)
	for _, v := range []usher.View{{}, {Session: &s}} {
		if messages, err := (Renderer{}).Render(v, usher.Event{Type: usher.SessionApproved}); len(messages) > 0 || err != nil {
			t.Errorf("%d messages, %v", len(messages), err)
		}
	}
}
