package outside

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// result is what a provider says, at once or by callback.
type result struct {
	Outcome     string            `json:"outcome"`
	Score       float64           `json:"score"`
	Assurance   string            `json:"assurance"`
	Reasons     []reason          `json:"reasons"`
	Version     string            `json:"version"`
	Examined    []string          `json:"examined"`
	NotExamined []string          `json:"not_examined"`
	Fields      map[string]string `json:"fields"`
	Findings    []finding         `json:"findings"`
}

type reason struct {
	Code  string `json:"code"`
	Field string `json:"field"`
}

type finding struct {
	Name  string `json:"name"`
	Given string `json:"given"`
	Read  string `json:"read"`
	OK    bool   `json:"ok"`
}

// Bounds of a result, so that no provider can fill the store or a reviewer's page.
const (
	mostEntries = 50
	mostReasons = 20
	longestText = 1000 // characters
)

// identifier is a stable name, such as "face_similarity" or "address.city".
var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,63}$`)

// notForChecks are reasons that only this server or a person gives: what was simulated, what the applicant or client did, what became of an
// account.
var notForChecks = []usher.ReasonCode{
	usher.SimulatedOutcome, usher.AssistedOnly, usher.ConsentDeclined, usher.CancelledByClient, usher.AccountOpenerRefused, usher.AccountOpenerNoAnswer,
}

// unreadable is a body that is not of the shape of a result. Its error names no member, whose name a provider chose.
type unreadable struct{ cause *usher.Error }

// Error says what is wrong, without the provider's words.
func (u unreadable) Error() string { return u.cause.Message }

// Unwrap gives what the provider may be told: with the member's name.
func (u unreadable) Unwrap() error { return u.cause }

// quiet gives an error that can be logged.
func quiet(err error) error {
	if u, ok := errors.AsType[unreadable](err); ok {
		return errors.New(u.Error())
	}
	return err
}

// readResult reads a result and refuses what a provider cannot claim. Its errors hold an [*usher.Error] that names the member and never its
// value.
func readResult(kind usher.CheckKind, raw []byte) (usher.CheckResult, error) {
	var r result
	if err := (api.JSON{Limit: largestAnswer}).Decode(raw, &r); err != nil {
		if e, ok := errors.AsType[*usher.Error](err); ok {
			return usher.CheckResult{}, unreadable{e}
		}
		return usher.CheckResult{}, err
	}
	if err := errors.Join(r.verdict(), r.grounds(), r.bounds()); err != nil {
		return usher.CheckResult{}, err
	}
	out := usher.CheckResult{
		Kind: kind, Outcome: usher.Outcome(r.Outcome), Score: r.Score, Assurance: usher.Assurance(r.Assurance), Version: r.Version,
		Examined: r.Examined, NotExamined: r.NotExamined, Fields: r.Fields,
	}
	for _, s := range r.Reasons {
		out.Reasons = append(out.Reasons, usher.Reason{Code: usher.ReasonCode(s.Code), Check: kind, Field: s.Field})
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, usher.Finding(f))
	}
	if out.Outcome == usher.Unavailable && len(out.Reasons) == 0 {
		out.Reasons = []usher.Reason{{Code: usher.CheckUnavailable, Check: kind}}
	}
	return out, nil
}

// verdict holds outcome, score and assurance together: a verdict rests on something, and what is none claims nothing.
func (r result) verdict() error {
	examined := slices.Contains([]usher.Outcome{usher.Clear, usher.Consider, usher.Refuse}, usher.Outcome(r.Outcome))
	none := slices.Contains([]usher.Outcome{usher.Unavailable, usher.NotRun}, usher.Outcome(r.Outcome))
	assured := slices.Contains([]usher.Assurance{usher.Verified, usher.Assisted}, usher.Assurance(r.Assurance))
	switch {
	case !examined && !none:
		return usher.Invalid("outcome", "must be clear, consider, reject, unavailable or not_run")
	case !(r.Score >= 0 && r.Score <= 1):
		return usher.Invalid("score", "must be from 0 to 1")
	case examined && !assured:
		return usher.Invalid("assurance", "must be verified or assisted")
	case examined && len(r.Examined) == 0:
		return usher.Invalid("examined", "must name what the verdict rests on")
	case none && (r.Assurance != "" || r.Score != 0 || len(r.Examined) > 0):
		return usher.Invalid("outcome", "says that nothing was examined: leave out assurance, score and examined")
	}
	return nil
}

// grounds wants known reasons, one at least for a verdict against the applicant, and none that contradicts a clear one.
func (r result) grounds() error {
	outcome := usher.Outcome(r.Outcome)
	if len(r.Reasons) > mostReasons {
		return usher.Invalid("reasons", "may be %d at most", mostReasons)
	}
	if len(r.Reasons) == 0 && (outcome == usher.Consider || outcome == usher.Refuse) {
		return usher.Invalid("reasons", "must say why the outcome is not clear")
	}
	for i, s := range r.Reasons {
		code := usher.ReasonCode(s.Code)
		class, known := code.Class()
		at := fmt.Sprintf("reasons[%d]", i)
		switch {
		case !known:
			return usher.Invalid(at+".code", "is no reason of this server; see the list of reasons in the API's description")
		case slices.Contains(notForChecks, code):
			return usher.Invalid(at+".code", "is not for a check to give")
		case outcome == usher.Clear && class != usher.Notice:
			return usher.Invalid(at+".code", "contradicts the outcome clear")
		case s.Field != "" && !identifier.MatchString(s.Field):
			return usher.Invalid(at+".field", "must be a name of at most 64 characters")
		}
	}
	return nil
}

// bounds holds everything else to its size.
func (r result) bounds() error {
	names := map[string][]string{"examined": r.Examined, "not_examined": r.NotExamined}
	if r.Version != "" {
		names["version"] = []string{r.Version}
	}
	texts := map[string][]string{}
	for name, value := range r.Fields {
		names["fields"] = append(names["fields"], name)
		texts["fields"] = append(texts["fields"], value)
	}
	for _, f := range r.Findings {
		names["findings"] = append(names["findings"], f.Name)
		texts["findings"] = append(texts["findings"], f.Given, f.Read)
	}
	for member, list := range names {
		if len(list) > mostEntries {
			return usher.Invalid(member, "may have %d entries at most", mostEntries)
		}
		if slices.ContainsFunc(list, func(name string) bool { return !identifier.MatchString(name) }) {
			return usher.Invalid(member, "names must be letters, digits and _ . : / - of at most 64 characters")
		}
	}
	for member, list := range texts {
		if slices.ContainsFunc(list, unfit) {
			return usher.Invalid(member, "values must be texts of at most %d characters without control characters", longestText)
		}
	}
	return nil
}

func unfit(text string) bool {
	if utf8.RuneCountInString(text) > longestText {
		return true
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return true
		}
	}
	return false
}
