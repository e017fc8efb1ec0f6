package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // to read the database as a thief would

	"github.com/usher-kyc/usher/internal/specimen"
)

// What is planted where people and clients leave things. Each word is found nowhere else.
var planted = map[string]string{
	"first name":    "Plantfirst-qz",
	"last name":     "Plantlast-qz",
	"e-mail":        "plantmail-qz@example.test",
	"phone":         "46709998887766",
	"street":        "Plantstreet-qz 7",
	"national id":   "19900417PLANTID",
	"reference":     "plantref-qz-4711",
	"metadata":      "plantmeta-qz",
	"file name":     "plantfile-qz.jpg",
	"agent":         "plantagent-qz",
	"staff agent":   "plantstaffagent-qz",
	"internal note": "plantnote-qz of the reviewer",
	"tag":           "planttag-qz",
	"query":         "plantquery-qz",
	"wrong secret":  "plantsecret-qz-plantsecret-qz",
	"wrong mail":    "plantstaff-qz@example.test",
	"hold":          "planthold-qz court",
	"webhook path":  "planthook-qz",
	// The answer is told to the client's developers, who may see it.
	"webhook answer": "plantanswer-qz",
}

// lines collects what a server says, and bodies what is posted to a collector.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write takes a piece.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// whereFound gives the planted words that stand in a text, as they are or as computers write them down.
func whereFound(text string, except ...string) (found []string) {
	for what, word := range planted {
		if slices.Contains(except, what) {
			continue
		}
		for form, as := range map[string]string{
			"plain": word, "base64": base64.StdEncoding.EncodeToString([]byte(word))[:len(word)], "hex": hex.EncodeToString([]byte(word)),
			"query": url.QueryEscape(word), "small": strings.ToLower(word),
		} {
			if strings.Contains(text, as) {
				found = append(found, what+" ("+form+")")
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestPersonalDataStaysInside leaves words in every place where people and clients leave things, and then looks for them in everything that a server
// writes: log, figures, traces, answers to others, and every file and table of its data folder. What is not on the list of outputs fails.
func TestPersonalDataStaysInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log, traces lines
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(&traces, r.Body) }))
	t.Cleanup(collector.Close)
	s, figures := startWatched(t, dir, &log, collector.URL)
	b := backend{dev: s.dev}
	leaveWords(t, &b)
	outsiders := answersToOthers(t, &b)

	outputs := map[string]string{"figures": figures(), "answers to others": outsiders}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	outputs["log"], outputs["traces"] = log.String(), traces.String()
	for name, least := range map[string]string{"log": "request", "figures": "usher_", "traces": "usher", "answers to others": "not_found"} {
		if !strings.Contains(outputs[name], least) {
			t.Errorf("nothing came out at %s: the test looks at the wrong place", name)
		}
		if found := whereFound(outputs[name]); len(found) > 0 {
			t.Errorf("%s tells %v:\n%.2000s", name, found, around(outputs[name], found[0]))
		}
	}
	searchFolder(t, dir)
	searchTables(t, filepath.Join(dir, "usher.db"))
}

// around gives what stands beside the first word that was found.
func around(text, found string) string {
	what, _, _ := strings.Cut(found, " (")
	i := strings.Index(text, planted[what])
	if i < 0 {
		return ""
	}
	return text[max(0, i-300):min(len(text), i+300)]
}

// startWatched starts a server that logs everything, counts, and sends traces.
func startWatched(t *testing.T, dir string, log *lines, collector string) (s started, figures func() string) {
	t.Helper()
	c := console{out: io.Discard, err: log, env: func(string) string { return "" }}
	settings, _, err := readSettings(c, "serve", []string{
		"--dev", "--addr", "127.0.0.1:0", "--data", dir, "--json-log", "--log-level", "debug", "--metrics-addr", "127.0.0.1:0", "--otlp", collector,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan devFile, 1), make(chan error, 1)
	go func() { ended <- runServer(ctx, c, settings, func(_ *house, dev devFile) { ready <- dev }) }()
	s.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = s.stop() })
	select {
	case s.dev = <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	return s, func() string {
		at := regexp.MustCompile(`"msg":"figures","address":"([^"]+)"`).FindStringSubmatch(log.String())
		if at == nil {
			t.Fatalf("the log does not say where the figures are:\n%s", log)
		}
		res, err := http.Get("http://" + at[1] + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// leaveWords goes through the chain as a client, an applicant and a reviewer do, right and wrong, and leaves a planted word wherever one can be left.
func leaveWords(t *testing.T, b *backend) {
	t.Helper()
	ctx := t.Context()
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, planted["webhook answer"])
		_, _ = io.Copy(w, r.Body) // as pages that are meant for developers do
	}))
	t.Cleanup(sink.Close)
	wrong := *b
	wrong.dev.Native.ClientSecret = planted["wrong secret"]
	if err := wrong.signIn(ctx); err == nil {
		t.Error("a wrong secret signs in")
	}
	if err := b.signIn(ctx); err != nil {
		t.Fatal(err)
	}
	post := func(method, at string, body any, want int) string {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		status, _, answer := b.try(t, method, at, "application/json", bytes.NewReader(raw))
		if status != want {
			t.Errorf("%s %s: %d, want %d: %s", method, at, status, want, answer)
		}
		return answer
	}
	post("POST", "/v1/webhook_endpoints", map[string]any{"url": sink.URL + "/" + planted["webhook path"], "events": []string{"*"}}, 201)
	person := map[string]any{
		"first_name": planted["first name"], "last_name": planted["last name"], "email": planted["e-mail"], "phone": planted["phone"],
		"date_of_birth": "1990-04-17", "national_id": planted["national id"], "reference": planted["reference"],
		"address": map[string]any{"country": "SE", "street": planted["street"], "city": "Ekerö", "postal_code": "178 30"},
	}
	if err := json.Unmarshal([]byte(post("POST", "/v1/sessions", map[string]any{
		"applicant": person, "reference": planted["reference"], "metadata": map[string]string{"k": planted["metadata"]},
	}, 201)), &b.session); err != nil {
		t.Fatal(err)
	}
	person["email"] = planted["e-mail"] + " "
	post("POST", "/v1/applicants", person, 422)
	post("GET", "/v1/applicants?email="+url.QueryEscape(planted["e-mail"]), nil, 200)
	post("GET", "/v1/sessions/"+planted["query"], nil, 404)
	post("GET", "/v1/applicants?nonsense="+planted["query"], nil, 400)
	selfie, err := specimen.JPEG(specimen.Selfie(demoPerson()))
	if err != nil {
		t.Fatal(err)
	}
	evidence := "/v1/sessions/" + b.session.ID + "/evidence"
	if status, answer := b.file(t, evidence, "selfie", planted["file name"], selfie); status != http.StatusCreated {
		t.Error(status, answer)
	}
	if status, answer := b.file(t, evidence, "selfie", planted["file name"], []byte("not a picture: "+planted["last name"])); status != http.StatusUnprocessableEntity {
		t.Error(status, answer)
	}
	post("POST", "/v1/simulate/session/"+b.session.ID, map[string]any{"action": "submit"}, 200)
	if _, err := b.wait(ctx, func(s session) bool {
		return s.State != "in_progress" && s.State != "submitted" && s.State != "created"
	}); err != nil {
		t.Fatal(err)
	}
	post("POST", "/v1/sessions/"+b.session.ID+"/overturn", map[string]any{"internal_note": planted["internal note"], "note": planted["internal note"], "reasons": []string{"document_unreadable"}}, 200)
	post("PUT", "/v1/applicants/"+b.session.ApplicantID+"/legal_hold", map[string]any{"reason": planted["hold"]}, 200)
	post("GET", "/v1/sessions/"+b.session.ID+"/report.json", nil, 200)
	visit(t, b)
}

// visit looks at pages of applicants and staff, with what a browser and people tell there.
func visit(t *testing.T, b *backend) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser, agent := &http.Client{Jar: jar}, planted["agent"]
	get := func(method, at string, form url.Values) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User-Agent", agent)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", b.dev.BaseURL+"/"+planted["query"])
		res, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	get("GET", b.dev.HostedURL+"/s/"+planted["query"], nil)
	get("GET", b.dev.BaseURL+"/"+planted["query"]+"?q="+planted["query"], nil)
	get("POST", b.dev.DeskURL+"/sign-in", url.Values{"email": {planted["wrong mail"]}, "password": {planted["wrong secret"]}})
	get("GET", b.dev.DeskURL+"/?q="+url.QueryEscape(planted["last name"]), nil)
	senior := b.dev.Staff[slices.IndexFunc(b.dev.Staff, func(m devStaff) bool { return m.Role == "senior" })]
	agent = planted["staff agent"]
	get("POST", b.dev.DeskURL+"/sign-in", url.Values{"email": {senior.Email}, "password": {senior.Password}})
	at := b.dev.DeskURL + "/cases/" + b.session.ID
	get("POST", at+"/notes", url.Values{"note": {planted["internal note"]}})
	get("POST", at+"/tags", url.Values{"tags": {planted["tag"]}})
	get("GET", b.dev.DeskURL+"/?q="+url.QueryEscape(planted["last name"]), nil)
	if page := get("GET", at, nil); !strings.Contains(page, planted["internal note"]) || !strings.Contains(page, planted["tag"]) || !strings.Contains(page, planted["last name"]) {
		t.Errorf("the reviewer left no word, or sees none:\n%.3000s", page)
	}
}

// answersToOthers gives what those are told who may not know anything: another tenant's client, and nobody at all.
func answersToOthers(t *testing.T, b *backend) string {
	t.Helper()
	var all strings.Builder
	for _, token := range []string{"", "Bearer " + planted["wrong secret"]} {
		for _, at := range []string{
			"/v1/sessions/" + b.session.ID, "/v1/applicants/" + b.session.ApplicantID, "/v1/sessions/" + b.session.ID + "/report.json", "/v1/events", "/nothing",
			"/livez", "/readyz", "/openapi.json", "/v1/sessions/none?" + planted["query"],
		} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.dev.BaseURL+at, nil)
			if err != nil {
				t.Fatal(err)
			}
			if token != "" {
				r.Header.Set("Authorization", token)
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			fmt.Fprintf(&all, "%s %v %s\n", res.Status, res.Header, text)
		}
	}
	status, _, text := b.try(t, http.MethodGet, "/v1/sessions/none", "", nil)
	fmt.Fprintf(&all, "%d %s", status, text)
	return all.String()
}

// kept are the files that a data folder may hold, and what each may tell: nothing, but for the credentials of development.
var kept = []string{
	"usher.db", "usher.db-wal", "usher.db-shm", "master.key", "dev.json", "audit-checkpoints.jsonl", "audit-public.pem", "evidence/*", "evidence/*/*", "evidence/*/*/*",
	"evidence/*/*/*/*", "watchlists/index.snapshot", "watchlists/monitored.json", "watchlists/lists/own/*", "watchlists/lists/own/*/edition.json", "watchlists/lists/own/*/sandbox.csv",
}

// inDatabase are the words that a file of the database may hold in the clear: members of staff see there from which browsers they are signed in.
func inDatabase(file string) []string {
	if strings.HasPrefix(file, "usher.db") {
		return []string{"staff agent"}
	}
	return nil
}

func searchFolder(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(kept, func(pattern string) bool { ok, _ := filepath.Match(pattern, name); return ok })
		if !known {
			t.Errorf("the data folder holds %s, which this test does not know: may it tell anything?", name)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if found := whereFound(string(raw), inDatabase(name)...); len(found) > 0 {
			t.Errorf("%s holds %v: %q", name, found, around(string(raw), found[0]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// searchTables reads every row of every table, of what is queued as well.
func searchTables(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := tables.Close(); err != nil || len(names) < 30 {
		t.Fatalf("%v, tables %v", err, names)
	}
	for _, name := range names {
		text := dump(t, db, name)
		var may []string
		if name == "staff_sessions" {
			may = inDatabase("usher.db")
		}
		if found := whereFound(text, may...); len(found) > 0 {
			t.Errorf("the table %s holds %v: %q", name, found, around(text, found[0]))
		}
	}
}

func dump(t *testing.T, db *sql.DB, table string) string {
	t.Helper()
	rows, err := db.Query(`SELECT * FROM "` + table + `"`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if raw, ok := v.([]byte); ok {
				v = string(raw)
			}
			fmt.Fprintf(&b, "%s=%v ", columns[i], v)
		}
		b.WriteString("\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
