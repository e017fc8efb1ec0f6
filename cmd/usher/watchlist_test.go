package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/specimen"
)

const screenedFlow = `name: screened
expires: 48h
steps:
  - consent: {text: identity-check}
  - details: {ask: [name, date_of_birth]}
  - run: [watchlist]
  - decide: {automatic: approve, on_reject: review}
`

// TestListUpdateReachesWhoWasApprovedBefore brings in a new edition of a list beside a server that runs, and wants the webhook, the hit and a judgement.
func TestListUpdateReachesWhoWasApprovedBefore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, h := startDev(t, dir), newHooks(t)
	f := firm{t: t, dev: s.dev, vendor: "native", hooks: h, header: http.Header{}}
	f.register(object{"type": "none"})
	f = f.native()
	v1 := s.dev.BaseURL + "/v1"
	f.call(http.MethodPut, v1+"/flows/screened", object{"source": screenedFlow})
	begun := f.call(http.MethodPost, v1+"/sessions", object{
		"flow": "screened", "applicant": object{"first_name": "Oleksiy", "last_name": "Vydumanko", "date_of_birth": "1971-08-09"},
	})
	at, person := v1+"/sessions/"+begun.text("id"), v1+"/applicants/"+begun.text("applicant_id")
	f.call(http.MethodPost, at+"/submit", object{"consent": object{"face": false, "locale": "en"}})
	f.until("approved", func() string { return f.call(http.MethodGet, at, nil).text("state") })

	list := filepath.Join(t.TempDir(), "newer.csv")
	if err := os.WriteFile(list, slices.Concat(sandboxList, []byte("9001,Vydumanko Oleksiy,,person,1971-08-09,male,UA,SANDBOX,sanction,\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := commandLine(t, dir, nil, "watchlist", "import", list); code != exitOK {
		t.Fatalf("import: %d\n%s", code, said)
	}
	f.until("told", func() string {
		if slices.Contains(h.words("native", func(o object) string { return o.text("type") }), "watchlist.hits_changed") {
			return "told"
		}
		return "not told"
	})
	found := f.call(http.MethodGet, person+"/screening", nil)
	if found.at("monitoring") != true || found.at("open_hits") != 1.0 || found.text("hits.0.name") != "Vydumanko Oleksiy" {
		t.Fatalf("the newest screening is %v", found)
	}
	f.call(http.MethodPost, person+"/screening/judge", object{"key": found.text("hits.0.key"), "verdict": "cleared", "why": "Another man: a passport was seen."})
	if now := f.call(http.MethodGet, person+"/monitor", nil); now.at("open_hits") != 0.0 || now.text("state") != "active" {
		t.Errorf("the monitor is %v", now)
	}
}

// TestIncodeIsToldOfTheWatchlist takes the flow that the vendor's page shows, so that its webhook of the watchlist comes: of a person whom only the
// passport names.
func TestIncodeIsToldOfTheWatchlist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/dialects/incode.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?s)<<'FLOW'\n(.*?)FLOW\n`).FindSubmatch(page)
	if shown == nil {
		t.Fatal("the page shows no flow")
	}
	dir := t.TempDir()
	s, h := startDev(t, dir), newHooks(t)
	f := firm{t: t, dev: s.dev, vendor: "incode", hooks: h, header: http.Header{}}
	f.register(object{"type": "none"})
	f.native().call(http.MethodPut, s.dev.BaseURL+"/v1/flows/incode", object{"source": string(shown[1])})

	base := f.told("base_url") + "/omni"
	begun := f.with("api-version", "1.0").with("x-api-key", f.told("api_key")).call(http.MethodPost, base+"/start", object{"configurationId": f.told("configuration_id")})
	f = f.with("api-version", "1.0").with("x-api-key", f.told("api_key"))
	executive := f.with("X-Incode-Hardware-Id", f.call(http.MethodPost, f.told("base_url")+"/executive/log-in", object{
		"email": f.told("executive_email"), "password": f.told("executive_password"),
	}).text("token"))
	f = f.with("X-Incode-Hardware-Id", begun.text("token"))
	passport, err := specimen.Passport(demoPerson())
	if err != nil {
		t.Fatal(err)
	}
	front, frontErr := specimen.JPEG(specimen.Photo(passport, 7))
	selfie, selfieErr := specimen.JPEG(specimen.Selfie(demoPerson()))
	if err := errors.Join(frontErr, selfieErr); err != nil {
		t.Fatal(err)
	}
	f.call(http.MethodPost, base+"/add/front-id/v2", object{"base64Image": front})
	f.call(http.MethodPost, base+"/process/id", object{})
	if found := f.call(http.MethodPost, base+"/process/global-watchlist", object{}); found.text("content.data.matchStatus") != "no_match" {
		t.Fatalf("the first search is %v", found)
	}
	f.call(http.MethodPost, base+"/add/face/third-party?imageType=selfie", object{"base64Image": selfie})
	f.call(http.MethodPost, base+"/process/face", object{})
	f.call(http.MethodGet, base+"/finish-status", nil)
	executive.call(http.MethodPost, base+"/process/approve?interviewId="+begun.text("interviewId"), object{})

	list := filepath.Join(t.TempDir(), "newer.csv")
	if err := os.WriteFile(list, []byte("id,name,kind,birth_date\n1,Lindqvist Maja Elin,person,1991-05-17\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := commandLine(t, dir, nil, "watchlist", "import", list, "--list", "newer"); code != exitOK {
		t.Fatalf("import: %d\n%s", code, said)
	}
	ref := ""
	f.until("told", func() string {
		for _, said := range h.words("incode", func(o object) string { return o.text("interviewId") + " " + o.text("search_id") + " " + o.text("ref") }) {
			if part := strings.Split(said, " "); part[0] == begun.text("interviewId") && part[1] != "" {
				ref = part[2]
				return "told"
			}
		}
		return "not told"
	})
	newest := executive.call(http.MethodGet, base+"/updated-watchlist-result?ref="+ref, nil)
	if newest.text("content.data.matchStatus") != "potential_match" || newest.text("content.data.hits.0.doc.id") != "newer/1" {
		t.Errorf("the newest result is %v", newest)
	}
}
