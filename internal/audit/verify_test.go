package audit_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/audit"
)

var began = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// trail makes the chain of a tenant.
func trail(tenant string, n int) []usher.AuditRecord {
	list := make([]usher.AuditRecord, n)
	for i := range list {
		list[i] = usher.AuditRecord{
			ID: fmt.Sprintf("%s-%d", tenant, i), TenantID: tenant, Seq: int64(i + 1), At: began.Add(time.Duration(i) * time.Second),
			Actor:  usher.Actor{Kind: usher.ByStaff, ID: "ann", Role: usher.RoleReviewer},
			Action: "evidence.viewed", Object: "object", Detail: "session 1", Reason: "review", RequestID: "req", Before: "00", After: "ff",
		}
	}
	return chained(list)
}

// chained computes the hashes of a chain anew, as somebody does who covers their tracks.
func chained(list []usher.AuditRecord) []usher.AuditRecord {
	var hash usher.AuditHash
	var scratch []byte
	for i := range list {
		list[i].Seq = int64(i + 1)
		hash, scratch = list[i].Link(hash, scratch)
		list[i].Hash = hash
	}
	return list
}

func rows(lists ...[]usher.AuditRecord) iter.Seq2[usher.AuditRecord, error] {
	return func(yield func(usher.AuditRecord, error) bool) {
		for _, list := range lists {
			for _, r := range list {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

func key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32))) }

func checkpoint(r usher.AuditRecord) audit.Checkpoint {
	return audit.Checkpoint{Tenant: r.TenantID, Seq: r.Seq, Hash: r.Hash, At: r.At}.Sign(key())
}

func head(list []usher.AuditRecord) audit.Checkpoint {
	c := checkpoint(list[len(list)-1])
	c.KID, c.Signature = "", nil
	return c
}

// faults gives what is wrong, as "kind tenant place".
func faults(t *testing.T, rows iter.Seq2[usher.AuditRecord, error], checkpoints ...audit.Checkpoint) []string {
	t.Helper()
	report, err := audit.Verify(t.Context(), rows, checkpoints)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range report.Faults {
		list = append(list, fmt.Sprintf("%s %s %d", f.Kind, f.Tenant, f.Seq))
	}
	return list
}

func TestVerify(t *testing.T) {
	t.Parallel()
	changed := func(change func(*usher.AuditRecord)) func() []usher.AuditRecord {
		return func() []usher.AuditRecord {
			list := trail("a", 9)
			change(&list[4])
			return list
		}
	}
	tests := map[string]struct {
		made func() []usher.AuditRecord
		want []string
	}{
		"as written":       {func() []usher.AuditRecord { return trail("a", 9) }, nil},
		"id":               {changed(func(r *usher.AuditRecord) { r.ID += "x" }), []string{"changed a 5"}},
		"time":             {changed(func(r *usher.AuditRecord) { r.At = r.At.Add(time.Millisecond) }), []string{"changed a 5"}},
		"kind of actor":    {changed(func(r *usher.AuditRecord) { r.Actor.Kind = usher.ByClient }), []string{"changed a 5"}},
		"actor":            {changed(func(r *usher.AuditRecord) { r.Actor.ID = "bob" }), []string{"changed a 5"}},
		"role":             {changed(func(r *usher.AuditRecord) { r.Actor.Role = usher.RoleAdmin }), []string{"changed a 5"}},
		"action":           {changed(func(r *usher.AuditRecord) { r.Action = "evidence.vieweds" }), []string{"changed a 5"}},
		"object":           {changed(func(r *usher.AuditRecord) { r.Object = "" }), []string{"changed a 5"}},
		"detail":           {changed(func(r *usher.AuditRecord) { r.Detail = "session 2" }), []string{"changed a 5"}},
		"reason":           {changed(func(r *usher.AuditRecord) { r.Reason = "" }), []string{"changed a 5"}},
		"request":          {changed(func(r *usher.AuditRecord) { r.RequestID = "other" }), []string{"changed a 5"}},
		"hash before":      {changed(func(r *usher.AuditRecord) { r.Before = "01" }), []string{"changed a 5"}},
		"hash after":       {changed(func(r *usher.AuditRecord) { r.After = "" }), []string{"changed a 5"}},
		"text moved along": {changed(func(r *usher.AuditRecord) { r.Object, r.Detail = "objects", "ession 1" }), []string{"changed a 5"}},
		"own hash":         {changed(func(r *usher.AuditRecord) { r.Hash[0]++ }), []string{"changed a 5", "changed a 6"}},
		"removed":          {func() []usher.AuditRecord { return slices.Delete(trail("a", 9), 4, 5) }, []string{"missing a 5"}},
		"removed, renumbered": {func() []usher.AuditRecord {
			list := slices.Delete(trail("a", 9), 4, 5)
			for i := range list {
				list[i].Seq = int64(i + 1)
			}
			return list
		}, []string{"changed a 5", "changed a 6", "changed a 7", "changed a 8", "cut a 9"}},
		"first removed": {func() []usher.AuditRecord { return trail("a", 9)[3:] }, []string{"missing a 1"}},
		"swapped": {func() []usher.AuditRecord {
			list := trail("a", 9)
			list[3], list[4] = list[4], list[3]
			return list
		}, []string{"missing a 4", "out_of_order a 4", "missing a 5"}},
		"swapped, renumbered": {func() []usher.AuditRecord {
			list := trail("a", 9)
			list[3], list[4] = list[4], list[3]
			list[3].Seq, list[4].Seq = 4, 5
			return list
		}, []string{"changed a 4", "changed a 5", "changed a 6"}},
		"moved to another tenant": {changed(func(r *usher.AuditRecord) { r.TenantID = "b" }), []string{"missing a 5", "missing b 1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := faults(t, rows(test.made()), head(trail("a", 9))); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestCheckpoints holds what a chain does not show by itself: that its end was cut, or that all of it was written anew.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	list := trail("a", 20)
	signed := []audit.Checkpoint{checkpoint(list[4]), checkpoint(list[14])}
	anew := func() []usher.AuditRecord {
		list := trail("a", 20)
		list[2].Actor.ID = "somebody else"
		return chained(list)
	}
	tests := map[string]struct {
		rows  []usher.AuditRecord
		marks []audit.Checkpoint
		want  []string
	}{
		"as written":                 {list, append(signed, head(list)), nil},
		"cut":                        {list[:12], signed, []string{"cut a 13"}},
		"cut without checkpoints":    {list[:12], nil, nil},
		"cut, head behind":           {list[:18], append(signed, head(list)), []string{"cut a 19"}},
		"all gone":                   {nil, signed, []string{"cut a 1"}},
		"written anew":               {anew(), append(signed, head(anew())), []string{"rewritten a 5", "rewritten a 15"}},
		"written anew, nothing kept": {anew(), nil, nil},
		"another tenant's":           {trail("b", 20), []audit.Checkpoint{checkpoint(trail("b", 20)[3]), signed[0]}, []string{"cut a 1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := faults(t, rows(test.rows), test.marks...); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestVerifyCounts(t *testing.T) {
	t.Parallel()
	a, b := trail("a", 20), trail("", 3)
	report, err := audit.Verify(t.Context(), rows(b, a), []audit.Checkpoint{checkpoint(a[14]), head(a), head(b)})
	if err != nil || !report.OK() {
		t.Fatal(report, err)
	}
	if report.Records != 23 || report.Chains != 2 || report.Checkpoints != 1 || report.Unsigned != 5+3 {
		t.Errorf("got %+v", report)
	}
	part, err := audit.Verify(t.Context(), rows(a[10:]), []audit.Checkpoint{checkpoint(a[14])}, head(a[:10]))
	if err != nil || !part.OK() || part.Records != 10 {
		t.Errorf("a part of a trail: %+v, %v", part, err)
	}
}

func TestVerifyStopsAtErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	_, err := audit.Verify(t.Context(), func(yield func(usher.AuditRecord, error) bool) { yield(usher.AuditRecord{}, broken) }, nil)
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := audit.Verify(ctx, rows(trail("a", 3)), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAnyChangeIsFound changes one member of one entry of a random trail.
func TestAnyChangeIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		list := trail("a", rapid.IntRange(1, 12).Draw(rt, "entries"))
		end := checkpoint(list[len(list)-1])
		i := rapid.IntRange(0, len(list)-1).Draw(rt, "which")
		r := &list[i]
		members := []*string{
			&r.ID, (*string)(&r.Actor.Kind), &r.Actor.ID, (*string)(&r.Actor.Role), &r.Action, &r.Object, &r.Detail, &r.Reason, &r.RequestID,
			&r.Before, &r.After,
		}
		member := members[rapid.IntRange(0, len(members)-1).Draw(rt, "member")]
		was := *member
		*member = rapid.String().Draw(rt, "value")
		if *member == was {
			return
		}
		if rapid.Bool().Draw(rt, "written anew") {
			list = chained(list)
		}
		report, err := audit.Verify(context.Background(), rows(list), []audit.Checkpoint{end})
		if err != nil || report.OK() {
			rt.Fatalf("the change was not found: %v", err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	list := trail("0192d3c4-5b6a-7c8d-9e0f-a1b2c3d4e5f6", 10_000)
	marks := []audit.Checkpoint{checkpoint(list[len(list)-1])}
	for b.Loop() {
		report, err := audit.Verify(b.Context(), rows(list), marks)
		if err != nil || !report.OK() {
			b.Fatal(report, err)
		}
	}
	b.ReportMetric(float64(b.N*len(list))/b.Elapsed().Seconds(), "records/s")
}
