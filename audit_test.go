package usher_test

import (
	"context"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
)

// TestAuditVectors holds the bytes of a link to docs/audit.md, which others write their verifiers by.
func TestAuditVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	first := usher.AuditRecord{
		ID: "0192d3c4-5b6a-7c8d-9e0f-a1b2c3d4e5f6", TenantID: "t-1", Seq: 1, At: time.UnixMilli(1772366400123),
		Actor: usher.Actor{Kind: usher.ByStaff, ID: "ann", Role: usher.RoleReviewer}, Action: "evidence.viewed", Object: "e-1", Detail: "session s-1", RequestID: "req_1",
	}
	second := usher.AuditRecord{
		ID: "0192d3c4-5b6a-7c8d-9e0f-a1b2c3d4e5f7", TenantID: "t-1", Seq: 2, At: time.UnixMilli(1772366401000),
		Actor: usher.Actor{Kind: usher.BySystem, ID: "command line"}, Action: "flow.published", Object: "konto", Detail: "version 2 – höst", Reason: "",
		Before: strings.Repeat("00", 32), After: strings.Repeat("ff", 32),
	}
	one, scratch := first.Link(usher.AuditHash{}, nil)
	two, _ := second.Link(one, scratch)
	for what, want := range map[string]string{
		"canonical bytes": hex.EncodeToString(first.Canonical(nil)), "first hash": hex.EncodeToString(one[:]), "second hash": hex.EncodeToString(two[:]),
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("docs/audit.md lacks the %s %s", what, want)
		}
	}
}

// TestAuditBytesTellEntriesApart holds that two entries have the same bytes only when they are the same.
func TestAuditBytesTellEntriesApart(t *testing.T) {
	t.Parallel()
	entry := rapid.Custom(func(rt *rapid.T) usher.AuditRecord {
		text := rapid.StringMatching(`[ab]{0,2}`)
		return usher.AuditRecord{
			ID: text.Draw(rt, "id"), TenantID: text.Draw(rt, "tenant"), At: time.UnixMilli(int64(rapid.IntRange(0, 2).Draw(rt, "at"))),
			Actor:  usher.Actor{Kind: usher.ActorKind(text.Draw(rt, "kind")), ID: text.Draw(rt, "actor"), Role: usher.Role(text.Draw(rt, "role"))},
			Action: text.Draw(rt, "action"), Object: text.Draw(rt, "object"), Detail: text.Draw(rt, "detail"), Reason: text.Draw(rt, "reason"),
			RequestID: text.Draw(rt, "request"), Before: text.Draw(rt, "before"), After: text.Draw(rt, "after"),
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		a, b := entry.Draw(rt, "a"), entry.Draw(rt, "b")
		if (string(a.Canonical(nil)) == string(b.Canonical(nil))) != (a == b) {
			rt.Fatalf("%+v and %+v", a, b)
		}
	})
}

func TestActing(t *testing.T) {
	t.Parallel()
	if by := usher.ActorFrom(context.Background()); by != (usher.Actor{Kind: usher.BySystem}) {
		t.Errorf("nobody acts as %+v", by)
	}
	ann := usher.Actor{Kind: usher.ByStaff, ID: "ann"}
	if by := usher.ActorFrom(usher.Acting(context.Background(), ann)); by != ann {
		t.Errorf("got %+v", by)
	}
}
