package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/usher-kyc/usher/internal/postgrestest"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

type likeOurs struct{ store.Job }

func (likeOurs) Kind() string { return "usher" }

// TestJobsAreRiversOwn puts the same jobs in as a set, one by one, and by River itself: but for number and time the rows are the same.
func TestJobsAreRiversOwn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, postgres.Config{URL: url})
	p, err := pgxpool.New(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	client, err := river.NewClient(riverpgxv5.New(p), &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{0, time.Hour} {
		job := store.Job{Kind: "checks", Tenant: "t", Object: "o", Step: "s", Round: 2, After: after}
		opts := &river.InsertOpts{MaxAttempts: 6}
		if after > 0 {
			opts.ScheduledAt = time.Now().Add(after)
		}
		if _, err := client.Insert(ctx, likeOurs{job}, opts); err != nil {
			t.Fatal(err)
		}
		if err := db.Commit(ctx, store.Change{Jobs: []store.Job{job}}); err != nil {
			t.Fatal(err)
		}
		row := session(after.String())
		rare := store.Change{Session: &row, Jobs: []store.Job{job}, CaseLog: []store.CaseLogRow{{ID: after.String()}}}
		if err := db.Commit(ctx, rare); err != nil {
			t.Fatal(err)
		}
	}
	kinds := query(t, url, `SELECT row || ' ' || count(*) FROM (SELECT (to_jsonb(j) - 'id' - 'created_at' - 'scheduled_at')::text ||
		(scheduled_at > now() + interval '59 minutes') AS row FROM river_job j) rows GROUP BY row`)
	if len(kinds) != 2 || !strings.HasSuffix(kinds[0], " 3") || !strings.HasSuffix(kinds[1], " 3") {
		t.Errorf("the rows differ:\n%s", strings.Join(kinds, "\n"))
	}
}

// TestSameJobIsDoneAgain puts a job in that is like one that was done: River would leave it out if jobs were made unique as it does by itself.
func TestSameJobIsDoneAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := postgrestest.Open(t, postgres.Config{RetryPause: time.Millisecond})
	done := make(chan int, 10)
	if err := db.Start(ctx, func(_ context.Context, j store.Job) error {
		done <- j.Attempt
		if j.Attempt == 1 {
			return errors.New("not yet")
		}
		return nil
	}, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Commit(ctx, store.Change{Jobs: []store.Job{{Kind: "checks", Tenant: "t", Object: "o"}}}); err != nil {
			t.Fatal(err)
		}
		for try := 1; try <= 2; try++ {
			select {
			case got := <-done:
				if got != try {
					t.Errorf("try %d, want %d", got, try)
				}
			case <-time.After(time.Minute):
				t.Fatal("the job was left out")
			}
		}
	}
	if err := db.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// TestTwoNodesShareJobs has two nodes work: each job is done by one of them, once.
func TestTwoNodesShareJobs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := postgrestest.URL(t)
	const jobs = 60
	done := make(chan string, 10*jobs)
	var nodes []*store.Database
	for _, name := range []string{"one", "other"} {
		db := postgrestest.Open(t, postgres.Config{URL: url, Node: name, RetryPause: time.Millisecond})
		if err := db.Start(ctx, func(_ context.Context, j store.Job) error {
			done <- j.Object
			return nil
		}, nil); err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, db)
	}
	for n := range jobs {
		if err := nodes[n%2].Commit(ctx, store.Change{Jobs: []store.Job{{Kind: "k", Object: string(rune('A' + n))}}}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for range jobs {
		select {
		case object := <-done:
			if seen[object] {
				t.Errorf("%s was done twice", object)
			}
			seen[object] = true
		case <-time.After(time.Minute):
			t.Fatalf("%d of %d jobs were done", len(seen), jobs)
		}
	}
	for _, db := range nodes {
		if err := db.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
}

// TestJobInNobodysHandsIsDoneAgain has a node that took a job, as its row says, and was never told so: it is done soon, and not before the node can be
// sure. What the node works, however long, is left alone.
func TestJobInNobodysHandsIsDoneAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, postgres.Config{URL: url, Node: "one", RetryPause: time.Millisecond})
	begun, proceed := make(chan string, 10), make(chan struct{})
	if err := db.Start(ctx, func(_ context.Context, j store.Job) error {
		begun <- j.Object
		if j.Object == "long" {
			<-proceed
		}
		return nil
	}, nil); err != nil {
		t.Fatal(err)
	}
	next := func() string {
		select {
		case object := <-begun:
			return object
		case <-time.After(time.Minute):
			return "nothing"
		}
	}
	if err := db.Commit(ctx, store.Change{Jobs: []store.Job{{Kind: "k", Object: "long"}}}); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != "long" {
		t.Fatalf("began with %s", got)
	}
	for _, by := range []string{"one", "other"} {
		if err := postgrestest.Run(url, `INSERT INTO river_job (state, attempt, max_attempts, attempted_at, attempted_by, kind, queue, args)
			VALUES ('running', 1, 6, now(), '{`+by+`}', 'usher', 'default', '{"kind":"k","object":"of `+by+`"}')`); err != nil {
			t.Fatal(err)
		}
	}
	jobs, ours := db.Jobs.(*postgres.Jobs)
	if !ours {
		t.Fatal("the jobs are not of this database")
	}
	now := time.Now()
	for _, after := range []time.Duration{0, 9 * time.Second} {
		if err := jobs.FreeStranded(ctx, now.Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := db.Waiting(ctx); err != nil || n != 3 || len(begun) > 0 {
		t.Errorf("after 9 s: %d jobs wait, %d begun, %v", n, len(begun), err)
	}
	if err := jobs.FreeStranded(ctx, now.Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != "of one" {
		t.Errorf("did %s", got)
	}
	close(proceed)
	if err := db.Stop(ctx); err != nil {
		t.Error(err)
	}
	if len(begun) > 0 {
		t.Errorf("did %s as well", <-begun)
	}
}
