package incode_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/incode"
)

var statuses = []string{
	"UNKNOWN", "ID_VALIDATION_FINISHED", "POST_PROCESSING_FINISHED", "FACE_VALIDATION_FINISHED", "GOVERNMENT_VALIDATION_FINISHED",
	"ONBOARDING_FINISHED", "MANUAL_REVIEW_APPROVED", "MANUAL_REVIEW_REJECTED", "EXPIRED",
}

func decided(s usher.Session, by usher.ActorKind) usher.Session {
	if s.State.Decided() {
		s.Decision = &usher.Decision{By: usher.Actor{Kind: by}}
	}
	return s
}

func TestEveryStateHasAStatus(t *testing.T) {
	t.Parallel()
	for _, state := range usher.States() {
		for _, by := range []usher.ActorKind{usher.BySystem, usher.ByStaff, usher.ByClient} {
			for attempt := 1; attempt <= 2; attempt++ {
				s := decided(usher.Session{State: state, Attempt: attempt}, by)
				if got := incode.StatusOf(s); !slices.Contains(statuses, got) {
					t.Errorf("%s decided by %s has the status %q", state, by, got)
				}
				if got := incode.OverallOf(s, time.Now()); !slices.Contains([]string{"OK", "WARN", "FAIL", "UNKNOWN"}, got) {
					t.Errorf("%s has the score %q", state, got)
				}
				if got := incode.ActionOf(s); !slices.Contains([]string{"approved", "rejected", "manualReview"}, got) {
					t.Errorf("%s has the action %q", state, got)
				}
			}
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	ran := func(kind usher.CheckKind) usher.CheckResult {
		return usher.CheckResult{Kind: kind, Outcome: usher.Clear}
	}
	steps := func(done ...string) []usher.StepStatus {
		all := []usher.StepStatus{
			{ID: "document", Kind: usher.StepDocument},
			{ID: "id", Kind: usher.StepRun},
			{ID: "selfie", Kind: usher.StepSelfie},
			{ID: "government", Kind: usher.StepRun},
		}
		for i := range all {
			if slices.Contains(done, all[i].ID) {
				all[i].State = usher.StepDone
			}
		}
		return all
	}
	with := func(all []usher.StepStatus, step int, r usher.CheckResult) []usher.StepStatus {
		all[step].Checks = append(all[step].Checks, r)
		return all
	}
	notRun := usher.CheckResult{Kind: usher.CheckRegistry, Outcome: usher.NotRun}
	lost := usher.CheckResult{Kind: usher.CheckRegistry, Outcome: usher.Unavailable}
	for name, c := range map[string]struct {
		s    usher.Session
		want string
	}{
		"nothing yet":                   {usher.Session{State: usher.Created, Steps: steps()}, "UNKNOWN"},
		"document captured":             {usher.Session{State: usher.InProgress, Steps: steps("document")}, "ID_VALIDATION_FINISHED"},
		"document read":                 {usher.Session{State: usher.InProgress, Steps: with(steps("document"), 1, ran(usher.CheckDocument))}, "POST_PROCESSING_FINISHED"},
		"selfie":                        {usher.Session{State: usher.InProgress, Steps: with(steps("document", "id", "selfie"), 1, ran(usher.CheckDocument))}, "FACE_VALIDATION_FINISHED"},
		"a document read late":          {usher.Session{State: usher.Submitted, Steps: with(steps("document", "selfie"), 3, ran(usher.CheckDocument))}, "POST_PROCESSING_FINISHED"},
		"register":                      {usher.Session{State: usher.Submitted, Steps: with(steps("document", "id", "selfie"), 3, ran(usher.CheckRegistry))}, "GOVERNMENT_VALIDATION_FINISHED"},
		"a register that was not asked": {usher.Session{State: usher.Submitted, Steps: with(steps("document", "id", "selfie"), 3, notRun)}, ""},
		"a register that is away":       {usher.Session{State: usher.Submitted, Steps: with(steps("document", "id", "selfie"), 3, lost)}, ""},
		"register before the selfie":    {usher.Session{State: usher.InProgress, Steps: with(steps("document", "id", "selfie"), 1, ran(usher.CheckRegistry))}, "FACE_VALIDATION_FINISHED"},
		"both in one step":              {usher.Session{State: usher.InProgress, Steps: with(with(steps("document"), 1, ran(usher.CheckRegistry)), 1, ran(usher.CheckDocument))}, "GOVERNMENT_VALIDATION_FINISHED"},
		"asked again":                   {usher.Session{State: usher.InProgress, Attempt: 2, Steps: steps()}, "ONBOARDING_FINISHED"},
		"approved by rules":             {decided(usher.Session{State: usher.Approved}, usher.BySystem), "ONBOARDING_FINISHED"},
		"rejected by rules":             {decided(usher.Session{State: usher.Rejected}, usher.BySystem), "ONBOARDING_FINISHED"},
		"approved by staff":             {decided(usher.Session{State: usher.Approved}, usher.ByStaff), "MANUAL_REVIEW_APPROVED"},
		"rejected by an executive":      {decided(usher.Session{State: usher.Rejected}, usher.ByClient), "MANUAL_REVIEW_REJECTED"},
		"closed after the document":     {usher.Session{State: usher.Cancelled, Steps: steps("document")}, "ID_VALIDATION_FINISHED"},
	} {
		want := c.want
		if want == "" {
			want = "FACE_VALIDATION_FINISHED"
		}
		if got := incode.StatusOf(c.s); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestTablesAreWhole(t *testing.T) {
	t.Parallel()
	for _, kind := range usher.DocumentTypes() {
		if incode.TypeOf(kind) == "Unknown" {
			t.Errorf("%s has no name", kind)
		}
	}
	known := []string{usher.SteerClear, usher.SteerReview, usher.SteerReject, usher.SteerFail + "liveness", usher.SteerFail + "face_login", usher.SteerExpire}
	for _, word := range []string{"OK", "WARN", "FAIL", "SPOOF", "EXPIRE"} {
		for _, p := range []usher.Purpose{usher.ForOnboarding, usher.ForFaceLogin} {
			if got := incode.Steering(word, p); !slices.Contains(known, got) {
				t.Errorf("%s steers to %q", word, got)
			}
		}
	}
	if got := incode.Steering("anything", usher.ForOnboarding); got != "" {
		t.Errorf("an unknown word steers to %q", got)
	}
}

// Every kind of event gives a status and a session webhook that exist, in every state.
func TestEventsAreTold(t *testing.T) {
	t.Parallel()
	for _, state := range usher.States() {
		for _, kind := range usher.EventTypes() {
			s := decided(usher.Session{State: state, Steps: []usher.StepStatus{{ID: "document", Kind: usher.StepDocument}}}, usher.BySystem)
			e := usher.Event{Type: kind, Data: usher.EventData{Step: "document"}}
			if got := incode.StatusTold(s, e); got != "" && (got == "UNKNOWN" || !slices.Contains(statuses, got)) {
				t.Errorf("%s of %s tells the status %q", kind, state, got)
			}
			name, word := incode.SessionTold(s, e)
			if (name == "") != (word == "") || (name != "" && !strings.HasPrefix(word, "SESSION_")) {
				t.Errorf("%s of %s tells %q as %q", kind, state, word, name)
			}
		}
	}
	vote := usher.Event{Type: usher.SessionReviewRequested, Data: usher.EventData{Votes: []usher.Actor{{ID: "one"}}}}
	if name, _ := incode.SessionTold(usher.Session{State: usher.InReview}, vote); name != "" || incode.StatusTold(usher.Session{}, vote) != "" {
		t.Error("the vote of one of two reviewers is told")
	}
}

func session(results ...usher.CheckResult) usher.Session {
	return usher.Session{
		ID: "s", State: usher.InReview, ApplicantID: "a",
		Steps: []usher.StepStatus{{ID: "run", Kind: usher.StepRun, State: usher.StepDone, Checks: results}},
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	document := usher.CheckResult{
		Kind: usher.CheckDocument, Outcome: usher.Consider, Assurance: usher.Assisted, Score: 0.905,
		Fields: map[string]string{"number": "1"},
		Findings: []usher.Finding{
			{Name: "document_front_sharpness", Read: "20"},
			{Name: "document_type", OK: true},
			{Name: "expiry", OK: true},
			{Name: "digit_date_of_birth", OK: false},
			{Name: "first_name", OK: true},
			{Name: "last_name"},
			{Name: "issuer", OK: true},
		},
	}
	s := session(document, usher.CheckResult{Kind: usher.CheckLiveness, Outcome: usher.NotRun}, usher.CheckResult{Kind: usher.CheckRegistry, Outcome: usher.Unavailable},
		usher.CheckResult{Kind: usher.CheckRegistry, Outcome: usher.Clear, Score: 1, Assurance: usher.Assisted, NotExamined: []string{usher.NumberExistence}},
		usher.CheckResult{Kind: usher.CheckDuplicate, Outcome: usher.Clear}, usher.CheckResult{Kind: usher.CheckFace, Outcome: usher.Refuse})
	raw, err := json.Marshal(incode.ScoreOf(s, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"idValidation":{"photoSecurityAndQuality":[{"key":"sharpnessFront","value":"0","status":"WARN"}],` +
		`"idSpecific":[{"key":"documentClassification","value":"100","status":"OK"},{"key":"birthDateValidity","value":"0","status":"WARN"},` +
		`{"key":"documentExpired","value":"100","status":"OK"}],` +
		`"customFields":[{"key":"firstNameMatch","value":"100","status":"OK"},{"key":"lastNameMatch","value":"0","status":"WARN"}],"appliedRule":null,` +
		`"overall":{"key":null,"value":"90.5","status":"WARN"}},"liveness":null,"faceRecognition":{"existingUser":false,"existingInterviewId":null,` +
		`"existingExternalId":null,"customerId":null,"maskCheck":null,"lensesCheck":null,"faceBrightness":null,"nameMatch":null,"appliedRule":null,` +
		`"overall":{"key":null,"value":"0.0","status":"FAIL"}},"idOcrConfidence":{"overallConfidence":{"key":null,"value":"90.5","status":"WARN"}},` +
		`"governmentValidation":null,"videoConference":null,"overall":{"key":null,"value":"45.2","status":"WARN"}}`
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Errorf("score (-want +got):\n%s", diff)
	}
}

// TestMovementsAreNoLiveness holds that a capture challenge is not told as the vendor's liveness, nor counted.
func TestMovementsAreNoLiveness(t *testing.T) {
	t.Parallel()
	s := session(usher.CheckResult{Kind: usher.CheckDocument, Outcome: usher.Clear, Assurance: usher.Verified, Score: 0.5}, usher.CheckResult{
		Kind: usher.CheckLiveness, Outcome: usher.Clear, Assurance: usher.Assisted, Score: 1, Examined: []string{usher.CaptureChallenge},
	})
	raw, err := json.Marshal(incode.ScoreOf(s, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(raw); !strings.Contains(got, `"liveness":null`) || !strings.Contains(got, `"overall":{"key":null,"value":"50.0"`) {
		t.Errorf("score %s", got)
	}
}

func TestOCR(t *testing.T) {
	t.Parallel()
	s := session(usher.CheckResult{Kind: usher.CheckDocument, Outcome: usher.Clear, Fields: map[string]string{
		"first_name": "ANNA MARIA", "last_name": "ERIKSSON", "date_of_birth": "1950-01-01", "expiry": "2034-12-31", "sex": "F", "number": "L898902C3",
		"issuer": "UTO", "nationality": "UTO", "document_type": "passport",
		"mrz": "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO5001018F3412318ZE184226B<<<<<14",
	}})
	s.Facts = []usher.Correction{{Field: "number", Old: "L898902C3", New: "L898902C4"}}
	got := incode.OCROf(s, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Name                                            map[string]*string
		BirthDate                                       int64
		ExpireAt                                        string
		ExpirationDate                                  int
		DocumentNumber, IssuingCountry, NationalityMrz  string
		TypeOfID                                        string `json:"typeOfId"`
		MRZ1, MRZ2                                      string
		MRZ3, PersonalNumber, Address, IssuingAuthority *string
	}
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	if read.BirthDate != -631152000000 || read.ExpireAt != "2051136000000" || read.ExpirationDate != 2034 {
		t.Errorf("born %d, ends %s in %d", read.BirthDate, read.ExpireAt, read.ExpirationDate)
	}
	if read.DocumentNumber != "L898902C4" {
		t.Errorf("the number is %s, not as the reviewer put it right", read.DocumentNumber)
	}
	if read.TypeOfID != "Passport" || read.IssuingCountry != "UTO" || read.NationalityMrz != "UTO" || !strings.HasPrefix(read.MRZ1, "P<UTO") || read.MRZ3 != nil {
		t.Errorf("read %s", raw)
	}
	if n := read.Name; *n["fullName"] != "ANNA MARIA ERIKSSON" || *n["lastNameMrz"] != "ERIKSSON" || *n["machineReadableFullName"] != "ERIKSSON ANNA MARIA" || n["maternalLastName"] != nil {
		t.Errorf("the name is %s", raw)
	}
}

// The score is never better than what was found, however few of the checks ran.
func TestEarlyScoreIsUnknown(t *testing.T) {
	t.Parallel()
	s := session(usher.CheckResult{Kind: usher.CheckDocument, Outcome: usher.Clear, Score: 1})
	s.State = usher.InProgress
	s.Steps = append(s.Steps, usher.StepStatus{ID: "selfie", Kind: usher.StepSelfie, State: usher.StepOpen})
	if got := incode.OverallOf(s, time.Now()); got != "UNKNOWN" {
		t.Errorf("with a selfie to come the score is %s", got)
	}
}

func TestPicture(t *testing.T) {
	t.Parallel()
	for body, ok := range map[string]bool{
		`{"base64Image": "aGk="}`:                       true,
		`{"base64Image": "aGk"}`:                        true,
		`{"base64Image": "data:image/png;base64,aGk="}`: true,
		`{"base64Image": "aG\r\nk="}`:                   true,
		`{"base64Image": ""}`:                           false,
		`{"base64Image": null}`:                         false,
		`{"base64Image": "a"}`:                          false,
		`{"base64Image": 7}`:                            false,
		`{}`:                                            false,
		`[]`:                                            false,
		`{"base64Image": "aGk=", "base64Image": "aGk="}`: false,
	} {
		raw, err := incode.DecodePicture([]byte(body))
		if (err == nil) != ok || (ok && string(raw) != "hi") {
			t.Errorf("%s gives %q, %v", body, raw, err)
		}
	}
}

func FuzzDecodePicture(f *testing.F) {
	f.Add(`{"base64Image": "data:image/png;base64,aGk="}`)
	f.Add(`{"base64Image": "-_-_"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if raw, err := incode.DecodePicture([]byte(text)); err == nil && len(raw) == 0 {
			t.Errorf("%q is taken for a picture of no bytes", text)
		}
	})
}

func FuzzTexts(f *testing.F) {
	f.Add(`{"a": "b", "c": 1, "d": null, "e": true}`)
	f.Add(`{"a": {"b": 1}, "c": [1]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var given map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &given) != nil {
			return
		}
		all, err := incode.Texts("customFields", given)
		if err == nil && len(all) > 20 {
			t.Errorf("%d members were taken", len(all))
		}
		for name, value := range all {
			if len(name) > 64 || len(value) > 1024 {
				t.Errorf("%q: %q is too long", name, value)
			}
		}
	})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	ladder := incode.Retries()
	if len(ladder) != 6 || ladder[0] != 0 || ladder[1] != 30*time.Second {
		t.Fatalf("the ladder is %v", ladder)
	}
	for i := 2; i < len(ladder); i++ {
		if ratio := ladder[i].Seconds() / ladder[i-1].Seconds(); math.Abs(ratio-2.5) > 1e-9 {
			t.Errorf("wait %d is %v times the one before", i, ratio)
		}
	}
}
