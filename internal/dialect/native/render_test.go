package native_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/native"
)

// planted fills every string of a value with words that no event may tell, so that a member added later is caught as well.
func planted(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		planted(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				planted(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		planted(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("PLANTED-key"), reflect.ValueOf("PLANTED-value"))
	case reflect.String:
		v.SetString("PLANTED")
	default:
	}
}

// TestEventsAreThin plants words in everything an event could tell and names what may be told of it.
func TestEventsAreThin(t *testing.T) {
	t.Parallel()
	var e usher.Event
	// A session inside of itself would never end, so it is planted without its own.
	data := reflect.ValueOf(&e.Data).Elem()
	for i := range data.NumField() {
		if data.Type().Field(i).Name != "Start" {
			planted(data.Field(i))
		}
	}
	e.Data.Start = &usher.Session{ReturnURL: "PLANTED", Reference: "PLANTED", Note: "PLANTED"}
	told := map[string]bool{
		"data.by.kind": true, "data.by.id": true, "data.fields": true, "data.step": true, "data.steps": true, "data.document.type": true,
		"data.document.country": true, "data.evidence.id": true, "data.evidence.kind": true, "data.check.kind": true, "data.check.outcome": true,
		"data.check.assurance": true, "data.decision.verdict": true, "data.decision.by.kind": true, "data.decision.by.id": true, "data.account.id": true,
		"data.hits.screening_id": true, "data.channel": true,
	}
	for _, kind := range usher.EventTypes() {
		e.Type = kind
		messages, err := native.Renderer{}.Render(usher.View{Applicant: usher.Applicant{Details: usher.Details{LastName: "PLANTED-NAME"}}}, e)
		if err != nil || len(messages) != 1 || messages[0].Event != string(kind) || messages[0].ContentType != "application/json" {
			t.Fatalf("%s: %+v %v", kind, messages, err)
		}
		var got map[string]any
		if err := json.Unmarshal(messages[0].Body, &got); err != nil {
			t.Fatal(err)
		}
		for path := range plantedIn("", got) {
			reason := strings.Contains(path, "reasons.") // codes, steps, checks and names of fields; never values
			if !told[path] && !reason && path != "data.state" {
				t.Errorf("%s tells %s: %s", kind, path, messages[0].Body)
			}
		}
	}
}

// plantedIn gives the paths of planted words.
func plantedIn(at string, v any) func(func(string) bool) {
	return func(yield func(string) bool) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				for p := range plantedIn(strings.TrimPrefix(at+"."+name, "."), member) {
					if !yield(p) {
						return
					}
				}
			}
		case []any:
			for _, item := range v {
				for p := range plantedIn(at, item) {
					if !yield(p) {
						return
					}
				}
			}
		case string:
			if strings.Contains(v, "PLANTED") {
				yield(at)
			}
		}
	}
}

func TestRenderGolden(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 15, 0, 123_456_789, time.FixedZone("CET", 3600))
	by := usher.Actor{Kind: usher.ByStaff, ID: "staff-1", Role: usher.RoleSenior}
	got, err := native.Renderer{}.Render(usher.View{}, usher.Event{
		ID: "evt-1", Type: usher.SessionRejected, TenantID: "ten-1", ApplicantID: "app-1", SessionID: "ses-1", Sequence: 9, Version: 9, At: at,
		Data: usher.EventData{By: &by, Decision: &usher.Decision{
			Verdict: usher.Reject, By: by, Reasons: []usher.Reason{{Code: usher.DocumentExpired, Step: "document"}}, Note: "n", Internal: "i",
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "id": "evt-1",
 "type": "session.rejected",
 "sequence": 9,
 "created_at": "2026-03-02T09:15:00.123Z",
 "tenant_id": "ten-1",
 "applicant_id": "app-1",
 "session_id": "ses-1",
 "version": 9,
 "data": {
  "state": "rejected",
  "by": {
   "kind": "staff",
   "id": "staff-1"
  },
  "decision": {
   "verdict": "rejected",
   "by": {
    "kind": "staff",
    "id": "staff-1"
   },
   "reasons": [
    {
     "code": "document_expired",
     "class": "retry",
     "step": "document",
     "message": "The document has expired."
    }
   ],
   "overturn": false
  }
 }
}`
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, got[0].Body, "", " "); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, pretty.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestDeliveredIsWhatIsPulled holds webhooks and GET /v1/events to the same words.
func TestDeliveredIsWhatIsPulled(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.do(t, "POST", "/v1/webhook_endpoints", map[string]any{"url": "https://client.example/hook"}).want(t, 201)
	id := h.session(t)
	h.simulate(t, id, "submit")
	messages := h.Messages(h.Tenant.ID)
	if len(messages) < 10 {
		t.Fatalf("only %d messages", len(messages))
	}
	for _, m := range messages {
		var e struct{ ID string }
		if err := json.Unmarshal(m.Body, &e); err != nil {
			t.Fatal(err)
		}
		pulled := h.do(t, "GET", "/v1/events/"+e.ID, nil).want(t, 200)
		if diff := cmp.Diff(string(m.Body), strings.TrimSpace(pulled.Body.String())); diff != "" {
			t.Errorf("%s: -delivered +pulled: %s", m.Event, diff)
		}
		if strings.Contains(string(m.Body), "Lindqvist") || strings.Contains(string(m.Body), "PLANTED") {
			t.Errorf("personal data is sent: %s", m.Body)
		}
	}
}
