package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
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
