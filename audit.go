package usher

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"
)

// Auditor keeps the trail of who saw and did what, in words without personal data.
type Auditor interface {
	Record(ctx context.Context, r AuditRecord) error
	// Records gives a page of a tenant's trail, newest first, of one object where one is named; SearchTrail gives what a filter leaves of it.
	Records(ctx context.Context, tenant, object string, p Paging) (Page[AuditRecord], error)
	SearchTrail(ctx context.Context, tenant string, f AuditFilter) (Page[AuditRecord], error)
}

// AuditRecord is one entry of the trail. The trail of a tenant is a chain: each entry's hash covers the entry and the hash before it. What belongs
// to no tenant stands in a chain of its own, that of tenant "".
type AuditRecord struct {
	ID        string    `json:"id"`
	TenantID  string    `json:"tenant_id"`
	Seq       int64     `json:"seq"` // place in the chain, from 1 without a gap; set when it is written
	At        time.Time `json:"at"`
	Actor     Actor     `json:"actor"`
	Action    string    `json:"action"` // such as "evidence.viewed"
	Object    string    `json:"object"` // id of what it was done to
	Detail    string    `json:"detail,omitempty"`
	Reason    string    `json:"reason,omitempty"`     // why, as a code
	RequestID string    `json:"request_id,omitempty"` // of the call that did it, as in logs and error pages
	Before    string    `json:"before,omitempty"`     // hash of a setting as it was, in hex; keyed where the setting is secret
	After     string    `json:"after,omitempty"`      // and as it is now
	Hash      AuditHash `json:"-"`                    // of this entry and all before it; set when it is written
}

// AuditFilter narrows a page of the trail; zero members do not.
type AuditFilter struct {
	Paging
	Object, Actor, Action string // Actor is an id
	From, Before          time.Time
}

// AuditHash is a link of a chain: SHA-256.
type AuditHash [sha256.Size]byte

// AuditHashName begins the bytes that a link of a chain is the hash of, and names how they are put together.
const AuditHashName = "usher-audit-v1"

// Canonical appends the bytes of an entry that its hash covers, as docs/audit.md has them: every member with its length (4 bytes, big endian)
// before it, so that two different entries never give the same bytes.
func (r AuditRecord) Canonical(b []byte) []byte {
	var digits [20]byte
	b = appendMember(b, r.ID)
	b = appendMember(b, r.TenantID)
	b = appendMember(b, string(strconv.AppendInt(digits[:0], r.At.UnixMilli(), 10)))
	b = appendMember(b, string(r.Actor.Kind))
	b = appendMember(b, r.Actor.ID)
	b = appendMember(b, string(r.Actor.Role))
	b = appendMember(b, r.Action)
	b = appendMember(b, r.Object)
	b = appendMember(b, r.Detail)
	b = appendMember(b, r.Reason)
	b = appendMember(b, r.RequestID)
	b = appendMember(b, r.Before)
	return appendMember(b, r.After)
}

func appendMember(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// Link gives the hash of an entry that follows one whose hash is before (zero for the first): SHA-256 of the name, before, Seq (8 bytes), the
// length of the canonical bytes (4) and these. scratch is room to work in, which is given back grown.
func (r AuditRecord) Link(before AuditHash, scratch []byte) (AuditHash, []byte) {
	b := append(scratch[:0], AuditHashName...)
	b = append(b, before[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Seq))
	at := len(b)
	b = r.Canonical(append(b, 0, 0, 0, 0))
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return sha256.Sum256(b), b
}

type actingKey struct{}

// Acting gives a context in which by is who acts: fronts set it once they know, so that the trail can name them whatever is called.
func Acting(ctx context.Context, by Actor) context.Context {
	return context.WithValue(ctx, actingKey{}, by)
}

// ActorFrom gives who acts in a context: the system itself where nobody was named.
func ActorFrom(ctx context.Context) Actor {
	if by, ok := ctx.Value(actingKey{}).(Actor); ok {
		return by
	}
	return Actor{Kind: BySystem}
}
