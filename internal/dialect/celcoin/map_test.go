package celcoin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/flow"
)

func known() usher.Known {
	return usher.Known{
		Checks: usher.CheckKinds(), Openers: []string{"internal"},
		Steps: []usher.StepKind{usher.StepConsent, usher.StepDocument, usher.StepSelfie},
	}
}

func flowNamed(t *testing.T, name string) usher.Flow {
	t.Helper()
	text, err := flowFiles.ReadFile("flows/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, problems := flow.Parse(string(text), known())
	if len(problems) > 0 {
		t.Fatalf("%s: %v", name, problems)
	}
	return f
}

// started gives a session of a flow in a state, with its run steps up to a number done and clear.
func started(f usher.Flow, state usher.State, done int) usher.Session {
	s, _ := usher.Start(usher.Session{ID: "s", Flow: f, Key: "code", Mode: usher.Sandbox}, usher.Actor{}, time.Unix(1_800_000_000, 0))
	s.State = state
	s.Reasons = []usher.Reason{{Code: usher.Policy}}
	for i, st := range s.Flow.Steps {
		if i >= done {
			break
		}
		s.Steps[i].State = usher.StepDone
		s.Steps[i].Checks = nil
		for _, kind := range st.Checks {
			s.Steps[i].Checks = append(s.Steps[i].Checks, usher.CheckResult{Kind: kind, Outcome: usher.Clear, Assurance: usher.Verified})
		}
	}
	return s
}

func TestEveryStateHasAStatus(t *testing.T) {
	t.Parallel()
	examined := []string{"", pending, processingOfDocument, approved, reproved}
	for _, name := range flowNames[:4] {
		f := flowNamed(t, name)
		for _, state := range usher.States() {
			for done := range len(f.Steps) + 1 {
				s := started(f, state, done)
				status := statusOf(s)
				if !slices.Contains(statuses(), status) || !slices.Contains(examined, documentscopyOf(s)) {
					t.Errorf("%s, %s, %d steps done: %q, documentscopy %q", name, state, done, status, documentscopyOf(s))
				}
				if !slices.Contains(statesOf(status), state) {
					t.Errorf("%s is a status of %s, but a search for it does not look there", status, state)
				}
				if p := proposalOf(s, "link"); (p.RejectedReason != nil) != (p.Status == reproved) {
					t.Errorf("%s, %s: reason %v", name, state, p.RejectedReason)
				}
			}
		}
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	opened, refused := &usher.AccountStatus{Opened: true}, &usher.AccountStatus{}
	for _, c := range []struct {
		name, flow string
		state      usher.State
		done       int
		account    *usher.AccountStatus
		want       [2]string
	}{
		{"the background check runs first", "celcoin_phased", usher.Created, 0, nil, [2]string{createdStatus, ""}},
		{"the link is out", "celcoin_phased", usher.Created, 1, nil, [2]string{pendingDocuments, pending}},
		{"it was opened", "celcoin_phased", usher.InProgress, 2, nil, [2]string{pendingDocuments, pending}},
		{"it ran out", "celcoin_phased", usher.Expired, 2, nil, [2]string{pendingDocuments, pending}},
		{"the link is out, continuous", "celcoin_continuous", usher.Created, 0, nil, [2]string{pendingDocuments, pending}},
		{"documents are examined", "celcoin_phased", usher.Submitted, 4, nil, [2]string{processingDocuments, processingOfDocument}},
		{"background after them", "celcoin_continuous", usher.Submitted, 4, nil, [2]string{processingDocuments, approved}},
		{"a reviewer looks", "celcoin_phased", usher.InReview, 4, nil, [2]string{processingDocuments, processingOfDocument}},
		{"asked again", "celcoin_phased", usher.AwaitingApplicant, 2, nil, [2]string{pendingDocuments, pending}},
		{"approved", "celcoin_phased", usher.Approved, 6, nil, [2]string{approved, approved}},
		{"account opened", "celcoin_phased", usher.Approved, 7, opened, [2]string{resourceCreated, approved}},
		{"account refused", "celcoin_phased", usher.Approved, 6, refused, [2]string{resourceError, approved}},
		{"refused before documents", "celcoin_phased", usher.Rejected, 0, nil, [2]string{reproved, ""}},
		{"refused for documents", "celcoin_continuous", usher.Rejected, 3, nil, [2]string{reproved, reproved}},
		{"refused after good documents", "celcoin_continuous", usher.Rejected, 4, nil, [2]string{reproved, approved}},
		{"without our page, background first", "celcoin_phased_files", usher.Submitted, 3, nil, [2]string{pending, ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := started(flowNamed(t, c.flow), c.state, c.done)
			s.Account = c.account
			if got := [2]string{statusOf(s), documentscopyOf(s)}; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestEveryReasonIsSaid(t *testing.T) {
	t.Parallel()
	for _, code := range usher.ReasonCodes() {
		if reasonTexts[code] == "" {
			t.Errorf("%s has no text", code)
		}
	}
}

// TestRefusalsAreWhole holds the table of codes to the sources: each code that is used is in it, and each in it is used.
func TestRefusalsAreWhole(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	used := map[refusal]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "refusal.go" {
			_, after, _ := strings.Cut(string(text), "\n}\n\n// ours")
			text = []byte(after)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, code := range regexp.MustCompile(`"([A-Z]{3}[0-9]{3})"`).FindAllStringSubmatch(string(text), -1) {
			used[refusal(code[1])] = true
		}
	}
	for code := range used {
		if refusals[code].status == 0 || refusals[code].message == "" {
			t.Errorf("%s is used and not in the table", code)
		}
	}
	for code := range refusals {
		if !used[code] {
			t.Errorf("%s is in the table and not used", code)
		}
	}
}

// TestTroubleOfTheKit holds what the kit and the engine may refuse to the vendor's shapes.
func TestTroubleOfTheKit(t *testing.T) {
	t.Parallel()
	const gone = `{"statusCode":404,"message":"Resource not found"}`
	for _, c := range []struct {
		name, path string
		err        error
		status     int
		body       string // all of it, or the code in it
	}{
		{"unknown address", proposalPath, usher.NotFound("address"), 404, gone},
		{"method", proposalPath, &usher.Error{Code: usher.CodeInvalid, Detail: api.DetailMethod}, 404, gone},
		{"erased", proposalPath, &usher.Error{Code: usher.CodeGone}, 404, gone},
		{"no JSON", proposalPath, api.Malformed("", "x"), 400, "OBE034"},
		{"no JSON for another service", "/baas/v2/webhook/subscription", api.Malformed("", "x"), 400, "CBE225"},
		{"a form", proposalPath, &usher.Error{Code: usher.CodeInvalid, Detail: api.DetailMediaType}, 400, "OBE034"},
		{"too large", proposalPath, api.TooLarge(1 << 20), 400, "OBE034"},
		{"too many", proposalPath, &usher.Error{Code: usher.CodeLimited}, 429, "OBE035"},
		{"a limit on a field", proposalPath, &usher.Error{Code: usher.CodeLimited, Field: "metadata"}, 400, "OBE034"},
		{"no right", proposalPath, &usher.Error{Code: usher.CodeForbidden}, 403, "OBE006"},
		{"no token", proposalPath, &usher.Error{Code: usher.CodeUnauthenticated}, 401, "OBE003"},
		{"many writers", proposalPath, usher.Conflict("x"), 500, "OBE035"},
		{"ours", proposalPath, errors.New("disk full of Ana"), 500, "OIE999"},
		{"ours elsewhere", "/baas/v2/account/fetch", errors.New("disk full of Ana"), 500, "CIE999"},
		{"the vendor's", proposalPath, fmt.Errorf("look: %w", refusal("OBE049")), 404, "OBE049"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			fail(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil), c.err)
			body := strings.TrimSpace(w.Body.String())
			if w.Code != c.status || !strings.Contains(body, c.body) || strings.Contains(body, "Ana") {
				t.Errorf("%d %s, want %d %s", w.Code, body, c.status, c.body)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"39053344705", "52998224725", "11144477735"} {
		if !isCPF(good) {
			t.Errorf("%s is a CPF", good)
		}
	}
	for _, bad := range []string{"", "39053344706", "3905334470", "390533447055", "00000000000", "99999999999", "3905334470A", "390.533.447-05"} {
		if isCPF(bad) {
			t.Errorf("%q is no CPF", bad)
		}
	}
	// The last is the example that the authority gives of the new kind.
	for _, good := range []string{"11222333000181", "11444777000161", "12ABC34501DE35"} {
		if !isCNPJ(good) {
			t.Errorf("%s is a CNPJ", good)
		}
	}
	for _, bad := range []string{"", "11222333000182", "00000000000000", "12abc34501de35", "12ABC34501DE36", "112223330001AB", "11.222.333/0001-81"} {
		if isCNPJ(bad) {
			t.Errorf("%q is no CNPJ", bad)
		}
	}
}

// TestCheckDigits holds that of a hundred pairs of check digits one belongs to a number.
func TestCheckDigits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		person := rapid.StringMatching(`[0-9]{8}[1-8]`).Filter(func(s string) bool { return strings.Trim(s, s[:1]) != "" }).Draw(t, "person")
		company := rapid.StringMatching(`[0-9A-Z]{11}[1-9A-Z]`).Draw(t, "company")
		persons, companies := 0, 0
		for pair := range 100 {
			digits := fmt.Sprintf("%02d", pair)
			if isCPF(person + digits) {
				persons++
			}
			if isCNPJ(company + digits) {
				companies++
			}
		}
		if persons != 1 || companies != 1 {
			t.Fatalf("%s has %d pairs, %s has %d", person, persons, company, companies)
		}
	})
}

func TestMoments(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	for _, text := range []string{
		"2026-01-01T03:00:00Z", "2026-01-01T00:00:00-03:00", "2026-01-01T00%3A00%3A00-03%3A00", "2026-01-01T00:00:00", "2026-01-01 00:00:00",
		"2026-01-01", "2026-01-01T03:00:00.000Z", "2026-01-01T05:00:00 02:00", "2026-01-01T00:00",
	} {
		if got, ok := moment(text); !ok || !got.Equal(want) {
			t.Errorf("%q is read as %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "yesterday", "01-01-2026", "2026-13-01", "2026-01-01T00%3", "%zz"} {
		if got, ok := moment(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestDevices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		agent string
		want  []string // browser, its version, system, its version, engine, kind, maker, model
	}{
		{
			"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
			[]string{"Safari", "17.5", "iOS", "17.5.1", "WebKit", "mobile", "Apple", "iPhone"},
		},
		{
			"Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
			[]string{"Samsung Internet for Android", "25.0", "Android", "14", "Blink", "mobile", "Samsung", "SM-A546E"},
		},
		{
			"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36",
			[]string{"Chrome", "127.0.0.0", "Android", "10", "Blink", "tablet", "", ""},
		},
		{
			"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
			[]string{"Microsoft Edge", "126.0.0.0", "Windows", "10.0", "Blink", "desktop", "", ""},
		},
		{
			"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
			[]string{"Firefox", "128.0", "Linux", "", "Gecko", "desktop", "", ""},
		},
		{"curl/8.0", []string{"", "", "", "", "", "", "", ""}},
	} {
		d := deviceOf(c.agent)
		got := []string{d.Browser.Name, d.Browser.Version, d.OS.Name, d.OS.Version, d.Engine.Name, d.Platform.Type, d.Platform.Vendor, d.Platform.Model}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.agent, diff)
		}
	}
}

func FuzzMoment(f *testing.F) {
	f.Add("2026-01-01T00%253A00")
	f.Add("2026-01-01")
	f.Fuzz(func(t *testing.T, text string) {
		if at, ok := moment(text); ok && at.IsZero() && !strings.HasPrefix(text, "0001") {
			t.Errorf("%q is read as no time", text)
		}
	})
}

func FuzzProposals(f *testing.F) {
	f.Add(`{"clientCode": "a", "documentNumber": "39053344705", "address": {"state": "SP"}, "files": [{"type": "SELFIE", "data": "https://x/y"}]}`)
	f.Add(`{"owner": [{"ownerType": "SOCIO", "documentNumber": "11222333000181"}], "businessAddress": null}`)
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, text string) {
		var p naturalPerson
		if json.Unmarshal([]byte(text), &p) == nil && firstBroken(p.rules(now)) == nil {
			if d := p.details(now); d.FirstName == "" || d.LastName == "" || d.DateOfBirth.YearsAt(now) < adult {
				t.Errorf("%q passes as %v", text, d.Given())
			}
		}
		var c legalPerson
		if json.Unmarshal([]byte(text), &c) == nil && firstBroken(c.rules(now)) == nil {
			if d := c.details(now); d.Company == nil || d.NationalID != c.Owner[0].DocumentNumber {
				t.Errorf("%q passes without the person to examine", text)
			}
		}
	})
}

func FuzzDevice(f *testing.F) {
	f.Add("Mozilla/5.0 (Linux; Android 14; SM-A546E)")
	f.Fuzz(func(t *testing.T, agent string) {
		if d := deviceOf(agent); d.UserAgent != agent {
			t.Errorf("%q is shown as %q", agent, d.UserAgent)
		}
	})
}

// TestTheChipIsDocumentscopy holds that a step which looks at the chip alone belongs to the check of documents.
func TestTheChipIsDocumentscopy(t *testing.T) {
	t.Parallel()
	for kind, want := range map[usher.CheckKind]string{
		usher.CheckChip: entityDocumentscopy, usher.CheckDocument: entityDocumentscopy, usher.CheckRegistry: entityBackground, usher.CheckContact: entityBackground,
	} {
		if got := entityOf(usher.Step{Kind: usher.StepRun, Checks: []usher.CheckKind{kind}}); got != want {
			t.Errorf("%s is %s", kind, got)
		}
	}
}
