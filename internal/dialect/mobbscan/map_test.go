package mobbscan

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

func TestEveryStateHasAStatusAndADecision(t *testing.T) {
	t.Parallel()
	for _, state := range usher.States() {
		if status := statusOf(state); !slices.Contains([]string{pending, verified, notVerified}, status) {
			t.Errorf("%s has the status %q", state, status)
		}
		for _, kind := range []usher.CommandKind{usher.CmdApprove, usher.CmdReject, usher.CmdReview} {
			same, err := decidable(state, kind)
			waits := state == usher.Submitted || state == usher.InReview
			if (err == nil && !same) != waits || (same && !state.Decided()) {
				t.Errorf("%s in state %s: same %v, %v", kind, state, same, err)
			}
		}
	}
}

// Every reason there is either has a criterion or is one that says nothing against person or document.
func TestEveryReasonHasACriterion(t *testing.T) {
	t.Parallel()
	criteria := []string{
		"validationDocumentNotExpired", "validationDocumentNotSpecimen", "validationFrontAppearence", "validationBackAppearence",
		"validationFrontPhotocopy", "validationBackPhotocopy", "validationLegalAge", "validationMRZ", "validationPersonalNumberBothSidesMatch",
		"validationFacialMatching", "validationLiveness", "validationIdentityVerification",
	}
	for _, code := range usher.ReasonCodes() {
		class, _ := code.Class()
		got := criterionOf(usher.Reason{Code: code})
		if grave := class == usher.Final || class == usher.Mismatch; (grave && got == "") || (got != "" && !slices.Contains(criteria, got)) {
			t.Errorf("%s has the criterion %q", code, got)
		}
	}
	for _, kind := range usher.CheckKinds() {
		if got := criterionOfCheck(kind); !slices.Contains(criteria, got) {
			t.Errorf("%s has the criterion %q", kind, got)
		}
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	run := func(state usher.StepState, results ...usher.CheckResult) usher.Session {
		return usher.Session{Steps: []usher.StepStatus{{Kind: usher.StepRun, State: state, Checks: results}}}
	}
	result := func(kind usher.CheckKind, outcome usher.Outcome, why ...usher.ReasonCode) usher.CheckResult {
		r := usher.CheckResult{Kind: kind, Outcome: outcome}
		for _, code := range why {
			r.Reasons = append(r.Reasons, usher.Reason{Code: code})
		}
		return r
	}
	document, face := usher.CheckDocument, usher.CheckFace
	for name, c := range map[string]struct {
		session usher.Session
		want    string
	}{
		"without checks": {usher.Session{}, `{"enabledProcess":false,"scanProcessFailedValidations":[],"scanProcessValidationResult":null}`},
		"not asked yet":  {run(usher.StepOpen), `{"enabledProcess":true,"scanProcessFailedValidations":[],"scanProcessValidationResult":null}`},
		"running": {
			run(usher.StepRunning, result(document, usher.Clear), result(face, "")),
			`{"enabledProcess":true,"scanProcessFailedValidations":[],"scanProcessValidationResult":null}`,
		},
		"clear": {
			run(usher.StepDone, result(document, usher.Clear)),
			`{"enabledProcess":true,"scanProcessFailedValidations":[],"scanProcessValidationResult":"VALID"}`,
		},
		"expired": {
			run(usher.StepDone, result(document, usher.Refuse, usher.DocumentExpired), result(face, usher.Clear)),
			`{"enabledProcess":true,"scanProcessFailedValidations":["validationDocumentNotExpired"],"scanProcessValidationResult":"NOT_VALID"}`,
		},
		"what did not run failed nothing and is not valid": {
			run(usher.StepDone, result(document, usher.Clear), result(face, usher.Consider, usher.FaceNotCompared),
				result(usher.CheckLiveness, usher.NotRun, usher.LivenessNotTested), result(usher.CheckAge, usher.Unavailable, usher.Underage)),
			`{"enabledProcess":true,"scanProcessFailedValidations":[],"scanProcessValidationResult":"NOT_VALID"}`,
		},
		"several": {
			run(usher.StepDone, result(document, usher.Consider, usher.SidesMismatch, usher.DocumentDigitsFail, usher.DocumentSuspicious, usher.NameMismatch),
				result(face, usher.Refuse)),
			`{"enabledProcess":true,"scanProcessFailedValidations":["validationFacialMatching","validationIdentityVerification","validationMRZ",` +
				`"validationPersonalNumberBothSidesMatch"],"scanProcessValidationResult":"NOT_VALID"}`,
		},
	} {
		got, err := json.Marshal(validationOf(c.session))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A face that was found but not compared has no result, whatever else the check says.
func TestFaceValidation(t *testing.T) {
	t.Parallel()
	compared := []string{"face_comparison"}
	for name, c := range map[string]struct {
		result usher.CheckResult
		want   *faceValidation
	}{
		"same":         {usher.CheckResult{Outcome: usher.Clear, Score: 0.934, Examined: compared}, &faceValidation{valid, 93.4}},
		"differs":      {usher.CheckResult{Outcome: usher.Consider, Score: 0.21, Examined: compared}, &faceValidation{notValid, 21}},
		"made up":      {usher.CheckResult{Outcome: usher.Clear, Score: 1, Assurance: usher.Simulated}, &faceValidation{valid, 100}},
		"not compared": {usher.CheckResult{Outcome: usher.Consider, NotExamined: compared}, nil},
		"no face":      {usher.CheckResult{Outcome: usher.Refuse, Score: 0.1, Examined: []string{"face_presence"}}, nil},
		"running":      {usher.CheckResult{}, nil},
		"unavailable":  {usher.CheckResult{Outcome: usher.Unavailable}, nil},
	} {
		c.result.Kind = usher.CheckFace
		got := faceOf(usher.Session{Steps: []usher.StepStatus{{Kind: usher.StepRun, Checks: []usher.CheckResult{c.result}}}})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{"conflict", usher.Conflict("no"), http.StatusConflict, `{"errorCode":"CONFLICT_ERROR","errorDetails":"no"}`},
		{"gone", &usher.Error{Code: usher.CodeGone, Message: "x"}, http.StatusNotFound, `{"errorCode":"VERIFICATION_NOT_FOUND","errorDetails":"x"}`},
		{"rights", &usher.Error{Code: usher.CodeForbidden, Message: "x"}, http.StatusForbidden, `{"errorCode":"FORBIDDEN_ERROR","errorDetails":"x"}`},
		{"rate", &usher.Error{Code: usher.CodeLimited, Message: "x"}, http.StatusTooManyRequests, `{"errorCode":"TOO_MANY_REQUESTS","errorDetails":"x"}`},
		{"size", api.TooLarge(15 << 20), http.StatusRequestEntityTooLarge, `{"errorCode":"MAX_FILE_SIZE_TO_SCAN_ERROR","errorDetails":"the body is larger than 15 MB"}`},
		{
			"limit of a field", &usher.Error{Code: usher.CodeLimited, Field: "file", Message: "too many"}, http.StatusBadRequest,
			`{"errorCode":"WRONG_PARAMETERS_ERROR","errorDetails":"file: too many"}`,
		},
		{
			"our fault", errors.New("secret detail"), http.StatusInternalServerError,
			`{"errorCode":"SERVER_ERROR","errorDetails":"something went wrong on our side; try again, and give this request id when you ask for help: "}`,
		},
		{
			"with validations",
			&refusal{http.StatusUnprocessableEntity, failure{Code: codeScanNotValid, Details: "x", Failed: []string{"validationMRZ"}}},
			http.StatusUnprocessableEntity,
			`{"errorCode":"ERROR_SCAN_PROCESS_IS_NOT_VALID","errorDetails":"x","scanProcessFailedValidations":["validationMRZ"]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			fail(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), c.err)
			if diff := cmp.Diff(c.body+"\n", w.Body.String()); w.Code != c.status || diff != "" {
				t.Errorf("status %d, want %d; body (-want +got):\n%s", w.Code, c.status, diff)
			}
		})
	}
}

func TestRejectionReason(t *testing.T) {
	t.Parallel()
	for comment, want := range map[string]usher.ReasonCode{
		"Photo on the card does not match":  usher.Policy,
		"document_expired: in 2019":         usher.DocumentExpired,
		" Face_differs, see the second one": usher.FaceDiffers,
		"underage":                          usher.Underage,
		"document_expiredly":                usher.Policy,
	} {
		if got := reasonOf(comment); got != want {
			t.Errorf("%q has the reason %s, want %s", comment, got, want)
		}
	}
}
