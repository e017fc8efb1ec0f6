package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/trace"
	"github.com/usher-kyc/usher/internal/vault"
)

// work does one job. What it finds out of date (a session decided, erased or gone meanwhile) is done as far as the queue is concerned.
func (e *Engine) work(ctx context.Context, j store.Job) (err error) {
	if !j.Period { // timers are not somebody's, and would be most of all traces
		var span trace.Span
		ctx, span = trace.Continue(ctx, "job "+j.Kind, jobName(j), "object", j.Object, "step", j.Step, "attempt", strconv.Itoa(j.Attempt))
		defer func() {
			if later := (*store.Later)(nil); errors.As(err, &later) {
				span.Note("again_at", later.At.UTC().Format(time.RFC3339))
				span.End(nil)
				return
			}
			span.End(err)
		}()
	}
	switch j.Kind {
	case jobChecks:
		err = e.runChecks(ctx, j)
	case jobAccount:
		err = e.openAccount(ctx, j)
	case jobSweep:
		err = errors.Join(e.sweep(ctx), e.settleHeld(ctx), e.dealCases(ctx))
	case jobTidy:
		err = e.tidy(ctx)
	case jobFiles:
		err = e.sweepFiles(ctx)
	case jobKeep:
		err = e.keepDue(ctx)
	case jobKeepAll:
		err = e.keepAll(ctx, j.Tenant)
	default:
		e.c.Log.ErrorContext(ctx, "a job of an unknown kind was dropped", "kind", j.Kind)
		return nil
	}
	if later := (*store.Later)(nil); errors.As(err, &later) {
		return err // no failure: somebody will call back, and is asked once more if not
	}
	if isCode(err, usher.CodeGone) || isCode(err, usher.CodeNotFound) || errors.Is(err, vault.ErrErased) {
		return nil
	}
	if err != nil {
		e.c.Log.WarnContext(ctx, "job failed", "kind", j.Kind, "object", j.Object, "step", j.Step, "attempt", j.Attempt, "last", j.Last, "error", err)
	}
	return err
}

// checkTime bounds one check; the queue's own bound on a job is longer, so that the report is still written.
const checkTime = 25 * time.Second

// runChecks runs what a run step has not heard of yet, all at once, and reports what they found in one command. A provider that could not be
// asked is asked again by the queue; on its last try the outcome is "unavailable", which sends the session to a reviewer.
func (e *Engine) runChecks(ctx context.Context, j store.Job) error {
	s, err := e.Session(ctx, j.Tenant, j.Object)
	if err != nil {
		return err
	}
	st, ok := s.Step(j.Step)
	if !ok || st.State != usher.StepRunning || st.Round != j.Round || s.State.Ended() {
		return nil
	}
	in, err := e.checkInput(ctx, s, st)
	if err != nil {
		return err
	}
	results, until, failed := e.ask(ctx, st, in, j.Last)
	e.nameScreenings(s, results)
	if len(results) > 0 {
		_, err := e.Do(ctx, j.Tenant, j.Object, usher.Command{
			Kind: usher.CmdReport, By: usher.Actor{Kind: usher.BySystem, ID: "checks"}, Step: j.Step, Round: j.Round, Results: results,
		})
		failed = errors.Join(failed, err)
	}
	if failed == nil && !until.IsZero() {
		return &store.Later{At: until}
	}
	return failed
}

// nameScreenings gives what watchlist checks found its id and place.
func (e *Engine) nameScreenings(s usher.Session, results []usher.CheckResult) {
	for i, r := range results {
		if r.Screening == nil {
			continue
		}
		named := *r.Screening
		named.ID, named.TenantID, named.ApplicantID, named.SessionID, named.At = newID(), s.TenantID, s.ApplicantID, s.ID, e.now()
		results[i].Screening = &named
	}
}

// ask runs the open checks of a step at once. It gives the verdicts, when to ask those again whose verdict is still awaited, and the errors of
// those that must be asked again at once.
func (e *Engine) ask(ctx context.Context, st usher.StepStatus, in usher.CheckInput, last bool) (
	results []usher.CheckResult, until time.Time, failed error,
) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, c := range st.Checks {
		if c.Outcome != "" {
			continue
		}
		wg.Go(func() {
			r, err := e.check(ctx, c.Kind, in)
			mu.Lock()
			defer mu.Unlock()
			if awaited, ok := errors.AsType[*usher.Waiting](err); ok && awaited.Until.After(in.Now) {
				if until.IsZero() || awaited.Until.Before(until) {
					until = awaited.Until
				}
				return
			}
			if err != nil && !last {
				failed = errors.Join(failed, fmt.Errorf("check %s: %w", c.Kind, err))
				return
			}
			if err != nil {
				r = usher.CheckResult{
					Kind: c.Kind, Outcome: usher.Unavailable, Provider: "engine",
					Reasons: []usher.Reason{{Code: usher.CheckUnavailable, Check: c.Kind}},
				}
			}
			results = append(results, r)
		})
	}
	wg.Wait()
	return results, until, failed
}

// check asks one provider. A provider that panics, or says what no check can say, has given no verdict.
func (e *Engine) check(ctx context.Context, kind usher.CheckKind, in usher.CheckInput) (r usher.CheckResult, err error) {
	provider, ok := e.checkers[kind]
	if in.Simulated {
		provider, ok = e.simulated[kind]
	}
	if !ok {
		// The flow was read when this check was there. Its absence is not a word about the applicant.
		return usher.CheckResult{Kind: kind, Outcome: usher.NotRun, Provider: "engine"}, nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("provider of %s panicked: %v", kind, p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	ctx, span := trace.Start(ctx, "check "+string(kind), "session", in.Session.ID)
	defer func() { span.Note("provider", r.Provider, "outcome", string(r.Outcome)); span.End(err) }()
	began := time.Now()
	r, err = provider.Check(ctx, in)
	r.Kind = kind
	r.DurationMS = time.Since(began).Milliseconds()
	if err != nil {
		return r, err
	}
	if err := r.Valid(); err != nil {
		return r, fmt.Errorf("read verdict of %s: %w", kind, err)
	}
	return r, nil
}

// checkInput gathers what checks may look at. In a sandbox, evidence that a simulation made up, or a magic name, is judged by the sandbox
// provider; everything really sent is judged by the real ones.
func (e *Engine) checkInput(ctx context.Context, s usher.Session, st usher.StepStatus) (usher.CheckInput, error) {
	a, err := e.Applicant(ctx, s.TenantID, s.ApplicantID)
	if err != nil {
		return usher.CheckInput{}, err
	}
	in := usher.CheckInput{
		Session: s, Details: a.Details, Mode: s.Mode, Now: e.now(), Step: st.ID, Round: st.Round, AskedAt: st.AskedAt,
		Steer: steered(s.Mode, s.Steer, a.Details), Recognise: e.recognise(s),
	}
	in.Evidence, in.Replaced = e.files(s), e.replaced(s)
	in.Simulated = in.Steer != "" || slices.ContainsFunc(in.Evidence, func(f usher.EvidenceFile) bool {
		return f.IsSimulated() && s.Mode == usher.Sandbox
	})
	if slices.ContainsFunc(st.Checks, func(c usher.CheckResult) bool { return c.Kind == usher.CheckWatchlist }) {
		if in.Judged, err = e.judgements(ctx, s.TenantID, s.ApplicantID); err != nil {
			return in, err
		}
	}
	if s.Purpose == usher.ForFaceLogin && a.Latest != nil && a.Latest.State == usher.Approved {
		enrolled, err := e.Session(ctx, s.TenantID, a.Latest.ID)
		if err != nil {
			return in, err
		}
		in.Enrolled, in.EnrolledIn = e.files(enrolled), enrolled.ID
	}
	return in, nil
}

// files gives the evidence of a session that is in force.
func (e *Engine) files(s usher.Session) []usher.EvidenceFile {
	var list []usher.EvidenceFile
	for _, ev := range s.InForce() {
		list = append(list, e.file(ev))
	}
	return list
}

// replaced gives the evidence that was in force before.
func (e *Engine) replaced(s usher.Session) []usher.EvidenceFile {
	var list []usher.EvidenceFile
	force := s.InForce()
	for _, ev := range s.Evidence {
		if !slices.ContainsFunc(force, func(f usher.Evidence) bool { return f.ID == ev.ID }) {
			list = append(list, e.file(ev))
		}
	}
	return list
}

func (e *Engine) file(ev usher.Evidence) usher.EvidenceFile {
	return usher.EvidenceFile{
		Evidence: ev,
		Open:     func(ctx context.Context) (io.ReadCloser, error) { return e.c.Blobs.Open(ctx, ev.Ref, 0) },
	}
}

// tidy forgets what has served.
func (e *Engine) tidy(ctx context.Context) error {
	if err := e.c.Store.Tidy(ctx, e.now(), e.now().Add(-keptFor)); err != nil {
		return fmt.Errorf("tidy the store: %w", err)
	}
	if _, err := e.c.Store.FreeLanes(ctx, e.now()); err != nil {
		return err
	}
	if err := e.endings(ctx); err != nil {
		return err
	}
	return e.trim(ctx)
}

// For how long before an API client ends the log says so, once a day, and of how many.
const (
	tellEnds     = 14 * 24 * time.Hour
	tellEndsMost = 1000
)

// endings has the log name the API clients that end soon, a warning in the last three days. It is asked each hour, and tells of those whose time left
// came to a whole number of days within the hour before.
func (e *Engine) endings(ctx context.Context) error {
	const day = 24 * time.Hour
	now := e.now()
	ending, err := e.c.Store.EndingClients(ctx, now, now.Add(tellEnds), tellEndsMost)
	if err != nil {
		return fmt.Errorf("find clients that end: %w", err)
	}
	for _, c := range ending {
		left := c.ExpiresAt.Sub(now)
		days := (left + day - 1) / day
		level := slog.LevelInfo
		if days <= 3 {
			level = slog.LevelWarn
		}
		if days*day-left < time.Hour {
			e.c.Log.Log(ctx, level, "an API client ends soon", "tenant_id", c.TenantID, "client_id", c.ID, "days", int(days))
		}
	}
	return nil
}

// How files are swept that no session names: so many at a time, for so long, which is less than a job may take; and so long after all were looked at
// it begins anew.
const (
	keptFor    = 24 * time.Hour
	sweepMost  = 20_000
	sweepTime  = 15 * time.Second
	sweepPause = time.Hour
)

// sweepFiles removes files that no session names, part by part: each goes on where the one before has ended, on whatever node that was.
func (e *Engine) sweepFiles(ctx context.Context) error {
	at, err := e.c.Store.Sweep(ctx, e.c.Blobs.Name())
	if err != nil {
		return fmt.Errorf("find where to sweep: %w", err)
	}
	now := e.now()
	if now.Before(at.Due) {
		return nil
	}
	part, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	next, failed := e.c.Blobs.Sweep(part, e.named, now.Add(-keptFor), at.Position, sweepMost)
	after := store.SweepRow{Store: at.Store, Position: next}
	switch {
	case part.Err() != nil:
		failed = nil // there is more than fits into one job
	case failed != nil:
		failed = fmt.Errorf("sweep evidence: %w", failed)
	case next == "":
		after.Due = now.Add(sweepPause)
	}
	return errors.Join(failed, e.c.Store.MoveSweep(context.WithoutCancel(ctx), at, after))
}

// How old deliveries are let go: few at a time, so that nobody waits for the writer, and for so long, which is less than a job may take. What is left
// then goes an hour later.
const (
	trimBatch = 500
	trimPause = 20 * time.Millisecond
	trimTime  = 10 * time.Second
)

// trim lets go of deliveries that were done long ago. Their events stay.
func (e *Engine) trim(ctx context.Context) error {
	if e.c.KeepDeliveries <= 0 {
		return nil
	}
	var at store.Trim
	var err error
	for end := time.Now().Add(trimTime); !at.Done && time.Now().Before(end); {
		if at, err = e.c.Store.TrimDeliveries(ctx, at, e.now().Add(-e.c.KeepDeliveries), trimBatch); err != nil {
			return fmt.Errorf("let old deliveries go: %w", err)
		}
		select {
		case <-time.After(trimPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if at.Gone > 0 {
		e.c.Log.InfoContext(ctx, "old deliveries were let go", "deliveries", at.Gone, "all", at.Done)
	}
	return nil
}

// named tells whether a session of an applicant names a file.
func (e *Engine) named(ctx context.Context, tenant, applicant, ref string) (bool, error) {
	p := usher.Paging{Limit: mostLimit}
	for {
		page, err := e.ListSessions(ctx, tenant, usher.SessionFilter{Paging: p, ApplicantID: applicant})
		if err != nil {
			return false, err
		}
		for _, s := range page.Items {
			if slices.ContainsFunc(s.Evidence, func(ev usher.Evidence) bool { return ev.Ref == ref }) {
				return true, nil
			}
		}
		if page.Next == "" {
			return false, nil
		}
		p.After = page.Next
	}
}

// sweep gives every session whose timer has come its tick. One that cannot be helped does not hold up those behind it.
func (e *Engine) sweep(ctx context.Context) error {
	const batch = 200
	for {
		due, err := e.c.Store.DueSessions(ctx, e.now(), batch)
		if err != nil {
			return fmt.Errorf("find due sessions: %w", err)
		}
		var failed error
		ticked := 0
		for _, r := range due {
			_, err := e.Do(ctx, r.TenantID, r.ID, usher.Command{Kind: usher.CmdTick, By: usher.Actor{Kind: usher.BySystem, ID: "timer"}})
			switch {
			case err == nil:
				ticked++
			case ctx.Err() != nil:
				return errors.Join(failed, err)
			case !isCode(err, usher.CodeGone) && !isCode(err, usher.CodeConflict):
				failed = errors.Join(failed, fmt.Errorf("tick session %s: %w", r.ID, err))
			}
		}
		if len(due) < batch || ticked == 0 {
			return failed
		}
	}
}
