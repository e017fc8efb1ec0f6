package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// object is a JSON object as a client reads or writes it.
type object map[string]any

// at gives a member within members, or nil.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			if len(in) == 0 {
				return nil
			}
			v = in[0] // the only digit that walks need
		default:
			return nil
		}
	}
	return v
}

func (o object) text(path string) string {
	s, _ := o.at(path).(string)
	return s
}

// firm is a firm that has an integration with a vendor and changed nothing but addresses and credentials.
type firm struct {
	t      *testing.T
	dev    devFile
	vendor string // whose integration it is
	hooks  *hooks
	header http.Header // sent with every call
}

// call makes one call, with a form where the body is url.Values, and wants a status below 300.
func (f firm) call(method, at string, body any) object {
	f.t.Helper()
	var raw []byte
	kind := "application/json"
	switch body := body.(type) {
	case nil:
	case url.Values:
		raw, kind = []byte(body.Encode()), "application/x-www-form-urlencoded"
	default:
		var err error
		if raw, err = json.Marshal(body); err != nil {
			f.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(f.t.Context(), method, at, bytes.NewReader(raw))
	if err != nil {
		f.t.Fatal(err)
	}
	maps.Copy(req.Header, f.header)
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	status, answer, err := send(http.DefaultClient, req)
	if err != nil || status >= http.StatusMultipleChoices {
		f.t.Fatalf("%s %s: %d %s (%v)", method, at, status, answer, err)
	}
	var told object
	if json.Unmarshal(answer, &told) != nil {
		return object{"page": string(answer)}
	}
	return told
}

// with gives the firm with one more header.
func (f firm) with(name, value string) firm {
	f.header = maps.Clone(f.header)
	f.header.Set(name, value)
	return f
}

func (f firm) told(member string) string { return f.dev.Vendors[f.vendor][member] }

// opens follows a link as a browser does, and wants the hosted page.
func (f firm) opens(link string) {
	f.t.Helper()
	if page := (firm{t: f.t, header: http.Header{}}).call(http.MethodGet, link, nil).text("page"); !strings.Contains(page, "<html") {
		f.t.Errorf("%s shows no page", link)
	}
}

// until asks until an answer is as wanted.
func (f firm) until(want string, ask func() string) {
	f.t.Helper()
	got := ""
	if _, err := poll(f.t.Context(), func() (bool, bool, error) { got = ask(); return true, got == want, nil }); err != nil {
		f.t.Fatalf("it is %q, want %q", got, want)
	}
}

// native gives the firm as a client of usher's own API.
func (f firm) native() firm {
	f.t.Helper()
	b := backend{dev: f.dev}
	if err := b.signIn(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	f.header = http.Header{"Authorization": {"Bearer " + b.token}}
	return f
}

// register makes a webhook endpoint by the native API, where the vendor has a person for it.
func (f firm) register(auth object) {
	f.t.Helper()
	f.native().call(http.MethodPost, f.dev.BaseURL+"/v1/webhook_endpoints", object{
		"url": f.hooks.address(f.vendor), "dialect": strings.TrimSuffix(f.vendor, "_automatic"), "events": []string{"*"}, "auth": auth,
	})
}

// hooks is where all firms take their webhooks, each on a path of its own.
type hooks struct {
	*httptest.Server
	mu   sync.Mutex
	took map[string][]object // by path
	auth map[string]string   // the header Authorization of the newest
}

func newHooks(t *testing.T) *hooks {
	t.Helper()
	h := &hooks{took: map[string][]object{}, auth: map[string]string{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var told object
		if err == nil && json.Unmarshal(body, &told) == nil {
			h.mu.Lock()
			h.took[r.URL.Path], h.auth[r.URL.Path] = append(h.took[r.URL.Path], told), r.Header.Get("Authorization")
			h.mu.Unlock()
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hooks) address(vendor string) string { return h.URL + "/" + vendor }

// words gives what was taken on a path, each message by one of its words.
func (h *hooks) words(vendor string, word func(object) string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	for _, o := range h.took["/"+vendor] {
		list = append(list, word(o))
	}
	return list
}

func (h *hooks) proof(vendor string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.auth["/"+vendor]
}

// walks are the vendors' happy paths: what a firm's integration does, and what it is told by webhook.
var walks = map[string]struct {
	walk  func(firm)
	word  func(object) string // of a message
	told  []string
	free  bool   // messages of different names may overtake one another
	proof string // how messages prove where they come from
}{
	"ondato": {
		walk: walkOndato, word: func(o object) string { return o.text("type") + " " + o.text("payload.status") },
		told: []string{
			"Idv.StatusChanged InProgress", "Idv.Consented InProgress", "KycIdentification.Created Awaiting", "KycIdentification.Processed Awaiting",
			"Idv.StatusChanged Completed", "KycIdentification.Approved Approved",
		},
		proof: "Basic aG9vazpzM2NyZXQ=",
	},
	"celcoin": {
		walk: walkCelcoin, word: func(o object) string { return o.text("entity") + " " + o.text("status") }, free: true,
		told: []string{
			"onboarding-backgroundcheck PENDING", "onboarding-backgroundcheck APPROVED", "onboarding-documentscopy PENDING", "onboarding-documentscopy PROCESSING",
			"onboarding-file SUCCESS", "onboarding-proposal PROCESSING_DOCUMENTSCOPY", "onboarding-documentscopy APPROVED", "onboarding-proposal APPROVED",
			"onboarding-create CONFIRMED",
		},
		proof: "Basic bG9qYTpzM2dyZWRv",
	},
	"incode": {
		walk: walkIncode, word: func(o object) string { return o.text("onboardingStatus") + o.text("eventType") },
		told: []string{
			"SESSION_STARTED", "ID_VALIDATION_FINISHED", "POST_PROCESSING_FINISHED", "FACE_VALIDATION_FINISHED", "ONBOARDING_FINISHED", "SESSION_SUCCEEDED",
		},
	},
	"mobbscan_automatic": {walk: walkMobbscan, word: func(o object) string { return o.text("status") }, told: []string{"PENDING", "VERIFIED"}},
	"intergiro": {
		walk: walkIntergiro, word: func(o object) string { return o.text("name") },
		told: []string{"IndividualOnboardingDataProvided", "IndividualActivated"},
	},
}

// TestEveryVendorsHappyPath walks each vendor's integration through a server as a stranger would start it.
func TestEveryVendorsHappyPath(t *testing.T) {
	t.Parallel()
	s, h := startDev(t, t.TempDir()), newHooks(t)
	for vendor, w := range walks {
		t.Run(vendor, func(t *testing.T) {
			f := firm{t: t, dev: s.dev, vendor: vendor, hooks: h, header: http.Header{}}
			if len(s.dev.Vendors[vendor]) == 0 {
				t.Fatalf("dev.json has no %s", vendor)
			}
			w.walk(f)
			want := slices.Clone(w.told)
			f.until("all", func() string {
				if len(h.words(vendor, w.word)) < len(want) {
					return "not all"
				}
				return "all"
			})
			got := h.words(vendor, w.word)
			if w.free {
				slices.Sort(got)
				slices.Sort(want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if proof := h.proof(vendor); proof != w.proof {
				t.Errorf("the messages came with %q, want %q", proof, w.proof)
			}
		})
	}
}

func walkOndato(f firm) {
	f.register(object{"type": "basic", "username": "hook", "password": "s3cret"})
	token := f.call(http.MethodPost, f.told("id_url")+"/connect/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {f.told("client_id")}, "client_secret": {f.told("client_secret")},
	})
	f = f.with("Authorization", "Bearer "+token.text("access_token"))
	id := f.call(http.MethodPost, f.told("idv_url")+"/v1/identity-verifications", object{
		"setupId": f.told("setup_id"), "registration": object{"firstName": "Egle", "lastName": "APPROVE Petrauske", "phoneNumber": 37061234567},
	}).text("id")
	f.opens(f.told("hosted_url") + "?id=" + id)
	f.opens(f.told("hosted_url") + "?id=" + id + "&simulate=submit")
	at := f.told("idv_url") + "/v1/identity-verifications/" + id
	f.until("Completed", func() string { return f.call(http.MethodGet, at, nil).text("status") })
	known := f.call(http.MethodGet, at, nil).text("step.kycIdentification.id")
	f.until("Approved", func() string {
		return f.call(http.MethodGet, f.told("kycid_url")+"/v1/identifications/"+known, nil).text("status")
	})
}

func walkCelcoin(f firm) {
	base := f.told("base_url")
	token := f.call(http.MethodPost, base+"/v5/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {f.told("client_id")}, "client_secret": {f.told("client_secret")},
	})
	f = f.with("Authorization", "Bearer "+token.text("access_token"))
	for _, entity := range []string{"backgroundcheck", "documentscopy", "file", "proposal", "create"} {
		f.call(http.MethodPost, base+"/baas/v2/webhook/subscription", object{
			"entity": "onboarding-" + entity, "webhookUrl": f.hooks.address(f.vendor), "auth": object{"login": "loja", "pwd": "s3gredo", "type": "basic"},
		})
	}
	f.call(http.MethodPost, base+"/onboarding/v1/onboarding-proposal/natural-person", object{
		"clientCode": "loja-1", "documentNumber": "39053344705", "phoneNumber": "+5511990000001", "email": "ana@exemplo.test",
		"motherName": "Maria Teste Silva", "fullName": "Ana Teste Silva", "birthDate": "02-01-1990", "onboardingType": "BAAS",
		"address": object{"postalCode": "01001000", "street": "Praca da Se", "number": "10", "neighborhood": "Se", "city": "Sao Paulo", "state": "SP"},
	})
	proposal := func() object {
		return f.call(http.MethodGet, base+"/onboarding/v1/onboarding-proposal?ClientCode=loja-1", nil)
	}
	f.until("RESOURCE_CREATED", func() string { return proposal().text("body.proposal.0.status") })
	f.opens(proposal().text("body.proposal.0.documentscopys.0.url"))
}

func walkIncode(f firm) {
	f.register(object{"type": "none"})
	base := f.told("base_url")
	f = f.with("api-version", "1.0")
	begun := f.with("x-api-key", f.told("api_key")).call(http.MethodPost, base+"/omni/start", object{
		"configurationId": f.told("configuration_id"), "countryCode": "ALL", "externalCustomerId": "cust-90210", "customFields": object{"simulate": "OK"},
	})
	f = f.with("X-Incode-Hardware-Id", begun.text("token"))
	f.opens(f.call(http.MethodGet, base+"/0/omni/onboarding-url", nil).text("url"))
	if done := f.call(http.MethodGet, base+"/0/omni/finish-status", nil); done.text("action") != "approved" {
		f.t.Errorf("finished as %v", done)
	}
	if score := f.call(http.MethodGet, base+"/0/omni/get/score", nil); score.text("overall.status") != "OK" {
		f.t.Errorf("score %v", score)
	}
}

func walkMobbscan(f firm) {
	f.register(object{"type": "none"})
	base := f.told("base_url")
	token := f.call(http.MethodPost, base+"/auth/token", object{"api_key": f.told("api_key"), "api_secret": f.told("api_secret")})
	f = f.with("Authorization", "Bearer "+token.text("accessToken"))
	process := f.call(http.MethodPost, base+"/onboarding/token", object{"countryId": "ESP", "verificationExtraData": object{"sandboxOutcome": "accept"}})
	f.opens(process.text("onboardingUrl"))
	f.call(http.MethodPost, base+"/onboarding/"+process.text("scanId")+"/finish", nil)
	f.until("VERIFIED", func() string {
		return f.call(http.MethodGet, base+"/mobbscan-agent/checkVerificationProcessResult/"+process.text("verificationId"), nil).text("status")
	})
}

func walkIntergiro(f firm) {
	f.register(object{"type": "none"})
	base := f.told("base_url") + "/v3"
	f = f.with("Authorization", "Bearer "+f.call(http.MethodPost, base+"/auth/login", object{"api_key": f.told("api_key")}).text("access_token"))
	id := f.call(http.MethodPost, base+"/individuals", object{
		"first_name": "John", "last_name": "de Mayor", "email": "m6dreey@goes.es", "phone_number": "46627211111", "date_of_birth": "1991-12-06",
	}).text("id")
	f.opens(f.call(http.MethodPost, base+"/individuals/"+id+"/onboard", object{"return_url": "https://example.com/done"}).text("redirect_url"))
	f.call(http.MethodPost, base+"/simulations/onboarding/kyc", object{"individual_id": id})
	if now := f.call(http.MethodPost, base+"/simulations/onboarding/status", object{"individual_id": id, "status": "activated"}); now.text("status") != "activated" {
		f.t.Errorf("the individual is %v", now)
	}
}
