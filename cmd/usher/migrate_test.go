package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/usher-kyc/usher/internal/blobtest"
	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/specimen"
)

// bucketEnv gives the settings of a fresh bucket on a server.
func bucketEnv(t *testing.T, server *blobtest.S3) map[string]string {
	t.Helper()
	if _, err := server.Bucket("evidence"); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"USHER_BLOB":     "s3://evidence/usher?endpoint=http://" + server.Addr,
		"USHER_BLOB_KEY": blobtest.AccessKey + ":" + blobtest.SecretKey,
	}
}

// living is a client of a server, and what it has been acknowledged.
type living struct {
	backend
	sessions []string
	files    map[string]string // address of the content, by session
	selfie   []byte
}

func newLiving(t *testing.T, s started) *living {
	t.Helper()
	selfie, err := specimen.JPEG(specimen.Selfie(demoPerson()))
	if err != nil {
		t.Fatal(err)
	}
	l := &living{backend: backend{dev: s.dev}, files: map[string]string{}, selfie: selfie}
	if err := l.signIn(context.Background()); err != nil {
		t.Fatal(err)
	}
	return l
}

// add starts a session with a picture.
func (l *living) add(t *testing.T) {
	t.Helper()
	if err := l.createSession(context.Background(), demoPerson()); err != nil {
		t.Fatal(err)
	}
	l.sessions = append(l.sessions, l.session.ID)
	at := "/v1/sessions/" + l.session.ID + "/evidence"
	status, answer := l.file(t, at, "selfie", "selfie.jpg", l.selfie)
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(answer), &made); status != http.StatusCreated || err != nil {
		t.Fatal(status, answer, err)
	}
	l.files[l.session.ID] = at + "/" + made.ID + "/content"
}

// holds asks a server for all that was acknowledged.
func (l *living) holds(t *testing.T, s started) {
	t.Helper()
	l.dev, l.token = s.dev, ""
	if err := l.signIn(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, id := range l.sessions {
		if status, _, answer := l.try(t, http.MethodGet, "/v1/sessions/"+id, "", nil); status != http.StatusOK {
			t.Errorf("session: %d %s", status, answer)
		}
		if status, _, answer := l.try(t, http.MethodGet, l.files[id], "", nil); status != http.StatusOK || answer != string(l.selfie) {
			t.Errorf("picture: %d, %d bytes of %d", status, len(answer), len(l.selfie))
		}
	}
}

// events gives the ids of the events behind one, in order.
func (l *living) events(t *testing.T, after string) (ids []string) {
	t.Helper()
	for {
		status, _, answer := l.try(t, http.MethodGet, "/v1/events?limit=100&after="+after, "", nil)
		var page struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
			Next string `json:"next"`
		}
		if err := json.Unmarshal([]byte(answer), &page); status != http.StatusOK || err != nil {
			t.Fatal(status, answer, err)
		}
		for _, e := range page.Data {
			ids = append(ids, e.ID)
		}
		if page.Next == "" {
			return ids
		}
		after = page.Next
	}
}

// TestMoveLiving moves an installation that serves: to PostgreSQL and a bucket, in two runs, and goes on there.
func TestMoveLiving(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs three servers: left out of the shortened run")
	}
	dir := t.TempDir()
	env := bucketEnv(t, blobtest.StartS3(t))
	env["USHER_DATABASE"] = postgrestest.Shared(t).Bare(t)
	s := startDev(t, dir)
	l := newLiving(t, s)
	l.add(t)
	l.add(t)
	before := l.events(t, "")
	move := []string{"migrate", "--from", "sqlite", "--to", "postgres"}
	code, said := commandLine(t, dir, env, move...)
	if code != exitOK || !strings.Contains(said, "Stop the server and run the same once more") || !strings.Contains(said, "went to the bucket") {
		t.Fatal(said)
	}
	l.add(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	code, said = commandLine(t, dir, env, append(move, "--json")...)
	var report moved
	if err := json.Unmarshal([]byte(said), &report); code != exitOK || err != nil || !report.Final || report.Evidence == nil || report.Evidence.Files == 0 {
		t.Fatal(said)
	}
	if err := os.RemoveAll(filepath.Join(dir, "evidence")); err != nil { // nobody needs it any more
		t.Fatal(err)
	}
	there := startDevWith(t, dir, env)
	l.holds(t, there)
	l.add(t)
	l.holds(t, there)
	all := l.events(t, "")
	if len(all) <= len(before) || !slices.Equal(all[:len(before)], before) {
		t.Errorf("events %v begin otherwise than %v", all, before)
	}
	if since := l.events(t, before[len(before)-1]); !slices.Equal(since, all[len(before):]) {
		t.Errorf("behind the old cursor: %v, want %v", since, all[len(before):])
	}
	if err := there.stop(); err != nil {
		t.Fatal(err)
	}
	if code, said := commandLine(t, dir, nil, "tenant", "list"); code != exitFailed || !strings.Contains(said, "is in PostgreSQL now") {
		t.Errorf("on the old database: %d %s", code, said)
	}
	if code, said := commandLine(t, dir, env, "audit", "verify"); code != exitOK {
		t.Errorf("audit trail: %d %s", code, said)
	}
}

// TestEvidenceStoreDown holds what is answered while the bucket is away: a clear 503, a session that is unharmed, and a server that says it is not ready.
func TestEvidenceStoreDown(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for retries: left out of the shortened run")
	}
	server := blobtest.StartS3(t)
	s := startDevWith(t, t.TempDir(), bucketEnv(t, server))
	l := newLiving(t, s)
	l.add(t)
	_, _, fresh := l.try(t, http.MethodGet, "/v1/sessions/"+l.session.ID, "", nil)
	server.Stop()
	status, answer := l.file(t, "/v1/sessions/"+l.session.ID+"/evidence", "document_front", "front.jpg", l.selfie)
	if status != http.StatusServiceUnavailable || !strings.Contains(answer, "try again in a moment") {
		t.Errorf("upload: %d %s", status, answer)
	}
	if status, _, answer := l.try(t, http.MethodGet, l.files[l.session.ID], "", nil); status != http.StatusServiceUnavailable {
		t.Errorf("picture: %d %s", status, answer)
	}
	if _, _, now := l.try(t, http.MethodGet, "/v1/sessions/"+l.session.ID, "", nil); now != fresh {
		t.Errorf("the session changed:\n%s\n%s", fresh, now)
	}
	if status, _, answer := l.try(t, http.MethodGet, "/readyz", "", nil); status != http.StatusServiceUnavailable || !strings.Contains(answer, "evidence") {
		t.Errorf("readyz: %d %s", status, answer)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	l.holds(t, s)
	l.add(t)
}

// TestBackupAndRestore backs up while a client writes, and finds in the restored installation all that was acknowledged before.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs two servers: left out of the shortened run")
	}
	dir, kept := t.TempDir(), t.TempDir()
	s := startDev(t, dir)
	l, busy := newLiving(t, s), newLiving(t, s)
	l.add(t)
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for ctx.Err() == nil {
			if err := busy.createSession(context.WithoutCancel(ctx), demoPerson()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	shared := filepath.Join(kept, "evidence")
	for i, want := range []string{"1 files of evidence", "2 files of evidence"} {
		to := filepath.Join(kept, fmt.Sprint("backup", i))
		if code, said := commandLine(t, dir, nil, "backup", "--to", to, "--evidence", shared); code != exitOK || !strings.Contains(said, want) {
			t.Error(said)
		}
		if i == 0 {
			l.add(t)
		}
	}
	stop()
	writing.Wait()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	first, second := filepath.Join(kept, "backup0"), filepath.Join(kept, "backup1")
	if code, said := commandLine(t, dir, nil, "backup", "--to", first); code != exitFailed || !strings.Contains(said, "is there already") {
		t.Error(said)
	}
	if code, said := commandLine(t, dir, nil, "restore", "--from", second); code != exitFailed || !strings.Contains(said, "empty folder") {
		t.Error(said)
	}
	again := filepath.Join(t.TempDir(), "data")
	if code, said := commandLine(t, again, nil, "restore", "--from", second); code != exitOK || !strings.Contains(said, "usher audit verify") {
		t.Fatal(said)
	}
	if code, said := commandLine(t, again, nil, "tenant", "list"); code != exitFailed || !strings.Contains(said, "master key is gone") {
		t.Errorf("without the master key: %d %s", code, said)
	}
	for _, name := range []string{"master.key", "dev.json"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(again, name), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if code, said := commandLine(t, again, nil, "audit", "verify"); code != exitOK {
		t.Errorf("audit trail: %d %s", code, said)
	}
	l.holds(t, startDev(t, again))
	damaged := filepath.Join(second, "usher.db")
	raw, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(damaged, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := commandLine(t, filepath.Join(t.TempDir(), "data"), nil, "restore", "--from", second); code != exitFailed || !strings.Contains(said, "is not what the back-up wrote") {
		t.Errorf("a damaged back-up: %d %s", code, said)
	}
}

// TestMigrateCheck tells of a schema that is behind, and brings it up.
func TestMigrateCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, step := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"migrate", "--check"}, exitFound, "usher migrate brings it up to date"},
		{[]string{"migrate"}, exitOK, "The schema was at step 0"},
		{[]string{"migrate", "--check"}, exitOK, "up to date"},
		{[]string{"migrate", "--check", "--json"}, exitOK, `"up_to_date":true`},
		{[]string{"migrate", "--from", "postgres", "--to", "sqlite"}, exitUsage, "--from sqlite --to postgres"},
		{[]string{"migrate", "--from", "sqlite", "--to", "postgres"}, exitUsage, "needs --database"},
		{[]string{"backup"}, exitUsage, "needs --to"},
		{[]string{"restore"}, exitUsage, "needs --from"},
	} {
		if code, said := commandLine(t, dir, nil, step.args...); code != step.code || !strings.Contains(said, step.want) {
			t.Errorf("%v: %d %s", step.args, code, said)
		}
	}
}
