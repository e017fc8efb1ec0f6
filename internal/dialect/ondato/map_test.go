package ondato

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
)

func TestEveryStateAndReasonIsTold(t *testing.T) {
	t.Parallel()
	statuses := []string{pending, inProgress, completed, aborted, expired}
	for _, state := range usher.States() {
		is := standings[state]
		if !slices.Contains(statuses, is.idv) || !slices.Contains([]string{awaiting, approved, rejected}, is.kyc) || is.reason == "" {
			t.Errorf("%s is told as %+v", state, is)
		}
		if state.Decided() != (is.kyc != awaiting) || state.Decided() != (is.byHand != "") {
			t.Errorf("%s is told as %+v", state, is)
		}
	}
	for _, code := range usher.ReasonCodes() {
		if _, ok := rejectReasons[code]; !ok {
			t.Errorf("the reason %s has no code", code)
		}
	}
	for _, kind := range usher.DocumentTypes() {
		if documentTypes[kind] == "" {
			t.Errorf("the document type %s has no word", kind)
		}
	}
}

func TestWhoDecided(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 9, 4, 31, 870_000_000, time.UTC)
	for _, c := range []struct {
		name    string
		state   usher.State
		by      usher.ActorKind
		reasons []usher.Reason
		want    identification
	}{
		{"approved by rule", usher.Approved, usher.BySystem, nil, identification{Status: approved, StatusReason: "AutomaticallyIdentified"}},
		{
			"approved by a person", usher.Approved, usher.ByStaff, nil,
			identification{Status: approved, StatusReason: "ManuallyIdentified", IsCrossChecked: true},
		},
		{
			"rejected by rule", usher.Rejected, usher.BySystem,
			[]usher.Reason{{Code: usher.DocumentExpired}, {Code: usher.DocumentUnsure}},
			identification{Status: rejected, StatusReason: "AutomaticallyUnidentified", RejectReasons: []string{"DOCUMENT_IS_EXPIRED"}},
		},
		{
			"rejected by a person", usher.Rejected, usher.ByStaff,
			[]usher.Reason{{Code: usher.NameMismatch}, {Code: usher.BirthDateMismatch}},
			identification{
				Status: rejected, StatusReason: "ManuallyUnidentified", IsCrossChecked: true, RejectReasons: []string{"DATA_DOES_NOT_MATCH"},
			},
		},
		{
			"rejected by the client for nothing in particular", usher.Rejected, usher.ByClient,
			[]usher.Reason{{Code: usher.ManualReview}},
			identification{Status: rejected, StatusReason: "ManuallyUnidentified", RejectReasons: []string{"UNDEFINED"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := identificationOf(usher.Session{
				State: c.state, DecidedAt: now, Reasons: c.reasons, Decision: &usher.Decision{By: usher.Actor{Kind: c.by}},
			})
			got = identification{
				Status: got.Status, StatusReason: got.StatusReason, IsCrossChecked: got.IsCrossChecked, RejectReasons: got.RejectReasons,
				CompletedUTC: got.CompletedUTC,
			}
			c.want.CompletedUTC = at(now)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// examined makes a session whose checks gave results.
func examined(results ...usher.CheckResult) usher.Session {
	return usher.Session{
		Evidence: []usher.Evidence{{ID: "front", Kind: usher.DocumentFront}, {ID: "back", Kind: usher.DocumentBack}, {ID: "face", Kind: usher.Selfie}},
		Steps:    []usher.StepStatus{{ID: "run", Kind: usher.StepRun, Checks: results}},
	}
}

func TestOnlyRulesThatRanAreTold(t *testing.T) {
	t.Parallel()
	read := usher.CheckResult{
		Kind: usher.CheckDocument, Outcome: usher.Clear, Assurance: usher.Verified, Fields: map[string]string{"document_type": "id_card"},
		Examined: []string{"picture", "mrz_check_digits", "document_type", "expiry", "issuer"},
	}
	with := func(r usher.CheckResult, change func(*usher.CheckResult)) usher.CheckResult {
		change(&r)
		return r
	}
	because := func(code usher.ReasonCode, field string) func(*usher.CheckResult) {
		return func(r *usher.CheckResult) {
			r.Reasons, r.Outcome = []usher.Reason{{Code: code, Field: field}}, usher.Consider
		}
	}
	faces := usher.CheckResult{
		Kind: usher.CheckFace, Outcome: usher.Consider, Assurance: usher.Assisted, Examined: []string{"face_presence", "face_size"},
		EvidenceIDs: []string{"face", "front"},
	}
	age := usher.CheckResult{Kind: usher.CheckAge, Outcome: usher.Clear, Assurance: usher.Verified, Examined: []string{"document_birth_date"}}
	alive := usher.CheckResult{Kind: usher.CheckLiveness, Outcome: usher.NotRun}
	const yes, no = "Success", "Fail"
	for _, c := range []struct {
		name    string
		results []usher.CheckResult
		want    map[string]string
	}{
		{"nothing", nil, nil},
		{
			"movements are no passive liveness",
			[]usher.CheckResult{{Kind: usher.CheckLiveness, Outcome: usher.Clear, Assurance: usher.Assisted, Examined: []string{usher.CaptureChallenge}}},
			nil,
		},
		{"a document", []usher.CheckResult{read}, map[string]string{"DocumentHasBothSides": yes, "DocumentNotExpired": yes, "DocumentTypeNotProhibited": yes}},
		{
			"a passport has one side",
			[]usher.CheckResult{with(read, func(r *usher.CheckResult) { r.Fields = map[string]string{"document_type": "passport"} })},
			map[string]string{"DocumentNotExpired": yes, "DocumentTypeNotProhibited": yes},
		},
		{
			"an expired one",
			[]usher.CheckResult{with(read, because(usher.DocumentExpired, "expiry"))},
			map[string]string{"DocumentHasBothSides": yes, "DocumentNotExpired": no, "DocumentTypeNotProhibited": yes},
		},
		{
			"a wrong type",
			[]usher.CheckResult{with(read, because(usher.DocumentWrongType, "document_type"))},
			map[string]string{"DocumentHasBothSides": yes, "DocumentNotExpired": yes, "DocumentTypeNotProhibited": no},
		},
		{
			"of another country than was chosen",
			[]usher.CheckResult{with(read, because(usher.DocumentWrongType, "issuer"))},
			map[string]string{"DocumentHasBothSides": yes, "DocumentNotExpired": yes, "DocumentTypeNotProhibited": yes},
		},
		{
			"a shaky reading proves no date",
			[]usher.CheckResult{with(read, func(r *usher.CheckResult) { r.Assurance = usher.Assisted })},
			map[string]string{"DocumentHasBothSides": yes, "DocumentTypeNotProhibited": yes},
		},
		{"an engine that did not answer", []usher.CheckResult{with(read, func(r *usher.CheckResult) { r.Outcome = usher.Unavailable })}, nil},
		{"faces found and not compared", []usher.CheckResult{with(faces, because(usher.FaceNotCompared, ""))}, map[string]string{"DocumentHasFace": yes, "SelfieHasFace": yes}},
		{"no face on the selfie", []usher.CheckResult{with(faces, because(usher.FaceMissing, "selfie"))}, map[string]string{"DocumentHasFace": yes, "SelfieHasFace": no}},
		{
			"a selfie without a document",
			[]usher.CheckResult{with(faces, func(r *usher.CheckResult) {
				r.EvidenceIDs, r.Reasons = []string{"face"}, []usher.Reason{{Code: usher.DocumentPhotoMissing}}
			})},
			map[string]string{"SelfieHasFace": yes},
		},
		{
			"faces that differ",
			[]usher.CheckResult{with(with(faces, because(usher.FaceDiffers, "")), func(r *usher.CheckResult) { r.Examined = append(r.Examined, "face_comparison") })},
			map[string]string{"DocumentHasFace": yes, "SelfieHasFace": yes, "SelfieAndDocumentFacesMatch": no},
		},
		{"liveness that nobody tested", []usher.CheckResult{alive}, nil},
		{
			"liveness",
			[]usher.CheckResult{with(alive, func(r *usher.CheckResult) { r.Outcome, r.Assurance = usher.Clear, usher.Verified })},
			map[string]string{"SuccessfulPassiveLivenessCheck": yes},
		},
		{
			"active liveness has no rule of the vendor's",
			[]usher.CheckResult{with(alive, func(r *usher.CheckResult) {
				r.Outcome, r.Examined = usher.Clear, []string{"liveness", "active_liveness"}
			})},
			nil,
		},
		{
			"somebody else was alive",
			[]usher.CheckResult{with(alive, func(r *usher.CheckResult) {
				r.Outcome, r.Reasons = usher.Consider, []usher.Reason{{Code: usher.FaceDiffers, Check: usher.CheckLiveness}}
			})},
			nil,
		},
		{"of age", []usher.CheckResult{age}, map[string]string{"NotUnder18": yes}},
		{"under age", []usher.CheckResult{with(age, because(usher.Underage, "date_of_birth"))}, map[string]string{"NotUnder18": no}},
		{"of age by what was said alone", []usher.CheckResult{with(age, func(r *usher.CheckResult) {
			r.Assurance, r.Examined = usher.Assisted, []string{"given_birth_date"}
		})}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got map[string]string
			for _, v := range judge(examined(c.results...), rules) {
				if got == nil {
					got = map[string]string{}
				}
				got[v.Name] = v.Status
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
	if got := judge(examined(read), fraudChecks); len(got) != 0 {
		t.Errorf("nobody looked for manipulation, and yet %v", got)
	}
}

func TestLivenessIsToldWhenItWasTested(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		result usher.CheckResult
		want   kycFace
	}{
		{"not run", usher.CheckResult{Outcome: usher.NotRun}, kycFace{}},
		{"no answer", usher.CheckResult{Outcome: usher.Unavailable}, kycFace{}},
		{"made up", usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Simulated}, kycFace{}},
		{"passive", usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Verified}, kycFace{PassiveLivenessEnabled: true}},
		{"refused", usher.CheckResult{Outcome: usher.Refuse, Assurance: usher.Verified}, kycFace{PassiveLivenessEnabled: true}},
		{"movements", usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Assisted, Examined: []string{usher.CaptureChallenge}}, kycFace{}},
		{
			"active",
			usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Verified, Examined: []string{"liveness", "active_liveness"}},
			kycFace{ActiveLivenessEnabled: true},
		},
		{
			"both",
			usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Assisted, Examined: []string{"active_liveness", "passive_liveness"}},
			kycFace{ActiveLivenessEnabled: true, PassiveLivenessEnabled: true},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.result.Kind = usher.CheckLiveness
			if diff := cmp.Diff(c.want, kycSetupOf(examined(c.result)).Face); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDocumentIsToldAsReadAndCorrected(t *testing.T) {
	t.Parallel()
	s := examined(usher.CheckResult{
		Kind: usher.CheckDocument, Outcome: usher.Clear, Assurance: usher.Verified, Examined: []string{"mrz_check_digits"},
		Fields: map[string]string{
			"first_name": "ORJAN", "last_name": "AASTROEM", "date_of_birth": "1974-08", "nationality": "SE", "issuer": "D", "number": "L898902C3",
			"expiry": "2034-12-31", "sex": "M", "document_type": "passport",
			"mrz": "P<SWEAASTROEM<<OERJAN<<<<<<<<<<<<<<<<<<<<<<<\nL898902C36SWE7408122M3412318ZE184226B<<<<<18",
		},
		Findings: []usher.Finding{{Name: "digit_number", OK: true}, {Name: "digit_expiry"}, {Name: "front_glare", OK: true}},
	})
	s.Facts = []usher.Correction{{Field: "first_name", Old: "ORJAN", New: "OERJAN"}}
	got := documentOf(s)
	got.Files = nil
	want := &document{
		FullName: "OERJAN AASTROEM", FirstName: "OERJAN", LastName: "AASTROEM", DocumentNumber: "L898902C3", DateOfExpiration: "2034-12-31",
		CountryISO3: "DEU", Nationality: "SWE", Gender: "M", Type: "Passport", MRZVerified: true,
		OCRValidations: []validation{{"DocumentNumber", true}, {"DateOfExpiration", false}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	s.Facts = append(s.Facts, usher.Correction{Field: "nationality", New: "FIN"})
	if got := documentOf(s).Nationality; got != "FIN" {
		t.Errorf("the corrected nationality is told as %q", got)
	}
}

func TestExitByOutcomeAndLanguage(t *testing.T) {
	t.Parallel()
	own := `{"defaultLanguage":"en-GB","localisationSettings":[
		{"language":"lt-LT","successRedirectUrl":"lt-ok","failureRedirectUrl":"lt-fail","consentDeclinedRedirectUrl":"lt-declined"},
		{"language":"en-GB","successRedirectUrl":"en-ok","failureRedirectUrl":"en-fail","consentDeclinedRedirectUrl":"en-declined"}]}`
	settings := map[string]string{"success_url": "flow-ok", "failure_url": "flow-fail", "consent_declined_url": "flow-declined"}
	for _, c := range []struct {
		name   string
		kept   string
		state  usher.State
		read   string
		moment usher.Moment
		want   string
	}{
		{"finished", own, usher.Submitted, "en", usher.MomentFinished, "en-ok"},
		{"finished in Lithuanian", own, usher.Submitted, "lt", usher.MomentFinished, "lt-ok"},
		{"finished in a language nobody set", own, usher.Submitted, "fi", usher.MomentFinished, "en-ok"},
		{"declined", own, usher.Cancelled, "", usher.MomentDeclined, "en-declined"},
		{"failed", own, usher.Cancelled, "", usher.MomentFailed, "en-fail"},
		{"expired", own, usher.Expired, "lt", usher.MomentExpired, "lt-fail"},
		{"opened again after a rejection", own, usher.Rejected, "", usher.MomentFailed, "en-ok"},
		{"the camera was refused", own, usher.InProgress, "", usher.MomentPermission, ""},
		{"the setup's own", "", usher.Submitted, "lt", usher.MomentFinished, "flow-ok"},
		{"the setup's own, declined", "", usher.Cancelled, "", usher.MomentDeclined, "flow-declined"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := usher.Session{
				State: c.state, Flow: usher.Flow{Settings: settings}, Metadata: map[string]string{keptLocalisation: c.kept},
				Steps: []usher.StepStatus{{Kind: usher.StepConsent, Consent: &usher.Consent{Locale: c.read}}},
			}
			if got := exit(s, c.moment); got != c.want {
				t.Errorf("the browser is sent to %q, want %q", got, c.want)
			}
		})
	}
}

func TestTitleByLanguage(t *testing.T) {
	t.Parallel()
	s := usher.Session{Flow: usher.Flow{Settings: map[string]string{"page_title": "Join us"}}}
	if got := title(s, "lt"); got != "Join us" {
		t.Errorf("the setup's own title is %q", got)
	}
	s.Metadata = map[string]string{keptLocalisation: `{"defaultLanguage":"en-GB","localisationSettings":[
		{"language":"lt-LT","pageTitle":"Atidarykite"},{"language":"en-GB","pageTitle":"Open"}]}`}
	for locale, want := range map[string]string{"lt": "Atidarykite", "en": "Open", "sv": "Open"} {
		if got := title(s, locale); got != want {
			t.Errorf("in %s the title is %q, want %q", locale, got, want)
		}
	}
}

func TestIdsLeadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id, err := uuid.FromBytes(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		if err != nil {
			t.Fatal(err)
		}
		id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
		kyc := kycID(id.String())
		if u, err := uuid.Parse(kyc); err != nil || u.Version() != 4 {
			t.Fatalf("%s is no UUID of version 4", kyc)
		}
		if back, ok := sessionOf(kyc); !ok || back != id.String() {
			t.Fatalf("%s leads back to %s, not to %s", kyc, back, id)
		}
	})
	if _, ok := sessionOf(uuid.Must(uuid.NewV7()).String()); ok {
		t.Error("a session's own id passes for that of an identification")
	}
}

func TestSetupIdsAreWhatClientsHold(t *testing.T) {
	t.Parallel()
	// A change of these breaks every client: their configuration holds setup ids.
	const tenant = "0192a6f0-0000-7000-8000-000000000001"
	got := []string{
		setupID(idvSetup, tenant, "ondato"), setupID(kycSetup, tenant, "ondato"),
		refOf(idvSetup, usher.Session{TenantID: tenant, FlowName: "ondato", FlowVersion: 1}).VersionID,
	}
	want := []string{
		"5cf54602-1c47-5d8c-9ae3-c7776e3fadb7", "d9d68d28-0978-5844-af73-384fe066e409", "0d6315d4-99e1-5d39-8bbe-47e97d000c41",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzPhone(f *testing.F) {
	for _, text := range []string{"37061234567", `"37061234567"`, "3.7061234567e10", "null", `""`, "1e999", "-1", `"\ud800"`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var in newIDV
		if json.Unmarshal([]byte(`{"registration":{"phoneNumber":`+text+`}}`), &in) != nil || in.Registration == nil {
			return
		}
		d := &dialect{}
		d.Now = time.Now
		if d.check(in).err() != nil {
			return
		}
		raw, err := json.Marshal(in.Registration)
		var again registration
		if err != nil || json.Unmarshal(raw, &again) != nil || again.PhoneNumber != in.Registration.PhoneNumber {
			t.Errorf("%s became %s: %v", text, raw, err)
		}
	})
}

func FuzzIds(f *testing.F) {
	f.Add("b4f3a1de-93c7-4f0a-8d55-6c1e0a9d2f71")
	f.Add("{b4f3a1de-93c7-4f0a-8d55-6c1e0a9d2f7}")
	f.Fuzz(func(t *testing.T, text string) {
		if id, ok := canonical(text); ok && (len(id) != 36 || uuid.Validate(id) != nil) {
			t.Errorf("%q passes for the id %q", text, id)
		}
		if id, ok := sessionOf(text); ok && kycID(id) == "" {
			t.Errorf("%q leads to %q", text, id)
		}
	})
}

func TestSignatureIsOverTimeAndBody(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	Sign(h, "secret", time.Unix(1_700_000_000, 0), []byte(`{"a":1}`))
	// printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
	const want = "t=1700000000, s=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686"
	if got := h.Get(SignatureHeader); got != want {
		t.Errorf("signature %q, want %q", got, want)
	}
}
