package celcoin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/dialect/celcoin"
)

const (
	personPath = "/onboarding/v1/onboarding-proposal/natural-person"
	listPath   = "/onboarding/v1/onboarding-proposal"
)

// person is a proposal as clients send it.
func person(code, document, phone string) string {
	return fmt.Sprintf(`{"clientCode":%q,"documentNumber":%q,"phoneNumber":%q,"email":"ana@exemplo.test","motherName":"Maria Teste Silva",
		"fullName":"Ana Teste Silva","socialName":"","birthDate":"02-01-1990","address":{"postalCode":"01001000","street":"Praca da Se","number":"10",
		"addressComplement":"","neighborhood":"Se","city":"Sao Paulo","state":"SP","longitude":null,"latitude":null},
		"isPoliticallyExposedPerson":false,"onboardingType":"BAAS","financialOwnerDetails":{"x":1}}`, code, document, phone)
}

// TestOneOfManyWins lets many calls bring at once what only one of them may have.
func TestOneOfManyWins(t *testing.T) {
	t.Parallel()
	const calls = 8
	for _, p := range []struct {
		name, path, refused string
		body                func(i int) string
	}{
		// Each with a person of its own, so that nothing but the code can stand in its way.
		{"clientCode", personPath, "OBE062", func(i int) string { return person("same", documents[i], "+5511990000005") }},
		{"person", personPath, "OBE064", func(i int) string { return person(fmt.Sprintf("loja-%d", i), documents[0], "+5511990000005") }},
		{"event", "/baas/v2/webhook/subscription", "CBE205", func(i int) string {
			return fmt.Sprintf(`{"entity":"onboarding-proposal","webhookUrl":"https://loja.example/%d"}`, i)
		}},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, "celcoin_phased")
			token := w.sign(t, "")
			var said [calls]string
			var all sync.WaitGroup
			for i := range calls {
				all.Go(func() {
					status, body := w.call(t.Context(), token, http.MethodPost, p.path, p.body(i))
					said[i] = fmt.Sprint(status)
					if status != http.StatusOK && !strings.Contains(string(body), p.refused) {
						t.Errorf("answered %d %s", status, body)
					}
				})
			}
			all.Wait()
			if won := strings.Count(strings.Join(said[:], " "), "200"); won != 1 {
				t.Errorf("%d of %d calls with one %s were taken: %v", won, calls, p.name, said)
			}
		})
	}
}

// slow is a service that takes its time to find a flow, in which something else is done.
type slow struct {
	usher.Service
	meanwhile func()
}

// Flow gives the flow when the rest is done.
func (s slow) Flow(ctx context.Context, tenant, name string) (usher.Flow, error) {
	s.meanwhile()
	return s.Service.Flow(ctx, tenant, name)
}

// TestPersonTakenMeanwhile has a person proposed by another call while a first one, which was free to begin, is still at its files.
func TestPersonTakenMeanwhile(t *testing.T) {
	t.Parallel()
	w := open(t, "celcoin_phased")
	token := w.sign(t, "")
	quick := w
	w.dialect = w.speak(t, slow{w.Service, func() {
		quick.call(t.Context(), token, http.MethodPost, personPath, person("quick", documents[0], "+5511990000005"))
	}})
	status, body := w.call(t.Context(), token, http.MethodPost, personPath, person("slow", documents[0], "+5511990000005"))
	if status != http.StatusBadRequest || !strings.Contains(string(body), `"OBE064"`) {
		t.Errorf("answered %d %s", status, body)
	}
}

// documents are valid numbers of eight people.
var documents = [...]string{
	"10000000108", "10000000280", "10000000361", "10000000442", "10000000523", "10000000604", "10000000795", "10000000876",
}

// TestStrictClient walks the API as a public client of the vendor does that parses strictly: it renews its token a minute before the end, sends
// a header api-version, encodes dates twice, and fails on a time that is not of the layout it knows.
func TestStrictClient(t *testing.T) {
	t.Parallel()
	w := open(t, "celcoin_phased")
	form := url.Values{
		"client_id": {w.logins[""][0]}, "client_secret": {w.logins[""][1]}, "grant_type": {"client_credentials"}, "scope": {"onboarding"},
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v5/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Api-Version", "1.0")
	answer := httptest.NewRecorder()
	w.dialect.Handler.ServeHTTP(answer, r)
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
		TokenType   string `json:"token_type"`
	}
	decode(t, answer.Body.Bytes(), &token)
	if token.ExpiresIn <= 60 || token.TokenType != "bearer" || strings.Count(token.AccessToken, ".") != 2 {
		t.Errorf("token %+v", token)
	}
	ask := func(path string, into any) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, strings.NewReader("null")) // what another client sends with a GET
		r.Header.Set("Authorization", "Bearer "+token.AccessToken)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Api-Version", "1.0")
		answer := httptest.NewRecorder()
		w.dialect.Handler.ServeHTTP(answer, r)
		if answer.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
		}
		decode(t, answer.Body.Bytes(), into)
	}
	if status, body := w.call(t.Context(), token.AccessToken, http.MethodPost, personPath, person("loja-1", documents[0], "+5511990000001")); status != http.StatusOK {
		t.Fatalf("proposal: %d %s", status, body)
	}
	w.Settle()
	from, to := w.Now().Add(-time.Hour), w.Now().Add(time.Hour)
	twice := func(at time.Time) string { return url.QueryEscape(url.QueryEscape(at.Format(time.RFC3339))) }
	var list struct {
		Version, Status string
		Body            struct {
			TotalItems int
			Proposal   []struct {
				ProposalID, Status   string
				CreatedAt, UpdatedAt time.Time
				Documentscopys       []struct {
					URL       string
					CreatedAt time.Time
					UpdateAt  time.Time
				}
			}
		}
	}
	ask(listPath+"?DateFrom="+twice(from)+"&DateTo="+twice(to), &list)
	if list.Body.TotalItems != 1 || list.Body.Proposal[0].Status != "RESOURCE_CREATED" || list.Body.Proposal[0].Documentscopys[0].UpdateAt.IsZero() {
		t.Errorf("list %+v", list)
	}
	var got struct {
		Body struct {
			Files []struct{ Type, URL, ExpirationTime string }
		}
	}
	ask(listPath+"/files?proposalId="+list.Body.Proposal[0].ProposalID, &got)
	for _, f := range got.Body.Files {
		at, err := time.Parse(time.RFC3339, f.ExpirationTime)
		if left := at.Sub(w.Now()); err != nil || left < 59*time.Minute || left > time.Hour {
			t.Errorf("%s expires at %q, in %s: %v", f.Type, f.ExpirationTime, left, err)
		}
	}
	var account struct {
		Body struct{ CreateDate, BirthDate string }
	}
	ask("/baas-accountmanager/v1/account/fetch?Account=XX00TEST0000000001", &account)
	brasilia := time.FixedZone("", -3*60*60)
	at, err := time.ParseInLocation("2006-01-02T15:04:05", account.Body.CreateDate, brasilia)
	if err != nil || w.Now().Sub(at) > time.Hour || at.After(w.Now()) || account.Body.BirthDate != "02-01-1990" {
		t.Errorf("account %+v: %v", account, err)
	}
	var count struct{ TotalItems int }
	ask("/baas-webhookmanager/v1/webhook/replay/onboarding-proposal/count?DateFrom="+twice(from)+"&DateTo="+twice(to), &count)
	if count.TotalItems != 0 { // nobody subscribed
		t.Errorf("%d events", count.TotalItems)
	}
}

func decode(t *testing.T, body []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
}

// TestFilesNeedNoToken reads a file as whoever was given its address.
func TestFilesNeedNoToken(t *testing.T) {
	t.Parallel()
	w := open(t, "celcoin_phased")
	token := w.sign(t, "")
	w.call(t.Context(), token, http.MethodPost, personPath, person("loja-1", documents[0], "+5511990000001"))
	var got struct {
		Body struct{ Files []struct{ Type, URL string } }
	}
	_, body := w.call(t.Context(), token, http.MethodGet, listPath+"/files?clientcode=loja-1", "")
	decode(t, body, &got)
	path, ok := strings.CutPrefix(got.Body.Files[0].URL, mount)
	if !ok {
		t.Fatalf("the address is %s", got.Body.Files[0].URL)
	}
	ask := func(method, path string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		w.dialect.Handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		return answer
	}
	whole := ask(http.MethodGet, path)
	if whole.Code != http.StatusOK || whole.Header().Get("Content-Type") != "image/png" || fmt.Sprint(whole.Body.Len()) != whole.Header().Get("Content-Length") {
		t.Errorf("%d %v, %d bytes", whole.Code, whole.Header(), whole.Body.Len())
	}
	if !strings.HasPrefix(whole.Header().Get("Content-Disposition"), "attachment;") || whole.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a browser would show it: %v", whole.Header())
	}
	if head := ask(http.MethodHead, path); head.Code != http.StatusOK || head.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %d bytes", head.Code, head.Body.Len())
	}
	if changed := ask(http.MethodGet, path[:len(path)-2]+"AA"); changed.Code != http.StatusForbidden {
		t.Errorf("a changed address: %d", changed.Code)
	}
	w.Advance(time.Hour)
	if late := ask(http.MethodGet, path); late.Code != http.StatusForbidden {
		t.Errorf("an hour later: %d", late.Code)
	}
}

// TestSubscriptionsGetTheirEvents holds what a client gives by the vendor's call to what the sender is told.
func TestSubscriptionsGetTheirEvents(t *testing.T) {
	t.Parallel()
	w := open(t, "celcoin_continuous")
	token := w.sign(t, "")
	for _, body := range []string{
		`{"entity":"onboarding-proposal","webhookUrl":"https://loja.example/p","auth":{"login":"loja","pwd":"s3gredo","type":"basic"}}`,
		`{"entity":"onboarding-create","webhookUrl":"https://loja.example/c"}`,
	} {
		if status, said := w.call(t.Context(), token, http.MethodPost, "/baas/v2/webhook/subscription", body); status != http.StatusOK {
			t.Fatalf("%d %s", status, said)
		}
	}
	w.call(t.Context(), token, http.MethodPut, "/baas-webhookmanager/v1/webhook/subscription/onboarding-proposal", `{"webhookUrl":"https://loja.example/novo"}`)
	list, err := w.Endpoints(t.Context(), w.Tenant.ID)
	if err != nil {
		t.Fatal(err)
	}
	type shape struct {
		URL   string
		Names []string
		Auth  usher.EndpointAuth
	}
	var got []shape
	for _, e := range list {
		got = append(got, shape{e.URL, e.Names, e.Auth})
	}
	want := []shape{
		{"https://loja.example/novo", []string{"onboarding-proposal"}, usher.EndpointAuth{Type: "basic", Username: "loja", Password: "s3gredo"}},
		{"https://loja.example/c", []string{"onboarding-create"}, usher.EndpointAuth{Type: "none"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	w.call(t.Context(), token, http.MethodPost, personPath, person("loja-1", documents[0], "+5511990000001"))
	w.Settle()
	var told []string
	for _, m := range w.Messages(w.Tenant.ID) {
		var body struct{ Status string }
		decode(t, m.Body, &body)
		told = append(told, m.Event+" "+body.Status)
	}
	if diff := cmp.Diff([]string{"onboarding-proposal PROCESSING_DOCUMENTSCOPY", "onboarding-proposal APPROVED", "onboarding-create CONFIRMED"}, told); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	w.call(t.Context(), token, http.MethodPut, "/baas/v2/webhook/subscription/onboarding-proposal", `{"active":false}`)
	w.call(t.Context(), token, http.MethodPost, personPath, person("loja-2", documents[1], "+5511990000001"))
	w.Settle()
	if n := len(w.Messages(w.Tenant.ID)) - len(told); n != 1 {
		t.Errorf("%d messages with one of two switched off", n)
	}
}

// TestEventsAreSentOnce holds that nobody subscribes to what an endpoint made by other means is sent already.
func TestEventsAreSentOnce(t *testing.T) {
	t.Parallel()
	const body = `{"entity":"onboarding-proposal","webhookUrl":"https://loja.example/p"}`
	for name, c := range map[string]struct {
		had  usher.Endpoint
		want int
	}{
		"all names":         {usher.Endpoint{Dialect: celcoin.Name}, http.StatusBadRequest},
		"every event":       {usher.Endpoint{Dialect: celcoin.Name, Events: []usher.EventType{"*"}}, http.StatusBadRequest},
		"two names with it": {usher.Endpoint{Dialect: celcoin.Name, Names: []string{"onboarding-file", "onboarding-proposal"}}, http.StatusBadRequest},
		"two other names":   {usher.Endpoint{Dialect: celcoin.Name, Names: []string{"onboarding-file", "onboarding-create"}}, http.StatusOK},
		"its own, off":      {usher.Endpoint{Dialect: celcoin.Name, Names: []string{"onboarding-proposal"}, Disabled: "failing"}, http.StatusBadRequest},
		"all names, off":    {usher.Endpoint{Dialect: celcoin.Name, Disabled: "failing"}, http.StatusOK},
		"some events":       {usher.Endpoint{Dialect: celcoin.Name, Events: []usher.EventType{usher.AccountOpened}}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, "celcoin_phased")
			c.had.URL = "https://loja.example/all"
			made, err := w.CreateEndpoint(t.Context(), w.Tenant.ID, c.had)
			if err == nil && c.had.Disabled != "" {
				_, err = w.UpdateEndpoint(t.Context(), w.Tenant.ID, made.ID, func(e *usher.Endpoint) { e.Disabled = c.had.Disabled })
			}
			if err != nil {
				t.Fatal(err)
			}
			status, said := w.call(t.Context(), w.sign(t, ""), http.MethodPost, "/baas/v2/webhook/subscription", body)
			if status != c.want || strings.Contains(string(said), "CBE205") != (c.want != http.StatusOK) {
				t.Errorf("answered %d %s", status, said)
			}
		})
	}
}

// TestJourney reads the way of an applicant through our page.
func TestJourney(t *testing.T) {
	t.Parallel()
	w := open(t, "celcoin_continuous")
	token := w.sign(t, "")
	w.call(t.Context(), token, http.MethodPost, personPath, person("loja-1", documents[0], "+5511990000005"))
	path := listPath + "/tagging-journey?ClientCode=loja-1"
	if status, body := w.call(t.Context(), token, http.MethodGet, path, ""); status != http.StatusNotFound || !strings.Contains(string(body), "OBE070") {
		t.Errorf("before it began: %d %s", status, body)
	}
	s, err := w.Service.SessionByKey(t.Context(), w.Tenant.ID, celcoin.Name, "loja-1")
	if err != nil {
		t.Fatal(err)
	}
	link, err := w.EntryLink(t.Context(), w.Tenant.ID, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	const phone = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Mobile Safari/537.36"
	visit, err := w.UseLink(t.Context(), link.Token)
	for _, screen := range []string{"welcome", "consent", "document", "help", "document.camera", "document.preview", "document.camera", "welcome"} {
		if err == nil {
			err = w.Saw(t.Context(), visit.Token, usher.PageView{Screen: screen, Agent: phone})
		}
		w.Advance(2 * time.Second)
	}
	if err != nil {
		t.Fatal(err)
	}
	type step struct {
		Timestamp, StepName, DeviceBrowserName, DeviceOsName, DeviceOsVersion, DevicePlatformType string
		SecondsFromPrevious, SecondsFromNext                                                      float64
	}
	var got struct {
		Body struct {
			Status, Link, ProcessedAt string
			TotalDevices              int
			Devices                   []struct {
				Platform struct{ Vendor, Model string }
			}
			LastStep   step
			StepsArray []step
		}
	}
	_, body := w.call(t.Context(), token, http.MethodGet, path, "")
	decode(t, body, &got)
	var names []string
	for _, s := range got.Body.StepsArray {
		names = append(names, s.StepName)
		if _, err := time.Parse("2006-01-02 15:04:05.00", s.Timestamp); err != nil || s.DeviceBrowserName != "Chrome" || s.DevicePlatformType != "mobile" {
			t.Errorf("step %+v: %v", s, err)
		}
	}
	want := []string{
		"STEP_WELCOME", "STEP_USING_TERMS", "STEP_DOCUMENT_TYPE", "STEP_DD", "STEP_DD_PREVIEW", "STEP_DD-1", "STEP_NEW_ACCESS",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	b := got.Body
	if b.Status != "PENDING" || b.Link != link.URL || b.TotalDevices != 1 || b.Devices[0].Platform.Model != "Pixel 8" || b.LastStep.StepName != "STEP_NEW_ACCESS" {
		t.Errorf("journey %+v", b)
	}
	if first := b.StepsArray[0]; first.SecondsFromNext < 2 || first.SecondsFromPrevious != 0 {
		t.Errorf("first step %+v", first)
	}
}
