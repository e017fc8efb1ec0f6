package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/usher-kyc/usher"
)

// A line of an export is one of three: {"start": checkpoint}, what stood before the first entry of a part of a trail; {"record": entry};
// {"checkpoint": checkpoint}.
type line struct {
	Start      *Checkpoint `json:"start,omitempty"`
	Record     *entry      `json:"record,omitempty"`
	Checkpoint *Checkpoint `json:"checkpoint,omitempty"`
}

// entry is an entry with its members in the order in which they are hashed. At is in milliseconds since 1970 UTC.
type entry struct {
	Seq       int64  `json:"seq"`
	ID        string `json:"id"`
	Tenant    string `json:"tenant"`
	At        int64  `json:"at"`
	ActorKind string `json:"actor_kind"`
	ActorID   string `json:"actor_id"`
	ActorRole string `json:"actor_role"`
	Action    string `json:"action"`
	Object    string `json:"object"`
	Detail    string `json:"detail"`
	Reason    string `json:"reason"`
	RequestID string `json:"request_id"`
	Before    string `json:"before"`
	After     string `json:"after"`
	Hash      string `json:"hash"`
}

func entryOf(r usher.AuditRecord) *entry {
	return &entry{
		Seq: r.Seq, ID: r.ID, Tenant: r.TenantID, At: r.At.UnixMilli(), ActorKind: string(r.Actor.Kind), ActorID: r.Actor.ID,
		ActorRole: string(r.Actor.Role), Action: r.Action, Object: r.Object, Detail: r.Detail, Reason: r.Reason, RequestID: r.RequestID,
		Before: r.Before, After: r.After, Hash: hex.EncodeToString(r.Hash[:]),
	}
}

func (e *entry) record() (usher.AuditRecord, error) {
	hash, err := readHash(e.Hash)
	return usher.AuditRecord{
		ID: e.ID, TenantID: e.Tenant, Seq: e.Seq, At: time.UnixMilli(e.At).UTC(),
		Actor:  usher.Actor{Kind: usher.ActorKind(e.ActorKind), ID: e.ActorID, Role: usher.Role(e.ActorRole)},
		Action: e.Action, Object: e.Object, Detail: e.Detail, Reason: e.Reason, RequestID: e.RequestID, Before: e.Before, After: e.After, Hash: hash,
	}, err
}

// Part is what is exported of a trail: from the first entry that is not before From up to the first after it that is not before Before. Zero
// times leave nothing out.
type Part struct {
	From, Before time.Time
}

// exporter writes lines, and keeps which places of which chains it wrote.
type exporter struct {
	out   *json.Encoder
	wrote int
	first map[string]int64
	last  map[string]int64
}

// Export writes entries as JSON Lines, and behind them the checkpoints that stand in what was written. What a part leaves out at its beginning is
// stood for by a "start" line, so that the rest can be verified. It gives how many entries it wrote.
func Export(w io.Writer, rows iter.Seq2[usher.AuditRecord, error], checkpoints []Checkpoint, p Part) (int, error) {
	b := bufio.NewWriter(w)
	x := exporter{out: json.NewEncoder(b), first: map[string]int64{}, last: map[string]int64{}}
	x.out.SetEscapeHTML(false)
	var before Checkpoint // the entry before the one in hand
	for r, err := range rows {
		if err != nil {
			return x.wrote, fmt.Errorf("read the trail: %w", err)
		}
		if r.TenantID != before.Tenant {
			before = Checkpoint{Tenant: r.TenantID}
		}
		if err := x.entry(r, before, p); err != nil {
			return x.wrote, fmt.Errorf("write export: %w", err)
		}
		before.Seq, before.Hash, before.At = r.Seq, r.Hash, r.At
	}
	for _, c := range checkpoints {
		if first, ok := x.first[c.Tenant]; ok && c.Seq >= first && c.Seq <= x.last[c.Tenant] {
			if err := x.out.Encode(line{Checkpoint: &c}); err != nil {
				return x.wrote, fmt.Errorf("write export: %w", err)
			}
		}
	}
	if err := b.Flush(); err != nil {
		return x.wrote, fmt.Errorf("write export: %w", err)
	}
	return x.wrote, nil
}

func (x *exporter) entry(r usher.AuditRecord, before Checkpoint, p Part) error {
	_, begun := x.first[r.TenantID]
	over := !p.Before.IsZero() && !r.At.Before(p.Before)
	switch {
	case !begun && (r.At.Before(p.From) || over):
		return nil
	case begun && (over || x.last[r.TenantID] != before.Seq):
		return nil
	case !begun:
		x.first[r.TenantID] = r.Seq
		if before.Seq > 0 {
			if err := x.out.Encode(line{Start: &before}); err != nil {
				return err
			}
		}
	}
	x.wrote++
	x.last[r.TenantID] = r.Seq
	return x.out.Encode(line{Record: entryOf(r)})
}

// VerifyExport verifies an export with the keys its checkpoints are signed with, and with more checkpoints, if there are any.
func VerifyExport(ctx context.Context, export io.ReadSeeker, keys []ed25519.PublicKey, more []Checkpoint) (Report, error) {
	var starts, signed []Checkpoint
	for _, err := range readExport(export, &starts, &signed) {
		if err != nil {
			return Report{}, err
		}
	}
	var bad []Fault
	for _, c := range signed {
		if err := c.Verify(keys); err != nil {
			bad = append(bad, Fault{Kind: BadCheckpoint, Tenant: c.Tenant, Seq: c.Seq, Message: fmt.Sprintf("a checkpoint of the export: %v", err)})
			continue
		}
		more = append(more, c)
	}
	if _, err := export.Seek(0, io.SeekStart); err != nil {
		return Report{}, fmt.Errorf("read export again: %w", err)
	}
	r, err := Verify(ctx, readExport(export, new([]Checkpoint), new([]Checkpoint)), more, starts...)
	r.Add(bad...)
	return r, err
}

// readExport reads the entries of an export as they are taken; starts and checkpoints, whose signatures are not looked at, are complete when the
// last was.
func readExport(r io.Reader, starts, checkpoints *[]Checkpoint) iter.Seq2[usher.AuditRecord, error] {
	return func(yield func(usher.AuditRecord, error) bool) {
		b := bufio.NewReaderSize(r, 64<<10)
		for n := 1; ; n++ {
			raw, err := readLine(b)
			if errors.Is(err, io.EOF) {
				return
			}
			record, err := readExportLine(raw, err, starts, checkpoints)
			if err != nil {
				yield(usher.AuditRecord{}, fmt.Errorf("line %d of the export: %w", n, err))
				return
			}
			if record != nil && !yield(*record, nil) {
				return
			}
		}
	}
}

func readExportLine(raw []byte, err error, starts, checkpoints *[]Checkpoint) (*usher.AuditRecord, error) {
	if err != nil {
		return nil, err
	}
	var l line
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return nil, err
	}
	switch {
	case l.Record != nil && l.Start == nil && l.Checkpoint == nil:
		r, err := l.Record.record()
		return &r, err
	case l.Start != nil && l.Record == nil && l.Checkpoint == nil:
		*starts = append(*starts, *l.Start)
	case l.Checkpoint != nil && l.Record == nil && l.Start == nil:
		*checkpoints = append(*checkpoints, *l.Checkpoint)
	default:
		return nil, errors.New("it is none of start, record and checkpoint")
	}
	return nil, nil
}
